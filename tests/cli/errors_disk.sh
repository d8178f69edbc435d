#!/usr/bin/env bash
# Runs that diverge and disks that are full: a message, exit code 1, checkpoints that verify, and a run that goes on.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=("${tiny[@]}" --eval-every 0 --checkpoint-every 2 --log-every 1 --checkpoint-patience 0)
expect 0 ranks 0 train --data data --run run "${system[@]}" --steps 10

# ---- divergence ----------------------------------------------------------------------------------
for n in 0 3; do
    expect_error 1 'not finite at step [0-9]+: training has diverged.*smaller lr' ranks $n train --data data \
        --run "diverged-$n" "${system[@]}" --model vae --loss mse --lr 1000 --steps 200 --checkpoint-every 1
    count=$(find "diverged-$n/checkpoints" -name 'step-*.h5' | wc -l)
    if [ "$count" -gt 0 ]; then expect 0 ranks 0 verify "diverged-$n"; fi
done
# So large that parameters are still on their way between the ranks when the loss is found out.
expect 0 ranks 0 prepare --synthetic 64 --size 64 --output large
expect_error 1 'not finite at step [0-9]+: training has diverged.*smaller lr' ranks 3 train --data large \
    --run diverged-large --model vae --loss mse --base-channels 128 --batch-size 12 --micro-batches 3 --lr 10 --steps 40

# ---- full disks ----------------------------------------------------------------------------------
if mount_small disk 8m; then
    each 1 'disk/data: .*the disk has .* left' prepare --synthetic 2000 --size 64 --output disk/data
    [ -z "$(find disk -name '*.h5*')" ] || fail "a full disk left $(find disk -name '*.h5*' | tr '\n' ' ')"

    head -c 4M /dev/zero >disk/fill
    expect_error 1 'disk is full.*disk/run.*--resume' ranks 3 train --data data --run disk/run "${system[@]}" \
        --keep 50 --base-channels 16 --steps 200
    ls disk/run/checkpoints >saved
    [ "$(wc -l <saved)" -ge 1 ] || fail 'the full disk holds no checkpoint'
    expect_no_text 'partial' saved
    expect 0 ranks 0 verify disk/run
    each 1 'disk is full.*--resume' train --run disk/run --resume
    expect 0 ranks 0 verify disk/run
    rm disk/fill
    expect 0 ranks 2 train --run disk/run --resume --steps 30 --keep 2
    expect 0 ranks 0 train --data data --run roomy "${system[@]}" --base-channels 16 --steps 30
    same_file disk/run/checkpoints/step-000000030.h5 roomy/checkpoints/step-000000030.h5

    # Not a byte left, for a new run and for one that is there.
    head -c 16M /dev/zero >disk/fill 2>/dev/null || true
    again=(train --data data --run disk/again "${system[@]}" --steps 10)
    expect_error 1 '[Nn]o space left|disk is full' ranks 0 "${again[@]}"
    expect_error 1 '[Nn]o space left|disk is full' ranks 3 train --data data --run disk/third "${system[@]}" --steps 10
    each 1 '[Nn]o space left|disk is full' train --run disk/run --resume --steps 40
    expect_error 1 '[Nn]o space left' ranks 0 evaluate --run run --data data --json disk/x.json
    expect 0 ranks 0 verify disk/run
    rm disk/fill
    expect 0 ranks 2 train --run disk/run --resume --steps 30
    expect 0 ranks 2 train --run disk/run --resume --steps 40
    rm -r disk/run
    [ -e disk/again/config.ini ] || expect 0 ranks 0 "${again[@]}" # nothing was begun, so it can be begun now
else
    echo 'note: mounting is not permitted, so no full disk was tested' >&2
fi
