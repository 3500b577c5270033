# SPDX-License-Identifier: Apache-2.0
"""bench/run, very short: every row is measured, and what is wrong does not pass. MYKEYV_BIN names the folder with the programs."""
import json
import os
import pathlib
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import generators  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

TINY = ["--quick", "--seconds", "0.03", "--rounds", "1", "--keys", "500", "--updated", "100", "--records", "5000", "--set-rate", "200"]


def run(*words, **environment):
    return subprocess.run([sys.executable, "-B", ROOT / "bench/run", *words], capture_output=True, text=True,
                          env=os.environ | environment, timeout=240)


class the_whole(unittest.TestCase):
    def test_every_row_is_measured_and_shown(self):
        with tempfile.TemporaryDirectory() as folder:
            document, figures = pathlib.Path(folder, "document.md"), pathlib.Path(folder, "figures.json")
            document.write_text("before\n<!-- begin targets -->\nold\n<!-- end targets -->\nbehind\n")
            done = run(*TINY, "--json", figures, "--write", document)
            self.assertEqual(done.returncode, 0, done.stderr)
            names = run("--quick", "--list").stdout.split()
            found = json.loads(figures.read_text())
            self.assertEqual(set(names) - set(found["races"]) - set(found["apart"]), set())
            lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
            self.assertEqual(len(lines), 1 + len(names) + 1, "a head, a line for each name and two for memory")
            self.assertRegex(done.stdout, r"minutes in all\.")
            for line in lines[1:]:
                self.assertRegex(line, r"\| [≥≤] [\d.]+ \|.*\| [\d.,]+ \([\d.,]+ to [\d.,]+\) \| (yes|\*\*no\*\*) \|( [^|]* \|){4}$")
                if not line.startswith(("| bytes", "| p99")):
                    # of the load + mykeyvd + mariadbd, and the peer's
                    self.assertRegex(line, r"\| [\d.,]+( \+ [\d.,]+){2} \| [\d.,]+( \+ [\d.,]+){1,2} \|$")
            for each in ("mykeyv", "mariadb", "redis-always"):
                self.assertRegex(done.stdout, rf"- \*\*{each}\*\*, [^`]*\d+\.\d+[^`]*: `")
            self.assertEqual(document.read_text(),
                             f"before\n<!-- begin targets -->\n{done.stdout}<!-- end targets -->\nbehind\n")

    def test_rows_without_a_target_are_measured_and_shown(self):
        names = sorted(set(run("--list").stdout.split()) - set(run("--quick", "--list").stdout.split()))
        self.assertIn("get.memcached.1", names)
        done = run(*TINY, "--seconds", "0.3", "--only", *names)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line for line in done.stdout.partition("without a target:")[2].splitlines() if line.startswith("| ")]
        self.assertEqual(len(lines), 1 + len(names) + 1, "a head, a line for each name and two for the disk")
        for line in lines[1:]:
            self.assertRegex(line, r"\|  \|.*\| [\d.,]+ \([\d.,]+ to [\d.,]+\) \|  \|")

    def test_nothing_can_be_shown_without_figures(self):
        for program in ("bench/run", "bench/curves"):
            for words in ([], ["--json", "/nowhere/figures.json"]):
                done = subprocess.run([sys.executable, "-B", ROOT / program, "--show", *words], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (2, ""), program)
                self.assertIn("--show needs --json with a file", done.stderr)

    def test_what_is_missing_is_named(self):
        done = run("--only", "get.1", PATH="/nowhere", MYKEYV_BIN="/nowhere")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("redis-tools", done.stderr)
        self.assertIn("install-dependencies bench", done.stderr)


class the_curves(unittest.TestCase):
    def test_each_has_a_table_and_a_plot(self):
        with tempfile.TemporaryDirectory() as folder:
            document, figures = pathlib.Path(folder, "document.md"), pathlib.Path(folder, "figures.json")
            document.write_text("before\n<!-- begin curves -->\nold\n<!-- end curves -->\nbehind\n")
            done = subprocess.run([sys.executable, "-B", ROOT / "bench/curves", "--points", "2", "--rounds", "1", "--seconds", "0.03",
                                   "--keys", "500", "--json", figures, "--write", document], capture_output=True, text=True, timeout=240)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {name: one["lines"] for name, one in json.loads(figures.read_text()).items()}
            self.assertEqual(set(found), {"connections", "pipeline", "values", "records", "nodes", "fragments"})
            for name, lines in found.items():
                self.assertIn(f"(plots/{name}.svg)", document.read_text())
                drawn = xml.etree.ElementTree.parse(pathlib.Path(folder, f"plots/{name}.svg")).getroot()
                circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
                self.assertEqual(len(circles), sum(map(len, lines.values())), "a mark for each point of each line")
                for points in lines.values():
                    self.assertEqual([len(rates) for _, rates in points], [1, 1])
            self.assertEqual(document.read_text(), f"before\n<!-- begin curves -->\n{done.stdout}<!-- end curves -->\nbehind\n")


