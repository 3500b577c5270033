#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mykeyv node` and `mykeyv rehash` on real nodes: a fourth one is added and gets its share, the first one is removed."""
import unittest

import harness
from cli_fixture import mykeyv

RECORDS = 400
NODE_SLOTS = 16384 // 4


class a_cluster_that_grows_and_shrinks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.cluster(3).start()
        cls.servers = ",".join(f"{host}:{port}" for host, port in cls.cluster.seeds)
        cls.fourth = harness.node("--cluster-secret-file", str(cls.cluster.secret), name="fourth").start()
        cls.address = f"127.0.0.1:{cls.fourth.port}"
        owners = [(first, last, at[1]) for first, last, at, *_ in cls.cluster.nodes[0].call("CLUSTER", "SLOTS")]
        connections = {n.port: n.connect() for n in cls.cluster.nodes}
        for i in range(RECORDS):
            slot = harness.resp.slot_of(f"key:{i}")
            port = next(port for first, last, port in owners if first <= slot <= last)
            connections[port].call("SET", f"key:{i}", f"value {i}")
        for each in connections.values():
            each.close()

    def done(self, *words):
        outcome = mykeyv("-s", self.servers, *words, seconds=240)
        self.assertEqual(outcome.code, 0, outcome.err)
        return outcome

    def members(self):
        return {n["address"]: n for n in self.done("node", "list", "--output", "json").objects}

    def await_owned(self, slots):
        """Each node knows the others' as of a second ago, and any of them answers."""
        for _ in range(4):
            harness.await_true(lambda: [n["slots"] for n in self.members().values()] == slots, f"the nodes own {slots}")

    def records(self):
        return sum(n["records"] for n in self.done("status", "--output", "json").objects[0]["nodes"])

    def assert_all_records_are_there(self):
        self.assertEqual(self.records(), RECORDS)
        keys = [f"key:{i}" for i in range(0, RECORDS, 7)]
        self.assertEqual([o["value"] for o in self.done("--output", "json", "get", *keys).objects],
                         [f"value {i}" for i in range(0, RECORDS, 7)])

    # One life of a cluster, in the order of these names.

    def test_1_a_node_that_is_added_owns_nothing(self):
        self.assertIn("is a member now, and owns nothing yet", self.done("node", "add", self.address).out)
        self.assertEqual(self.members()[self.address]["slots"], 0)
        again = mykeyv("-s", self.servers, "node", "add", self.address)
        self.assertEqual(again.code, 3)

    def test_2_a_dry_run_shows_the_exact_plan_and_changes_nothing(self):
        pairs = self.done("--output", "json", "rehash", "--dry-run").objects
        self.assertEqual({p["target"] for p in pairs}, {self.address})
        self.assertEqual(sum(p["slots"] for p in pairs), NODE_SLOTS)
        slots = {s for p in pairs for first, last in p["ranges"] for s in range(first, last + 1)}
        self.assertEqual(len(slots), NODE_SLOTS)
        planned = [i for i in range(RECORDS) if harness.resp.slot_of(f"key:{i}") in slots]
        self.assertEqual(sum(p["records"] for p in pairs), len(planned))
        self.assertEqual(sum(p["bytes"] for p in pairs), sum(len(f"key:{i}") + len(f"value {i}") for i in planned))
        self.assertIn("4096 of 16384 slots would move", self.done("rehash", "--dry-run").out)
        self.assertEqual(self.members()[self.address]["slots"], 0)

    def test_3_pause_resume_and_rate_say_what_holds_now(self):
        self.assertIn("paused", self.done("rehash", "--pause").out)
        harness.await_true(lambda: self.done("rehash", "--status", "--output", "json").objects[0]["paused"], "every node has heard")
        self.assertIn("resumed", self.done("rehash", "--resume").out)
        self.assertIn("at most 50.0 MB/s", self.done("rehash", "--rate", "50").out)

    def test_4_a_rehash_moves_a_quarter_of_the_slots(self):
        last = self.done("--output", "json", "rehash").objects[-1]
        self.assertEqual((last["slots_total"], last["slots_left"], last["percent"], last["done"]), (NODE_SLOTS, 0, 100.0, True))
        self.await_owned([NODE_SLOTS] * 4)
        self.assertGreaterEqual(sum(n["departed"]["slots"] for n in self.members().values()), NODE_SLOTS)
        self.assert_all_records_are_there()
        harness.await_true(lambda: "nothing to move" in self.done("rehash", "--dry-run").out, "every node knows where all is")
        self.assertIn("nothing to move", self.done("rehash").out)

    def test_5_a_node_that_is_removed_gives_all_away_and_is_no_member_any_more(self):
        first = f"127.0.0.1:{self.cluster.nodes[0].port}"
        self.assertIn(f"4096 slots of {first} begin to go", self.done("node", "remove", first).out)
        self.done("rehash")
        harness.await_true(lambda: first not in self.members(), "it is no member any more")
        line = "this node owns no slot any more and has left its cluster: it can be stopped"
        says_so = lambda: [n for n in self.cluster.nodes if line in n.log_text()]
        harness.await_true(lambda: says_so() == self.cluster.nodes[:1], "it says so, and nobody else")
        harness.await_true(lambda: sum(n["slots"] for n in self.members().values()) == 16384, "the others own all")
        self.assert_all_records_are_there()

    def test_6_a_node_that_joins_by_itself_is_a_member(self):
        fifth = self.cluster.join(seed=1)
        harness.await_true(lambda: f"127.0.0.1:{fifth.port}" in self.members(), "it is a member")


if __name__ == "__main__":
    harness.main()
