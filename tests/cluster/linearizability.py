# SPDX-License-Identifier: Apache-2.0
"""Is there one order of these operations that explains every reply? The search of Wing and Gong, for one key.

The order must keep what each client sent first before what it sent later (promise 3), and what was answered before something
else was sent before that (promise 2). An operation with an unknown outcome may have taken effect or not.
"""
import bisect
import dataclasses
import typing

import model

UNKNOWN = object()  # a reply that says nothing


@dataclasses.dataclass(frozen=True)
class operation:
    words: tuple
    sent: float
    answered: float
    reply: typing.Any  # UNKNOWN: it may have been executed, once, or not


def final_values(clients, before):
    """`clients`: for each client its operations on the key, in the order in which they were sent. `before`: the values that the key
    may have had. Returns the values that it may have now; none: no order explains the replies.
    """
    begin = tuple(0 for _ in clients)
    seen = {(begin, value) for value in before}
    open_states = list(seen)
    found = set()
    while open_states:
        done, value = open_states.pop()
        waiting = [ops[at] for ops, at in zip(clients, done) if at < len(ops)]
        if not waiting:
            found.add(value)
            continue
        # Whoever was sent after another's answer cannot be before it.
        first_answer = min(op.answered for op in waiting)
        for i, ops in enumerate(clients):
            if done[i] == len(ops) or ops[done[i]].sent > first_answer:
                continue
            op = ops[done[i]]
            rest = done[:i] + (done[i] + 1,) + done[i + 1:]
            after, reply = model.run(op.words, value)
            nexts = [after, value] if op.reply is UNKNOWN else [after] if op.reply == reply else []
            for state in ((rest, each) for each in nexts):
                if state not in seen:
                    seen.add(state)
                    open_states.append(state)
    return found


def shortest_unexplained(clients, before):
    """Of a history without an explanation: what had been sent, in that order, when the first reply came that cannot be explained. For
    people, who want to see the end of it."""
    answers = sorted(op.answered for ops in clients for op in ops)

    def until(moment):
        """What was known then: who had no answer yet may have had its way, or not."""
        known = lambda op: op if op.answered <= moment else dataclasses.replace(op, reply=UNKNOWN)
        return [[known(op) for op in ops if op.sent <= moment] for ops in clients]

    first = bisect.bisect_left(answers, True, key=lambda moment: not final_values(until(moment), before))
    return sorted((op for ops in until(answers[first]) for op in ops), key=lambda op: op.sent)
