#!/usr/bin/env bash
# Kills training jobs at random moments and resumes them: kill_resume.sh [COUNT]
#
# COUNT times (20), a job on 1 to 4 ranks loses all its processes, or one rank, to SIGKILL, up to five times, at moments
# that include the writing of checkpoints; each time it is resumed on another number of ranks. Whatever file then has a
# checkpoint's name must verify, and the last checkpoint must be the one of a run that nobody disturbed. SEED=N repeats
# a sequence of choices, though not the moments of the kills to the microsecond.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/../cli/common.sh"

count=${1:-20}
RANDOM=${SEED:=$((RANDOM % 32768))}
echo "seed $SEED: SEED=$SEED $0 $count repeats this"

last=400
make_data data
system=(--data data "${tiny[@]}" --model mmd-ae --steps "$last" --checkpoint-every 5 --eval-every 50 --log-every 1)
"$lwssim" train --run whole "${system[@]}" 2>err || { cat err >&2; exit 1; }
final=$(printf 'checkpoints/step-%09d.h5' $last)
kills=0 in_write=0 starts_over=0

# life RUN RANKS SECONDS WHOM OPTION…: one life of the job, ended after so long; the exit code is mpirun's.
life() {
    local run=$1 n=$2 seconds=$3 whom=$4 job ranks_of code=0
    shift 4
    mpirun --oversubscribe -n "$n" "$lwssim" train --run "$run" "$@" >life.log 2>&1 </dev/null &
    job=$!
    children+=("$job")
    sleep "$seconds"
    mapfile -t ranks_of < <(pgrep -P "$job" || true)
    if [ ${#ranks_of[@]} -gt 0 ]; then
        if [ "$whom" = all ]; then
            kill -9 "$job" "${ranks_of[@]}" 2>/dev/null || true
        else
            kill -9 "${ranks_of[RANDOM % ${#ranks_of[@]}]}" 2>/dev/null || true
        fi
    fi
    { wait "$job" || code=$?; } 2>/dev/null
    for pid in "${ranks_of[@]}"; do
        while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    done
    unset 'children[-1]'
    return $code
}

# After a kill: what can be resumed? Prints the options for the next life.
after() {
    local run=$1 files
    if compgen -G "$run/checkpoints/.step-*" >/dev/null; then in_write=$((in_write + 1)); fi
    files=$(find "$run/checkpoints" -name 'step-*.h5' 2>/dev/null | wc -l || true)
    if [ "$files" -gt 0 ]; then
        "$lwssim" verify "$run" >out 2>&1 || { fail "trial $trial: a torn checkpoint in $run"; cat out >&2; }
        next=(--resume)
    else
        starts_over=$((starts_over + 1))
        next=("${system[@]}" --overwrite)
    fi
}

for ((trial = 1; trial <= count; trial++)); do
    run=run-$trial
    next=("${system[@]}")
    text=""
    for ((k = 1 + RANDOM % 5; k > 0; k--)); do
        n=$((1 + RANDOM % 4)) whom=all
        [ $((RANDOM % 2)) = 0 ] || whom=one
        seconds=$(printf '%d.%03d' 0 $((250 + RANDOM % 750)))
        text="$text $n:$whom@$seconds"
        if life "$run" $n "$seconds" $whom "${next[@]}"; then break; fi
        kills=$((kills + 1))
        after "$run"
    done
    n=$((1 + RANDOM % 4))
    limited 120 ranks $n train --run "$run" "${next[@]}" >out 2>err </dev/null || {
        fail "trial $trial:$text: not resumed on $n ranks"
        cat err >&2
        continue
    }
    same_file whole/"$final" "$run/$final"
    grep '"type":"train"' "$run/metrics.jsonl" | grep -o '"step":[0-9]*' | cut -d: -f2 >steps
    cmp -s steps <(seq 1 $last) || fail "trial $trial:$text: the log does not hold every step once"
    if compgen -G "$run/checkpoints/.step-*" >/dev/null; then fail "trial $trial: leftovers in $run/checkpoints"; fi
    echo "trial $trial:$text $n:done"
    rm -rf "$run"
done
echo "$kills kills, $in_write of them while a checkpoint was written, $starts_over before the first"
