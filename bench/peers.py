# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: ours and its peers. Each is started when the first row needs it, on a free port, with its data below
one temporary folder, and ends with the program. `settings` is what the report shows of each."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/cluster"))
import harness  # noqa: E402
import resp  # noqa: E402

# scripts/install-dependencies bench unpacks here what would start a service if it were installed.
UNPACKED = ROOT / "build/peers"
DATABASE = "direct"
PLUGIN = pathlib.Path("usr/lib/mysql/plugin/handlersocket.so")


def find_program(name):
    places = [os.environ["PATH"], "/usr/sbin", str(UNPACKED / "usr/bin")]
    return shutil.which(name, path=os.pathsep.join(places))


def find_handlersocket():
    return next((root / PLUGIN for root in (pathlib.Path("/"), UNPACKED) if (root / PLUGIN).exists()), None)


# What a peer needs: (whether it is here, the Debian package that has it)
NEEDS = {
    "mykeyv": lambda: [(harness.BIN.joinpath("mykeyvd").exists(), "(build mykeyvd, or set MYKEYV_BIN)"),
                       (harness.BIN.joinpath("bench_load").exists(), "(build bench_load, or set MYKEYV_BIN)"),
                       (find_program("mariadbd"), "mariadb-server-core"), (find_program("mariadb"), "mariadb-client-core"),
                       (find_program("redis-benchmark"), "redis-tools")],
    "redis": lambda: [(find_program("redis-check-rdb"), "redis-tools")],
    "memcached": lambda: [(find_program("memcached"), "memcached")],
    "handlersocket": lambda: [(find_handlersocket(), "mariadb-server")],
}


def missing(peers):
    """Names of the Debian packages that are not here."""
    return sorted({package for peer in peers for here, package in NEEDS.get(peer.split("-")[0], lambda: [])() if not here})


def version_of(program):
    """The first line of what it says of itself."""
    for flag in ("--version", "-V"):
        said = subprocess.run([program, flag], capture_output=True, text=True)
        if said.returncode == 0 and said.stdout:
            return said.stdout.splitlines()[0].replace(str(program), pathlib.Path(program).name)
    return "of unknown version"


class server(harness.process):
    """One program on the loopback, in a folder of its own."""

    def __init__(self, name):
        self.folder = harness.temporary_folder(name)
        super().__init__(name, self.folder / "log")
        self.port = harness.free_port()

    def begin(self, command):
        with open(self.log, "ab") as log:
            self.spawn(command, stdout=log, cwd=self.folder)
        harness.await_true(lambda: self.is_running() and self.accepts(), f"{self.name} accepts connections")
        self.settings = f"{version_of(command[0])}: `{self.shown(command)}`"
        return self

    def accepts(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def shown(self, words):
        """The command as people read it: without our folders."""
        text = " ".join(str(word) or "''" for word in words).replace(str(UNPACKED), "")
        return text.replace(f"{self.folder}/redis-server", "redis-server").replace(str(self.folder), "D")

    def pids(self):
        return [self.pid]


class redis(server):
    """redis-server is the same program as redis-check-rdb, by another name; so redis-tools has it, without a service. The AOF is
    never rewritten in the background, and no snapshot is made: that would only cost it."""

    def __init__(self, *flags):
        super().__init__("redis")
        program = self.folder / "redis-server"
        program.symlink_to(find_program("redis-check-rdb"))
        self.begin([program, "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                    "--auto-aof-rewrite-percentage", "0", *flags])

    def connect(self):
        return resp.connection(self.port)

    def call(self, *words):
        with self.connect() as c:
            return c.call(*words)


class memcached(server):
    def __init__(self):
        super().__init__("memcached")
        user = ["-u", "root"] if os.geteuid() == 0 else []
        self.begin([find_program("memcached"), "-l", "127.0.0.1", "-p", self.port, "-U", "0", "-m", "1024", "-t", "2", *user])


class mykeyv(harness.node):
    """A daemon that is a cluster of its own, with a private MariaDB."""

    def __init__(self, *flags):
        super().__init__(*flags, name="mykeyv")
        self.start()
        self.settings = (f"{version_of(harness.BIN / 'mykeyvd')}: `{' '.join(['mykeyvd', *flags])}`, else as it comes, with its own "
                         f"`{self.shown_mariadb()}`")

    def mariadb_pid(self):
        return int((self.data_dir / "run/mariadb.pid").read_text())

    def mariadb_arguments(self):
        """The settings of the private MariaDB, as it was started with."""
        return pathlib.Path(f"/proc/{self.mariadb_pid()}/cmdline").read_text().split("\0")[1:-1]

    def shown_mariadb(self):
        return "mariadbd " + " ".join(self.mariadb_arguments()).replace(str(self.data_dir), "D")

    def pids(self):
        return [self.pid, self.mariadb_pid()]

    def info(self):
        lines = self.call("INFO").decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)


class mariadb(server):
    """The same MariaDB, started with the very arguments of a private one; used directly."""

    TABLES = ("CREATE DATABASE direct CHARACTER SET binary; USE direct;"
              "CREATE TABLE kv (k VARBINARY(1024) NOT NULL PRIMARY KEY, v LONGBLOB NOT NULL) ENGINE=InnoDB;"
              "CREATE TABLE counters (k VARBINARY(1024) NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB;"
              "CREATE TABLE docs (k VARBINARY(1024) NOT NULL PRIMARY KEY, doc LONGBLOB NOT NULL) ENGINE=InnoDB")

    def __init__(self, like, *flags):
        super().__init__("mariadb")
        self.socket = self.folder / "run/mariadb.sock"
        for each in ("run", "tmp"):
            (self.folder / each).mkdir()
        harness.copy_database(self.folder / "mysql")
        arguments = [word.replace(str(like.data_dir), str(self.folder)) for word in like.mariadb_arguments()]
        self.begin([find_program("mariadbd"), *arguments, *flags])
        self.sql(self.TABLES, "mysql")

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def sql(self, statement, database=DATABASE):
        return harness.sql.run(self.socket, statement, database)


class handlersocket(mariadb):
    """A MariaDB whose rows are read past SQL, by its HandlerSocket plugin."""

    def __init__(self, like):
        self.port_of_plugin, writing = harness.free_port(), harness.free_port()
        super().__init__(like, "--plugin-maturity=unknown", f"--plugin-dir={find_handlersocket().parent}",
                         "--plugin-load-add=handlersocket.so", "--handlersocket-address=127.0.0.1",
                         f"--handlersocket-port={self.port_of_plugin}", f"--handlersocket-port-wr={writing}", "--handlersocket-threads=4",
                         "--handlersocket-plain-secret=SECRET")


class peers:
    """Every server by its name; started when it is asked for the first time."""

    def __init__(self):
        self.running = {}
        self.makers = {
            "mykeyv": lambda: mykeyv(),
            "mykeyv-no-cache": lambda: mykeyv("--cache-bytes", "0"),
            "mykeyv-large-cache": lambda: mykeyv("--cache-bytes", "4GiB"),
            "redis": lambda: redis(),
            "redis-always": lambda: redis("--appendonly", "yes", "--appendfsync", "always"),
            "memcached": lambda: memcached(),
            "mariadb": lambda: mariadb(self["mykeyv"]),
            "handlersocket": lambda: handlersocket(self["mykeyv"]),
        }

    def __getitem__(self, name):
        if name not in self.running:
            self.running[name] = self.makers[name]()
        return self.running[name]

    def settings(self):
        return {name: each.settings for name, each in self.running.items()}
