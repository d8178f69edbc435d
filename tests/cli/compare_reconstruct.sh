#!/usr/bin/env bash
# Pictures in, figures and pictures out.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# picture FILE SIDE SHIFT: a binary PPM with a pattern, which needs no tool to write.
picture() {
    local i
    {
        printf 'P6\n%d %d\n255\n' "$2" "$2"
        # shellcheck disable=SC2059 # the bytes are made of the format
        for ((i = 0; i < 3 * $2 * $2; i++)); do
            printf "\\x$(printf %02x $(((i * 7 + 5 * (i / 48) + $3) % 256)))"
        done
    } >"$1"
}
picture a.ppm 16 0
picture b.ppm 16 60
picture small.ppm 8 0
picture large.ppm 40 0

value() { grep "\"$1\"" out | sed -E 's/.*:[[:space:]]*([^,]*),?$/\1/'; }
is() { [ "$(value "$1")" = "$2" ] || fail "$1 is $(value "$1"), not $2"; }

# ---- compare ------------------------------------------------------------------------------------
expect 0 ranks 0 compare a.ppm a.ppm
expect_text '^MSE +0$' out
expect_text '^SSIM +1$|^SSIM.* 1$' out
expect 0 ranks 0 compare a.ppm a.ppm --json
is mse 0
is ssim_g11 1
is ssim_u7 1
is loss_mse 0
is loss_ssim 0
is loss_lwssim 0
is loss_mae 0
is loss_mix 0
is ms_ssim3 null # needs larger images
is loss_ms-ssim-3 null

expect 0 ranks 0 compare a.ppm b.ppm --json
expect_no_text '[Nn]a[Nn]|inf' out
for key in mse loss_mse loss_ssim loss_lwssim loss_mae loss_mix; do
    [[ $(value $key) =~ ^[0-9.]*[1-9] ]] || fail "$key of different images is $(value $key)"
done
expect 0 ranks 0 compare a.ppm b.ppm
grep -v '^slope\|^shift' out >forth # of one picture on the other
expect 0 ranks 0 compare b.ppm a.ppm # symmetric, to the 12 digits of the table
grep -v '^slope\|^shift' out | diff forth - >&2 || fail "compare is not symmetric"

expect 0 ranks 0 compare small.ppm small.ppm --json # smaller than the windows
is mse 0
expect_no_text '[Nn]a[Nn]|inf' out

expect_error 1 'differ in size: a.ppm is 16 × 16, large.ppm is 40 × 40' ranks 0 compare a.ppm large.ppm
expect_error 2 'two images are needed, 1 given' ranks 0 compare a.ppm
expect_error 2 'two images are needed, 3 given' ranks 0 compare a.ppm a.ppm a.ppm
expect_error 1 'nowhere.png' ranks 0 compare a.ppm nowhere.png
echo 'no picture' >text.png
expect_error 1 'text.png' ranks 0 compare a.ppm text.png
head -c 400 a.ppm >cut.ppm
expect_error 1 'cut.ppm' ranks 0 compare a.ppm cut.ppm

# ---- reconstruct --------------------------------------------------------------------------------
make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 20

# png WIDTH HEIGHT FILE: is it a PNG of that size?
png() {
    [ "$(od -An -tx1 -N8 "$3" | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$3 is not a PNG"
    local size
    size=$(od -An -tu1 -j16 -N8 "$3" | awk '{print $3 * 256 + $4, $7 * 256 + $8}')
    [ "$size" = "$1 $2" ] || fail "$3 is $size pixels, not $1 $2"
}

expect 0 ranks 0 reconstruct --run run --input a.ppm --output one.png
read -r width height < <(od -An -tu1 -j16 -N8 one.png | awk '{print $3 * 256 + $4, $7 * 256 + $8}')
((width >= 16 && height >= 32)) || fail "one.png has room for less than two images: $width × $height"
png "$width" "$height" one.png
expect_text '1 image and reconstructions' err

mkdir pictures
cp a.ppm b.ppm large.ppm pictures
echo 'no picture' >pictures/text.png
echo 'ignored' >pictures/readme.txt
expect 0 ranks 0 reconstruct --run run --input pictures --output folder.png
expect_text '3 images and reconstructions' err
expect_text 'warning: .*text.png.*left out' err
expect 0 ranks 0 reconstruct --run run --input data --output data.png --limit 5 --columns 2
expect_text '5 images and reconstructions' err
expect 0 ranks 0 reconstruct --run run --input data --output all.png
expect_text '14 images' err
expect 0 ranks 0 reconstruct --checkpoint run/checkpoints/step-000000020.h5 --input a.ppm --output same.png
same_file one.png same.png
for file in folder data all; do [ "$(head -c 4 $file.png | od -An -tx1)" = ' 89 50 4e 47' ] || fail "$file.png is not a PNG"; done

mkdir empty
expect_error 1 'empty holds no image' ranks 0 reconstruct --run run --input empty --output x.png
expect_error 1 'nowhere.*No such file' ranks 0 reconstruct --run run --input nowhere --output x.png
expect_error 1 'text.png' ranks 0 reconstruct --run run --input pictures/text.png --output x.png
expect_error 1 'nofolder/x.png' ranks 0 reconstruct --run run --input a.ppm --output nofolder/x.png
expect_error 2 '--input and --output are needed' ranks 0 reconstruct --run run --input a.ppm
expect_error 2 '--checkpoint FILE or --run DIR' ranks 0 reconstruct --input a.ppm --output x.png
expect_error 1 'nowhere' ranks 0 reconstruct --run nowhere --input a.ppm --output x.png
expect_error 1 'too small to crop 100' ranks 0 reconstruct --run run --input a.ppm --output x.png --crop 100
# A full disk; and what is no plain file is never replaced by one.
if mount_small disk 64k; then
    head -c 64000 /dev/zero >disk/fill
    expect_error 1 'disk/x.png' ranks 0 reconstruct --run run --input data --output disk/x.png
    [ ! -s disk/x.png ] || fail "a full disk left a part of a picture"
fi
mkfifo pipe
cat pipe >/dev/null &
children+=($!)
disown
limited 20 "$lwssim" reconstruct --run run --input a.ppm --output pipe 2>/dev/null || true
[ -p pipe ] || fail "a pipe was replaced by a file"
[ ! -e x.png ] || fail "a failed reconstruct left x.png"
