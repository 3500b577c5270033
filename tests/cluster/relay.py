# SPDX-License-Identifier: Apache-2.0
"""Links between nodes that can be cut. Each node is known to the others by the address of a relay of its own, which hears from the
greeting who calls; so the link from one node to another one is this relay's to cut, and nobody else's. Clients go around it.

How a link is cut, until it is healed:

    reset    its connections break at once, and so does each new one
    silence  nothing passes, and nothing breaks: a node that waits is not told why. What was sent meanwhile arrives when it is healed,
             also if the sender has long given its connection up: behind what it has sent on a newer one
    deaf     questions pass, answers wait as in silence
    mute     answers pass, questions wait
    lossy    questions pass, answers are lost but for those to greetings; when it is healed the connection breaks
"""
import asyncio
import collections
import contextlib
import socket
import struct
import threading

KINDS = ("reset", "silence", "deaf", "mute", "lossy")
QUESTIONS, ANSWERS = 0, 1
HELD = {"silence": (QUESTIONS, ANSWERS), "deaf": (ANSWERS,), "mute": (QUESTIONS,)}
CHUNK_BYTES = 1 << 16


class link:
    """From one node to another one."""

    def __init__(self):
        self.cut = None  # one of KINDS
        self.changed = asyncio.Event()
        self.writers = set()  # both ends of each connection
        self.lost_something = False

    def set(self, kind):
        healed, self.cut = self.cut, kind
        if kind == "reset" or (healed == "lossy" and self.lost_something):
            self.break_all()
        self.lost_something = False
        self.changed.set()
        self.changed = asyncio.Event()

    def break_all(self):
        for each in self.writers:
            reset(each)

    async def passage(self, direction):
        """Returns when what goes in this direction may go on."""
        while direction in HELD.get(self.cut, ()):
            await self.changed.wait()

    def loses(self, direction):
        lost = self.cut == "lossy" and direction == ANSWERS
        self.lost_something |= lost
        return lost


def reset(writer):
    """Ends a connection as a machine that knows nothing of it does."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class relays:
    """All relays of a cluster, on a thread of their own. Links are named by the ids of the node that calls and of the one it calls."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.links = collections.defaultdict(link)  # (id of the caller, port of the relay)
        self.passed = collections.Counter()  # connections and bytes
        self.strangers = 0  # connections that began with something else than a greeting
        threading.Thread(target=self.loop.run_forever, name="relays", daemon=True).start()

    def on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def before(self, port):
        """Makes a relay before the node that listens on `port`; the port of the relay."""
        async def listen():
            server = await asyncio.start_server(lambda *ends: self.serve(own, port, *ends), "127.0.0.1", 0)
            own = server.sockets[0].getsockname()[1]
            return own
        return self.on_loop(listen())

    def set(self, caller, called, kind):
        """Cuts the link of one node to another one in a way of KINDS, or heals it: None. Whether it had a connection."""
        async def change():
            one = self.links[caller.id, called.announced]
            one.set(kind)
            return bool(one.writers)
        return self.on_loop(change())

    async def serve(self, own, port, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            greeting = b"".join([await reader.readuntil(b"\r\n") for _ in range(9)])
            words = greeting.split(b"\r\n")
            if (words[2], words[4]) != (b"KV.NODE", b"HELLO"):
                self.strangers += 1
                return reset(writer)
            await self.connect(self.links[words[8].decode(), own], port, greeting, reader, writer)
        writer.close()

    async def connect(self, over, port, greeting, reader, writer):
        over.writers.add(writer)
        onward = None
        try:
            if over.cut == "reset":
                return reset(writer)
            await over.passage(QUESTIONS)
            answers, onward = await asyncio.open_connection("127.0.0.1", port)
            over.writers.add(onward)
            self.passed["connections"] += 1
            onward.write(greeting)
            await asyncio.gather(self.pump(over, QUESTIONS, reader, onward), self.pump(over, ANSWERS, answers, writer))
        finally:
            over.writers -= {writer, onward}
            if onward:
                onward.close()

    async def pump(self, over, direction, reader, writer):
        greeted = direction == QUESTIONS
        try:
            while data := await reader.read(CHUNK_BYTES):
                await over.passage(direction)
                if not greeted or not over.loses(direction):
                    greeted = True
                    writer.write(data)
                    self.passed["bytes"] += len(data)
                    await writer.drain()
            await over.passage(direction)
        except OSError:
            await over.passage(direction)  # of a break, too, nobody hears through a link that is cut
        finally:
            writer.close()
