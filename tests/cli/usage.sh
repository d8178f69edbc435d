#!/usr/bin/env bash
# What the program says of itself and of its options, and its exit codes; which files and folders it knows.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# ---- help --------------------------------------------------------------------------------------------
for option in --help -h help; do
    expect 0 ranks 0 $option
    expect_text '^usage: lwssim COMMAND \[OPTIONS\]$' out
    expect_text '^Exit codes: 0 done, 1 failed, 2 wrong use, 75 stopped early with a checkpoint\.$' out
    [ ! -s err ] || fail "$option speaks to standard error"
done
sentence=$(grep '^Exit codes: ' out)
grep -qxF "$sentence" "$root/README.md" || fail "README.md does not say: $sentence"
commands=$(sed -n 's/^  \([a-z][a-z0-9]*\) .*/\1/p' out)
[ "$(echo "$commands" | wc -l)" = "$(grep -c '^    ROW(' "$root/src/cli/commands.h")" ] || fail "not all commands: $commands"
expect 0 ranks 0 --version
expect_text '^lwssim [0-9]+\.[0-9]+\.[0-9]+ \(instruction set (portable|avx2|avx512), matrix kernel [A-Za-z0-9_]+\)$' out
for n in 0 2; do # said once, by however many ranks
    for command in $commands; do
        [ $n = 0 ] || [[ $command =~ train|table1|sweep|evaluate|prepare|bench ]] || continue
        expect 0 ranks $n "$command" --help
        [ "$(grep -c "^usage: lwssim $command" out)" = 1 ] || [ "$command" = prepare ] || fail "$command --help: $(cat out)"
        expect_text "^usage: lwssim $command" out
    done
done
expect 0 ranks 0 prepare --help
for line in '--size .*64.*' '--filter .*lanczos\|area' '--split .*T,V,T' '--strict' 'folder or .*zip of JPEG, PNG'; do expect_text "$line" out; done
expect 2 ranks 0
[ ! -s out ] || fail 'without a command, help goes to standard output'
expect_text 'usage: lwssim COMMAND' err
expect_error 2 "there is no command 'prepares'" ranks 0 prepares

# ---- the deadline of commands that have no option for it -------------------------------------------------
make_data data
for value in x 5s -1 1e9 nan; do
    LWSSIM_DEADLINE=$value expect_error 2 "LWSSIM_DEADLINE = $value: seconds without progress are wanted" \
        ranks 0 prepare --synthetic 5 --size 16 --output new
    [ ! -e new ] || fail "LWSSIM_DEADLINE=$value made a dataset"
done
for value in '' 0 30.5; do
    LWSSIM_DEADLINE=$value expect 0 ranks 0 prepare --synthetic 5 --size 16 --output new --overwrite
done

# ---- which is which ----------------------------------------------------------------------------------
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 2 --eval-every 0
shard=data/test-00000-of-00001.h5 checkpoint=run/checkpoints/step-000000002.h5
cp $shard one.h5
cp $checkpoint other.h5
expect 0 ranks 0 inspect one.h5 # told by what is in it
expect_text '^split          test$' out
expect 0 ranks 0 inspect other.h5
expect_text '^checkpoint other.h5$' out
expect_error 1 'there is nothing to verify in |holds neither' ranks 0 verify run/images
mkdir hidden
cp $shard hidden/.test-00000-of-00001.h5
expect_error 1 'hidden holds neither a dataset' ranks 0 inspect hidden
mv hidden/.test-00000-of-00001.h5 hidden/test-00000-of-00001.txt
expect_error 1 'hidden holds neither a dataset' ranks 0 inspect hidden
mkdir bare
cp run/config.ini bare
expect_error 1 'bare/checkpoints' ranks 0 verify bare # a run, but an empty one
if [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    /usr/bin/python3 -c 'import h5py; h5py.File("plain.h5", "w").create_dataset("x", data=[1, 2])'
    expect_error 1 'plain.h5 is an HDF5 file, but neither a shard nor a checkpoint' ranks 0 inspect plain.h5
fi

# ---- evaluate, reconstruct and compare refuse what does not fit ----------------------------------------
expect 0 ranks 0 prepare --synthetic 20 --size 16 --grey --output grey
expect 0 ranks 0 prepare --synthetic 20 --size 24 --output large
expect 0 ranks 0 prepare --synthetic 20 --size 16 --split 1,0,0 --output untested
for n in 0 2; do
    expect_error 1 'the model takes images of 16 × 16 × 3, grey holds 16 × 16 × 1: prepare them with --size 16' \
        ranks $n evaluate --run run --data grey
    expect_error 1 'the model takes images of 16 × 16 × 3, large holds 24 × 24 × 3' ranks $n evaluate --run run --data large
    expect_error 1 'untested has no images in its test split' ranks $n evaluate --run run --data untested
    expect_error 2 'evaluate: --data DIR is needed' ranks $n evaluate --checkpoint $checkpoint
done
expect 0 ranks 0 train --data untested --run blind "${tiny[@]}" --steps 2
expect 0 ranks 0 inspect blind
expect_no_text 'best validation' out
expect_error 1 'untested has no images in its test split' ranks 0 reconstruct --run run --input untested --output x.png
expect_error 1 'grey holds images of 16 × 16 × 1, the model takes 16 × 16 × 3' \
    ranks 0 reconstruct --run run --input grey --output x.png
expect_error 1 'large holds images of 24 × 24 × 3, the model takes 16 × 16 × 3' \
    ranks 0 reconstruct --run run --input large --output x.png
ppm() { { printf 'P6\n%d %d\n255\n' "$1" "$2"; head -c $((3 * $1 * $2)) /dev/zero; } >"$3"; }
ppm 16 12 low.ppm
ppm 16 16 high.ppm
ppm 12 16 slim.ppm
expect_error 1 'low.ppm is 16 × 12, high.ppm is 16 × 16' ranks 0 compare low.ppm high.ppm
expect_error 1 'slim.ppm is 12 × 16, high.ppm is 16 × 16' ranks 0 compare slim.ppm high.ppm
[ ! -e x.png ] || fail 'a failed reconstruct left x.png'
for kind in webp tif tiff pbm pam heic heif avif jp2 jxl ico svg pdf eps ps exr hdr psd jpg bmp tga PPM; do
    expect_error 2 "the picture is a PNG, so give it a name that ends in .png" ranks 0 reconstruct --run run \
        --input high.ppm --output "x.$kind"
done
for name in x.PNG x x.y/x a.b.png; do
    mkdir -p x.y
    expect 0 ranks 0 reconstruct --run run --input high.ppm --output $name
    [ -s $name ] || fail "no picture in $name"
done
