#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens to a slot while it is copied, and to a rehash while it runs: rows that are damaged at the target, expiries that change and
run out, values that grow, a pause, a change of mind."""
import unittest

import cluster_client
import harness
import resp

TAG = "{midway2171}"
SLOT = resp.slot_of(TAG)  # 3: slots go in the order of their numbers, and the empty ones before it would take their time
SLOW = 150_000  # bytes a second


def key(i):
    return f"{TAG}:{i:05}"  # in the order in which they are copied


class midway(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.cluster(1).start()
        self.source, self.target = self.cluster.nodes[0], None
        self.addCleanup(lambda: harness.stop(self.cluster.nodes))

    def fill(self, records):
        stored = {key(i): f"{i:0500}" for i in range(records)}
        with self.source.connect() as c:
            self.assertEqual(set(c.pipeline([("SET", k, v) for k, v in stored.items()])), {b"OK"})
        return stored

    def state(self, of):
        row = of.sql(f"SELECT state FROM slots WHERE slot={SLOT}")
        return row[0][0] if row else None

    def copied(self):
        return int(self.target.sql(f"SELECT COUNT(*) FROM records WHERE slot={SLOT}")[0][0])

    def begin(self, rate=SLOW):
        """All slots go to a fresh node, ours slowly enough to do something meanwhile: until some of its rows have arrived."""
        self.target = self.cluster.join()
        self.source.call("KV.CLUSTER", "RATE", rate)
        self.source.call("KV.CLUSTER", "REMOVE", self.source.id)
        harness.await_true(lambda: self.copied() > 0, "rows arrive")

    def is_copied(self):
        """Has begun, and has not ended."""
        self.assertEqual((self.state(self.source), self.state(self.target)), ("1", "4"), "owned there, importing here")

    def end(self):
        self.source.call("KV.CLUSTER", "RATE", 0)
        harness.await_true(lambda: len(self.cluster.status(1)["nodes"]) == 1, "all has gone to the fresh node", 120)

    def read(self, keys):
        with self.target.connect() as c:
            return dict(zip(keys, c.pipeline([("GET", k) for k in keys])))

    def damaged(self, damage):
        stored = self.fill(2000)
        self.begin()
        self.target.sql(damage)
        self.is_copied()
        self.end()
        offered = f"slot {SLOT} from node {self.source.id}:"
        told = [line for line in self.target.log_text().splitlines() if offered in line]
        self.assertEqual(len(told), 1, "the target says what differs, once: the next attempt is right")
        self.assertIn("were offered", told[0])
        self.assertIn(f"slot {SLOT} was not taken by node {self.target.id}: count or checksum of the slot differ", self.source.log_text())
        self.assertEqual(self.read(stored), {k: v.encode() for k, v in stored.items()})
        self.assertEqual(self.target.call("DBSIZE"), len(stored))

    def test_a_row_that_is_lost_at_the_target_keeps_the_slot_where_it_is_until_a_new_attempt_is_whole(self):
        self.damaged(f"DELETE FROM records WHERE slot={SLOT} LIMIT 1")

    def test_so_does_one_that_is_another(self):
        self.damaged(f"UPDATE records SET version=version+1 WHERE slot={SLOT} LIMIT 1")

    def test_so_does_one_too_many(self):
        self.damaged(f"INSERT INTO records (slot,k,version,format,v) VALUES ({SLOT},'{TAG}:',1,0,'')")

    def test_expiries_that_change_or_run_out_and_values_that_grow_while_they_are_copied_arrive_as_they_are(self):
        stored = self.fill(2000)
        big = "b" * (16 << 20)
        # Of the first keys, which have been copied by then, and of the last, which have not.
        first, last = [key(i) for i in range(8)], [key(i) for i in range(1992, 2000)]
        with self.source.connect() as c:
            for keys in (first, last):
                for k in keys[1:6]:
                    self.assertEqual(c.call("PEXPIRE", k, 3_000_000), 1)
        self.begin()
        with self.source.connect() as c:
            for keys in (first, last):
                self.assertEqual(c.call("EXPIRE", keys[0], 5000), 1)
                self.assertEqual(c.call("EXPIRE", keys[1], 5000), 1)
                self.assertEqual(c.call("PERSIST", keys[2]), 1)
                self.assertEqual(c.call("GETEX", keys[3], "EX", 6000), stored[keys[3]].encode())
                self.assertEqual(c.call("SET", keys[4], "kept", "KEEPTTL"), b"OK")
                self.assertEqual(c.call("PEXPIRE", keys[5], 400), 1)
                self.assertEqual(c.call("SET", keys[6], big), b"OK")
                self.assertEqual(c.call("DEL", keys[7]), 1)
            self.is_copied()
            harness.await_true(lambda: c.call("EXISTS", first[5], last[5]) == 0, "two have run out")
        self.is_copied()
        self.end()
        expected = {k: v.encode() for k, v in stored.items()}
        for keys in (first, last):
            expected |= {keys[4]: b"kept", keys[5]: None, keys[6]: big.encode(), keys[7]: None}
        self.assertEqual(self.read(stored), expected)
        with self.target.connect() as c:
            for keys in (first, last):
                at_most = [5000, 5000, None, 6000, 3000]
                for k, limit in zip(keys, at_most):
                    left = c.call("TTL", k)
                    self.assertTrue(limit - 120 < left <= limit if limit else left == -1, f"{k}: {left} of {limit}")

    def test_paused_at_half_both_nodes_serve_and_nothing_moves_and_whoever_changes_his_mind_has_all_back(self):
        values = {f"key:{i}": f"{i:01000}" for i in range(4000)}
        with self.source.connect() as c:
            self.assertEqual(set(c.pipeline([("SET", k, v) for k, v in values.items()])), {b"OK"})
        self.target = self.cluster.join()
        self.source.call("KV.CLUSTER", "RATE", 300_000)
        self.source.call("KV.CLUSTER", "REHASH")
        left = lambda: self.cluster.status()["slots_to_move"]
        harness.await_true(lambda: 0 < left() < 6000, "slots move")
        self.target.call("KV.CLUSTER", "PAUSE")
        self.source.call("KV.CLUSTER", "RATE", 0)
        importing = lambda: int(self.target.sql("SELECT COUNT(*) FROM slots WHERE state=4")[0][0])
        harness.await_true(lambda: importing() == 0, "what was copied is given up, or has come to its end")
        before = left()
        self.assertGreater(before, 0)
        with cluster_client.cluster_connection(self.cluster) as c:
            for text in ("new", "newer", "newest"):
                values = {k: text for k in values}
                self.assertEqual(set(c.pipeline([("SET", k, v) for k, v in values.items()])), {b"OK"})
                self.assertEqual(set(c.pipeline([("GET", k) for k in values])), {text.encode()})
        self.assertEqual((left(), importing()), (before, 0), "paused, and so it stays")
        # Not to be after all: what has gone comes back, the rest stays.
        self.source.call("KV.CLUSTER", "REMOVE", self.target.id)
        self.source.call("KV.CLUSTER", "RESUME")
        harness.await_true(lambda: len(self.cluster.status()["nodes"]) == 1, "the node has left again", 120)
        self.assertEqual(self.source.call("CLUSTER", "SLOTS")[0][:2], [0, 16383])
        with self.source.connect() as c:
            self.assertEqual(set(c.pipeline([("GET", k) for k in values])), {b"newest"})
        self.assertEqual(self.source.call("DBSIZE"), len(values))


if __name__ == "__main__":
    harness.main()
