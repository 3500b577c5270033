# SPDX-License-Identifier: Apache-2.0
"""What is measured: each case is one line of the report, ours beside one peer, and checks of what was read and written."""
import dataclasses
import hashlib
import typing

from generators import (by_load, by_redis_benchmark, check, hits, load, operations_of_lanes, rows_of, sets_of_redis, verify_sets)

ADD_ONE = "local r = ...; r.n = r.n + 1; return true"
UPDATED = 10_000  # documents


@dataclasses.dataclass
class case:
    name: str     # for --only; the part before the first dot is its row
    work: str
    target: float | None
    to: str
    uses: tuple   # names of servers: ours, the peer's
    prepare: typing.Callable  # (peers, scale) -> (ours, the peer's), each `measured`


@dataclasses.dataclass
class scale:
    seconds: float
    rounds: int
    keys: int
    updated: int


class filled:
    """Remembers what was stored where, so that it is stored once."""

    def __init__(self):
        self.done = set()

    def __call__(self, server, protocol, operation="fill", **options):
        mark = (id(server), operation, *sorted(options.items()))
        if mark not in self.done:
            if protocol == "mysql":
                load(protocol, operation, socket=server.socket, **options)
            else:
                load(protocol, operation, port=server.port, connections=4, pipeline=256, **options)
            self.done.add(mark)


fill = filled()


