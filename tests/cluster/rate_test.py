#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""KV.CLUSTER RATE n: a node sends at most n bytes of rows a second, and not much less either; another rate is followed at once.

A row counts as its key, its value and 64 bytes. STATUS counts a slot's bytes when the slot has gone, so its figure lags behind what was
sent by what is on its way.
"""
import time
import unittest

import harness
import rehash_test

RECORDS = 10_000
VALUE_BYTES = 4000
ON_ITS_WAY_BYTES = 256 << 10  # two lanes, each of which reads 128 KiB of rows at once
MEASURED_BYTES = 1_500_000
LEAST_SHARE = 0.5  # of what is allowed, on a machine that has other things to do


class rate_of_a_rehash(unittest.TestCase):
    def departed(self):
        """Bytes of rows whose slots have gone from the source."""
        return next(n["departed"]["bytes"] for n in self.cluster.status()["nodes"] if n["id"] == self.source.id)

    def await_departed(self, at_least):
        """When so many bytes had gone, and how many had."""
        gone = harness.await_true(lambda: (now := self.departed()) >= at_least and now, f"{at_least} bytes have gone", 60)
        return time.monotonic(), gone

    def holds(self, rate):
        """Sets the rate; once what was on its way has gone, so much goes in a second."""
        self.assertEqual(self.target.call("KV.CLUSTER", "RATE", rate), b"OK")
        begun, before = self.await_departed(self.departed() + ON_ITS_WAY_BYTES)
        ended, after = self.await_departed(before + MEASURED_BYTES)
        seconds, sent = ended - begun, after - before
        print(f"\n    {sent / seconds:.0f} bytes per second of {rate}", end="", flush=True)
        self.assertLessEqual(sent, rate * seconds + ON_ITS_WAY_BYTES)
        self.assertGreaterEqual(sent, rate * seconds * LEAST_SHARE)

    def test_a_node_sends_what_the_rate_allows_and_follows_when_it_is_lowered_and_raised(self):
        self.cluster = harness.cluster(1, lanes=(2,)).start()
        rehash_test.filled(self.cluster, RECORDS, lambda i: "x" * VALUE_BYTES)
        self.source, self.target = self.cluster.nodes[0], self.cluster.join()
        self.assertEqual(self.source.call("KV.CLUSTER", "RATE", 500_000), b"OK")
        self.source.call("KV.CLUSTER", "REHASH")
        for rate in (500_000, 250_000, 1_000_000):
            self.holds(rate)
        self.assertEqual(self.source.call("KV.CLUSTER", "RATE", 0), b"OK")
        status = self.cluster.await_settled()
        self.assertEqual([n["slots"] for n in status["nodes"]], [8192, 8192])
        harness.stop(self.cluster.nodes)


if __name__ == "__main__":
    harness.main()
