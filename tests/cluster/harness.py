# SPDX-License-Identifier: Apache-2.0
"""Real processes for the tests: nodes, clusters of them, and a MariaDB of our own. Nothing outlives the test program.

MYKEYV_BIN names the folder with `mykeyvd`. Everything lies in one temporary folder; ports are free ones of the loopback.
Only processes started here are ever ended, by their id. When a test fails, the ends of the logs are shown.
"""
import atexit
import contextlib
import itertools
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import resp
import sql

BIN = pathlib.Path(os.environ.get("MYKEYV_BIN", "build/release/bin")).resolve()
START_SECONDS = 120  # for what needs about one second; machines that run tests are busy
LOG_LINES_SHOWN = 40
MARIADB_LOG_LINES_SHOWN = 120  # a start that ends in an assertion, with what it says of itself

_root = None
_processes = []  # every one that was started; ended ones stay until the end
_pause = threading.Event()  # never set


def temporary_folder(name):
    """A new folder, removed at the end of the program."""
    global _root
    if _root is None:
        _root = pathlib.Path(tempfile.mkdtemp(prefix="mykeyv-"))
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_root))


def await_true(condition, what, seconds=30.0, every=0.01):
    """Returns what `condition` says, once that is true. For events that cannot be waited for otherwise; asked each `every` seconds."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        _pause.wait(every)
    return result


def back_off():
    """What a client does before it asks again, after it was refused."""
    _pause.wait(0.02)


def free_port():
    """Below the ports that the system gives to outgoing connections, so it is still free when its owner comes back."""
    for _ in range(1000):
        port = random.randrange(12000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class process:
    """A child process that dies with us; its stderr goes to a log file."""

    def __init__(self, name, log):
        self.name, self.log, self.child = name, log, None

    def spawn(self, command, **options):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stderr=log,
                                          **{"stdin": subprocess.DEVNULL, **options})
        _processes.append(self)

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_ends(self):
        """(whose log, its last lines), for people who want to know why a test failed."""
        state = "running" if self.is_running() else f"ended with {self.child.returncode}"
        return [(f"{self.name}, {state}", last_lines(self.log, LOG_LINES_SHOWN))]

    def kill(self):
        """kill -9; returns when it is gone."""
        self.child.kill()
        self.child.wait()

    def terminate(self):
        self.child.terminate()

    def await_exit(self, seconds=60.0):
        """Its exit code; negative: the signal that ended it."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended within {seconds:g} s") from None

    def pause(self):
        """SIGSTOP; returns when no thread of it runs any more."""
        os.kill(self.pid, signal.SIGSTOP)
        await_stopped(self.pid, self.name)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)


