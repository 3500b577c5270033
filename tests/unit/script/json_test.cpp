// SPDX-License-Identifier: Apache-2.0
// JSON to Lua and back: exactly, or an error that names the place.
#include "tests/unit/script/fixture.hpp"

#include <cmath>

namespace mykeyv::script {

class json : public script_test {
protected:
    /// A document read and stored again.
    std::string round(std::string_view text) { return stored_by("return kv.put((...))", document(text)); }
    std::string refused(std::string_view code) { return stored_by(code); }
};

TEST_F(json, integers_are_exact)
{
    for (auto const* text : {"0", "-1", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"}) {
        EXPECT_EQ(round(text), text);
    }
}

TEST_F(json, integers_of_arguments_are_exact)
{
    EXPECT_EQ(value_of("(select(2, ...))", "[9007199254740993,-9223372036854775808,9223372036854775807]"),
              "[9007199254740993,-9223372036854775808,9223372036854775807]");
}

TEST_F(json, integers_beyond_lua_are_refused)
{
    EXPECT_EQ(round(R"({"n":9223372036854775808})"), "json_not_exact: record: 9223372036854775808 is above the integers of Lua");
    EXPECT_EQ(run("return true", document("123456789012345678901234567890")).error, errc::json_not_exact);
    EXPECT_EQ(run_on_absent("return nil", "18446744073709551615").error, errc::json_not_exact);
}

TEST_F(json, floats_stay_floats_and_read_back_as_the_same)
{
    EXPECT_EQ(round("1.0"), "1.0");
    EXPECT_EQ(round("-0.0"), "-0.0");
    EXPECT_EQ(round("0.1"), "0.1");
    EXPECT_EQ(round("1e22"), "1e+22");
    EXPECT_EQ(round("5e-324"), "5e-324");
    EXPECT_EQ(round("1.7976931348623157e308"), "1.7976931348623157e+308");
    EXPECT_EQ(value_of("10 / 2"), "5.0");
    EXPECT_EQ(value_of("2^53"), "9007199254740992.0");
    EXPECT_EQ(value_of("math.pi"), "3.141592653589793");
}

TEST_F(json, a_negative_zero_stays_one_as_a_float)
{
    EXPECT_EQ(round("-0"), "-0.0");
    EXPECT_EQ(run("return true", document("[-00]")).status, status::error);
    EXPECT_EQ(round(R"([-0,0,-0.5,-0e1,-0 , "-0","\"-0","\\",-0])"), R"([-0.0,0,-0.5,-0.0,-0.0,"-0","\"-0","\\",-0.0])");
    EXPECT_EQ(stored_by("local r = ... r.z = 1 return true", document(R"({"day":"2024-01-01","x":-0})")),
              R"({"day":"2024-01-01","x":-0.0,"z":1})");
    EXPECT_EQ(value_of("1 / (select(2, ...)) < 0", "-0"), "true");
}

TEST_F(json, more_digits_than_a_float_has_are_rounded) { EXPECT_EQ(round("0.12345678901234567890"), "0.12345678901234568"); }

TEST_F(json, a_member_twice_is_refused)
{
    EXPECT_EQ(stored_by("local r = ... r.z = 1 return true", document(R"({"a":1,"a":2})")),
              "json_not_exact: record: an object with the member 'a' twice");
    EXPECT_EQ(round(R"([{"o":{"b":null,"c":1,"\u0062":null}}])"), "json_not_exact: record: an object with the member 'b' twice");
    EXPECT_EQ(value_of("1", R"({"a":false,"a":false})"), "json_not_exact: args: an object with the member 'a' twice");
    EXPECT_EQ(round(R"({"a":{"a":[{"a":1},{"a":1}]}})"), R"({"a":{"a":[{"a":1},{"a":1}]}})");
}

TEST_F(json, nan_and_infinities_are_refused)
{
    EXPECT_EQ(refused("return kv.put({a = 0/0})"), "result: record.a: NaN and infinities are not JSON");
    EXPECT_EQ(refused("return kv.put({a = {math.huge}})"), "result: record.a[1]: NaN and infinities are not JSON");
}

TEST_F(json, empty_arrays_and_empty_objects_stay_what_they_are)
{
    EXPECT_EQ(round(R"({"a":[],"o":{},"deep":[[],{}]})"), R"({"a":[],"deep":[[],{}],"o":{}})");
}

TEST_F(json, an_array_that_was_emptied_stays_an_array)
{
    EXPECT_EQ(stored_by("local r = ... r.a[1] = nil return true", document(R"({"a":[1]})")), R"({"a":[]})");
}

TEST_F(json, new_tables_become_arrays_or_objects_by_their_keys)
{
    EXPECT_EQ(value_of("{1, 2, 3}"), "[1,2,3]");
    EXPECT_EQ(value_of("{x = 1}"), R"({"x":1})");
    EXPECT_EQ(value_of("{}"), "{}");
    EXPECT_EQ(value_of("kv.array()"), "[]");
    EXPECT_EQ(value_of("kv.array{}"), "[]");
    EXPECT_EQ(value_of("kv.array{1}"), "[1]");
}

TEST_F(json, null_stays_null)
{
    EXPECT_EQ(round(R"({"a":null,"b":[null]})"), R"({"a":null,"b":[null]})");
    EXPECT_EQ(stored_by("local r = ... if r.a == kv.null then r.a = 1 end return true", document(R"({"a":null})")), R"({"a":1})");
}

TEST_F(json, members_are_written_sorted) { EXPECT_EQ(round(R"({"b":1,"a":{"z":1,"y":2},"c":3})"), R"({"a":{"y":2,"z":1},"b":1,"c":3})"); }

TEST_F(json, strings_are_escaped_and_kept)
{
    auto const* const text = R"("quote\" back\\ nl\n tab\t cr\r nul\u0000 esc\u001b é 😀 /")";
    EXPECT_EQ(round(text), text);
    EXPECT_EQ(round(R"("\u00e9\ud83d\ude00\/")"), R"("é😀/")");
}

TEST_F(json, keys_may_be_any_text)
{
    auto const* const text = R"({"":1,"1":2,"\u0000":3,"a b":4})";
    EXPECT_EQ(round(text), R"({"":1,"\u0000":3,"1":2,"a b":4})");
}

TEST_F(json, strings_that_are_not_utf8_are_refused)
{
    EXPECT_EQ(refused("return kv.put({name = 'a\\xff'})"), "result: record.name: a string that is not UTF-8");
    EXPECT_EQ(run_on_absent("return nil, '\\xed\\xa0\\x80'").error, errc::script_result);
    EXPECT_EQ(run_on_absent("return kv.put({['\\xc0\\x80'] = 1})").error, errc::script_result);
    EXPECT_EQ(run_on_absent("return nil", "\"\xff\"").error, errc::json_not_utf8);
}

TEST_F(json, a_table_with_indexes_and_names_is_refused)
{
    EXPECT_EQ(refused("return kv.put({1, x = 2})"), "result: record: a table with both indexes and names such as 'x'");
}

TEST_F(json, an_array_with_names_is_refused)
{
    EXPECT_EQ(stored_by("local r = ... r.a.x = 1 return true", document(R"({"a":[]})")), "result: record.a: an array with the name 'x'");
}

TEST_F(json, an_array_with_holes_is_refused)
{
    EXPECT_EQ(refused("return kv.put({1, nil, 3})"), "result: record: an array with holes: 2 of 3 elements (kv.null can fill them)");
    EXPECT_EQ(run_on_absent("return kv.put({[math.maxinteger] = 1})").error, errc::script_result);
}

TEST_F(json, keys_that_are_no_strings_are_refused)
{
    EXPECT_EQ(refused("return kv.put({[true] = 1})"), "result: record: a key of type boolean");
    EXPECT_EQ(refused("return kv.put({[1.5] = 1})"), "result: record: a key that is a number but no index from 1");
    EXPECT_EQ(refused("return kv.put({[0] = 1})"), "result: record: a key that is a number but no index from 1");
}

TEST_F(json, what_is_no_data_is_refused)
{
    EXPECT_EQ(refused("return kv.put({f = {g = print or pcall}})"), "result: record.f.g: a function is not JSON");
    EXPECT_EQ(refused("return kv.put({s = string})"), "result: record.s: a userdata is not JSON");
    EXPECT_EQ(refused("return kv.put({e = kv.erase})"), "result: record.e: kv.erase is not a value");
    EXPECT_EQ(refused("return kv.put({p = kv.put(1)})"), "result: record.p: kv.put(...) is not a value");
}

TEST_F(json, the_path_quotes_names_that_are_no_words)
{
    EXPECT_EQ(refused("return kv.put({['a b'] = {{}, {x = pcall}}})"), "result: record['a b'][2].x: a function is not JSON");
}

TEST_F(json, a_cycle_is_refused)
{
    EXPECT_NE(refused("local t = {} t.me = t return kv.put(t)").find("a table that contains itself"), std::string::npos);
}

TEST_F(json, a_table_used_twice_is_written_twice) { EXPECT_EQ(value_of("(function() local t = {1} return {t, t} end)()"), "[[1],[1]]"); }

TEST_F(json, nesting_at_the_limit_passes_and_one_level_more_is_refused)
{
    auto const nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_EQ(round(nested(limits::json_depth_max)), nested(limits::json_depth_max));
    EXPECT_EQ(run("return true", document(nested(limits::json_depth_max + 1))).error, errc::json_too_deep);
    auto const o = run("local r = ... return kv.put({r})", document(nested(limits::json_depth_max)));
    EXPECT_EQ(o.error, errc::script_result);
    EXPECT_NE(o.detail.find("nested deeper than 128"), std::string::npos);
}

TEST_F(json, very_deep_text_is_refused)
{
    EXPECT_EQ(run_on_absent("return nil", std::string(1'000'000, '[') + std::string(1'000'000, ']')).error, errc::json_too_deep);
}

TEST_F(json, a_small_table_that_would_be_a_huge_text_is_refused)
{
    context_.value_bytes_max = 100'000;
    auto const o = run_on_absent("local t = {} for i = 1, 100 do t = {t, t} end return kv.put(t)");
    EXPECT_EQ(o.error, errc::value_too_long);
}

TEST_F(json, broken_arguments_are_refused)
{
    EXPECT_EQ(run_on_absent("return nil", "{").error, errc::not_json);
    EXPECT_EQ(run_on_absent("return nil", "{} {}").error, errc::not_json);
    EXPECT_EQ(run_on_absent("return nil", "nonsense").error, errc::not_json);
}

TEST_F(json, many_members_survive)
{
    std::string text = "{";
    for (int i = 10'000; i < 30'000; ++i) { text += (i > 10'000 ? ",\"k" : "\"k") + std::to_string(i) + "\":" + std::to_string(i); }
    text += "}";
    EXPECT_EQ(round(text), text);
}

}  // namespace mykeyv::script
