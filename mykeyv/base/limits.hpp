// SPDX-License-Identifier: Apache-2.0
// Every limit of Mykeyv, with its unit and its reason. What an operator may change is a setting and has its default here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mykeyv::limits {

// Keys and values

/// Bytes. The widest key that InnoDB indexes in full on every supported server (with the slot in front of it).
inline constexpr std::size_t key_bytes_max = 1024;
/// Bytes. Default of `value-bytes-max`: 16 MiB, so that a batch with one such value stays below a `max_allowed_packet` of 64 MiB.
inline constexpr std::size_t value_bytes_max_default = 16u << 20;
/// Keys in one command; more is a mistake more often than a wish, and one command must not hold a lane for seconds.
inline constexpr std::size_t keys_per_command_max = 1u << 20;
/// Keys that one page of SCAN may ask MySQL for; a larger COUNT is cut.
inline constexpr std::int64_t scan_count_max = 10'000;
/// Levels of arrays and objects in a document; bounds the stack of every recursive reader.
inline constexpr std::size_t json_depth_max = 128;
/// Bytes of a pattern looked at while it is matched with one key: exact for 256-byte patterns on the longest key, and about 1 ms.
inline constexpr std::size_t glob_steps_max = 1u << 19;

// The front door

/// Arguments of one command, before and after authentication (CVE-2021-32675: unauthenticated requests must stay small).
inline constexpr std::size_t arguments_max = 1u << 20;
inline constexpr std::size_t arguments_unauthenticated_max = 10;
/// Bytes of one argument before authentication, and of one inline command.
inline constexpr std::size_t argument_bytes_unauthenticated_max = 16u << 10;
inline constexpr std::size_t inline_bytes_max = 64u << 10;
/// Bytes that one argument may have beyond the value limit (JSON around a value, code).
inline constexpr std::size_t argument_bytes_slack = 1u << 20;
/// Bytes of one whole command: what a session's input buffer can grow to. Not below the largest argument.
inline constexpr std::size_t command_bytes_max = 512u << 20;
/// Bytes taken from a socket at once.
inline constexpr std::size_t read_chunk_bytes = 64u << 10;
/// Bytes of replies that wait for a client; above the first it is not read from, above the second it is closed.
inline constexpr std::size_t output_pause_bytes = 4u << 20;
inline constexpr std::size_t output_close_bytes = 512u << 20;
/// Commands of one connection that wait for their reply; above it the connection is not read from.
inline constexpr std::size_t unanswered_per_session_max = 16u << 10;
/// Bytes of values that one connection has under way, plus replies that wait for one before them; above it as above.
inline constexpr std::size_t unanswered_bytes_per_session_max = 64u << 20;

// Lanes

/// Operations and bytes of values in one transaction: enough to share an fsync, little enough to bound latency.
inline constexpr std::size_t batch_operations_max = 4096;
inline constexpr std::size_t batch_bytes_max = 8u << 20;
/// Bytes of loaded rows and of replies that one batch holds; when it has more, it ends early and the rest is another batch.
inline constexpr std::size_t batch_held_bytes_max = 64u << 20;
/// Rows loaded at once; so many of the longest values are the most that a batch holds beyond that.
inline constexpr std::size_t batch_load_rows_max = 128;
/// Operations waiting in one lane; above it new ones are refused as overloaded.
inline constexpr std::size_t lane_queue_max = 1u << 20;

