#!/usr/bin/env bash
# How long a run is: the latest wish holds, steps or epochs, whether or not its value stands there already.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data # 68 training images: 4 steps of 16 an epoch
fresh() {
    rm -rf run
    expect 0 ranks 0 train --data data --run run "${tiny[@]}" --eval-every 0 "$@"
}
is_at() {
    [ "$(newest run)" = "$(printf 'run/checkpoints/step-%09d.h5' "$1")" ] || fail "the run ended at $(newest run), not at $1"
}

fresh --epochs 3 --steps 2 # of both at once, steps
is_at 2
expect 0 ranks 2 train --run run --resume --epochs 3 # as stored
is_at 12
expect_text '^epochs = 3$' run/config.ini
expect_text '^steps = 0$' run/config.ini

fresh --epochs 2 --steps 3
expect 0 ranks 0 train --run run --resume --steps 0 # by epochs, then
is_at 8
expect 0 ranks 0 train --run run --resume --steps 9
is_at 9
expect 0 ranks 0 train --run run --resume
expect_text 'nothing to do' err

fresh --steps 3
expect 0 ranks 0 train --run run --resume --steps 5 --epochs 1
is_at 5
expect_error 2 'nothing to train' ranks 0 train --run run --resume --epochs 0

# A file is an older wish than the command line, and a newer one than the run's.
printf 'steps = 6\nepochs = 9\n' >steps.ini
printf 'epochs = 2\n' >epochs.ini
fresh --config steps.ini
is_at 6
fresh --config steps.ini --epochs 1
is_at 4
expect 0 ranks 0 train --run run --resume --config steps.ini
is_at 6
expect 0 ranks 0 train --run run --resume --config epochs.ini
is_at 8
expect 0 ranks 0 train --run run --resume --config epochs.ini --steps 9
is_at 9
