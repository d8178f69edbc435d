#!/usr/bin/env bash
# The figures that commands print are the true ones, by plain definitions and by counting (figures.py); tables and JSON say
# the same.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'

truth() {
    /usr/bin/python3 -B "$root/tests/cli/figures.py" "$@" >said 2>&1 || fail "$1: $(cat said)"
}

# picture FILE WIDTH HEIGHT SHIFT: a binary PPM with waves and edges.
picture() {
    /usr/bin/python3 - "$@" <<'PYTHON'
import math, sys
path, w, h, shift = sys.argv[1], *map(int, sys.argv[2:])
pixels = [int(127 + 70 * math.sin((x + shift) / 3 + c) + 20 * ((x // 5 + y // 4 + c) % 2) + 30 * math.cos(y / (2 + c)))
          for y in range(h) for x in range(w) for c in range(3)]
open(path, "wb").write(b"P6\n%d %d\n255\n" % (w, h) + bytes(max(0, min(255, v)) for v in pixels))
PYTHON
}
picture a.ppm 16 16 0
picture b.ppm 16 16 2
picture c.ppm 16 16 9
picture wide.ppm 19 12 0
picture other.ppm 19 12 1

# ---- compare ----------------------------------------------------------------------------------------
for pair in 'a.ppm b.ppm' 'b.ppm a.ppm' 'wide.ppm other.ppm'; do
    # shellcheck disable=SC2086 # two
    {
        expect 0 ranks 0 compare $pair --json
        cp out as.json
        expect 0 ranks 0 compare $pair
        truth compare $pair as.json out
    }
done

# ---- evaluate ---------------------------------------------------------------------------------------
make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 20 --checkpoint-every 10 --eval-every 10
expect 0 ranks 0 evaluate --run run --split valid --json valid.json
truth evaluate valid.json out run/checkpoints/step-000000020.h5 20 "$tmp/data" valid 14
expect 0 ranks 2 evaluate --checkpoint run/checkpoints/step-000000010.h5 --data data --split train --json train.json
truth evaluate train.json out run/checkpoints/step-000000010.h5 10 data train 68
expect_text "\"data_digest\":[[:space:]]*\"$("$lwssim" inspect --digest data | sed -n 's/ train//p')\"" train.json

expect 0 ranks 0 prepare --synthetic 10 --size 16 --split 0.9,0,0.1 --output single
for n in 0 2; do # the deviation of one image is no number
    expect 0 ranks $n evaluate --run run --data single --json single.json
    expect_text ' on 1 test images$' out
    expect_text '^  MSE +0\.[0-9]{6}$' out
    expect_no_text '±.*[0-9]|nan' out
    [ "$(grep -c '"standard_error":[[:space:]]*null' single.json)" = 11 ] || fail 'an error of one image is a number'
done

# --best is not the newest: at such a rate a run does not get better to its end.
best_of() {
    grep '"type":"evaluation"' "$1/metrics.jsonl" | sed -E 's/.*"step":([0-9]+),.*"ssim_g11":([^,]+),.*/\2 \1/' |
        sort -g | tail -n 1
}
for seed in 1 2 3 4 5; do
    rm -rf wild
    expect 0 ranks 0 train --data data --run wild "${tiny[@]}" --lr 0.3 --steps 6 --eval-every 1 --checkpoint-every 1 \
        --keep 2 --seed $seed
    best=$(best_of wild)
    [ "${best#* }" = 6 ] || break
done
[ "${best#* }" != 6 ] || fail 'no run whose best step is not its last'
expect 0 ranks 0 evaluate --run wild --best --split valid --json best.json
truth evaluate best.json out "$(printf 'wild/checkpoints/step-%09d.h5' "${best#* }")" "${best#* }" "$tmp/data" valid 14
tr -d ' \t\n' <best.json >flat
expect_text "\"ssim_g11\":\{\"mean\":${best% *}," flat
expect 0 ranks 0 evaluate --run wild --split valid --json newest.json
truth evaluate newest.json out wild/checkpoints/step-000000006.h5 6 "$tmp/data" valid 14

# ---- inspect ----------------------------------------------------------------------------------------
expect 0 ranks 0 prepare --synthetic 60 --size 32 --split 0.6,0.3,0.1 --shards 5 --grey --output grey
expect_text '60 images in .*; dataset in grey' err
expect 0 ranks 0 inspect --digest grey
digest() { sed -n "s/ $1\$//p" out; }
train=$(digest train) valid=$(digest valid) test=$(digest test)
expect 0 ranks 0 inspect grey
channels=$(sed -n '/^channels/p' out)
expect_text '^channels of train: mean 0\.[0-9]{4}, deviation 0\.[0-9]{4}$' out
cat >want <<TEXT
train        36 images of 32 × 32 × 1 in 5 shards, digest $train
valid        18 images of 32 × 32 × 1 in 3 shards, digest $valid
test          6 images of 32 × 32 × 1 in 1 shard, digest $test
recipe recipe=synthetic crop=none filter=lanczos size=32 channels=1 split=0.6,0.3,0.1 seed=1
$channels
duplicates: none
TEXT
diff want out >&2 || fail 'inspect says something else of a dataset'
[ "$train" != "$valid" ] && [ "$valid" != "$test" ] || fail 'two splits, one digest'
expect 0 ranks 0 inspect grey/valid-00001-of-00003.h5
expect_text '^split          valid$' out
expect_text "^split_digest   $valid\$" out
expect_text '^rows_by_split  train:36,valid:18,test:6$' out
expect_text '^recipe         recipe=synthetic crop=none' out
own=$(sed -n 's/^digest  *//p' out)
[ "$("$lwssim" inspect --digest grey/valid-00001-of-00003.h5)" = "$own" ] || fail 'two digests of one shard'
[ "$own" != "$valid" ] || fail "a shard's digest is that of its split"
expect 0 ranks 0 prepare --synthetic 9 --size 16 --split 1,0,0 --output whole
expect 0 ranks 0 inspect whole --grid some.png --count 4 --columns 3
expect_text '^valid  no images$' out
[ "$(sed -n '/^some.png, row by row:$/,$p' out | sed 1d | tr '\n' '/')" = \
    'face-000000000  face-000000002  face-000000004/face-000000006/' ] || fail "the grid's names: $(cat out)"
/usr/bin/python3 -B -c 'import sys; sys.path.append(sys.argv[1]); import png; w, h, c, _ = png.read("some.png"); print(
    w // 100, h // 100, c)' "$root/tests/cli" >size || fail 'the grid is no picture'
[ "$(cat size)" = '3 2 3' ] || fail "the grid is of $(cat size)"
expect_error 2 'grid is for datasets' ranks 0 inspect run --grid some.png
expect_error 2 'jpg.*PNG' ranks 0 inspect whole --grid some.jpg
# The same image twice in train, and once more in test.
mkdir twice
for name in a b c; do cp a.ppm twice/$name.ppm; done
cp b.ppm twice/d.ppm
printf 'a.ppm 0\nb.ppm 0\nc.ppm 2\nd.ppm 0\n' >lines
expect 0 ranks 0 prepare --input twice --partition lines --crop none --size 16 --output twice-data
expect 0 ranks 0 inspect twice-data
expect_text '^duplicates: 1 within train, 1 of test also in train$' out
expect_text '^    b.ppm in train = a.ppm in train$' out
expect_text '^    c.ppm in test = a.ppm in train$' out
expect_text 'warning: 1 image of one split stands in another one, too' err
expect 0 ranks 0 inspect --digest whole
expect_text '^- test$' out

expect 0 ranks 0 inspect run
best=$(best_of run)
expect_text "^  best validation SSIM $(printf %.4f "${best% *}") at step ${best#* }\$" out
expect_text '^checkpoint run/checkpoints/step-000000020.h5$' out
expect_text '^  step 20, epoch 5, seed 1, images of 16 × 16 × 3$' out # 68 images are four batches of 16
expect_text "^  digest $("$lwssim" inspect --digest run) \(verified\)\$" out
expect_text "^  trained on $("$lwssim" inspect --digest data | sed -n 's/ train//p')\$" out
expect_text '^  /state/encoder/bn1/running_var ' out
expect_no_text '/optimizer/' out
awk '/^  \/model\// { n = 1; for (i = 2; i <= NF; i += 2) n *= $i; sum += n }
     / parameters; with the state of the optimizer: m, v$/ { said = $1 }
     END { if (sum == 0 || sum != said) { print sum " and " said " parameters"; exit 1 } }' out >said ||
    fail "inspect does not count the parameters: $(cat said)"

# ---- verify, and what prepare says ------------------------------------------------------------------
expect 0 ranks 0 verify grey
for line in 'grey/test-00000-of-00001.h5: 6 images, as written' 'grey/train-00004-of-00005.h5: 8 images, as written'; do
    expect_text "^$line\$" out
done
[ "$(awk '{ sum += $2 } END { print sum }' out)" = 60 ] || fail 'verify does not count 60 images'
mkdir pictures
cp a.ppm b.ppm c.ppm wide.ppm pictures
head -c 300 a.ppm >pictures/cut.ppm
echo 'no picture' >pictures/text.png
files=(prepare --input pictures --size 16 --split 1,0,0)
expect 0 ranks 2 "${files[@]}" --output some
expect_text '4 images in ' err
expect_text 'warning: 2 images could not be used; some/prepare-report.txt names them' err
expect_text '^train  +4 +2 +1$' some/prepare-report.txt
for n in 0 2; do
    expect_error 1 'cut.ppm: truncated PNM' ranks $n "${files[@]}" --output none --strict
    [ -z "$(ls -A none)" ] || fail "--strict left files: $(ls -A none)"
done

# ---- reconstruct ------------------------------------------------------------------------------------
rm pictures/cut.ppm pictures/text.png pictures/wide.ppm
expect 0 ranks 0 reconstruct --run run --input pictures --output grid.png --columns 2
truth grid grid.png 2 a.ppm b.ppm c.ppm
for name in a b c; do expect 0 ranks 0 reconstruct --run run --input $name.ppm --output $name.png; done
truth grid-of grid.png 2 a.png b.png c.png # though the model takes them by twos
expect 0 ranks 0 reconstruct --run run --input pictures --output grid.png --limit 2
truth grid grid.png 2 a.ppm b.ppm
expect 0 ranks 0 prepare --input pictures --size 16 --split 0,0,1 --output of-pictures # which have that size
expect 0 ranks 0 reconstruct --run run --input of-pictures --output grid.png --columns 3
truth grid grid.png 3 a.ppm b.ppm c.ppm
# The part that is taken lies inside, also by one pixel: what is beyond is not read.
for crop in 17 18; do
    expect_error 1 "a.ppm is 16 × 16: too small to crop $crop" ranks 0 reconstruct --run run --input a.ppm \
        --output x.png --crop $crop
done
expect_error 1 'wide.ppm is 19 × 12: too small to crop 13' ranks 0 reconstruct --run run --input wide.ppm \
    --output x.png --crop 13
picture large.ppm 20 19 0
/usr/bin/python3 - <<'PYTHON' # its middle 16 × 16 pixels: from 2 and 1 on
data = open("large.ppm", "rb").read()[-20 * 19 * 3:]
rows = [data[(1 + y) * 60 + 6:(1 + y) * 60 + 54] for y in range(16)]
open("middle.ppm", "wb").write(b"P6\n16 16\n255\n" + b"".join(rows))
PYTHON
expect 0 ranks 0 reconstruct --run run --input large.ppm --output grid.png --crop 16
truth grid grid.png 1 middle.ppm
