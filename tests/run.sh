#!/usr/bin/env bash
# Installs what the tests need, builds with warnings as errors, runs every test, and names those that were skipped.
#
#   tests/run.sh                 release build: format, lint, all tests; then the unit and MPI tests under the sanitizers of
#                                memory and of threads; where there is clang, a build with it, and each fuzzer for some
#                                seconds
#   tests/run.sh --no-sanitize   the release build only
#   tests/run.sh --quick         for every save of a file: builds what has changed, then the unit tests, the golden runs and
#                                a run that is resumed
set -euo pipefail
sanitize=yes
quick=no
for option in "$@"; do
    case $option in
        --no-sanitize) sanitize=no ;;
        --quick) quick=yes ;;
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "run.sh: unknown option '$option'; --help lists them" >&2; exit 2 ;;
    esac
done
cd "$(dirname "$0")/.."
. launch/packages.sh
. launch/build.sh
with_clang=
! command -v clang > /dev/null || with_clang="libomp-dev libclang-rt-dev"
# shellcheck disable=SC2086 # lists of words
install_packages $LWSSIM_PACKAGES libcmocka-dev python3-h5py python3-skimage python3-pil procps $with_clang
# Of these only one version will do, which not every system has: lint.sh says so then.
[ "$quick" = yes ] || install_packages clang-format-14 clang-tidy-14 > /dev/null 2>&1 || true

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
[ -d "${LWSSIM_SHARED:-../shared}" ] || echo "no ../shared: tests on the real images will be skipped"

report=$(mktemp)
said=$(mktemp)
trap 'rm -f "$report" "$said"' EXIT
failures=0

# run PRESET CTEST-OPTIONS…: goes on after a failure. Tests wait most of the time, for processes to start and for files:
# more of them than there are cores run side by side.
run() {
    local preset=$1 log=build/$1/Testing/Temporary/LastTest.log begin=$SECONDS result=passed name
    shift
    ctest --preset "$preset" -j $((3 * $(nproc))) "$@" | tee "$said" || { result=FAILED; failures=$((failures + 1)); }
    echo "$preset $*: $result, $((SECONDS - begin)) s" >> "$report"
    [ ! -s "${log%Test.log}TestsFailed.log" ] || [ $result = passed ] ||
        sed 's/^[0-9]*:/    failed: /' "${log%Test.log}TestsFailed.log" >> "$report"
    # A whole test, or a part of one, that this machine lacks something for.
    awk '/^[0-9]+\/[0-9]+ Testing: /{name = $3} /^(skipped|note): /{print "    " name ": " $0}' "$log" >> "$report"
    for name in $(sed -n 's/^\t *[0-9]* - \(.*\) (Skipped)$/\1/p' "$said"); do
        grep -q "^    $name: skipped: " "$report" || echo "    $name: skipped: see $log" >> "$report"
    done
}

finish() {
    local skipped
    skipped=$(grep -c ': skipped' "$report" || true)
    printf '\n'
    cat "$report"
    echo "$SECONDS s in all; $failures parts with failures, $skipped tests skipped"
    [ "$failures" = 0 ]
}

if [ "$quick" = yes ]; then
    mkdir -p build
    if ! { cmake --preset release -DLWS_WERROR=ON && cmake --build --preset release -j "$(nproc)"; } \
        > build/release.log 2>&1; then
        grep -E 'error|warning' -A 4 build/release.log >&2 || tail -n 40 build/release.log >&2
        exit 1
    fi
    run release -L 'unit|quick'
    finish
    exit
fi

# part NAME COMMAND…: a part that is no run of ctest.
part() {
    local name=$1 begin=$SECONDS result=passed code=0
    shift
    "$@" || code=$?
    case $code in
        0) ;;
        77) result=skipped ;;
        *) result=FAILED; failures=$((failures + 1)) ;;
    esac
    echo "$name: $result, $((SECONDS - begin)) s" >> "$report"
}

build_fresh release all -DLWS_WERROR=ON
part "format" tests/tidy/lint.sh format
part "lint" tests/tidy/lint.sh
run release
if [ "$sanitize" = yes ]; then
    build_fresh asan all -DLWS_WERROR=ON
    run asan -R '^t[0-9]|^fuzz|^mpi-.*-[0-2]$|cli-(evaluate|inspect_verify|compare_reconstruct)' -E @portable
    build_fresh tsan all -DLWS_WERROR=ON
    run tsan
    if [ -n "$with_clang" ]; then
        CC=clang part "build with clang" build_fresh debug all -DLWS_WERROR=ON
        part "fuzzers" tests/fuzz/run.sh --seconds 2
    else
        echo "    clang: skipped: it is not installed: no build with it, and no fuzzers" >> "$report"
    fi
fi
finish
