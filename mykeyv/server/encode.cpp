// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/encode.hpp"

#include "mykeyv/server/error_replies.hpp"

namespace mykeyv::server {
namespace {

struct encoder {
    resp::writer to;
    std::string_view command;

    void operator()(reply::nil) { to.null(); }
    void operator()(reply::ok) { to.simple("OK"); }
    void operator()(std::int64_t number) { to.integer(number); }
    void operator()(std::string const& bytes) { to.bulk(bytes); }
    void operator()(reply::borrowed bytes) { to.bulk(bytes.bytes); }
    void operator()(reply::word word) { to.simple(word.text); }
    void operator()(reply::failure const& failed) { to.error(error_text(failed.error, command, failed.detail)); }
    void operator()(reply::list const& list)
    {
        to.array(list.size());
        for (auto const& element : list) { encode(element, to, command); }
    }
};

}  // namespace

void encode(reply const& what, resp::writer to, std::string_view command) { std::visit(encoder{to, command}, what.value); }

}  // namespace mykeyv::server
