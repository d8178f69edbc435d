# One way to build for all scripts. Sourced by quickstart.sh and tests/run.sh, and run in the root of the source tree.
# shellcheck shell=bash

# configure_fresh PRESET [OPTION…]: configures as if for the first time, so that nothing which an earlier build chose or
# found enters. Objects are kept where the same tools made them at the same place.
configure_fresh() {
    local preset=$1 tools
    shift
    # shellcheck disable=SC2086 # CC may be several words
    tools=$(pwd -P && cmake --version && ${CC:-cc} --version) || return
    if [ "$(cat "build/$preset/tools.txt" 2> /dev/null)" != "$tools" ]; then
        rm -rf "build/$preset" && mkdir -p "build/$preset" && echo "$tools" > "build/$preset/tools.txt" || return
    fi
    cmake --preset "$preset" --fresh "$@"
}

# build_fresh PRESET TARGET [OPTION…]: configures so and builds TARGET; says why if it fails.
build_fresh() {
    local preset=$1 target=$2 log=build/$1.log
    shift 2
    mkdir -p build || return
    if [ ! -w build ] || { [ -e "build/$preset" ] && [ ! -w "build/$preset" ]; }; then
        echo "$PWD/build is not yours to write to (it is $(stat -c %U build)'s): remove it, or use a clone of your own" >&2
        return 1
    fi
    { configure_fresh "$preset" "$@" && cmake --build --preset "$preset" --target "$target" -j "$(nproc)"; } \
        > "$log" 2>&1 && return
    tail -n 40 "$log" >&2
    return 1
}
