# SPDX-License-Identifier: Apache-2.0
"""Clients that write and read all the time, through every crash, and know exactly what they may find.

Each writer owns its keys, so after each answer it knows what its keys hold, and after trouble which few values they may hold;
a value outside of them fails the test. All values only grow, so readers need no more than two numbers per key: what was
acknowledged or seen by anybody before the read was sent, and what had been sent when its reply came.

    counter:  SET to more, INCR, INCRBY            never absent
    plain:    SET, SETNX, DEL, GETDEL, GET         a number that grows, or absent
    document: KV.EVAL adds one to two members      both members always alike (promise 5)
    expiring: SET PX, on a key of its own          there before its time, never after it
"""
import collections
import json
import random
import threading
import time

import model
import resp

ADD_ONE_TO_BOTH = """
local record = ... or {a = 0, b = 0}
record.a = record.a + 1
record.b = record.b + 1
return kv.put(record), record.b
"""
EXPIRY_MS = 400
CLOCK_MS = 20  # how far two readings of one clock may be apart in what they are used for


def now_ms():
    return time.time() * 1000


# Documents are numbers in the model; here is how they travel.


def to_wire(words):
    if words[0] == "UPDATE":
        return ("KV.EVAL", ADD_ONE_TO_BOTH, "null", 1, words[1])
    if words[0] == "READ":
        return ("JSON.GET", words[1])
    return words


def from_wire(words, reply):
    if isinstance(reply, resp.refusal) or words[0] not in ("UPDATE", "READ"):
        return reply
    if words[0] == "UPDATE":
        (status, result), = reply
        if status == b"error":  # its own words: CODE sentence
            return resp.refusal((result if isinstance(result, bytes) else result[0]).decode())
        assert status == b"stored", f"update answered {reply!r}"
        return int(result)
    if reply is None:
        return None
    document = json.loads(reply)
    assert document["a"] == document["b"], f"half an update: {reply!r}"
    return b"%d" % document["a"]


class load:
    """`connect` makes a connection, or raises resp.gone. Threads run from start() to stop(); the first failure of any of them is
    raised by whatever is called next."""

    def __init__(self, connect, writers=4, readers=2, keys_each=40, depth=24, seed=1):
        self.connect = connect
        self.depth = depth
        self.serving = threading.Event()  # cleared while there is nobody to connect to
        self.serving.set()
        self.stopping = threading.Event()
        self.failure = None
        self.floor = collections.defaultdict(int)    # key: acknowledged, or seen by anybody
        self.ceiling = collections.defaultdict(int)  # key: the largest value that may ever have been
        self.recent = collections.deque(["w0:counter:0"], 64)  # keys that were just sent: what is not committed yet must not be seen
        self.changed = threading.Condition()
        self.writers = [writer(self, i, keys_each, random.Random(seed * 1000 + i)) for i in range(writers)]
        self.readers = [reader(self, random.Random(seed * 1000 + 500 + i)) for i in range(readers)]

    @property
    def clients(self):
        return [*self.writers, *self.readers]

    def start(self):
        for each in self.clients:
            each.thread.start()
        return self

    def await_acks(self, count, seconds=120.0):
        """Waits until every writer has `count` more acknowledged writes."""
        wanted = [(each, each.counted["acknowledged writes"] + count) for each in self.writers]
        self.await_that(lambda: all(each.counted["acknowledged writes"] >= n for each, n in wanted), "writes are acknowledged", seconds)

    def verify(self, seconds=120.0):
        """Has every writer read all of its keys."""
        wanted = [(each, each.verified + 1) for each in self.writers]
        for each in self.writers:
            each.verify_wanted = True
        self.await_that(lambda: all(each.verified >= n for each, n in wanted), "every writer reads its keys", seconds)

    def await_that(self, condition, what, seconds=120.0):
        with self.changed:
            well = self.changed.wait_for(lambda: self.failure or condition(), seconds)
        self.raise_failure()
        assert well, f"not within {seconds:g} s: {what}; {self.report()}"

    def stop(self):
        self.stopping.set()
        self.serving.set()
        for each in self.clients:
            each.thread.join(120)
            assert not each.thread.is_alive(), f"{each.thread.name} hangs"
        self.raise_failure()

    def totals(self):
        return sum((each.counted for each in self.clients), collections.Counter())

    def report(self):
        return ", ".join(f"{number} {name}" for name, number in sorted(self.totals().items()))

    def raise_failure(self):
        if self.failure:
            raise AssertionError(f"{self.failure}; {self.report()}") from self.failure

    def values(self):
        """What each key holds now. After stop(), and after trouble only after verify()."""
        known = {}
        for each in self.writers:
            for key, state in each.keys.items():
                known[key], = state.values
        return known


