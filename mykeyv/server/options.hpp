// SPDX-License-Identifier: Apache-2.0
// The options behind a command's fixed words, as record functions. Pure.
#pragma once

#include "mykeyv/record/documents.hpp"
#include "mykeyv/record/expiry.hpp"
#include "mykeyv/record/record.hpp"
#include "mykeyv/record/strings.hpp"
#include "mykeyv/server/command.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::server {

/// What was read, or what to answer.
template <class T>
using parsed = boost::system::result<T, reply::failure>;

/// Whether `word` is `upper_case` in letters of either case.
bool is_word(std::string_view word, std::string_view upper_case) noexcept;

/// A whole number; errc::not_an_integer.
parsed<std::int64_t> parse_whole(std::string_view);

/// [NX | XX | IFEQ value | IFVERSION version] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]; the value is not among them.
parsed<op::set> parse_set(arguments options);
/// [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
parsed<op::getex> parse_getex(arguments options);
/// [NX | XX] [GT | LT], as far as they go together.
parsed<op::expire> parse_expire(moment when, arguments options);

/// KV.SET: [FORMAT bytes|document] [NX | XX | IFVERSION version] [PX ms]; the value is not among them.
parsed<op::kv_set> parse_kv_set(arguments options);

/// "$", "." or nothing at all: the root of a document. errc::path_not_supported.
parsed<op::root_path> parse_root_path(arguments paths);

/// SCAN: [MATCH pattern] [COUNT n] in any order.
struct scan_options {
    std::string pattern = "*";
    std::size_t count = 10;
};
parsed<scan_options> parse_scan(arguments options);

}  // namespace mykeyv::server
