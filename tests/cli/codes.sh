#!/usr/bin/env bash
# Codes to a file and back: the images of `reconstruct` to the bit, the same bytes on any number of ranks, read by h5py;
# what is damaged, of another model or of another program is refused or, where asked for, decoded.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
{ [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import h5py, numpy, PIL'; } 2>/dev/null || skip 'h5py is not installed'

make_data data
for model in ae vae; do
    expect 0 ranks 0 train --data data --run $model "${tiny[@]}" --model $model --steps 4 --seed 3
done

# ---- there and back ---------------------------------------------------------------------------------
for model in ae vae; do
    for n in 0 1 2 3; do
        expect 0 ranks $n encode --run $model --output $model-$n.h5
        same_file $model-0.h5 $model-$n.h5
    done
    OMP_NUM_THREADS=3 expect 0 ranks 0 encode --checkpoint "$(newest $model)" --data data --split test --output threads.h5
    same_file $model-0.h5 threads.h5
    expect 0 ranks 0 decode --run $model --input $model-0.h5 --output $model.png --files $model-files --columns 4
    expect 0 ranks 0 reconstruct --run $model --input data --output both-$model.png --columns 4
    expect 0 ranks 0 verify $model-0.h5
    expect_text "^$model-0.h5: [0-9]+ codes, as written$" out
    expect 0 ranks 0 inspect $model-0.h5
    expect_text "model $model, images of 16 × 16 × 3, checkpoint $(ranks 0 inspect --digest "$(newest $model)")" out
    /usr/bin/python3 -B - $model >said 2>&1 <<'EOF' || fail "$model: $(cat said)"
import glob
import sys
import h5py
import numpy
import PIL.Image
model = sys.argv[1]
with h5py.File(f"{model}-0.h5") as f, h5py.File(glob.glob("data/test-*")[0]) as shard:
    n = len(shard["names"])
    assert f["codes"].dtype == numpy.float32 and f["codes"].shape[0] == n, f["codes"]
    assert list(f["names"][:]) == list(shard["names"][:])
    assert ("log_variance" in f) == (model == "vae")
    assert model != "vae" or (f["log_variance"].shape == f["codes"].shape and (f["log_variance"][:] != f["codes"][:]).all())
    assert f.attrs["dataset_digest"] == shard.attrs["split_digest"]
    assert f.attrs["kind"] in ("lwssim codes", b"lwssim codes") and f.attrs["schema"] == 1
    with h5py.File(glob.glob(f"{model}/checkpoints/*.h5")[-1]) as checkpoint:
        assert f.attrs["checkpoint_digest"] == checkpoint.attrs["digest"]
    assert numpy.ptp(f["codes"][:], axis=0).min() > 0
decoded = numpy.asarray(PIL.Image.open(f"{model}.png"))
both = numpy.asarray(PIL.Image.open(f"both-{model}.png"))
step = 16 * 8 + 2
for i in range(n):
    row, column = divmod(i, 4)
    mine = decoded[row * step:(row + 1) * step, column * step:(column + 1) * step]
    theirs = both[(2 * row + 1) * step:(2 * row + 2) * step, column * step:(column + 1) * step]
    assert (mine == theirs).all(), i
    file = numpy.asarray(PIL.Image.open(f"{model}-files/code-{i:06}.png"))
    assert file.shape == (16, 16, 3) and (file == mine[2:-1:8, 2:-1:8]).all(), i
EOF
done

# Images of files, by their names; a folder and an archive give the same.
expect 0 ranks 0 decode --run ae --input ae-0.h5 --files images
echo 'no image' >images/broken.png
expect 0 ranks 0 encode --run ae --input images --output folder.h5
expect_text 'broken.png.*left out' err
expect 0 ranks 2 encode --run ae --input images --output folder2.h5
same_file folder.h5 folder2.h5
rm images/broken.png
(cd images && /usr/bin/python3 -m zipfile -c ../images.zip code-*.png)
expect 0 ranks 0 encode --run ae --input images.zip --output zip.h5
same_file folder.h5 zip.h5
expect 0 ranks 0 reconstruct --run ae --input images --output both.png --columns 4
expect 0 ranks 0 decode --run ae --input zip.h5 --output decoded.png --columns 4
expect 0 ranks 0 encode --run ae --input images/code-000001.png --output one.h5
/usr/bin/python3 -B - >said 2>&1 <<'EOF' || fail "$(cat said)"
import h5py
import numpy
import PIL.Image
with h5py.File("folder.h5") as f, h5py.File("one.h5") as one:
    assert [name.decode() for name in f["names"][:3]] == [f"code-{i:06}.png" for i in range(3)]
    assert f.attrs["dataset_digest"] in ("", b"") and one["names"][0] == b"code-000001.png"
    assert numpy.allclose(one["codes"][0], f["codes"][1], atol=1e-5)
    n = len(f["names"])
decoded, both = (numpy.asarray(PIL.Image.open(name)) for name in ("decoded.png", "both.png"))
step = 16 * 8 + 2
for row in range((n + 3) // 4):
    assert (decoded[row * step:(row + 1) * step] == both[(2 * row + 1) * step:(2 * row + 2) * step]).all(), row
EOF

# ---- what is refused --------------------------------------------------------------------------------
decode=(ranks 0 decode --run ae --output x.png)
expect_error 1 'holds codes of another model: of the checkpoint with digest' "${decode[@]}" --input vae-0.h5
expect 0 "${decode[@]}" --input vae-0.h5 --foreign
rm x.png
expect_error 1 'data/test-.*is no file of codes' "${decode[@]}" --input "$(echo data/test-*)"
expect_error 1 'is no file of codes' "${decode[@]}" --input "$(newest ae)"
expect_error 1 'cannot open|No such file' "${decode[@]}" --input missing.h5
/usr/bin/python3 -B - <<'EOF'
import shutil
import h5py
import numpy
def changed(name):
    shutil.copy("vae-0.h5", name)
    return h5py.File(name, "r+")
with changed("number.h5") as f:
    f["codes"][3, 1] += 1
with changed("variance.h5") as f:
    f["log_variance"][3, 1] += 1
with changed("name.h5") as f:
    f["names"][2] = b"other"
with changed("attribute.h5") as f:
    f.attrs["dataset_digest"] = "0" * 32
with changed("model.h5") as f:
    f.attrs["model"] = "ae"
with changed("lost.h5") as f:
    del f["log_variance"]
with changed("schema.h5") as f:
    f.attrs["schema"] = 2
with changed("digest.h5") as f:
    f.attrs["checkpoint_digest"] = "00"
with changed("side.h5") as f:
    f.attrs["height"] = 0
with changed("nan.h5") as f:
    f["codes"][3, 1] = numpy.nan
with changed("names.h5") as f:
    del f["names"]
    f["names"] = [b"a"]
with changed("shape.h5") as f:
    del f["log_variance"]
    f["log_variance"] = numpy.zeros((2, 2), numpy.float32)
with h5py.File("own.h5", "w") as f, h5py.File("ae-0.h5") as ae:
    f["codes"] = ae["codes"][:][::-1]
    LATENT = ae["codes"].shape[1]
for name, codes in (("short", numpy.zeros((2, 3), numpy.float32)), ("double", numpy.zeros((2, 8))),
                    ("flat", numpy.zeros(8, numpy.float32)), ("none", numpy.zeros((0, 8), numpy.float32)),
                    ("large", numpy.full((3, LATENT), 3e38, numpy.float32))):
    with h5py.File(name + ".h5", "w") as f:
        f["codes"] = codes
EOF
head -c 3000 vae-0.h5 >cut.h5
decode=(ranks 0 decode --run vae --output x.png)
for name in number variance name attribute model lost; do
    expect_error 1 "$name.h5: .* does not match the attribute .*: the file was altered; with --foreign" "${decode[@]}" --input $name.h5
done
expect_error 1 'schema 2 of codes; this version reads 1' "${decode[@]}" --input schema.h5
expect_error 1 'digest' "${decode[@]}" --input digest.h5
expect_error 1 'height is 0' "${decode[@]}" --input side.h5
expect_error 1 'row 3 of /codes is not finite' "${decode[@]}" --input nan.h5
expect_error 1 'row 3 of /codes is not finite' "${decode[@]}" --input nan.h5 --foreign
expect_error 1 '/names does not have one name per code' "${decode[@]}" --input names.h5
expect_error 1 'not of the same shape' "${decode[@]}" --input shape.h5
expect_error 1 'cut.h5' "${decode[@]}" --input cut.h5
expect_error 1 'number.h5' ranks 0 verify number.h5
expect_error 1 'own.h5 is no file of codes.*; with --foreign' "${decode[@]}" --input own.h5
expect_error 1 'short.h5 holds codes of 3 numbers, .* decodes [0-9]+' "${decode[@]}" --input short.h5 --foreign
expect_error 1 'none.h5: /codes is empty' "${decode[@]}" --input none.h5 --foreign
expect_error 1 'large.h5: a code from row 0 on .*is not finite' "${decode[@]}" --input large.h5 --foreign
for name in double flat; do
    expect_error 1 "$name.h5: /codes is not a float32 array" "${decode[@]}" --input $name.h5 --foreign
done
absent x.png
expect 0 ranks 0 decode --run ae --input own.h5 --foreign --files reversed
same_file reversed/code-000000.png "$(find ae-files -name 'code-*.png' | sort | tail -n 1)"

# ---- wrong use, and outputs -------------------------------------------------------------------------
each 2 'encode: --output FILE is needed' encode --run ae
each 2 'give --data or --input, not both' encode --run ae --data data --input images --output x.h5
each 2 'is a dataset: give it as --data' encode --run ae --input data --output x.h5
each 1 'missing' encode --run ae --input missing --output x.h5
cp "$(newest ae)" checkpoint.h5
cp checkpoint.h5 kept.h5
each 2 'checkpoint.h5: that file is there and holds no codes' encode --run ae --output checkpoint.h5
same_file checkpoint.h5 kept.h5
absent x.h5
expect 0 ranks 0 encode --run ae --output vae-0.h5 # codes give way to codes
same_file ae-0.h5 vae-0.h5
expect_error 2 'decode: --input FILE is needed' ranks 0 decode --run ae --output x.png
expect_error 2 '--output PNG or --files DIR is needed' ranks 0 decode --run ae --input ae-0.h5
if mount_small full 4k; then
    expect_error 1 'full/.*c\.h5' ranks 0 encode --run ae --output full/c.h5
    [ -z "$(ls -A full)" ] || fail "left on a full disk: $(ls -A full)"
fi
[ -z "$(find . -name '.*.tmp*' -o -name '*.part*')" ] || fail 'a temporary file is left'