def fewer(keys, value_bytes):
    """Values of one size take no more memory than 100,000 of 1 KB."""
    return max(min(keys, 100_000_000 // value_bytes), 100)


def get_case(suffix, pipeline, target, value_bytes=100, note=""):
    def prepare(peers, s):
        keys, prefix = fewer(s.keys, value_bytes), f"get{value_bytes}:"
        sides = []
        for server in (peers["mykeyv"], peers["redis"]):
            fill(server, "resp", prefix=prefix, keys=keys, value_bytes=value_bytes)
            load("resp", "get", port=server.port, pipeline=16, prefix=prefix, keys=keys, value_bytes=value_bytes, seconds=min(s.seconds, 1))
            sides.append(by_redis_benchmark(server, ["GET", prefix + "__rand_int__"], hits(server), 50, pipeline, keys))
        return sides

    work = f"GET, cached, 50 connections, pipeline {pipeline}{note}"
    return case(f"get.{suffix}", work, target, "redis-server", ("mykeyv", "redis"), prepare)


def get_by_load_case(suffix, to, peer, protocol, pipeline, **how):
    def prepare(peers, s):
        sides = []
        for server, language in ((peers["mykeyv"], "resp"), (peers[peer], protocol)):
            fill(server, language, prefix="get100:", keys=s.keys, value_bytes=100)
            sides.append(by_load(server, language, "get", port=server.port, pipeline=pipeline, prefix="get100:", keys=s.keys, **how))
        return sides

    note = ", zipfian keys" if how else ""
    return case(f"get.{suffix}", f"GET, cached, 50 connections, pipeline {pipeline}{note}", None, to, ("mykeyv", peer), prepare)


def set_case(suffix, connections, pipeline, target, value_bytes=100, note=""):
    def prepare(peers, s):
        keys, prefix = fewer(s.keys, value_bytes), f"set{value_bytes}:"
        ours, redis = peers["mykeyv"], peers["redis-always"]
        command = ["SET", prefix + "__rand_int__", "__rand_int__".ljust(value_bytes, "w")]
        return [by_redis_benchmark(ours, command, operations_of_lanes(ours), connections, pipeline, keys,
                                   verify_sets(ours, prefix, keys, value_bytes, rows=rows_of(ours, "records"))),
                by_redis_benchmark(redis, command, sets_of_redis(redis), connections, pipeline, keys,
                                   verify_sets(redis, prefix, keys, value_bytes))]

    times = f", pipeline {pipeline}" if pipeline > 1 else ""
    return case(f"set.{suffix}", f"SET, durable, {connections} connections{times}{note}", target, "redis-server, appendfsync always",
                ("mykeyv", "redis-always"), prepare)


def set_direct_case(suffix, target, note="", **how):
    def prepare(peers, s):
        ours, direct = peers["mykeyv"], peers["mariadb"]
        same = dict(prefix="direct:", keys=s.keys, value_bytes=100, **how)
        fill(ours, "resp", **{name: same[name] for name in ("prefix", "keys", "value_bytes")})
        fill(direct, "mysql", **{name: same[name] for name in ("prefix", "keys", "value_bytes")})
        sampled = (same["prefix"], same["keys"], same["value_bytes"])
        verify_ours = verify_sets(ours, *sampled, rows=rows_of(ours, "records"), filled=True)
        verify_direct = verify_sets(direct, *sampled, read=rows_of(direct, "kv"), filled=True)
        return [by_load(ours, "resp", "set", lambda _: verify_ours(), port=ours.port, **same),
                by_load(direct, "mysql", "set", lambda _: verify_direct(), socket=direct.socket, **same)]

    work = f"SET, durable, 50 connections{note}"
    return case(f"set.{suffix}", work, target, "MariaDB directly, autocommit", ("mykeyv", "mariadb"), prepare)


def prepare_incr(peers, s):
    ours, direct = peers["mykeyv"], peers["mariadb"]
    ours.call("DEL", "hot:%012d" % 0)
    direct.sql("DELETE FROM counters")

    def verify_ours(completed):
        counted = ours.call("GET", "hot:%012d" % 0)
        check(int(counted) == completed, f"{completed} times INCR is {counted}")

    def verify_direct(completed):
        counted = direct.sql("SELECT n FROM counters")
        check(counted == [[str(completed)]], f"{completed} times one more is {counted}")

    same = dict(prefix="hot:", keys=1)
    return [by_load(ours, "resp", "incr", verify_ours, port=ours.port, **same),
            by_load(direct, "mysql", "incr", verify_direct, socket=direct.socket, **same)]


def cold_get_case(suffix, pipeline, target, peer="mariadb", to="MariaDB directly, prepared SELECT", peer_pipeline=1, **how):
    def prepare(peers, s):
        ours, other = peers["mykeyv-no-cache"], peers[peer]
        stored = dict(prefix="cold:", keys=s.keys, value_bytes=100)
        fill(ours, "resp", **stored)
        fill(other, "mysql", **stored)
        theirs = dict(socket=other.socket) if peer == "mariadb" else dict(port=other.port_of_plugin, pipeline=peer_pipeline)
        return [by_load(ours, "resp", "get", port=ours.port, pipeline=pipeline, **stored, **how),
                by_load(other, "mysql" if peer == "mariadb" else peer, "get", **theirs, **stored, **how)]

    note = ", zipfian keys" if how else ""
    return case(f"cold.{suffix}", f"GET, cache off, rows in the buffer pool, 50 connections, pipeline {pipeline}{note}", target, to,
                ("mykeyv-no-cache", peer), prepare)


def mget_case(suffix, operation, target, to):
    def prepare(peers, s):
        ours, direct = peers["mykeyv-no-cache"], peers["mariadb"]
        stored = dict(prefix="g", keys=s.keys // 50 * 50, value_bytes=100)
        fill(direct, "mysql", "fill_groups", **stored)
        fill(ours, "resp", "fill_groups", **stored)
        return [by_load(ours, "resp", "mget", port=ours.port, **stored),
                by_load(direct, "mysql", operation, socket=direct.socket, **stored)]

    return case(f"mget.{suffix}", "MGET of 50 keys, cache off, 50 connections", target, to, ("mykeyv-no-cache", "mariadb"), prepare)


def updated(operation, s):
    """What update cases have in common: documents on both sides, and that their numbers add up."""

    def prepare(peers, protocol):
        ours, direct = peers["mykeyv"], peers["mariadb"]
        stored = dict(prefix=operation + ":", keys=s.updated, value_bytes=100)
        load("client", "fill_docs", port=ours.port, **stored)
        load("mysql", "fill_docs", socket=direct.socket, **stored)
        numbers = "SELECT SUM(JSON_VALUE(CONVERT({} USING utf8mb4), '$.n')) FROM {} WHERE k LIKE '" + operation + ":%'"

        def adds_up(server, column, table):
            def verify(completed):
                total = server.sql(numbers.format(column, table))[0][0]
                check(float(total) == completed, f"{server.name}: {completed} updates add up to {total}")
            return verify

        sha1 = ours.call("KV.LOAD", ADD_ONE)
        check(sha1.decode() == hashlib.sha1(ADD_ONE.encode()).hexdigest(), f"KV.LOAD says {sha1}")
        extra = {} if protocol == "client" else {"sha1": sha1.decode()}
        return [by_load(ours, protocol, operation, adds_up(ours, "v", "records"), port=ours.port, **stored, **extra),
                by_load(direct, "mysql", operation, adds_up(direct, "doc", "docs"), socket=direct.socket, **stored)]

    return prepare


def prepare_client(peers, s):
    ours = peers["mykeyv"]
    stored = dict(prefix="get100:", keys=s.keys, value_bytes=100)
    fill(ours, "resp", **stored)
    same = dict(port=ours.port, pipeline=64, **stored)
    return [by_load(ours, "client", "get", **same), by_load(ours, "hiredis", "get", **same)]


CASES = [
    get_case("1", 1, 1.0), get_case("16", 16, 1.3), get_case("64", 64, 1.3),
    set_case("50", 50, 1, 1.0), set_case("200", 200, 1, 0.9), set_case("50x16", 50, 16, 0.8),
    set_direct_case("direct", 3.3),
    case("incr", "INCR of one hot key, durable, 50 connections", 10, "MariaDB directly", ("mykeyv", "mariadb"), prepare_incr),
    cold_get_case("1", 1, 1.0), cold_get_case("16", 16, 3.0),
    mget_case("in", "mget", 3.0, "MariaDB directly, SELECT ... IN (50 keys)"),
    case("update.many", "update() of 10,000 documents in one call", 8, "SELECT FOR UPDATE, UPDATE, COMMIT on 50 connections",
         ("mykeyv", "mariadb"), lambda peers, s: updated("update_many", s)(peers, "client")),
    case("update.one", "update() of one document at a time, 50 connections", 3, "the same", ("mykeyv", "mariadb"),
         lambda peers, s: updated("update", s)(peers, "resp")),
    case("client", "C++ client, one thread, 64 requests in flight, GET", 0.9, "hiredis, 64 pipelined by hand", ("mykeyv", "mykeyv"),
         prepare_client),
]

# Without a target: other peers, larger values, keys that are not all alike.
MORE = [
    get_by_load_case("memcached.1", "memcached", "memcached", "memcached", 1),
    get_by_load_case("memcached.16", "memcached", "memcached", "memcached", 16),
    cold_get_case("handlersocket.1", 1, None, "handlersocket", "HandlerSocket"),
    cold_get_case("handlersocket.16", 16, None, "handlersocket", "HandlerSocket, pipeline 16", 16),
    mget_case("single", "mget_single", None, "MariaDB directly, 50 prepared SELECTs"),
    get_by_load_case("zipf.16", "redis-server", "redis", "resp", 16, zipf=0.99),
    set_direct_case("zipf", None, ", zipfian keys", zipf=0.99),
    cold_get_case("zipf.1", 1, None, zipf=0.99),
    get_case("1k.16", 16, None, 1000, ", values of 1 KB"), get_case("16k.1", 1, None, 16_000, ", values of 16 KB"),
    set_case("1k.50", 50, 1, None, 1000, ", values of 1 KB"), set_case("16k.50", 50, 1, None, 16_000, ", values of 16 KB"),
]
