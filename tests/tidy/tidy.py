#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the repository to its own rules: floors, sizes, bans. Usage: tidy.py [ROOT]; prints what is wrong, exits 1 if anything is.

A rule is a function (path, text) that yields (line number, sentence); RULES at the end says which files it looks at.
`path` is relative to the root, with slashes; `text` is the whole file. tests/tidy/test_rules.py shows each rule a bad sample.
"""
import os
import pathlib
import re
import sys

ROOM_LINES_MAX = 350
TEST_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 140

# What a program may include is what a floor may: the highest floor it links.
PROGRAM_FLOORS = {"apps/mykeyvd": "server", "apps/mykeyv": "client", "examples": "client"}

# A C library enters by one door: its headers, and the file that may include them. That file is for its own folder only.
DOORS = [
    (r"(mysql|errmsg|mysqld_error)\.h$|mariadb|mysql/", "mykeyv/store/mysql/mysql_api.hpp"),
    (r"(.*/)?(lua|lauxlib|lualib|luaconf)\.(h|hpp)$", "mykeyv/script/lua.hpp"),
]

# Rooms that take events and say what to do next. They neither read, wait nor start anything.
PURE_ROOMS = r"mykeyv/(resp/|record/|cluster/(planner|topology|migration|membership))"
IO_HEADERS = r"boost/(asio|beast)|sys/|netinet/|arpa/|poll\.h|unistd\.h|(iostream|fstream|thread|mutex|condition_variable|future)$"

BANS = [
    (r"\b(TODO|FIXME|XXX)\b", "unfinished: do it, or write an issue"),
    (r"\bDISABLED_\w|\bGTEST_SKIP\b", "a test that does not run"),
    (r"^(<{7}|>{7})( |$)", "what a merge left behind"),
    (r"(?<![\w.})])/(home|root|tmp|work|Users)/", "a path of one machine"),
]
GLOBALS = r"\bspdlog::(trace|debug|info|warn|error|critical|default_logger)\b|\bstatic [\w:]+ ?& ?\w*instance\(\)"
SLEEPS = r"\bsleep_(for|until)\b|\bu?sleep ?\(|^\s*sleep\s+[\d$]"


def code_of(text):
    """C++ without what is in comments, strings and characters: blanks in their place, so that lines and columns stay."""
    quoted = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
    return quoted.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def includes_of(text):
    """(line number, header) of each #include."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
            yield number, match[1]


def floors_below(cmake):
    """From CMakeLists.txt: each floor and the floors it may include: itself, and all that its DEPENDS reach."""
    below = {}
    for name, arguments in re.findall(r"^mykeyv_floor\(\s*(\w+)([^)]*)\)", cmake, re.MULTILINE):
        depends = re.search(r"\bDEPENDS\b(.*?)(\bLINKS\b|$)", arguments, re.DOTALL)
        direct = depends[1].split() if depends else []
        below[name] = {name}.union(*(below[floor] for floor in direct))
    return below


def floor_rule(below):
    """The rule on includes between floors, which needs to know the floors."""

    def includes_only_lower_floors(path, text):
        match = re.match(r"mykeyv/(\w+)/", path)
        floor = match[1] if match else next((f for place, f in PROGRAM_FLOORS.items() if path.startswith(place + "/")), None)
        if floor is None:
            return
        if floor not in below:
            yield 1, f"'{floor}' is no floor of CMakeLists.txt"
            return
        for number, header in includes_of(text):
            lower = re.match(r"mykeyv/(\w+)/", header)
            if lower and lower[1] not in below[floor]:
                yield number, f"{floor} may not include {header}: '{lower[1]}' is not below it"

    return includes_only_lower_floors


def c_libraries_enter_by_one_door(path, text):
    for number, header in includes_of(text):
        for library, door in DOORS:
            if header == door and not path.startswith(door.rpartition("/")[0]):
                yield number, f"{header} is for its own folder only"
            elif header != door and re.match(library, header) and path != door:
                yield number, f"<{header}> enters by {door} only"


def pure_rooms_do_no_io(path, text):
    if re.match(PURE_ROOMS, path):
        for number, header in includes_of(text):
            if re.match(IO_HEADERS, header):
                yield number, f"<{header}> in a room that does no I/O"


def has_licence(path, text):
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in text.splitlines()[:2]):
        yield 1, "no SPDX line at the top"


def header_is_included_once(path, text):
    if not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "no #pragma once"


