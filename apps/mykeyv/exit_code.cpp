// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/exit_code.hpp"

namespace mykeyv::cli {

exit_code exit_code_of(error_code const& ec) noexcept
{
    if (!ec) { return exit_code::done; }
    for (auto const cluster_is_wrong : {errc::unauthorized, errc::unexpected_reply, errc::unknown_command, errc::refused}) {
        if (is(ec, cluster_is_wrong)) { return exit_code::cluster_error; }
    }
    bool const ours = ec.category() == error_category();
    return ours && remedy_of(static_cast<errc>(ec.value())) == remedy::fix ? exit_code::usage : exit_code::cluster_error;
}

}  // namespace mykeyv::cli
