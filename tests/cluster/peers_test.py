#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is let in: of KV.NODE nothing is answered to somebody who has not shown the secret, and no node joins that has records."""
import json
import unittest

import harness
import resp

ID = "1" * 40
VERSION = 2  # of what nodes say to each other
OFFER = ("0", "2", "4294967297")  # slot, epoch, transfer

# Each as a node would say it, so that only the missing greeting can be what is wrong with it.
QUESTIONS = {
    "cancel": [OFFER],
    "code": [("0" * 40,)],
    "cutover": [(*OFFER, "1", "", "3244421341483603138", "0", "0", "0")],
    "gossip": [("{}",), (json.dumps({"id": ID, "version": 9, "author": ID, "news": 1, "seen": 0, "slots": [[0, 16383, 9]]}),)],
    "invite": [("127.0.0.1:1", "1")],
    "join": [(ID, "127.0.0.1:1", "1")],
    "keep": [("return 1",)],
    "leave": [("9", ID)],
    "prepare": [OFFER],
    "query": [OFFER],
    "rows": [(*OFFER, "1", "", "3244421341483603138")],
    "topology": [(), (json.dumps({"nodes": [{"id": ID, "endpoint": "127.0.0.1:1"}]}),)],
}


class who_is_let_in(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.cluster(2).start()
        cls.node = cls.cluster.nodes[0]
        cls.secret = cls.cluster.secret.read_text().strip()
        cls.cluster_id = cls.cluster.status()["cluster"]

    @classmethod
    def tearDownClass(cls):
        harness.stop(cls.cluster.nodes)

    def refused(self, reply, prefix):
        self.assertIsInstance(reply, resp.refusal)
        self.assertEqual(reply.prefix, prefix)

    def known_questions(self):
        """The subcommands of KV.NODE, as the node itself lists them."""
        _, about = self.node.call("COMMAND", "DOCS", "KV.NODE")
        return {name.decode().partition("|")[2] for name in about[about.index(b"subcommands") + 1][::2]}

    def state(self):
        """What a stranger would like to change."""
        status = self.cluster.status()
        return status["version"], status["author"], [n["id"] for n in status["nodes"]], self.node.sql("SELECT * FROM slots ORDER BY slot")

    def test_whoever_has_not_shown_the_secret_is_answered_nothing_and_changes_nothing(self):
        questions = self.known_questions() - {"hello"}
        self.assertLessEqual(questions, set(QUESTIONS), "each question of KV.NODE is asked here")
        before = self.state()
        with self.node.connect() as c:
            for name in sorted(questions):
                for words in QUESTIONS[name]:
                    with self.subTest(name, words=words):
                        self.refused(c.call("KV.NODE", name, *words), "NOAUTH")
                        self.refused(c.call("kv.node", name.upper(), *words), "NOAUTH")
        self.assertEqual(self.state(), before)

    def test_a_wrong_secret_or_another_cluster_is_refused_and_lets_nobody_in(self):
        told = [str(word) for word in (VERSION, 16 << 20)]
        greetings = [
            ((self.secret[:-1] + "x", ID, self.cluster_id), "WRONGPASS", "not the secret"),
            ((self.secret[:-1], ID, self.cluster_id), "WRONGPASS", "not the secret"),
            ((self.secret + "0", ID, self.cluster_id), "WRONGPASS", "not the secret"),
            (("", ID, self.cluster_id), "WRONGPASS", "not the secret"),
            ((self.secret, ID, "2" * 40), "ERR", "another cluster"),
            ((self.secret, ID, self.cluster_id[:-1]), "ERR", ""),
            ((self.secret, ID[:-1], self.cluster_id), "ERR", ""),
            ((self.secret, ID, self.cluster_id, "1", told[1]), "ERR",
             "this node speaks version 2 of what nodes say to each other, and yours version 1"),
            ((self.secret, ID, self.cluster_id, "one", told[1]), "ERR", ""),
            ((self.secret, ID, self.cluster_id, told[0], "1048576"), "ERR",
             "values have 16777216 bytes at most here, and 1048576 at your node: start all nodes with the same --value-bytes-max"),
            ((self.secret, ID, self.cluster_id, told[0], "16MiB"), "ERR", ""),
        ]
        with self.node.connect() as c:
            for words, prefix, sentence in greetings:
                with self.subTest(words):
                    reply = c.call("KV.NODE", "HELLO", *words, *told[len(words) - 3:])
                    self.refused(reply, prefix)
                    self.assertIn(sentence, reply.text)
                    self.refused(c.call("KV.NODE", "TOPOLOGY"), "NOAUTH")
            for cluster_id in ("0" * 40, self.cluster_id):
                self.assertEqual(c.call("KV.NODE", "HELLO", self.secret, ID, cluster_id, *told), b"OK")
                self.assertEqual(json.loads(c.call("KV.NODE", "TOPOLOGY"))["cluster"], self.cluster_id)
        self.refused(self.node.call("KV.NODE", "TOPOLOGY"), "NOAUTH")  # it was that connection that was let in

    def test_a_node_without_a_secret_lets_nobody_in(self):
        alone = harness.node(name="alone").start()
        with alone.connect() as c:
            for secret in ("", self.secret):
                self.refused(c.call("KV.NODE", "HELLO", secret, ID, "0" * 40, VERSION, 16 << 20), "NOAUTH")
                self.refused(c.call("KV.NODE", "TOPOLOGY"), "NOAUTH")
        alone.terminate()
        self.assertEqual(alone.await_exit(), 0)


class who_may_join(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.cluster(1).start()
        self.addCleanup(self.cluster.nodes[0].kill)
        self.mysql = harness.mariadb().start()
        self.addCleanup(self.mysql.kill)

    def fresh(self, *flags):
        n = harness.node(*self.mysql.flags(), "--cluster-secret-file", self.cluster.secret, *flags, name="fresh")
        n.flags += ["--announce", f"127.0.0.1:{n.port}"]
        return n

    def joining(self, port=None):
        return self.fresh("--join", f"127.0.0.1:{port or self.cluster.nodes[0].port}")

    def refused(self, sentence, *flags):
        n = self.joining()
        n.flags += flags
        n.launch()
        self.assertEqual(n.await_exit(), 1)
        self.assertIn(sentence, n.log_text())
        self.assertEqual(len(self.cluster.status()["nodes"]), 1)

    def test_a_mysql_into_which_somebody_has_put_records_is_refused_and_keeps_them(self):
        n = self.fresh().start()
        self.assertEqual(n.call("SET", "key", "value"), b"OK")
        n.terminate()
        self.assertEqual(n.await_exit(), 0)
        self.refused("a cluster of its own already")
        self.mysql.sql("DELETE FROM topology")  # as where its first start was ended between the two
        self.refused("without records")
        self.mysql.sql("DELETE FROM slots")  # as where a dump of the records alone has been put back
        self.refused("without records")
        self.assertEqual(self.mysql.sql("SELECT k, v FROM records"), [["key", "value"]])
        # It was these that were in the way, and nothing else.
        self.mysql.sql("DELETE FROM records")
        n = self.joining().start()
        self.assertEqual(len(self.cluster.status()["nodes"]), 2)
        n.terminate()
        self.assertEqual(n.await_exit(), 0)

    def test_a_member_may_start_with_the_flag_it_joined_with_and_one_that_has_left_may_not(self):
        member = self.cluster.nodes[0]
        n = self.joining().start()
        n.terminate()
        self.assertEqual(n.await_exit(), 0)
        n.start()
        member.call("KV.CLUSTER", "REMOVE", n.call("CLUSTER", "MYID"))
        harness.await_true(lambda: len(self.cluster.status()["nodes"]) == 1, "it has left", 60)
        n.terminate()
        self.assertEqual(n.await_exit(), 0)
        self.refused("this one has left its cluster")
        n = self.fresh().start()
        self.assertEqual(n.call("GET", "key").prefix, "MOVED")
        n.terminate()
        self.assertEqual(n.await_exit(), 0)

    def test_a_node_that_takes_other_values_than_the_members_is_refused(self):
        self.refused("start all nodes with the same --value-bytes-max", "--value-bytes-max", "1MiB")
        n = self.joining().start()
        n.terminate()
        self.assertEqual(n.await_exit(), 0)

    def test_a_member_that_is_started_with_another_limit_of_values_is_named_in_the_log_and_by_node_list(self):
        n = self.joining().start()
        n.terminate()
        self.assertEqual(n.await_exit(), 0)
        n.flags += ["--value-bytes-max", "1MiB"]
        n.start()
        for of, other in ((self.cluster.nodes[0], n), (n, self.cluster.nodes[0])):
            told = f"127.0.0.1:{other.port} refuses this node: ERR"
            harness.await_true(lambda: told in of.log_text() and "--value-bytes-max" in of.log_text(), "it is named")
            nodes = json.loads(of.call("KV.CLUSTER", "STATUS"))["nodes"]
            problem, = (each["problem"] for each in nodes if each["endpoint"] == f"127.0.0.1:{other.port}")
            self.assertIn("start all nodes with the same --value-bytes-max", problem)
        n.terminate()
        self.assertEqual(n.await_exit(), 0)

    def test_a_node_that_could_not_join_joins_at_its_next_start(self):
        n = self.joining(port=harness.free_port())
        n.launch()
        self.assertEqual(n.await_exit(), 1)
        self.assertIn("cannot connect", n.log_text())
        n = self.joining().start()
        self.assertEqual(len(self.cluster.status()["nodes"]), 2)
        n.terminate()
        self.assertEqual(n.await_exit(), 0)


if __name__ == "__main__":
    harness.main()
