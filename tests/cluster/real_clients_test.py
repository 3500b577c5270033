#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What others wrote, unchanged, against three nodes: redis-cli, redis-benchmark, redis-py, ioredis; and the shapes they rely upon.

MYKEYV_NPM names the node_modules with ioredis.
"""
import collections
import json
import logging
import os
import pathlib
import re
import subprocess
import unittest

import redis
import redis.cluster

import harness
import resp

logging.disable(logging.CRITICAL)  # redis-py logs each error that it also raises
NPM = pathlib.Path(os.environ.get("MYKEYV_NPM", "build/npm/node_modules")).resolve()


def run(*command, stdin="", **environment):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, text=True, timeout=120,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


class three_nodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not hasattr(three_nodes, "cluster"):
            three_nodes.cluster = harness.cluster(3).start()
        cls.nodes = three_nodes.cluster.nodes
        cls.ports = [n.port for n in cls.nodes]

    def setUp(self):
        for n in self.nodes:
            self.assertEqual(n.call("FLUSHALL"), b"OK")

    def keys_everywhere(self, prefix, count=60):
        """Names of which every node has some."""
        keys = [f"{prefix}:{i}" for i in range(count)]
        self.assertEqual({self.cluster.owner(key).port for key in keys[:12]}, set(self.ports))
        return keys


class redis_cli(three_nodes):
    def cli(self, *words, port=None, stdin=""):
        return run("redis-cli", "-c", "-p", port or self.ports[0], *words, stdin=stdin)

    def test_follows_us_to_every_node(self):
        keys = self.keys_everywhere("cli")
        script = "".join(f"set {key} v{key}\nget {key}\n" for key in keys)
        code, out, err = self.cli(stdin=script)
        self.assertEqual((code, err), (0, ""))
        answers = [line for line in out.splitlines() if not line.startswith("-> Redirected to slot [")]
        self.assertEqual(answers, [line for key in keys for line in ("OK", f"v{key}")])
        counts = [int(self.cli("dbsize", port=port)[1]) for port in self.ports]
        self.assertEqual(sum(counts), len(keys))
        self.assertNotIn(0, counts)

    def test_speaks_both_protocols(self):
        for words in (["-2"], ["-3"]):
            with self.subTest(words):
                self.assertEqual(self.cli(*words, "set", "key", "value"), (0, "OK\n", ""))
                self.assertEqual(self.cli(*words, "get", "key"), (0, "value\n", ""))
                self.assertEqual(self.cli(*words, "get", "none"), (0, "\n", ""))

    def test_shows_readable_errors(self):
        self.cli("set", "text", "abc")
        self.cli("json.set", "document", "$", "{}")
        for words, error in [(["incr", "text"], "ERR value is not an integer or out of range"),
                             (["get", "document"], "WRONGTYPE Operation against a key holding the wrong kind of value"),
                             (["get"], "ERR wrong number of arguments for 'get' command"),
                             (["frobnicate", "it"], "ERR unknown command 'frobnicate', with args beginning with: 'it' "),
                             (["mget", "a", "b"], "CROSSSLOT Keys in request don't hash to the same slot"),
                             (["set", "k", "v", "EX", "0"], "ERR invalid expire time in 'set' command"),
                             (["kv.eval", "return +", "null", "1", "k"], "COMPILE ")]:
            with self.subTest(words):
                self.assertTrue(self.cli(*words)[1].startswith(error), self.cli(*words))

    def test_cluster_check_is_content(self):
        for port in self.ports:
            code, out, err = run("redis-cli", "--cluster", "check", f"127.0.0.1:{port}")
            self.assertEqual(code, 0, out + err)
            self.assertIn("[OK] All nodes agree about slots configuration.", out)
            self.assertIn("[OK] All 16384 slots covered.", out)
            masters = re.findall(r"M: ([0-9a-f]{40}) 127\.0\.0\.1:\d+\n", out)
            self.assertEqual(sorted(masters), sorted(n.id for n in self.nodes))

    def test_cluster_info_sees_three_masters(self):
        code, out, err = run("redis-cli", "--cluster", "info", f"127.0.0.1:{self.ports[0]}")
        self.assertEqual(code, 0, out + err)
        self.assertIn("[OK] 0 keys in 3 masters.", out)


class redis_benchmark(three_nodes):
    def test_writes_and_reads_on_every_node(self):
        for protocol in ([], ["-3"]):
            for pipelining in ("1", "16"):
                with self.subTest(protocol=protocol, pipelining=pipelining):
                    code, out, err = run("redis-benchmark", "--cluster", "-p", self.ports[0], *protocol, "-t", "set,get",
                                         "-n", "4000", "-c", "20", "-P", pipelining, "-r", "500", "-q")
                    self.assertEqual(code, 0, out + err)
                    self.assertRegex(out, "Cluster has 3 master nodes")
                    for name in ("SET", "GET"):
                        self.assertRegex(out, rf"{name}: [\d.]+ requests per second")
                    self.assertNotRegex(out + err, "(?i)error|MOVED|could not")
        for n in self.nodes:
            self.assertGreater(n.call("DBSIZE"), 0)


class redis_py(three_nodes):
    def setUp(self):
        super().setUp()
        self.client = redis.cluster.RedisCluster(host="127.0.0.1", port=self.ports[0])
        self.addCleanup(self.client.close)

    def test_finds_the_nodes_and_the_keys_on_them(self):
        self.assertEqual({(n.host, n.port) for n in self.client.get_primaries()}, set(self.cluster.seeds))
        keys = self.keys_everywhere("py")
        for key in keys:
            self.assertTrue(self.client.set(key, f"value of {key}"))
        self.assertEqual([self.client.get(key) for key in keys], [f"value of {key}".encode() for key in keys])
        self.assertEqual({self.client.get_node_from_key(key).port for key in keys}, set(self.ports))
        for key in keys:
            self.assertEqual(self.client.get_node_from_key(key).port, self.cluster.owner(key).port)

    def test_walks_over_the_keys_of_all_nodes(self):
        keys = {f"scan:{i}".encode() for i in range(300)}
        for key in keys:
            self.client.set(key, 1)
        self.client.set("another", 1)
        self.assertEqual(sorted(self.client.scan_iter(match="scan:*", count=20)), sorted(keys))
        self.assertEqual(sum(self.client.dbsize(target_nodes=n) for n in self.client.get_primaries()), 301)

    def test_pipelines_over_several_nodes(self):
        keys = self.keys_everywhere("pipe", 90)
        with self.client.pipeline() as pipe:
            for key in keys:
                pipe.set(key, 1).incr(key).get(key)
            self.assertEqual(pipe.execute(), [answer for _ in keys for answer in (True, 2, b"2")])

    def test_reads_and_writes_several_keys_of_one_slot(self):
        self.assertTrue(self.client.mset({"{tag}a": 1, "{tag}b": 2}))
        self.assertEqual(self.client.mget("{tag}a", "{tag}none", "{tag}b"), [b"1", None, b"2"])
        self.assertEqual(self.client.mget_nonatomic("a", "b", "{tag}a"), [None, None, b"1"])
        with self.assertRaisesRegex(redis.exceptions.RedisClusterException, "slot"):
            self.client.mget("a", "b")
        with self.assertRaises(redis.exceptions.ClusterCrossSlotError):
            self.client.execute_command("MGET", "a", "b", target_nodes=self.client.get_primaries()[0])

    def test_knows_every_command_of_ours(self):
        self.assertTrue(self.client.execute_command("JSON.SET", "doc", "$", '{"a":[1,2]}'))
        self.assertEqual(json.loads(self.client.execute_command("JSON.GET", "doc")), {"a": [1, 2]})
        table = self.client.command(target_nodes=redis.cluster.RedisCluster.RANDOM)
        for name in ("get", "set", "json.set", "json.get", "kv.set", "kv.get", "kv.load", "kv.update", "kv.eval"):
            self.assertIn(name, table)
        sha1 = self.client.execute_command("KV.LOAD", "return kv.put({n = 1}), 'made'", target_nodes=redis.cluster.RedisCluster.RANDOM)
        node = self.client.get_node_from_key("doc2")
        self.client.execute_command("KV.LOAD", "return kv.put({n = 1}), 'made'", target_nodes=node)
        self.assertEqual(self.client.execute_command("KV.UPDATE", sha1, "null", 1, "doc2"), [[b"stored", b'"made"']])

    def test_reads_info_and_errors(self):
        for info in self.client.info(target_nodes=redis.cluster.RedisCluster.ALL_NODES).values():
            self.assertEqual((info["cluster_enabled"], info["redis_mode"], info["role"]), (1, "cluster", "master"))
            self.assertRegex(info["redis_version"], r"^\d+\.\d+\.\d+$")
        self.client.set("text", "abc")
        with self.assertRaisesRegex(redis.exceptions.ResponseError, "value is not an integer or out of range"):
            self.client.incr("text")
        self.client.execute_command("JSON.SET", "doc", "$", "{}")
        with self.assertRaisesRegex(redis.exceptions.ResponseError, "WRONGTYPE"):
            self.client.get("doc")

    def test_expires_what_it_was_told(self):
        self.client.set("short", 1, px=50)
        self.client.set("long", 1, ex=100)
        harness.await_true(lambda: self.client.get("short") is None, "a record ends")
        self.assertTrue(90 <= self.client.ttl("long") <= 100)
        self.assertTrue(self.client.persist("long"))
        self.assertEqual(self.client.ttl("long"), -1)


class ioredis(three_nodes):
    def test_works_with_all_nodes(self):
        keys = sorted(self.keys_everywhere("ioredis"))
        script = pathlib.Path(__file__).with_name("ioredis_cluster.js")
        code, out, err = run("node", script, self.ports[1], *keys, NODE_PATH=str(NPM))
        self.assertEqual(code, 0, err)
        seen = json.loads(out)
        self.assertEqual(seen.pop("nodes"), sorted(f"127.0.0.1:{port}" for port in self.ports))
        self.assertEqual(seen.pop("set"), ["OK"] * len(keys))
        self.assertEqual(seen.pop("get"), [f"value of {key}" for key in keys])
        self.assertEqual(seen.pop("scan"), keys)
        self.assertEqual(seen.pop("del"), [1] * len(keys))
        self.assertEqual(seen, {"pipeline": [[None, "OK"], [None, 2], [None, "2"]], "mget": ["2", None], "info": True,
                                "wrongtype": "ERR value is not an integer or out of range",
                                "crossslot": "CROSSSLOT Keys in request don't hash to the same slot",
                                "eval": [["stored", "42"]], "json": {"n": 1}})


class the_wire(three_nodes):
    def test_redirects_have_exactly_three_words(self):
        for key in self.keys_everywhere("moved", 12):
            owner = self.cluster.owner(key)
            for n in self.nodes:
                expected = None if n is owner else resp.refusal(f"MOVED {resp.slot_of(key)} 127.0.0.1:{owner.port}")
                self.assertEqual(n.call("GET", key), expected)

    def test_promise_4_each_slot_is_served_by_exactly_one_node(self):
        """As long as no slot moves, this is all that promise 4 asks."""
        keys, number = {}, 0
        while len(keys) < 16384:
            keys.setdefault(resp.slot_of(str(number)), str(number))
            number += 1
        served = collections.Counter()
        for n in self.nodes:
            with n.connect() as c:
                for slot, reply in zip(keys, c.pipeline([("GET", key) for key in keys.values()])):
                    if reply is None:
                        served[slot] += 1
                    else:
                        self.assertEqual(reply.text.split()[:2], ["MOVED", str(slot)])
        self.assertEqual(served, dict.fromkeys(keys, 1))

    def test_all_nodes_tell_the_same_map(self):
        maps = [n.call("CLUSTER", "SLOTS") for n in self.nodes]
        self.assertEqual(maps[0], maps[1])
        self.assertEqual(maps[0], maps[2])
        covered = sorted((first, last) for first, last, *_ in maps[0])
        self.assertEqual([covered[0][0], covered[-1][1]], [0, 16383])
        self.assertTrue(all(one[1] + 1 == other[0] for one, other in zip(covered, covered[1:])))
        sizes = [last - first + 1 for first, last in covered]
        self.assertLessEqual(max(sizes) - min(sizes), 1)
        for _, _, (host, port, node_id, _) in maps[0]:
            self.assertEqual(host, b"127.0.0.1")
            self.assertRegex(node_id, rb"^[0-9a-f]{40}$")
            self.assertEqual(next(n.id for n in self.nodes if n.port == port).encode(), node_id)

    def test_cluster_nodes_is_as_redis_writes_it(self):
        line = re.compile(r"^[0-9a-f]{40} 127\.0\.0\.1:\d+@\d+ (myself,)?master - \d+ \d+ \d+ connected( \d+(-\d+)?)+$")
        for n in self.nodes:
            text = n.call("CLUSTER", "NODES").decode()
            self.assertTrue(text.endswith("\n"))
            lines = text.splitlines()
            self.assertEqual(len(lines), 3)
            for each in lines:
                self.assertRegex(each, line)
            self.assertEqual([each.split()[0] for each in lines if "myself" in each], [n.id])

    def test_hello_has_seven_fields_in_both_protocols(self):
        with self.nodes[0].connect() as c:
            two, three = c.call("HELLO", 2), c.call("HELLO", 3)
            self.assertEqual(dict(zip(two[::2], two[1::2])).keys(), three.keys())
            self.assertEqual(list(three), [b"server", b"version", b"proto", b"id", b"mode", b"role", b"modules"])
            self.assertEqual((three[b"server"], three[b"proto"], three[b"mode"], three[b"role"]), (b"redis", 3, b"cluster", b"master"))
            self.assertEqual(c.call("HELLO", 4), resp.refusal("NOPROTO unsupported protocol version"))

    def test_every_entry_of_command_has_ten_elements(self):
        with self.nodes[0].connect() as c:
            entries = c.call("COMMAND")
            self.assertEqual(len(entries), c.call("COMMAND", "COUNT"))
            for entry in entries:
                self.assertEqual((len(entry), type(entry[0]), type(entry[1])), (10, bytes, int), entry)

    def test_the_same_keys_are_on_the_same_node_after_a_restart(self):
        keys = self.keys_everywhere("restart")
        owners = {key: self.cluster.owner(key) for key in keys}
        for key, owner in owners.items():
            self.assertEqual(owner.call("SET", key, key), b"OK")
        harness.stop(self.nodes)
        self.cluster.start()
        for key, owner in owners.items():
            self.assertEqual(owner.call("GET", key), key.encode())

    def test_a_dead_node_takes_only_its_own_slots_along(self):
        keys = self.keys_everywhere("dead")
        owners = {key: self.cluster.owner(key) for key in keys}
        self.nodes[2].kill()
        for key, owner in owners.items():
            if owner is not self.nodes[2]:
                self.assertEqual(owner.call("SET", key, "alive"), b"OK")
            else:
                self.assertEqual(self.nodes[0].call("GET", key), resp.refusal(f"MOVED {resp.slot_of(key)} 127.0.0.1:{owner.port}"))
        self.nodes[2].start()
        for key, owner in owners.items():
            self.assertEqual(owner.call("GET", key), None if owner is self.nodes[2] else b"alive")


if __name__ == "__main__":
    harness.main()
