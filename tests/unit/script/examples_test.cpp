// SPDX-License-Identifier: Apache-2.0
// The examples of docs/scripting.md, word for word.
#include "tests/unit/script/fixture.hpp"

namespace mykeyv::script {

using example = script_test;

TEST_F(example, counting)
{
    auto const code = R"(
        local record = ...
        record = record or {visits = 0}
        record.visits = record.visits + 1
        return kv.put(record), record.visits)";
    EXPECT_EQ(stored_by(code), R"({"visits":1})");
    EXPECT_EQ(text(run(code, document(R"({"visits":41})"))), "42");
}

TEST_F(example, comparing_and_setting)
{
    auto const code = R"(
        local record, args = ...
        if record.version ~= args.expected then return false, record.version end
        record.version, record.body = args.expected + 1, args.body
        return true, record.version)";
    auto const before = document(R"({"body":"old","version":3})");
    EXPECT_EQ(stored_by(code, before, R"({"expected":3,"body":"new"})"), R"({"body":"new","version":4})");
    EXPECT_EQ(run(code, before, R"({"expected":2,"body":"new"})").status, status::unchanged);
}

TEST_F(example, keeping_the_last_ten)
{
    auto const code = R"(
        local record, args = ...
        record = record or {events = kv.array()}
        table.insert(record.events, {at = kv.now(), what = args})
        if #record.events > 10 then table.remove(record.events, 1) end
        return kv.put(record))";
    EXPECT_EQ(stored_by(code, R"("first")"), R"({"events":[{"at":1700000000123,"what":"first"}]})");
    EXPECT_EQ(stored_by(code, document(R"({"events":[1,2,3,4,5,6,7,8,9,10]})"), "{}"),
              R"({"events":[2,3,4,5,6,7,8,9,10,{"at":1700000000123,"what":{}}]})");
}

TEST_F(example, deleting_what_is_old)
{
    auto const code = R"(
        local record, args = ...
        if record and record.seen < args.before then return kv.erase end)";
    EXPECT_EQ(run(code, document(R"({"seen":1})"), R"({"before":2})").status, status::erased);
    EXPECT_EQ(run(code, document(R"({"seen":2})"), R"({"before":2})").status, status::unchanged);
    EXPECT_EQ(run_on_absent(code, R"({"before":2})").status, status::unchanged);
}

TEST_F(example, appending_to_bytes)
{
    auto const code = R"(
        local record, args = ...
        return kv.put((record or '') .. args))";
    EXPECT_EQ(stored_by(code, bytes("grateful"), R"(" dead")"), "grateful dead");
    EXPECT_EQ(stored_by(code, R"("dead")"), "dead");
}

}  // namespace mykeyv::script
