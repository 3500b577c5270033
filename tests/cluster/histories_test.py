#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A few keys, each written by several clients at once, move from node to node while daemons and MariaDBs are killed and stopped: for each
key there is one order that explains every reply (promise 2), and what was refused is no part of it (promise 6).

MYKEYV_REHASHES sets how many times a node comes and goes. MYKEYV_SEED repeats the choices of a run, though not its timing.
"""
import collections
import concurrent.futures
import json
import os
import random
import threading
import time
import unittest

import cluster_client
import harness
import linearizability
import model
import rehash_test
import resp
import trouble

REHASHES = int(os.environ.get("MYKEYV_REHASHES", "1"))
SEED = int(os.environ.get("MYKEYV_SEED", random.getrandbits(32)))
CLIENTS = 6
KEYS_OF_EACH_SOURCE = 2
KEYS_THAT_STAY = 2
# So that slots are still on their way when things are killed: each node's share takes several seconds.
OTHER_RECORDS = 16_000
OTHER_VALUE_BYTES = 1000
BYTES_PER_SECOND = 250_000
PATIENCE_SECONDS = 120  # of a client; so nothing that it gave up is carried out later


class client:
    """One connection to the cluster, one command at a time."""

    def __init__(self, keys, choices):
        self.keys, self.choices = keys, choices
        self.history = []
        self.refused = 0
        self.last_read = {}

    def command(self):
        key, value = self.choices.choice(self.keys), self.choices.randrange(50)
        expected = self.last_read.get(key) or b"7"
        return self.choices.choice([("GET", key), ("GET", key), ("INCR", key), ("SET", key, value), ("APPEND", key, value % 10),
                                    ("DEL", key), ("SET", key, value, "IFEQ", expected), ("SET", key, value, "IFEQ", expected)])

    def run(self, cluster, stopping):
        with cluster_client.cluster_connection(cluster, PATIENCE_SECONDS) as c:
            while not stopping.is_set():
                words = self.command()
                try:
                    c.reach(words[1])
                except resp.gone:  # nobody is there, and nothing was sent
                    harness.back_off()
                    continue
                self.ask(c, words)

    def ask(self, c, words):
        sent = time.monotonic()
        try:
            reply = c.call(*words)
        except resp.gone:
            reply = resp.refusal(model.UNCERTAIN)
        prefix = reply.prefix if isinstance(reply, resp.refusal) else None
        if prefix in model.NOT_EXECUTED:
            self.refused += 1
            return harness.back_off()
        said = linearizability.UNKNOWN if prefix == model.UNCERTAIN else reply
        self.history.append(linearizability.operation(words, sent, time.monotonic(), said))
        if words[0] == "GET" and prefix is None:
            self.last_read[words[1]] = reply


class histories_of_keys_that_move(unittest.TestCase):
    def setUp(self):
        print(f"\n    MYKEYV_SEED={SEED}")
        self.choices = random.Random(SEED)
        self.trouble = trouble.troublemaker(random.Random(self.choices.getrandbits(32)))
        self.counted = collections.Counter()
        self.cluster = harness.cluster(3, lanes=(1, 2, 3)).start()
        rehash_test.filled(self.cluster, OTHER_RECORDS, lambda i: "x" * OTHER_VALUE_BYTES)
        self.cluster.nodes[0].call("KV.CLUSTER", "RATE", BYTES_PER_SECOND)

    def choose_keys(self):
        """Of each node that will give slots away some that will go, and some that will not."""
        sources = {}
        for pair in json.loads(self.cluster.nodes[0].call("KV.CLUSTER", "PLAN"))["pairs"]:
            sources.update({slot: pair["source"] for first, last in pair["slots"] for slot in range(first, last + 1)})
        names = collections.defaultdict(list)
        for name in (f"hot:{i}" for i in range(1000)):
            names[sources.get(resp.slot_of(name))].append(name)
        staying = names.pop(None)
        self.assertEqual(len(names), 3)
        return [name for each in names.values() for name in each[:KEYS_OF_EACH_SOURCE]] + staying[:KEYS_THAT_STAY]

    def strike(self, times):
        for _ in range(times):
            self.trouble.strike(self.cluster.nodes)
            self.counted["strikes while slots moved"] += self.cluster.status()["slots_to_move"] > 0
            self.trouble.wait(0.0, 0.5)

    def while_clients_write(self, change):
        """`change` is made meanwhile; then all that they were told about each key is explained."""
        clients = [client(self.keys, random.Random(self.choices.getrandbits(32))) for _ in range(CLIENTS)]
        stopping = threading.Event()
        owners = {key: self.cluster.owner(key).id for key in self.keys}

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(each.run, self.cluster, stopping) for each in clients]
            try:
                change()  # in this thread, for a process ends with the thread that has started it
            finally:
                stopping.set()
        for each in running:
            each.result()
        self.counted["moves of a key"] += sum(self.cluster.owner(key).id != owners[key] for key in self.keys)
        self.counted["refused"] += sum(each.refused for each in clients)
        for key in self.keys:
            self.explain(key, [[op for op in each.history if op.words[1] == key] for each in clients])

    def explain(self, key, histories):
        operations = [op for history in histories for op in history]
        self.counted["operations"] += len(operations)
        self.counted["of unknown outcome"] += sum(op.reply is linearizability.UNKNOWN for op in operations)
        self.counted["compared and set"] += sum("IFEQ" in op.words and op.reply == b"OK" for op in operations)
        after = linearizability.final_values(histories, self.known[key])
        if not after:
            shown = linearizability.shortest_unexplained(histories, self.known[key])
            self.fail(f"no order explains what was said about {key!r}; the last of it:\n" + "\n".join(map(str, shown[-40:])))
        self.known[key] = after

    def comes(self):
        self.cluster.nodes[0].call("KV.CLUSTER", "REHASH")
        self.strike(4)
        self.cluster.await_settled()

    def goes(self):
        leaving = self.cluster.nodes[-1]
        self.cluster.nodes[0].call("KV.CLUSTER", "REMOVE", leaving.id)
        self.strike(3)
        harness.await_true(lambda: all(n["id"] != leaving.id for n in self.cluster.status()["nodes"]), "the node has left", 120)
        self.cluster.nodes.remove(leaving)
        self.cluster.await_settled()
        leaving.terminate()
        self.assertEqual(leaving.await_exit(), 0)

    def test_promises_2_and_6_one_order_explains_all_replies_about_a_key_that_moves_under_kills(self):
        self.cluster.join()
        self.keys = self.choose_keys()
        self.known = {key: {None} for key in self.keys}
        for number in range(REHASHES):
            if number > 0:
                self.cluster.join()
            self.while_clients_write(self.comes)
            self.while_clients_write(self.goes)
        print(f"\n    {REHASHES} times 3 to 4 to 3 nodes; {dict(self.trouble.counted)}; {dict(self.counted)}")
        with cluster_client.cluster_connection(self.cluster) as c:
            for key, values in self.known.items():
                self.assertIn(c.call("GET", key), values)
        self.assertGreaterEqual(self.counted["moves of a key"], 3 * KEYS_OF_EACH_SOURCE)
        for what in ("strikes while slots moved", "compared and set"):
            self.assertGreater(self.counted[what], 0, what)
        harness.stop(self.cluster.nodes)


if __name__ == "__main__":
    harness.main()
