#!/usr/bin/env bash
# Images that cannot be prepared: a message or a line in the report; no half dataset is left.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
echo 'a file' >file

mkdir pictures empty
for i in 1 2 3 4 5 6; do { printf 'P6\n8 8\n255\n'; head -c 192 /dev/zero; } >pictures/good-$i.ppm; done
printf 'P6\n8 8\n255\n' >pictures/cut.ppm
echo 'no picture' >pictures/text.jpg
: >pictures/empty.png
out=(--output new)
each 2 'output' prepare --synthetic 10
each 2 'input|synthetic' prepare "${out[@]}"
each 2 'input|synthetic' prepare --input data --synthetic 10 "${out[@]}"
each 1 'nowhere' prepare --input nowhere "${out[@]}"
each 2 'empty holds no images' prepare --input empty "${out[@]}"
echo 'no zip' >text.zip
each 1 'text.zip' prepare --input text.zip "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 0.5,0.6,0.7 "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 1,-1,1 "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split half "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 0,0,0 "${out[@]}"
expect_error 2 'size' ranks 0 prepare --synthetic 10 --size 0 "${out[@]}"
expect_error 2 'synthetic' ranks 0 prepare --synthetic -3 "${out[@]}"
expect_error 2 'crop' ranks 0 prepare --input pictures --crop 12y "${out[@]}"
expect_error 1 'file' ranks 0 prepare --synthetic 10 --output file
expect_error 1 'file' ranks 3 prepare --synthetic 10 --output file/data
expect_error 1 '/proc' ranks 0 prepare --synthetic 10 --output /proc/data

for n in 0 1 3; do
    expect 0 ranks $n prepare --input pictures --size 16 --output "left-out-$n"
    expect_text 'warning: 3 images could not be used; .*prepare-report.txt' err
    for name in cut.ppm text.jpg empty.png; do expect_text "$name: .+" "left-out-$n/prepare-report.txt"; done
done
each 1 '(cut.ppm|text.jpg|empty.png)' prepare --input pictures --size 16 --strict "${out[@]}"
each 1 'partition.txt.*No such file' prepare --input pictures --size 16 --partition partition.txt "${out[@]}"
expect_error 2 'partition has no meaning' ranks 0 prepare --synthetic 10 --partition partition.txt "${out[@]}"
rm pictures/good*
each 1 'image' prepare --input pictures --size 16 "${out[@]}"
[ ! -e new ] || [ -z "$(find new -type f)" ] || fail "failed preparations left $(find new -type f | tr '\n' ' ')"
