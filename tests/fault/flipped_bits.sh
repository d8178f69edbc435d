#!/usr/bin/env bash
# Bits that flip in the memory of a rank: the owner of a parameter finds it at its next update, a copy that differs from its
# owner's is found when all are compared; the rank is named, no checkpoint is made of it, and the run goes on from the last.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/../cli/common.sh"

python=$(command -v /usr/bin/python3 || command -v python3) || skip 'no Python 3'
here=$root/tests/fault
host=$(hostname)
make_data data
# With a learning rate of 0 the parameters stay where a checkpoint says they are.
system=(--data data "${tiny[@]}" --lr 0 --loss mse --eval-every 0 --checkpoint-every 40 --keep 3)

# start RUN OPTION…: three ranks in the background; processes[] gets their process ids once there is a checkpoint.
start() {
    local run=$1
    shift
    timeout --kill-after=5 120 mpirun --oversubscribe -n 3 "$lwssim" train --run "$run" "${system[@]}" --steps 1000000 "$@" \
        >out 2>err </dev/null &
    job=$!
    children+=("$job")
    for ((i = 0; i < 300; i++)); do
        [ -z "$(newest "$run" 2>/dev/null)" ] || break
        sleep 0.1
    done
    mapfile -t processes < <(pgrep -P "$(pgrep -P "$job")" | sort -n)
    [ "${#processes[@]}" = 3 ] || fail "${#processes[@]} ranks are found in place of three"
    cp "$(newest "$run")" pattern.h5
}

ended() { # PATTERN RUN
    local code=0
    wait "$job" || code=$?
    [ "$code" = 1 ] || fail "exit code $code in place of 1"
    expect_text "error: $1" err
    [ "$(grep -c error: err)" = 1 ] || fail "$(grep -c error: err) errors in place of one"
    expect 0 ranks 0 verify "$2"
    local last
    last=$(($(newest "$2" | sed 's/.*step-0*//; s/\.h5//') + 2))
    expect 0 ranks 2 train --run "$2" --resume --steps $last
    [ "${3:-}" != transient ] || return 0
    # What goes on from there is the run that nothing happened to.
    expect 0 ranks 2 train --run "$2-undisturbed" "${system[@]}" --steps $last
    same_file "$(newest "$2")" "$(newest "$2-undisturbed")"
}

# ---- the owner's own parameters --------------------------------------------------------------------------------
for r in 0 2; do
    start "own-$r"
    code=0
    "$python" "$here/flip_memory.py" "${processes[r]}" pattern.h5 some >flipped || code=$?
    [ "$code" != 77 ] || skip 'the memory of other processes may not be written here'
    [ "$(cat flipped)" -gt 0 ] || fail 'no weights were found in memory'
    ended "memory was altered on rank $r on $host(: parameters or moments between .* are not what the update of step [0-9]+ left| while the checkpoint of step).*--resume" \
        "own-$r"
done

# ---- a copy of another's ---------------------------------------------------------------------------------------
# The first weights of the network are rank 0's. A copy lives for one step, so it takes some tries to hit one before it is
# looked at; those that came too late, in the backward pass, may have left their mark on a gradient.
start copy --check-every 1
for ((i = 0; i < 200; i++)); do
    "$python" "$here/flip_memory.py" "${processes[2]}" pattern.h5 first >flipped 2>/dev/null || break
    kill -0 "$job" 2>/dev/null || break
done
ended "rank 2 on $host holds other parameters than their owner, rank 0, after step [0-9]+.*--resume" copy transient
