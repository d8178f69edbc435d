#!/usr/bin/env bash
# New images and images between others: the same bytes on any number of ranks and threads, image i of the seed and i
# alone; a prior for each kind of model; wrong use is refused before anything is computed.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
for model in ae vae mmd-ae; do
    expect 0 ranks 0 train --data data --run $model "${tiny[@]}" --model $model --steps 4 --seed 3
done
expect 0 ranks 0 train --data data --run wide "${tiny[@]}" --model mmd-ae --steps 4 --seed 3 --prior-sigma 3

# ---- equal bits -------------------------------------------------------------------------------------
for prior in gaussian mixture; do
    fit=(--run ae --prior "$prior" --components 3 --count 11)
    for n in 0 1 2 3; do
        expect 0 ranks $n sample "${fit[@]}" --output $prior-$n.png --files $prior-$n
        same_file $prior-0.png $prior-$n.png
        same_folder $prior-0 $prior-$n
    done
    OMP_NUM_THREADS=3 expect 0 ranks 0 sample "${fit[@]}" --output threads.png
    same_file $prior-0.png threads.png
    [ "$(find $prior-0 -name 'sample-*.png' | wc -l)" = 11 ] || fail "not 11 files: $(ls $prior-0)"
done
cmp -s gaussian-0.png mixture-0.png && fail 'a mixture draws what a Gaussian draws'
expect 0 ranks 0 sample --run ae --components 3 --count 11 --output auto.png
same_file auto.png mixture-0.png
expect_text '11 samples of ae/checkpoints/.*, drawn from a fit of 3 Gaussians' err
expect 0 ranks 0 sample --checkpoint "$(newest ae)" --data data --components 3 --count 11 --output named.png
same_file auto.png named.png

# Image i does not depend on how many there are; the seed counts.
expect 0 ranks 0 sample --run vae --count 3 --files three
expect 0 ranks 0 sample --run vae --count 13 --files thirteen
for i in 0 1 2; do same_file three/sample-00000$i.png thirteen/sample-00000$i.png; done
[ "$(md5sum thirteen/*.png | cut -c1-32 | sort -u | wc -l)" = 13 ] || fail 'two samples are one'
expect 0 ranks 0 sample --run vae --count 3 --seed 1 --files other
cmp -s three/sample-000000.png other/sample-000000.png && fail 'another seed draws the same'

# A VAE and an MMD-AE need no data; sigma counts.
rm -rf elsewhere
cp -r mmd-ae elsewhere
mv data hidden
expect 0 ranks 0 sample --run elsewhere --count 4 --output sigma1.png
expect 0 ranks 2 sample --run vae --count 4 --output v.png
expect 0 ranks 0 sample --run wide --count 4 --output sigma3.png
mv hidden data
cmp -s sigma1.png sigma3.png && fail 'sigma does not count'
expect 0 ranks 0 sample --run vae --prior gaussian --count 4 --output fitted.png
cmp -s v.png fitted.png && fail 'a fit to the codes of a VAE draws from its prior'

# ---- wrong use --------------------------------------------------------------------------------------
each 2 '--output PNG or --files DIR is needed' sample --run ae
each 2 'no prior: one has to be fitted' sample --run ae --prior standard --output x.png
each 2 'sample: --data DIR is needed' sample --checkpoint "$(newest ae)" --output x.png
each 2 'give it a name that ends in .png' sample --run ae --output x.jpg
each 2 '--output ae/config.ini: that file is there' sample --run ae --output ae/config.ini
each 2 '5000 images are too many for one picture: use --files' sample --run ae --count 5000 --output x.png
each 2 'components = ' sample --run ae --components 65 --output x.png
each 1 'missing' sample --run ae --data missing --output x.png
make_data data8 --grey
each 1 'the model takes images of 16 × 16 × 3, data8 holds 16 × 16 × 1' sample --run ae --data data8 --output x.png
make_data data9 --seed 5
expect 0 ranks 0 sample --run ae --data data9 --count 2 --output y.png
expect_text 'was trained on other images than those of data9' err
mkdir full
echo mine >full/sample-000000.png
each 1 'full/sample-000000.png is there and lwssim has not made it' sample --run vae --count 1 --files full
[ "$(cat full/sample-000000.png)" = mine ] || fail 'a file that is no picture was written over'
mkdir photos
{ head -c 33 auto.png && tail -c +61 auto.png; } >photos/sample-000000.png # not marked as the program's
cp photos/sample-000000.png photo.png
each 1 'photos/sample-000000.png is there and lwssim has not made it' sample --run vae --count 1 --files photos
cmp photo.png photos/sample-000000.png || fail 'a photograph was written over'
absent x.png x.jpg

# ---- interpolate ------------------------------------------------------------------------------------
ls three/*.png >/dev/null
for mode in linear spherical; do
    expect 0 ranks 0 interpolate three/sample-000000.png three/sample-000001.png --run vae --output $mode.png --steps 5 \
        --mode $mode
done
expect_text '1 way of 5 images by vae/checkpoints/.* in spherical.png' err
cmp -s linear.png spherical.png && fail 'the arc is the line'
expect 0 ranks 0 interpolate three/sample-00000{0,1,1,2}.png --run vae --output rows.png
expect_text '2 ways of 8 images' err
if /usr/bin/python3 -c 'import PIL, numpy' 2>/dev/null; then
    # The ends are the originals and their reconstructions, as `reconstruct` has them.
    mkdir two
    cp three/sample-000000.png three/sample-000001.png two
    expect 0 ranks 0 reconstruct --run vae --input two --output reconstruct.png
    for mode in linear spherical; do
        /usr/bin/python3 - $mode.png >said 2>&1 <<'EOF' || fail "$mode: $(cat said)"
import sys
import numpy
import PIL.Image
way = numpy.asarray(PIL.Image.open(sys.argv[1]))
pair = numpy.asarray(PIL.Image.open("reconstruct.png"))
cell = way.shape[0]
step = cell - 2
assert way.shape[1] == 7 * step + 2 and pair.shape[:2] == (2 * step + 2, 2 * step + 2), (way.shape, pair.shape)
at = lambda image, row, column: image[row * step:(row + 1) * step + 2, column * step:(column + 1) * step + 2]
for got, want in ((0, (0, 0)), (1, (1, 0)), (5, (1, 1)), (6, (0, 1))):
    assert (at(way, 0, got) == at(pair, *want)).all(), got
assert (at(way, 0, 3) != at(way, 0, 1)).any()
EOF
    done
fi
expect_error 2 'pairs of images and --output PNG are needed; 1 image given' ranks 0 interpolate a.png --run vae --output x.png
expect_error 2 'pairs of images .* 3 images given' ranks 0 interpolate a b c --run vae --output x.png
expect_error 2 '--output two/sample-000001.png would write over' ranks 0 interpolate two/sample-00000{0,1}.png --run vae \
    --output two/sample-000001.png
expect_error 1 'cannot open missing.png' ranks 0 interpolate two/sample-000000.png missing.png --run vae --output x.png
expect_error 2 'interpolate: three holds several images' ranks 0 interpolate two/sample-000000.png three --run vae --output x.png
expect_error 1 'data8 holds 16 × 16 × 1: prepare them with --size 16 and without --grey' ranks 0 sample --run ae --data data8 \
    --output x.png
absent x.png
[ -z "$(find . -name '.*.tmp*' -o -name '*.part*')" ] || fail 'a temporary file is left'
