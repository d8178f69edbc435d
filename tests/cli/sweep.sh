#!/usr/bin/env bash
# A sweep: a training for each combination of values, the table of their figures, and what is refused.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

patience=240
make_data data
keys=(--data data --preset tiny16 --batch-size 16 --micro-batches 8 --threads 1 --steps 4 --eval-every 0)
cells() { (cd "$1/cells" && ls); }

# ---- cells are runs; the table has them in order -------------------------------------------------------------------
for n in 0 3; do
    expect 0 ranks $n sweep "${keys[@]}" --output "sweep-$n" --vary 'windows=3;3,7' --vary 'lr=0.001;0.01' --sort mse
    [ "$(cells "sweep-$n" | tr '\n' ' ')" = 'windows-3,7_lr-0.001 windows-3,7_lr-0.01 windows-3_lr-0.001 windows-3_lr-0.01 ' ] ||
        fail "other cells: $(cells "sweep-$n")"
    same_file out "sweep-$n/sweep.txt"
done
for cell in $(cells sweep-0); do
    same_folder "sweep-0/cells/$cell/checkpoints" "sweep-3/cells/$cell/checkpoints"
done
same_file sweep-0/sweep.txt sweep-3/sweep.txt
same_file <(sed 's/,[^,]*$//' sweep-0/sweep.csv) <(sed 's/,[^,]*$//' sweep-3/sweep.csv)
expect 0 ranks 0 report sweep-0 # which has no table.json, and is of the validation split
expect_no_text 'not there yet|, test<' sweep-0/report.html
expect_text 'SSIM-G11, validation<' sweep-0/report.html
expect 0 ranks 0 train --run alone "${keys[@]}" --windows 3,7 --lr 0.01
same_folder alone/checkpoints 'sweep-0/cells/windows-3,7_lr-0.01/checkpoints'
expect 0 ranks 0 evaluate --run alone --split valid --json figures.json
expect_text '"split":[[:space:]]*"valid"' 'sweep-0/cells/windows-3,7_lr-0.01/test.json'
for metric in ssim_g11 mse; do
    same_file <(grep -A 2 "\"$metric\":" figures.json) <(grep -A 2 "\"$metric\":" 'sweep-0/cells/windows-3,7_lr-0.01/test.json')
done
# The table, read by another program, against the cells' own figures.
/usr/bin/python3 - <<'PYTHON' || fail 'sweep.csv is not what the cells say'
import csv, json
rows = list(csv.DictReader(open("sweep-0/sweep.csv")))
assert len(rows) == 4, rows
for row in rows:
    assert row["cell"] == f"windows-{row['windows']}_lr-{row['lr']}", row
    own = json.load(open(f"sweep-0/cells/{row['cell']}/test.json"))
    for metric in ("ssim_g11", "ssim_u7", "mse", "psnr", "delta_e", "colour_slope"):
        assert float(row[metric]) == own[metric]["mean"] and float(row[metric + "_error"]) == own[metric]["standard_error"]
    assert own["images"] == 14 and own["steps"] == 4
mse = [float(row["mse"]) for row in rows]
assert mse == sorted(mse) and mse[0] < mse[-1], mse
PYTHON
expect 0 ranks 2 sweep "${keys[@]}" --output sweep-0 --vary 'windows=3;3,7' --vary 'lr=0.001;0.01' --sort ssim_g11
expect_no_text '^cell ' err
/usr/bin/python3 -c 'import csv
s = [float(row["ssim_g11"]) for row in csv.DictReader(open("sweep-0/sweep.csv"))]
assert s == sorted(s, reverse=True) and s[0] > s[-1], s' || fail 'the highest SSIM is not first'

# ---- more values; what failed is left out of the table, and named -----------------------------------------------------
expect 1 ranks 2 sweep "${keys[@]}" --output more --model vae --vary 'loss=mse;ssim' --vary 'lr=0.001;1000'
expect_text 'error: 2 of 4 cells failed: loss-mse_lr-1000, loss-ssim_lr-1000\.' err
expect_text '^2 of 4 cells, by ssim_g11' more/sweep.txt
for cell in loss-mse_lr-1000 loss-ssim_lr-1000; do
    expect_text "^  $cell: the loss is not finite at step [0-9]+: training has diverged" more/sweep.txt
