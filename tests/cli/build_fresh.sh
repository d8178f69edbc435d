#!/usr/bin/env bash
# What an earlier build left behind does not enter the next one: neither its choices nor what it found.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

mkdir tree
for name in CMakeLists.txt CMakePresets.json cmake include src datasets launch tests; do cp -r "$root/$name" tree; done
cd tree
# shellcheck source=launch/build.sh
. launch/build.sh

has_tests() { # PRESET
    ctest --preset "$1" -N >"$tmp/tests"
    expect_text '^Total Tests: [1-9]' "$tmp/tests"
}

# fresh PRESET: configures, and then there are tests.
fresh() {
    configure_fresh "$1" >"$tmp/log" 2>&1 || { fail "$1 does not configure"; tail "$tmp/log" >&2; return; }
    has_tests "$1"
}

# The choices of who wants no tests, and of who looks for a data race.
configure_fresh release -DBUILD_TESTING=OFF -DLWS_SANITIZE=thread >"$tmp/log" 2>&1
expect 8 ctest --preset release # no test is no success
expect 0 cmake --preset release # by hand
grep -q '^LWS_SANITIZE:STRING=$' build/release/CMakeCache.txt || fail "the sanitizer of before is still in"
has_tests release
expect 8 ctest --preset release -R 'no such test'

# A compiler, a generator and a folder that are gone; objects that are as good as before.
touch build/release/object
sed -i -E -e 's|^(CMAKE_C_COMPILER:[A-Z]*)=.*|\1=/gone/cc|' -e 's|^(CMAKE_GENERATOR:[A-Z]*)=.*|\1=Ninja|' \
    -e 's|^(CMAKE_HOME_DIRECTORY:[A-Z]*)=.*|\1=/gone/lwssim|' build/release/CMakeCache.txt
fresh release
[ -e build/release/object ] || fail "configuring threw good objects away"

# Objects of another compiler or place are none that this one could use.
cd ..
mv tree moved
cd moved
fresh release
[ ! -e build/release/object ] || fail "objects that were built elsewhere are kept"
