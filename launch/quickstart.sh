#!/usr/bin/env bash
# From nothing to a trained auto-encoder: installs packages, builds, prepares images, trains for a minute and a half on
# all cores, evaluates, draws reconstructions.
#
#   launch/quickstart.sh                      4,096 synthetic faces
#   launch/quickstart.sh --data DIR|ZIP       your own images
#   options: --output DIR (default ./lwssim-quickstart), --seconds N of training (default 90)
set -euo pipefail
export LC_ALL=C # a decimal point in every locale
root=$(cd "$(dirname "$0")/.." && pwd)
data='' output=$PWD/lwssim-quickstart seconds=90
while [ $# -gt 0 ]; do
    case $1 in
        --data) data=${2:?--data needs a folder or zip}; shift 2 ;;
        --output) output=${2:?--output needs a folder}; shift 2 ;;
        --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
        -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "quickstart.sh: unknown option '$1'; --help lists them" >&2; exit 2 ;;
    esac
done

. "$root/launch/packages.sh"
. "$root/launch/build.sh"
# shellcheck disable=SC2086 # a list of words
install_packages $LWSSIM_PACKAGES

step() { printf '\n== %s\n' "$*"; }

step "build"
cd "$root"
build_fresh release lwssim_cli
lwssim=$root/build/release/src/cli/lwssim
echo "$lwssim"
cd - > /dev/null
mkdir -p "$output"

step "prepare"
source_options=(--synthetic 4096)
[ -z "$data" ] || source_options=(--input "$data")
"$lwssim" prepare "${source_options[@]}" --output "$output/data" --overwrite

# One rank a core (a hardware thread shares its core's arithmetic), each with equal parts of a batch of about 32: within so
# short a time many small steps of a small network get further than few of the preset's, and reach the colours.
cores=$(lscpu -p=CORE,SOCKET 2> /dev/null | grep -v '^#' | sort -u | wc -l)
available=$(nproc)
[ "$cores" -gt 0 ] && [ "$cores" -lt "$available" ] || cores=$available
ranks=$((cores < 16 ? cores : 16))
parts=$((ranks < 4 ? ranks * ((3 + ranks) / ranks) : ranks))
each=$(((32 + parts / 2) / parts))
batch=$((parts * (each > 4 ? each : 4)))

step "train an LWSSIM auto-encoder for $seconds s on $ranks ranks"
code=0
"$root/launch/mpirun.sh" -n "$ranks" "$lwssim" train --data "$output/data" --run "$output/run" \
    --overwrite --base-channels 16 --batch-size "$batch" --micro-batches "$parts" --lr .002 --epochs 1000 \
    --eval-every 4epoch --time-limit "$seconds" || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 75 ] || exit "$code" # 75: the time was up

step "evaluate"
"$lwssim" evaluate --run "$output/run" --json "$output/evaluation.json"
"$lwssim" reconstruct --run "$output/run" --input "$output/data" --output "$output/reconstructions.png"

value() { sed -n "/\"$1\"/,/}/s/.*\"mean\":[[:space:]]*\([-0-9.e]*\).*/\1/p" "$output/evaluation.json"; }
step "done"
printf 'SSIM %.4f   MSE %.5f   (test split)\n' "$(value ssim_g11)" "$(value mse)"
echo "run              $output/run   (go on: add --resume)"
echo "reconstructions  $output/reconstructions.png"
