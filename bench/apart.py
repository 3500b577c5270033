# SPDX-License-Identifier: Apache-2.0
"""Rows that are no race: what a cached record costs in memory, and what writers, or the disk alone, do to the latency of readers."""
import json
import pathlib
import subprocess
import time

from cases import fill
from generators import await_calm, check, fields_of, load, rows_of, verify_sets
from peers import harness

RECORD_KEY_BYTES, RECORD_VALUE_BYTES = len("memory:") + 12, 100


def resident_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) * 1024


def cache_of(server):
    figures = fields_of(server.call("INFO", "memory"))
    return int(figures["cache_bytes"]), int(figures["cache_records"])


def measure_memory(peers, records, rounds):
    """Records are stored, the daemon starts again, and reads fill its cache. First a tenth of them, so that buffers have their size."""
    server = peers["mykeyv-large-cache"]
    stored = dict(prefix="memory:", keys=records, value_bytes=RECORD_VALUE_BYTES)
    fill(server, "resp", **stored)
    found = []
    for _ in range(rounds):
        server.terminate()
        server.await_exit()
        server.start()
        read_all(server, stored | {"keys": records // 10})
        (bytes_before, count_before), resident_before = cache_of(server), resident_bytes(server.pid)
        read_all(server, stored)
        (bytes_after, count_after), resident_after = cache_of(server), resident_bytes(server.pid)
        count = count_after - count_before
        check(count_after == records, f"{count_after} records are cached of {records}")
        own = RECORD_KEY_BYTES + RECORD_VALUE_BYTES
        found.append({"by_cache": (bytes_after - bytes_before) / count - own, "resident": (resident_after - resident_before) / count - own,
                      "records": count})
    return found


def read_all(server, stored):
    load("resp", "scan", port=server.port, connections=4, pipeline=64, **stored)


def of_redis(peers, records):
    """The same of redis-server, by its own account and by the system's."""
    server = peers["redis"]
    account = lambda: (int(fields_of(server.call("INFO", "memory"))["used_memory"]), resident_bytes(server.pid))
    before = account()
    fill(server, "resp", prefix="memory:", keys=records, value_bytes=RECORD_VALUE_BYTES)
    after = account()
    own = RECORD_KEY_BYTES + RECORD_VALUE_BYTES
    return {"by_itself": (after[0] - before[0]) / records - own, "resident": (after[1] - before[1]) / records - own}


def by_turns(s, ways):
    """One figure of each of two ways, a round after the other: `ways` is name -> function(seed)."""
    found = []
    for seed in range(s.rounds):
        figures = {}
        for which in sorted(ways, reverse=seed % 2 == 1):
            figures[which] = ways[which](seed)
        found.append(figures | {"ratio": figures["with"]["p99_us"] / figures["without"]["p99_us"]})
    return found


class readers:
    """GETs of a server, `get_rate` a second (0: as fast as replies come), alone or beside writers, who have connections enough.
    `around(pids, once)` says how the GETs are measured; `pids` are the writers'."""

    def __init__(self, server, s, get_rate, set_rate):
        self.server, self.s, self.get_rate, self.set_rate = server, s, get_rate, set_rate
        self.written = dict(prefix="beside:", keys=s.keys, value_bytes=100)
        fill(server, "resp", prefix="get100:", keys=s.keys, value_bytes=100)
        fill(server, "resp", **self.written)

    def get(self, seed):
        return load("resp", "get", port=self.server.port, prefix="get100:", keys=self.s.keys, seconds=self.s.seconds,
                    rate=self.get_rate, seed=seed)

    def alone(self, seed, around=lambda pids, once: once()):
        await_calm([self.server])
        return around([], lambda: self.get(seed))

    def beside(self, seed, around=lambda pids, once: once()):
        await_calm([self.server])
        writing = dict(port=self.server.port, seconds=self.s.seconds + 1, rate=self.set_rate, seed=seed + 1000, connections=200,
                       **self.written)
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in writing.items()]
        begun = commands(self.server)
        writer = subprocess.Popen([harness.BIN / "bench_load", "resp", "set", *flags], stdout=subprocess.PIPE, text=True)
        harness.await_true(lambda: commands(self.server) > begun + self.set_rate * 0.2, "writers write")
        figures = around([writer.pid], lambda: self.get(seed + 500))
        still = writer.poll() is None
        writes = json.loads(writer.communicate()[0])
        check(still and writes["wrong"] == writes["errors"] == 0, f"writers: {writes}")
        return figures | {"writes": writes}

    def verify(self):
        tables = rows_of(self.server, "records") if self.server.name.startswith("mykeyv") else None
        verify_sets(self.server, *self.written.values(), rows=tables, filled=True)()


def measure_readers(server, s, get_rate, set_rate):
    """p99 of GET without and with SET beside it."""
    reading = readers(server, s, get_rate, set_rate)
    found = by_turns(s, {"without": reading.alone, "with": reading.beside})
    reading.verify()
    return found


def measure_disk(server, folder, s, get_rate):
    """p99 of GET without and with a program beside it that writes a file, each write on the disk before the next."""
    stored = dict(prefix="get100:", keys=s.keys)
    fill(server, "resp", value_bytes=100, **stored)
    file = folder / "synced"

    def get(seed):
        return load("resp", "get", port=server.port, seconds=s.seconds, rate=get_rate, seed=seed, **stored)

    def without(seed):
        await_calm([server])
        return get(seed)

    def beside(seed):
        await_calm([server])
        dd = subprocess.Popen(["dd", "if=/dev/zero", f"of={file}", "bs=4096", "oflag=dsync", "status=none"])
        harness.await_true(lambda: file.exists() and file.stat().st_size > 0, "dd writes")
        before, begin = file.stat().st_size, time.monotonic()
        figures = get(seed)
        check(dd.poll() is None, "dd has ended")
        syncs = (file.stat().st_size - before) / 4096 / (time.monotonic() - begin)
        dd.kill()
        dd.wait()
        file.unlink()
        return figures | {"syncs_per_second": syncs}

    return by_turns(s, {"without": without, "with": beside})


def commands(server):
    return int(fields_of(server.call("INFO", "stats"))["total_commands_processed"])
