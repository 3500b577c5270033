#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A rehash as those see it who use the cluster meanwhile: redis-cli, redis-py, ioredis, our own client library, and a connection that
nothing escapes. All of them write and read before, during and after; every reply is checked, and no error of any kind may reach them.

MYKEYV_NPM names the node_modules with ioredis.
"""
import json
import logging
import os
import pathlib
import random
import subprocess
import threading
import unittest

import redis.cluster

import cluster_client
import harness
import model
import resp

logging.disable(logging.CRITICAL)  # redis-py logs each redirect
NPM = pathlib.Path(os.environ.get("MYKEYV_NPM", "build/npm/node_modules")).resolve()
LOG_BYTES_MAX = 300
OPERATIONS_MIN = 200  # of each client, while slots move


class user:
    """Somebody who uses the cluster, from start() until `stopping` is set. What went wrong first is in `problem`."""

    def __init__(self, name, cluster):
        self.name, self.cluster = name, cluster
        self.stopping = threading.Event()
        self.changed = threading.Condition()
        self.operations = self.redirects = 0
        self.problem = None
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self):
        try:
            self.use()
        except BaseException as why:
            self.problem = f"{self.name}: {type(why).__name__}: {why}"
            raise
        finally:
            self.count(0)

    def count(self, operations):
        with self.changed:
            self.operations += operations
            self.changed.notify_all()

    def await_operations(self, more, seconds=60.0):
        with self.changed:
            wanted = self.operations + more
            well = self.changed.wait_for(lambda: self.problem or self.operations >= wanted, seconds)
        assert self.problem is None, self.problem
        assert well, f"{self.name}: not {more} operations within {seconds:g} s"

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), f"{self.name} hangs"
        assert self.problem is None, self.problem


class keys:
    """Records of one user, and what they hold: counters and logs, in many slots."""

    def __init__(self, prefix, count, seed):
        self.names = [f"{prefix}:{kind}:{i}" for i in range(count) for kind in ("counter", "log")]
        self.values = {}
        self.choices = random.Random(seed)

    def pipeline(self, length):
        """Commands, in bursts upon one key each, with the replies that they must have."""
        made = []
        while len(made) < length:
            key = self.choices.choice(self.names)
            for _ in range(self.choices.randint(1, 12)):
                words = self.command(key)
                made.append((words, model.run_on(words, self.values)))
        return made

    def command(self, key):
        if self.choices.random() < 0.3:
            return ("GET", key)
        if ":counter:" in key:
            return ("INCR", key)
        if len(self.values.get(key) or b"") > LOG_BYTES_MAX:
            return ("DEL", key)
        return ("APPEND", key, f"{self.choices.randrange(1000)},")


def check(words, reply, expected):
    assert reply == expected, f"{' '.join(words)} answered {reply!r}, not {expected!r}"


class strict_connection(cluster_client.cluster_connection):
    """Follows MOVED, and sees to it that of the commands on one key in a pipeline all behind the first one that has moved have, too."""

    piece = 50
    straddled = 0  # pipelines of which a part was executed and a part sent on

    def round(self, left, commands, replies):
        moved, lost = super().round(left, commands, replies)
        behind = {}
        for i in left:
            key = commands[i][1]
            is_moved = i in moved
            assert is_moved or not behind.get(key), f"{commands[i]} was executed behind a command that was sent on"
            self.straddled += is_moved and behind.get(key) is False
            behind[key] = is_moved
        return moved, lost


class pipelining(user):
    length = 200

    def use(self):
        own = keys(self.name, 40, self.name)
        with strict_connection(self.cluster) as c:
            while not self.stopping.is_set():
                made = own.pipeline(self.length)
                for (words, expected), reply in zip(made, c.pipeline([words for words, _ in made])):
                    check(words, reply, expected)
                self.redirects, self.straddled = c.moved, c.straddled
                self.count(len(made))


class long_pipelining(pipelining):
    length = 3000


class redis_py(user):
    def use(self):
        own = keys(self.name, 40, self.name)
        client = redis.cluster.RedisCluster(host="127.0.0.1", port=self.cluster.nodes[0].port)
        while not self.stopping.is_set():
            for words, expected in own.pipeline(20):
                check(words, client.execute_command(*words), expected)
                self.count(1)
            made = own.pipeline(60)
            with client.pipeline() as pipe:
                for words, _ in made:
                    pipe.execute_command(*words)
                for (words, expected), reply in zip(made, pipe.execute()):
                    check(words, reply, expected)
            self.count(len(made))
        client.close()


class program(user):
    """Another program; its input's end tells it to stop."""

    def __init__(self, name, cluster, *command, **environment):
        super().__init__(name, cluster)
        self.child = harness.process(name, harness.temporary_folder(name) / "errors.log")
        self.child.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment})
        self.input, self.output = self.child.child.stdin, self.child.child.stdout

    def said(self):
        """Its next line, without its end."""
        line = self.output.readline()
        assert line.endswith(b"\n"), f"it said {line!r} and ended; errors: {self.child.log_text()!r}"
        return line[:-1]

    def end(self):
        self.input.close()
        assert self.output.read() == b""
        assert (code := self.child.await_exit()) == 0, f"exit code {code}"
        assert self.child.log_text() == "", self.child.log_text()


