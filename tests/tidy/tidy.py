#!/usr/bin/env python3
"""The house rules, as a test: rooms and arrows, lengths, opening sentences, words on collectivity, paths in documents.

Each rule is one function of a rules_*.py; limits.py holds the numbers. exceptions.txt lists what may stand although a
rule is against it, with its reason: the list must only shrink, so an entry that is larger than what it excuses, or
excuses nothing, is a breach as well. Exit code: 0 nothing found, 1 something. `tidy.py ROOT` looks at another tree.
"""
import collections
import pathlib
import sys

import rules_collective
import rules_docs
import rules_rooms
import rules_text
from breach import Breach
from tree import Tree

HERE = pathlib.Path(__file__).resolve().parent
RULES = (rules_rooms.libraries, rules_rooms.arrows, rules_rooms.within_rooms, rules_rooms.public_headers,
         rules_text.lines, rules_text.openings, rules_text.lengths, rules_text.state,
         rules_text.readmes,
         rules_collective.collectivity, rules_docs.paths, rules_docs.names, rules_docs.versions,
         rules_docs.picture)
EXCEPTIONS = "tests/tidy/exceptions.txt"


def exceptions(text):
    """{(rule, path, subject): (measure, line)} from lines "rule path subject measure: reason"."""
    entries = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            entry, colon, reason = line.partition(": ")
            words = entry.split()
            if len(words) != 4 or not words[3].isdigit() or not reason.strip():
                sys.exit(f"{EXCEPTIONS}:{number}: not of the form RULE PATH SUBJECT MEASURE: REASON")
            entries[tuple(words[:3])] = (int(words[3]), number)
    return entries


def check(tree):
    """All breaches that no exception covers, and exceptions that cover more than there is."""
    allowed = exceptions(tree.texts.get(EXCEPTIONS, ""))
    found, used = [], set()
    for rule in RULES:
        for breach in rule(tree):
            key = (breach.rule, breach.path, breach.subject)
            measure, number = allowed.get(key, (0, 0))
            used.add(key)
            if breach.measure > measure:
                found.append(breach)
            elif breach.measure < measure:
                found.append(Breach("exception", EXCEPTIONS, number, breach.subject, measure,
                                    f"excuses {measure} where there are {breach.measure}: lower it"))
    for key in allowed.keys() - used:
        found.append(Breach("exception", EXCEPTIONS, allowed[key][1], key[2], 1,
                            f"excuses nothing any more ({' '.join(key)}): remove it"))
    return found


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent
    tree = Tree(root)
    if not tree.program:
        sys.exit(f"{root}: no sources there")
    found = check(tree)
    for breach in sorted(found, key=lambda b: (b.rule, b.path, b.line)):
        print(f"{breach.path}:{breach.line}: {breach.rule}: {breach.text}")
    counts = collections.Counter(breach.rule for breach in found)
    print("house rules: " + (", ".join(f"{rule} {count}" for rule, count in sorted(counts.items())) or "all kept"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
