# Sourced by every script of this folder, and by those in ../fault. Finds the binary ($LWSSIM, or the release build's),
# makes a temporary folder, runs jobs, and checks what they say. A check that fails prints what was expected and counts;
# the script goes on and exits 1 at its end.
#
# shellcheck shell=bash

set -euo pipefail
export LC_ALL=C.UTF-8
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_WAIT_POLICY=passive
# One NUMA node of one machine: nothing to bind, and no warning that it could not be done.
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl_base_warn_component_unused=0

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
lwssim=${LWSSIM:-$root/build/release/src/cli/lwssim}
[ -x "$lwssim" ] || { echo "no program at $lwssim: build it, or set LWSSIM" >&2; exit 1; }
lwssim=$(realpath "$lwssim")

# What to put before "FIRST… + LAST…" for ranks with commands of their own.
by_rank=$root/tests/cli/by_rank
# shellcheck disable=SC2034 # for the scripts
two_ranks=(mpirun --oversubscribe -n 2 "$by_rank" 1)

tmp=$(mktemp -d "${TMPDIR:-/tmp}/lwssim-test.XXXXXX")
failures=0
mounts=()
children=()
namespaces=()

at_exit() {
    local code=$?
    for pid in "${children[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
    for folder in "${mounts[@]}"; do umount "$folder" || true; done
    for name in "${namespaces[@]}"; do ip netns del "$name" || true; done
    rm -rf "$tmp"
    if { [ "$code" = 0 ] || [ "$code" = 77 ]; } && [ "$failures" -gt 0 ]; then
        echo "$failures checks failed" >&2
        exit 1
    fi
    [ "$code" = 0 ] || [ "$code" = 77 ] || echo "$(basename "$0") broke off with exit code $code" >&2
    exit "$code"
}
trap at_exit EXIT
cd "$tmp"

fail() {
    failures=$((failures + 1))
    echo "FAILED ($(basename "$0"):$(caller_line)): $*" >&2
}

# The line of the script itself, however deep the helpers are.
caller_line() {
    local i
    for ((i = ${#BASH_SOURCE[@]} - 1; i > 0; i--)); do
        [ "${BASH_SOURCE[i]}" = "${BASH_SOURCE[0]}" ] || { echo "${BASH_LINENO[i - 1]}"; return; }
    done
}

# skip REASON: ends the script; ctest shows it as skipped.
skip() {
    echo "skipped: $*" >&2
    exit 77
}

# ranks N ARGUMENT…: the program on N ranks; 0 is without mpirun.
ranks() {
    local n=$1
    shift
    if [ "$n" = 0 ]; then "$lwssim" "$@"; else mpirun --oversubscribe -n "$n" "$lwssim" "$@"; fi
}

# expect CODE COMMAND…: exit code CODE within $patience seconds (60); output in the files out and err.
expect() {
    local want=$1 code=0
    shift
    limited "${patience:-60}" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    [ "$code" = "$want" ] && return
    fail "exit code $code in place of $want: $*"
    sed 's/^/    /' "$tmp/err" >&2
}

# expect_error CODE PATTERN COMMAND…: ends with CODE as soon, with exactly one line 'error:' that matches the
# extended regular expression, and with nothing that a user could not read.
expect_error() {
    local want=$1 pattern=$2 code=0
    shift 2
    limited "${patience:-60}" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    local lines
    lines=$(grep -ac 'error:' "$tmp/err" || true)
    [ "$code" = "$want" ] || fail "exit code $code in place of $want: $*"
    [ "$lines" = 1 ] || fail "$lines lines with 'error:' in place of one: $*"
    grep -a 'error:' "$tmp/err" | grep -aEq -- "$pattern" || fail "no error that matches '$pattern': $*"
    if grep -aEiq 'HDF5-DIAG|backtrace|signal:|\*\*\* |Segmentation|Assertion|#[0-9]+ ' "$tmp/err"; then
        fail "a trace instead of a message: $*"
    fi
    [ "$code" = "$want" ] && [ "$lines" = 1 ] && grep -a 'error:' "$tmp/err" | grep -aEq -- "$pattern" && return
    sed 's/^/    /' "$tmp/err" >&2
}

# each CODE PATTERN ARGUMENT…: the same alone, and under mpirun as three ranks.
each() {
    local code=$1 pattern=$2
    shift 2
    for n in 0 3; do expect_error "$code" "$pattern" ranks $n "$@"; done
}

absent() {
    local path
    for path in "$@"; do [ ! -e "$path" ] || fail "$path was made"; done
}

# expect_text PATTERN FILE
expect_text() {
    grep -Eq -- "$1" "$2" && return
    fail "no line that matches '$1' in $2:"
    sed 's/^/    /' "$2" >&2
}

expect_no_text() {
    grep -Eq -- "$1" "$2" || return 0
    fail "a line that matches '$1' in $2:"
    grep -E -- "$1" "$2" | sed 's/^/    /' >&2
}

same_file() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

same_folder() {
    diff -r "$1" "$2" >"$tmp/difference" 2>&1 && return
    fail "$1 and $2 differ:"
    sed 's/^/    /' "$tmp/difference" >&2
}

# limited SECONDS COMMAND…, which may be a function of this file.
limited() {
    local seconds=$1 n
    shift
    if [ "$1" = ranks ]; then
        n=$2
        shift 2
        if [ "$n" = 0 ]; then
            set -- "$lwssim" "$@"
        else
            set -- mpirun --oversubscribe -n "$n" "$lwssim" "$@"
        fi
    fi
    timeout --kill-after=5 "$seconds" "$@"
}

# flip FILE OFFSET: inverts one byte.
flip() {
    local byte
    byte=$(od -An -tu1 -j"$2" -N1 "$1")
    # shellcheck disable=SC2059 # the byte is made of the format
    printf "\\x$(printf %02x $((255 - byte)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# mount_small FOLDER SIZE: a disk of its own; fails where mounting is not permitted.
mount_small() {
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" lwssim-test "$1" 2>/dev/null || return 1
    mounts+=("$1")
}

# make_data FOLDER [OPTION…]: 96 synthetic faces of 16 × 16 pixels in three splits.
make_data() {
    local folder=$1
    shift
    "$lwssim" prepare --synthetic 96 --size 16 --split 0.7,0.15,0.15 --shards 3 --output "$folder" "$@" \
        2>"$tmp/err" || { cat "$tmp/err" >&2; return 1; }
}

# A network and a batch so small that a hundred steps take a moment.
# shellcheck disable=SC2034 # for the scripts
tiny=(--preset tiny16 --batch-size 16 --micro-batches 8 --windows "3,7,11" --threads 1)

newest() {
    find "$1/checkpoints" -name 'step-*.h5' | sort | tail -n 1
}
