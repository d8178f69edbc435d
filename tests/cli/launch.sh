#!/usr/bin/env bash
# launch/mpirun.sh: more ranks than cores, the program's exit code, and an end in order on SIGTERM.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

launch=$root/launch/mpirun.sh
more=$(($(nproc) + 1))
[ "$more" -le 16 ] || more=16 # enough to show the exit codes
expect 0 "$launch" -n "$more" "$lwssim" prepare --synthetic 60 --size 16 --split 0.7,0.15,0.15 --output data
expect 0 "$launch" -n 2 "$lwssim" verify data
expect 1 "$launch" -n 2 "$lwssim" verify nowhere
expect 2 "$launch" -n 2 "$lwssim" verify data --frobnicate

"$launch" -n 2 "$lwssim" train --data data --run run "${tiny[@]}" --steps 1000000 --log-every 1 >log 2>&1 &
job=$!
children+=("$job")
for ((i = 0; i < 600; i++)); do
    if grep -q '"step":2' run/metrics.jsonl 2>/dev/null; then break; fi
    sleep 0.1
done
kill -TERM "$job"
code=0
wait "$job" || code=$?
[ $code = 75 ] || { fail "exit code $code in place of 75 after SIGTERM"; cat log >&2; }
expect 0 "$lwssim" verify run
