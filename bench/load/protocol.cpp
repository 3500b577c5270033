// SPDX-License-Identifier: Apache-2.0
#include "protocol.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace mykeyv::bench {
namespace {

constexpr std::string_view line_end = "\r\n";

std::int64_t number_at(std::string_view text)
{
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

void append_bulk(std::string& to, std::string_view bytes) { fmt::format_to(std::back_inserter(to), "${}\r\n{}\r\n", bytes.size(), bytes); }

class resp_protocol final : public protocol {
public:
    explicit resp_protocol(work const& w) : w_{w}
    {
        for (auto const* known : {"get", "set", "incr", "mget", "update", "scan", "fill", "fill_groups"}) {
            if (w.operation == known) { return; }
        }
        throw std::invalid_argument{"resp has no " + w.operation};
    }

    void encode(std::string& to, std::uint64_t i, std::uint64_t number) const override
    {
        auto const command = [&](std::size_t words, std::string_view name) {
            fmt::format_to(std::back_inserter(to), "*{}\r\n", words);
            append_bulk(to, name);
        };
        if (w_.operation == "mget") {
            command(1 + mget_keys, "MGET");
            for (std::uint64_t each = 0; each < mget_keys; ++each) { append_bulk(to, grouped_key_of(w_.prefix, i * mget_keys + each)); }
            return;
        }
        auto const key = w_.operation == "fill_groups" ? grouped_key_of(w_.prefix, i) : key_of(w_.prefix, i);
        if (w_.operation == "get" || w_.operation == "scan") {
            command(2, "GET");
            append_bulk(to, key);
        } else if (w_.operation == "incr") {
            command(2, "INCR");
            append_bulk(to, key);
        } else if (w_.operation == "update") {
            command(5, "KV.UPDATE");
            for (std::string_view const word : std::array<std::string_view, 4>{w_.sha1, "null", "1", key}) { append_bulk(to, word); }
        } else {
            command(3, "SET");
            append_bulk(to, key);
            append_bulk(to, w_.operation == "set" ? value_number(number, w_.value_bytes) : value_of(key, w_.value_bytes));
        }
    }

    std::size_t reply_bytes(std::string_view in) const override
    {
        std::size_t at = 0;
        for (std::int64_t missing = 1; missing > 0; --missing) {
            auto const end = in.find(line_end, at);
            if (end == std::string_view::npos) { return 0; }
            auto const kind = in[at];
            auto const number = number_at(in.substr(at + 1, end - at - 1));
            at = end + line_end.size();
            if (kind == '$' && number >= 0) { at += static_cast<std::size_t>(number) + line_end.size(); }
            if (kind == '*' && number > 0) { missing += number; }
            if (at > in.size()) { return 0; }
        }
        return at;
    }

    bool is_right(std::string_view reply, std::uint64_t i) const override
    {
        if (w_.operation == "incr") { return reply.starts_with(':'); }
        if (w_.operation == "update") { return reply.starts_with("*1\r\n*2\r\n$6\r\nstored\r\n"); }
        if (w_.operation == "set" || w_.operation.starts_with("fill")) { return reply == "+OK\r\n"; }
        std::string wanted;
        if (w_.operation != "mget") {
            append_bulk(wanted, value_of(key_of(w_.prefix, i), w_.value_bytes));
        } else {
            fmt::format_to(std::back_inserter(wanted), "*{}\r\n", mget_keys);
            for (std::uint64_t each = 0; each < mget_keys; ++each) {
                append_bulk(wanted, value_of(grouped_key_of(w_.prefix, i * mget_keys + each), w_.value_bytes));
            }
        }
        return reply == wanted;
    }

private:
    work const w_;
};

class memcached_protocol final : public protocol {
public:
    explicit memcached_protocol(work const& w) : w_{w}
    {
        if (w.operation != "get" && w.operation != "fill") { throw std::invalid_argument{"memcached has no " + w.operation}; }
    }

    void encode(std::string& to, std::uint64_t i, std::uint64_t) const override
    {
        auto const key = key_of(w_.prefix, i);
        if (w_.operation == "get") {
            fmt::format_to(std::back_inserter(to), "get {}\r\n", key);
        } else {
            fmt::format_to(std::back_inserter(to), "set {} 0 0 {}\r\n{}\r\n", key, w_.value_bytes, value_of(key, w_.value_bytes));
        }
    }

    std::size_t reply_bytes(std::string_view in) const override
    {
        auto const end = in.find(line_end);
        if (end == std::string_view::npos) { return 0; }
        if (!in.starts_with("VALUE ")) { return end + line_end.size(); }
        auto const length = static_cast<std::size_t>(number_at(in.substr(in.rfind(' ', end) + 1)));
        auto const all = end + line_end.size() + length + line_end.size() + std::string_view{"END\r\n"}.size();
        return all <= in.size() ? all : 0;
    }

    bool is_right(std::string_view reply, std::uint64_t i) const override
    {
        if (w_.operation == "fill") { return reply == "STORED\r\n"; }
        auto const key = key_of(w_.prefix, i);
        return reply == fmt::format("VALUE {} 0 {}\r\n{}\r\nEND\r\n", key, w_.value_bytes, value_of(key, w_.value_bytes));
    }

private:
    work const w_;
};

/// Its index 1 is the primary key of `direct.kv`; no byte of our keys and values needs to be escaped.
class handlersocket_protocol final : public protocol {
public:
    explicit handlersocket_protocol(work const& w) : w_{w}
    {
        if (w.operation != "get") { throw std::invalid_argument{"handlersocket is only read"}; }
    }

    opening open() const override { return {"A\t1\tSECRET\nP\t1\tdirect\tkv\tPRIMARY\tv\n", 2}; }

    void encode(std::string& to, std::uint64_t i, std::uint64_t) const override
    {
        fmt::format_to(std::back_inserter(to), "1\t=\t1\t{}\n", key_of(w_.prefix, i));
    }

    std::size_t reply_bytes(std::string_view in) const override { return in.find('\n') + 1; }

    bool is_right(std::string_view reply, std::uint64_t i) const override
    {
        return reply == fmt::format("0\t1\t{}\n", value_of(key_of(w_.prefix, i), w_.value_bytes));
    }

private:
    work const w_;
};

}  // namespace

std::unique_ptr<protocol> make_protocol(work const& w)
{
    if (w.protocol == "resp") { return std::make_unique<resp_protocol>(w); }
    if (w.protocol == "memcached") { return std::make_unique<memcached_protocol>(w); }
    if (w.protocol == "handlersocket") { return std::make_unique<handlersocket_protocol>(w); }
    throw std::invalid_argument{"no protocol " + w.protocol};
}

}  // namespace mykeyv::bench
