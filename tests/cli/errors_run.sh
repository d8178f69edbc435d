#!/usr/bin/env bash
# Run folders and checkpoints that are not what they should be: a message, the right exit code on all ranks, and nothing
# lost.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
make_data data24 --size 24
make_data data2 --seed 2
make_data only --split 1,0,0
new=(train --run new "${tiny[@]}" --steps 10) # a run that should not come to be
train=("${new[@]}" --data data)
system=("${tiny[@]}" --eval-every 0 --checkpoint-every 2 --log-every 1 --checkpoint-patience 0)
one=train-00001-of-00003.h5

# ---- run folders ---------------------------------------------------------------------------------
expect 0 ranks 0 train --data data --run run "${system[@]}" --steps 10 --keep 5
cp -r run before
each 2 'run already holds a run.*--resume.*--overwrite' "${train[@]}" --run run
same_folder run before
each 1 'no run to resume in new' train --run new --resume
absent new
echo 'a file' >file
each 1 'file' "${train[@]}" --run file
each 1 'file/run' "${train[@]}" --run file/run
each 1 '/proc/run' "${train[@]}" --run /proc/run
ln -s nowhere/at/all link
expect_error 1 'link' ranks 0 "${train[@]}" --run link
if mount_small readonly 1m && mount -o remount,ro readonly; then
    each 1 'readonly.*[Rr]ead-only' "${train[@]}" --run readonly/run
    each 1 'readonly.*[Rr]ead-only' prepare --synthetic 20 --size 16 --output readonly/data
    each 1 'readonly.*[Rr]ead-only' prepare --synthetic 20 --size 16 --output readonly
else
    echo 'note: mounting is not permitted, so no read-only disk was tested' >&2
fi

# --overwrite takes what belongs to the run, and nothing else.
cp -r run thrown
echo 'mine' | tee thrown/notes.txt thrown/checkpoints/mine.h5 thrown/images/mine.png >/dev/null
expect 0 ranks 0 train --data data --run thrown "${system[@]}" --steps 4 --overwrite
for file in notes.txt checkpoints/mine.h5 images/mine.png; do
    [ -e thrown/$file ] || fail "--overwrite deleted $file, which is not of the run"
done
[ ! -e thrown/checkpoints/step-000000010.h5 ] || fail '--overwrite left a checkpoint of the old run'

# The run of another configuration: its first key that differs is named, and the run stays as it is.
for change in 'base-channels 12' 'latent 8' 'model vae' 'loss mse' 'preset dcgan64' 'lr 0.01' 'seed 2' 'batch-size 32' \
    'micro-batches 4' 'windows 3,7' 'schedule cosine' 'k1 0.02' 'weight-decay 0.1'; do
    key=${change% *}
    # shellcheck disable=SC2086 # key and value
    expect_error 1 "run was made with '$key = .*; it cannot go on with '$key = ${change#* }'" \
        ranks 0 train --run run --resume --steps 20 --$change
done
expect_error 1 "run was made with 'base-channels = 8'" ranks 3 train --run run --resume --steps 20 --base-channels 12
each 1 'trained on other images|digest' train --run run --resume --steps 20 --data data2
each 1 '24|images' train --run run --resume --steps 20 --data data24
same_folder run before
printf 'lr = fast\n' >>run/config.ini
each 2 'run/config.ini:[0-9]+' train --run run --resume --steps 20
: >run/config.ini
expect_error 1 'made with|--data' ranks 0 train --run run --resume --steps 20 --data data
cp before/config.ini run
same_folder run before

# ---- checkpoints ---------------------------------------------------------------------------------
expect 0 ranks 0 train --data data --run whole "${system[@]}" --steps 20 --keep 50
last=checkpoints/step-000000010.h5

