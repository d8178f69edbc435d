#!/usr/bin/env bash
# Installs what the tests need, builds with warnings as errors, and runs every test.
#
#   tests/run.sh                 release build: all tests; then the unit and MPI tests under the sanitizers
#   tests/run.sh --no-sanitize   the first part only
set -euo pipefail
cd "$(dirname "$0")/.."
. launch/packages.sh
# shellcheck disable=SC2086 # a list of words
install_packages $LWSSIM_PACKAGES libcmocka-dev python3-h5py python3-skimage python3-pil procps

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
[ -d "${LWSSIM_SHARED:-../shared}" ] || echo "no ../shared: tests on the real images will be skipped"

build() { # PRESET
    local preset=$1
    mkdir -p build
    if ! { cmake --preset "$preset" -DLWS_WERROR=ON && cmake --build --preset "$preset" -j "$(nproc)"; } \
        > "build/$preset.log" 2>&1; then
        tail -40 "build/$preset.log"
        return 1
    fi
}

run() { # PRESET CTEST-OPTIONS…
    local preset=$1
    shift
    ctest --test-dir "build/$preset" --output-on-failure -j 2 "$@" # most tests ask for both for themselves
}

build release
run release
if [ "${1:-}" != --no-sanitize ]; then
    build asan
    run asan -L unit
    # Open MPI keeps memory until the process ends: leaks are looked for above only.
    ASAN_OPTIONS=detect_leaks=0 run asan -L mpi
    ASAN_OPTIONS=detect_leaks=0 run asan -R 'cli-(evaluate|inspect_verify|compare_reconstruct)'
fi
