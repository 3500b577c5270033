#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes come and go while the links between them are cut at random, in every way that relay.py knows, and healed: nothing is lost, no
slot ever has two owners, and once all links are whole every slot gets to where it is to be.

MYKEYV_REHASHES sets how many times. MYKEYV_SEED repeats the choice of cuts of a run, though not its timing.
"""
import collections
import contextlib
import os
import random
import threading
import unittest

import cluster_client
import harness
import load
import rehash_test
import relay

REHASHES = int(os.environ.get("MYKEYV_REHASHES", "1"))
SEED = int(os.environ.get("MYKEYV_SEED", random.getrandbits(32)))
SHORT_SECONDS = (0.05, 1.5)
LONG_SECONDS = (5.5, 7.0)  # a node gives a silent link up after 5 s
LONG_SHARE = 0.1


class cutter:
    """Cuts and heals links from start() to stop(). What fails in its thread is raised by whatever is called next."""

    def __init__(self, cluster, choices):
        self.cluster, self.choices = cluster, choices
        self.counted = collections.Counter()
        self.cuts_while_slots_moved = 0
        self.stopping = threading.Event()
        self.failure = None
        self.changed = threading.Condition()

    def start(self):
        self.stopping.clear()
        self.thread = threading.Thread(target=self.run, name="cutter", daemon=True)
        self.thread.start()

    def stop(self):
        """All links are whole when it returns."""
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive() and self.failure is None, f"the cutter: {self.failure!r}"

    def run(self):
        try:
            while not self.stopping.is_set():
                self.cut_once()
                self.stopping.wait(self.choices.uniform(0.0, 0.5))
        except BaseException as why:
            self.failure = why
            raise
        finally:
            with self.changed:
                self.changed.notify_all()

    def pairs(self):
        """One link, both links of two nodes, or all links of a node."""
        one, other = self.choices.sample(self.cluster.nodes, 2)
        what = self.choices.choice(["one way", "both ways", "a whole node"])
        if what == "one way":
            return [(one, other)]
        if what == "both ways":
            return [(one, other), (other, one)]
        others = [n for n in self.cluster.nodes if n is not one]
        return [pair for n in others for pair in ((one, n), (n, one))]

    def cut_once(self):
        kind = self.choices.choice(relay.KINDS)
        cut = self.pairs()
        had_connections = [self.cluster.relays.set(*pair, kind) for pair in cut]
        bounds = LONG_SECONDS if self.choices.random() < LONG_SHARE else SHORT_SECONDS
        try:
            self.stopping.wait(self.choices.uniform(*bounds))
        finally:
            for pair in cut:
                self.cluster.relays.set(*pair, None)
        with self.changed:
            self.counted[kind] += 1
            self.counted["connections that were cut"] += sum(had_connections)
            self.changed.notify_all()

    def await_cuts(self, more, seconds=60.0):
        number = lambda: sum(self.counted[kind] for kind in relay.KINDS)
        with self.changed:
            wanted = number() + more
            self.changed.wait_for(lambda: self.failure or number() >= wanted, seconds)
            assert self.failure is None and number() >= wanted, f"the cutter: {self.failure!r}"


def answers(n):
    with contextlib.suppress(AssertionError):
        return bool(n.sql("SELECT 1"))


class owners:
    """Looks into the tables: who owns a slot at an epoch is its only owner at that epoch, for ever (invariant 4 of docs/cluster.md)."""

    def __init__(self):
        self.by_epoch = {}

    def look(self, nodes):
        for n in nodes:
            harness.await_true(lambda: answers(n), "a MariaDB that was just killed is back", harness.START_SECONDS)
            # Who hands a slot over, or is about to, was its owner at the epoch before that of the offer.
            for slot, epoch in n.sql("SELECT slot, epoch-(state=2) FROM slots WHERE state IN (1,2)"):
                known = self.by_epoch.setdefault((int(slot), int(epoch)), n.id)
                assert known == n.id, f"slot {slot} at epoch {epoch} is owned by {known} and by {n.id}"


class rehash_under_cuts(unittest.TestCase):
    """Promises 1 to 6, while nodes come and go and cannot hear each other."""

    def setUp(self):
        print(f"\n    MYKEYV_SEED={SEED}")
        self.choices = random.Random(SEED)
        self.relays = relay.relays()
        self.cluster = harness.cluster(3, relays=self.relays, lanes=(1, 2, 3)).start()
        self.cutter = cutter(self.cluster, self.choices)
        self.owners = owners()
        self.clients = load.load(lambda: cluster_client.cluster_connection(self.cluster), writers=2, readers=1, seed=SEED).start()
        self.addCleanup(self.clients.stopping.set)
        self.clients.await_acks(200)
        self.cuts_in_moves = 0

    def slots_to_move(self):
        return self.cluster.status()["slots_to_move"]

    def while_links_are_cut(self, change, cuts, disturb=lambda: None):
        """Slots begin to move; then links are cut so many times, and healed; then every slot gets to where it is to be."""
        change()
        self.cutter.start()
        for _ in range(cuts):
            disturb()
            self.cutter.await_cuts(1)
            self.cuts_in_moves += self.slots_to_move() > 0
        self.cutter.stop()
        self.owners.look(self.cluster.nodes)

    def settled(self):
        status = self.cluster.await_settled()
        sizes = [n["slots"] for n in status["nodes"]]
        self.assertEqual((len(sizes), sum(sizes)), (len(self.cluster.nodes), 16384))
        self.assertLessEqual(max(sizes) - min(sizes), 1)
        self.owners.look(self.cluster.nodes)
        self.clients.verify()

    def grow(self, cuts, **more):
        fresh = self.cluster.join()
        self.while_links_are_cut(lambda: fresh.call("KV.CLUSTER", "REHASH"), cuts, **more)
        self.settled()

    def shrink(self, by, cuts, **more):
        leaving = self.cluster.nodes[-by:]
        self.while_links_are_cut(lambda: [self.cluster.nodes[0].call("KV.CLUSTER", "REMOVE", n.id) for n in leaving], cuts, **more)
        gone = lambda: not {n["id"] for n in self.cluster.status()["nodes"]} & {n.id for n in leaving}
        harness.await_true(gone, "the nodes have left", 120)
        del self.cluster.nodes[-by:]
        self.settled()
        for n in leaving:
            n.terminate()
            self.assertEqual(n.await_exit(), 0)

    def end(self, what):
        self.clients.stop()
        print(f"    {what}; {dict(self.cutter.counted)}, {self.cuts_in_moves} while slots moved; {self.clients.report()}; "
              f"relays passed {dict(self.relays.passed)}")
        self.assertEqual(self.relays.strangers, 0)
        self.assertGreater(self.cuts_in_moves, 0)
        self.assertGreater(self.cutter.counted["connections that were cut"], 0)
        rehash_test.tables_are(self, self.cluster, self.clients.values())
        harness.stop(self.cluster.nodes)

    def test_promises_1_to_6_hold_while_nodes_come_and_go_and_links_are_cut(self):
        for _ in range(REHASHES):
            self.grow(cuts=4)
            self.grow(cuts=4)
            self.shrink(by=2, cuts=5)
        self.end(f"{REHASHES} times 3 to 4 to 5 to 3 nodes")

    def test_they_hold_while_links_are_cut_and_processes_are_killed(self):
        killed = collections.Counter()

        def disturb():
            victim, what = self.choices.choice(self.cluster.nodes), self.choices.choice(["daemon", "mariadb", "both"])
            if what == "daemon":
                victim.kill()
            else:
                victim.kill_mariadb(and_this=what == "both")
            if what != "mariadb":
                victim.start()
            killed[what] += 1

        for _ in range(REHASHES):
            self.grow(cuts=2, disturb=disturb)
            self.shrink(by=1, cuts=3, disturb=disturb)
        self.end(f"{REHASHES} times 3 to 4 to 3 nodes, kills: {dict(killed)}")


if __name__ == "__main__":
    harness.main()
