#!/usr/bin/env bash
# The same bits from any number of ranks and threads: 40 steps of each of the nine systems.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data

# train RUN RANKS [OPTION…]
train() {
    local run=$1 n=$2
    shift 2
    expect 0 ranks "$n" train --data data --run "$run" "${tiny[@]}" --steps 40 --checkpoint-every 20 \
        --eval-every 20 --log-every 1 "$@"
}

# What metrics.jsonl says, but for the times.
curve() {
    sed -E 's/,"images_per_second":[^}]*//' "$1/metrics.jsonl"
}

last=checkpoints/step-000000040.h5
for model in ae vae mmd-ae; do
    for loss in mse ssim lwssim; do
        system=(--model "$model" --loss "$loss")
        train one 0 "${system[@]}"
        [ -s one/$last ] || fail "$model with $loss wrote no one/$last"
        "$lwssim" inspect --digest one >>digests
        for n in 1 2 3 4 5 8; do
            train many "$n" "${system[@]}"
            same_file one/$last many/$last
            same_file one/checkpoints/step-000000020.h5 many/checkpoints/step-000000020.h5
            diff <(curve one) <(curve many) >&2 || fail "$model with $loss: another log on $n ranks"
            rm -r many
        done
        for threads in 2 3; do
            train many 0 "${system[@]}" --threads "$threads"
            same_file one/$last many/$last
            rm -r many
        done
        rm -r one
    done
done

# Both at once, with everything else that could depend on the rank: clipping, decay, schedule.
rest=(--model mmd-ae --clip-norm 1 --weight-decay 0.01 --schedule cosine --warmup-steps 10)
train one 0 "${rest[@]}"
train many 3 "${rest[@]}" --threads 2
same_file one/$last many/$last

# An optimizer that needs norms of tensors, which are cut across ranks and buckets.
norms=(--optimizer lamb --weight-decay 0.01 --base-channels 64)
train norms 0 "${norms[@]}"
for n in 2 3 5; do
    train many "$n" "${norms[@]}" --overwrite
    same_file norms/$last many/$last
    diff <(curve norms) <(curve many) >&2 || fail "lamb: another log on $n ranks"
done
# It goes on from a checkpoint to the same bits, on other ranks.
train early 3 "${norms[@]}" --steps 17
expect 0 ranks 2 train --run early --resume --steps 40
same_file norms/$last early/$last
! cmp -s one/$last norms/$last || fail "lamb gave what adam gave"

# The checks above would pass if training did nothing.
[ "$(sort digests | uniq | wc -l)" = 9 ] || fail "nine systems gave $(sort digests | uniq | wc -l) different results"
train other 0 "${rest[@]}" --seed 2
! cmp -s one/$last other/$last || fail "another seed gave the same checkpoint"