class client:
    def __init__(self, of, name, choices):
        self.load, self.choices = of, choices
        self.counted = collections.Counter()
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self):
        try:
            while not self.load.stopping.is_set():
                try:
                    with self.load.connect() as connection:
                        self.talk(connection)
                except resp.gone:
                    self.counted["lost connections"] += 1
                    self.load.serving.wait(120)
                    self.load.stopping.wait(0.01)
        except BaseException as why:
            self.load.failure = self.load.failure or why
            raise
        finally:
            self.progress()

    def progress(self):
        with self.load.changed:
            self.load.changed.notify_all()

    def raise_to(self, bounds, key, number):
        if number > bounds[key]:
            bounds[key] = number


class writer(client):
    def __init__(self, of, index, keys_each, choices):
        super().__init__(of, f"writer{index}", choices)
        names = [f"w{index}:{kind}:{i}" for kind in ("counter", "plain", "document") for i in range(keys_each)]
        self.keys = {key: model.possible() for key in names}
        self.names = names
        self.index = index
        self.expiring = []  # (key, value, sent, certainly stored before or None)
        self.verified = 0
        self.verify_wanted = False
        self.expiring_made = 0

    def talk(self, connection):
        self.verify(connection)
        while not self.load.stopping.is_set():
            if self.verify_wanted:
                self.verify(connection)
            refused = self.counted["refused writes"]
            self.write(connection)
            self.progress()
            if self.counted["refused writes"] > refused:
                self.load.stopping.wait(0.01)

    def choose(self):
        """Any command on any of our keys."""
        key = self.choices.choice(self.names)
        kind = key.split(":")[1]
        more = self.load.ceiling[key] + self.choices.randint(1, 3)
        if kind == "counter":
            return self.choices.choice([("SET", key, more), ("INCR", key), ("INCRBY", key, 3), ("INCR", key), ("GET", key)])
        if kind == "document":
            return self.choices.choice([("UPDATE", key), ("READ", key)])
        return self.choices.choice([("SET", key, more), ("SETNX", key, more), ("SET", key, more, "PX", 600_000), ("DEL", key),
                                    ("GETDEL", key), ("GET", key)])

    def expect(self, words):
        """Raises the largest value that readers may see, before the command is sent."""
        name, key, *arguments = words
        self.load.recent.append(key)
        at_most = {"INCR": self.load.ceiling[key] + 1, "UPDATE": self.load.ceiling[key] + 1}.get(name, 0)
        if name in ("SET", "SETNX"):
            at_most = arguments[0]
        elif name == "INCRBY":
            at_most = self.load.ceiling[key] + arguments[0]
        self.raise_to(self.load.ceiling, key, at_most)

    def write(self, connection):
        """One pipeline of commands, its replies, and what they tell."""
        commands = []
        for _ in range(self.load.depth):
            words = self.choose()
            self.expect(words)
            commands.append(words)
        commands.append(self.expiring_command())
        unanswered = collections.deque(commands)
        sent = now_ms()
        try:
            for reply in connection.pipeline([to_wire(words) for words in commands]):
                self.answered(unanswered[0], reply, sent)
                unanswered.popleft()
        finally:
            for words in unanswered:
                self.not_answered(words, sent)

    def answered(self, words, reply, sent):
        reply = from_wire(words, reply)
        if isinstance(reply, resp.refusal):
            if reply.prefix == model.UNCERTAIN:
                self.counted["uncertain writes"] += 1
                return self.not_answered(words, sent)
            assert reply.prefix in model.NOT_EXECUTED, f"{words} answered {reply}"
            self.counted["refused writes"] += 1
            return
        if words[1] not in self.keys:
            assert reply == b"OK", f"{words} answered {reply}"
            self.expiring.append((words[1], words[2], sent, now_ms()))
            return
        state = self.keys[words[1]]
        state.answered(words, reply)
        if words[0] in ("GET", "READ"):
            self.counted["checked reads"] += 1
            return
        self.counted["acknowledged writes"] += 1
        self.raise_floor(words[1])

    def not_answered(self, words, sent):
        self.counted["unknown outcomes"] += 1
        if words[1] in self.keys:
            self.keys[words[1]].unanswered(words)
        else:
            self.expiring.append((words[1], words[2], sent, None))

    def raise_floor(self, key):
        values = self.keys[key].values
        if len(values) == 1 and (value := next(iter(values))) is not None:
            self.raise_to(self.load.floor, key, int(value))

    def expiring_command(self):
        self.expiring_made += 1
        return ("SET", f"w{self.index}:expiring:{self.expiring_made}", self.expiring_made, "PX", EXPIRY_MS)

    def verify(self, connection):
        """Reads every key until it answers: it holds what it may hold, or the test fails."""
        left = [("READ" if ":document:" in key else "GET", key) for key in self.names]
        while left and not self.load.stopping.is_set():
            refused = []
            for words, reply in zip(left, connection.pipeline([to_wire(words) for words in left])):
                reply = from_wire(words, reply)
                if isinstance(reply, resp.refusal):
                    assert reply.prefix in model.NOT_EXECUTED, f"a read answered {reply}"
                    refused.append(words)
                    continue
                self.keys[words[1]].answered(words, reply)
                self.counted["checked reads"] += 1
                self.raise_floor(words[1])
            left = refused
            if left:
                self.load.stopping.wait(0.02)
        if not left and self.verify_expiring(connection):
            self.verify_wanted = False
            self.verified += 1
            self.progress()

    def verify_expiring(self, connection):
        """Those whose time has not come are there, those whose time is over are not. False: not every one could be read."""
        settled = now_ms()
        keep = []
        read_at = now_ms()
        replies = list(connection.pipeline([("GET", key) for key, *_ in self.expiring]))
        answered_at = now_ms()
        for (key, value, sent, acknowledged), reply in zip(self.expiring, replies):
            acknowledged_or_settled = acknowledged or settled
            if isinstance(reply, resp.refusal):
                return False
            if reply is None:
                too_early = acknowledged and answered_at < sent + EXPIRY_MS - CLOCK_MS
                assert not too_early, f"{key} is not there {answered_at - sent:.0f} ms after it was stored for {EXPIRY_MS} ms"
            else:
                assert reply == b"%d" % value
                too_late = read_at > acknowledged_or_settled + EXPIRY_MS + CLOCK_MS
                assert not too_late, f"{key} is still there {read_at - sent:.0f} ms after it was stored for {EXPIRY_MS} ms"
                keep.append((key, value, sent, acknowledged or settled))
            self.counted["checked expiries"] += 1
        self.expiring = keep
        return True


