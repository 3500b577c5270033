#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judges of the other suites are judged here: each must find the fault that is put before it."""
import dataclasses
import unittest

import harness
import linearizability
import load
import model
import resp


def op(words, sent, answered, reply):
    return linearizability.operation(words, sent, answered, reply)


class histories(unittest.TestCase):
    def after(self, *clients, before=None):
        return linearizability.final_values(clients, {before})

    def test_one_after_the_other_is_explained(self):
        self.assertEqual(self.after([op(("SET", "k", 1), 0, 1, b"OK"), op(("INCR", "k"), 2, 3, 2)]), {b"2"})

    def test_a_read_of_what_was_overwritten_before_is_not_explained(self):
        writer = [op(("SET", "k", 1), 0, 1, b"OK"), op(("SET", "k", 2), 2, 3, b"OK")]
        self.assertEqual(self.after(writer, [op(("GET", "k"), 4, 5, b"1")]), set())
        self.assertEqual(self.after(writer, [op(("GET", "k"), 2.5, 5, b"1")]), {b"2"})

    def test_reads_that_go_back_in_time_are_not_explained(self):
        writer = [op(("SET", "k", 1), 0, 9, b"OK")]
        self.assertEqual(self.after(writer, [op(("GET", "k"), 1, 2, b"1"), op(("GET", "k"), 3, 4, None)]), set())
        self.assertEqual(self.after(writer, [op(("GET", "k"), 1, 2, None), op(("GET", "k"), 3, 4, b"1")]), {b"1"})

    def test_two_increments_that_say_the_same_are_not_explained(self):
        self.assertEqual(self.after([op(("INCR", "k"), 0, 9, 1)], [op(("INCR", "k"), 0, 9, 1)]), set())

    def test_a_pipeline_out_of_order_is_not_explained(self):
        """Sent at once, so only the order on the connection forbids it."""
        self.assertEqual(self.after([op(("GET", "k"), 0, 2, b"1"), op(("SET", "k", 1), 0, 2, b"OK")]), set())

    def test_an_unknown_outcome_may_have_happened_once(self):
        unknown = [op(("INCR", "k"), 0, 1, linearizability.UNKNOWN)]
        self.assertEqual(self.after(unknown), {None, b"1"})
        self.assertEqual(self.after(unknown, [op(("GET", "k"), 2, 3, b"1")]), {b"1"})
        self.assertEqual(self.after(unknown, [op(("GET", "k"), 2, 3, b"2")]), set())

    def test_a_compare_and_set_that_says_that_it_was_done_must_have_found_what_it_compared_with(self):
        swap = ("SET", "k", 2, "IFEQ", b"1")
        self.assertEqual(self.after([op(swap, 0, 1, b"OK")], before=b"1"), {b"2"})
        self.assertEqual(self.after([op(swap, 0, 1, None)], before=b"3"), {b"3"})
        for reply, held in ((b"OK", b"3"), (b"OK", None), (None, b"1")):
            self.assertEqual(self.after([op(swap, 0, 1, reply)], before=held), set())

    def test_what_is_shown_of_a_history_ends_with_the_first_reply_that_cannot_be_explained(self):
        writer = [op(("SET", "k", i), 2 * i, 2 * i + 1, b"OK") for i in range(9)]
        reader = [op(("GET", "k"), 2.5, 2.6, b"1"), op(("GET", "k"), 6.5, 6.6, b"1"), op(("GET", "k"), 9, 9.5, b"4")]
        shown = linearizability.shortest_unexplained([writer, reader], {None})
        not_answered_yet = dataclasses.replace(writer[3], reply=linearizability.UNKNOWN)
        self.assertEqual(shown, [*writer[:2], reader[0], writer[2], not_answered_yet, reader[1]])


class knowledge(unittest.TestCase):
    def test_a_refused_command_must_not_have_been_executed(self):
        key = model.possible(b"1")
        key.answered(("INCR", "k"), resp.refusal("CLUSTERDOWN The cluster is down"))
        with self.assertRaises(AssertionError):
            key.answered(("GET", "k"), b"2")

    def test_an_uncertain_command_may_have_been_executed(self):
        key = model.possible(b"1")
        key.answered(("INCR", "k"), resp.refusal("UNCERTAIN who knows"))
        self.assertEqual(key.values, {b"1", b"2"})
        key.answered(("GET", "k"), b"2")
        self.assertEqual(key.values, {b"2"})
        with self.assertRaises(AssertionError):
            key.answered(("GET", "k"), b"1")

    def test_a_lost_acknowledged_write_is_found(self):
        key = model.possible()
        key.answered(("SET", "k", 5), b"OK")
        with self.assertRaises(AssertionError):
            key.answered(("GET", "k"), None)

    def test_any_other_error_is_found(self):
        with self.assertRaises(AssertionError):
            model.possible().answered(("GET", "k"), resp.refusal("ERR something"))

    def test_integers_are_read_as_redis_reads_them(self):
        for text, number in [(None, 0), (b"0", 0), (b"-7", -7), (b"9223372036854775807", 2**63 - 1), (b"9223372036854775808", None),
                             (b"", None), (b"-", None), (b"01", None), (b"-0", None), (b" 1", None), (b"1.0", None)]:
            self.assertEqual(model.integer(text), number, text)


class documents(unittest.TestCase):
    def test_half_an_update_is_found(self):
        self.assertEqual(load.from_wire(("READ", "k"), b'{"a":2,"b":2}'), b"2")
        with self.assertRaisesRegex(AssertionError, "half an update"):
            load.from_wire(("READ", "k"), b'{"a":2,"b":1}')


class the_readers(unittest.TestCase):
    def setUp(self):
        self.load = load.load(connect=None, writers=1, readers=1, keys_each=1)
        self.reader, = self.load.readers
        self.load.floor["w0:counter:0"], self.load.ceiling["w0:counter:0"] = 5, 9

    def see(self, reply, key="w0:counter:0"):
        self.reader.check(("GET", key), self.load.floor[key], reply)

    def test_find_a_counter_that_went_back(self):
        self.see(b"7")
        for reply in (b"6", None):
            with self.assertRaises(AssertionError):
                self.see(reply)

    def test_find_a_value_that_nobody_sent(self):
        with self.assertRaises(AssertionError):
            self.see(b"10")


if __name__ == "__main__":
    harness.main()
