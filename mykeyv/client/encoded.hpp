// SPDX-License-Identifier: Apache-2.0
// Records on their way: C++ values as JSON documents or plain bytes, and back.
#pragma once

#include "mykeyv/base/error.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mykeyv {

/// A record that is not a document: any bytes, stored as they are.
struct bytes {
    std::string data;
    friend auto operator<=>(bytes const&, bytes const&) = default;
};

/// How the node reads a record.
enum class encoding {
    bytes,     ///< any bytes
    document,  ///< one JSON value
};

/// A record ready to be sent. Made at once from whatever is stored, which need not outlive the call: `bytes`, a type that
/// nlohmann::json converts to, nlohmann::json itself, or its brace notation {{"first", "jerry"}, {"last", "garcia"}}
/// (in which {x} is an array of x, also here: `encoded(x)` is not `encoded{x}`).
/// What cannot be a document exactly makes the operation fail with errc::json_not_exact (NaN, infinity), json_not_utf8
/// or json_too_deep; nothing is sent then. What a `to_json` throws is passed on to the caller.
class encoded {
public:
    // Implicit, all of them: whatever is stored is passed as it is, async_set("jerry", musician).
    encoded(bytes raw) noexcept : text_{std::move(raw.data)}, encoding_{mykeyv::encoding::bytes} {}  // NOLINT(google-explicit-constructor)
    encoded(nlohmann::json const& document) { encode(document); }  // NOLINT(google-explicit-constructor)
    encoded(nlohmann::json::initializer_list_t document) { encode(nlohmann::json(document)); }
    template <class T>
        requires(!std::same_as<T, encoded> && !std::same_as<T, bytes> && !std::same_as<T, nlohmann::json> &&
                 std::constructible_from<nlohmann::json, T const&>)
    encoded(T const& value) { encode(nlohmann::json(value)); }  // NOLINT(google-explicit-constructor)

    /// Why this cannot be stored, or errc::ok.
    errc problem() const noexcept { return problem_; }
    std::string const& text() const noexcept { return text_; }
    mykeyv::encoding encoding() const noexcept { return encoding_; }

private:
    void encode(nlohmann::json const&);

    std::string text_;
    mykeyv::encoding encoding_ = mykeyv::encoding::document;
    errc problem_ = errc::ok;
};

namespace detail {

/// The document in `text`; errc::not_json if it is none. Integers of 64 bits are exact, both signed and unsigned.
result<nlohmann::json> parse_document(std::string_view text);

/// The T that was stored as `text`.
/// Errors: errc::wrong_type  bytes where a document was asked for, or a document that does not convert to T
///         errc::not_json    the text is no document
template <class T>
result<T> decode(std::string&& text, encoding stored_as)
{
    if constexpr (std::same_as<T, bytes>) {
        return bytes{std::move(text)};
    } else {
        if (stored_as != encoding::document) { return make_error_code(errc::wrong_type); }
        auto document = parse_document(text);
        if (document.has_error()) { return document.error(); }
        if constexpr (std::same_as<T, nlohmann::json>) {
            return std::move(document).value();
        } else {
            try {
                return document->template get<T>();
            } catch (nlohmann::json::exception const&) {
                return make_error_code(errc::wrong_type);
            }
        }
    }
}

}  // namespace detail
}  // namespace mykeyv
