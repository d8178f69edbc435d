#!/usr/bin/env bash
# Figures that commands print are those that they know: what training says at its beginning and on its way, the tables of
# evaluate and compare and their JSON, values worked out by hand, and which image is where in a picture.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'

make_data data
train=(train --data data --preset tiny16 --batch-size 16 --threads 1 --grid 0)

# ---- at the beginning of training --------------------------------------------------------------------------------
expect 0 ranks 0 "${train[@]}" --run ae --steps 6 --micro-batches 8 --log-every 1 --loss mse
expect_text '^model: 13171 parameters; activations 0 MB a rank; 68 training and 14 validation images$' err
expect_no_text 'warning' err
cp err ae.txt
expect 0 ranks 0 "${train[@]}" --run vae --steps 6 --model vae --log-every 1 --eval-every 5
expect_text '^model: 17283 parameters' err
cp err vae.txt
expect 0 ranks 0 "${train[@]}" --run mmd --steps 6 --model mmd-ae --log-every 1 --eval-every 5 --mmd-weight 3
expect_text '^model: 13171 parameters' err
cp err mmd.txt

# Megabytes: 64 images in each of which some 17,000 values lie between layers.
expect 0 ranks 0 "${train[@]}" --run large --steps 1 --batch-size 64 --micro-batches 1 --base-channels 64
mb=$(sed -nE 's/.*activations ([0-9]+) MB.*/\1/p' err)
((mb >= 4 && mb <= 40)) || fail "activations of $mb MB"

# A batch may be as large as the split, and no larger.
expect 0 ranks 0 "${train[@]}" --run whole --epochs 2 --batch-size 68 --micro-batches 2
expect_text '^done: 2 steps in ' err
expect_error 1 'data has 68 training images, fewer than one batch of 69' ranks 0 "${train[@]}" --run more --steps 1 \
    --batch-size 69 --micro-batches 1

threads=$(($(env -u OMP_NUM_THREADS nproc) + 1))
expect 0 ranks 0 "${train[@]}" --run busy --steps 1 --threads $threads
expect_text "warning: 1 rank × $threads threads share [0-9]+ cores? of this node: expect less speed" err
cores=$(sed -nE 's/.* share ([0-9]+) cores? .*/\1/p' err)
expect 0 ranks 0 "${train[@]}" --run full --steps 1 --threads "${cores:-1}"
expect_no_text 'expect less speed' err
expect 0 ranks 3 "${train[@]}" --run three --steps 1 --micro-batches 8
expect_text 'warning: 8 micro-batches do not divide evenly among 3 ranks: some wait 33% of the time. Best are 9 ' err
expect_text 'Best are 9 micro-batches, or ranks that divide 8\.$' err
expect 0 ranks 3 "${train[@]}" --run uneven --steps 1 --micro-batches 4
expect_text 'warning: 4 micro-batches do not divide evenly among 3 ranks: some wait 50% of the time. Best are 6 ' err
expect 0 ranks 2 "${train[@]}" --run two --steps 1 --micro-batches 8
expect_no_text 'evenly' err

# ---- on its way --------------------------------------------------------------------------------------------------
logged() { # logged RUN TYPE STEP KEY
    grep "\"type\":\"$2\"" "$1/metrics.jsonl" | grep "\"step\":$3," | sed -E "s/.*\"$4\":([^,}]*)[,}].*/\1/"
}
said() { # said FILE FORMAT RUN TYPE STEP KEY…: the line that these figures make in this format
    local file=$1 format=$2 run=$3 type=$4 step=$5 values=() key
    shift 5
    for key in "$@"; do values+=("$(logged "$run" "$type" "$step" "$key")"); done
    # shellcheck disable=SC2059 # the format is the caller's
    grep -qF -- "$(printf "$format" "${values[@]}")" "$file" ||
        fail "$file has no '$(printf "$format" "${values[@]}")': $(grep -a '^step' "$file")"
}
said ae.txt 'step 6/6  epoch 1.50  loss %.5f  ' ae train 6 loss
said vae.txt 'step 6/6  epoch 1.50  loss %.5g (recon %.5f, KL %.4g)  ' vae train 6 loss recon kl
said mmd.txt 'step 6/6  epoch 1.50  loss %.5g (recon %.5f, MMD %.3g)  ' mmd train 6 loss recon mmd
said vae.txt 'step 5: validation SSIM %.4f, MSE %.5f, PSNR %.2f dB, colour %.2f (best so far)' vae evaluation 5 ssim_g11 mse psnr colour_slope
said vae.txt 'step 6: validation SSIM %.4f, MSE %.5f, PSNR %.2f dB, colour %.2f' vae evaluation 6 ssim_g11 mse psnr colour_slope
for run in ae vae mmd; do expect_text "^done: 6 steps in [0-9]+ s; the run is in $run$" $run.txt; done
expect 0 ranks 0 train --run ae --resume --steps 6
expect_text 'nothing to do: the run has all its 6 steps' err
expect 0 ranks 0 train --run ae --resume --steps 8
expect_text '^done: 2 steps in ' err

