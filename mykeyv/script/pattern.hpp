// SPDX-License-Identifier: Apache-2.0
// Lua's string patterns, matched within a budget. Lua's own matcher backtracks in C, where no hook fires, for a time that is
// a polynomial of high degree; this one charges each step.
#pragma once

#include "mykeyv/script/meter.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace mykeyv::script {

/// A pattern that breaks the grammar; `text` is a literal.
struct pattern_error {
    char const* text;
};

/// Matches one pattern against one subject, both borrowed. A leading '^' is the caller's: pass what follows it, and try one place only.
class pattern_matcher {
public:
    static constexpr std::size_t captures_max = 32;

    struct capture {
        static constexpr std::ptrdiff_t unclosed = -1;
        static constexpr std::ptrdiff_t position = -2;  ///< "()": it stands for the place, not for text
        std::size_t start = 0;
        std::ptrdiff_t length = unclosed;
    };

    pattern_matcher(std::string_view subject, std::string_view pattern, meter& used) noexcept
        : subject_{subject}, pattern_{pattern}, meter_{used}
    {
    }

    /// Where the match that starts at `at` ends, or nothing. Throws pattern_error and killed.
    std::optional<std::size_t> match(std::size_t at);

    /// After a match: how many captures there are, and the one of that number, from 0.
    std::size_t captures() const noexcept { return count_; }
    capture const& captured(std::size_t number) const noexcept { return captures_[number]; }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    // Offsets: `s` in the subject, `p` in the pattern. Answers are the end of the match or `none`.
    std::size_t rest(std::size_t s, std::size_t p);
    std::optional<std::size_t> special(std::size_t& s, std::size_t& p, bool& matched_item);
    std::size_t item_end(std::size_t p) const;
    bool fits(std::size_t s, std::size_t p, std::size_t end);
    bool in_set(unsigned char c, std::size_t p, std::size_t last);
    std::size_t most_first(std::size_t s, std::size_t p, std::size_t end);
    std::size_t fewest_first(std::size_t s, std::size_t p, std::size_t end);
    std::size_t open_capture(std::size_t s, std::size_t p, std::ptrdiff_t kind);
    std::size_t close_capture(std::size_t s, std::size_t p);
    std::size_t balanced(std::size_t s, std::size_t p);
    std::size_t frontier(std::size_t s, std::size_t& p);
    std::size_t back_reference(std::size_t s, char digit);
    unsigned char subject_at(std::size_t s) const noexcept { return s < subject_.size() ? static_cast<unsigned char>(subject_[s]) : 0; }

    std::string_view subject_;
    std::string_view pattern_;
    meter& meter_;
    std::array<capture, captures_max> captures_;
    std::size_t count_ = 0;
    int depth_ = 0;
};

}  // namespace mykeyv::script
