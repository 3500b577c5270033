# SPDX-License-Identifier: Apache-2.0
"""A cluster client for tests: routes each command by its key, follows MOVED, and keeps the order of commands on one key."""
import resp

ROUNDS_MAX = 100


def key_of(words):
    return words[4] if words[0] == "KV.EVAL" else words[1]


class cluster_connection:
    """As resp.connection, over all nodes of a harness.cluster. Answers other than MOVED come back as they are. Ports are those that
    nodes announce; where relays stand before the nodes, clients go around them."""

    piece = 1 << 30  # commands that leave at once; a pipeline in small pieces takes a node several batches

    def __init__(self, cluster, seconds=30.0):
        self.cluster, self.seconds = cluster, seconds
        self.by_port = {}
        self.port_of = [None] * 16384
        self.moved = 0
        self.learn()

    def learn(self):
        """Asks any node that answers who serves what."""
        last = None
        for node in self.cluster.nodes:
            try:
                for first, final, at, *_ in self.at(node.announced).call("CLUSTER", "SLOTS"):
                    self.port_of[first:final + 1] = [at[1]] * (final - first + 1)
                return
            except resp.gone as why:
                self.drop(node.announced)
                last = why
        raise last

    def at(self, port):
        if port not in self.by_port:
            self.by_port[port] = resp.connection(self.cluster.port_behind.get(port, port), self.seconds)
        return self.by_port[port]

    def reach(self, key):
        """Has a connection to whom a command on this key goes. resp.gone: it is not there, and nothing was sent."""
        try:
            self.at(self.port_of[resp.slot_of(key)])
        except resp.gone:
            self.learn()
            raise

    def drop(self, port):
        if port in self.by_port:
            self.by_port.pop(port).close()

    def round(self, left, commands, replies):
        """Sends what is left, each to its node; notes replies, and gives back what has moved and whether a connection was lost."""
        lost, sent = False, {}
        for begin in range(0, len(left), self.piece):
            if lost:
                break
            by_port = {}
            for i in left[begin:begin + self.piece]:
                by_port.setdefault(self.port_of[resp.slot_of(key_of(commands[i]))], []).append(i)
            for port, indices in by_port.items():
                try:
                    self.at(port).send(*(commands[i] for i in indices))
                    sent.setdefault(port, []).extend(indices)
                except resp.gone:
                    lost = True
                    self.drop(port)
                    sent.pop(port, None)
        moved = []
        for port, indices in sent.items():
            try:
                for i in indices:
                    reply = self.at(port).receive()
                    if isinstance(reply, resp.refusal) and reply.prefix == "MOVED":
                        _, slot, address = reply.text.split(" ")
                        self.port_of[int(slot)] = int(address.rpartition(":")[2])
                        moved.append(i)
                    else:
                        replies[i] = reply
            except resp.gone:
                lost = True
                self.drop(port)
        self.moved += len(moved)
        return sorted(moved), lost

    def pipeline(self, commands):
        """The replies in the order of the commands. resp.gone at the first that will not come."""
        replies, left, lost = {}, range(len(commands)), False
        for _ in range(ROUNDS_MAX):
            if not left or lost:
                break
            left, lost = self.round(left, commands, replies)
        assert lost or not left, f"{len(left)} commands are sent from node to node for ever"
        for i in range(len(commands)):
            if i not in replies:
                raise resp.gone("a node has gone")
            yield replies[i]

    def call(self, *words):
        reply, = self.pipeline([words])
        return reply

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for port in list(self.by_port):
            self.drop(port)
