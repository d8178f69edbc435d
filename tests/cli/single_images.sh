#!/usr/bin/env bash
# What cannot be had of a single image is refused or left out, never 0 or nan.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data

# The MMD compares codes of different images.
for weight in 0 100 1e9; do
    expect_error 2 'batch-size 1 .*mmd-ae.*batch-size to 2 or more' ranks 0 train --data data --run new --preset tiny16 \
        --model mmd-ae --mmd-weight $weight --batch-size 1 --micro-batches 1 --steps 5
done
expect 0 ranks 2 train --data data --run two --preset tiny16 --model mmd-ae --batch-size 2 --micro-batches 2 --steps 3 \
    --log-every 1
expect_no_text '"mmd":(0|null)[,}]' two/metrics.jsonl
for model in ae vae; do
    expect 0 ranks 0 train --data data --run "one-$model" --preset tiny16 --model $model --batch-size 1 \
        --micro-batches 1 --steps 3
done

# A batch norm of one value a channel: wae64 halves 16 pixels four times.
wae=(train --data data --preset wae64 --base-channels 4 --latent 4)
for n in 0 3; do
    expect_error 2 'encoder/bn4: a micro-batch of 1 image .*raise batch-size or lower micro-batches' \
        ranks $n "${wae[@]}" --run new --batch-size 4 --micro-batches 4 --steps 2
done
[ ! -e new ] || fail 'a run that was refused left a folder'
expect 0 ranks 0 "${wae[@]}" --run wae --batch-size 4 --micro-batches 2 --steps 2

# One image in a split: a mean, and no error of it.
"$lwssim" prepare --synthetic 100 --size 16 --split 0.98,0.01,0.01 --output one 2>err
expect 0 ranks 0 train --data one --run one-run "${tiny[@]}" --steps 3
for n in 0 2; do
    expect 0 ranks $n evaluate --run one-run --json one.json
    expect_text 'on 1 test images' out
    expect_text '  MSE +0\.[0-9]+$' out
    expect_no_text '[Nn]a[Nn]|inf' out
    expect_no_text '[Nn]a[Nn]|inf' one.json
    expect_text '"standard_error":[[:space:]]*null' one.json
done
