#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of `mykeyv` against a playground of three real nodes, and that playground stopped and started again."""
import os
import signal
import unittest

import harness
from cli_fixture import mykeyv, playground


class commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.play = playground("--port", "0").start()

    @classmethod
    def tearDownClass(cls):
        pids, folder = cls.play.processes(), cls.play.directory
        code, _ = cls.play.stop()
        assert code == 0, cls.play.log_text()
        assert len(pids) == 6, f"three daemons and three MariaDBs were expected, not {pids}"
        assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")], "a process is left"
        assert not folder.exists(), "the temporary directory is left"

    def setUp(self):
        for key in self.run_on("list").lines:
            self.done("delete", "--", key)

    def run_on(self, *words, stdin=b""):
        return mykeyv("-s", self.play.servers, *words, stdin=stdin)

    def done(self, *words, stdin=b""):
        outcome = self.run_on(*words, stdin=stdin)
        self.assertEqual(outcome.code, 0, outcome.err)
        return outcome

    def fails(self, code, *words):
        outcome = self.run_on(*words)
        self.assertEqual(outcome.code, code, outcome.err)
        return outcome

    def test_set_then_get_gives_the_document(self):
        self.assertRegex(self.done("set", "jerry", '{"band":"grateful dead"}').out, r"^stored jerry, version \d+\n$")
        self.assertEqual(self.done("get", "jerry").out, '{"band":"grateful dead"}\n')

    def test_set_takes_the_value_from_stdin(self):
        self.done("set", "jerry", "-", stdin=b'{"last": "garcia"}\n')
        self.assertEqual(self.done("get", "jerry").out, '{"last":"garcia"}\n')

    def test_bytes_come_back_exactly(self):
        photo = bytes(range(256)) * 300
        self.done("set", "photo", "--bytes", "-", stdin=photo)
        self.assertEqual(self.done("get", "--bytes", "photo").raw, photo)
        self.assertIn("value_base64", self.done("get", "photo", "--output", "json").objects[0])

    def test_integers_of_64_bits_stay_exact(self):
        for number in ("9007199254740993", "-9223372036854775808", "9223372036854775807"):
            self.done("set", "n", number)
            self.assertEqual(self.done("get", "n").out, number + "\n")

    def test_an_absent_key_is_exit_code_1_and_named(self):
        self.done("set", "jerry", "1")
        some = self.fails(1, "get", "jerry", "pigpen")
        self.assertIn("no such key: pigpen", some.err)
        self.assertEqual(some.lines[1].split()[0], "jerry")
        self.assertEqual(self.fails(1, "get", "pigpen").out, "")

    def test_get_as_json_tells_all_about_each_key(self):
        self.done("set", "jerry", "[1]", "--ttl", "1h")
        self.done("set", "phil", "text", "--bytes")
        jerry, phil, nobody = self.fails(1, "--output", "json", "get", "jerry", "phil", "nobody").objects
        self.assertEqual((jerry["key"], jerry["value"], jerry["format"]), ("jerry", [1], "document"))
        self.assertTrue(3_500_000 < jerry["expires_in_ms"] <= 3_600_000)
        self.assertEqual((phil["value"], phil["format"], phil["expires_in_ms"]), ("text", "bytes", None))
        self.assertEqual(nobody, {"key": "nobody", "found": False})

    def test_a_condition_that_is_not_met_changes_nothing(self):
        self.fails(1, "set", "jerry", "1", "--if-present")
        self.done("set", "jerry", "1", "--if-absent")
        version = self.done("--output", "json", "get", "jerry").objects[0]["version"]
        self.assertIn("there is a record already", self.fails(1, "set", "jerry", "2", "--if-absent").err)
        self.assertIn("not version 999999", self.fails(1, "set", "jerry", "2", "--if-version", "999999").err)
        self.assertEqual(self.done("get", "jerry").out, "1\n")
        self.done("set", "jerry", "2", "--if-version", version)
        self.assertEqual(self.done("get", "jerry").out, "2\n")

    def test_delete_names_the_keys_that_had_no_record(self):
        self.done("set", "jerry", "1")
        outcome = self.fails(1, "delete", "jerry", "pigpen")
        self.assertEqual((outcome.out, outcome.err), ("deleted jerry\n", "mykeyv: no such key: pigpen\n"))
        self.fails(1, "get", "jerry")

    def test_update_runs_on_every_node_and_shows_each_result(self):
        members = ["jerry", "phil", "bobby", "bill", "pigpen"]
        for key in members:
            self.done("set", key, f'{{"first":"{key}"}}')
        code = "local r, fate = ...; r.status = fate[r.first] or 'alive'; return true, r.status"
        done = self.done("--output", "json", "update", "-e", code, "--args", '{"jerry":"dead","pigpen":"dead"}', *members)
        self.assertEqual([(o["key"], o["status"]) for o in done.objects], [(key, "stored") for key in members])
        self.assertEqual([o["result"] for o in done.objects], ["dead", "alive", "alive", "alive", "dead"])
        self.assertEqual(self.done("get", "pigpen").out, '{"first":"pigpen","status":"dead"}\n')

    def test_update_takes_its_code_from_a_file_or_stdin(self):
        self.done("set", "n", "1")
        script = harness.temporary_folder("code") / "add.lua"
        script.write_text("local n, by = ...; return kv.put(n + by)")
        self.assertIn("stored", self.done("update", "--code", script, "--args", "2", "n").out)
        self.assertIn("stored", self.done("update", "--code", "-", "--args", "3", "n", stdin=script.read_bytes()).out)
        self.assertEqual(self.done("get", "n").out, "6\n")

    def test_update_that_fails_for_one_key_leaves_it_and_does_the_others(self):
        self.done("set", "n", "1")
        self.done("set", "text", '"x"')
        outcome = self.fails(2, "update", "-e", "local n = ...; return kv.put(n + 1)", "n", "text")
        self.assertIn("1 of 2 keys failed", outcome.err)
        self.assertEqual(self.done("get", "n").out, "2\n")
        self.assertEqual(self.done("get", "text").out, '"x"\n')

    def test_update_with_code_that_does_not_compile_says_where(self):
        self.assertRegex(self.fails(2, "update", "-e", "return return", "n").err, r"does not compile.*:1:.*near")

    def test_update_over_its_budget_says_so_once(self):
        said = self.fails(2, "update", "-e", "while true do end", "n").err
        self.assertEqual(said.count("budget"), 1, said)

    def test_a_value_that_is_too_long_is_wrong_usage_however_long_it_is(self):
        for size in ((16 << 20) + 1, 18 << 20):
            outcome = self.run_on("set", "long", "--bytes", "-", stdin=b"v" * size)
            self.assertEqual(outcome.code, 2, outcome.err)
            self.assertIn("value-bytes-max", outcome.err)
        self.fails(1, "get", "long")

    def test_a_word_that_is_no_command_is_named(self):
        self.assertIn("'frob' is no command of `mykeyv`", self.fails(2, "frob").err)
        self.assertIn("'frob' is no command of `mykeyv node`", self.fails(2, "node", "frob").err)
        self.assertIn("'--frob' is no option of `mykeyv`", self.fails(2, "--frob").err)
        self.assertIn("subcommand is required", self.fails(2).err)

    def test_a_server_that_is_not_there_is_named_as_it_is_written(self):
        self.assertRegex(mykeyv("-s", "[::1]:1,127.0.0.1:1", "get", "k").err, r"tried \[::1\]:1: .*\n  tried 127\.0\.0\.1:1: ")

    def test_list_shows_the_keys_of_all_nodes(self):
        keys = [f"user:{i}" for i in range(20)]
        for key in keys + ["other"]:
            self.done("set", key, "1")
        self.assertEqual(sorted(self.done("list").lines), sorted(keys + ["other"]))
        self.assertEqual(sorted(self.done("list", "--match", "user:1*").lines), sorted(k for k in keys if k.startswith("user:1")))
        self.assertEqual(len(self.done("list", "--count", "7").lines), 7)
        self.assertEqual(len(self.done("list", "--output", "json", "--match", "other").objects), 1)
        self.assertIn("--count: must be 1 or more", self.fails(2, "list", "--count", "0").err)

    def test_words_that_look_like_something_else_can_be_keys(self):
        for key in ("get", "[a,b]", "-x", "", "a b", "{tag}", "ü"):
            self.done("set", "--", key, f'"{key}"')
            self.assertEqual(self.done("get", "--", key).out, f'"{key}"\n')
        self.done("delete", "")

    def test_a_key_over_1024_bytes_is_wrong_usage(self):
        self.done("set", "k" * 1024, "1")
        self.assertIn("longer than 1024 bytes", self.fails(2, "set", "k" * 1025, "1").err)

    def test_status_shows_every_node_and_that_all_slots_are_served(self):
        self.done("set", "jerry", "1")
        self.assertEqual(self.done("status").lines[-1], "16384 of 16384 slots served")
        status, = self.done("status", "--output", "json").objects
        self.assertEqual((status["slots_served"], len(status["nodes"])), (16384, 3))
        self.assertEqual(sum(node["slots"] for node in status["nodes"]), 16384)
        self.assertEqual(sum(node["records"] for node in status["nodes"]), 1)

    def test_slots_names_the_owner_of_each_and_of_a_key(self):
        ranges = self.done("slots", "--output", "json").objects
        self.assertEqual((ranges[0]["first"], ranges[-1]["last"]), (0, 16383))
        self.assertEqual({r["node"] for r in ranges}, set(self.play.servers.split(",")))
        slot = harness.resp.slot_of("jerry")
        place, = self.done("slots", "jerry", "--output", "json").objects
        self.assertEqual(place["slot"], slot)
        self.assertEqual(place["node"], next(r["node"] for r in ranges if r["first"] <= slot <= r["last"]))

    def test_ping_asks_every_node(self):
        self.assertEqual([line.split()[0] for line in self.done("ping").lines], self.play.servers.split(","))

    def test_one_server_that_answers_is_enough(self):
        self.done("set", "jerry", "1")
        servers = f"127.0.0.1:{harness.free_port()},{self.play.servers.split(',')[1]}"
        self.assertEqual(mykeyv("-s", servers, "get", "jerry").out, "1\n")


