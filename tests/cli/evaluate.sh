#!/usr/bin/env bash
# Evaluation: every image of a split once, and the same digits from any number of ranks and threads.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --model vae --loss ssim --steps 60 --eval-every 10 --keep 1

number() { # number FILE KEY: a number, or the mean of a metric
    tr -d ' \t\n' <"$1" | sed -E "s/.*\"$2\":(\{\"mean\":)?([^,}]*).*/\2/"
}

for split in train valid test; do
    expect 0 ranks 0 evaluate --run run --split $split --json one.json
    cp out one.txt
    for n in 1 2 3 5; do
        expect 0 ranks $n evaluate --run run --split $split --json many.json
        same_file one.txt out
        same_file one.json many.json
        expect 0 ranks $n evaluate --run run --split $split --json -
        same_file one.json out
    done
    OMP_NUM_THREADS=2 expect 0 ranks 0 evaluate --run run --split $split --json many.json
    same_file one.json many.json
    cp one.json $split.json
done
[ "$(number train.json images)" = 68 ] || fail "$(number train.json images) training images in place of 68"
[ "$(number test.json images)" = 14 ] || fail "$(number test.json images) test images in place of 14"
if cmp -s valid.json test.json; then fail "valid and test gave the same figures"; fi

# More ranks than images.
make_data few --limit 12
expect 0 ranks 0 evaluate --run run --data few --split test --json one.json
expect 0 ranks 8 evaluate --run run --data few --split test --json many.json
same_file one.json many.json

# --run means its newest checkpoint and its own dataset; --checkpoint gives the same for that file.
last=run/checkpoints/step-000000060.h5
expect 0 ranks 0 evaluate --checkpoint $last --data data --json file.json
same_file <(grep -v '"data":' test.json) <(grep -v '"data":' file.json)
expect 0 ranks 0 evaluate --run run
expect_text 'step-000000060.h5 on 14 test images' out

# --best is the evaluation with the highest SSIM, and the log knows the same figure.
best=$(grep '"type":"evaluation"' run/metrics.jsonl |
    sed -E 's/.*"step":([0-9]+),.*"ssim_g11":([^,]+),.*/\2 \1/' | sort -g | tail -n 1)
expect 0 ranks 2 evaluate --run run --best --split valid --json best.json
[ "$(number best.json step)" = "${best#* }" ] || fail "--best took step $(number best.json step), not ${best#* }"
[ "$(number best.json ssim_g11)" = "${best% *}" ] ||
    fail "evaluate says SSIM $(number best.json ssim_g11), the log of the training says ${best% *}"

# Figures that cannot be had are null, not NaN, which is no JSON.
expect_text '"ms_ssim3"' test.json
expect_no_text '[Nn]a[Nn]|inf' test.json
