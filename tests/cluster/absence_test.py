#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that was down while the others went on: it learns what the cluster is to look like by now, serves nothing that it does not own,
and gives away what it is to give."""
import json
import unittest

import cluster_client
import harness
import rehash_test
import resp

RECORDS = 3000
BYTES_PER_SECOND = 40_000  # slots are on their way for as long as it takes to read a thousand records


class a_node_that_was_away(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.cluster(3).start()
        rehash_test.filled(self.cluster, RECORDS, lambda i: i)
        self.away = self.cluster.nodes[1]
        self.values = list(range(RECORDS))
        have_met = lambda: all(n["heard_ms_ago"] is not None for n in self.cluster.status()["nodes"])
        harness.await_true(have_met, "the nodes have met")
        self.away.terminate()
        self.assertEqual(self.away.await_exit(), 0)

    def change(self, *words, of=0):
        reply = self.cluster.nodes[of].call("KV.CLUSTER", *words)
        self.assertNotIsInstance(reply, resp.refusal)

    def add_a_fourth(self):
        fourth = harness.node("--cluster-secret-file", self.cluster.secret, name="fourth")
        fourth.flags += ["--announce", f"127.0.0.1:{fourth.port}"]
        fourth.start()
        self.change("ADD", f"127.0.0.1:{fourth.port}")
        self.cluster.nodes.append(fourth)

    def move_to_another_port(self, n):
        n.terminate()
        self.assertEqual(n.await_exit(), 0)
        n.port = n.announced = harness.free_port()
        n.flags[n.flags.index("--announce") + 1] = f"127.0.0.1:{n.port}"
        n.start()

    def said(self, n):
        return json.loads(n.call("KV.CLUSTER", "STATUS"))

    def await_learned(self):
        """The version that the others have; what the node that was away says once it has it, too."""
        others = [n for n in self.cluster.nodes if n is not self.away]
        newest = harness.await_true(lambda: len(versions := {self.said(n)["version"] for n in others}) == 1 and versions.pop(),
                                    "the others have one version")
        return harness.await_true(lambda: (now := self.said(self.away))["version"] == newest and now, "it has learned the newest")

    def await_one_view(self):
        def one_view():
            views = [sorted((first, last, at[1]) for first, last, at, *_ in n.call("CLUSTER", "SLOTS")) for n in self.cluster.nodes]
            return all(view == views[0] for view in views)
        harness.await_true(one_view, "all nodes say the same of who owns what", 10)

    def write_and_read(self, clients, direct, i):
        """Writes a record wherever it is by now, and asks the node that was away: what it serves is what was written. Whether it served
        it."""
        self.values[i] += 1
        self.assertEqual(clients.call("INCR", f"key:{i}"), self.values[i])
        reply = direct.call("GET", f"key:{i}")
        if isinstance(reply, resp.refusal):
            self.assertEqual(reply.prefix, "MOVED")
            return False
        self.assertEqual(reply, b"%d" % self.values[i])
        return True

    def while_slots_move(self):
        """Until it has nothing to give away; how many records it served, and how many not any more."""
        served = {True: 0, False: 0}
        with cluster_client.cluster_connection(self.cluster) as clients, self.away.connect() as direct:
            i = 0
            while json.loads(direct.call("KV.CLUSTER", "STATUS"))["slots_to_move"] > 0:
                for _ in range(20):
                    served[self.write_and_read(clients, direct, i)] += 1
                    i = (i + 1) % RECORDS
        return served

    def all_is_served_by_its_owner_alone(self):
        self.await_one_view()
        owners = [self.cluster.owner(f"key:{i}") for i in range(RECORDS)]
        for n in self.cluster.nodes:
            with n.connect() as c:
                for i, reply in enumerate(c.pipeline([("GET", f"key:{i}") for i in range(RECORDS)])):
                    if owners[i] is n:
                        self.assertEqual(reply, b"%d" % self.values[i])
                    else:
                        self.assertEqual(reply, resp.refusal(f"MOVED {resp.slot_of(f'key:{i}')} 127.0.0.1:{owners[i].announced}"))

    def end(self):
        harness.stop(self.cluster.nodes)

    def test_it_learns_the_newest_of_several_versions_and_gives_away_what_it_is_to_give(self):
        before = self.said(self.cluster.nodes[0])["version"]
        owned = rehash_test.slots_by_port(self.cluster)[self.away.port]
        self.add_a_fourth()
        self.change("REHASH")
        self.change("RATE", BYTES_PER_SECOND, of=2)
        self.change("PAUSE", of=2)
        self.move_to_another_port(self.cluster.nodes[0])
        self.away.start()
        status = self.await_learned()
        self.assertGreaterEqual(status["version"], before + 5)
        self.assertEqual((status["paused"], status["bytes_per_second"], len(status["nodes"])), (True, BYTES_PER_SECOND, 4))
        own = next(n for n in status["nodes"] if n["id"] == self.away.id)
        self.assertEqual((own["slots"], own["to_leave"]), (owned, owned - 4096))
        self.all_is_served_by_its_owner_alone()
        self.change("RESUME")
        served = self.while_slots_move()
        self.assertGreater(min(served.values()), 100, served)
        status = self.cluster.await_settled()
        self.assertEqual([n["slots"] for n in status["nodes"]], [4096] * 4)
        for of in range(4):
            self.assertEqual(set(rehash_test.slots_by_port(self.cluster, of).values()), {4096})
        self.all_is_served_by_its_owner_alone()
        self.end()

    def test_removed_meanwhile_it_gives_all_away_and_is_no_member_then(self):
        self.change("RATE", BYTES_PER_SECOND)
        self.change("REMOVE", self.away.id)
        self.away.start()
        self.await_learned()
        served = self.while_slots_move()
        self.assertGreater(min(served.values()), 100, served)
        self.cluster.nodes.remove(self.away)
        harness.await_true(lambda: len(self.cluster.status()["nodes"]) == 2, "it has left")
        status = self.cluster.await_settled()
        self.assertEqual([n["slots"] for n in status["nodes"]], [8192] * 2)
        self.all_is_served_by_its_owner_alone()
        self.away.terminate()
        self.assertEqual(self.away.await_exit(), 0)
        self.end()


if __name__ == "__main__":
    harness.main()
