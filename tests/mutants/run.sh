#!/usr/bin/env bash
# Are the tests any good? Makes the changes listed in *.txt one at a time, and runs the tests that must notice.
#
#   tests/mutants/run.sh [--jobs N] [--only LIST,…] [--match TEXT] [--random N [--seed S] [--folder src/train]]
#
# More: tests/mutants/mutants.py --help
exec python3 "$(dirname "$0")/mutants.py" "$@"
