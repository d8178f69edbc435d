#!/usr/bin/env bash
# bench: every row is there, its rates are its work over its time, and only what was asked for is measured.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'
patience=300

truth() {
    /usr/bin/python3 -B "$root/tests/cli/figures.py" "$@" >said 2>&1 || fail "$1: $(cat said)"
}

small=(--images 2 --base-channels 16 --latent 8 --windows 3,5 --threads 1)
facts=(images=2 base_channels=16 latent=8 ranks=1 threads=1)
TMPDIR=$tmp expect 0 ranks 0 bench "${small[@]}" --json
truth bench out gemm,conv,batchnorm,adam,window,loss,step,reduction,data "${facts[@]}"
[ -z "$(find . -name 'lwssim-bench-*')" ] || fail 'bench left its dataset behind'

# Only what is asked for; the matrix product comes with what is held against it.
expect 0 ranks 0 bench "${small[@]}" --only window,adam --json
truth bench out adam,window "${facts[@]}"
expect 0 ranks 0 bench "${small[@]}" --only step --json
truth bench out gemm,step "${facts[@]}"
expect 0 ranks 0 bench "${small[@]}" --only step
truth bench-ratio out
expect 0 ranks 0 bench "${small[@]}" --only adam,window --images 3
expect_text '^Adam +median ms   \(fastest – slowest\)$' out
truth bench-table out 3
expect 0 ranks 2 bench "${small[@]}" --only reduction --json
truth bench out reduction ranks=2 threads=1
expect_error 2 "'convs' is none of gemm conv batchnorm adam window loss step reduction data" ranks 0 bench --only gemm,convs
expect_error 2 "'con' is none of" ranks 0 bench --only con
make_data data
expect 0 ranks 0 bench --only data --data data --images 7
expect_text 'reading 7 images of 16 × 16 × 3 at random' out
expect_no_text 'preparing' out
