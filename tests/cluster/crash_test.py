#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the daemon, of its MariaDB, and of both, again and again under load: nothing acknowledged is lost, nothing that was
refused was done, and no reader ever sees time run backwards.

kill -9 does not test what a crash of the machine would: the page cache survives. So the forced writes to disk are counted too.
MYKEYV_KILLS sets how many kills there are of each kind.
"""
import os
import random
import unittest

import harness
import load
import resp

KILLS = int(os.environ.get("MYKEYV_KILLS", "20"))
ACKS_BEFORE_A_KILL = 600  # at most, of each writer: a kill comes at any moment of a full load


class crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = harness.node(name="crash").start()

    @classmethod
    def tearDownClass(cls):
        cls.node.terminate()
        cls.node.await_exit()

    def under_load(self, kill, seed):
        """Runs `kill` under load, KILLS times. After each, every writer reads all its keys; at the end the table is read too."""
        harness.await_true(lambda: self.node.call("FLUSHALL") == b"OK", "the node can be emptied")
        lost_commits = self.lost_commits()
        clients = load.load(self.node.connect, seed=seed).start()
        try:
            for _ in range(KILLS):
                clients.await_acks(random.randrange(1, ACKS_BEFORE_A_KILL))
                kill(clients)
                clients.verify()
                clients.await_acks(1)
        finally:
            clients.stopping.set()
        clients.stop()
        print(f"\n    {KILLS} kills; {clients.report()}; {self.lost_commits() - lost_commits} commits that were looked up")
        totals = clients.totals()
        self.cache_and_table_are(clients.values())
        self.assertGreater(totals["acknowledged writes"], KILLS * len(clients.writers))
        self.assertGreater(totals["checked reads"], KILLS * len(clients.writers[0].keys))

    def lost_commits(self):
        """How often a kill came between COMMIT and its answer."""
        return self.node.log_text().count("connection lost in COMMIT")

    def read_all(self, keys):
        with self.node.connect() as c:
            wires = {key: load.to_wire(("READ" if ":document:" in key else "GET", key)) for key in keys}
            replies = zip(wires, c.pipeline(list(wires.values())))
            return {key: load.from_wire(("READ",) if ":document:" in key else ("GET",), reply) for key, reply in replies}

    def cache_and_table_are(self, values):
        expected = {key: value for key, value in values.items() if value is not None}
        # After a kill each lane finds MariaDB again by itself, a moment after the first one; until then it answers CLUSTERDOWN.
        harness.await_true(lambda: not any(isinstance(each, resp.refusal) for each in self.read_all(values).values()), "every lane is back")
        read = self.read_all(values)
        self.assertEqual({key: value for key, value in read.items() if value is not None}, expected)
        rows = self.node.sql("SELECT CONVERT(k USING utf8mb4), IF(format=1, JSON_VALUE(v,'$.b'), CONVERT(v USING utf8mb4)) "
                             "FROM records WHERE k NOT LIKE '%:expiring:%'")
        self.assertEqual({key: value.encode() for key, value in rows}, expected)

    def kill_daemon(self, clients):
        clients.serving.clear()
        self.node.kill()
        self.node.start()
        clients.serving.set()

    def kill_mariadb(self, _):
        self.node.kill_mariadb()

    def kill_both(self, clients):
        clients.serving.clear()
        self.node.kill_mariadb(and_this=True)
        self.node.start()
        clients.serving.set()

    def test_promise_1_2_5_what_was_acknowledged_survives_kills_of_the_daemon(self):
        self.under_load(self.kill_daemon, seed=1)

    def test_promise_1_2_5_6_what_was_acknowledged_survives_kills_of_mariadb(self):
        self.under_load(self.kill_mariadb, seed=2)

    def test_promise_1_2_5_what_was_acknowledged_survives_kills_of_both(self):
        self.under_load(self.kill_both, seed=3)


class disk(unittest.TestCase):
    def test_promise_1_each_acknowledged_write_was_forced_to_redo_log_and_binary_log(self):
        node = harness.node(name="disk").start()
        names = ("Innodb_data_fsyncs", "Syncs", "Binlog_commits")
        query = f"SHOW GLOBAL STATUS WHERE Variable_name IN {names}"
        before = dict(node.sql(query))
        with node.connect() as c:
            for i in range(30):
                self.assertEqual(c.call("SET", f"key{i}", i), b"OK")
        after = dict(node.sql(query))
        node.terminate()
        self.assertEqual(node.await_exit(), 0)
        for name in names:
            self.assertGreaterEqual(int(after[name]) - int(before[name]), 30, name)


if __name__ == "__main__":
    harness.main()
