#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Order. On one connection: every reply of a pipeline is that of a model which runs the commands one after another (promise 3).
Among connections: for each key there is one order that explains all replies (promise 2), also while MariaDB is killed.
Each with the cache, and without it, where reads take the way of the readers.
"""
import random
import threading
import time
import unittest

import harness
import linearizability
import model
import resp

CONNECTIONS = 8
PIPELINES = 60
DEPTH = 40


def in_threads(function, count):
    """Runs function(0..count-1), each in a thread; the first exception of any is raised."""
    failures = []

    def guarded(index):
        try:
            function(index)
        except BaseException as why:
            failures.append(why)

    threads = [threading.Thread(target=guarded, args=(i,), daemon=True) for i in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(300)
        assert not each.is_alive(), "a client hangs"
    if failures:
        raise failures[0]


def own_command(choices, tag):
    """Any command on a few keys, some of which share a slot."""
    one = lambda: f"{tag}key{choices.randrange(6)}"
    together = lambda: f"{{{tag}}}{choices.randrange(4)}"
    several = lambda: [together() for _ in range(choices.randint(2, 4))]
    key, value = choices.choice([one, together])(), str(choices.randrange(100))
    return choices.choice([
        lambda: ("SET", key, value), lambda: ("SET", key, value, "NX"), lambda: ("SET", key, value, "XX", "GET"),
        lambda: ("GET", key), lambda: ("GET", key), lambda: ("GET", key), lambda: ("INCR", key), lambda: ("DECRBY", key, 7),
        lambda: ("DEL", key), lambda: ("GETDEL", key), lambda: ("APPEND", key, "1"), lambda: ("EXISTS", key), lambda: ("STRLEN", key),
        lambda: ("SETNX", key, value), lambda: ("MGET", *several()), lambda: ("MGET", *several()), lambda: ("DEL", *several()),
        lambda: ("MSET", *[word for name in several() for word in (name, value)])])()


class nodes_with_and_without_cache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = {"with a cache": harness.node(name="cached"),
                     "with a cache that is too small": harness.node("--cache-bytes", "4096", name="small"),
                     "without a cache": harness.node("--cache-bytes", "0", name="uncached")}
        for each in cls.nodes.values():
            each.launch()
        for each in cls.nodes.values():
            each.await_ready()

    @classmethod
    def tearDownClass(cls):
        for each in cls.nodes.values():
            each.terminate()
        for each in cls.nodes.values():
            each.await_exit()

    def on_each(self, check):
        for name, node in self.nodes.items():
            with self.subTest(name):
                check(node)


class pipelines(nodes_with_and_without_cache):
    def test_promise_3_each_reply_is_that_of_one_command_after_another(self):
        def client(node, index):
            choices, values = random.Random(index), {}
            with node.connect() as c:
                for _ in range(PIPELINES):
                    commands = [own_command(choices, f"c{index}:") for _ in range(choices.randint(1, DEPTH))]
                    for words, reply in zip(commands, c.pipeline(commands)):
                        before = dict(values)
                        expected = model.run_on(words, values)
                        assert reply == expected, f"{words} answered {reply!r}, not {expected!r}; the keys held {before}"

        self.on_each(lambda node: in_threads(lambda i: client(node, i), CONNECTIONS))

    def test_promise_3_a_read_behind_a_write_sees_it_whatever_else_is_under_way(self):
        def client(node, index):
            with node.connect() as c:
                for i in range(300):
                    key = f"k{index}:{i % 5}"
                    replies = list(c.pipeline([("SET", key, i), ("GET", key), ("INCR", key), ("GET", key), ("DEL", key), ("GET", key),
                                               ("GET", "busy"), ("INCR", "busy"), ("GET", "busy")]))
                    value = b"%d" % i
                    assert replies[:6] == [b"OK", value, i + 1, b"%d" % (i + 1), 1, None], replies
                    assert int(replies[6] or 0) < replies[7] <= int(replies[8]), replies

        self.on_each(lambda node: in_threads(lambda i: client(node, i), CONNECTIONS))

    def test_promise_3_whole_node_commands_take_their_turn(self):
        def check(node):
            with node.connect() as c:
                size = c.call("DBSIZE")
                replies = list(c.pipeline([("SET", "a new key", 1), ("DBSIZE",), ("DEL", "a new key"), ("DBSIZE",)]))
                self.assertEqual(replies, [b"OK", size + 1, 1, size])

        self.on_each(check)


class several_keys(nodes_with_and_without_cache):
    """Multi-key commands are atomic, whichever of their keys the cache has."""

    KEYS = [f"{{together}}{i}" for i in range(6)]
    ROUNDS = 400

    def write(self, node, index):
        with node.connect() as c:
            for number in range(self.ROUNDS):
                value = f"{index}:{number}"
                assert c.call("MSET", *[word for key in self.KEYS for word in (key, value)]) == b"OK"

    def read(self, node, index):
        """Reads together, and takes some of the keys out of a small cache by reading others."""
        choices = random.Random(index)
        seen = {}
        with node.connect() as c:
            while not self.written.is_set():
                replies = list(c.pipeline([("MGET", *self.KEYS), ("GET", choices.choice(self.KEYS)),
                                           *[("GET", f"other{choices.randrange(500)}") for _ in range(5)], ("MGET", *self.KEYS)]))
                for reply in (replies[0], replies[-1]):
                    assert len(set(reply)) == 1, f"written together, read apart: {reply}"
                    if reply[0] is not None:
                        writer, number = map(int, reply[0].split(b":"))
                        assert number >= seen.get(writer, 0), f"writer {writer} is back at {number} from {seen[writer]}"
                        seen[writer] = number

    def test_promise_2_keys_that_are_written_together_are_read_together(self):
        def check(node):
            self.assertEqual(node.call("FLUSHALL"), b"OK")
            self.written = threading.Event()
            writing = [2]

            def client(index):
                if index >= 2:
                    return self.read(node, index)
                try:
                    self.write(node, index)
                finally:
                    writing[0] -= 1
                    if writing[0] == 0:
                        self.written.set()

            in_threads(client, 6)

        self.on_each(check)


class histories(nodes_with_and_without_cache):
    """Few hot keys, several clients, short rounds: after each round all that was said about a key is explained, or not."""

    KEYS = ["hot", "{hot}2", "other"]
    CLIENTS = 5
    OPERATIONS = 14

    def command(self, choices, key):
        return choices.choice([("GET", key), ("GET", key), ("INCR", key), ("SET", key, choices.randrange(50)), ("DEL", key),
                               ("GETDEL", key), ("SETNX", key, 7), ("INCRBY", key, 3)])

    def client(self, node, seed):
        """One client's round: pipelines of 1 to 4 commands until OPERATIONS were not refused. Refused ones were not executed, so they
        are no part of the history."""
        choices, history, refused = random.Random(seed), [], 0
        with node.connect() as c:
            while len(history) < self.OPERATIONS:
                commands = [self.command(choices, choices.choice(self.KEYS)) for _ in range(choices.choice([1, 1, 2, 4]))]
                sent = time.monotonic()
                was_refused = False
                for words, reply in zip(commands, c.pipeline(commands)):
                    is_error = isinstance(reply, resp.refusal)
                    if is_error and reply.prefix in model.NOT_EXECUTED:
                        refused += 1
                        was_refused = True
                        continue
                    said = linearizability.UNKNOWN if is_error and reply.prefix == model.UNCERTAIN else reply
                    history.append(linearizability.operation(words, sent, time.monotonic(), said))
                if was_refused:
                    harness.back_off()
        return history, refused

    def round(self, node, number, meanwhile):
        told = [None] * self.CLIENTS

        def client(index):
            if index == self.CLIENTS:
                return meanwhile()
            told[index] = self.client(node, number * 100 + index)

        in_threads(client, self.CLIENTS + 1)
        self.refused += sum(refused for _, refused in told)
        return [history for history, _ in told]

    def explain(self, histories, key, before):
        """The values that `key` may have after the round."""
        clients = [[op for op in history if op.words[1] == key] for history in histories]
        after = linearizability.final_values(clients, before)
        self.assertTrue(after, f"no order explains what was said about {key!r}, which held {before}:\n" +
                        "\n".join(f"client {i}: {op}" for i, ops in enumerate(clients) for op in ops))
        self.explained += sum(map(len, clients))
        self.uncertain += sum(op.reply is linearizability.UNKNOWN for ops in clients for op in ops)
        return after

    def rounds(self, node, count, meanwhile=lambda number: None):
        """As many rounds; `meanwhile` runs beside each."""
        self.explained = self.refused = self.uncertain = 0
        harness.await_true(lambda: node.call("FLUSHALL") == b"OK", "the node can be emptied")
        known = {key: {None} for key in self.KEYS}
        for number in range(count):
            histories = self.round(node, number, lambda: meanwhile(number))
            known = {key: self.explain(histories, key, before) for key, before in known.items()}
        print(f"\n    {count} rounds: {self.explained} operations explained, {self.uncertain} of them uncertain; {self.refused} refused",
              end="", flush=True)

    def test_promise_2_one_order_explains_all_replies_about_a_key(self):
        self.on_each(lambda node: self.rounds(node, 60))

    def test_promise_2_and_6_one_order_explains_them_while_mariadb_is_killed(self):
        def check(node):
            self.rounds(node, 30, lambda number: node.kill_mariadb() if number % 5 == 3 else None)
            self.assertGreater(self.refused + self.uncertain, 0)

        self.on_each(check)


if __name__ == "__main__":
    harness.main()
