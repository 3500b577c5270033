#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A MySQL of somebody else's, set up word for word as docs/storage.md says: over TCP, with an account of our own and its password."""
import unittest

import harness

PASSWORD = "a word"


class existing_mysql(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = harness.free_port()
        cls.mysql = harness.mariadb("--skip-networking=OFF", "--bind-address=127.0.0.1", f"--port={cls.port}").start()
        for statement in ("CREATE DATABASE mykeyv CHARACTER SET binary", f"CREATE USER mykeyv@localhost IDENTIFIED BY '{PASSWORD}'",
                          "GRANT ALL ON mykeyv.* TO mykeyv@localhost"):
            cls.mysql.sql(statement, "mysql")

    @classmethod
    def tearDownClass(cls):
        cls.mysql.kill()

    def node(self, password, *flags):
        file = harness.temporary_folder("password") / "password"
        file.write_text(password + "\n")
        return harness.node("--mysql-password-file", file, *flags, name="existing")

    def check_serves(self, node):
        node.start()
        self.assertEqual(node.call("SET", "key", "value"), b"OK")
        self.assertEqual(self.mysql.sql("SELECT CONVERT(v USING utf8mb4) FROM records WHERE k='key'"), [["value"]])
        self.assertEqual(node.call("FLUSHALL"), b"OK")
        node.terminate()
        self.assertEqual(node.await_exit(), 0)

    def test_is_served_over_tcp_by_an_account_limited_to_its_database(self):
        self.check_serves(self.node(PASSWORD, "--mysql-host", "127.0.0.1", "--mysql-port", self.port))

    def test_is_served_over_its_socket_by_the_same_account(self):
        self.check_serves(self.node(PASSWORD, "--mysql-socket", self.mysql.socket))

    def test_that_knows_another_password_is_named_with_the_account(self):
        node = self.node("another word", "--mysql-host", "127.0.0.1", "--mysql-port", self.port)
        node.launch()
        self.assertEqual(node.await_exit(), 1)
        self.assertRegex(node.log_text(), "Access denied for user 'mykeyv'")

    def test_that_is_not_there_is_named_with_its_address(self):
        port = harness.free_port()
        node = self.node(PASSWORD, "--mysql-host", "127.0.0.1", "--mysql-port", port)
        node.launch()
        self.assertEqual(node.await_exit(), 1)
        self.assertIn(f"127.0.0.1:{port}", node.log_text())


if __name__ == "__main__":
    harness.main()
