#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a playground looks after its daemons, shown with daemons that only pretend; and what is answered without any cluster."""
import os
import signal
import socket
import sys
import unittest

import harness
from cli_fixture import MYKEYV, mykeyv, playground

# Listens, says so, and ends on SIGTERM. A file `fault` in its data directory or beside it says what it does wrong.
PRETENDER = f"""#!{sys.executable}
import pathlib, signal, socket, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
home = pathlib.Path(flags["--data-dir"])
print("pretending:", *sys.argv[1:], file=sys.stderr, flush=True)
fault = next((f.read_text() for f in (home / "fault", pathlib.Path(__file__).parent / "fault") if f.exists()), "")
if fault == "no start":
    sys.exit("the disk is on fire")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7 if fault == "bad end" else 0))
listening = socket.create_server(("127.0.0.1", int(flags["--port"])))
if fault == "slow":
    signal.pause()
print("ready on 127.0.0.1:" + flags["--port"], flush=True)
signal.pause()
"""


class a_playground(unittest.TestCase):
    def setUp(self):
        self.home = harness.temporary_folder("pretender")
        self.program = self.home / "mykeyvd"
        self.program.write_text(PRETENDER)
        self.program.chmod(0o700)

    def playground(self, *flags):
        return playground("--mykeyvd", self.program, "--port", "0", *flags)

    def fault(self, what):
        (self.home / "fault").write_text(what)

    def test_starts_three_nodes_and_says_how_to_connect(self):
        play = self.playground().start()
        self.assertEqual(len(play.processes()), 3)
        lines = play.text.splitlines()
        self.assertEqual(lines[1], "ready")
        first = int(play.servers.split(",")[0].partition(":")[2])
        self.assertIn(f"redis-cli -c -p {first}", lines[2])
        self.assertEqual(play.servers, ",".join(f"127.0.0.1:{first + i}" for i in range(3)))
        self.assertEqual(play.stop()[0], 0)

    def test_sigterm_ends_every_daemon_and_removes_the_temporary_directory(self):
        play = self.playground("--nodes", "2").start()
        pids = play.processes()
        self.assertEqual(len(pids), 2)
        code, rest = play.stop()
        self.assertEqual((code, rest), (0, "stopping\nstopped\n"))
        self.assertEqual([pid for pid in pids if os.path.exists(f"/proc/{pid}")], [])
        self.assertFalse(play.directory.exists())

    def test_ctrl_c_ends_it_like_sigterm(self):
        play = self.playground("--nodes", "1").start()
        os.kill(play.pid, signal.SIGINT)
        self.assertEqual(play.await_exit(), 0)

    def test_sigterm_while_starting_ends_it_too(self):
        self.fault("slow")
        play = self.playground().launch()
        harness.await_true(lambda: "starting" in (play.child.stdout.readline().decode()), "it says that it starts")
        code, rest = play.stop()
        self.assertEqual((code, rest), (0, "stopping\nstopped\n"))

    def test_killed_itself_it_leaves_no_daemon(self):
        play = self.playground().start()
        pids = play.processes()
        play.kill()
        harness.await_true(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "its daemons end")

    def test_reports_a_daemon_that_dies_with_the_end_of_its_log_and_keeps_the_others(self):
        play = self.playground().start()
        victim = min(play.processes())
        os.kill(victim, signal.SIGKILL)
        harness.await_true(lambda: "it ended with signal 9" in play.log_text(), "it reports the death")
        self.assertIn("mykeyvd.log:\n  pretending: --port", play.log_text())
        self.assertEqual(len(play.processes()), 2)
        self.assertEqual(play.stop()[0], 3)

    def test_ends_with_3_when_its_last_daemon_has_died(self):
        play = self.playground("--nodes", "1").start()
        os.kill(play.processes().pop(), signal.SIGKILL)
        self.assertEqual(play.await_exit(), 3)

    def test_a_daemon_that_does_not_start_ends_the_others(self):
        folder = harness.temporary_folder("data")
        self.assertEqual(self.playground("--dir", folder).start().stop()[0], 0)
        (folder / "node-2" / "fault").write_text("no start")
        play = self.playground("--dir", folder).launch()
        self.assertEqual(play.await_exit(), 3)
        self.assertIn("node 2", play.log_text())
        self.assertIn("exit code 1", play.log_text())
        self.assertIn("the disk is on fire", play.log_text())

    def test_a_daemon_that_ends_badly_when_stopped_is_reported(self):
        self.fault("bad end")
        play = self.playground("--nodes", "1").start()
        self.assertEqual(play.stop()[0], 3)
        self.assertIn("exit code 7", play.log_text())

    def test_counts_its_ports_up_from_the_first(self):
        port = harness.free_port()
        play = playground("--mykeyvd", self.program, "--port", port, "--nodes", "1").start()
        self.assertEqual(play.servers, f"127.0.0.1:{port}")
        self.assertEqual(play.stop()[0], 0)

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            done = mykeyv("playground", "--mykeyvd", self.program, "--port", port, "--nodes", "1")
        self.assertEqual(done.code, 3)
        self.assertIn(f"port {port} of 127.0.0.1 is in use", done.err)

    def test_two_cannot_have_one_directory(self):
        folder = harness.temporary_folder("data")
        play = self.playground("--dir", folder).start()
        second = mykeyv("playground", "--mykeyvd", self.program, "--port", "0", "--dir", folder)
        self.assertEqual(second.code, 3)
        self.assertIn("is in use by another playground", second.err)
        self.assertEqual(play.stop()[0], 0)

    def test_a_directory_keeps_its_number_of_nodes(self):
        folder = harness.temporary_folder("data")
        self.assertEqual(self.playground("--dir", folder, "--nodes", "2").start().stop()[0], 0)
        again = self.playground("--dir", folder).start()
        self.assertEqual(len(again.servers.split(",")), 2)
        self.assertEqual(again.stop()[0], 0)
        other = mykeyv("playground", "--mykeyvd", self.program, "--dir", folder, "--nodes", "3")
        self.assertEqual(other.code, 2)
        self.assertIn("has 2 nodes", other.err)

    def test_without_a_daemon_to_start_it_says_so(self):
        done = mykeyv("playground", "--mykeyvd", self.home / "none", "--port", "0")
        self.assertEqual(done.code, 3)
        self.assertIn(f"cannot run {self.home / 'none'}", done.err)


