#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of tidy.py finds its bad sample, and leaves the good one beside it alone."""
import pathlib
import tempfile
import unittest

import tidy

FLOORS = tidy.floors_below("""
mykeyv_floor(base   LINKS fmt::fmt)
mykeyv_floor(async  DEPENDS base)
mykeyv_floor(record DEPENDS base LINKS simdjson::simdjson)
mykeyv_floor(store  DEPENDS record async
                    LINKS PkgConfig::mariadb)
mykeyv_floor(server DEPENDS store)
mykeyv_floor(client DEPENDS async)
""")


def function_of(lines):
    return "void f()\n{\n" + "    g();\n" * (lines - 3) + "}\n"


class rules(unittest.TestCase):
    def found(self, rule, path, text):
        return [line for line, _ in rule(path, text)]

    def expect_only(self, rule, path, *, bad, good=""):
        self.assertNotEqual(self.found(rule, path, bad), [], f"{rule.__name__} does not see {bad!r}")
        self.assertEqual(self.found(rule, path, good), [], f"{rule.__name__} sees {good!r}")

    def test_a_floor_includes_itself_and_what_its_depends_reach(self):
        self.assertEqual(FLOORS["store"], {"store", "record", "async", "base"})
        self.assertEqual(FLOORS["base"], {"base"})

    def test_a_floor_does_not_include_a_higher_one(self):
        self.expect_only(tidy.floor_rule(FLOORS), "mykeyv/record/a.cpp",
                         bad='#include "mykeyv/store/lane.hpp"\n', good='#include "mykeyv/base/slot.hpp"\n')

    def test_a_program_includes_what_it_links(self):
        self.expect_only(tidy.floor_rule(FLOORS), "apps/mykeyv/main.cpp",
                         bad='#include "mykeyv/server/node.hpp"\n', good='#include "mykeyv/client/client.hpp"\n')

    def test_a_folder_that_is_no_floor_is_found(self):
        self.assertEqual(self.found(tidy.floor_rule(FLOORS), "mykeyv/misc/a.hpp", ""), [1])

    def test_a_c_library_enters_by_one_door(self):
        for header, door in (("mysql.h", "mykeyv/store/mysql/mysql_api.hpp"), ("lua5.4/lua.hpp", "mykeyv/script/lua.hpp")):
            self.assertEqual(self.found(tidy.c_libraries_enter_by_one_door, "mykeyv/server/a.cpp", f"#include <{header}>\n"), [1])
            self.assertEqual(self.found(tidy.c_libraries_enter_by_one_door, door, f"#include <{header}>\n"), [])

    def test_a_door_is_for_its_own_folder(self):
        rule, bad = tidy.c_libraries_enter_by_one_door, '#include "mykeyv/store/mysql/mysql_api.hpp"\n'
        self.assertEqual(self.found(rule, "mykeyv/store/lane.cpp", bad), [1])
        self.assertEqual(self.found(rule, "mykeyv/store/mysql/connection.cpp", bad), [])

    def test_pure_rooms_do_no_io(self):
        for header in ("boost/asio/ip/tcp.hpp", "sys/socket.h", "iostream", "thread"):
            for path in ("mykeyv/resp/parser.cpp", "mykeyv/record/set.hpp", "mykeyv/cluster/planner.cpp"):
                self.expect_only(tidy.pure_rooms_do_no_io, path, bad=f"#include <{header}>\n", good="#include <string>\n")
        self.assertEqual(self.found(tidy.pure_rooms_do_no_io, "mykeyv/cluster/gossip.cpp", "#include <thread>\n"), [])

    def test_a_missing_licence_is_found(self):
        self.expect_only(tidy.has_licence, "a.cpp", bad="int a;\n", good="// SPDX-License-Identifier: Apache-2.0\n")

    def test_a_header_without_pragma_once_is_found(self):
        self.expect_only(tidy.header_is_included_once, "a.hpp", bad="// #pragma once\n", good="#pragma once\n")

    def test_a_large_room_is_found(self):
        self.expect_only(tidy.rooms_are_small, "mykeyv/a.cpp", bad="\n" * 351, good="\n" * 350)
        self.expect_only(tidy.rooms_are_small, "tests/a.cpp", bad="\n" * 401, good="\n" * 400)

    def test_a_long_line_is_found(self):
        self.expect_only(tidy.lines_are_short, "a.cpp", bad="x" * 141, good="x" * 140)

    def test_a_tab_or_a_carriage_return_is_found(self):
        self.expect_only(tidy.blanks_are_blanks, "a.cpp", bad="\tint a;\n", good="    int a;\n")
        self.expect_only(tidy.blanks_are_blanks, "a.cpp", bad="int a;\r\n")

    def test_a_long_function_is_found_wherever_it_stands(self):
        bad, good = function_of(71), function_of(70)
        self.expect_only(tidy.functions_are_short, "a.cpp", bad=bad, good=good)
        for around in ("namespace a::b {{\nint c;\n{}}}\n", "struct s : t {{\n    int u = 1;\n{}}};\n",
                       "template <class R, class... A>\nclass s<R(A...)> {{\n    int u = 1;\n{}}};\n"):
            self.expect_only(tidy.functions_are_short, "a.cpp", bad=around.format(bad), good=around.format(good))

    def test_a_constructor_is_measured_behind_its_initialisers(self):
        bad = function_of(70).replace("void f()", "foo::foo()\n    : a_{1}, b_{f(2)}")
        self.assertEqual(list(tidy.functions_of(bad)), [(1, 71)])

    def test_a_table_of_data_is_no_function(self):
        self.assertEqual(list(tidy.functions_of("constexpr row rows[] = {\n" + "    {1, f(2)},\n" * 100 + "};\n")), [])

    def test_braces_in_strings_characters_and_comments_do_not_count(self):
        text = "void f()\n{\n    g(\"{\", '{', R\"({)\", 1'000);  // {\n    /* { */\n}\nvoid h() {}\n"
        self.assertEqual(list(tidy.functions_of(text)), [(1, 5), (6, 6)])

    def test_unfinished_work_and_silent_tests_are_found(self):
        for bad in ("// TODO: later", "# FIXME", "/* XXX */", "TEST(a, DISABLED_b)", "GTEST_SKIP();"):
            self.expect_only(tidy.nothing_banned, "a.cpp", bad=bad, good="// done")

    def test_what_a_merge_left_behind_is_found(self):
        for bad in ("<" * 7 + " HEAD", ">" * 7 + " branch", ">" * 7):
            self.expect_only(tidy.nothing_banned, "docs/a.md", bad=bad, good=f"a {bad}")

    def test_globals_are_found(self):
        self.expect_only(tidy.nothing_global, "a.cpp", bad='spdlog::info("x");', good='log.info("x");')
        self.expect_only(tidy.nothing_global, "a.cpp", bad="static registry& instance();", good="static registry const instance;")

    def test_paths_of_one_machine_are_found(self):
        for bad in ('"/tmp/x"', "see /home/me/x", "cd /work/x"):
            self.expect_only(tidy.nothing_banned, "docs/a.md", bad=bad, good="build/tmp/x, $dir/work/x, ${TMPDIR:-/tmp}")

    def test_names_that_say_nothing_are_found(self):
        self.assertEqual(self.found(tidy.nothing_banned, "mykeyv/base/utils.hpp", ""), [1])
        self.expect_only(tidy.nothing_banned, "a.cpp", bad="namespace mykeyv::utils {", good="namespace mykeyv {")

    def test_sleeping_tests_are_found(self):
        for bad in ("std::this_thread::sleep_for(1s);", "    time.sleep(1)", "usleep(10);", "    sleep 1"):
            self.expect_only(tidy.tests_do_not_sleep, "tests/a", bad=bad, good="void mariadb_sleeps() {}")


class repository(unittest.TestCase):
    def test_one_bad_file_fails_the_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text("# SPDX-License-Identifier: Apache-2.0\nmykeyv_floor(base)\n")
            self.assertEqual(tidy.main(root), 0)
            (root / "mykeyv/base").mkdir(parents=True)
            (root / "mykeyv/base/a.cpp").write_text("int a;\n")
            self.assertEqual(tidy.main(root), 1)

    def test_every_rule_is_in_the_table(self):
        named = {rule.__name__ for _, rule in tidy.rules(FLOORS)}
        written = {name for name, value in vars(tidy).items() if callable(value) and getattr(value, "__code__", None)
                   and value.__code__.co_varnames[:2] == ("path", "text")}
        self.assertEqual(named - {"includes_only_lower_floors"}, written)


if __name__ == "__main__":
    unittest.main(buffer=True)
