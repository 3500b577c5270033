// SPDX-License-Identifier: Apache-2.0
// Verdicts and results: what code returns and what becomes of the record.
#include "tests/unit/script/fixture.hpp"

namespace mykeyv::script {

using update = script_test;

TEST_F(update, of_the_grateful_dead_marks_who_is_dead)
{
    auto const code = R"(
        local record, fate = ...
        if fate[record.first] == 'dead' then record.status = 'dead' else record.status = 'alive' end
        return true)";
    auto const fate = R"({"jerry":"dead","bob":"alive"})";
    EXPECT_EQ(stored_by(code, document(R"({"first":"jerry","last":"garcia"})"), fate),
              R"({"first":"jerry","last":"garcia","status":"dead"})");
    EXPECT_EQ(stored_by(code, document(R"({"first":"bob"})"), fate), R"({"first":"bob","status":"alive"})");
}

TEST_F(update, returning_true_stores_the_mutated_document)
{
    auto const o = run("local r = ... r.n = r.n + 1 return true", document(R"({"n":41})"));
    EXPECT_EQ(o.status, status::stored);
    EXPECT_EQ(o.change, change{(put{R"({"n":42})", format::document, std::nullopt})});
    EXPECT_EQ(o.result_json, "");
    EXPECT_EQ(o.error, errc::ok);
}

TEST_F(update, returning_nil_or_false_or_nothing_leaves_the_record)
{
    for (auto const* code : {"local r = ... r.n = 2 return nil", "local r = ... r.n = 2 return false", "local r = ... r.n = 2"}) {
        auto const o = run(code, document(R"({"n":1})"));
        EXPECT_EQ(o.status, status::unchanged);
        EXPECT_EQ(o.change, change{keep{}});
    }
}

TEST_F(update, returning_kv_erase_deletes)
{
    auto const o = run("return kv.erase, 'gone'", document("{}"));
    EXPECT_EQ(o.status, status::erased);
    EXPECT_EQ(o.change, change{erase{}});
    EXPECT_EQ(o.result_json, R"("gone")");
}

TEST_F(update, erasing_an_absent_record_changes_nothing) { EXPECT_EQ(run_on_absent("return kv.erase").status, status::unchanged); }

TEST_F(update, sees_nil_for_an_absent_record) { EXPECT_EQ(value_of("(...) == nil"), "true"); }

TEST_F(update, sees_nil_without_arguments) { EXPECT_EQ(value_of("select(2, ...) == nil"), "true"); }

TEST_F(update, sees_the_key) { EXPECT_EQ(value_of("(select(3, ...))"), R"("the key")"); }

TEST_F(update, returning_true_for_an_absent_record_is_an_error)
{
    EXPECT_EQ(text(run_on_absent("return true")), "result: true: there is no record to store; kv.put(x) creates one");
}

TEST_F(update, returning_true_for_bytes_is_an_error_because_strings_cannot_be_mutated)
{
    EXPECT_EQ(text(run("local r = ... r = r .. 'x' return true", bytes("a"))),
              "result: true: only a table can be changed in place; kv.put(x) stores another value");
}

TEST_F(update, put_can_create_a_missing_record)
{
    EXPECT_EQ(run_on_absent("return kv.put({a = 1})").change, change{(put{R"({"a":1})", format::document, std::nullopt})});
}

TEST_F(update, put_of_a_string_stores_bytes_where_bytes_or_nothing_were)
{
    EXPECT_EQ(run_on_absent("return kv.put('a\\0b')").change, change{(put{{"a\0b", 3}, format::bytes, std::nullopt})});
    EXPECT_EQ(run("return kv.put((...) .. '\\xff')", bytes("a")).change, change{(put{"a\xff", format::bytes, std::nullopt})});
}

TEST_F(update, put_of_a_string_stores_a_document_where_a_document_was)
{
    EXPECT_EQ(run("return kv.put('x')", document("{}")).change, change{(put{R"("x")", format::document, std::nullopt})});
}

TEST_F(update, put_stores_the_format_it_names)
{
    EXPECT_EQ(run_on_absent("return kv.put('x', 'document')").change, change{(put{R"("x")", format::document, std::nullopt})});
    EXPECT_EQ(run("return kv.put('x', 'bytes')", document("{}")).change, change{(put{"x", format::bytes, std::nullopt})});
}

TEST_F(update, put_of_numbers_and_booleans_and_null_stores_documents)
{
    EXPECT_EQ(stored_by("return kv.put(5)"), "5");
    EXPECT_EQ(stored_by("return kv.put(false)", bytes("old")), "false");
    EXPECT_EQ(stored_by("return kv.put(kv.null)"), "null");
}

