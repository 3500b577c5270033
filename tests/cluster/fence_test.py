#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One daemon per MySQL. A daemon that was replaced, at whatever moment it was stopped, commits nothing more, answers nothing old, and
ends with exit code 3. A MySQL that could lose what was acknowledged is refused.
"""
import random
import threading
import unittest

import harness
import model
import resp

FENCED = 3
CLIENTS = 4
KEYS_EACH = 8
DEPTH = 200
TAKE_OVERS = 5


class client:
    """Owns some keys and knows what they may hold. First of a daemon that is stopped with our commands in flight, then of another."""

    def __init__(self, index):
        self.keys = {f"client{index}:{i}": model.possible() for i in range(KEYS_EACH)}
        self.number = 0
        self.in_flight = []

    def commands(self, count):
        for _ in range(count):
            key = random.choice(list(self.keys))
            self.number += 1
            yield random.choice([("INCR", key), ("SET", key, self.number), ("GET", key), ("DEL", key)])

    def connect(self, node):
        self.connection = node.connect(seconds=120)

    def talk(self):
        """A pipeline, all of it answered."""
        commands = list(self.commands(DEPTH))
        for words, reply in zip(commands, self.connection.pipeline(commands)):
            self.keys[words[1]].answered(words, reply)

    def send(self):
        """A pipeline whose replies are for later."""
        self.in_flight = list(self.commands(DEPTH))
        self.connection.send(*self.in_flight)

    def read_all(self):
        """What each key holds, which it may hold."""
        commands = [("GET", key) for key in self.keys]
        found = dict(zip(self.keys, self.connection.pipeline(commands)))
        for words in commands:
            self.keys[words[1]].answered(words, found[words[1]])
        return found

    def move_to(self, node):
        """Leaves the old connection as it is, finds what the commands in flight have done, and goes on with another daemon."""
        self.old_connection, self.before = self.connection, {key: model.possible() for key in self.keys}
        for key, state in self.keys.items():
            self.before[key].values = set(state.values)
        for words in self.in_flight:
            self.keys[words[1]].unanswered(words)
        self.connect(node)
        self.found = self.read_all()
        self.talk()
        self.acknowledged = self.read_all()

    def ask_the_old_daemon(self):
        """Reads sent behind what was in flight, after the new daemon has acknowledged."""
        self.old_reads = list(self.keys)
        self.old_connection.send(*[("GET", key) for key in self.old_reads])

    def late_replies(self):
        """Whatever the old daemon still says must be true of what the new one found. Returns how many replies there were."""
        count = 0
        try:
            for at, words in enumerate(self.in_flight):
                reply = self.old_connection.receive()
                self.before[words[1]].answered(words, reply)
                count = at + 1
            for key in self.old_reads:
                reply = self.old_connection.receive()
                count += 1
                refused = isinstance(reply, resp.refusal) and reply.prefix in model.NOT_EXECUTED
                assert refused or reply == self.acknowledged[key], f"old: {key} answered {reply!r}, is {self.acknowledged[key]!r}"
            assert self.old_connection.is_at_end()
        except resp.gone:
            pass
        for words in self.in_flight[count:]:
            self.before[words[1]].unanswered(words)
        for key, state in self.before.items():
            assert self.found[key] in state.values, f"{key} held {self.found[key]!r} after the take-over, but was acknowledged as {state}"
        return count


class take_over(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mysql = harness.mariadb().start()

    def node(self, name, *flags):
        return harness.node(*self.mysql.flags(), *flags, name=name)

    def stored(self, prefix):
        rows = self.mysql.sql(f"SELECT CONVERT(k USING utf8mb4), CONVERT(v USING utf8mb4) FROM records WHERE k LIKE '{prefix}%'")
        return {key: value.encode() for key, value in rows}

    def test_promise_2_a_replaced_daemon_commits_nothing_and_answers_nothing_old(self):
        serving = self.node("first").start()
        clients = [client(i) for i in range(CLIENTS)]
        late = 0
        for each in clients:
            each.connect(serving)
        for number in range(TAKE_OVERS):
            for each in clients:
                each.talk()
                each.read_all()  # so all of it is in the cache that must not be believed later
            idle = [serving.connect() for _ in range(8)]
            for each in clients:
                each.send()
            if number % 2:
                clients[0].keys[(words := clients[0].in_flight.pop(0))[1]].answered(words, clients[0].connection.receive())
            serving.pause()
            successor = self.node(f"successor{number}").start()
            for each in clients:
                each.move_to(successor)
                each.ask_the_old_daemon()
            asked = [random.choice([(key, value) for each in clients for key, value in each.acknowledged.items()]) for _ in idle]
            for c, (key, _) in zip(idle, asked):
                c.send(*[("GET", key)] * 50, ("INCR", "from the grave"))
            serving.resume()
            late += sum(each.late_replies() for each in clients)
            for c, (key, value) in zip(idle, asked):
                self.nothing_old(c, value)
            self.ended_as_fenced(serving)
            for each in clients:
                each.talk()
            serving = successor
        values = {key: value for each in clients for key, value in each.read_all().items() if value is not None}
        self.assertEqual(self.stored("client"), values)
        self.assertEqual(self.stored("from the grave"), {})
        print(f"\n    {TAKE_OVERS} take-overs with {CLIENTS * DEPTH} commands in flight at each; {late} late replies, all true")
        serving.terminate()
        self.assertEqual(serving.await_exit(), 0)

    def nothing_old(self, connection, value):
        try:
            for _ in range(50):
                reply = connection.receive()
                if not isinstance(reply, resp.refusal):
                    self.assertEqual(reply, value, "an old value, from a daemon that was replaced")
            self.assertIsInstance(connection.receive(), resp.refusal)
        except resp.gone:
            pass

    def ended_as_fenced(self, node):
        self.assertEqual(node.await_exit(), FENCED)
        self.assertIn("another daemon has taken over", node.log_text())

    def test_promise_2_reads_of_a_daemon_that_is_being_replaced_are_never_old(self):
        """The first daemon is not stopped: readers hammer its cache through the whole take-over and beyond."""
        first = self.node("hammered").start()
        keys = [f"hammered{i}" for i in range(16)]
        acknowledged = dict.fromkeys(keys, 0)
        reads, failures = [0], []

        def hammer():
            try:
                with first.connect() as c:
                    while True:
                        floors = dict(acknowledged)
                        for (key, floor), reply in zip(floors.items(), c.pipeline([("GET", key) for key in floors])):
                            if isinstance(reply, resp.refusal):
                                assert reply.prefix in model.NOT_EXECUTED, reply
                            else:
                                assert int(reply) >= floor, f"{key} is {reply!r}, but {floor} was acknowledged"
                            reads[0] += 1
            except resp.gone:
                pass
            except BaseException as why:
                failures.append(why)

        with first.connect() as c:
            self.assertEqual(c.call("MGET", "hammered0"), [None])
            for key in keys:
                self.assertEqual(c.call("SET", key, 0), b"OK")
        readers = [threading.Thread(target=hammer, daemon=True) for _ in range(4)]
        for each in readers:
            each.start()
        second = self.node("replacing").start()
        with second.connect() as c:
            for number in range(1, 200):
                for key, reply in zip(keys, c.pipeline([("SET", key, number) for key in keys])):
                    self.assertEqual(reply, b"OK")
                    acknowledged[key] = number
        for each in readers:
            each.join(60)
        self.assertEqual(failures, [])
        self.assertGreater(reads[0], 1000)
        self.ended_as_fenced(first)
        self.assertEqual(self.stored("hammered"), {key: b"199" for key in keys})
        print(f"\n    {reads[0]} reads during the take-over, none of them old")
        second.terminate()
        self.assertEqual(second.await_exit(), 0)

    def test_after_a_clean_stop_the_next_daemon_does_not_wait_for_a_lease(self):
        for name in ("clean", "next"):
            node = self.node(name).start()
            node.terminate()
            self.assertEqual(node.await_exit(), 0)
        self.assertNotIn("did not stop cleanly", node.log_text())

    def test_a_second_daemon_on_one_data_directory_is_refused(self):
        first = self.node("shared").start()
        second = harness.node(*self.mysql.flags(), data_dir=first.data_dir)
        second.log = first.data_dir / "second.log"
        second.launch()
        self.assertEqual(second.await_exit(), 1)
        self.assertIn(f"in use by another mykeyvd (process {first.pid})", second.log_text())
        self.assertEqual(first.call("SET", "key", "still served"), b"OK")
        first.terminate()
        self.assertEqual(first.await_exit(), 0)

    def test_a_database_of_another_node_is_refused(self):
        first = self.node("identity").start()
        own = first.call("CLUSTER", "MYID").decode()
        first.terminate()
        self.assertEqual(first.await_exit(), 0)
        second = self.node("stranger", "--node-id", "5" * 40)
        second.launch()
        self.assertEqual(second.await_exit(), 1)
        self.assertIn(f"this database belongs to node {own}", second.log_text())


class unsafe_mysql(unittest.TestCase):
    def setUp(self):
        self.mysql = harness.mariadb().start()
        self.addCleanup(self.mysql.kill)

    def set(self, **settings):
        for name, value in settings.items():
            self.mysql.sql(f"SET GLOBAL {name}={value}", "mysql")

    def node(self, *flags):
        return harness.node(*self.mysql.flags(), *flags, name="unsafe")

    def test_promise_1_settings_that_lose_writes_are_refused_by_name(self):
        for name, unsafe, safe in [("sync_binlog", 0, 1), ("innodb_flush_log_at_trx_commit", 2, 1), ("read_only", 1, 0),
                                   ("binlog_format", "'STATEMENT'", "'ROW'")]:
            with self.subTest(name):
                self.set(**{name: unsafe})
                node = self.node()
                node.launch()
                self.assertEqual(node.await_exit(), 1)
                self.assertRegex(node.log_text(), rf"{name} is \w+ but must be")
                self.assertIn("--allow-unsafe-mysql", node.log_text())
                self.set(**{name: safe})

    def test_unsafe_settings_that_are_allowed_are_logged(self):
        self.set(sync_binlog=0, innodb_flush_log_at_trx_commit=0)
        node = self.node("--allow-unsafe-mysql").start()
        self.assertEqual(node.call("SET", "key", "value"), b"OK")
        for name in ("sync_binlog", "innodb_flush_log_at_trx_commit"):
            self.assertRegex(node.log_text(), rf"{name} is 0 but must be 1")
        node.terminate()
        self.assertEqual(node.await_exit(), 0)

    def test_promise_1_settings_that_become_unsafe_stop_the_writes(self):
        node = self.node().start()
        self.assertEqual(node.call("SET", "key", "safe"), b"OK")
        self.set(sync_binlog=0)
        refusal = harness.await_true(lambda: (r := node.call("SET", "key", "unsafe")) != b"OK" and r, "writes are refused", 60)
        self.assertEqual(refusal.prefix, "CLUSTERDOWN")
        self.assertIn("sync_binlog is 0 but must be 1", node.log_text())
        self.assertIn(node.call("GET", "key"), (b"safe", b"unsafe"))
        self.set(sync_binlog=1)
        harness.await_true(lambda: node.call("SET", "key", "safe") == b"OK", "writes are served again", 60)
        node.terminate()
        self.assertEqual(node.await_exit(), 0)


if __name__ == "__main__":
    harness.main()
