#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a node starts and stops: SIGTERM under load, a quick and clean start after it, and starts that must be refused, in words."""
import os
import pathlib
import socket
import subprocess
import time
import unittest

import harness
import load


def run_daemon(*flags, seconds=60):
    """(exit code, stdout, stderr) of a daemon that is expected to end by itself."""
    done = subprocess.run([harness.BIN / "mykeyvd", *map(str, flags)], capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


class stop(unittest.TestCase):
    def test_promise_1_sigterm_under_load_loses_nothing_that_was_acknowledged(self):
        node = harness.node(name="stop").start()
        clients = load.load(node.connect).start()
        for _ in range(3):
            clients.await_acks(300)
            clients.serving.clear()
            node.terminate()
            self.assertEqual(node.await_exit(), 0)
            begin = time.monotonic()
            node.start()
            print(f"\n    started again in {time.monotonic() - begin:.1f} s", end="")
            clients.serving.set()
            clients.verify()
            clients.await_acks(1)
        clients.stop()
        print(f"\n    {clients.report()}")
        node.terminate()
        self.assertEqual(node.await_exit(), 0)

    def test_sigterm_answers_what_is_in_flight_or_closes_without_a_reply(self):
        node = harness.node(name="stop").start()
        with node.connect() as c:
            c.send(*[("INCR", "counter")] * 5000)
            self.assertEqual(c.receive(), 1)
            node.terminate()
            last = 1
            while isinstance(reply := self.receive_or_end(c), int):
                self.assertEqual(reply, last + 1)
                last = reply
            self.assertTrue(reply is None or str(reply).startswith("-CLUSTERDOWN"), reply)
        self.assertEqual(node.await_exit(), 0)
        node.start()
        stored = int(node.call("GET", "counter"))
        self.assertLessEqual(last, stored)
        node.terminate()
        self.assertEqual(node.await_exit(), 0)

    @staticmethod
    def receive_or_end(c):
        try:
            return c.receive()
        except harness.resp.gone:
            return None

    def test_a_stopped_node_leaves_no_mariadb_behind(self):
        node = harness.node(name="stop").start()
        self.assertTrue(node.call("PING"))
        node.terminate()
        self.assertEqual(node.await_exit(), 0)
        self.assertEqual(harness.leftovers(node.data_dir), [])

    def test_a_mariadb_that_outlived_its_daemon_is_no_obstacle(self):
        node = harness.node(name="stop").start()
        self.assertEqual(node.call("SET", "key", "value"), b"OK")
        node.kill()
        node.start()
        self.assertEqual(node.call("GET", "key"), b"value")
        node.terminate()
        self.assertEqual(node.await_exit(), 0)
        self.assertEqual(harness.leftovers(node.data_dir), [])


class start(unittest.TestCase):
    def test_help_names_every_flag(self):
        code, out, _ = run_daemon("--help")
        self.assertEqual(code, 0)
        for flag in ("--port", "--bind", "--announce", "--data-dir", "--topology", "--node-id", "--mysql-socket", "--mysql-host",
                     "--mysql-port", "--mysql-user", "--mysql-password-file", "--mysql-database", "--allow-unsafe-mysql",
                     "--buffer-pool-bytes", "--cache-bytes", "--io-threads", "--lanes", "--readers", "--log-level"):
            self.assertIn(flag, out)

    def test_promise_7_wrong_flags_are_refused_with_the_flag_named(self):
        folder = harness.temporary_folder("flags")
        for flags, named in [(["--no-such-flag"], "--no-such-flag"), (["--port", "many"], "port"), (["--port", "65536"], "port"),
                             (["--lanes", "0"], "lanes"), (["--readers", "65"], "readers"), (["--cache-bytes", "-1"], "cache-bytes"),
                             (["--buffer-pool-bytes", "4MiB"], "5MiB"),
                             (["--mysql-host", "x", "--buffer-pool-bytes", "1GiB"], "buffer-pool"),
                             (["--io-threads", "65"], "io-threads"),
                             (["--log-level", "loud"], "log-level"), (["--node-id", "xyz"], "node-id"),
                             (["--announce", "a b"], "announce"), (["--announce", ""], "announce"), (["--mysql-host", ""], "mysql-host"),
                             (["--mysql-host", "x", "--mysql-port", "x"], "mysql-port"), (["--mysql-user", "x"], "mysql-user"),
                             (["--mysql-socket", "x", "--mysql-host", "x"], "exclude"), (["--value-bytes-max", "10TiB"], "256MiB"),
                             (["--mysql-host", "x", "--mysql-password-file", "absent"], "absent"),
                             (["--script-time-ms", "0"], "script-time-ms"), (["--parked-time-ms", "60001"], "parked-time-ms")]:
            with self.subTest(flags=flags):
                code, out, err = run_daemon("--data-dir", folder, *flags)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn(named, err)

    def test_promise_7_a_config_file_is_read_behind_the_flags_and_refused_with_the_setting_named(self):
        folder = harness.temporary_folder("config")
        file = folder / "mykeyvd.toml"
        for text, named in [("lanes = 0", "lanes"), ("no-such = 1", "no-such"), ("lanes = ", "line 1"), ("data-dir = ''", "data-dir")]:
            with self.subTest(text=text):
                file.write_text(text)
                code, out, err = run_daemon("--data-dir", folder, "--config", file)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn(named, err)
        file.write_text("lanes = 0\nscript-instructions = 1000\nbuffer-pool-bytes = '512MiB'\n")
        node = harness.node("--lanes", "1", "--config", file, name="config").start()
        reply = node.call("KV.EVAL", "for i = 1, 100000 do end", "null", "1", "k")
        self.assertEqual(reply[0][0], b"error")
        self.assertTrue(reply[0][1].startswith(b"INSTRUCTIONS"), reply)
        self.assertEqual(node.sql("SELECT @@innodb_buffer_pool_size, @@innodb_log_file_size, @@binlog_cache_size"),
                         [[str(512 << 20), str(128 << 20), str(1 << 20)]])
        node.terminate()
        self.assertEqual(node.await_exit(), 0)

    def test_threads_are_called_what_they_are(self):
        node = harness.node("--lanes", "2", name="threads").start()
        names = sorted(each.read_text().strip() for each in pathlib.Path(f"/proc/{node.pid}/task").glob("*/comm"))
        for name, at_least in {"clerk": 1, "compiler": 1, "conductor": 1, "io": 1, "lane": 2, "mariadb": 1, "reader": 1, "signals": 1,
                               "watch": 1}.items():
            self.assertGreaterEqual(names.count(name), at_least, names)

    def test_no_thread_interrupts_another_nor_do_those_of_its_mariadb(self):
        chosen = os.sched_getscheduler(0)
        node = harness.node(name="scheduling").start()
        for process in (node.pid, int((node.data_dir / "run/mariadb.pid").read_text())):
            policies = {os.sched_getscheduler(int(each.name)) for each in pathlib.Path(f"/proc/{process}/task").iterdir()}
            self.assertEqual(policies, {os.SCHED_BATCH if chosen == os.SCHED_OTHER else chosen})

    def test_a_start_that_is_stopped_ends_at_once_without_saying_ready(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never speaks
            node = harness.node("--mysql-host", "127.0.0.1", "--mysql-port", silent.getsockname()[1], name="halfway")
            node.launch()
            connection, _ = silent.accept()
            node.terminate()
            self.assertEqual(node.await_exit(5), 0)
            connection.close()
        self.assertIn("got SIGTERM", node.log_text())

    def test_a_topology_that_is_none_is_refused_with_the_place_named(self):
        folder = harness.temporary_folder("topology")
        for text, named in [("{", "JSON"), ('{"nodes": []}', "node"), ('{"knots": 1}', "knots")]:
            with self.subTest(text=text):
                (folder / "topology.json").write_text(text)
                code, out, err = run_daemon("--data-dir", folder, "--port", harness.free_port(), "--topology", folder / "topology.json")
                self.assertIn(code, (1, 2))
                self.assertEqual(out, "")
                self.assertIn(named, err)
        code, _, err = run_daemon("--data-dir", folder, "--topology", folder / "absent.json")
        self.assertIn(code, (1, 2))
        self.assertIn("absent.json", err)

    def test_a_port_in_use_is_named(self):
        node = harness.node(name="port")
        with socket.create_server(("127.0.0.1", node.port)):
            node.launch()
            self.assertEqual(node.await_exit(harness.START_SECONDS), 1)
        self.assertIn(str(node.port), node.log_text())
        self.assertIn("in use", node.log_text())

    def test_a_second_daemon_on_one_data_directory_is_refused(self):
        node = harness.node(name="shared").start()
        code, out, err = run_daemon("--port", harness.free_port(), "--data-dir", node.data_dir)
        self.assertEqual((code, out), (1, ""))
        self.assertIn(f"in use by another mykeyvd (process {node.pid})", err)
        self.assertEqual(node.call("SET", "key", "still served"), b"OK")
        node.terminate()
        self.assertEqual(node.await_exit(), 0)


if __name__ == "__main__":
    harness.main()
