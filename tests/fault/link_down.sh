#!/usr/bin/env bash
# A machine is cut off for good while a job runs on it: link_down.sh [DEADLINE]
#
# Two ranks in network namespaces of their own, started by launch/mpirun.sh; after some steps the cable between them is
# pulled. The job must end with exit code 1 and a message: where the deadline is shorter than the 25 s after which mpirun gives
# up a machine, one that names the rank that is out of reach. No process may stay on either side, and the run must go on with
# --resume. By hand only: it needs root, and some minutes.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/../cli/common.sh"
# shellcheck source=tests/fault/two_machines.sh
. "$root/tests/fault/two_machines.sh"

deadline=${1:-10}
ip link add wire netns "$a" type veth peer name wire netns "$b" 2>err || skip "no veth: $(cat err)"
join_machines
export OMP_NUM_THREADS=1
make_data data
system=(train --data "$tmp/data" "${tiny[@]}" --eval-every 0 --log-every 1 --deadline "$deadline")

processes() { # those of a machine
    { ip netns pids "$a"; ip netns pids "$b"; } | sort -u
}

for side in "$a" "$b"; do
    rm -rf run
    on_machines "$root/launch/mpirun.sh" "$lwssim" "${system[@]}" --steps 100000000 --checkpoint-every 50 --run "$tmp/run" \
        >out 2>err </dev/null &
    job=$!
    for ((i = 0; i < 300; i++)); do
        [ -z "$(newest run 2>/dev/null)" ] || break
        sleep 0.1
    done
    [ -n "$(newest run 2>/dev/null)" ] || { cat err >&2; fail 'no job over the network'; exit 1; }
    ip -n "$side" link set wire down
    start=$SECONDS code=0
    if ! timeout 120 tail --pid=$job -f /dev/null; then
        fail 'mpirun does not end'
        processes | xargs kill -9
    fi
    wait $job || code=$?
    took=$((SECONDS - start))
    echo "cut off at $side: exit code $code after $took s"
    [ $code = 1 ] || fail "exit code $code"
    [ $took -lt 45 ] || fail "the job ends only after $took s"
    [ "$deadline" -gt 25 ] || expect_text 'nothing is heard of rank 1 on lwssim-b-.* the network is down' err
    expect_text 'error: a machine of this job is out of reach' err
    for ((i = 0; i < 450; i++)); do # the other machine notices later
        [ -n "$(processes)" ] || break
        sleep 0.1
    done
    [ -z "$(processes)" ] || fail "processes stay: $(processes | tr '\n' ' ')"
    ip -n "$side" link set wire up
    expect 0 ranks 0 "${system[@]}" --run run --resume --steps $(($(newest run | grep -o '[0-9]*\.h5' | sed 's/^0*//; s/\.h5//') + 5))
done