class reader(client):
    def __init__(self, of, choices):
        super().__init__(of, "reader", choices)
        self.names = [key for each in of.writers for key in each.names]

    def talk(self, connection):
        while not self.load.stopping.is_set():
            half = self.load.depth // 2
            keys = self.choices.choices(self.names, k=half) + self.choices.choices(self.load.recent, k=half)
            commands = [("READ" if ":document:" in key else "GET", key) for key in keys]
            floors = [self.load.floor[key] for key in keys]
            replies = list(connection.pipeline([to_wire(words) for words in commands]))
            for words, floor, reply in zip(commands, floors, replies):
                self.check(words, floor, from_wire(words, reply))
            self.progress()
            if any(isinstance(reply, resp.refusal) for reply in replies):
                self.load.stopping.wait(0.01)

    def check(self, words, floor, reply):
        key = words[1]
        if isinstance(reply, resp.refusal):
            assert reply.prefix in model.NOT_EXECUTED, f"a read answered {reply}"
            self.counted["refused reads"] += 1
            return
        self.counted["checked reads"] += 1
        if reply is None:
            assert ":plain:" in key or floor == 0, f"{key} is gone; it was {floor} before"
            return
        value = int(reply)
        assert floor <= value <= self.load.ceiling[key], f"{key} is {value}, not between {floor} and {self.load.ceiling[key]}"
        self.raise_to(self.load.floor, key, value)