class a_command_line(unittest.TestCase):
    def refused(self, *words):
        done = mykeyv(*words)
        self.assertEqual((done.code, done.out), (2, ""), done.err)
        return done.err

    def test_help_goes_to_stdout_and_is_no_error(self):
        for command in ([], ["get"], ["set"], ["delete"], ["update"], ["list"], ["status"], ["slots"], ["ping"], ["playground"],
                        ["node"], ["node", "list"], ["node", "add"], ["node", "remove"], ["rehash"]):
            done = mykeyv(*command, "--help")
            self.assertEqual((done.code, done.err), (0, ""))
            self.assertIn("Usage: mykeyv", done.out)

    def test_wrong_usage_is_exit_code_2_and_says_where_help_is(self):
        self.assertIn("`mykeyv --help`", self.refused())
        self.assertIn("`mykeyv get --help`", self.refused("get"))
        self.assertIn("--colour", self.refused("get", "jerry", "--colour"))
        self.assertIn("xml", self.refused("--output", "xml", "status"))
        self.assertIn("no time", self.refused("--timeout", "soon", "status"))
        self.assertIn("--ttl is a time", self.refused("set", "jerry", "1", "--ttl", "soon"))
        self.refused("frobnicate")
        self.refused("set", "jerry", "1", "--if-absent", "--if-present")
        self.refused("update", "jerry")
        self.refused("update", "-e", "return 1", "--code", "file", "jerry")
        self.refused("playground", "--nodes", "0")
        self.refused("playground", "--port", "65536")
        self.refused("get", "a", "b", "--bytes")

    def test_a_server_that_is_none_is_named(self):
        self.assertIn("'db1:port' is not host:port", self.refused("-s", "db1:port", "ping"))

    def test_a_value_that_is_no_json_gets_advice(self):
        self.assertIn("--bytes stores anything", self.refused("set", "jerry", "garcia"))
        self.assertIn("outside of -2^63", self.refused("set", "jerry", "9223372036854775808"))
        self.assertIn("--args is not JSON", self.refused("update", "-e", "return true", "--args", "{", "jerry"))

    def test_a_file_that_cannot_be_read_is_named(self):
        self.assertIn("cannot read none.lua: No such file", self.refused("update", "--code", "none.lua", "jerry"))

    def test_a_wrong_host_says_what_was_tried_and_why_it_failed(self):
        port = harness.free_port()
        done = mykeyv("-s", f"127.0.0.1:{port},nowhere.invalid", "get", "jerry", seconds=10)
        self.assertEqual(done.code, 3)
        self.assertIn(f"tried 127.0.0.1:{port}: Connection refused", done.err)
        self.assertIn("tried nowhere.invalid:6958: the host is not found", done.err)
        self.assertIn("mykeyv playground", done.err)

    def test_a_server_of_another_kind_is_recognised(self):
        with socket.create_server(("127.0.0.1", 0)) as web:
            answering = harness.threading.Thread(target=self.answer_as_a_web_server, args=[web])
            answering.start()
            done = mykeyv("-s", f"127.0.0.1:{web.getsockname()[1]}", "--timeout", "300ms", "get", "jerry")
            web.shutdown(socket.SHUT_RDWR)
            answering.join()
        self.assertEqual(done.code, 3)
        self.assertIn("'HTTP/1.1 400 Bad Request': that is no node of Mykeyv", done.err)

    @staticmethod
    def answer_as_a_web_server(listening):
        try:
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        except OSError:
            pass

    def test_a_result_that_cannot_be_written_is_an_error(self):
        done = harness.subprocess.run(f"{MYKEYV} --help > /dev/full", shell=True, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (3, b"mykeyv: the output could not be written\n"))


if __name__ == "__main__":
    harness.main()
