#!/usr/bin/env bash
# The way of every user, in seconds: images, a run, an interruption, the rest of it on another number of ranks, figures.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=(--data data "${tiny[@]}" --model vae --checkpoint-every 6)

expect 0 ranks 1 train --run whole "${system[@]}" --steps 12
expect 0 ranks 0 train --run parted "${system[@]}" --steps 6
expect 0 ranks 2 train --run parted --resume --steps 12
same_file "$(newest whole)" "$(newest parted)"
expect 0 ranks 0 verify parted
expect 0 ranks 2 evaluate --run parted --json figures.json
expect_text '"step":[[:space:]]*12,' figures.json
expect_text '"mean":[[:space:]]*0\.[0-9]+' figures.json