TEST_F(update, put_of_nil_and_of_a_table_as_bytes_are_errors)
{
    EXPECT_EQ(run_on_absent("return kv.put(nil)").error, errc::script_runtime);
    EXPECT_EQ(run_on_absent("return kv.put({}, 'bytes')").error, errc::script_runtime);
    EXPECT_EQ(run_on_absent("return kv.put('x', 'xml')").error, errc::script_runtime);
}

TEST_F(update, put_stores_what_the_table_is_at_the_end)
{
    EXPECT_EQ(stored_by("local t = {} local p = kv.put(t) t.late = true return p"), R"({"late":true})");
}

TEST_F(update, returning_the_record_itself_is_an_error_that_says_what_to_return)
{
    EXPECT_EQ(text(run("return ...", document("{}"))),
              "result: the verdict must be true, false, nil, kv.put(x) or kv.erase, not a table");
    EXPECT_EQ(run("return kv.null", document("{}")).error, errc::script_result);
}

TEST_F(update, keeps_the_expiry_of_the_record)
{
    auto before = document("{}");
    before.expires_at = unix_ms{1'800'000'000'000};
    EXPECT_EQ(std::get<put>(run("return true", before).change).expires_at, before.expires_at);
    EXPECT_EQ(std::get<put>(run("return kv.put(1)", before).change).expires_at, before.expires_at);
}

TEST_F(update, gives_back_any_json_value)
{
    EXPECT_EQ(value_of("{a = {1, 2.5, 'x', true, kv.null}}"), R"({"a":[1,2.5,"x",true,null]})");
    EXPECT_EQ(value_of("kv.null"), "null");
    EXPECT_EQ(value_of("false"), "false");
    EXPECT_EQ(value_of("'text'"), R"("text")");
}

TEST_F(update, tells_the_time_of_its_batch) { EXPECT_EQ(value_of("kv.now()"), "1700000000123"); }

TEST_F(update, whose_result_cannot_be_sent_stores_nothing)
{
    auto const o = run("local r = ... r.n = 2 return true, print", document(R"({"n":1})"));
    EXPECT_EQ(run("local r = ... r.n = 2 return true, pcall", document(R"({"n":1})")).change, change{keep{}});
    EXPECT_EQ(o.status, status::stored) << "print does not exist, so it is nil";
}

TEST_F(update, that_raises_an_error_says_where_and_stores_nothing)
{
    auto const o = run("local r = ...\nr.n = 2\nerror('no luck')", document(R"({"n":1})"));
    EXPECT_EQ(text(o), "runtime: update:3: no luck");
    EXPECT_EQ(o.change, change{keep{}});
}

TEST_F(update, that_raises_a_table_as_its_error_is_reported_by_type)
{
    EXPECT_EQ(text(run_on_absent("error({code = 5})")), "runtime: an error that is a table value");
}

TEST_F(update, with_a_long_error_message_reports_the_first_kilobyte)
{
    EXPECT_EQ(run_on_absent("error(('x'):rep(1e6))").detail.size(), 1024u);
}

TEST_F(update, that_does_not_compile_says_why)
{
    auto const o = run_on_absent("local = 5");
    EXPECT_EQ(o.error, errc::script_compile);
    EXPECT_EQ(o.detail, "update:1: <name> expected near '='");
}

TEST_F(update, of_a_value_at_the_limit_passes_and_one_byte_more_fails)
{
    context_.value_bytes_max = 100;
    EXPECT_EQ(stored_by("return kv.put(('x'):rep(100))").size(), 100u);
    EXPECT_EQ(run_on_absent("return kv.put(('x'):rep(101))").error, errc::value_too_long);
    EXPECT_EQ(stored_by("return kv.put(('x'):rep(98), 'document')").size(), 100u);
    EXPECT_EQ(run_on_absent("return kv.put(('x'):rep(99), 'document')").error, errc::value_too_long);
    EXPECT_EQ(run_on_absent("return nil, ('x'):rep(99)").error, errc::value_too_long);
}

TEST_F(update, runs_known_code_by_its_id_alone)
{
    auto const id = script_id::of("the code");
    EXPECT_EQ(text(engine_.run(id, "return nil, 1", nullptr, "k", "", context_)), "1");
    EXPECT_EQ(text(engine_.run(id, "", nullptr, "k", "", context_)), "1");
}

TEST_F(update, of_more_code_than_the_cache_holds_still_runs_all_of_it)
{
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 30; ++i) {
            auto const code = "return nil, " + std::to_string(i) + " --" + std::string(300'000, 'x');
            EXPECT_EQ(text(run_on_absent(code)), std::to_string(i));
        }
    }
}

}  // namespace mykeyv::script
