#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes join and leave a living cluster: exactly the slots that must move do, clients see nothing of it but a redirect, and nothing is
lost, twice there, or back from the dead, whatever is killed meanwhile.

MYKEYV_REHASHES sets how many times nodes come and go under kills. MYKEYV_SEED repeats the choice of kills of a run, though not its timing.
"""
import json
import os
import random
import subprocess
import threading
import time
import unittest

import cluster_client
import harness
import load
import resp
import sql
import trouble

REHASHES = int(os.environ.get("MYKEYV_REHASHES", "1"))
SEED = int(os.environ.get("MYKEYV_SEED", random.getrandbits(32)))


def filled(cluster, records, value=lambda i: f"value {i}"):
    """Stores records under all kinds of keys; which."""
    stored = {f"key:{i}": value(i) for i in range(records)}
    with cluster_client.cluster_connection(cluster) as c:
        items = list(stored.items())
        for i in range(0, records, 1000):
            replies = list(c.pipeline([("SET", key, text) for key, text in items[i:i + 1000]]))
            assert replies == [b"OK"] * len(replies), replies[:3]
    return stored


def slots_by_port(cluster, of=0):
    counted = {}
    for first, last, at, *_ in cluster.nodes[of].call("CLUSTER", "SLOTS"):
        counted[at[1]] = counted.get(at[1], 0) + last - first + 1
    return counted


def tables_are(case, cluster, values):
    """Each record is in one node's table, that of the owner, and is what clients were told."""
    expected = {key: value for key, value in values.items() if value is not None}
    found = {}
    for n in cluster.nodes:
        rows = n.sql("SELECT CONVERT(k USING utf8mb4), IF(format=1, JSON_VALUE(v,'$.b'), CONVERT(v USING utf8mb4)) FROM records "
                     "JOIN slots USING (slot) WHERE slots.state=1 AND k NOT LIKE '%:expiring:%'")
        for key, value in rows:
            case.assertNotIn(key, found, "a record with two owners")
            found[key] = value.encode()
    case.assertEqual(found, expected)