class the_profile(unittest.TestCase):
    def test_says_of_both_sides_what_their_threads_do(self):
        with tempfile.TemporaryDirectory() as folder:
            document = pathlib.Path(folder, "document.md")
            document.write_text("before\n<!-- begin profiles -->\nold\n<!-- end profiles -->\nbehind\n")
            done = subprocess.run([sys.executable, "-B", ROOT / "bench/profile", "set.50", "--seconds", "0.3", "--keys", "500",
                                   "--write", document], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            for program, thread in (("mykeyvd", "io"), ("mykeyvd", "lane"), ("mariadbd", ""), ("redis-server", "redis-server")):
                self.assertRegex(done.stdout, rf"\| {program} \| {thread}[^|]* \| \d\.\d\d \| \d\.\d\d \| \d+\.\d\d \|")
            self.assertEqual(document.read_text(), f"before\n<!-- begin profiles -->\n{done.stdout}<!-- end profiles -->\nbehind\n")


class wrong_values(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.redis = peers.redis()
        generators.load("resp", "fill", port=cls.redis.port, prefix="k:", keys=100)

    def get(self):
        return generators.load("resp", "get", port=self.redis.port, prefix="k:", keys=100, seconds=0.05)

    def test_one_value_of_many_that_differs_is_found(self):
        self.get()
        right = self.redis.call("GET", "k:%012d" % 7)
        self.redis.call("SET", "k:%012d" % 7, right[:-1] + b"!")
        with self.assertRaisesRegex(generators.wrong, "k:000000000007"):
            self.get()
        self.redis.call("SET", "k:%012d" % 7, right)

    def test_a_key_that_is_not_there_is_found(self):
        racing = generators.by_redis_benchmark(self.redis, ["GET", "absent:__rand_int__"], generators.hits(self.redis))
        with self.assertRaisesRegex(generators.wrong, "not there"):
            racing.once(0.01, 1)

    def test_a_refused_write_is_found(self):
        self.redis.call("RPUSH", "list", "x")
        racing = generators.by_redis_benchmark(self.redis, ["SET", "list", "x", "GET"], generators.sets_of_redis(self.redis))
        with self.assertRaisesRegex(generators.wrong, "WRONGTYPE"):
            racing.once(0.01, 1)

    def test_a_value_that_was_never_set_is_found(self):
        self.redis.call("SET", "s:%012d" % 0, "1" * 11 + "w" * 89)
        with self.assertRaisesRegex(generators.wrong, "s:000000000000"):
            generators.verify_sets(self.redis, "s:", 10, 100)()

    def test_a_table_that_differs_is_found(self):
        self.redis.call("SET", "t:%012d" % 0, "1" * 12 + "w" * 88)
        generators.verify_sets(self.redis, "t:", 1, 100)()
        with self.assertRaisesRegex(generators.wrong, "table"):
            generators.verify_sets(self.redis, "t:", 1, 100, rows=lambda _: {"t:%012d" % 0: "2" * 12 + "w" * 88})()

    def test_sets_over_what_was_filled_are_told_from_what_was_not_set_at_all(self):
        generators.load("resp", "fill", port=self.redis.port, prefix="f:", keys=10)
        with self.assertRaisesRegex(generators.wrong, "no key was set"):
            generators.verify_sets(self.redis, "f:", 10, 100, filled=True)()
        generators.load("resp", "set", port=self.redis.port, prefix="f:", keys=5, seconds=0.05)
        generators.verify_sets(self.redis, "f:", 10, 100, filled=True)()
        self.redis.call("SET", "f:%012d" % 9, "f:%012d:" % 8 + "v" * 85)
        with self.assertRaisesRegex(generators.wrong, "f:000000000009"):
            generators.verify_sets(self.redis, "f:", 10, 100, filled=True)()


class a_server_that_pauses(unittest.TestCase):
    """For longer than is measured. Nothing but SETs is understood."""

    def setUp(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listening.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connected, _ = self.listening.accept()
        with connected:
            while received := connected.recv(65536):
                select.select([connected], [], [], 0.1)  # nothing more comes
                connected.sendall(b"+OK\r\n" * received.count(b"SET"))

    def test_has_the_rate_of_its_first_answers(self):
        found = generators.load("resp", "set", port=self.listening.getsockname()[1], connections=1, seconds=0.01)
        self.assertEqual((found["operations"], found["completed"]), (1, 1))
        self.assertGreaterEqual(found["seconds"], 0.1)
        self.assertAlmostEqual(found["per_second"], 1 / found["seconds"], delta=0.1)


class instruction_counts(unittest.TestCase):
    instructions = runpy.run_path(str(ROOT / "bench/instructions"))

    def verdict(self, kept, found):
        lines, well = self.instructions["compare"](kept, found)
        return lines[-1].split("|")[-2].strip(), well

    def test_a_rise_of_more_than_five_percent_fails(self):
        self.assertEqual(self.verdict({"parse": 1000}, {"parse": 1060}), ("+6.0% TOO MUCH", False))
        self.assertEqual(self.verdict({"parse": 1000}, {"parse": 1049}), ("+4.9%", True))
        self.assertEqual(self.verdict({"parse": 1000}, {"parse": 500}), ("-50.0%", True))

    def test_one_that_rises_fails_among_others_that_do_not(self):
        lines, well = self.instructions["compare"]({"a": 100, "b": 100, "c": 100}, {"a": 100, "b": 106, "c": 100})
        self.assertFalse(well)
        self.assertEqual([("TOO MUCH" in line) for line in lines[2:]], [False, True, False])

    def test_what_is_new_or_gone_fails(self):
        self.assertEqual(self.verdict({}, {"parse": 1}), ("new", False))
        self.assertEqual(self.verdict({"parse": 1}, {}), ("gone", False))


class sections(unittest.TestCase):
    def test_a_document_without_the_section_is_refused(self):
        with tempfile.NamedTemporaryFile("w+", suffix=".md") as file:
            file.write("<!-- begin other -->\n<!-- end other -->\n")
            file.flush()
            with self.assertRaisesRegex(generators.wrong, "no section targets"):
                report.replace_section(pathlib.Path(file.name), "targets", "text")


if __name__ == "__main__":
    unittest.main(verbosity=2)