/// Operations, and bytes of values, that one lane keeps waiting for another node's answer about their slot, and how long one slot's
/// may wait; what is over is refused as in transit. A cut-over takes some milliseconds; only one in trouble comes near.
inline constexpr std::size_t parked_operations_max = 1u << 16;
inline constexpr std::size_t parked_bytes_max = 64u << 20;
inline constexpr std::chrono::milliseconds parked_time_default{2'000};

// Scripts

inline constexpr std::uint64_t script_instructions_default = 10'000'000;
inline constexpr std::size_t script_memory_bytes_default = 64u << 20;
inline constexpr std::chrono::milliseconds script_time_default{100};
inline constexpr std::size_t script_code_bytes_max = 1u << 20;

// The cluster

/// Nodes of one cluster; beyond it a node has fewer than 16 slots and gossip of all to all is too much.
inline constexpr std::size_t nodes_max = 1024;
/// Bytes of a topology as text: 1024 nodes and 16384 ranges of one slot each fit twice.
inline constexpr std::size_t topology_bytes_max = 2u << 20;
/// Characters of a host name, as DNS limits it.
inline constexpr std::size_t host_characters_max = 253;

/// One slot on its way: bytes of rows in one message (one row may be longer, a slot read with others a quarter), messages that wait for
/// their answer, keys that one message sends again. Small: each is read and written between two batches of a lane.
inline constexpr std::size_t portion_bytes = 128u << 10;
inline constexpr std::uint64_t portions_on_the_way_max = 3;
inline constexpr std::size_t dirty_keys_per_portion = 1024;
/// A slot is cut over when no more keys than these are left to be sent again. After so many rounds of sending them its lane rests no more
/// from moving, and after so many its operations wait.
inline constexpr std::size_t cut_over_keys_max = 128;
inline constexpr unsigned resend_rounds_at_rest = 3;
inline constexpr unsigned resend_rounds_max = 16;
/// Slots of one lane that are on their way out at once.
inline constexpr std::size_t outgoing_per_lane_max = 128;
/// Slots of one lane whose operations wait for one node at once: fewer wait for less time, more share a commit. So many at most, fewer
/// where one has waited for longer than is wanted, and never fewer than the least.
inline constexpr std::size_t cut_overs_at_once = 32;
inline constexpr std::chrono::milliseconds cut_over_wait_wanted{12};
inline constexpr std::size_t cut_overs_at_once_least = 8;
/// Rows of `slots` that nobody waits for at the source: so many in a commit, and after so long fewer. Long enough for many to come
/// together, and short beside what a slot takes to be copied while others are.
inline constexpr std::size_t slot_rows_per_commit = 64;
inline constexpr std::chrono::milliseconds slot_rows_within{20};
/// Bytes of rows that one lane has sent and that are not acknowledged; from there on no more are read. Fewer for a node that operations
/// wait for, because it takes slots over.
inline constexpr std::size_t on_the_way_bytes_max = 2u << 20;
inline constexpr std::size_t on_the_way_bytes_when_waited_for = 256u << 10;
/// Slots that are written or counted at once. Bytes of rows that are written at once, and those from which on their transaction stays open
/// no longer. How long a lane that clients do not write to goes on with moving before it looks for work of theirs again.
inline constexpr std::size_t slots_per_commit = 32;
inline constexpr std::size_t write_bytes = 64u << 10;
inline constexpr std::size_t open_bytes_max = 192u << 10;
inline constexpr std::chrono::milliseconds moving_at_a_time{5};
/// How long a lane counts as one that clients write to; how many times as long as it moved it rests from moving then, and at most how long.
/// Cut-overs that have begun do not wait for it.
inline constexpr std::chrono::milliseconds busy_after_write{50};
inline constexpr unsigned moving_rest_when_busy = 16;
inline constexpr std::chrono::milliseconds moving_rest_max{100};
/// How long a slot whose attempt failed is left alone, how long an answer is awaited before the attempt is given up, how long the answer to
/// an offer is before it is asked for, and how often it is asked for then.
inline constexpr std::chrono::milliseconds move_again_after{250};
inline constexpr std::chrono::milliseconds portion_patience{10'000};
inline constexpr std::chrono::milliseconds offer_patience{500};
inline constexpr std::chrono::milliseconds query_every{200};
/// Rows of slots that have gone, and the slots, that are erased between two batches.
inline constexpr std::size_t purge_rows = 256;
inline constexpr std::size_t purge_slots = 64;
/// How long that waits, each time, while slots are on their way; longer while operations wait for one.
inline constexpr std::chrono::milliseconds purge_pause{200};

// Clients

inline constexpr int redirects_max = 16;
/// One reply: levels of nesting (bounds the stack of whoever walks it), values in the whole tree (a status and a result for
/// each key of the largest KV.UPDATE), bytes of text in the whole tree, and bytes of one line that has no length in front.
inline constexpr std::size_t reply_depth_max = 32;
inline constexpr std::size_t reply_elements_max = 4u << 20;
inline constexpr std::size_t reply_bytes_max = 1u << 30;
inline constexpr std::size_t reply_line_bytes_max = 64u << 10;

static_assert(batch_bytes_max <= value_bytes_max_default, "one value of full size must fit a batch of its own");
static_assert(output_pause_bytes < output_close_bytes);
static_assert(value_bytes_max_default + argument_bytes_slack <= command_bytes_max);
static_assert(3 * keys_per_command_max < reply_elements_max, "per key: an array of a status and a result");

}  // namespace mykeyv::limits