# goes_on WHAT: the newest checkpoint is bad, so the one before is used, with a warning, and the end is the same.
goes_on() {
    for n in 0 3; do
        rm -rf damaged
        cp -r spoilt damaged
        expect 0 ranks $n train --run damaged --resume --steps 20 --keep 50
        expect_text "warning: .*$last.*passing over it" err
        expect_text 'resuming from damaged/checkpoints/step-000000008.h5' err
        same_file damaged/checkpoints/step-000000020.h5 whole/checkpoints/step-000000020.h5
        [ "$(grep -c '"type":"train"' damaged/metrics.jsonl)" = 20 ] || fail "$1: the log has not 20 steps"
    done
    for command in "evaluate --data data" "reconstruct --input data --output y.png" "inspect"; do
        run="--run spoilt"
        [ "$command" != inspect ] || run=spoilt
        # shellcheck disable=SC2086 # words
        expect 0 ranks 0 $command $run
        expect_text "warning: .*$last" err
    done
    expect_error 1 "$last" ranks 0 verify spoilt
    # The weights themselves may be whole where Adam's moments are not.
    [ "$1" = 'a flipped byte' ] || expect_error 1 "$last" ranks 0 evaluate --checkpoint spoilt/$last --data data
}
size=$(stat -c %s run/$last)
for cut in 0 100 $((size / 2)) $((size - 1)); do
    rm -rf spoilt; cp -r run spoilt; head -c "$cut" run/$last >spoilt/$last
    goes_on "cut to $cut bytes"
done
rm -rf spoilt; cp -r run spoilt; flip spoilt/$last $((size / 2))
goes_on 'a flipped byte'
rm -rf spoilt; cp -r run spoilt; echo 'no HDF5' >spoilt/$last
goes_on 'a text'
rm -rf spoilt; cp -r run spoilt; cp data/$one spoilt/$last
goes_on 'a shard of a dataset'

# With keep 1 the checkpoint that is bad must not push out the good one that follows. (No validation split: the best
# checkpoint would be kept anyway.)
expect 0 ranks 0 train --data only --run keeping "${system[@]}" --steps 10 --keep 2
head -c 1000 run/$last >keeping/$last
expect 0 ranks 0 train --run keeping --resume --steps 9 --keep 1
[ -e keeping/checkpoints/step-000000009.h5 ] || fail 'the checkpoint just written was pruned for one that is bad'

# All bad, or none.
rm -rf spoilt; cp -r run spoilt
for file in spoilt/checkpoints/*.h5; do head -c 1000 "$file" >part; mv part "$file"; done
each 1 'none of the 5 checkpoints in spoilt/checkpoints is whole' train --run spoilt --resume --steps 20
expect_error 1 'none of the 5 checkpoints' ranks 3 evaluate --run spoilt --data data
expect_error 1 'none of the 5 checkpoints' ranks 0 reconstruct --run spoilt --input data --output x.png
rm spoilt/checkpoints/*.h5
each 1 'no checkpoint in spoilt/checkpoints' evaluate --run spoilt --data data

# Of another model.
expect 0 ranks 0 train --data data --run other "${system[@]}" --base-channels 12 --steps 12
cp other/checkpoints/step-000000012.h5 spoilt/checkpoints
each 1 "made with 'base-channels = 12'" train --run spoilt --resume --steps 20
expect 0 ranks 0 train --data data24 --run other24 "${system[@]}" --steps 2
each 1 '24 × 24 × 3, data holds 16 × 16 × 3.*--size 24' evaluate --run other24 --data data
each 1 '16 × 16 × 3, data24 holds 24 × 24 × 3.*--size 16' evaluate --run run --data data24
expect_error 1 '16 × 16' ranks 0 reconstruct --run run --input data24 --output x.png
each 1 'only has no images in its test split' evaluate --run run --data only
each 1 'nowhere.h5' evaluate --checkpoint nowhere.h5 --data data
each 1 "$one" evaluate --checkpoint data/$one --data data
each 2 '--checkpoint FILE or --run DIR' evaluate --data data
each 2 '--data DIR is needed' evaluate --checkpoint run/$last
each 1 'nowhere/x.json' evaluate --run run --data data --json nowhere/x.json
rm spoilt/checkpoints/*
cp run/checkpoints/step-000000002.h5 spoilt/checkpoints
each 1 'spoilt was never evaluated' evaluate --run spoilt --data data --best
absent x.png

# Results that nobody can read are no success.
# shellcheck disable=SC2016 # for the inner shell
into_full='exec "$0" "$@" >/dev/full'
if [ -c /dev/full ]; then
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" evaluate --run run --data data
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" evaluate --run run --data data --json -
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" inspect run
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" verify run
fi
