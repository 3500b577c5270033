// SPDX-License-Identifier: Apache-2.0
// Lesson 3: your own types as records, many at once, with the synchronous client.
//
//     structs [HOST:PORT]
#include "mykeyv/client/sync_client.hpp"

#include <iostream>

// Any type that nlohmann::json converts to and from is a record.
struct musician {
    std::string first;
    std::string last;
    int born = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(musician, first, last, born)

int main(int count, char** words)
{
    mykeyv::sync_client kv{{.seeds = {count > 1 ? words[1] : "127.0.0.1:6958"}}};

    // All nodes at once; each record has its own outcome.
    auto const stored = kv.set_many(
        {{"phil", musician{"phil", "lesh", 1940}}, {"bobby", musician{"bobby", "weir", 1947}}, {"bill", "no musician"}});
    for (auto const& each : stored) {
        if (each.error) {
            std::cerr << "structs: " << each.key << ": " << each.error.message() << '\n';
            return 1;
        }
    }

    for (auto const& each : kv.get_many<musician>({"phil", "bobby", "bill", "mickey"})) {
        std::cout << each.key << ": ";
        if (each.error) {
            std::cout << each.error.message() << '\n';  // bill's record is of another shape
        } else if (!each.record) {
            std::cout << "not there\n";
        } else {
            std::cout << each.record->last << ", born in " << each.record->born << '\n';
        }
    }
}
