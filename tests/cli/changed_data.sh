#!/usr/bin/env bash
# Images that are no longer what was prepared: training, evaluation and resuming name the shard, and nothing that was made of
# them is kept. The headers are whole, so that only the pixels themselves can tell.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# Forty images of one value each, so that their pixels can be found in the shards.
mkdir files
for i in {1..40}; do
    { printf 'P6\n16 16\n255\n'; head -c 768 /dev/zero | tr '\0' "\\$(printf %o $((100 + i)))"; } >"files/$i.ppm"
done
expect 0 ranks 0 prepare --input files --size 16 --crop none --split 0.5,0.25,0.25 --shards 2 --output data
make_data other
system=("${tiny[@]}" --data data --loss mse --log-every 1)

# spoil SPLIT: flips one byte in the last image of the split's last shard.
spoil() {
    local shard at
    shard=$(find data -name "$1-*.h5" | sort | tail -n 1)
    at=$(LC_ALL=C grep -obUaP '([\x65-\x8c])\1{767}' "$shard" | tail -n 1 | cut -d: -f1)
    if [ -n "$at" ]; then flip "$shard" $((at + 300)); else fail "no pixels found in $shard"; fi
}

"$lwssim" train --run whole "${system[@]}" --steps 8 --checkpoint-every 4 2>err
for n in 0 3; do
    cp -r data kept
    expect 0 ranks $n train --run "run-$n" "${system[@]}" --steps 4 --checkpoint-every 4
    ls "run-$n/checkpoints" >checkpoints
    spoil train
    expect_error 1 'data/train-00001-of-00002.h5: image [0-9]+ is no longer what was written' ranks $n train \
        --run "run-$n" --resume --steps 8
    expect_error 1 'data/train-00001-of-00002.h5: image [0-9]+ is no longer' ranks $n train --run new "${system[@]}" \
        --steps 8 --overwrite
    ls "run-$n/checkpoints" | cmp -s - checkpoints || fail 'a checkpoint was made of changed images, or lost'
    expect 0 ranks $n evaluate --run "run-$n" --data data # of other images
    [ ! -s err ] || fail "a folder that was named is doubted: $(cat err)"
    rm -r data && mv other data # where the run has its images
    expect 0 ranks $n evaluate --run "run-$n"
    expect_text 'was trained on other images than those that .*/data holds now' err
    mv data other && mv kept data
    expect 0 ranks $n evaluate --run "run-$n"
    if grep -q 'other images' err; then fail 'the images of a run are taken for others'; fi
    expect 0 ranks $n train --run "run-$n" --resume --steps 8
    same_file "run-$n/checkpoints/step-000000008.h5" whole/checkpoints/step-000000008.h5

    cp -r data kept
    spoil test
    expect_error 1 'data/test-0000.-of-0000.\.h5: image [0-9]+ is no longer' ranks $n evaluate --run whole --data data
    spoil valid
    expect_error 1 'data/valid-0000.-of-0000.\.h5: image [0-9]+ is no longer' ranks $n train --run "valid-$n" \
        "${system[@]}" --steps 4
    rm -r data && mv kept data
done
spoil test
expect_error 1 'data/test-.*image [0-9]+ is no longer' ranks 0 reconstruct --run whole --input data --output x.png

# Other validation images, all else being the same: the best step so far would not be the best of these.
for set in noise mixed; do
    for i in {1..40}; do { printf 'P6\n16 16\n255\n'; head -c 768 /dev/urandom; } >"files/$i.ppm"; done
    expect 0 ranks 0 prepare --input files --size 16 --crop none --split 0.5,0.25,0.25 --output $set
done
cp noise/train* noise/test* mixed
expect 0 ranks 0 train --run judged "${system[@]}" --data noise --steps 4
expect_error 1 'was evaluated on other images: the digest of the validation split in .*mixed differs' ranks 0 train \
    --run judged --resume --steps 8 --data mixed
expect 0 ranks 3 train --run judged --resume --steps 8 --data noise

# While it runs: within an epoch, whichever rank reads it.
long=(--steps 1000000 --eval-every 0 --checkpoint-every 0)
for n in 0 3; do
    limited 40 ranks $n train --run "long-$n" "${system[@]}" "${long[@]}" >out 2>err </dev/null &
    job=$!
    children+=("$job")
    for ((i = 0; i < 300; i++)); do
        ! grep -q '"step":20,' "long-$n/metrics.jsonl" 2>/dev/null || break
        sleep 0.1
    done
    spoil train
    code=0
    wait "$job" || code=$?
    [ "$code" = 1 ] || fail "exit code $code in place of 1 where a shard changed under $n ranks"
    expect_text 'error: .*data/train-0000[01]-of-00002.h5: image [0-9]+ is no longer' err
    spoil train
done
