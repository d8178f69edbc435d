#!/usr/bin/env bash
# Trained models in the formats of other programs: read back by a reader of our own (export.py), value by value.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
{ [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import h5py, numpy'; } 2>/dev/null || skip 'h5py is not installed'

make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --model vae --steps 6 --eval-every 2 --checkpoint-every 2
newest=run/checkpoints/step-000000006.h5

# ---- safetensors -------------------------------------------------------------------------------------
expect 0 ranks 0 export --run run --format safetensors --output by_run.bin
expect 0 ranks 0 export --checkpoint $newest --output by_name.safetensors
expect_text "the model of $newest in by_name\.safetensors" err
same_file by_run.bin by_name.safetensors
/usr/bin/python3 -B "$root/tests/cli/export.py" $newest by_name.safetensors >said 2>&1 || fail "$(cat said)"
expect_text '^6 steps, [0-9]+ tensors are equal$' said
expect 0 ranks 0 export --run run --best --output Best.SafeTensors
/usr/bin/python3 -B "$root/tests/cli/export.py" "run/checkpoints/step-00000000$(/usr/bin/python3 -c "
import h5py
print(h5py.File('$newest').attrs['best_step'])").h5" Best.SafeTensors >said 2>&1 || fail "--best: $(cat said)"

# Another folder, other threads, a copy of the file: nothing of it is in what is written.
mkdir elsewhere
cp $newest elsewhere/other-name.h5
OMP_NUM_THREADS=2 expect 0 ranks 0 export --checkpoint elsewhere/other-name.h5 --output elsewhere/m.safetensors
same_file elsewhere/m.safetensors by_name.safetensors

# ---- the rules of outputs -----------------------------------------------------------------------------
cp $newest c.h5
ln c.h5 linked
cp run/config.ini kept.ini
expect_error 2 '--output linked would write over c.h5.*, which is read: choose another' ranks 0 export --checkpoint c.h5 \
    --format safetensors --output linked
expect_error 2 '--output c.h5: that file is there and is of another kind' ranks 0 export --checkpoint c.h5 \
    --format safetensors --output c.h5
expect_error 2 '--output run/config.ini: that file is there' ranks 0 export --run run --format safetensors \
    --output run/config.ini
same_file c.h5 $newest
same_file kept.ini run/config.ini
{ cat by_name.safetensors && echo kept; } >old.safetensors # one that is longer
cp old.safetensors m.safetensors
expect_error 1 'missing.h5' ranks 0 export --checkpoint missing.h5 --output m.safetensors
same_file old.safetensors m.safetensors
truncate -s -4096 c.h5
expect_error 1 'c\.h5' ranks 0 export --checkpoint c.h5 --output m.safetensors
same_file old.safetensors m.safetensors
if mount_small full 64k; then
    expect_error 1 'full/m\.safetensors' ranks 0 export --run run --output full/m.safetensors
    [ -z "$(ls full)" ] || fail "left on a full disk: $(ls full)"
fi
expect 0 ranks 0 export --run run --output m.safetensors
same_file m.safetensors by_name.safetensors
[ -z "$(find . -name '.*.tmp*' -o -name '*.part*')" ] || fail 'a temporary file is left'

# ---- wrong use ----------------------------------------------------------------------------------------
expect_error 2 "format = 'onxn' is not accepted: it takes one of auto\|safetensors" ranks 0 export --run run --format onxn \
    --output x
expect_error 2 '--output x\.bin: no format has files of such names, so give --format, one of safetensors$' ranks 0 export \
    --run run --output x.bin
expect_error 2 '--output \.safetensors: no format' ranks 0 export --run run --output .safetensors
expect_error 2 '--output is needed' ranks 0 export --run run --format safetensors
expect_error 2 '--checkpoint FILE or --run DIR' ranks 0 export --output x.safetensors
absent x x.bin x.safetensors .safetensors
expect 0 ranks 0 export --help
expect_text '^  safetensors  .*\*\.safetensors$' out
