#!/usr/bin/env bash
# What a run remembers of how it was made: its keys, the weakest first, and where its data is, from whatever folder.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
mkdir elsewhere

# holds KEY VALUE: as the run's configuration has it now.
holds() { expect_text "^$1 = $2$" run/config.ini; }

# ---- keys ------------------------------------------------------------------------------------------------------
printf 'lr = 0.002\nkeep = 7\nlog-every = 3\n' >keys.ini
expect 0 ranks 2 train --data data --run run "${tiny[@]}" --steps 4 --config keys.ini --keep 5
holds lr 0.002       # of the file
holds keep 5         # of the command line, which is stronger
holds log-every 3
holds eval-every 1epoch # of nobody
expect 0 ranks 2 train --run run --resume --steps 5
holds keep 5 # as before
holds log-every 3
printf 'keep = 9\n' >newer.ini
expect 0 ranks 2 train --run run --resume --steps 6 --config newer.ini --log-every 2
holds keep 9
holds log-every 2
holds lr 0.002
expect_error 1 "run was made with 'lr = 0.002'; it cannot go on with 'lr = 0.1'" ranks 2 train --run run --resume --lr 0.1
holds lr 0.002

# A new run would write its own over the file that was written by hand, by whatever name; one that goes on may read it.
mkdir fresh
printf 'keep = 4\n' >fresh/config.ini
ln -s fresh/config.ini link.ini
for name in fresh/config.ini ./elsewhere/../fresh/config.ini link.ini; do
    expect_error 2 "write its own fresh/config.ini over --config $name: copy that file" ranks 2 train --data data --run fresh \
        "${tiny[@]}" --steps 4 --config $name
done
[ "$(cat fresh/config.ini)" = 'keep = 4' ] || fail 'the configuration that was written by hand has changed'
expect 0 ranks 0 train --run run --resume --steps 7 --config run/config.ini
holds keep 9
expect_error 1 'cannot open the configuration file nothing.ini' ranks 0 train --run run --resume --config nothing.ini

# ---- keys that were left to their owners ---------------------------------------------------------------------------
# A run keeps what the preset, the model and the loss made of them; the file of one run, with another owner said, gives
# the other owner's. What a person chose stays.
bare=(--preset tiny16 --batch-size 16 --micro-batches 8 --threads 1)
of_first() { expect 0 ranks 0 train --data data --run "$1" --config first/config.ini --steps 1 --overwrite "${@:2}"; }
has() { expect_text "^$2 = $3$" "$1/config.ini"; }
expect 0 ranks 0 train --data data --run first "${bare[@]}" --steps 1 --model vae --loss lwssim --k2 .04
has first k1 0.5
has first windows 1,11
of_first same
cmp <(grep -v '^data' first/config.ini) <(grep -v '^data' same/config.ini) || fail 'the same keys make another configuration'
of_first other --loss ssim
has other k1 0.01
has other k2 0.04
expect_text 'its recon-weight .* gives way' err
expect 0 ranks 0 train --data data --run plain "${bare[@]}" --steps 1 --model vae --loss ssim --k2 .04
cmp other/config.ini plain/config.ini || fail 'a file of another loss leaves something behind'
of_first other --loss lwssim-product --k1 .5
has other windows 3,7,11
has other window-weights 1,1,1
has other k1 0.5
of_first other --loss ssim --recon-weight 7
has other recon-weight 7
of_first other --model ae
has other recon-weight 1
has other k1 0.5

# ---- the data --------------------------------------------------------------------------------------------------
holds data "$tmp/data"
cd elsewhere
expect 0 ranks 0 evaluate --run ../run
expect_text 'on 14 test images' "$tmp/out"
expect 0 ranks 2 train --run ../run --resume --steps 8
cd ..
mv data moved
expect_error 1 "$tmp/data" ranks 0 evaluate --run run
expect 0 ranks 0 evaluate --run run --data moved
expect 0 ranks 0 train --run run --resume --data moved --steps 9 # which is remembered, then
holds data "$tmp/moved"
expect 0 ranks 2 evaluate --run run

# ---- images of another size -----------------------------------------------------------------------------------
"$lwssim" prepare --synthetic 20 --size 32 --split 0.5,0.2,0.3 --output large 2>err
expect_error 1 'the model takes images of 16 × 16 × 3, large holds 32 × 32 × 3: prepare them with --size 16' ranks 2 evaluate \
    --run run --data large
