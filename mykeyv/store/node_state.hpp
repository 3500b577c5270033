// SPDX-License-Identifier: Apache-2.0
// What a node remembers beside its records: who it is, which slots it owns, the topology, the code it knows.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/store/mysql/connection.hpp"
#include "mykeyv/store/slot_row.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mykeyv::store {

using script_map = std::unordered_map<script_id, std::shared_ptr<std::string const>>;

// Each of these is one transaction on an open connection that has passed the fence; on a failure nothing was changed.

/// The id of this node; at the first start `first` becomes it, or a random one.
failure load_or_make_node_id(connection&, std::optional<node_id> first, node_id& out);

/// Makes this node the first owner of `slots`, at epoch 1.
failure insert_owned_slots(connection&, std::vector<slot> const& slots);

/// The stored topology document, if there is one.
failure load_topology(connection&, std::optional<std::string>& document);
failure save_topology(connection&, std::uint64_t version, std::string_view document);

failure load_scripts(connection&, script_map& out);
/// Saving code that is there already is no error.
failure save_script(connection&, script_id, std::string_view code);

}  // namespace mykeyv::store