done
expect 0 ranks 2 sweep "${keys[@]}" --output more --model vae --vary 'loss=mse;ssim;lwssim' --vary 'lr=0.001'
expect_text '^1 of 3 cells to do' err
expect_error 1 "more was made with 'model = vae'; it cannot go on with 'model = ae'" \
    ranks 0 sweep "${keys[@]}" --output more --vary 'loss=mse'
expect 0 ranks 2 sweep "${keys[@]}" --output seeds --vary 'seed=1;2;3' --images 5
expect_text '"images":[[:space:]]*5,' seeds/cells/seed-3/test.json

# A figure that no cell has orders none: they stay as they are varied, and the table says so.
expect 0 ranks 0 sweep "${keys[@]}" --output unordered --model ae --vary 'lr=0.01;0.001' --sort kl
expect_text '^2 of 2 cells, none of which has kl, as they were varied; ' unordered/sweep.txt
[ "$(cut -d, -f1 unordered/sweep.csv | tail -n 2 | tr '\n' ' ')" = 'lr-0.01 lr-0.001 ' ] || fail 'cells in another order'

# ---- stopped, and gone on -------------------------------------------------------------------------------------------------
long=(sweep "${keys[@]}" --steps 40 --vary 'loss=mse;mae;ssim')
expect 0 ranks 0 "${long[@]}" --output whole
expect 75 ranks 2 "${long[@]}" --output limited --time-limit 0.05
expect 0 ranks 2 "${long[@]}" --output limited
same_file whole/sweep.txt limited/sweep.txt

# ---- wrong use --------------------------------------------------------------------------------------------------------
refused() { each 2 "$1" sweep "${keys[@]}" --output new "${@:2}"; }
refused "sweep: --vary 'KEY=VALUE;VALUE' is needed"
refused "--vary 'lr': 'KEY=VALUE;VALUE' is wanted" --vary lr
refused "--vary '=1': 'KEY=VALUE;VALUE' is wanted" --vary =1
refused 'a value is empty' --vary 'lr=1;;2'
refused 'lrr: there is no such key of training' --vary 'lrr=1;2'
refused 'lr is given twice' --vary 'lr=1' --vary 'lr=2'
refused "--vary lr: '1' and '1' are the same value: give it once" --vary 'lr=1;1'
refused "--vary lr: '1e-3' and '.001' are the same value" --vary 'seed=1;2' --vary 'lr=1e-3;1;.001'
refused "lr = 'fast' is not accepted" --vary 'lr=fast'
refused 'sweep: --lr is given, and varied' --vary 'lr=1;2' --lr 3
refused 'sweep: --data is given, and varied' --vary 'data=a;b'
refused 'sweep: --sort beauty: one of ssim_g11, ' --vary 'lr=1;2' --sort beauty
refused 'sweep: --sort ms_ssim3: one of ssim_g11, ssim_u7, mse, .* is wanted' --vary 'lr=1;2' --sort ms_ssim3 # of 44 pixels
refused 'epochs are varied, and steps, .* leave steps out' --vary 'epochs=1;2' # keys has --steps
each 2 'epochs are varied, and steps, ' sweep --data data --output new --vary 'epochs=1;2' --vary 'steps=3;4'
refused "vary = 'seed=1;2;3;.*…' is not accepted: it takes a text shorter than 1024 bytes" --vary "seed=$(seq -s ';' 20000)"
refused 'windows-99: .*does not fit' --vary 'windows=3;99'
refused 'more than 4096 combinations' --vary "seed=$(seq -s ';' 100)" --vary "log-every=$(seq -s ';' 100)"
each 1 'batch-size-800: .* has 68 training images, fewer than one batch of 800' sweep --data data --preset tiny16 \
    --micro-batches 8 --threads 1 --steps 4 --output new --vary 'batch-size=16;800'
each 2 'sweep: --output DIR is needed' sweep "${keys[@]}" --vary 'lr=1'
each 2 'sweep: --data DIR is needed' sweep --output new --vary 'lr=1'
absent new
