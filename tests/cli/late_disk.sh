#!/usr/bin/env bash
# A disk that refuses a checkpoint or the log for a while: training goes on, and nothing is lost.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

shim=${LWSSIM_BUILD:-$root/build/release}/tests/fault/failing_disk.so
[ -e "$shim" ] || skip "no $shim to make a disk fail with"

make_data data
system=(train --data data "${tiny[@]}" --log-every 1 --keep 100)
seldom=("${system[@]}" --eval-every 0 --checkpoint-every 20)
last=checkpoints/step-000000100.h5
expect 0 ranks 0 "${seldom[@]}" --run whole --steps 100

# failing CALLS PATH FIRST LAST CHECK…: while CHECK runs, these calls fail on files of such a path.
failing() {
    rm -f calls
    export FAILING_DISK_CALLS=$1 FAILING_DISK_PATH=$2 FAILING_DISK_FIRST=$3 FAILING_DISK_LAST=$4
    export FAILING_DISK_LOG=$tmp/calls LD_PRELOAD=$shim
    "${@:5}"
    unset LD_PRELOAD
}

# said COUNT PATTERN: lines of standard error.
said() {
    [ "$(grep -acE -- "$2" err)" = "$1" ] && return
    fail "not $1 lines that match '$2':"
    sed 's/^/    /' err >&2
}

# complete RUN LAST: every step once in the log, whole lines, checkpoints that verify, nothing left behind.
complete() {
    grep '"type":"train"' "$1/metrics.jsonl" | grep -o '"step":[0-9]*' | cut -d: -f2 >steps
    cmp -s steps <(seq 1 "$2") || fail "$1/metrics.jsonl does not hold steps 1 to $2 once each"
    if grep -vE '^\{"type":.*\}$' "$1/metrics.jsonl" >&2; then fail "lines of $1/metrics.jsonl that are cut off"; fi
    "$lwssim" verify "$1" >out 2>&1 || fail "$1 does not verify"
    if compgen -G "$1/checkpoints/.step-*" >/dev/null; then fail "leftovers in $1/checkpoints"; fi
}

# ---- errors that pass --------------------------------------------------------------------------------
while read -r n calls first upto; do
    run=passing-$calls-$first
    failing "$calls" /checkpoints "$first" "$upto" expect 0 ranks "$n" "${seldom[@]}" --run "$run" --steps 100
    said 1 'warning: .*Input/output error\. Training goes on; the checkpoint is tried again for up to 5 min'
    said 1 'the checkpoint is written again, at step [0-9]+, after'
    said 0 'error:'
    same_file whole/$last "$run/$last"
    complete "$run" 100
    [ -z "$(grep -v 'checkpoints$' calls | sort | uniq -d)" ] || fail "a file that failed was tried again: $(cat calls)"
done <<'ERRORS'
0 pwrite 1 1
0 pwrite 9 9
0 fsync 2 2
3 rename 2 2
0 pwrite,fsync,rename 5 7
ERRORS

# The best checkpoint is one that there is, though a better one could not be written.
wild=("${system[@]}" --steps 10 --eval-every 1 --checkpoint-every 0 --lr 0.05 --grid 0)
expect 0 ranks 0 "${wild[@]}" --run wild
best=$(grep '"type":"evaluation"' wild/metrics.jsonl | sed -E 's/.*"step":([0-9]+),.*"ssim_g11":([^,]+),.*/\2 \1/' |
    sort -g | tail -n 1)
best=$(printf 'step-%09d.h5' "${best#* }")
[ "$best" != step-000000010.h5 ] || fail 'the last evaluation is the best: this tests nothing'
failing rename "$best" 1 99 expect 0 ranks 2 "${wild[@]}" --run tame
[ ! -e tame/checkpoints/"$best" ] || fail 'what should fail did not'
expect 0 ranks 0 evaluate --run tame --best

# ---- errors that stay --------------------------------------------------------------------------------
failing fsync /checkpoints 3 999999 expect_error 1 \
    'cannot flush .*Input/output error.* attempts .*checkpoint-patience.*--resume' \
    ranks 2 "${seldom[@]}" --run staying --steps 1000000 --checkpoint-patience 1.5
said 1 'Training goes on'
[ "$(newest staying)" = "staying/checkpoints/step-000000020.h5" ] || fail 'no checkpoint from before'
expect 0 ranks 0 train --run staying --resume --steps 100
same_file whole/$last "staying/$last"
complete staying 100
failing rename /checkpoints 1 999999 expect_error 1 'cannot rename .*error\. Make room or mend the disk.*--resume' \
    ranks 2 "${seldom[@]}" --run at-once --steps 1000000 --checkpoint-patience 0