# A stop says how far it came, whatever the profile prints.
expect 75 ranks 0 "${train[@]}" --run early --steps 100000 --time-limit 0.01 --profile
expect_text 'stopped at the time limit after step [0-9]+ of 100000; go on with --resume' err
expect_text '^  profile of this run ' out

# ---- tables and JSON ---------------------------------------------------------------------------------------------
json() { tr -d ' \t\n' <"$1" | sed -E "s/.*\"$2\":(\{\"mean\":)?([^,}]*).*/\2/"; }
error() { tr -d ' \t\n' <"$1" | sed -E "s/.*\"$2\":\{\"mean\":[^,]*,\"standard_error\":([^,}]*).*/\1/"; }
expect 0 ranks 0 evaluate --run vae --split valid --json valid.json
expect_text '^vae/checkpoints/step-000000006.h5 on 14 valid images$' out
for row in 'SSIM-G11 ssim_g11' 'SSIM-U7 ssim_u7' 'MSE mse' 'PSNR psnr' 'dE2000 delta_e' 'slope colour_slope' \
    'correlation colour_correlation'; do
    read -r title key <<<"$row"
    line=$(printf '  %-11s%11.6f  ± %.6f' "$title" "$(json valid.json "$key")" "$(error valid.json "$key")")
    grep -qxF -- "$line" out || fail "no line '$line' in the table"
    [ "$(json valid.json "$key")" = "$(logged vae evaluation 6 "$key")" ] || fail "the log has another $key"
done
expect_text '^  MS-SSIM-3 + –  \(needs images of 44 pixels a side\)$' out
[ "$(json valid.json step)" = 6 ] || fail 'another step'
[ "$(json valid.json images)" = 14 ] || fail 'another number of images'
[ "$(json valid.json split)" = '"valid"' ] || fail 'another split'

[ "$(json valid.json checkpoint)" = '"vae/checkpoints/step-000000006.h5"' ] || fail 'another checkpoint'
[ "$(json valid.json data)" = "\"$PWD/data\"" ] || fail "data is $(json valid.json data)"
expect 0 ranks 0 inspect data
expect_text "^valid .* digest $(json valid.json data_digest | tr -d '"')\$" out

# Of one image there is no error.
expect 0 ranks 0 prepare --synthetic 3 --size 16 --split 0.34,0.33,0.33 --output three-images
expect 0 ranks 0 evaluate --run vae --data three-images --json one.json
grep -qxF -- "$(printf '  %-10s %11.6f' MSE "$(json one.json mse)")" out || fail "MSE of one image: $(grep MSE out)"
[ "$(error one.json mse)" = null ] || fail "the error of one image is $(error one.json mse)"

