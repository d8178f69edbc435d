#!/usr/bin/env bash
# The C sources are formatted as .clang-format says, and clang-tidy finds nothing of what .clang-tidy lists.
#
#   tests/tidy/lint.sh format     all C files but those that are made (tests/golden)
#   tests/tidy/lint.sh [OPTION…]  the program's sources; options are clang-tidy's. Needs build/release to be configured.
#
# Another version formats otherwise and checks more, so it must be version 14. Exit code 77: it is not there.
set -euo pipefail
cd "$(dirname "$0")/../.."

# tool NAME: prints what to call.
tool() {
    local name
    for name in "$1-14" "$1"; do
        if command -v "$name" > /dev/null && "$name" --version | grep -q 'version 14\.'; then
            echo "$name"
            return
        fi
    done
    echo "skipped: there is no $1 of version 14" >&2
    return 77
}

# files FOLDER… -- FIND-OPTION…: with a NUL behind each.
files() {
    local folders=()
    while [ "$1" != -- ]; do folders+=("$1"); shift; done
    shift
    find "${folders[@]}" -type f "$@" -not -name 'stb_*' -not -path 'tests/golden/*' -print0 | sort -z
}

if [ "${1:-}" = format ]; then
    command=$(tool clang-format)
    files include src datasets tests -- \( -name '*.c' -o -name '*.h' \) | xargs -0 "$command" --dry-run --Werror
else
    command=$(tool clang-tidy)
    files src datasets -- -name '*.c' |
        xargs -0 -n 8 -P "$(nproc)" "$command" -p build/release --quiet "$@" 2> >(grep -v 'warnings\? generated' >&2)
fi
