#!/usr/bin/env bash
# Installs what the tests need, builds with warnings as errors, and runs every test.
#
#   tests/run.sh                 release build: all tests; then the unit and MPI tests under the sanitizers
#   tests/run.sh --no-sanitize   the first part only
set -euo pipefail
sanitize=yes
for option in "$@"; do
    case $option in
        --no-sanitize) sanitize=no ;;
        -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "run.sh: unknown option '$option'; --help lists them" >&2; exit 2 ;;
    esac
done
cd "$(dirname "$0")/.."
. launch/packages.sh
. launch/build.sh
# shellcheck disable=SC2086 # a list of words
install_packages $LWSSIM_PACKAGES libcmocka-dev python3-h5py python3-skimage python3-pil procps

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
[ -d "${LWSSIM_SHARED:-../shared}" ] || echo "no ../shared: tests on the real images will be skipped"

run() { # PRESET CTEST-OPTIONS…
    local preset=$1
    shift
    ctest --preset "$preset" -j 2 "$@"
}

build_fresh release all -DLWS_WERROR=ON
run release
if [ "$sanitize" = yes ]; then
    build_fresh asan all -DLWS_WERROR=ON
    run asan -L unit
    # Open MPI keeps memory until the process ends: leaks are looked for above only.
    ASAN_OPTIONS=detect_leaks=0 run asan -L mpi
    ASAN_OPTIONS=detect_leaks=0 run asan -R 'cli-(evaluate|inspect_verify|compare_reconstruct)'
fi
