// SPDX-License-Identifier: Apache-2.0
// Every error has a sentence of its own, and says what its caller may do.
#include "mykeyv/base/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mykeyv {
namespace {

constexpr int last = static_cast<int>(errc::outcome_unknown);

errc nth(int number) { return static_cast<errc>(number); }

TEST(every_error, has_a_sentence_of_its_own)
{
    std::set<std::string_view> sentences{message(nth(last + 1))};  // what an unlisted value gets
    for (int number = 0; number <= last; ++number) { EXPECT_TRUE(sentences.insert(message(nth(number))).second) << number; }
}

TEST(every_error, says_it_without_a_line_end)
{
    for (int number = 0; number <= last; ++number) {
        EXPECT_EQ(message(nth(number)).find_first_of("\r\n"), std::string_view::npos) << number;
    }
}

TEST(every_error, has_the_remedy_of_its_group)
{
    auto const expected = [](errc e) {
        if (e < errc::moved) { return remedy::fix; }
        if (e == errc::moved) { return remedy::redirect; }
        return e < errc::outcome_unknown ? remedy::retry : remedy::look;
    };
    for (int number = 0; number <= last; ++number) { EXPECT_EQ(remedy_of(nth(number)), expected(nth(number))) << message(nth(number)); }
}

TEST(an_error_code, carries_its_errc)
{
    error_code const ec = errc::wrong_type;
    EXPECT_TRUE(is(ec, errc::wrong_type));
    EXPECT_FALSE(is(ec, errc::syntax));
    EXPECT_EQ(ec.message(), message(errc::wrong_type));
    EXPECT_STREQ(ec.category().name(), "mykeyv");
}

TEST(an_error_code, of_a_socket_is_none_of_ours)
{
    error_code const foreign{static_cast<int>(errc::wrong_type), boost::system::system_category()};
    EXPECT_FALSE(is(foreign, errc::wrong_type));
}

TEST(an_error_code, of_ok_is_no_failure) { EXPECT_FALSE(error_code{errc::ok}.failed()); }

TEST(an_error, from_a_later_version_is_looked_at) { EXPECT_EQ(remedy_of(nth(last + 1)), remedy::look); }

}  // namespace
}  // namespace mykeyv