class loaded_program(program):
    """One that makes its load itself, and tells how far it is."""

    def use(self):
        stop = threading.Thread(target=lambda: self.stopping.wait() and self.input.close(), daemon=True)
        stop.start()
        while True:
            what, _, number = self.said().decode().partition(" ")
            assert what in ("operations", "done"), f"{what} {number}"
            self.count(int(number) - self.operations)
            if what == "done":
                break
        assert self.stopping.is_set(), "it stopped by itself"
        self.end()


class redis_cli(program):
    def use(self):
        own = keys(self.name, 40, self.name)
        while not self.stopping.is_set():
            made = own.pipeline(60)
            self.input.write("".join(" ".join(words) + "\n" for words, _ in made).encode())
            self.input.flush()
            for words, expected in made:
                while (line := self.said()).startswith(b"-> Redirected to slot ["):
                    self.redirects += 1
                check(words, line, expected if isinstance(expected, bytes) else b"" if expected is None else b"%d" % expected)
            self.count(len(made))
        self.end()


class a_rehash_under_clients(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.cluster(3, lanes=(2, 1)).start()
        seed = self.cluster.nodes[1].port
        script = pathlib.Path(__file__).with_name("ioredis_rehash.js")
        self.users = [pipelining("pipelining", self.cluster), long_pipelining("long-pipelining", self.cluster),
                      redis_py("redis-py", self.cluster),
                      redis_cli("redis-cli", self.cluster, "redis-cli", "-c", "-p", seed),
                      loaded_program("ioredis", self.cluster, "node", script, seed, NODE_PATH=str(NPM)),
                      loaded_program("library", self.cluster, harness.BIN / "through_rehash", f"127.0.0.1:{seed}")]

    def while_slots_move(self, what, is_over):
        """What every user did meanwhile, by name."""
        before = {each.name: each.operations for each in self.users}
        what()
        harness.await_true(lambda: is_over() or any(each.problem for each in self.users), "all slots have moved", 120)
        made = {each.name: each.operations - before[each.name] for each in self.users}
        for each in self.users:
            self.assertIsNone(each.problem)
        for name, number in made.items():
            self.assertGreaterEqual(number, OPERATIONS_MIN, f"operations of {name} while slots moved")
        for each in self.users:
            each.await_operations(OPERATIONS_MIN)
        return made

    def departed(self):
        """Slots that have left the nodes that are members."""
        return sum(n["departed"]["slots"] for n in self.cluster.status()["nodes"])

    def is_settled(self):
        told = [json.loads(n.call("KV.CLUSTER", "STATUS")) for n in self.cluster.nodes]
        return all(n["slots"] == n["desired"] and n["version"] == told[0]["version"] for each in told for n in each["nodes"])

    def test_no_client_sees_an_error_when_a_node_comes_or_goes(self):
        for each in self.users:
            each.start()
        for each in self.users:
            each.await_operations(OPERATIONS_MIN)
        fresh = self.cluster.join()
        made = self.while_slots_move(lambda: fresh.call("KV.CLUSTER", "REHASH"), self.is_settled)
        self.assertEqual(self.departed(), 4096)
        print(f"\n    3 to 4 nodes, operations meanwhile: {made}")
        others = self.cluster.nodes[:3]
        remove = lambda: self.assertEqual(json.loads(others[0].call("KV.CLUSTER", "REMOVE", fresh.id))["moves"], 4096)
        has_left = lambda: all(len(json.loads(n.call("KV.CLUSTER", "STATUS"))["nodes"]) == 3 for n in others)
        made = self.while_slots_move(remove, has_left)
        self.assertEqual(self.departed(), 4096, "nothing left the nodes that stay")
        print(f"    4 to 3 nodes, operations meanwhile: {made}")
        for each in self.users:
            each.stop()
        straddled = {each.name: each.straddled for each in self.users[:2]}
        print("    redirects:", {each.name: each.redirects for each in self.users if each.redirects}, "straddled:", straddled)
        self.assertGreater(sum(straddled.values()), 0, "no pipeline straddled a move")
        self.assertTrue(all(each.redirects for each in self.users[:2]))
        harness.stop(self.cluster.nodes)


if __name__ == "__main__":
    harness.main()
