# SPDX-License-Identifier: Apache-2.0
"""A small, fast RESP client of our own: what a node sends is seen as it is, in order, without a library's kindness.

Replies become Python values: bulk and simple strings are bytes, integers int, null None, arrays list, maps (RESP3) dict,
errors `refusal` values: they are returned, not raised, for in a pipeline each reply is its own.
"""
import binascii
import socket


class refusal:
    """An error reply. Equal to another one of the same text."""

    def __init__(self, text):
        self.text = text

    @property
    def prefix(self):
        return self.text.split(" ", 1)[0]

    def __eq__(self, other):
        return isinstance(other, refusal) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __repr__(self):
        return f"-{self.text}"


class gone(Exception):
    """The connection ended, or a reply did not come in time. What was sent may or may not have been executed."""


def encode(words):
    """One command; words are bytes, str or int."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    return b"".join(parts)


class connection:
    """One TCP connection. Blocking; `seconds` bounds each wait for bytes. One thread at a time."""

    def __init__(self, port, seconds=30.0, host="127.0.0.1"):
        try:
            self.socket = socket.create_connection((host, port), seconds)
        except OSError as why:
            raise gone(f"cannot connect to {host}:{port}: {why}") from why
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb", 1 << 16)

    def send(self, *commands):
        """Sends commands, each a sequence of words, without waiting for anything."""
        self.send_bytes(b"".join(map(encode, commands)))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except OSError as why:
            raise gone(str(why)) from why

    def receive(self):
        """The next reply."""
        try:
            return self._read()
        except OSError as why:
            raise gone(str(why)) from why

    def call(self, *words):
        """One command and its reply."""
        self.send(words)
        return self.receive()

    def pipeline(self, commands):
        """Sends all commands at once; yields their replies as they come."""
        self.send(*commands)
        for _ in commands:
            yield self.receive()

    def is_at_end(self):
        """Whether the server closed the connection, with nothing more to read. Waits for it."""
        try:
            return self.input.read(1) == b""
        except ConnectionResetError:
            return True

    def _read(self):
        line = self.input.readline()
        if line[-2:] != b"\r\n":
            raise gone("the connection ended" if not line else f"the connection ended within {line!r}")
        kind, rest = line[0], line[1:-2]
        if kind == 36:  # $ bulk
            size = int(rest)
            return None if size < 0 else self._bulk(size)
        if kind == 43:  # + simple
            return rest
        if kind == 58:  # : integer
            return int(rest)
        if kind == 45:  # - error
            return refusal(rest.decode())
        if kind == 42 or kind == 126 or kind == 62:  # * array, ~ set, > push
            size = int(rest)
            return None if size < 0 else [self._read() for _ in range(size)]
        if kind == 95:  # _ null
            return None
        if kind == 37:  # % map
            return {self._read(): self._read() for _ in range(int(rest))}
        if kind == 44:  # , double
            return float(rest)
        if kind == 35:  # # boolean
            return rest == b"t"
        if kind == 61:  # = verbatim
            return self._bulk(int(rest))[4:]
        raise AssertionError(f"no RESP: {line!r}")

    def _bulk(self, size):
        data = self.input.read(size + 2)
        if len(data) != size + 2:
            raise gone("the connection ended within a bulk string")
        assert data[-2:] == b"\r\n", f"no RESP: a bulk string of {size} bytes ends with {data[-2:]!r}"
        return data[:-2]

    def close(self):
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def slot_of(key):
    """The slot of a key, found here anew, so that the daemon's own arithmetic is not its judge."""
    key = key if isinstance(key, bytes) else key.encode()
    begin = key.find(b"{")
    if begin >= 0:
        end = key.find(b"}", begin + 1)
        if end > begin + 1:
            key = key[begin + 1:end]
    return binascii.crc_hqx(key, 0) % 16384
