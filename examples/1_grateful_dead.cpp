// SPDX-License-Identifier: Apache-2.0
// Lesson 1: set a record, get it, and update several where they live. With callbacks; each begins the next step.
//
//     grateful_dead [HOST:PORT]
#include "mykeyv/client/client.hpp"

#include <boost/asio/io_context.hpp>

#include <iostream>
#include <map>

using nlohmann::json;

// Runs on the node of each record: the records do not travel.
auto const code = R"(
    local record, fate = ...
    if not record then return false end
    if fate[record.first] == 'dead' then record.status = 'dead' else record.status = 'alive' end
    return true, record.status
)";

std::map<std::string, std::string> const fate{{"phil", "living"}, {"jerry", "dead"}, {"bobby", "living"}, {"pigpen", "dead"}};
std::vector<std::string> const the_dead{"phil", "jerry", "bobby", "pigpen"};

json musician(std::string const& first, std::string const& last) { return {{"first", first}, {"last", last}, {"band", "grateful dead"}}; }

struct show {
    mykeyv::client kv;
    int exit_code = 1;

    void run()
    {
        kv.async_set_many(
            {{"phil", musician("phil", "lesh")}, {"bobby", musician("bobby", "weir")}, {"pigpen", musician("pigpen", "mckernan")}},
            [this](mykeyv::error_code ec, auto const&) { ec ? fail("set", ec) : set_jerry(); });
    }

    void set_jerry()
    {
        kv.async_set("jerry", {{"first", "jerry"}, {"last", "garcia"}, {"band", "grateful dead"}}, [this](mykeyv::error_code ec) {
            if (ec) { return fail("set", ec); }
            std::cout << "jerry record set!\n";
            update();
        });
    }

    void update()
    {
        kv.async_update(the_dead, code, fate, [this](mykeyv::error_code ec, std::vector<mykeyv::update_outcome> outcomes) {
            if (ec) { return fail("update", ec); }
            for (auto const& each : outcomes) {
                std::cout << each.key << ": " << name_of(each.status) << ' ' << each.result << each.detail << '\n';
            }
            std::cout << "all records updated!\n";
            show_all();
        });
    }

    void show_all()
    {
        kv.async_get_many<json>(the_dead, [this](mykeyv::error_code ec, auto outcomes) {
            if (ec) { return fail("get", ec); }
            for (auto const& each : outcomes) { std::cout << each.key << " = " << (each.record ? *each.record : json{}) << '\n'; }
            get_jerry();
        });
    }

    void get_jerry()
    {
        kv.async_get<json>("jerry", [this](mykeyv::error_code ec, mykeyv::found<json> jerry) {
            if (ec) { return fail("get", ec); }
            std::cout << "jerry played for the " << (*jerry)["band"].get<std::string>() << '\n';
            exit_code = 0;
        });
    }

    static void fail(char const* what, mykeyv::error_code ec)
    {
        std::cerr << "grateful_dead: " << what << ": " << ec.message() << " (`mykeyv playground` starts a cluster)\n";
    }
};

int main(int count, char** words)
{
    boost::asio::io_context context;
    show tonight{mykeyv::client{context, {.seeds = {count > 1 ? words[1] : "127.0.0.1:6958"}}}};
    tonight.run();
    context.run();  // returns when there is nothing left to do
    return tonight.exit_code;
}
