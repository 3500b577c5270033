# SPDX-License-Identifier: Apache-2.0
"""Figures as people read them, and their place in a document."""
import os
import platform
import statistics

from generators import check


def machine():
    models = [line.partition(":")[2].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"processors": os.cpu_count(), "model": models[0] if models else platform.machine(), "kernel": platform.release(),
            "load_before": os.getloadavg()}


def machine_text(of):
    return f"{of['processors']} processors ({of['model']}), Linux {of['kernel']}"


def spread(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def rate_text(rounds, side):
    return f"{statistics.median([each[side]['per_second'] for each in rounds]):,.0f}"


def processor_text(rounds, side):
    """Processor time of one operation: the load's, and each of the server's programs', as in "8.5 + 9.8 + 12.1"."""
    parts = zip(*([each[side]["generator_cpu_us"], *each[side]["server_cpu_us"]] for each in rounds))
    return " + ".join(f"{statistics.median(part):,.1f}" for part in parts)


def line(work, target, to, ratios, ours, theirs, ours_cpu="", theirs_cpu="", at_most=False, digits=2):
    """One row of the table; a target is met by the median."""
    median = statistics.median(ratios)
    met = "" if target is None else "yes" if (median <= target if at_most else median >= target) else "**no**"
    wanted = "" if target is None else f"{'≤' if at_most else '≥'} {target:g}"
    return [work, wanted, to, spread(ratios, digits), met, ours, theirs, ours_cpu, theirs_cpu]


HEADS = ["work", "target", "to", "ratio: median (least to most)", "met", "ours, per second", "theirs", "ours, µs of processor", "theirs"]


def replace_section(path, name, text):
    """Puts `text` between the two marks of that name in a document."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    document = path.read_text()
    check(document.count(begin) == 1 and document.count(end) == 1, f"{path} has no section {name}")
    before, _, rest = document.partition(begin)
    path.write_text(before + begin + text.rstrip("\n") + "\n" + end + rest.partition(end)[2])
