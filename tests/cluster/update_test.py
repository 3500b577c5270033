#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""update(): code that fails, runs away or is killed leaves its record as it was (promise 5), and never keeps others waiting."""
import json
import random
import threading
import time
import unittest

import harness
import resp

ENDLESS = "while true do end"
DEAF = "while true do pcall(function() while true do end end) end"
BAD_CODE = {
    "error('no')": "RUNTIME ",
    "local r = ...; r.n = 99; local x = nil; return x.y": "RUNTIME ",
    ENDLESS: ("INSTRUCTIONS ", "TIME "),
    DEAF: ("INSTRUCTIONS ", "TIME "),
    "local t = {}; for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end": ("MEMORY ", "INSTRUCTIONS ", "TIME "),
    "return ('x'):rep(1e18)": ("MEMORY ", "RUNTIME "),
    "local r = ...; r.n = 0/0; return true": ("RESULT ", "ERR "),
    "local r = ...; r.f = print or function() end; return true": "RESULT ",
    "return kv.put('x', 'nonsense')": "RUNTIME ",
    "return os.exit(1)": "RUNTIME ",
}


class update(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = harness.node(name="update").start()

    @classmethod
    def tearDownClass(cls):
        cls.node.terminate()
        cls.node.await_exit()

    def setUp(self):
        self.connection = self.node.connect()
        self.addCleanup(self.connection.close)
        self.assertEqual(self.call("FLUSHALL"), b"OK")

    def call(self, *words):
        return self.connection.call(*words)

    def eval(self, code, *keys, args="null"):
        return self.call("KV.EVAL", code, args, len(keys), *keys)

    def document(self, key):
        return json.loads(self.call("JSON.GET", key))

    def test_promise_5_code_that_fails_leaves_its_record_as_it_was(self):
        for code, prefix in BAD_CODE.items():
            with self.subTest(code):
                self.assertEqual(self.call("JSON.SET", "key", "$", '{"n":1}'), b"OK")
                before = self.call("KV.GET", "key")
                (status, reason), = self.eval(code, "key")
                self.assertEqual(status, b"error")
                self.assertTrue(reason.decode().startswith(prefix), reason)
                self.assertEqual(self.call("KV.GET", "key"), before)

    def test_promise_5_one_key_fails_and_the_others_are_stored(self):
        keys = [f"{{tag}}{i}" for i in range(20)]
        for i, key in enumerate(keys):
            self.call("JSON.SET", key, "$", json.dumps({"n": i}))
        answers = self.eval("local r = ...; r.n = r.n + 100; if r.n % 2 == 1 then error('odd') end; return true, r.n", *keys)
        for i, (key, (status, result)) in enumerate(zip(keys, answers)):
            self.assertEqual((status, self.document(key)), (b"error", {"n": i}) if i % 2 else (b"stored", {"n": i + 100}))

    def test_promise_5_writes_before_and_behind_failing_code_are_kept(self):
        commands = []
        for _ in range(50):
            commands += [("INCR", "{tag}count"), ("KV.EVAL", random.choice(list(BAD_CODE)[:2]), "null", 1, "{tag}document")]
        self.call("JSON.SET", "{tag}document", "$", '{"n":1}')
        replies = list(self.connection.pipeline(commands))
        self.assertEqual(replies[::2], list(range(1, 51)))
        self.assertEqual({status for (status, _), in replies[1::2]}, {b"error"})
        self.assertEqual(self.document("{tag}document"), {"n": 1})

    def test_promise_5_a_kill_in_the_middle_of_code_leaves_all_or_nothing(self):
        slow = "local r = ...; r.a = r.a + 1; for i = 1, 200000 do end; r.b = r.b + 1; return true"
        keys = [f"key{i}" for i in range(8)]
        for key in keys:
            self.call("JSON.SET", key, "$", '{"a":0,"b":0}')
        for number in range(5):
            with self.node.connect() as c:
                c.send(*[("KV.EVAL", slow, "null", 1, key) for _ in range(20) for key in keys])
                c.receive()
                self.node.kill() if number % 2 else self.node.kill_mariadb(and_this=True)
            self.node.start()
            with self.node.connect() as c:
                for key in keys:
                    document = json.loads(c.call("JSON.GET", key))
                    self.assertEqual(document["a"], document["b"])
        self.connection = self.node.connect()
        self.addCleanup(self.connection.close)

    def test_a_storm_of_slow_code_does_not_keep_others_waiting(self):
        """PING and cached reads are answered on the I/O threads, whatever the lanes do."""
        self.call("SET", "cached", "value")
        self.assertEqual(self.call("GET", "cached"), b"value")
        storm = [self.node.connect(seconds=120) for _ in range(4)]
        for i, each in enumerate(storm):
            each.send(*[("KV.EVAL", ENDLESS, "null", 1, f"key{i}:{n}") for n in range(10)])
        slowest = 0.0
        for _ in range(50):
            begin = time.monotonic()
            self.assertEqual(list(self.connection.pipeline([("PING",), ("GET", "cached")])), [b"PONG", b"value"])
            slowest = max(slowest, time.monotonic() - begin)
        for each in storm:
            for _ in range(10):
                (status, _), = each.receive()
                self.assertEqual(status, b"error")
            each.close()
        print(f"\n    slowest PING in the storm: {slowest * 1000:.0f} ms", end=" ")
        self.assertLess(slowest, 1.0)

    def test_update_is_exact_where_json_numbers_usually_are_not(self):
        for number in (2**53 + 1, -2**63, 2**63 - 1):
            self.call("JSON.SET", "key", "$", f'{{"n":{number}}}')
            (status, result), = self.eval("local r = ...; r.copy = r.n; return true, r.n", "key")
            self.assertEqual((status, result), (b"stored", b"%d" % number))
            self.assertEqual(self.document("key"), {"n": number, "copy": number})

    def test_concurrent_updates_of_one_record_all_count(self):
        def client():
            with self.node.connect() as c:
                for reply in c.pipeline([("KV.EVAL", "local r = ... or {n = 0}; r.n = r.n + 1; return kv.put(r)", "null", 1, "key")] * 200):
                    assert reply == [[b"stored", None]], reply

        threads = [threading.Thread(target=client) for _ in range(5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(self.document("key"), {"n": 1000})

    def test_kept_code_survives_a_restart_and_unknown_code_is_told(self):
        sha1 = self.call("KV.LOAD", "return kv.put({made = true})")
        self.node.terminate()
        self.assertEqual(self.node.await_exit(), 0)
        self.node.start()
        self.connection = self.node.connect()
        self.addCleanup(self.connection.close)
        self.assertEqual(self.call("KV.UPDATE", sha1, "null", 1, "key"), [[b"stored", None]])
        unknown = self.call("KV.UPDATE", "0" * 40, "null", 1, "key")
        self.assertIsInstance(unknown, resp.refusal)
        self.assertEqual(unknown.prefix, "NOSCRIPT")


if __name__ == "__main__":
    harness.main()
