# SPDX-License-Identifier: Apache-2.0
"""Load: redis-benchmark where it speaks the language, bench_load for all else. What was read and written is checked here."""
import csv
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import time

from peers import find_program, harness

TICK = os.sysconf("SC_CLK_TCK")


class wrong(Exception):
    """What was read or written is not what it had to be."""


def check(condition, what):
    if not condition:
        raise wrong(what)


def cpu_seconds(pid):
    """User and system seconds of a process so far, those of its ended threads too."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def await_calm(servers):
    """Waits until the servers have done what they still do in the background, so that none is measured against another one's rest."""
    pids = [pid for each in servers for pid in each.pids()]
    spent = lambda: sum(cpu_seconds(pid) for pid in pids)
    then, used = time.monotonic(), spent()

    def calm():
        nonlocal then, used
        now = time.monotonic()
        if now - then < 0.1:
            return False
        before, used = used, spent()
        share, then = (used - before) / (now - then), now
        return share < 0.15

    harness.await_true(calm, "the servers are calm", 60)


def load(protocol, operation, **options):
    """One run of bench_load; its figures."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = subprocess.run([harness.BIN / "bench_load", protocol, operation, *flags], capture_output=True, text=True)
    check(done.returncode == 0, f"bench_load {protocol} {operation}: {done.stderr}")
    figures = json.loads(done.stdout)
    check(figures["wrong"] == 0 and figures["errors"] == 0, f"{protocol} {operation}: {figures}")
    check(figures["completed"] > 0, f"{protocol} {operation} did nothing: {figures}")
    return figures


class measured:
    """A server under one kind of load, again and again. `run(seconds, seed)` gives figures with a rate."""

    def __init__(self, server, run, verify=lambda: None):
        self.server, self.run, self.verify = server, run, verify

    def once(self, seconds, seed):
        before, generator = {pid: cpu_seconds(pid) for pid in self.server.pids()}, children_seconds()
        figures = self.run(seconds, seed)
        each = 1e6 / max(figures["completed"], 1)
        figures["server_cpu_us"] = [round((cpu_seconds(pid) - seconds) * each, 3) for pid, seconds in before.items()]
        figures["generator_cpu_us"] = round((children_seconds() - generator) * each, 3)
        return figures


def by_load(server, protocol, operation, verify=lambda *_: None, **options):
    """bench_load; `verify(completed)` is told how many operations there were in all."""
    completed = 0

    def run(seconds, seed):
        nonlocal completed
        figures = load(protocol, operation, seconds=seconds, seed=seed, **options)
        completed += figures["completed"]
        return figures

    return measured(server, run, lambda: verify(completed))


def by_redis_benchmark(server, command, counted, connections=50, pipeline=1, keys=100_000, verify=lambda: None):
    """redis-benchmark for about so many seconds; `counted()` is how often the server says to have done such a command."""
    rate = 0

    def some(requests):
        nonlocal rate
        before = counted()
        done = subprocess.run([find_program("redis-benchmark"), "-h", "127.0.0.1", "-p", str(server.port), "-c", str(connections), "-P",
                               str(pipeline), "-n", str(requests), "-r", str(keys), "--csv", *command], capture_output=True, text=True)
        check(done.returncode == 0, f"redis-benchmark: {done.stdout}{done.stderr}")
        rows = [line for line in csv.reader(done.stdout.splitlines()) if len(line) > 6]
        check(len(rows) >= 2 and rows[0][1] == "rps", f"redis-benchmark: {done.stdout}{done.stderr}")
        answered = counted() - before
        check(answered >= requests, f"{server.name} counts {answered} of {requests} times {command[0]}")
        rate = float(rows[-1][1])
        latencies = {name.replace("_latency_ms", "_us"): float(text) * 1e3 for name, text in zip(rows[0][2:], rows[-1][2:])}
        return {"per_second": rate, "completed": answered} | latencies

    def lasting(requests):
        figures = some(requests)
        while math.isinf(rate):  # redis-benchmark knows no time below a millisecond
            requests *= 10
            figures = some(requests)
        return figures

    def run(seconds, seed):
        window = connections * pipeline
        if rate == 0:
            lasting(window)
            lasting(max(int(rate * seconds / 4), window))  # so few said little about the rate
        return lasting(max(int(rate * seconds), window))

    return measured(server, run, verify)


def fields_of(reply):
    return dict(line.split(":", 1) for line in reply.decode().split("\r\n") if ":" in line)


def hits(server):
    """How often a key was found; nothing may be asked for that is not there."""
    missed = int(fields_of(server.call("INFO", "stats"))["keyspace_misses"])

    def count():
        stats = fields_of(server.call("INFO", "stats"))
        check(int(stats["keyspace_misses"]) == missed, f"{server.name}: GET of a key that is not there")
        return int(stats["keyspace_hits"])

    return count


def sets_of_redis(server):
    def count():
        text = fields_of(server.call("INFO", "commandstats")).get("cmdstat_set", "calls=0,failed_calls=0")
        stats = dict(part.split("=") for part in text.split(","))
        check(stats["failed_calls"] == "0" and stats.get("rejected_calls", "0") == "0", f"{server.name}: SET failed: {text}")
        return int(stats["calls"])

    return count


def operations_of_lanes(server):
    return lambda: int(fields_of(server.call("INFO", "stats"))["lane_operations"])


def verify_sets(server, prefix, keys, value_bytes, read=None, rows=None, filled=False):
    """What stands under a sample of the keys is something that was set, or with `filled` what bench_load's fill put there, but not
    under all; `rows(names)`: and the same is in the table. `read`: by what means, else as a client of one server."""

    def verify():
        names = [f"{prefix}{i:012}" for i in range(0, keys, max(keys // 200, 1))]
        found = (read or values_of(server))(names)
        pattern = re.compile(r"\d{%d}w{%d}" % (min(value_bytes, 12), max(value_bytes - 12, 0)))
        before = [name for name, value in found.items() if filled and value == f"{name}:".ljust(value_bytes, "v")[:value_bytes]]
        check(len(found) > len(before), f"{server.name}: no key was set")
        for name in found.keys() - set(before):
            check(pattern.fullmatch(found[name]), f"{server.name}: {name} is {found[name]!r:.60}")
        if rows is not None:
            check(rows(names) == found, f"{server.name}: the table has other values")

    return verify


def values_of(*servers):
    """Of each key that one of them has; the nodes of a cluster answer MOVED for what another one owns."""
    def values(names):
        found = {}
        for server in servers:
            with server.connect() as c:
                replies = list(c.pipeline([("GET", name) for name in names]))
            found |= {name: value.decode() for name, value in zip(names, replies) if isinstance(value, bytes)}
        return found

    return values


def rows_of(server, table):
    def rows(names):
        listed = ",".join(f"'{name}'" for name in names)
        return dict(server.sql(f"SELECT k,v FROM {table} WHERE k IN ({listed})"))

    return rows
