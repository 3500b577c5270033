// SPDX-License-Identifier: Apache-2.0
// The verbs of the tests on operations: run(operation, what was there) == what it decides.
#pragma once

#include "mykeyv/record/decide.hpp"
#include "mykeyv/record/documents.hpp"
#include "mykeyv/record/expiry.hpp"
#include "mykeyv/record/strings.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>

namespace mykeyv {

inline constexpr std::int64_t now = 1'000'000;
inline constexpr std::int64_t last_ms = std::numeric_limits<std::int64_t>::max();
inline constexpr std::size_t value_bytes_max = 20;  // as long as the longest integer
inline constexpr context ctx{{now}, 7, value_bytes_max};

/// What is stored before an operation runs.
struct given {
    std::string value;
    mykeyv::format format;
    std::optional<unix_ms> expires_at{};
    std::uint64_t version = 5;

    given expiring_at(std::int64_t ms) const { return {value, format, unix_ms{ms}, version}; }
    record_view view() const { return {value, format, version, expires_at}; }
};

inline constexpr std::nullptr_t absent = nullptr;
inline given bytes(std::string value) { return {std::move(value), format::bytes}; }
inline given document(std::string text) { return {std::move(text), format::document}; }

template <operation Op>
decision run(Op const& op, given const& before)
{
    auto const view = before.view();
    return op(&view, ctx);
}

template <operation Op>
decision run(Op const& op, std::nullptr_t)
{
    return op(nullptr, ctx);
}

inline reply const nil{reply::nil{}};
inline reply const ok{reply::ok{}};
inline reply number(std::int64_t n) { return {n}; }
inline reply text(std::string s) { return {std::move(s)}; }
inline reply word(std::string_view w) { return {reply::word{w}}; }
inline reply borrowed(std::string_view bytes) { return {reply::borrowed{bytes}}; }
inline reply list(reply::list items) { return {std::move(items)}; }

/// A change still without its reply.
struct expected_change {
    mykeyv::change change;

    expected_change expiring_at(std::int64_t ms) const
    {
        auto with = std::get<put>(change);
        with.expires_at = unix_ms{ms};
        return {with};
    }
    decision replies(reply with) const { return {change, std::move(with)}; }
    decision replies(std::int64_t n) const { return replies(number(n)); }
};

inline expected_change stored(std::string value) { return {put{std::move(value), format::bytes, {}}}; }
inline expected_change stored_document(std::string value) { return {put{std::move(value), format::document, {}}}; }
inline expected_change kept() { return {keep{}}; }
inline expected_change erased() { return {erase{}}; }
inline decision fails(errc e) { return {keep{}, {reply::failure{e, {}}}}; }

// How a failed expectation shows them.
inline void PrintTo(reply const& r, std::ostream* out);

struct printer {
    std::ostream& out;
    void operator()(keep) const { out << "kept"; }
    void operator()(erase) const { out << "erased"; }
    void operator()(put const& p) const
    {
        out << (p.format == format::bytes ? "stored bytes '" : "stored document '") << p.value << '\'';
        if (p.expires_at) { out << " expiring at " << p.expires_at->value; }
    }
    void operator()(reply::nil) const { out << "nil"; }
    void operator()(reply::ok) const { out << "ok"; }
    void operator()(std::int64_t n) const { out << n; }
    void operator()(std::string const& s) const { out << "text '" << s << '\''; }
    void operator()(reply::borrowed b) const { out << "borrowed '" << b.bytes << '\''; }
    void operator()(reply::word w) const { out << "word " << w.text; }
    void operator()(reply::failure const& f) const { out << "failure: " << message(f.error); }
    void operator()(reply::list const& items) const
    {
        for (auto const& item : items) { PrintTo(item, &(out << " - ")); }
    }
};

inline void PrintTo(reply const& r, std::ostream* out) { std::visit(printer{*out}, r.value); }

inline void PrintTo(decision const& d, std::ostream* out)
{
    std::visit(printer{*out}, d.change);
    PrintTo(d.reply, &(*out << ", replies "));
}

}  // namespace mykeyv
