#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operations on a slot that is being handed over to a node that says nothing: they wait as long as --parked-time-ms says, then they
are answered TRYAGAIN, which means not executed; no other slot waits, and when the node is back all is as it was.
"""
import concurrent.futures
import time
import unittest

import harness
import rehash_test
import resp

RECORDS = 20_000  # some in each slot
CONNECTIONS = 64
PARKED_SECONDS = 0.6


class operations_on_a_slot_that_nobody_serves(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.cluster(1, "--parked-time-ms", str(int(PARKED_SECONDS * 1000))).start()
        self.stored = rehash_test.filled(self.cluster, RECORDS)
        self.source = self.cluster.nodes[0]

    def asked(self, keys, *words):
        """One command on each key, all at once: (the reply, seconds until it came) of each key. A pipeline waits at a read behind one
        that is parked, if their slots are alike in their low bits; so there are several, and no two have such slots."""
        by_connection = [[key for key in keys if resp.slot_of(key) % CONNECTIONS == i] for i in range(CONNECTIONS)]

        def ask(own):
            with self.source.connect() as c:
                begin = time.monotonic()
                replies = c.pipeline([(words[0], key, *words[1:]) for key in own])
                return {key: (reply, time.monotonic() - begin) for key, reply in zip(own, replies)}

        answered = {}
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as each:
            for some in each.map(ask, by_connection):
                answered |= some
        return answered

    def of(self, answered, prefix):
        return {key: after for key, (reply, after) in answered.items() if isinstance(reply, resp.refusal) and reply.prefix == prefix}

    def read(self):
        return self.asked(self.stored, "GET")

    def stopped_in_a_cut_over(self, target):
        """Stops the target at such a moment that slots are offered to it; what reads are answered then. Up to 32 are, while all go well,
        but it may be stopped between two such moments: then it goes on, and is stopped again."""
        for moved in range(1, 21):
            harness.await_true(lambda: len(self.of(self.read(), "MOVED")) > moved * RECORDS // 50, "slots move")
            target.pause()
            answered = self.read()
            if self.of(answered, "TRYAGAIN"):
                return answered
            target.resume()
        self.fail("stopped twenty times, and never was a slot on offer")

    def test_wait_as_long_as_was_asked_for_then_are_refused_at_once_and_are_not_executed(self):
        target = self.cluster.join()
        self.source.call("KV.CLUSTER", "RATE", 2_000_000)
        self.source.call("KV.CLUSTER", "REHASH")
        answered = self.stopped_in_a_cut_over(target)
        try:
            refused = self.of(answered, "TRYAGAIN")
            self.assertGreaterEqual(min(refused.values()), PARKED_SECONDS)
            self.assertLess(min(refused.values()), 2, "the default")
            at_once = self.of(self.asked(list(refused), "APPEND", "!"), "TRYAGAIN")
            self.assertEqual(at_once.keys(), refused.keys())
            self.assertLess(max(at_once.values()), PARKED_SECONDS, "a slot that is overdue parks nothing")
            again = self.asked(self.stored, "APPEND", "!")
            self.assertLessEqual(refused.keys(), self.of(again, "TRYAGAIN").keys())
            appended = {key for key, (reply, _) in again.items() if isinstance(reply, int)}
            self.assertGreater(len(appended), RECORDS // 4, "other slots are served")
        finally:
            target.resume()
        self.source.call("KV.CLUSTER", "RATE", 0)
        self.cluster.await_settled()
        found = {}
        for node in self.cluster.nodes:
            with node.connect() as c:
                replies = list(c.pipeline([("GET", key) for key in self.stored]))
            found |= {key: reply.decode() for key, reply in zip(self.stored, replies) if isinstance(reply, bytes)}
        self.assertEqual(found, {key: value + "!" * (key in appended) for key, value in self.stored.items()})
        harness.stop(self.cluster.nodes)


if __name__ == "__main__":
    harness.main()
