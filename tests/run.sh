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

build_and_test() { # PRESET CTEST-OPTIONS…
    local preset=$1
    shift
    mkdir -p build
    if ! { cmake --preset "$preset" -DLWS_WERROR=ON && cmake --build --preset "$preset" -j "$(nproc)"; } \
        > "build/$preset.log" 2>&1; then
        tail -40 "build/$preset.log"
        return 1
    fi
    ctest --test-dir "build/$preset" --output-on-failure "$@"
}

build_and_test release
if [ "${1:-}" != --no-sanitize ]; then
    # Open MPI keeps memory until the process ends; leaks of our own are looked for in the unit tests.
    build_and_test asan -L 'unit|mpi'
fi
