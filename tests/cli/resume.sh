#!/usr/bin/env bash
# A run that was stopped and resumed, on whatever numbers of ranks, ends with the same checkpoint as one that was not.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

patience=240 # for runs of 1,500 steps with a checkpoint every 10, on a machine that does other things
make_data data

system=(--data data "${tiny[@]}" --model mmd-ae --loss lwssim --log-every 1 --keep 100)

# Every training step from 1 to LAST once and in order, every line whole.
check_log() {
    local run=$1 last=$2
    grep '"type":"train"' "$run/metrics.jsonl" | grep -o '"step":[0-9]*' | cut -d: -f2 >"$tmp/steps"
    cmp -s "$tmp/steps" <(seq 1 "$last") || fail "$run/metrics.jsonl does not hold steps 1 to $last once each"
    if grep -vE '^\{"type":.*\}$' "$run/metrics.jsonl" >&2; then
        fail "lines of $run/metrics.jsonl that are cut off"
    fi
    uniq -d "$run/metrics.jsonl" >"$tmp/twice"
    [ ! -s "$tmp/twice" ] || fail "$run/metrics.jsonl says twice: $(head -n 1 "$tmp/twice")"
}

check_same() {
    local run=$1 whole=$2 step name
    step=$3
    name=$(printf 'checkpoints/step-%09d.h5' "$step")
    same_file "$whole/$name" "$run/$name"
    check_log "$run" "$step"
}

# ---- by --steps ---------------------------------------------------------------------------------
often=(--eval-every 5 --checkpoint-every 20)
expect 0 ranks 0 train --run whole "${system[@]}" "${often[@]}" --steps 60
check_log whole 60

while read -r first second; do
    expect 0 ranks "$first" train --run "by-$first" "${system[@]}" "${often[@]}" --steps 25
    expect 0 ranks "$second" train --run "by-$first" --resume --steps 60
    check_same "by-$first" whole 60
    expect_text 'resuming from .*step-000000025.h5' err
done <<'RANKS'
0 3
1 2
2 8
3 0
4 5
8 1
RANKS

# Many short lives; a cut-off line in the log, as a crash leaves it.
expect 0 ranks 2 train --run lives "${system[@]}" "${often[@]}" --steps 5
for steps in 10 30 35 60; do
    printf '{"type":"train","st' >>lives/metrics.jsonl
    expect 0 ranks $((steps % 4 + 1)) train --run lives --resume --steps $steps
done
check_same lives whole 60

# Without its checkpoints a run begins again, and keeps the log of what it had done.
cp -r whole bare && rm bare/checkpoints/*
expect 0 ranks 2 train --run bare --resume --steps 5
expect_text 'warning: bare has no checkpoint yet' err
same_file bare/metrics.jsonl.before whole/metrics.jsonl
check_log bare 5

# A finished run has nothing left to do, and stays as it is.
cp -r whole finished
expect 0 ranks 2 train --run finished --resume
expect_text 'nothing to do' err
same_folder finished whole

# Going back: the newest checkpoints are gone, the log is longer than what is left.
cp -r whole shortened
rm shortened/checkpoints/step-00000006* shortened/checkpoints/step-00000005*
expect 0 ranks 3 train --run shortened --resume
check_same shortened whole 60

# Keys of the group "run" may change; the state does not depend on them.
expect 0 ranks 1 train --run keys "${system[@]}" "${often[@]}" --steps 25
expect 0 ranks 1 train --run keys --resume --steps 60 --threads 2 --checkpoint-every 7 --keep 2 --grid 0
check_same keys whole 60

# ---- by signals ---------------------------------------------------------------------------------
long=1500
seldom=(--eval-every 500 --checkpoint-every 500)
expect 0 ranks 0 train --run long "${system[@]}" "${seldom[@]}" --steps $long

# interrupt RUN RANKS: starts a job in the background and returns, with its process id in $job, after some steps.
interrupt() {
    local run=$1 n=$2 waited=0
    if [ "$n" = 0 ]; then
        # A script's background job ignores SIGINT, and what is ignored stays so.
        env --default-signal=INT "$lwssim" train --run "$run" "${system[@]}" "${seldom[@]}" --steps $long \
            >job.out 2>job.err </dev/null &
    else
        mpirun --oversubscribe -n "$n" "$lwssim" train --run "$run" "${system[@]}" "${seldom[@]}" \
            --steps $long >job.out 2>job.err </dev/null &
    fi
    job=$!
    children+=("$job")
    until grep -q '"step":25,' "$run/metrics.jsonl" 2>/dev/null; do
        sleep 0.01
        waited=$((waited + 1))
        [ $waited -lt 2000 ] || { fail "$run did not start"; return; }
    done
}

ended() {
    local want=$1 code=0
    wait "$job" || code=$?
    [ "$code" = "$want" ] || fail "exit code $code in place of $want after a signal"
    [ "$(grep -c 'stopped on request' job.err)" = 1 ] || fail "not one line 'stopped on request'"
    expect_text 'stopped on request after step .* of 1500; go on with --resume' job.err
    expect_no_text 'error:' job.err
}

finish() {
    expect 0 ranks "$2" train --run "$1" --resume
    check_same "$1" long $long
}

interrupt alone-int 0
kill -INT "$job"
ended 75
finish alone-int 2

interrupt alone-term 0
kill -TERM "$job"
ended 75
finish alone-term 0

interrupt rank-term 3
kill -TERM "$(pgrep -P "$job" | tail -n 1)" # one rank only, not the first
ended 75
finish rank-term 4

interrupt all-usr1 2
kill -USR1 "$job" # mpirun hands it on to all
ended 75
finish all-usr1 3

# mpirun answers SIGTERM and SIGINT by ending the job with a code of its own, and may kill ranks before they are done:
# what was saved before is enough.
seldom=(--eval-every 500 --checkpoint-every 10)
for signal in TERM INT; do
    interrupt mpirun-$signal 2
    kill -$signal "$job"
    code=0
    wait "$job" || code=$?
    [ $code != 0 ] || fail "mpirun ended with 0 after SIG$signal"
    [ ! -e mpirun-$signal/checkpoints/step-00000$long.h5 ] || fail "SIG$signal came too late to test anything"
    finish mpirun-$signal 1
done

# Two jobs in one folder would write over each other: the second is refused, the first does not notice.
seldom=(--eval-every 500 --checkpoint-every 10)
interrupt shared 0
kill -STOP "$job" # it must not end before the others have tried
expect_error 1 'shared.*(another|in use|already)' ranks 2 train --run shared --resume
expect_error 1 'shared.*(another|in use|already)' ranks 0 train --run shared "${system[@]}" --steps 10 --overwrite
kill -CONT "$job"
code=0
wait "$job" || code=$?
[ $code = 0 ] || { fail "the first of two jobs in one folder ended with $code"; cat job.err >&2; }
check_same shared long $long
