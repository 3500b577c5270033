// SPDX-License-Identifier: Apache-2.0
// The words of a line that a person typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::resp {

/// Splits `line` at blanks, as Redis does. In "double quotes" stand blanks and the escapes \n \r \t \b \a \xHH and \ before
/// any other byte; in 'single quotes' only \' is an escape. A closing quote ends its word and must be followed by a blank.
/// The words are bytes of `storage`, whose old content is lost. False: the quotes do not balance; then `words` is of no use.
bool split_words(std::string_view line, std::string& storage, std::vector<std::string_view>& words);

}  // namespace mykeyv::resp
