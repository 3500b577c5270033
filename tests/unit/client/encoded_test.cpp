// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/encoded.hpp"

#include "mykeyv/base/limits.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>

namespace mykeyv {
namespace {

using nlohmann::json;

std::string text(encoded const& record) { return record.text(); }

json nested(std::size_t levels)
{
    json value = 1;
    for (std::size_t i = 0; i < levels; ++i) { value = json::array({std::move(value)}); }
    return value;
}

template <class T>
T there_and_back(T const& value)
{
    encoded const record(value);
    return detail::decode<T>(std::string{record.text()}, record.encoding()).value();
}

TEST(encoded, takes_what_converts_to_json)
{
    EXPECT_EQ(text("jerry"), R"("jerry")");
    EXPECT_EQ(text(std::vector<int>{1, 2}), "[1,2]");
    EXPECT_EQ(text(std::map<std::string, bool>{{"a", true}}), R"({"a":true})");
    EXPECT_EQ(text(json{{"a", nullptr}}), R"({"a":null})");
}

TEST(encoded, takes_the_braces_of_json)
{
    EXPECT_EQ(text({{"first", "jerry"}, {"last", "garcia"}}), R"({"first":"jerry","last":"garcia"})");
    EXPECT_EQ(text({{"first", "jerry"}}), R"({"first":"jerry"})");
    EXPECT_EQ(text({1, "two", {{"three", 3}}}), R"([1,"two",{"three":3}])");
}

TEST(encoded, keeps_bytes_as_they_are)
{
    encoded const record{bytes{std::string("\xff\0", 2)}};
    EXPECT_EQ(record.text(), std::string("\xff\0", 2));
    EXPECT_EQ(record.encoding(), encoding::bytes);
}

TEST(encoded, integers_of_64_bits_survive)
{
    for (std::int64_t const number : {std::int64_t{9007199254740993}, std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max()}) {
        EXPECT_EQ(there_and_back(number), number);
    }
    EXPECT_EQ(there_and_back(std::numeric_limits<std::uint64_t>::max()), std::numeric_limits<std::uint64_t>::max());
}

TEST(encoded, floating_point_numbers_survive)
{
    for (double const number : {0.1, -1.0 / 3, 5e-324, 1.7976931348623157e308}) { EXPECT_EQ(there_and_back(number), number); }
}

TEST(encoded, empty_arrays_and_objects_stay_apart)
{
    EXPECT_EQ(there_and_back(json::array()), json::array());
    EXPECT_EQ(there_and_back(json::object()), json::object());
}

TEST(encoded, what_json_cannot_hold_is_a_problem)
{
    EXPECT_EQ(encoded(std::nan("")).problem(), errc::json_not_exact);
    EXPECT_EQ(encoded(json{{"deep", {1, INFINITY}}}).problem(), errc::json_not_exact);
    EXPECT_EQ(encoded("\xff").problem(), errc::json_not_utf8);
    EXPECT_EQ(encoded(nested(limits::json_depth_max)).problem(), errc::ok);
    EXPECT_EQ(encoded(nested(limits::json_depth_max + 1)).problem(), errc::json_too_deep);
}

TEST(decode, of_the_wrong_thing_is_an_error)
{
    EXPECT_EQ(detail::decode<int>("1", encoding::bytes).error(), errc::wrong_type);
    EXPECT_EQ(detail::decode<int>("[]", encoding::document).error(), errc::wrong_type);
    EXPECT_EQ(detail::decode<int>("{", encoding::document).error(), errc::not_json);
    EXPECT_EQ(detail::decode<bytes>("{", encoding::document).value().data, "{");
}

}  // namespace
}  // namespace mykeyv
