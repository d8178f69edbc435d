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
    expect 0 ranks 0 evaluate --run run --split $split --json one.json --images one.csv
    cp out one.txt
    for n in 1 2 3 5; do
        expect 0 ranks $n evaluate --run run --split $split --json many.json --images many.csv
        same_file one.txt out
        same_file one.csv many.csv
        same_file one.json many.json
        expect 0 ranks $n evaluate --run run --split $split --json -
        same_file one.json out
    done
    OMP_NUM_THREADS=2 expect 0 ranks 0 evaluate --run run --split $split --json many.json
    same_file one.json many.json
    cp one.json $split.json
    cp one.csv $split.csv
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

# ---- every image -------------------------------------------------------------------------------------
# What the file says of each image makes up what is said of all.
[ "$(head -n 1 test.csv)" = row,name,ssim_g11,ssim_u7,ms_ssim3,mse,psnr,delta_e,colour_n,colour_o,colour_r,colour_oo,colour_or,colour_rr ] ||
    fail "the header is $(head -n 1 test.csv)"
awk -F, '
    NR == 1 { next }
    $1 != NR - 2 || NF != 14 || $5 != "nan" || $9 != 512 { print "a line: " $0; exit 1 }
    { for (k = 3; k <= NF; k++) sum[k] += $k }
    END {
        n = sum[9]; covariance = sum[13] - sum[10] * sum[11] / n; variance = sum[12] - sum[10] ^ 2 / n
        printf "%.12g %.12g %.12g %.12g\n", sum[6] / (NR - 1), sum[8] / (NR - 1), covariance / variance,
            covariance / sqrt(variance * (sum[14] - sum[11] ^ 2 / n))
    }' test.csv >of-images.txt || fail "$(cat of-images.txt)"
said=()
for key in mse delta_e colour_slope colour_correlation; do said+=("$(number test.json $key)"); done
paste -d' ' of-images.txt - <<<"${said[*]}" |
    awk '{ for (k = 1; k <= 4; k++) if (($k - $(k + 4)) ^ 2 > 1e-18) { print "    " $0; exit 1 } }' >&2 ||
    fail 'the images make up other figures'

# Names are those of the dataset, quoted where they have to be; grey images have a shift and no colour.
mkdir pictures
i=0
for name in 'a, b.pgm' 'say "hi".pgm' plain.pgm; do
    i=$((i + 1))
    { printf 'P5\n16 16\n255\n'; head -c 256 /dev/zero | tr '\0' "\\$(printf %03o $((i * 60)))"; } >"pictures/$name"
done
expect 0 ranks 0 prepare --input pictures --size 16 --split 0,0,1 --grey --output grey
expect 0 ranks 0 prepare --synthetic 40 --size 16 --grey --split 1,0,0 --output grey-faces
expect 0 ranks 0 train --data grey-faces --run grey-run "${tiny[@]}" --steps 2
expect 0 ranks 2 evaluate --run grey-run --data grey --json grey.json --images grey.csv
expect_text '^0,"a, b.pgm",.*,nan,nan,nan,nan,nan,nan,nan$' grey.csv
expect_text '^1,plain.pgm,' grey.csv
expect_text '^2,"say ""hi"".pgm",' grey.csv
expect_text '^  shift +-?0\.[0-9]{6}  ± ' out
for row in dE2000 slope correlation; do expect_text "^  $row +–  \(needs colour\)\$" out; done
[ "$(tr -d ' \t\n' <grey.json | grep -o '"colour_slope":{"mean":null,"standard_error":null}' | wc -l)" = 1 ] ||
    fail 'grey images have a slope'

# An output is no input, and each has a file of its own.
for n in 0 2; do
    expect_error 2 '--images' ranks $n evaluate --run run --images run/config.ini
    expect_error 2 '--json and --images both name x.csv' ranks $n evaluate --run run --json x.csv --images x.csv
    expect_error 1 'nowhere' ranks $n evaluate --run run --images nowhere/x.csv
done
