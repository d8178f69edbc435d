#!/usr/bin/env bash
# What a command writes never takes the place of what it reads, nor of another file of the user's.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 4 --eval-every 0
last=run/checkpoints/step-000000004.h5
{ printf 'P6\n20 30\n255\n'; head -c 1800 /dev/zero; } >a.ppm
mkdir pictures
expect 0 ranks 0 reconstruct --run run --input a.ppm --output pictures/a.png
cp $last c
ln -s c to-c
ln c hard-c
ln $last hard
ln -s run/config.ini to-config
ln -s pictures to-pictures
ln pictures/a.png hard.png
cp -a . ../kept-outputs-$$ && mv ../kept-outputs-$$ kept

# unharmed: no input has changed since.
unharmed() {
    for name in run data pictures; do same_folder kept/$name $name; done
    same_file kept/c c
}

# ---- into what is read -------------------------------------------------------------------------------
evaluate=(evaluate --data data)
while read -r inputs json; do
    expect_error 2 "--json $json would write over .*which is read: choose another" ranks 0 "${evaluate[@]}" \
        "$inputs" --json "$json"
done <<'CASES'
--checkpoint=c c
--checkpoint=c ./run/../c
--checkpoint=c to-c
--checkpoint=to-c c
--checkpoint=c hard-c
--run=run to-config
--run=run hard
CASES
expect_error 2 'of another kind' ranks 3 "${evaluate[@]}" --run run --json data/test-00000-of-00001.h5
unharmed
while read -r input output; do
    expect_error 2 "--output $output would write over .*which is read" ranks 0 reconstruct --run run --input "$input" \
        --output "$output"
done <<'CASES'
pictures/a.png pictures/a.png
pictures/a.png hard.png
pictures/a.png ./to-pictures/a.png
pictures pictures/a.png
to-pictures hard.png
CASES
unharmed

# ---- names that promise another kind -----------------------------------------------------------------
for name in x.jpg x.JPEG x.gif x.bmp x.webp x.tif x.TIFF x.ppm; do
    expect_error 2 "--output $name: the picture is a PNG, so give it a name that ends in .png" ranks 0 reconstruct \
        --run run --input a.ppm --output $name
    [ ! -e $name ] || fail "$name was written"
done

# Nor into what is not read this time, but of a run or dataset all the same.
for json in run/checkpoints/step-000000004.h5 run/metrics.jsonl run/config.ini data/prepare-report.txt; do
    expect_error 2 "--json $json: that file is there and is of another kind" ranks 0 evaluate --checkpoint c --data data \
        --json $json
done
expect_error 2 'that file is there and is of another kind' ranks 0 reconstruct --checkpoint c --input a.ppm \
    --output run/metrics.jsonl
unharmed

# What another program has made stays, whatever it is called; one's own is written anew, and so is what is empty.
expect 0 ranks 0 evaluate --run run --json own.json --images own.csv
expect 0 ranks 0 export --run run --output own.safetensors
echo '{"mine": 1}' >x.json
printf 'row,name,price\n1,a,2\n' >x.csv
{ printf '\x10\0\0\0\0\0\0\0{"mine":{}}     '; } >x.safetensors
echo 'mine' >x.png
expect 0 ranks 0 reconstruct --run run --input a.ppm --output own.png
{ head -c 33 own.png && tail -c +61 own.png; } >y.png # that the program has made it is said in these 27 bytes
/usr/bin/python3 -B - "$root/tests/cli" <<'EOF' || fail 'not two pictures alike, one of them marked'
import sys
sys.path.insert(0, sys.argv[1])
import png
assert png.read("own.png") == png.read("y.png") and b"tEXtSoftware\0lwssim" in open("own.png", "rb").read()
EOF
mkdir foreign
cp x.* y.png foreign
for name in x.json x.csv x.png own.csv; do
    expect_error 2 "--json $name: that file is there and is of another kind" ranks 0 evaluate --run run --json $name
done
for name in x.csv x.json own.json; do
    each 2 "--images $name: that file is there and is of another kind" evaluate --run run --images $name
done
for name in x.safetensors own.json; do
    expect_error 2 "--output $name: that file is there and is of another kind" ranks 0 export --run run --output $name \
        --format safetensors
done
for command in 'reconstruct --input a.ppm' 'interpolate a.ppm pictures/a.png' 'sample --count 2 --fit-images 8'; do
    # shellcheck disable=SC2086 # words
    for name in x.png y.png own.csv; do
        expect_error 2 "--output $name: " ranks 0 $command --run run --output $name
    done
    # shellcheck disable=SC2086
    expect 0 ranks 0 $command --run run --output own.png
done
for name in foreign/*; do same_file "$name" "${name#*/}"; done
for name in x.*; do : >"$name"; done
for i in 1 2; do
    expect 0 ranks 0 evaluate --run run --json x.json --images x.csv
    expect 0 ranks 0 export --run run --output x.safetensors
    expect 0 ranks 0 reconstruct --run run --input a.ppm --output x.png
done
for name in json csv safetensors; do same_file own.$name x.$name; done
same_file kept/pictures/a.png x.png
rm x.*

# ---- where it may be written -------------------------------------------------------------------------
echo 'mine' | tee x.png.partial x.json.partial .x.png.partial >/dev/null
ln -s far/x.png x.png
mkdir far
for i in 1 2; do
    expect 0 ranks 0 reconstruct --run run --input a.ppm --output x.png
    [ -L x.png ] || fail 'the link x.png became a file'
    same_file kept/pictures/a.png far/x.png
    expect 0 ranks 2 evaluate --run run --json x.json
    expect 0 ranks 0 evaluate --run run --json run/figures.json
    same_file x.json run/figures.json
done
for name in x.png.partial x.json.partial .x.png.partial; do
    [ "$(cat $name)" = mine ] || fail "$name was written over"
done
rm run/figures.json
"$lwssim" evaluate --run run --json /dev/stdout 2>err | sed -n '/^{/,/^}/p' >piped
same_file piped x.json
expect 0 ranks 0 compare a.ppm a.ppm --json
[ ! -e --json ] || fail 'compare wrote a file'
if mount_small disk 1m; then
    cp x.json disk/x.json
    head -c 2M /dev/zero >disk/fill 2>/dev/null || true
    expect_error 1 'cannot write disk/x.json: No space left' ranks 2 evaluate --run run --json disk/x.json
    same_file x.json disk/x.json
    [ "$(find disk -type f | wc -l)" = 2 ] || fail "left behind: $(find disk | tr '\n' ' ')"
fi
unharmed
