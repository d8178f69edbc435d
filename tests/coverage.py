#!/usr/bin/env python3
"""Tables of what the tests reach: coverage.py COVERAGE.json REASONS

COVERAGE.json is gcovr's. A line of REASONS is GLOB | TEXT | why: in files that match GLOB, a place (a run of lines or a
branch that is not reached) whose source has the regular expression TEXT is left out for that reason.
"""
import collections
import fnmatch
import json
import os
import re
import sys


def read_reasons(path):
    reasons = []
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            glob, text, why = (part.strip() for part in line.split(" | ", 2))
            reasons.append((glob, re.compile(text), why))
    return reasons


def places(file):
    """(first line, last line, what) of each run of lines that no test reaches, and of each line with such a branch."""
    found = []
    lines = [line for line in file["lines"] if not line.get("gcovr/noncode")]
    for line, before in zip(lines, [None] + lines[:-1]):
        number = line["line_number"]
        if line["count"] == 0:
            if before and before["count"] == 0 and found and found[-1][2] == "lines":
                found[-1][1] = number
            else:
                found.append([number, number, "lines"])
        elif any(branch["count"] == 0 for branch in line["branches"]):
            found.append([number, number, "branch"])
    return found


def reason_of(name, text, reasons):
    return next((why for glob, pattern, why in reasons if fnmatch.fnmatch(name, glob) and pattern.search(text)), None)


def main():
    files = json.load(open(sys.argv[1], encoding="utf-8"))["files"]
    reasons = read_reasons(sys.argv[2])
    folders = collections.defaultdict(collections.Counter)
    explained, open_places = collections.defaultdict(list), []
    for file in sorted(files, key=lambda file: file["file"]):
        name = file["file"]
        source = open(name, encoding="utf-8").read().split("\n")
        count = folders[os.path.dirname(name)]
        for line in file["lines"]:
            if not line.get("gcovr/noncode"):
                branches = line["branches"] if line["count"] else []
                count.update(lines=1, reached=line["count"] > 0, branches=len(branches),
                             taken=sum(branch["count"] > 0 for branch in branches))
        for first, last, what in places(file):
            # With the two lines above, where the condition of a line that is not reached stands, or what is looked at.
            text = "\n".join(source[max(first - 3, 0):last])
            shown = f"{name}:{first}" + (f"-{last}" if last > first else "") + f": {source[first - 1].strip()}"
            why = reason_of(name, text, reasons)
            if why:
                explained[why].append(shown)
            else:
                open_places.append(f"{shown}  ({what})")
    total = sum(folders.values(), collections.Counter())
    print("| folder | lines | | branches of lines reached | |\n|---|---|---|---|---|")
    for folder, c in sorted(folders.items()) + [("all", total)]:
        print(f"| {folder} | {c['lines']} | {100 * c['reached'] / c['lines']:.1f} % | {c['branches']} |"
              f" {100 * c['taken'] / max(c['branches'], 1):.1f} % |")
    for why, shown in explained.items():
        print(f"\nnot reached ({len(shown)} places): {why}")
        print("\n".join("    " + place for place in shown))
    print(f"\nnot reached, without a reason: {len(open_places)} places")
    print("\n".join("    " + place for place in open_places))


if __name__ == "__main__":
    main()
