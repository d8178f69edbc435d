#!/usr/bin/env bash
# A shard that is truncated while a job reads it: the job ends with a message, and goes on once the shard is back.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
for n in 0 2; do
    for name in train-00001-of-00003.h5 valid-00000-of-00001.h5; do
        shard=data/$name
        rm -rf run
        cp $shard kept
        limited 60 ranks $n train --data data --run run "${tiny[@]}" --steps 10000000 --checkpoint-every 40 \
            --eval-every 20 --log-every 1 >out 2>err </dev/null &
        job=$!
        children+=("$job")
        for ((i = 0; i < 300; i++)); do
            if [ "$(wc -l 2>/dev/null <run/metrics.jsonl || echo 0)" -gt 60 ]; then break; fi
            sleep 0.1
        done
        truncate -s 0 $shard
        code=0
        wait $job || code=$?
        [ $code = 1 ] || fail "exit code $code on $n ranks without $name"
        expect_text "error: .*$name was truncated while it was in use, or its disk fails.*--resume" err
        expect_no_text 'HDF5-DIAG|backtrace|Signal:|\*\*\* |Segmentation|Assertion|#[0-9]+ ' err
        expect_error 1 "$name" ranks $n train --run run --resume
        cp kept $shard
        step=$(newest run | sed -E 's/.*step-0*([0-9]+)\.h5/\1/')
        expect 0 ranks $n train --run run --resume --steps $((step + 5))
    done
done
