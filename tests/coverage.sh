#!/usr/bin/env bash
# Which lines and branches of src/ and datasets/ do the tests reach?
#
#   tests/coverage.sh [CTEST-OPTION…]     all tests, or those meant; a table by folder, then what none reaches and why
#
# A build of its own in build/coverage, which also has each file as a page: build/coverage/report/index.html. What
# tests/unreached.txt explains is listed with its reason; anything else that is not reached is listed as such.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."
. launch/packages.sh
. launch/build.sh
# shellcheck disable=SC2086 # a list of words
install_packages $LWSSIM_PACKAGES libcmocka-dev python3-h5py python3-skimage python3-pil procps gcovr
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

build_fresh coverage all -DLWS_WERROR=ON
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -j $((3 * $(nproc))) "$@" || echo "some tests failed: what they would have reached is missing below" >&2

mkdir -p build/coverage/report
# A branch that calls what never returns, and what the compiler adds for itself, is no branch of ours.
gcovr --root . --filter 'src/' --filter 'datasets/' --object-directory build/coverage --exclude-unreachable-branches \
    --exclude-throw-branches --json build/coverage/report/coverage.json \
    --html-details build/coverage/report/index.html > build/coverage/report/gcovr.log 2>&1 ||
    { tail -n 20 build/coverage/report/gcovr.log >&2; exit 1; }
python3 tests/coverage.py build/coverage/report/coverage.json tests/unreached.txt