class a_playground_on_a_directory(unittest.TestCase):
    def test_has_its_records_again_on_other_ports_and_says_which_node_is_dead(self):
        folder = harness.temporary_folder("data")
        members = ["jerry", "phil", "bobby", "bill", "pigpen"]
        play = playground("--port", "0", "--dir", folder).start()
        for key in members:
            self.assertEqual(mykeyv("-s", play.servers, "set", key, f'"{key}"').code, 0)
        self.assertEqual(play.stop()[0], 0)
        self.assertEqual(play.processes(), set())

        again = playground("--port", "0", "--dir", folder).start()
        self.assertNotEqual(again.servers, play.servers)
        for key in members:
            self.assertEqual(mykeyv("-s", again.servers, "get", key).out, f'"{key}"\n')
        slots = mykeyv("-s", again.servers, "slots", "--output", "json").objects
        self.assertEqual({each["node"] for each in slots}, set(again.servers.split(",")))

        dead = slots[0]["node"]
        (daemon,) = {pid for pid in again.processes() if f"\0--announce\0{dead}\0" in self.words_of(pid)}
        os.kill(daemon, signal.SIGKILL)
        harness.await_true(lambda: "it ended with signal 9" in again.log_text(), "the playground reports the death")
        for command in ("status", "ping", "list"):
            done = mykeyv("-s", again.servers, command, "--timeout", "1s")
            self.assertEqual(done.code, 3)
            self.assertIn(f"tried {dead}: Connection refused", done.err)
        self.assertEqual(again.stop()[0], 3)

    @staticmethod
    def words_of(pid):
        with open(f"/proc/{pid}/cmdline") as words:
            return words.read()


if __name__ == "__main__":
    harness.main()