class rehash(unittest.TestCase):
    def end(self, cluster):
        for n in cluster.nodes:
            if n.is_running():
                n.terminate()
        for n in cluster.nodes:
            n.await_exit()

    def all_read(self, cluster, stored):
        with cluster_client.cluster_connection(cluster) as c:
            keys = list(stored)
            read = dict(zip(keys, c.pipeline([("GET", key) for key in keys])))
        self.assertEqual({key: value.decode() if value is not None else None for key, value in read.items()}, stored)

    def test_from_3_nodes_to_4_moves_exactly_4096_slots_and_every_record_with_its_slot(self):
        cluster = harness.cluster(3).start()
        stored = filled(cluster, 5000)
        fresh = cluster.join()
        self.assertEqual(slots_by_port(cluster).get(fresh.port, 0), 0, "a node that joins owns nothing")
        plan = json.loads(fresh.call("KV.CLUSTER", "PLAN"))
        self.assertEqual(plan["moves"], 4096)
        self.assertEqual(sum(pair["count"] for pair in plan["pairs"]), 4096)
        self.assertEqual({pair["target"] for pair in plan["pairs"]}, {fresh.id})
        cluster.nodes[1].call("KV.CLUSTER", "REHASH")
        status = cluster.await_settled()
        self.assertEqual([n["slots"] for n in status["nodes"]], [4096] * 4)
        self.assertEqual(sum(n["departed"]["slots"] for n in status["nodes"]), 4096)
        self.assertEqual(json.loads(fresh.call("KV.CLUSTER", "PLAN"))["moves"], 0)
        for of in range(4):
            self.assertEqual(set(slots_by_port(cluster, of).values()), {4096})
        self.all_read(cluster, stored)
        self.assertEqual(sum(n.call("DBSIZE") for n in cluster.nodes), 5000)
        # Where a slot has gone its rows are erased, bit by bit.
        rows = lambda n: int(n.sql("SELECT COUNT(*) FROM records")[0][0])
        harness.await_true(lambda: sum(map(rows, cluster.nodes)) == 5000, "rows of slots that have gone are erased")
        # And back: the node that leaves gives all it has away, and is no member then.
        cluster.nodes[0].call("KV.CLUSTER", "REMOVE", fresh.id)
        cluster.nodes.remove(fresh)
        harness.await_true(lambda: len(cluster.status()["nodes"]) == 3, "the node has left", 60)
        cluster.await_settled()
        self.assertEqual(sorted(slots_by_port(cluster).values()), [5461, 5461, 5462])
        self.all_read(cluster, stored)
        fresh.terminate()
        self.assertEqual(fresh.await_exit(), 0)
        self.end(cluster)

    def test_what_the_source_has_cached_of_a_slot_the_target_answers_without_a_look_into_mysql(self):
        cluster = harness.cluster(1).start()
        stored = filled(cluster, 3000)
        fresh = cluster.join()
        cluster.nodes[0].call("KV.CLUSTER", "REHASH")
        with cluster_client.cluster_connection(cluster) as c:
            while cluster.status()["slots_to_move"] > 0:
                written = random.sample(list(stored), 50)
                stored |= {key: stored[key] + "+" for key in written}
                self.assertEqual(set(c.pipeline([("SET", key, stored[key]) for key in written])), {b"OK"})
        cluster.await_settled()
        counted = lambda name: int(fresh.call("INFO").decode().split(name + ":")[1].split()[0])
        before = {name: counted(name) for name in ("keyspace_hits", "keyspace_misses")}
        self.all_read(cluster, stored)
        self.assertEqual(counted("keyspace_misses"), before["keyspace_misses"])
        self.assertGreater(counted("keyspace_hits") - before["keyspace_hits"], 1000)
        self.end(cluster)

    def test_who_may_not_join_is_told_why(self):
        cluster = harness.cluster(2).start()
        wrong = harness.temporary_folder("secret") / "wrong"
        wrong.write_text("not the secret\n")
        seed = f"127.0.0.1:{cluster.nodes[0].port}"

        def refused(node, *flags):
            node.flags = [*flags]
            node.launch()
            self.assertEqual(node.await_exit(), 1)
            return node.log_text()

        stranger = harness.node(name="stranger")
        self.assertIn("not the secret", refused(stranger, "--join", seed, "--cluster-secret-file", wrong))
        owner = harness.node(name="owner").start()
        owner.call("SET", "k", "v")
        owner.terminate()
        owner.await_exit()
        self.assertIn("a cluster of its own already", refused(owner, "--join", seed, "--cluster-secret-file", cluster.secret))
        self.assertIn("cannot connect", refused(harness.node(name="lonely"), "--join", f"127.0.0.1:{harness.free_port()}",
                                                "--cluster-secret-file", cluster.secret))
        answer = cluster.nodes[0].call("KV.CLUSTER", "ADD", f"127.0.0.1:{cluster.nodes[1].port}")
        self.assertIn("a member already", answer.text)
        answer = cluster.nodes[0].call("KV.NODE", "GOSSIP", "{}")
        self.assertEqual(answer.prefix, "NOAUTH")
        answer = cluster.nodes[0].call("KV.CLUSTER", "REMOVE", "127.0.0.1:1")
        self.assertIn("no node has", answer.text)
        self.end(cluster)

    def test_a_node_alone_and_empty_can_be_added_and_one_with_records_cannot(self):
        cluster = harness.cluster(2).start()
        stored = filled(cluster, 300)
        alone = [harness.node("--cluster-secret-file", cluster.secret, name=name).start() for name in ("empty", "full")]
        for n in alone:
            n.flags += ["--announce", f"127.0.0.1:{n.port}"]
        alone[1].call("SET", "k", "v")
        answer = cluster.nodes[0].call("KV.CLUSTER", "ADD", f"127.0.0.1:{alone[1].port}")
        self.assertIn("has records", answer.text)
        self.assertEqual(alone[1].call("GET", "k"), b"v")
        self.assertEqual(cluster.nodes[0].call("KV.CLUSTER", "ADD", f"127.0.0.1:{alone[0].port}"), b"OK")
        cluster.nodes.append(alone[0])
        cluster.nodes[0].call("KV.CLUSTER", "REHASH")
        cluster.await_settled()
        self.assertEqual(sorted(slots_by_port(cluster).values()), [5461, 5461, 5462])
        self.all_read(cluster, stored)
        cluster.nodes.append(alone[1])
        self.end(cluster)

    def test_a_pause_stops_what_has_not_begun_and_a_rate_slows_the_rest(self):
        cluster = harness.cluster(2).start()
        stored = filled(cluster, 4000, lambda i: "x" * 1000)
        cluster.join()
        cluster.nodes[0].call("KV.CLUSTER", "PAUSE")
        cluster.nodes[0].call("KV.CLUSTER", "REHASH")
        harness.await_true(lambda: all(json.loads(n.call("KV.CLUSTER", "STATUS"))["paused"] for n in cluster.nodes), "all have heard of it")
        harness.await_true(lambda: cluster.status()["slots_to_move"] == 5461, "all have said what is to leave them")
        cluster.nodes[1].call("KV.CLUSTER", "RATE", 500_000)
        cluster.nodes[1].call("KV.CLUSTER", "RESUME")
        harness.await_true(lambda: cluster.status()["slots_to_move"] < 5461, "slots move again")
        sent = lambda: sum(n["departed"]["bytes"] for n in cluster.status()["nodes"])
        # About 1.4 MB have to go, from two nodes with half a MB a second each.
        self.assertGreater(cluster.status()["slots_to_move"], 1000)
        cluster.nodes[1].call("KV.CLUSTER", "RATE", 0)
        cluster.await_settled()
        self.assertGreater(sent(), 1_000_000)
        self.all_read(cluster, stored)
        self.end(cluster)

    def test_one_update_of_10000_keys_of_which_half_move_runs_once_for_each(self):
        cluster = harness.cluster(1, lanes=(2,)).start()
        source, target = cluster.nodes[0], cluster.join()
        keys = [f"count:{i}" for i in range(10_000)]
        code = "local r = ...; local n = (r and r.n or 0) + 1; return kv.put({n = n, pad = ('x'):rep(500)}), n"
        update = [harness.BIN / "mykeyv", "--server", f"127.0.0.1:{source.port}", "--output", "json", "--timeout", "60s",
                  "update", "-e", code, *keys]

        def update_all():
            """What each key counts to, once it has been updated."""
            done = subprocess.run(update, capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual({each["status"] for each in told}, {"stored"})
            self.assertEqual(sorted(each["key"] for each in told), sorted(keys))
            return {each["result"] for each in told}

        self.assertEqual(update_all(), {1})
        target.call("KV.CLUSTER", "RATE", 1_000_000)
        target.call("KV.CLUSTER", "REHASH")
        to_move = lambda: cluster.status()["slots_to_move"]
        harness.await_true(lambda: 0 < to_move() < 8192, "slots move")
        calls = 1
        overlapped = 0
        while (before := to_move()) > 0:
            calls += 1
            self.assertEqual(update_all(), {calls})
            overlapped += before != to_move()
        self.assertGreater(overlapped, 1, "slots moved while one update() ran")
        cluster.await_settled()
        self.assertEqual(slots_by_port(cluster), {source.port: 8192, target.port: 8192})
        self.assertEqual(update_all(), {calls + 1})
        self.end(cluster)

    def test_a_lane_that_cannot_write_makes_the_slots_of_no_other_lane_wait(self):
        cluster = harness.cluster(1, lanes=(2,)).start()
        stored = filled(cluster, 2000)
        source, target = cluster.nodes[0], cluster.join()
        held = next(key for key in stored if resp.slot_of(key) % 2 == 0)
        slot = resp.slot_of(held)
        still_there = lambda which: int(source.sql(f"SELECT COUNT(*) FROM slots WHERE state IN (1,2) AND {which}")[0][0])
        left_at = [(time.monotonic(), 8192)]  # when so many of the other lane were still to go

        def other_lane_has_gone():
            if (left := still_there("slot%2=1")) != left_at[-1][1]:
                left_at.append((time.monotonic(), left))
            return left == 0
        # Somebody else has a lock where lane 0 of the target is to write this row, for as long as it takes. How fast the slots of the
        # other lane go is for the machine to say, but never do they wait as long as lane 0 does, for a lock: 5 s and again 5 s.
        with sql.transaction(target.data_dir / "run/mariadb.sock",
                                 f"INSERT INTO records (slot,k,version,format,v) VALUES ({slot},'{held}',1,0,'')"):
            target.call("KV.CLUSTER", "REMOVE", source.id)
            harness.await_true(other_lane_has_gone, "all slots of the other lane have gone", 120)
            self.assertLess(max(later[0] - earlier[0] for earlier, later in zip(left_at, left_at[1:])), 5)
            self.assertEqual(still_there(f"slot={slot}"), 1)
        harness.await_true(lambda: still_there("1") == 0, "all slots have gone", 60)
        harness.await_true(lambda: len(cluster.status(1)["nodes"]) == 1, "the source has left")
        self.assertEqual(slots_by_port(cluster, 1), {target.port: 16384})
        source.terminate()
        self.assertEqual(source.await_exit(), 0)
        del cluster.nodes[0]
        self.all_read(cluster, stored)
        self.end(cluster)

    def test_big_values_and_slots_of_many_keys_move_while_they_are_written(self):
        cluster = harness.cluster(1).start()
        big = {f"{{big}}:{i}": chr(97 + i) * (16 << 20) for i in range(4)}
        with cluster_client.cluster_connection(cluster) as c:
            for key, value in big.items():
                self.assertEqual(c.call("SET", key, value), b"OK")
            for i in range(0, 100_000, 2000):
                self.assertEqual(set(c.pipeline([("SET", f"{{many}}:{j}", j) for j in range(i, i + 2000)])), {b"OK"})
        expected = {f"{{many}}:{i}": i for i in range(100_000)}
        cluster.join()
        stop = threading.Event()
        problems = []

        def write():
            choices = random.Random(1)
            with cluster_client.cluster_connection(cluster) as c:
                while not stop.is_set():
                    changed = {f"{{many}}:{choices.randrange(100_000)}": choices.randrange(10**6) for _ in range(50)}
                    erased = f"{{many}}:{choices.randrange(100_000)}"
                    replies = list(c.pipeline([("SET", key, value) for key, value in changed.items()] + [("DEL", erased)]))
                    if any(isinstance(reply, resp.refusal) for reply in replies):
                        problems.append(replies)
                    expected.update(changed)
                    expected.pop(erased, None)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            # Everything to the new node: whatever slots these keys are in, they move.
            cluster.nodes[1].call("KV.CLUSTER", "REMOVE", cluster.nodes[0].id)
            heard_ms_ago = []

            def all_has_gone():
                nodes = cluster.status(1)["nodes"]
                heard_ms_ago.extend(n["heard_ms_ago"] or 0 for n in nodes)
                return len(nodes) == 1
            harness.await_true(all_has_gone, "all has gone to the new node", 300)
            self.assertLess(max(heard_ms_ago), 5000)  # a node whose slots move without a pause gossips all the same
        finally:
            stop.set()
            writer.join()
        self.assertEqual(problems, [])
        self.assertEqual(slots_by_port(cluster, 1), {cluster.nodes[1].port: 16384})
        with cluster_client.cluster_connection(cluster) as c:
            for key, value in big.items():
                self.assertEqual(c.call("GET", key), value.encode())
            keys = [f"{{many}}:{i}" for i in range(100_000)]
            read = dict(zip(keys, c.pipeline([("GET", key) for key in keys])))
        self.assertEqual({key: int(value) for key, value in read.items() if value is not None}, expected)
        self.end(cluster)


class rehash_under_kills(unittest.TestCase):
    """Promises 1 to 6, while nodes come and go and daemons and their MariaDBs are killed and stopped at any moment, now and then for longer
    than others wait for them."""

    def settled(self):
        status = self.cluster.await_settled()
        self.clients.verify()
        return [n["slots"] for n in status["nodes"]]

    def grow(self):
        self.cluster.join()
        self.choices.choice(self.cluster.nodes).call("KV.CLUSTER", "REHASH")
        for _ in range(3):
            self.trouble.wait(0.0, 1.0)
            self.trouble.strike(self.cluster.nodes)
        sizes = self.settled()
        self.assertEqual((len(sizes), sum(sizes)), (len(self.cluster.nodes), 16384))
        self.assertLessEqual(max(sizes) - min(sizes), 1)

    def shrink(self):
        leaving = self.cluster.nodes[-1]
        self.cluster.nodes[0].call("KV.CLUSTER", "REMOVE", leaving.id)
        self.trouble.wait(0.0, 1.0)
        self.trouble.strike(self.cluster.nodes)
        harness.await_true(lambda: all(n["id"] != leaving.id for n in self.cluster.status()["nodes"]), "the node has left", 120)
        self.cluster.nodes.remove(leaving)
        self.settled()
        leaving.terminate()
        self.assertEqual(leaving.await_exit(), 0)

    def test_promises_1_to_6_hold_while_nodes_come_and_go_and_are_killed(self):
        print(f"\n    MYKEYV_SEED={SEED}")
        self.trouble = trouble.troublemaker(random.Random(SEED))
        self.choices = self.trouble.choices
        cluster = self.cluster = harness.cluster(3, lanes=(1, 2, 3)).start()
        clients = self.clients = load.load(lambda: cluster_client.cluster_connection(cluster), seed=SEED).start()
        moved = 0
        try:
            clients.await_acks(200)
            for _ in range(REHASHES):
                for change in (self.grow, self.grow, self.shrink, self.shrink):
                    size = len(cluster.nodes)
                    change()
                    moved += 16384 // max(size, len(cluster.nodes))
        finally:
            clients.stopping.set()
        clients.stop()
        print(f"\n    {REHASHES} times 3 to 4 to 5 to 4 to 3 nodes, {moved} slots moved; {dict(self.trouble.counted)}; {clients.report()}")
        tables_are(self, cluster, clients.values())
        harness.stop(cluster.nodes)


if __name__ == "__main__":
    harness.main()
