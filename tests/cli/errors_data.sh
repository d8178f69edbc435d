#!/usr/bin/env bash
# Datasets that are damaged, mixed up or too small are refused, with the file that is to blame; no run is begun.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
make_data data24 --size 24
make_data data2 --seed 2
new=(train --run new "${tiny[@]}" --steps 10) # a run that should not come to be

each 1 'nowhere' "${new[@]}" --data nowhere
mkdir empty
each 1 'empty' "${new[@]}" --data empty
expect_error 1 'data/train-00000-of-00003.h5' ranks 0 "${new[@]}" --data data/train-00000-of-00003.h5

# spoil NAME: a copy of the dataset to damage.
spoil() {
    rm -rf spoilt
    cp -r data spoilt
    echo "-- $1" >>cases
}
one="train-00001-of-00003.h5"
check_spoilt() {
    each 1 "$1" "${new[@]}" --data spoilt
    expect_error 1 "$1" ranks 0 inspect spoilt
    expect_error 1 "$1" ranks 0 verify spoilt
}
spoil 'a shard missing'; rm spoilt/$one
check_spoilt "spoilt.*$one"
spoil 'a split missing'; rm spoilt/test-00000-of-00001.h5
check_spoilt 'test-00000-of-00001.h5'
spoil 'only one left'; rm spoilt/{valid,test}* spoilt/train-0000[02]*
check_spoilt 'spoilt'
spoil 'a shard of other images'; cp data2/$one spoilt
check_spoilt "$one"
spoil 'a shard of another size'; cp data24/$one spoilt
check_spoilt "$one|of another"
spoil 'shards exchanged'; cp data/train-00000* spoilt/$one
check_spoilt "$one"
spoil 'a split in place of another'; cp data/valid-00000* spoilt/test-00000-of-00001.h5
expect_error 1 'test-00000-of-00001.h5' ranks 0 inspect spoilt # training does not open the test images
expect_error 1 'test-00000-of-00001.h5' ranks 0 verify spoilt
for size in 0 1 100 5000 20000; do
    spoil "cut to $size bytes"; head -c $size data/$one >spoilt/$one
    check_spoilt "$one"
done
spoil 'no HDF5'; head -c 30000 /dev/urandom >spoilt/$one
check_spoilt "$one"
spoil 'a folder'; rm spoilt/$one; mkdir spoilt/$one
check_spoilt "$one"
spoil 'a dangling link'; ln -sf nowhere spoilt/$one
check_spoilt "$one"

make_data small --limit 20
each 1 'fewer than one batch of 16' "${new[@]}" --data small
absent new
