#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's program is the example that is compiled and run; its links lead somewhere."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


class the_readme(unittest.TestCase):
    def test_shows_the_first_example_word_for_word(self):
        shown = re.search(r"```cpp\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
        _, _, example = (ROOT / "examples/0_hello.cpp").read_text().partition("\n")
        self.assertEqual(shown, example)

    def test_names_two_commands_that_exist(self):
        commands = re.findall(r"^    (scripts/\S+)$", (ROOT / "README.md").read_text(), re.M)
        self.assertEqual(commands, ["scripts/quickstart", "scripts/test"])
        for each in commands:
            self.assertTrue((ROOT / each).is_file(), each)


class every_page(unittest.TestCase):
    def test_links_only_to_what_is_there(self):
        missing = []
        for page in PAGES:
            prose = re.sub(r"```.*?```|`[^`]*`|^    [^\n]*$", "", page.read_text(), flags=re.S | re.M)
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
                if not target.startswith("http") and not (page.parent / target).exists():
                    missing.append(f"{page.relative_to(ROOT)}: {target}")
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
