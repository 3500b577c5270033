#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/quickstart does around the programs: stand-ins take the place of the build and of the programs themselves."""
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/quickstart"
LAST_LINE = "jerry played for the grateful dead"

PLAYGROUND = """#!/usr/bin/python3
import os, pathlib, signal, sys
def stop(*_):
    pathlib.Path("stopped").touch()
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
pathlib.Path("arguments").write_text(" ".join(sys.argv[1:]))
print("making three nodes")
print("ready", flush=True)
signal.pause()
"""


class quickstart(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        shutil.copy(SCRIPT, self.root / "scripts/quickstart")
        self.program("scripts/install-dependencies", "#!/bin/sh\n")
        self.program("path/cmake", "#!/bin/sh\n")
        self.program("build/release/bin/mykeyv", PLAYGROUND)
        self.program("build/release/bin/grateful_dead", f"#!/bin/sh\necho asked $1\necho '{LAST_LINE}'\n")

    def program(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def start(self, stdin=subprocess.DEVNULL):
        environment = dict(os.environ, PATH=f"{self.root}/path:{os.environ['PATH']}")
        started = subprocess.Popen(["scripts/quickstart"], cwd=self.root, env=environment, stdin=stdin, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        return started

    def run_to_the_end(self):
        started = self.start()
        out, err = started.communicate(timeout=30)
        return started.returncode, out.splitlines(), err

    def on_a_terminal(self):
        """A quickstart that has shown its last line to a terminal."""
        terminal, stdin = pty.openpty()
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.close, stdin)
        started = self.start(stdin)
        for line in started.stdout:
            if line.strip() == LAST_LINE:
                return started
        self.fail("the example did not run")

    def stopped(self):
        return (self.root / "stopped").exists()

    def test_without_a_terminal_ends_with_the_example_and_leaves_nothing_behind(self):
        code, out, err = self.run_to_the_end()
        self.assertEqual((code, out[-1], err), (0, LAST_LINE, ""))
        self.assertTrue(self.stopped())

    def test_says_how_to_connect(self):
        _, out, _ = self.run_to_the_end()
        port = (self.root / "arguments").read_text().split()[-1]
        self.assertTrue(any(f"redis-cli -c -p {port}" in line for line in out), out)
        self.assertTrue(any(f"mykeyv -s 127.0.0.1:{port}" in line for line in out), out)
        self.assertIn(f"asked 127.0.0.1:{port}", out)

    def test_leaves_a_port_that_is_taken_alone(self):
        with socket.socket() as somebody:
            somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                somebody.bind(("127.0.0.1", 6959))
                somebody.listen()
            except OSError:
                pass  # somebody else has it: as good
            self.run_to_the_end()
        port = int((self.root / "arguments").read_text().split()[-1])
        self.assertGreaterEqual(port, 6961)

    def test_on_a_terminal_stays_until_interrupted(self):
        started = self.on_a_terminal()
        self.assertFalse(self.stopped())
        os.killpg(started.pid, signal.SIGINT)
        self.assertEqual(started.wait(timeout=30), 0)
        self.assertTrue(self.stopped())

    def test_that_is_terminated_stops_the_cluster(self):
        started = self.on_a_terminal()
        started.terminate()
        self.assertEqual(started.wait(timeout=30), 143)
        self.assertTrue(self.stopped())

    def test_fails_when_the_cluster_does_not_start(self):
        self.program("build/release/bin/mykeyv", "#!/bin/sh\necho 'no mariadbd found'\nexit 3\n")
        code, out, err = self.run_to_the_end()
        self.assertEqual(code, 1)
        self.assertIn("  no mariadbd found", out)
        self.assertIn("did not say 'ready'", err)

    def test_fails_with_the_example_and_still_stops_the_cluster(self):
        self.program("build/release/bin/grateful_dead", "#!/bin/sh\nexit 1\n")
        code, _, err = self.run_to_the_end()
        self.assertEqual((code, err), (1, "quickstart: the example failed\n"))
        self.assertTrue(self.stopped())

    def test_fails_with_the_build(self):
        self.program("path/cmake", "#!/bin/sh\nexit 1\n")
        code, _, err = self.run_to_the_end()
        self.assertEqual((code, err), (1, "quickstart: the build could not be configured\n"))


class dependencies(unittest.TestCase):
    def test_of_a_build_have_every_program_without_which_cmake_ends(self):
        wanted = set()
        for file in [ROOT / "CMakeLists.txt", *ROOT.glob("*/**/CMakeLists.txt"), *ROOT.glob("cmake/*.cmake")]:
            if "build" not in file.relative_to(ROOT).parts:
                wanted.update(re.findall(r"find_program\(\w+ (\S+)[^)]*REQUIRED", file.read_text()))
        self.assertIn("python3", wanted)
        before_tests = (ROOT / "scripts/install-dependencies").read_text().split("if [[ $what")[0]
        installed = {word for line in before_tests.splitlines() if line.startswith("need ") for word in line.split()}
        self.assertLessEqual(wanted, installed)


if __name__ == "__main__":
    unittest.main()
