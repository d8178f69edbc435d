#!/usr/bin/env bash
# From nothing to Table 1 of the paper: installs packages and builds where there is no program yet, prepares images, and trains
# and evaluates every cell on all cores. Given again, it goes on where it was stopped.
#
#   launch/table1.sh --quick                  minutes, on 4,096 synthetic faces
#   launch/table1.sh --data DIR|ZIP           your own images, or a dataset of `lwssim prepare`
#   options: --output DIR (default ./lwssim-table1); all others are those of `lwssim table1`
set -euo pipefail
export LC_ALL=C # a decimal point in every locale
root=$(cd "$(dirname "$0")/.." && pwd)
data='' output=$PWD/lwssim-table1 options=()
while [ $# -gt 0 ]; do
    case $1 in
        --data) data=${2:?--data needs a folder or zip}; shift 2 ;;
        --output) output=${2:?--output needs a folder}; shift 2 ;;
        -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) options+=("$1"); shift ;;
    esac
done

step() { printf '\n== %s\n' "$*"; }

lwssim=$root/build/release/src/cli/lwssim
if [ ! -x "$lwssim" ]; then
    . "$root/launch/packages.sh"
    . "$root/launch/build.sh"
    # shellcheck disable=SC2086 # a list of words
    install_packages $LWSSIM_PACKAGES
    step "build"
    (cd "$root" && build_fresh release lwssim_cli)
fi
mkdir -p "$output"

is_dataset() { compgen -G "$1/train-*-of-*.h5" > /dev/null; }
if ! is_dataset "$data"; then
    images=${data:-synthetic}
    [ -z "$data" ] || images=$(realpath -- "$data")
    if is_dataset "$output/data" && [ "$(cat "$output/images.txt" 2> /dev/null)" != "$images" ]; then
        echo "table1.sh: $output/data was prepared from $(cat "$output/images.txt" 2> /dev/null || echo other images)," \
            "not from $images: choose another --output" >&2
        exit 2
    fi
    if ! is_dataset "$output/data"; then
        step "prepare"
        echo "$images" > "$output/images.txt" # what the dataset beside it is made of
        source_options=(--synthetic 4096)
        [ -z "$data" ] || source_options=(--input "$data")
        "$lwssim" prepare "${source_options[@]}" --output "$output/data" --overwrite
    fi
    data=$output/data
fi

# One rank a core (a hardware thread shares its core's arithmetic): each trains a cell of its own, as long as there are
# cells enough.
cores=$(lscpu -p=CORE,SOCKET 2> /dev/null | grep -v '^#' | sort -u | wc -l)
available=$(nproc)
[ "$cores" -gt 0 ] && [ "$cores" -lt "$available" ] || cores=$available
step "table 1 on $cores ranks"
code=0
"$root/launch/mpirun.sh" -n "$cores" "$lwssim" table1 --data "$data" --output "$output/table" --threads 1 \
    "${options[@]}" || code=$?
[ "$code" -eq 0 ] || exit "$code"
step "done"
echo "table            $output/table/table.txt   (LaTeX: table.tex)"
echo "Figure 1         $output/table/figure1.png"
