#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes of what the cluster is to look like, when they meet each other, a lost answer or a kill: who asked for one that did not
come to be is told, and no node is left in between."""
import json
import threading
import unittest

import harness
import relay
import resp

ROUNDS_MAX = 300


def at_once(*calls):
    """Runs each on a thread of its own; what they return."""
    results = [None] * len(calls)

    def run(i):
        results[i] = calls[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


class topologies(unittest.TestCase):
    def end(self, *others):
        for n in [*self.cluster.nodes, *others]:
            n.terminate()
        for n in [*self.cluster.nodes, *others]:
            self.assertEqual(n.await_exit(), 0)

    def agreed(self):
        """What all nodes say once they have one topology."""
        def told():
            all_told = [json.loads(n.call("KV.CLUSTER", "STATUS")) for n in self.cluster.nodes]
            return all_told[0] if len({(each["version"], each["author"]) for each in all_told}) == 1 else None
        return harness.await_true(told, "all nodes have one topology")


class changes(topologies):
    def test_of_two_changes_at_one_moment_the_one_that_is_lost_is_refused(self):
        self.cluster = harness.cluster(3).start()
        one, other = self.cluster.nodes[:2]
        have_met = lambda: all(n["heard_ms_ago"] is not None for of in range(3) for n in self.cluster.status(of)["nodes"])
        harness.await_true(have_met, "the nodes have met")
        refused = 0
        for number in range(1, ROUNDS_MAX):
            paused = number % 2 == 1
            replies = at_once(lambda: one.call("KV.CLUSTER", "PAUSE" if paused else "RESUME"),
                              lambda: other.call("KV.CLUSTER", "RATE", number))
            status = self.agreed()
            in_force = [status["paused"] == paused, status["bytes_per_second"] == number]
            for reply, is_in_force in zip(replies, in_force):
                self.assertEqual(reply == b"OK", is_in_force, f"round {number}: {replies}, then {status}")
                if reply != b"OK":
                    self.assertIn("at the same moment", reply.text)
                    refused += 1
            if refused == 3:
                break
        self.assertEqual(refused, 3, f"no two of {ROUNDS_MAX} rounds met")
        self.end()


class admissions(topologies):
    def setUp(self):
        self.relays = relay.relays()
        self.cluster = harness.cluster(2, relays=self.relays).start()
        self.member = self.cluster.nodes[0]
        self.fresh = self.cluster.placed(harness.node("--cluster-secret-file", self.cluster.secret, name="fresh"))
        self.fresh.flags += ["--announce", f"127.0.0.1:{self.fresh.announced}"]
        self.fresh.start()
        self.fresh.id = self.fresh.call("CLUSTER", "MYID").decode()

    def begin_to_add(self):
        """A thread that has asked for it, and a list that gets the reply."""
        replies = []

        def add():
            replies.append(self.member.call("KV.CLUSTER", "ADD", f"127.0.0.1:{self.fresh.announced}"))

        thread = threading.Thread(target=add)
        thread.start()
        return thread, replies

    def await_member(self):
        harness.await_true(lambda: len(self.cluster.status()["nodes"]) == 3, "it is a member")

    def settled(self):
        self.cluster.nodes.append(self.fresh)
        self.fresh.call("KV.CLUSTER", "REHASH")
        status = self.cluster.await_settled()
        self.assertEqual(sorted(n["slots"] for n in status["nodes"]), [5461, 5461, 5462])
        self.end()

    def test_a_node_whose_admission_is_not_answered_asks_again_and_is_a_member(self):
        self.relays.set(self.fresh, self.member, "lossy")
        adding, replies = self.begin_to_add()
        self.await_member()
        self.relays.set(self.fresh, self.member, None)
        adding.join()
        self.assertEqual(replies, [b"OK"])
        self.settled()

    def test_a_node_that_is_killed_when_it_had_given_its_slots_up_has_them_back_and_can_be_added(self):
        self.relays.set(self.fresh, self.member, "lossy")
        adding, replies = self.begin_to_add()
        self.await_member()
        self.assertEqual(self.fresh.sql("SELECT COUNT(*) FROM slots"), [["0"]])
        self.fresh.kill()
        self.relays.set(self.fresh, self.member, None)
        adding.join()
        self.assertIsInstance(replies[0], resp.refusal)
        self.fresh.start()
        self.assertEqual(self.fresh.sql("SELECT COUNT(*) FROM slots WHERE state=1"), [["16384"]])
        self.assertEqual(self.fresh.call("SET", "key", "value"), b"OK")
        self.assertEqual(self.fresh.call("DEL", "key"), 1)
        # The others have it for a member, which it is not yet. To add it once more helps.
        adding, replies = self.begin_to_add()
        adding.join()
        self.assertEqual(replies, [b"OK"])
        self.settled()

    def test_a_node_that_is_not_admitted_serves_nothing_before_its_slots_are_its_own_again(self):
        self.relays.set(self.fresh, self.member, "silence")
        adding, replies = self.begin_to_add()
        forgotten = lambda: self.fresh.sql("SELECT COUNT(*) FROM slots") == [["0"]]
        harness.await_true(forgotten, "it has given its slots up")
        # Its MySQL refuses to have them back.
        self.fresh.sql("RENAME TABLE slots TO slots_elsewhere")
        again = self.cluster.nodes[1].call("KV.CLUSTER", "ADD", f"127.0.0.1:{self.fresh.announced}")
        self.assertIn("already", again.text)
        adding.join()
        self.assertIsInstance(replies[0], resp.refusal)
        harness.await_true(lambda: "own slots are not served" in self.fresh.log_text(), "it says so")
        self.assertIsInstance(self.fresh.call("SET", "key", "value"), resp.refusal)
        self.fresh.sql("RENAME TABLE slots_elsewhere TO slots")
        harness.await_true(lambda: self.fresh.call("SET", "key", "value") == b"OK", "it serves again")
        self.assertEqual(self.fresh.sql("SELECT COUNT(*) FROM slots WHERE state=1"), [["16384"]])
        self.end(self.fresh)


if __name__ == "__main__":
    harness.main()
