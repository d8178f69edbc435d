#!/usr/bin/env bash
# Builds the fuzzers with clang and runs each for a while, on the corpus and on what earlier runs have added to it.
#
#   tests/fuzz/run.sh MINUTES [TARGET…]       each target so long, one after the other
#   tests/fuzz/run.sh --seconds N [TARGET…]   the same in seconds
#
# An input that makes a target fail stays in build/fuzz/findings, and is named with the command that repeats it. Once the
# fault is mended it belongs in tests/fuzz/corpus/TARGET, under a name that says what it is.
#
# exit code: 0 nothing found, 1 something was, or the build failed, 2 wrong use, 77 no clang with libFuzzer
set -euo pipefail
usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
}
case ${1-} in
    -h | --help) usage; exit 0 ;;
    --seconds) seconds=${2-}; shift $(($# < 2 ? $# : 2)) ;;
    *) seconds=$((${1:-0} * 60)); shift $(($# < 1 ? 0 : 1)) ;;
esac
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
cd "$(dirname "$0")/../.."

known=(image config partition archive shard checkpoint codes h5_bytes)
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
    [ -d "tests/fuzz/corpus/$target" ] || { echo "run.sh: no target '$target': ${known[*]}" >&2; exit 2; }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n); int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 99; }' >"$scratch/a.c"
clang -fsanitize=fuzzer,address "$scratch/a.c" -o "$scratch/a" 2>"$scratch/said" ||
    { echo "clang with libFuzzer is needed (packages clang, libclang-rt-dev)"; exit 77; }
. launch/build.sh
build_fresh fuzz fuzzers

findings=build/fuzz/findings
mkdir -p "$findings" "$scratch/tmp"
# Whoever asks for more memory than there is gets NULL, as without the sanitizer.
export TMPDIR=$scratch/tmp ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1

fuzz() { # TARGET: false where it finds something
    local target=$1 own=build/fuzz/corpus/$1 log=$findings/$1.log
    mkdir -p "$own"
    build/fuzz/tests/fuzz/"fuzz_$target" -max_total_time="$seconds" -timeout=120 -rss_limit_mb=3000 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$findings/$target-" "$own" "tests/fuzz/corpus/$target" >"$log" 2>&1
}

status=0
for target in "${targets[@]}"; do
    if fuzz "$target"; then verdict="nothing found"; else
        verdict=FAILED status=1
    fi
    log=$findings/$target.log
    printf '%-11s %s: %s runs, %s branches covered, %s inputs\n' "$target" "$verdict" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -1)" "$(find "build/fuzz/corpus/$target" -type f | wc -l)"
    if [ "$verdict" = FAILED ]; then
        grep -E "does not hold|ERROR:|runtime error|SUMMARY|latest message" "$log" | head -5 || true
        sed -n "s|.*Test unit written to |    repeat: build/fuzz/tests/fuzz/fuzz_$target |p" "$log"
    fi
done
exit $status
