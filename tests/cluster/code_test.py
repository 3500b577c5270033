#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code for update() in a cluster: loaded at one node, it is known where the records are, whoever joins, leaves or is killed."""
import hashlib
import unittest

import harness

CODE = "local r, add = ... return kv.put((r or 0) + add), (r or 0) + add"
SHA1 = hashlib.sha1(CODE.encode()).hexdigest()


def kill(node):
    node.kill()
    node.await_exit()


class code(unittest.TestCase):
    def key_of(self, cluster, node):
        return next(f"key:{i}" for i in range(10_000) if cluster.owner(f"key:{i}") is node)

    def test_follows_a_slot_to_a_node_that_has_never_seen_it(self):
        cluster = harness.cluster(2).start()
        self.assertEqual(cluster.nodes[0].call("KV.LOAD", CODE), SHA1.encode())
        fresh = cluster.join()
        cluster.nodes[0].call("KV.CLUSTER", "REHASH")
        cluster.await_settled()
        key = self.key_of(cluster, fresh)
        self.assertEqual(fresh.call("KV.UPDATE", SHA1, "5", 1, key), [[b"stored", b"5"]])
        self.assertEqual(fresh.call("KV.UPDATE", "0" * 40, "5", 1, key).prefix, "NOSCRIPT")
        harness.stop(cluster.nodes)

    def test_that_only_a_leaving_node_keeps_is_kept_by_another_one_before_it_goes(self):
        cluster = harness.cluster(2).start()
        leaving, staying = cluster.nodes
        leaving.call("KV.LOAD", CODE)
        more = [leaving.call("KV.LOAD", f"return nil, {i}") for i in range(20)]
        staying.call("KV.CLUSTER", "REMOVE", leaving.id)
        harness.await_true(lambda: len(cluster.status(1)["nodes"]) == 1, "the node has left", 60)
        kill(staying)
        staying.start()
        self.assertEqual(staying.call("KV.UPDATE", SHA1, "5", 1, "key"), [[b"stored", b"5"]])
        for i, sha1 in enumerate(more):
            self.assertEqual(staying.call("KV.UPDATE", sha1, "null", 1, "key"), [[b"unchanged", str(i).encode()]])
        harness.stop([leaving, staying])

    def test_that_was_found_at_another_node_is_known_without_that_node(self):
        cluster = harness.cluster(2).start()
        loaded, asked = cluster.nodes
        # A node that could not be reached a moment ago, because it was starting, is not asked again so soon: there is no such script, then.
        cluster.await_settled()
        key = self.key_of(cluster, asked)
        with asked.connect() as c:
            self.assertEqual(c.call("KV.UPDATE", SHA1, "5", 1, key).prefix, "NOSCRIPT")
            loaded.call("KV.LOAD", CODE)
            self.assertEqual(c.call("KV.UPDATE", SHA1, "5", 1, key), [[b"stored", b"5"]], "the same connection has it looked for again")
        harness.await_true(lambda: asked.sql("SELECT COUNT(*) FROM scripts") == [["1"]], "it is kept")
        harness.stop([loaded])
        kill(asked)
        asked.start()
        self.assertEqual(asked.call("KV.UPDATE", SHA1, "5", 1, key), [[b"stored", b"10"]])
        harness.stop([asked])


if __name__ == "__main__":
    harness.main()
