#!/usr/bin/env bash
# What files hold, and whether they still do.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

"$lwssim" prepare --synthetic 60 --size 32 --split 0.6,0.2,0.2 --shards 2 --output data 2>err
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 6 --checkpoint-every 2 --eval-every 3
shard=data/train-00001-of-00002.h5
file=run/checkpoints/step-000000006.h5

expect 0 ranks 0 inspect data
for line in 'train +[0-9]+ images of 32 × 32 × 3 in 2 shards' 'valid +[0-9]+ images' 'test +[0-9]+ images' \
    'recipe=synthetic .*size=32'; do
    expect_text "$line" out
done
expect 0 ranks 0 inspect $shard
expect_text 'split +train' out
expect_text 'recipe .*size=32' out
for what in run $file; do
    expect 0 ranks 0 inspect "$what"
    expect_text 'step 6, epoch 3, seed 1, images of 32 × 32 × 3' out
    expect_text '/model/encoder/conv1/weight +[0-9]' out
    expect_text '^preset = tiny16$' out
    expect_text '^loss = lwssim$' out
done

# --digest: equal for equal contents, and only then.
"$lwssim" prepare --synthetic 60 --size 32 --split 0.6,0.2,0.2 --shards 5 --output cut-otherwise 2>err
"$lwssim" prepare --synthetic 60 --size 32 --split 0.6,0.2,0.2 --seed 2 --output others 2>err
for folder in data cut-otherwise others; do "$lwssim" inspect --digest $folder >$folder.digest; done
same_file data.digest cut-otherwise.digest
if cmp -s data.digest others.digest; then fail "other images, but the same digest"; fi
[ "$("$lwssim" inspect --digest run)" = "$("$lwssim" inspect --digest $file)" ] ||
    fail "a run's digest is not that of its newest checkpoint"
[ "$("$lwssim" inspect --digest $file)" != "$("$lwssim" inspect --digest run/checkpoints/step-000000004.h5)" ] ||
    fail "two checkpoints, one digest"

for what in data run $file $shard; do
    expect 0 ranks 0 verify "$what"
    expect_text 'as written' out
done
expect 0 ranks 0 verify data run
[ "$(wc -l <out)" = 7 ] || fail "$(wc -l <out) files verified in place of 7"

# One byte in the middle of a file is a byte of its largest array.
middle() { echo $(($(stat -c %s "$1") / 2)); }
cp -r data flipped
flip flipped/${shard#*/} "$(middle $shard)"
expect_error 1 "flipped/train-00001-of-00002.h5.*(image|row|digest)" ranks 0 verify flipped
expect_error 1 'train-00001-of-00002.h5' ranks 0 verify flipped/${shard#*/}
expect 0 ranks 0 verify flipped/train-00000-of-00002.h5
flip flipped/${shard#*/} "$(middle $shard)"
expect 0 ranks 0 verify flipped

cp -r run bare && rm bare/config.ini # its checkpoints make it a run
expect 0 ranks 0 verify bare
[ "$("$lwssim" inspect --digest run)" = "$("$lwssim" inspect --digest bare)" ] || fail 'a run without config.ini is another'
cp -r run altered
flip altered/${file#*/} "$(middle $file)"
expect_error 1 'altered/checkpoints/step-000000006.h5.*/(model|optimizer|state)/' ranks 0 verify altered
expect_error 1 'step-000000006.h5.*(model|optimizer|state)' ranks 0 verify altered/${file#*/}
expect_error 1 'step-000000006.h5.*(model|optimizer|state)' ranks 0 inspect altered/${file#*/}
expect 0 ranks 0 verify altered/checkpoints/step-000000004.h5

# A byte in sixty places flipped, one after the other: verify finds it, or the byte means nothing; it never crashes.
for path in $shard $file; do
    size=$(stat -c %s "$path")
    cp "$path" probe.h5
    found=0
    for ((at = 0; at < size; at += size / 60)); do
        flip probe.h5 $at
        code=0
        limited 20 "$lwssim" verify probe.h5 >out 2>err </dev/null || code=$?
        case $code in
        0) ;;
        1)
            found=$((found + 1))
            expect_text 'error: .*probe.h5' err
            expect_no_text 'HDF5-DIAG' err
            ;;
        *) fail "verify ended with $code after byte $at of $path was flipped" ;;
        esac
        flip probe.h5 $at
    done
    [ $found -ge 45 ] || fail "only $found of 60 flipped bytes of $path were found"
    same_file probe.h5 "$path"
done

# Cut off anywhere.
for path in $shard $file; do
    size=$(stat -c %s "$path")
    for part in 0 1 7 100 $((size / 3)) $((size / 2)) $((size - 1)); do
        head -c $part "$path" >cut.h5
        expect_error 1 'cut.h5' ranks 0 verify cut.h5
        expect_error 1 'cut.h5' ranks 0 inspect cut.h5
    done
done

# Neither of them.
mkdir empty
echo 'hello' >text
for command in inspect verify; do
    expect_error 1 'nowhere.*No such file' ranks 0 $command nowhere
    expect_error 1 'empty holds neither' ranks 0 $command empty
    expect_error 1 'text' ranks 0 $command text
    expect_error 2 "$command: (one|a) file" ranks 0 $command
done
expect_error 2 'one file or folder is needed, 2 given' ranks 0 inspect data run
