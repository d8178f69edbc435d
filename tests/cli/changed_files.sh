#!/usr/bin/env bash
# Every array and attribute of a checkpoint and of a shard, each changed by itself, with and without digests that fit: what is
# changed alone is noticed, and what fits again is refused or used as its meaning says. And a reader of its own finds the
# names, shapes, numbers and digests that the README gives.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1
$python -c 'import h5py, numpy' 2>/dev/null || skip "no h5py for $python"

# Images of 43 kB, so that a digest of their first few kilobytes would not do.
expect 0 ranks 0 prepare --synthetic 24 --size 120 --split 0.5,0.25,0.25 --shards 2 --output large
make_data data
system=(train --data data "${tiny[@]}" --grid 0)
expect 0 ranks 0 "${system[@]}" --run first --steps 1 --eval-every 0
expect 0 ranks 0 "${system[@]}" --run run --steps 4 --checkpoint-every 2 --eval-every 2
LWSSIM=$lwssim $python "$root/tests/cli/changed_files.py" || failures=$((failures + 1))