def rooms_are_small(path, text):
    limit = TEST_LINES_MAX if path.startswith("tests/") else ROOM_LINES_MAX
    if (lines := len(text.splitlines())) > limit:
        yield 1, f"{lines} lines; {limit} at most"


def lines_are_short(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns; {COLUMNS_MAX} at most"


def blanks_are_blanks(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line or "\r" in line:
            yield number, "a tab or a carriage return"


def functions_of(text):
    """(first line, last line) of each outermost function body, its signature counted. A brace counter: good enough, not a parser."""
    code = re.sub(r"^[ ]*#.*$", lambda match: " " * len(match[0]), code_of(text), flags=re.MULTILINE)
    open_blocks = []  # 'scope' (namespace, class), 'data' (an initialiser) or the first line of a function
    boundary = 0      # where the present declaration begins
    for match in re.finditer(r"[{};]", code):
        at, in_function = match.start(), any(isinstance(block, int) for block in open_blocks)
        if match[0] == "{":
            head = code[boundary:at]
            if in_function or re.search(r"[\w>]$|[=(,{]\s*$", head):
                open_blocks.append("data")
                continue
            is_scope = re.search(r"\b(namespace|class|struct|union|enum)\b([^()]*|\s+\w+<.*>\s*)$", head) or ")" not in head
            begin = at - len(head.lstrip())
            open_blocks.append("scope" if is_scope else code.count("\n", 0, begin) + 1)
            boundary = at + 1
        elif match[0] == "}":
            block = open_blocks.pop() if open_blocks else "scope"
            if isinstance(block, int):
                yield block, code.count("\n", 0, at) + 1
            if block != "data":
                boundary = at + 1
        elif not open_blocks or open_blocks[-1] == "scope":
            boundary = at + 1


def functions_are_short(path, text):
    for first, last in functions_of(text):
        if (lines := last - first + 1) > FUNCTION_LINES_MAX:
            yield first, f"a function of {lines} lines; {FUNCTION_LINES_MAX} at most"


def nothing_banned(path, text):
    if re.search(r"(^|/)utils?(\W|$)", path):
        yield 1, "'utils' names nothing"
    for number, line in enumerate(text.splitlines(), 1):
        for banned, why in BANS:
            if match := re.search(banned, line):
                yield number, f"{match[0].strip()}: {why}"
        if re.search(r"\bnamespace [\w:]*\butils?\b", line):
            yield number, "'utils' names nothing"


def nothing_global(path, text):
    if not path.startswith("tests/"):
        for number, line in enumerate(text.splitlines(), 1):
            if match := re.search(GLOBALS, line):
                yield number, f"{match[0]}: a global; pass it in"


def tests_do_not_sleep(path, text):
    if path.startswith(("tests/", "scripts/")):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(SLEEPS, line):
                yield number, "a sleep: await the event, with a deadline"


def rules(below):
    """(which files, rule) in the order of reporting."""
    cpp = re.compile(r"\.(cpp|hpp)$")
    code = re.compile(r"\.(cpp|hpp|py|js|lua|cmake|in)$|CMakeLists\.txt$|^scripts/|^\.ci/")
    every = re.compile("")
    return [
        (cpp, floor_rule(below)),
        (re.compile(r"^(mykeyv|apps|examples)/.*\.(cpp|hpp)$"), c_libraries_enter_by_one_door),
        (cpp, pure_rooms_do_no_io),
        (re.compile(code.pattern + r"|\.(md|toml|pml|yml)$"), has_licence),
        (re.compile(r"\.hpp$"), header_is_included_once),
        (code, rooms_are_small),
        (code, lines_are_short),
        (cpp, blanks_are_blanks),
        (cpp, functions_are_short),
        (every, nothing_banned),
        (cpp, nothing_global),
        (code, tests_do_not_sleep),
    ]


def files_of(root):
    """Every text file below root that is ours: (path, text)."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - {".git", "build", "node_modules", "__pycache__"})
        for name in sorted(names):
            file = pathlib.Path(folder, name)
            path = file.relative_to(root).as_posix()
            if path.startswith("tests/tidy/"):
                continue  # names what it bans
            try:
                yield path, file.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue


def main(root):
    table = rules(floors_below((root / "CMakeLists.txt").read_text()))
    found = 0
    for path, text in files_of(root):
        for files, rule in table:
            for number, sentence in rule(path, text) if files.search(path) else ():
                print(f"{path}:{number}: {sentence}  [{rule.__name__}]")
                found += 1
    print(f"tidy: {found} findings" if found else "tidy: nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