def await_stopped(pid, name):
    """Returns when no thread of it runs any more."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    state = lambda task: task.joinpath("stat").read_text().rpartition(")")[2].split()[0]
    await_true(lambda: {state(task) for task in tasks.iterdir()} == {"T"}, f"{name} stops")


class node(process):
    """One mykeyvd. With its private MariaDB unless `flags` name another."""

    def __init__(self, *flags, name="node", port=None, data_dir=None):
        self.data_dir = data_dir or temporary_folder(name)
        super().__init__(f"{name} ({self.data_dir.name})", self.data_dir / "mykeyvd.log")
        self.port = free_port() if port is None else port
        self.announced = self.port  # by which other nodes and clients know it
        self.flags = list(flags)
        self.first_start = True

    def start(self):
        """Starts it and awaits its `ready` line."""
        self.launch()
        self.await_ready()
        return self

    def launch(self):
        if "--mysql-socket" not in self.flags and not (self.data_dir / "mysql").exists():
            copy_database(self.data_dir / "mysql")
        self.spawn([BIN / "mykeyvd", "--port", self.port, "--bind", "127.0.0.1", "--data-dir", self.data_dir, *self.flags],
                   stdout=subprocess.PIPE)

    def await_ready(self, seconds=START_SECONDS):
        out, line = self.child.stdout.fileno(), b""
        deadline = time.monotonic() + seconds
        while not line.endswith(b"\n"):
            if not select.select([out], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"{self.name} is not ready within {seconds:g} s")
            if not (more := os.read(out, 4096)):
                raise AssertionError(f"{self.name} ended with {self.child.wait()} before it was ready")
            line += more
        assert line == b"ready on 127.0.0.1:%d\n" % self.port, f"{self.name} said {line!r}"

    def connect(self, seconds=30.0):
        return resp.connection(self.port, seconds)

    def call(self, *words):
        """One command on a connection of its own."""
        with self.connect() as c:
            return c.call(*words)

    def open_mariadb(self):
        """A handle of its private MariaDB: of the next one, where the daemon is about to start it again."""
        def opened():
            for pid in leftovers(self.data_dir):
                with contextlib.suppress(ProcessLookupError):
                    return os.pidfd_open(pid)
            return None
        return await_true(opened, f"{self.name} runs its MariaDB")

    def kill_mariadb(self, and_this=False):
        """kill -9 of its private MariaDB, `and_this`: and of the daemon, in either order; returns when that is gone."""
        handle = self.open_mariadb()
        try:
            victims = [lambda: signal.pidfd_send_signal(handle, signal.SIGKILL)] + [self.child.kill] * and_this
            for kill in random.sample(victims, len(victims)):
                kill()
            assert select.select([handle], [], [], 60)[0], "a killed mariadbd does not end"
        finally:
            os.close(handle)
        if and_this:
            self.child.wait()

    def sql(self, statement):
        return sql.run(self.data_dir / "run/mariadb.sock", statement)

    def log_ends(self):
        own = self.data_dir / "mariadb.log"
        return super().log_ends() + [(f"the MariaDB of {self.name}", last_lines(own, MARIADB_LOG_LINES_SHOWN))] * own.exists()


class mariadb(process):
    """A MariaDB that no daemon looks after, with settings that are safe unless `options` say otherwise."""

    SAFE = ["--log-bin=binlog", "--binlog-format=ROW", "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1",
            "--max-allowed-packet=64M"]

    def __init__(self, *options):
        self.folder = temporary_folder("mariadb")
        super().__init__(f"mariadbd ({self.folder.name})", self.folder / "mariadbd.log")
        self.socket = self.folder / "mysql.sock"
        copy_database(self.folder / "mysql")
        self.options = [*self.SAFE, *options]

    def start(self):
        self.spawn([shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin"), "--no-defaults", f"--datadir={self.folder}/mysql",
                    f"--socket={self.socket}", f"--pid-file={self.folder}/pid", f"--tmpdir={self.folder}",
                    "--skip-networking", "--innodb-log-file-size=96M",
                    "--performance-schema=OFF", *as_root(), *self.options], stdout=subprocess.DEVNULL)
        await_true(lambda: self.is_running() and self.accepts(), "mariadbd accepts connections", START_SECONDS)
        return self

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def flags(self, database="mykeyv"):
        """What tells mykeyvd to use this server."""
        return ["--mysql-socket", str(self.socket), "--mysql-user", "root", "--mysql-database", database]

    def sql(self, statement, database="mykeyv"):
        return sql.run(self.socket, statement, database)


def last_lines(path, count):
    return path.read_text(errors="replace").splitlines()[-count:] if path.exists() else []


def as_root():
    return ["--user=root"] if os.geteuid() == 0 else []


def copy_database(target):
    """Lays down the files of an empty database. Made once per program: that costs seconds, a copy does not."""
    template = _root / "template"
    if not template.exists():
        # Its own folder for temporary tables: a server that starts erases those it finds in the common one, whoever uses them.
        scratch = temporary_folder("scratch")
        shutil.rmtree(f"{template}.new", ignore_errors=True)
        done = subprocess.run(["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                               "--skip-name-resolve", f"--datadir={template}.new", f"--tmpdir={scratch}",
                               "--innodb-log-file-size=96M", *as_root(),
                               "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        os.rename(f"{template}.new", template)
    subprocess.run(["cp", "-r", "--sparse=always", template, f"{target}.copy"], check=True)
    os.rename(f"{target}.copy", target)


class cluster:
    """Nodes that were given one topology at their first start, `slots` left to the planner. With `relays` each is known to the others,
    and to clients, by the port of a relay before it; `port_behind` knows where that leads. `lanes`: of each node, by turns; else as
    they come."""

    def __init__(self, size=3, *flags, relays=None, lanes=None):
        self.lanes = itertools.cycle([["--lanes", str(count)] for count in lanes] if lanes else [[]])
        ids = [f"{random.getrandbits(160):040x}" for _ in range(size)]
        self.relays, self.port_behind = relays, {}
        self.nodes = [self.placed(node(*flags, *next(self.lanes), name=f"node{i}")) for i in range(size)]
        members = [{"id": i, "endpoint": f"127.0.0.1:{n.announced}"} for i, n in zip(ids, self.nodes)]
        self.secret = temporary_folder("secret") / "secret"
        self.secret.write_text(f"{random.getrandbits(160):040x}\n")
        self.flags = flags
        for own, n in zip(ids, self.nodes):
            n.id = own
            topology = n.data_dir / "topology.json"
            topology.write_text(json.dumps({"nodes": members}))
            n.flags += ["--announce", f"127.0.0.1:{n.announced}", "--topology", str(topology), "--node-id", own,
                        "--cluster-secret-file", str(self.secret)]

    def placed(self, fresh):
        """The node, with the port by which others know it."""
        if self.relays:
            fresh.announced = self.relays.before(fresh.port)
            self.port_behind[fresh.announced] = fresh.port
        return fresh

    def start(self):
        for n in self.nodes:
            n.launch()
        for n in self.nodes:
            n.await_ready()
        return self

    def join(self, seed=0):
        """A new node, which joins and owns nothing yet."""
        fresh = self.placed(node(*self.flags, *next(self.lanes), name=f"node{len(self.nodes)}"))
        fresh.flags += ["--announce", f"127.0.0.1:{fresh.announced}", "--join", f"127.0.0.1:{self.nodes[seed].announced}",
                        "--cluster-secret-file", str(self.secret)]
        fresh.start()
        fresh.id = fresh.call("CLUSTER", "MYID").decode()
        self.nodes.append(fresh)
        return fresh

    def status(self, of=0):
        return json.loads(self.nodes[of].call("KV.CLUSTER", "STATUS"))

    def await_settled(self, seconds=120.0):
        """Waits until every member says that no slot has to move, and has heard the same of all others; what it says then."""
        told = []

        def settled():
            told[:] = [json.loads(n.call("KV.CLUSTER", "STATUS")) for n in self.nodes if n.is_running()]
            version = max(each["version"] for each in told)
            well = all(each["version"] == version and each["slots_to_move"] == 0 for each in told)
            there = all(n["version"] == version and n["slots"] == n["desired"] for each in told for n in each["nodes"])
            return told[0] if well and there else None
        try:
            return await_true(settled, "every slot is where it is to be", seconds)
        except AssertionError as late:
            raise AssertionError("\n".join([f"{late}; the members say:", *map(json.dumps, told)])) from None

    def owner(self, key):
        """The node of a key, as the nodes themselves say."""
        slot = resp.slot_of(key)
        for first, last, at, *_ in self.nodes[0].call("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(n for n in self.nodes if n.announced == at[1])
        raise AssertionError(f"nobody serves slot {slot}")

    @property
    def seeds(self):
        return [("127.0.0.1", n.port) for n in self.nodes]


# The end


def stop(nodes):
    """SIGTERM for all at once; each must end with 0."""
    for n in nodes:
        n.terminate()
    for n in nodes:
        assert (code := n.await_exit()) == 0, f"{n.name} ended with {code}"


def leftovers(folder):
    """Ids of the MariaDBs whose data lie below a folder, whoever started them."""
    argument = f"--datadir={folder}/".encode()
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if argument in entry.joinpath("cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def end_everything():
    for each in _processes:
        if each.is_running():
            each.kill()
    if _root is None:
        return
    for pid in leftovers(_root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await_true(lambda: not leftovers(_root), "the last processes end")
    shutil.rmtree(_root, ignore_errors=True)


atexit.register(end_everything)


class verdict(unittest.TextTestResult):
    """Shows the ends of the logs of what runs, and of what should, when a test fails."""

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.show_logs()

    def addError(self, test, err):
        super().addError(test, err)
        self.show_logs()

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.show_logs()

    def show_logs(self):
        for each in dict.fromkeys(_processes):
            for whose, lines in each.log_ends():
                print(f"---- {whose}; its log ends:", *lines, sep="\n", file=sys.stderr)


def main():
    """Runs the tests of the calling program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=verdict, verbosity=2))
