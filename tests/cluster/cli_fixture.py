# SPDX-License-Identifier: Apache-2.0
"""`mykeyv` as a child process: one command, or a playground that is awaited and stopped."""
import contextlib
import json
import os
import pathlib
import select
import subprocess
import time

import harness

MYKEYV = harness.BIN / "mykeyv"


class outcome:
    """What a command left behind."""

    def __init__(self, done):
        self.code, self.raw = done.returncode, done.stdout
        self.out, self.err = done.stdout.decode(errors="replace"), done.stderr.decode()

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def objects(self):
        """Of --output json."""
        return [json.loads(line) for line in self.lines]


def mykeyv(*words, stdin=b"", seconds=60):
    done = subprocess.run([MYKEYV, *map(str, words)], input=stdin, capture_output=True, timeout=seconds)
    return outcome(done)


class playground(harness.process):
    """`mykeyv playground` with `flags`; its stdout is read as it comes."""

    def __init__(self, *flags):
        self.home = harness.temporary_folder("playground")
        super().__init__(f"playground ({self.home.name})", self.home / "stderr")
        self.flags, self.text = flags, ""

    def launch(self):
        environment = os.environ | {"TMPDIR": str(self.home)}  # its temporary directory goes with ours, whatever happens
        self.spawn([MYKEYV, "playground", *self.flags], stdout=subprocess.PIPE, env=environment)
        return self

    def start(self, seconds=harness.START_SECONDS):
        """Starts it and awaits that it has said all it says when ready."""
        self.launch()
        self.await_line("Ctrl-C stops it.", seconds)
        return self

    def await_line(self, line, seconds=harness.START_SECONDS):
        out = self.child.stdout
        deadline = time.monotonic() + seconds
        while line not in self.text.splitlines():
            if not select.select([out], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"not within {seconds:g} s: {line!r}; so far: {self.text}")
            if not (more := out.read1()):
                raise AssertionError(f"it ended with {self.child.wait()}, without {line!r}; it said: {self.text}\n{self.log_text()}")
            self.text += more.decode()

    def stop(self, seconds=60):
        """SIGTERM; its exit code and the rest of what it said."""
        self.terminate()
        return self.await_exit(seconds), self.child.stdout.read().decode()

    @property
    def servers(self):
        """As it says them, for -s."""
        return self.text.split("mykeyv -s ")[1].split()[0]

    @property
    def directory(self):
        return pathlib.Path(self.text.split("data and logs: ")[1].splitlines()[0].removesuffix(" (removed at the end)"))

    def processes(self):
        """Ids of the daemons and MariaDBs on its directory."""
        return processes_with(f"{self.directory}/")


def processes_with(text):
    """Ids of processes with this text among their arguments, without the playground itself and those that have ended."""
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = entry.joinpath("cmdline").read_bytes()
            if text.encode() in words and b"\0playground\0" not in words:
                found.add(int(entry.name))
    return found
