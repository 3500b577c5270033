# SPDX-License-Identifier: Apache-2.0
"""What is done to processes while they work: they are killed with -9, or stopped with SIGSTOP, at random; yet of so many strikes as there
are KINDS each is one, in an order that nobody knows. So a short run has met all of them, too.
"""
import collections
import contextlib
import os
import pathlib
import re
import signal
import threading

import harness

SHORT_SECONDS = (0.05, 2.5)
# A node that says nothing is given up after 5 s, an answer to a portion of rows is waited for for 10 s.
LONG_SECONDS = (6.0, 12.0)


@contextlib.contextmanager
def daemon_stopped(victim):
    victim.pause()
    try:
        yield
    finally:
        victim.resume()


@contextlib.contextmanager
def mariadb_stopped(victim):
    handle = victim.open_mariadb()
    try:
        signal.pidfd_send_signal(handle, signal.SIGSTOP)
        pid = re.search(r"^Pid:\s*(\d+)$", pathlib.Path(f"/proc/self/fdinfo/{handle}").read_text(), re.MULTILINE)[1]
        harness.await_stopped(pid, f"the MariaDB of {victim.name}")
        yield
    finally:
        signal.pidfd_send_signal(handle, signal.SIGCONT)
        os.close(handle)


KINDS = {
    "daemon killed": (lambda n: n.kill(), None),
    "MariaDB killed": (lambda n: n.kill_mariadb(), None),
    "both killed": (lambda n: n.kill_mariadb(and_this=True), None),
    "daemon stopped": (daemon_stopped, SHORT_SECONDS),
    "MariaDB stopped": (mariadb_stopped, SHORT_SECONDS),
    "daemon stopped for long": (daemon_stopped, LONG_SECONDS),
    "MariaDB stopped for long": (mariadb_stopped, LONG_SECONDS),
}


class troublemaker:
    def __init__(self, choices):
        self.choices = choices
        self.counted = collections.Counter()
        self.left = []
        self.moment = threading.Event()  # never set

    def wait(self, at_least, at_most):
        """Until some moment that nobody knows."""
        self.moment.wait(self.choices.uniform(at_least, at_most))

    def strike(self, nodes):
        """Something is done to one of the nodes; returns when all of it runs again."""
        if not self.left:
            self.left = self.choices.sample(list(KINDS), len(KINDS))
        what, victim = self.left.pop(), self.choices.choice(nodes)
        strike, stopped_seconds = KINDS[what]
        if stopped_seconds:
            with strike(victim):
                self.wait(*stopped_seconds)
        else:
            strike(victim)
        if not victim.is_running():
            victim.start()
        self.counted[what] += 1