# Flat pictures of 64 and 192, as floats: l = (2ab + C1) / (a² + b² + C1) in every window, contrast and structure are 1.
flat() { # flat FILE BYTE: a PGM of 48 × 48
    { printf 'P5\n48 48\n255\n'; head -c 2304 /dev/zero | tr '\0' "\\$(printf %03o "$2")"; } >"$1"
}
flat dark.pgm 64
flat bright.pgm 192
expect 0 ranks 0 compare dark.pgm bright.pgm --json
cp out pair.json
expect 0 ranks 0 compare dark.pgm bright.pgm
awk -v json="$(tr -d '\n\t{} ' <pair.json)" '
    BEGIN {
        a = 64 / 255; b = 192 / 255; l = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
        mse = (b - a) ^ 2; want["loss_mae"] = b - a
        want["SSIM-G11"] = want["ssim_g11"] = want["SSIM-U7"] = want["ssim_u7"] = l
        want["MS-SSIM-3"] = want["ms_ssim3"] = l ^ .475971; want["loss_ms-ssim-3"] = 1 - l ^ .475971
        want["loss_mix"] = .84 * (1 - l) + .16 * (b - a)
        want["MSE"] = want["mse"] = want["loss_mse"] = mse
        want["PSNR"] = want["psnr"] = -10 * log(mse) / log(10)
        want["loss_ssim"] = want["loss_lwssim-product"] = 1 - l
        want["loss_lwssim"] = 4.5 * (1 - (2 * a * b + .25) / (a * a + b * b + .25))
        want["loss_lwssim-coarsest"] = want["loss_lwssim-product-coarsest"] = (1 - l) / 3
        n = split(json, pairs, ",")
        for (i = 1; i <= n; i++) { split(pairs[i], p, ":"); gsub(/"/, "", p[1]); check("JSON", p[1], p[2]) }
        if (n != 20) { print n " values in JSON"; bad = 1 }
    }
    function check(where, key, value) {
        if (key ~ /^shift/) want[key] = b - a
        if (key == "slope" || key == "correlation" || key ~ /^colour/) { # there is none
            if (value != "null" && value != "nan") { print where ": " key " is " value; bad = 1 }
            return
        }
        if (key == "delta_e" || key == "dE2000") { # greys differ in L alone, next to nothing else: see tests/unit/test_colour.c
            if (!(value > 40 && value < 60)) { print where ": " key " is " value; bad = 1 }
            return
        }
        d = value - want[key]
        if (!(key in want) || d > 1e-7 || d < -1e-7) { print where ": " key " is " value ", not " want[key]; bad = 1 }
    }
    { check("table", NF == 3 ? $1 " " $2 : $1, $NF) }
    END { if (NR != 20) { print NR " lines in the table"; bad = 1 } exit bad }' out >awk.txt ||
    fail "figures of flat pictures: $(cat awk.txt)"

# ---- pictures ----------------------------------------------------------------------------------------------------
# Five flat images; a picture of them in rows of two, originals above reconstructions.
mkdir five
for i in 1 2 3 4 5; do flat five/$i.pgm $((i * 40)); done
expect 0 ranks 0 reconstruct --run vae --input five --output five.png --columns 2
expect_text '^5 images and reconstructions by vae/checkpoints/step-000000006.h5 in five.png$' err
for i in 1 2 3 4 5; do
    expect 0 ranks 0 reconstruct --run vae --input five/$i.pgm --output one-$i.png
    expect_text '^1 image and reconstructions by' err
done
expect 0 ranks 0 reconstruct --run vae --input five --output two.png --limit 2
# The centre of a picture is taken, as large as it was asked for, or as it goes.
band() { for ((i = 0; i < 16; i++)); do head -c 16 /dev/zero | tr '\0' "\\$1"; head -c 16 /dev/zero | tr '\0' "\\$2"
    head -c 16 /dev/zero | tr '\0' "\\$1"; done; }
{ printf 'P5\n48 48\n255\n'; band 050 050; band 050 310; band 050 050; } >framed.pgm # 40 around 200
{ printf 'P5\n48 16\n255\n'; band 050 310; } >wide.pgm
expect 0 ranks 0 reconstruct --run vae --input framed.pgm --output framed.png --crop 16
expect 0 ranks 0 reconstruct --run vae --input wide.pgm --output wide.png

# Colours of the middles of cells, by row and column of the picture.
cells() { /usr/bin/python3 -B "$root/tests/cli/cells.py" "$1" 128 >"$1.txt"; }
cells five.png
cells two.png
row() { [ "$(sed -n "$2p" "$1.txt")" = "$3" ] || fail "row $2 of $1 is $(sed -n "$2p" "$1.txt"), not $3"; }
for name in framed wide; do
    cells $name.png
    everywhere=$(/usr/bin/python3 -B "$root/tests/cli/cells.py" $name.png 6) # every eighth pixel
    row $name.png 1 200,200,200
    [[ $everywhere != *40,40,40* ]] || fail "$name.png shows what lies around the centre"
done
row five.png 1 '40,40,40 80,80,80'
row five.png 3 '120,120,120 160,160,160'
row five.png 5 '200,200,200 255,255,255' # where there is none
row five.png 7 ''
row two.png 1 '40,40,40 80,80,80'
row two.png 3 ''
for i in 1 2 3 4 5; do
    cells one-$i.png
    together=$(sed -n $(((i + 1) / 2 * 2))p five.png.txt | cut -d' ' -f$((2 - i % 2)))
    row one-$i.png 1 "$((i * 40)),$((i * 40)),$((i * 40))"
    row one-$i.png 2 "$together"
done
