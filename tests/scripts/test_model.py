#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/model makes of spin's words: only a complete search without an error is a proof, only an error in the model is a catch."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/model"
loader = importlib.machinery.SourceFileLoader("model", str(SCRIPT))
model = importlib.util.module_from_spec(importlib.util.spec_from_loader("model", loader))
loader.exec_module(model)

WELL = """
(Spin Version 6.5.2 -- 6 December 2019)

Full statespace search for:
\tnever claim         \t- (none specified)
\tassertion violations\t+
\tcycle checks       \t- (disabled by -DSAFETY)

State-vector 176 byte, depth reached 77, errors: 0
   393496 states, stored
"""
LIVE = WELL.replace("claim         \t- (none specified)", "claim         \t+ (owner_again)").replace(
    "cycle checks       \t- (disabled by -DSAFETY)", "acceptance   cycles \t+ (fairness disabled)")


def search_that_said(output):
    one = model.search.__new__(model.search)
    one.output = output
    return one


class a_search(unittest.TestCase):
    def test_of_every_state_is_complete(self):
        for output in (WELL, LIVE):
            self.assertEqual(search_that_said(output).incomplete(), "")
            self.assertEqual(search_that_said(output).error(), "")

    def test_that_was_cut_short_is_not(self):
        for sign in ("error: max search depth too small", "pan: out of memory", "pan: reached -DMEMLIM bound",
                     "Warning: Search not completed"):
            self.assertTrue(search_that_said(sign + WELL).incomplete(), sign)

    def test_that_forgets_states_is_not(self):
        for kind in ("Bit statespace search", "Hash-Compact 4 search"):
            self.assertTrue(search_that_said(WELL.replace("Full statespace search", kind)).incomplete(), kind)

    def test_of_liveness_without_cycles_is_not(self):
        output = LIVE.replace("acceptance   cycles \t+", "acceptance   cycles \t-")
        self.assertTrue(search_that_said(output).incomplete())

    def test_that_did_not_run_is_neither_complete_nor_an_error(self):
        one = search_that_said("gcc failed: no space left on device")
        self.assertTrue(one.incomplete())
        self.assertEqual(one.error(), "")

    def test_that_ran_into_an_assertion_or_an_endless_wait_found_an_error(self):
        for what in ("assertion violated (serves<=1)", "acceptance cycle"):
            self.assertEqual(search_that_said(f"pan:1: {what} (at depth 58)\n" + WELL.replace("errors: 0", "errors: 1")).error(), what)

    def test_that_ran_into_its_own_limits_found_none(self):
        for what in ("max search depth too small", "VECTORSZ is too small, edit pan.h", "assertion violated - invalid array index"):
            output = f"pan:1: {what} (at depth 58)\n" + WELL.replace("errors: 0", "errors: 1")
            self.assertEqual(search_that_said(output).error(), "", what)
            self.assertTrue(search_that_said(output).incomplete(), what)


class the_table(unittest.TestCase):
    def test_of_mutants_names_what_the_model_has(self):
        text = model.MODEL.read_text()
        for name in model.MUTANTS:
            for part in name.split("+"):
                self.assertIn(f"MUTANT_{part})", text)

    def test_of_mutants_lacks_none_that_the_model_has(self):
        parts = {part for name in model.MUTANTS for part in name.split("+")}
        self.assertEqual(parts, set(model.re.findall(r"defined\(MUTANT_(\w+)\)", model.MODEL.read_text())))

    def test_of_what_has_to_be_seen_is_not_empty(self):
        some = {"arrive_CUTOVER", "taken", "taken_back", "a_slot_comes_back", "crash_while_handing_over"}
        self.assertLessEqual(some, model.expected_witnesses())


if __name__ == "__main__":
    unittest.main(buffer=True)
