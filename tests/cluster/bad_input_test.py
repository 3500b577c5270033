#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 7: bad input gets a clear error, costs bounded memory and time, and loses nothing."""
import pathlib
import random
import re
import select
import socket
import time
import unittest

import harness
import resp

MIB = 1 << 20
BROKEN_PROTOCOL = {
    b"*abc\r\n": "ERR Protocol error: invalid multibulk length",
    b"*99999999999\r\n": "ERR Protocol error: invalid multibulk length",
    b"*1\r\n:1\r\n": "ERR Protocol error: expected '$', got ':'",
    b"*1\r\n$abc\r\n": "ERR Protocol error: invalid bulk length",
    b"*1\r\n$-5\r\n": "ERR Protocol error: invalid bulk length",
    b"*1\r\n$99999999999\r\n": "ERR Protocol error: invalid bulk length",
    b'set key "unbalanced\r\n': "ERR Protocol error: unbalanced quotes in request",
}
BAD_COMMANDS = [
    (("SET", "key"), "ERR wrong number of arguments for 'set' command"),
    (("SET", "key", "value", "EX"), "ERR syntax error"),
    (("SET", "key", "value", "NX", "XX"), "ERR syntax error"),
    (("SET", "key", "value", "PX", "abc"), "ERR value is not an integer or out of range"),
    (("SET", "key", "value", "PX", "-1"), "ERR invalid expire time in 'set' command"),
    (("SET", "key", "value", "EX", "9223372036854775807"), "ERR invalid expire time in 'set' command"),
    (("INCRBY", "key", "9223372036854775808"), "ERR value is not an integer or out of range"),
    (("EXPIRE", "key", "1.5"), "ERR value is not an integer or out of range"),
    (("NONSENSE", "a", "b"), "ERR unknown command 'NONSENSE', with args beginning with: 'a' 'b' "),
    (("CLUSTER", "NONSENSE"), "ERR unknown subcommand 'NONSENSE'. Try CLUSTER HELP."),
    (("MGET", "a", "b"), "CROSSSLOT Keys in request don't hash to the same slot"),
    (("SCAN", "abc"), "ERR invalid cursor"),
    (("SELECT", "1"), "ERR SELECT is not allowed in cluster mode"),
    (("GET", "k" * 1025), "ERR the key is longer than 1024 bytes"),
    (("JSON.SET", "doc", "$", "{"), "ERR the text is not one JSON value"),
    (("JSON.SET", "doc", "$", "[" * 1000 + "]" * 1000), "ERR the JSON value is nested too deep"),
    (("JSON.SET", "doc", "$", b'"\xff"'), "ERR "),
    (("KV.EVAL", "return +", "null", 1, "key"), "COMPILE "),
    (("KV.EVAL", "return 1", "{", 1, "key"), "ERR the text is not one JSON value"),
    (("AUTH", "secret"), "ERR AUTH <password> called without any password configured"),
]