# In a table nobody has --resume to give.
failing rename /checkpoints 1 999999 expect_error 1 \
    'ae-mse-1\. .* cannot rename .*error\. Make room or mend the disk, and go on with the same command\.' ranks 2 table1 \
    "${seldom[@]:1}" --steps 100 --models ae --losses mse --seeds 1 --checkpoint-patience 0 --output table
expect_no_text '--resume' err
expect_no_text '--resume' table/cells/ae-mse-1/failed.txt

# ---- the log -------------------------------------------------------------------------------------------
export FAILING_DISK_ERRNO=28
failing write metrics.jsonl 7 8 expect 0 ranks 2 "${seldom[@]}" --run log --steps 100
said 1 'warning: .*log/metrics.jsonl: No space left on device\. Training goes on; the log metrics.jsonl is tried'
said 1 'the log metrics.jsonl is written again, at step'
same_file whole/$last "log/$last"
complete "log" 100
failing write metrics.jsonl 7 999999 expect_error 1 'metrics.jsonl: No space left.* attempts .*--resume' \
    ranks 2 "${seldom[@]}" --run log-lost --steps 1000000 --checkpoint-every 1000000 --checkpoint-patience 1
[ -n "$(newest log-lost)" ] || fail 'the run ended without a checkpoint, as its log could not be written'
expect_no_text '"step":[0-9]*$|[^}]$' log-lost/metrics.jsonl

# A picture is not worth a run.
failing write,pwrite /images 1 999999 expect 0 ranks 2 "${system[@]}" --run pictures --steps 10 --eval-every 5
complete pictures 10

# A pipe that nobody reads, in the place of one.
expect 0 ranks 0 "${system[@]}" --run "$tmp/fresh-piped" --steps 4
mkfifo fresh-piped/images/step-000000005.png
expect 0 ranks 0 train --run fresh-piped --resume --steps 10 --eval-every 5
said 1 'warning: .*step-000000005.png'

# ---- stops and ends wait for the disk --------------------------------------------------------------------
unset FAILING_DISK_ERRNO
# in_trouble RUN OPTION…: starts a job whose disk fails until the file `trouble` goes, and waits for the first warning.
in_trouble() {
    local waited=0
    touch trouble
    : >err # where the job before has left its warning
    FAILING_DISK_CALLS=fsync FAILING_DISK_PATH=/checkpoints FAILING_DISK_WHILE=$tmp/trouble LD_PRELOAD=$shim \
        mpirun --oversubscribe -n 2 "$lwssim" "${seldom[@]}" --run "$@" >job.out 2>err </dev/null &
    job=$!
    children+=("$job")
    until grep -q 'Training goes on' err; do
        sleep 0.02
        waited=$((waited + 1))
        [ $waited -lt 1000 ] || { fail "no warning"; return; }
    done
}
ended() {
    local code=0
    wait "$job" || code=$?
    [ "$code" = "$1" ] || { fail "exit code $code in place of $1"; sed 's/^/    /' err >&2; }
}
in_trouble signalled --steps 1000000
kill -USR1 "$job"
sleep 0.5
kill -0 "$job" || fail 'a job that was told to stop did not wait for its checkpoint'
rm trouble
ended 75
said 1 'the checkpoint is written again'
said 1 'stopped on request'
[ -n "$(newest signalled)" ] || fail 'stopped without a checkpoint'

in_trouble hurried --steps 1000000
kill -USR1 "$job"
sleep 3 # long enough to be heard before the next, however busy the machine
kill -USR1 "$job" # not to wait any longer
start=$SECONDS
ended 1
[ $((SECONDS - start)) -lt 20 ] || fail "a job that was told twice to stop waited for $((SECONDS - start)) s"
said 1 'error: .* attempts .*--resume'

in_trouble limited --steps 1000000 --time-limit 1 --checkpoint-patience 2
ended 1 # it did not stop on purpose with a checkpoint
said 1 'error: .*checkpoint-patience'

in_trouble finished --steps 100
sleep 0.5
rm trouble
ended 0
same_file whole/$last finished/$last
complete finished 100

# ---- a disk that is full, and emptied --------------------------------------------------------------------
if mount_small disk 3m; then
    head -c 1500K /dev/zero >disk/fill
    mpirun --oversubscribe -n 2 "$lwssim" "${seldom[@]}" --run disk/run --keep 2 --steps 3000 >job.out 2>err </dev/null &
    job=$!
    children+=("$job")
    for _ in {1..3000}; do
        if grep -q 'disk is full' err; then break; fi
        sleep 0.02
    done
    rm disk/fill
    ended 0
    said 1 'warning: the disk is full: a checkpoint in disk/run/checkpoints needs [0-9.]+ .?B, and [0-9.]+ .?B are free'
    said 1 'the checkpoint is written again'
    complete disk/run 3000
else
    echo 'note: mounting is not permitted, so no full disk was tested' >&2
fi
