// SPDX-License-Identifier: Apache-2.0
// What KV.CLUSTER STATUS says of two nodes, of which the first one answers.
#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace mykeyv::test {

struct fake_cluster {
    std::uint64_t version = 1;
    std::array<unsigned, 2> slots_to_move{};
    std::array<std::uint64_t, 2> records{};  ///< departed, of ten bytes each
    bool paused = false;
    bool last_is_heard = true;
    std::string last_problem = {};  ///< empty: none
    std::uint64_t last_version = 0;  ///< that the second node knows; 0: the same
    std::array<std::string, 2> endpoints{"127.0.0.1:7000", "127.0.0.1:7001"};

    std::string status() const
    {
        using nlohmann::json;
        auto nodes = json::array();
        for (unsigned i = 0; i < 2; ++i) {
            bool const heard = i == 0 || last_is_heard;
            auto const known = i == 1 && last_version != 0 ? last_version : version;
            nodes.push_back({{"id", std::string(40, i == 0 ? 'a' : 'b')}, {"endpoint", endpoints[i]}, {"weight", 1}, {"leaving", false},
                             {"heard_ms_ago", heard ? json(300 * i) : json()}, {"version", heard ? json(known) : json()},
                             {"problem", i == 0 || last_problem.empty() ? json() : json(last_problem)},
                             {"slots", 8192}, {"desired", 8192}, {"to_leave", slots_to_move[i]},
                             {"departed", {{"slots", records[i] / 10}, {"records", records[i]}, {"bytes", 10 * records[i]}}},
                             {"parked_us_max", 0}});
        }
        return json{{"cluster", "c"}, {"version", version}, {"author", "a"}, {"paused", paused}, {"bytes_per_second", 0},
                    {"slots_to_move", slots_to_move[0] + slots_to_move[1]}, {"nodes", nodes}}.dump();
    }
};

}  // namespace mykeyv::test