class bad_input(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = harness.node("--cache-bytes", "4MiB", name="bad_input").start()
        cls.node.call("SET", "precious", "value")

    @classmethod
    def tearDownClass(cls):
        assert cls.node.call("GET", "precious") == b"value"
        cls.node.terminate()
        assert cls.node.await_exit() == 0

    def memory(self):
        """Bytes that the daemon has in memory."""
        status = pathlib.Path(f"/proc/{self.node.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1]) * 1024

    def is_well(self, seconds=2.0):
        """Others are served meanwhile."""
        begin = time.monotonic()
        self.assertEqual(self.node.call("GET", "precious"), b"value")
        self.assertLess(time.monotonic() - begin, seconds)

    def test_promise_7_bad_commands_get_an_error_and_the_connection_goes_on(self):
        with self.node.connect() as c:
            for words, error in BAD_COMMANDS:
                with self.subTest(words[:3]):
                    reply = c.call(*words)
                    self.assertIsInstance(reply, resp.refusal)
                    self.assertTrue(reply.text.startswith(error), reply)
            self.assertEqual(c.call("PING"), b"PONG")
            self.assertEqual(list(c.pipeline([("EXISTS", "key"), ("EXISTS", "doc")])), [0, 0])

    def test_promise_7_a_broken_protocol_is_told_and_closed(self):
        for text, error in BROKEN_PROTOCOL.items():
            with self.subTest(text), self.node.connect() as c:
                c.send(("SET", "before", "kept"))
                c.send_bytes(text + b"*1\r\n$4\r\nPING\r\n")
                self.assertEqual(c.receive(), b"OK")
                self.assertEqual(c.receive(), resp.refusal(error))
                self.assertTrue(c.is_at_end())
        self.assertEqual(self.node.call("GET", "before"), b"kept")

    def test_promise_7_http_is_closed_before_it_can_do_anything(self):
        for line in (b"POST / HTTP/1.1\r\n", b"Host: localhost\r\n"):
            with self.node.connect() as c:
                c.send_bytes(line + b"SET precious stolen\r\n")
                try:
                    while True:
                        self.assertIsInstance(c.receive(), resp.refusal)
                except resp.gone:
                    pass
        self.is_well()

    def test_promise_7_noise_harms_nobody(self):
        choices = random.Random(7)
        pieces = [b"*3\r\n", b"$3\r\nSET\r\n", b"$", b"*", b"\r\n", b"-1", b"GET k\r\n", b"$8\r\nprecious\r\n", b"\0", b"\xff" * 9, b'"']
        for _ in range(300):
            noise = b"".join(choices.choice(pieces) if choices.random() < .8 else choices.randbytes(5) for _ in range(30))
            with self.node.connect() as c:
                try:
                    c.send_bytes(noise)
                    c.socket.shutdown(socket.SHUT_WR)
                    while c.input.read(1 << 16):
                        pass
                except (resp.gone, OSError):
                    pass
        self.assertEqual(self.node.call("SET", "precious", "value"), b"OK")
        self.is_well()

    def test_promise_7_promises_of_data_cost_no_memory(self):
        before = self.memory()
        waiting = [self.node.connect() for _ in range(100)]
        for each in waiting:
            each.send_bytes(b"*1048576\r\n$3\r\nSET\r\n$16000000\r\nonly this")
        self.is_well()
        self.assertLess(self.memory() - before, 64 * MIB)
        for each in waiting:
            each.close()

    def test_promise_7_a_value_over_the_limit_is_refused_and_one_at_the_limit_is_kept(self):
        value = random.Random(1).randbytes(16 * MIB)
        with self.node.connect() as c:
            self.assertEqual(c.call("SET", "long", value), b"OK")
            self.assertEqual(c.call("SET", "long", value + b"1"),
                             resp.refusal("ERR string exceeds maximum allowed size (value-bytes-max)"))
            self.assertTrue(c.call("APPEND", "long", "1").text.startswith("ERR string exceeds maximum allowed size"))
            self.assertEqual(c.call("GET", "long"), value)
            self.assertEqual(c.call("DEL", "long"), 1)

    def test_promise_7_a_client_that_does_not_read_is_bounded(self):
        with self.node.connect() as c:
            c.call("SET", "large", b"x" * 100_000)
            c.call("GET", "large")
        before = self.memory()
        greedy = [self.node.connect() for _ in range(3)]
        for each in greedy:
            each.socket.setblocking(False)
            requests = resp.encode(("GET", "large")) * 1000
            sent = 0
            while sent < 40 * MIB and select.select([], [each.socket], [], 0.5)[1]:  # the node stops reading long before
                sent += each.socket.send(requests)
            self.assertLess(sent, 40 * MIB)
            self.is_well()
        grown = self.memory() - before
        print(f"\n    {grown / MIB:.0f} MiB for {len(greedy)} clients that do not read", end=" ")
        self.assertLess(grown, 400 * MIB)
        for each in greedy:
            each.close()
        self.is_well()

    def test_promise_7_a_thousand_idle_connections_are_nothing(self):
        before = self.memory()
        idle = [self.node.connect() for _ in range(900)]
        self.is_well()
        self.assertLess(self.memory() - before, 64 * MIB)
        self.assertEqual({each.call("PING") for each in idle}, {b"PONG"})
        for each in idle:
            each.close()


if __name__ == "__main__":
    harness.main()
