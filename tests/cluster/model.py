# SPDX-License-Identifier: Apache-2.0
"""What a correct store answers: commands as functions from value to (value, reply), and what may be known after trouble.

A value is bytes, or None for an absent key. Only commands without expiry, on keys that hold bytes.
"""
import resp

NOT_AN_INTEGER = resp.refusal("ERR value is not an integer or out of range")

# Errors that promise "nothing was executed". UNCERTAIN is the one that promises nothing.
NOT_EXECUTED = {"CLUSTERDOWN", "TRYAGAIN", "MISCONF", "LOADING"}
UNCERTAIN = "UNCERTAIN"


def integer(value):
    """As Redis reads it; None: it is no integer."""
    text = b"0" if value is None else value
    digits = text[1:] if text[:1] == b"-" else text
    strict = digits.isdigit() and (digits == text == b"0" or digits[:1] != b"0") and abs(int(text)) < 2**63
    return int(text) if strict else None


def _set(value, new, *options):
    present = value is not None
    expected = _bytes(options[options.index("IFEQ") + 1]) if "IFEQ" in options else value
    skipped = ("NX" in options and present) or ("XX" in options and not present) or value != expected
    after = value if skipped else _bytes(new)
    return after, value if "GET" in options else None if skipped else b"OK"


def _add(value, by):
    number = integer(value)
    if number is None:
        return value, NOT_AN_INTEGER
    return b"%d" % (number + by), number + by


def _bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


COMMANDS = {
    "GET": lambda value: (value, value),
    "SET": _set,
    "SETNX": lambda value, new: (_bytes(new), 1) if value is None else (value, 0),
    "GETDEL": lambda value: (None, value),
    "DEL": lambda value: (None, 0 if value is None else 1),
    "EXISTS": lambda value: (value, 0 if value is None else 1),
    "STRLEN": lambda value: (value, len(value or b"")),
    "APPEND": lambda value, more: ((value or b"") + _bytes(more), len((value or b"") + _bytes(more))),
    "INCR": lambda value: _add(value, 1),
    "DECR": lambda value: _add(value, -1),
    "INCRBY": lambda value, by: _add(value, int(by)),
    "DECRBY": lambda value, by: _add(value, -int(by)),
    # A document that is a number to the model: KV.EVAL with code that adds one, and reading it.
    "UPDATE": lambda value: _add(value, 1),
    "READ": lambda value: (value, value),
}


def run(words, value):
    """A command with one key: (name, key, arguments...) on a value gives (value after, reply)."""
    name, _, *arguments = words
    return COMMANDS[name](value, *arguments)


def run_on(words, values):
    """Any command of the model on a dict of values, which it changes; the reply."""
    name, *rest = words
    if name == "MGET":
        return [values.get(key) for key in rest]
    if name == "MSET":
        values.update(zip(rest[::2], map(_bytes, rest[1::2])))
        return b"OK"
    if name in ("DEL", "EXISTS") and len(rest) > 1:
        return sum(run_on((name, key), values) for key in rest)
    values[rest[0]], reply = run(words, values.get(rest[0]))
    return reply


class possible:
    """What one key may hold, as far as its only writer can know: a set of values that shrinks with every definite answer."""

    def __init__(self, value=None):
        self.values = {value}

    def answered(self, words, reply):
        """A reply came. AssertionError: no value that the key may have had gives this reply."""
        if isinstance(reply, resp.refusal) and reply.prefix in NOT_EXECUTED:
            return
        if isinstance(reply, resp.refusal) and reply.prefix == UNCERTAIN:
            return self.unanswered(words)
        after = {value for value, said in (run(words, value) for value in self.values) if said == reply}
        assert after, f"{words} answered {reply!r}, but the key could only hold {self}"
        self.values = after

    def unanswered(self, words):
        """No reply came, or one that says nothing: it was executed, or it was not."""
        self.values |= {run(words, value)[0] for value in self.values}

    def __repr__(self):
        shown = sorted(self.values, key=lambda value: value or b"")
        return " or ".join(map(repr, shown[:8])) + (" or ..." if len(shown) > 8 else "")
