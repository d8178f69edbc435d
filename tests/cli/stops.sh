#!/usr/bin/env bash
# How a run is stopped from outside: each signal, the time limit again and again, a second Ctrl-C, a rank that hangs. What
# the message says is what the folder holds, and the exit code says whether to come back.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

shim=${LWSSIM_BUILD:-$root/build/release}/tests/fault/failing_disk.so

make_data data
system=(train --data data "${tiny[@]}" --log-every 1 --keep 2 --eval-every 0 --checkpoint-every 0 --steps 1000000)

# trains RUN: waits until the log has a few steps.
trains() {
    for _ in {1..3000}; do
        ! grep -q '"step":5,' "$1/metrics.jsonl" 2>/dev/null || return 0
        sleep 0.02
    done
    fail "$1 does not train"
}

# start RUN: one process, with its id in $job; a script's background job would ignore SIGINT.
start() {
    env --default-signal=INT,HUP "$lwssim" "${system[@]}" --run "$@" >job.out 2>job.err </dev/null &
    job=$!
    children+=("$job")
}

# ended CODE: within a minute, or it is killed.
ended() {
    local code=0
    { for _ in {1..600}; do sleep 0.1; kill -0 "$job" 2>/dev/null || exit 0; done; kill -9 "$job"; } &
    wait "$job" || code=$?
    [ "$code" = "$1" ] || { fail "exit code $code in place of $1"; sed 's/^/    /' job.err >&2; }
}

# whole RUN WHY FILE: stopped where the message says: that is the last line of the log, and the checkpoint.
whole() {
    local step
    step=$(sed -nE "s/^.*stopped $2 after step ([0-9]+) of 1000000; go on with --resume.*$/\1/p" "$3")
    [ -n "$step" ] || { fail "no step in: $(cat "$3")"; return; }
    [ "$(newest "$1")" = "$1/checkpoints/$(printf 'step-%09d.h5' "$step")" ] || fail "the newest is $(newest "$1"), not $step"
    expect_text "^\{\"type\":\"train\",\"step\":$step," <(tail -n 1 "$1/metrics.jsonl")
    [ "$(grep -c . "$1/metrics.jsonl")" = "$step" ] || fail "$1/metrics.jsonl does not have $step lines"
    expect_no_text 'error:' "$3"
    expect 0 ranks 0 verify "$1"
}

# ---- each signal -----------------------------------------------------------------------------------------------
for signal in TERM INT USR1 HUP; do
    start "run-$signal"
    trains "run-$signal"
    kill -"$signal" "$job"
    ended 75
    whole "run-$signal" 'on request' job.err
done
# A run that went on is the run of one life: the longest of them, and what it was on the way.
expect 0 ranks 2 train --run run-TERM --resume --steps $(($(newest run-TERM | sed 's/.*step-0*//; s/\.h5//') + 3))
expect 0 ranks 0 "${system[@]}" --run one-life --steps "$(newest run-TERM | sed 's/.*step-0*//; s/\.h5//')"
same_file "$(newest run-TERM)" "$(newest one-life)"

# Through mpirun, to one of three ranks.
env --default-signal=HUP mpirun --oversubscribe -n 3 "$lwssim" "${system[@]}" --run ranks >job.out 2>job.err </dev/null &
job=$!
children+=("$job")
trains ranks
kill -HUP "$(pgrep -P "$job" | tail -n 1)"
ended 75
whole ranks 'on request' job.err

# ---- nobody reads what it says ---------------------------------------------------------------------------------
mkfifo pipe
exec 9<>pipe 8>pipe 9<&- # 8: a pipe whose reader has left
unread=(env --default-signal=PIPE bash -c '"$@" >&8 2>&8' - "$lwssim")
short=(--data data "${tiny[@]}" --steps 2 --eval-every 0)
expect 0 "${unread[@]}" train "${short[@]}" --run unread
[ -n "$(newest unread)" ] || fail 'a run that nobody listens to has no checkpoint'
expect 0 "${unread[@]}" table1 "${short[@]}" --models ae --losses mse --seeds 1 --output unread-table
expect 0 "${unread[@]}" sweep "${short[@]}" --vary 'lr=0.001' --output unread-sweep
for file in unread-table/table.txt unread-sweep/sweep.txt; do [ -s $file ] || fail "no $file"; done
exec 8>&-

# ---- the time limit --------------------------------------------------------------------------------------------
expect 75 ranks 0 "${system[@]}" --run limited --time-limit 0.2
whole limited 'at the time limit' err
last=$(newest limited)
for n in 2 0; do # counted from the start of each job, and remembered
    expect 75 ranks $n train --run limited --resume
    whole limited 'at the time limit' err
    [[ $(newest limited) > $last ]] || fail 'a job that went on did no step'
    last=$(newest limited)
done
expect 75 ranks 0 train --run limited --resume --time-limit 1e-6 # a step at least, or it would never end
whole limited 'at the time limit' err
[[ $(newest limited) > $last ]] || fail 'a job of no time did no step'

# ---- Ctrl-C, and again -----------------------------------------------------------------------------------------
if [ -e "$shim" ]; then
    touch trouble
    export FAILING_DISK_CALLS=fsync FAILING_DISK_PATH=/checkpoints FAILING_DISK_WHILE=$tmp/trouble
    LD_PRELOAD=$shim start twice --checkpoint-every 10
    for _ in {1..3000}; do
        ! grep -q 'Training goes on' job.err || break
        sleep 0.02
    done
    kill -INT "$job"
    for _ in {1..3000}; do # until the first has arrived: it is caught no longer
        mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$job/status")
        [ $((0x${mask:-0} & 2)) != 0 ] || break
        sleep 0.02
    done
    kill -0 "$job" || fail 'a run did not wait for its checkpoint'
    kill -INT "$job"
    ended 130
    [ -z "$(newest twice)" ] || fail 'there is a checkpoint: this tests nothing'
else
    echo "note: no $shim, so no second Ctrl-C was tested" >&2
fi

# ---- a rank that hangs -----------------------------------------------------------------------------------------
# Not one that has ended, nor MPI, is to find it: the deadline does, and the last checkpoint is there to go on from.
mpirun --oversubscribe -n 2 "$lwssim" "${system[@]}" --run hangs --checkpoint-every 5 --deadline 5 \
    >job.out 2>job.err </dev/null &
job=$!
children+=("$job")
trains hangs
for _ in {1..3000}; do
    [ -z "$(newest hangs)" ] || break
    sleep 0.02
done
kill -STOP "$(pgrep -P "$job" | sort -n | tail -n 1)"
ended 1
expect_text 'error: nothing is heard of rank 1 on .* for [0-9]+ s, last in .*: it is suspended.*; go on with --resume' job.err
[ "$(grep -c error: job.err)" = 1 ] || fail "$(grep -c error: job.err) errors in place of one"
last=$(newest hangs | sed 's/.*step-0*//; s/\.h5//')
expect 0 ranks 2 train --run hangs --resume --steps $((last + 1))
expect 0 ranks 0 verify hangs
