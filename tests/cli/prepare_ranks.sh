#!/usr/bin/env bash
# Datasets: the same bytes from any number of ranks and threads; half a dataset is never taken for one.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

faces=(--synthetic 150 --size 24 --split "0.7,0.2,0.1" --shards 5)
expect 0 ranks 0 prepare "${faces[@]}" --output one
for n in 1 2 3 4 8; do
    for threads in 1 2; do
        OMP_NUM_THREADS=$threads expect 0 ranks $n prepare "${faces[@]}" --output many
        same_folder one many
        rm -r many
    done
done
expect 0 ranks 0 prepare "${faces[@]}" --seed 2 --output other
if diff -r one other >/dev/null; then fail "another seed gave the same dataset"; fi

# The pixels do not depend on how they are cut into shards.
expect 0 ranks 2 prepare "${faces[@]}" --shards 2 --output cut
for folder in one cut; do "$lwssim" inspect --digest $folder >$folder.digest; done
same_file one.digest cut.digest

# From files: in folders below, with a name in UTF-8 and one with blanks, and bad ones among them.
mkdir -p 'pictures/some where/deep'
ppm() { { printf 'P6\n20 30\n255\n'; head -c 1800 /dev/zero | tr '\0' "$2"; } >"$1"; }
for i in $(seq 40); do ppm "pictures/$i.ppm" "\\$((100 + i))"; done
ppm 'pictures/some where/deep/grün und blau.ppm' 'a'
printf 'P6\n20 30\n255\n' >pictures/cut.ppm
: >pictures/empty.png
echo 'no picture' >pictures/text.jpg
files=(--input pictures --size 16 --split "0.5,0.25,0.25" --shards 3)
expect 0 ranks 0 prepare "${files[@]}" --output f1
expect_text 'warning: 3 images could not be used' err
for name in cut.ppm empty.png text.jpg; do expect_text "$name: " f1/prepare-report.txt; done
expect 0 ranks 0 verify f1
for n in 1 2 3 4; do
    expect 0 ranks $n prepare "${files[@]}" --output fn
    same_folder f1 fn
    rm -r fn
done

# ---- interrupted ---------------------------------------------------------------------------------
big=(--synthetic 4000 --size 64 --split "0.8,0.1,0.1" --shards 8)
expect 0 ranks 2 prepare "${big[@]}" --output whole

# kill_at SECONDS: a job of two ranks, killed with all its processes.
kill_at() {
    mpirun --oversubscribe -n 2 "$lwssim" prepare "${big[@]}" --output half >/dev/null 2>&1 </dev/null &
    local job=$! pids code=0
    children+=("$job")
    sleep "$1"
    pids=$(pgrep -P "$job" | tr '\n' ' ') || true
    # shellcheck disable=SC2086 # several
    kill -9 "$job" $pids 2>/dev/null || true
    wait "$job" 2>/dev/null || code=$?
    # Ranks of a killed mpirun may outlive it for a moment.
    # shellcheck disable=SC2086
    while kill -0 $pids 2>/dev/null; do sleep 0.05; done
    [ $code != 0 ]
}

halves=0
for delay in 0.3 0.4 0.5 0.6 0.8 1.0 1.3; do
    rm -rf half
    if ! kill_at $delay; then break; fi
    if [ -d half ] && ! "$lwssim" inspect half >/dev/null 2>err; then
        halves=$((halves + 1))
        expect_text 'error:' err
        expect_no_text 'HDF5-DIAG' err
        expect_error 1 'half' ranks 0 train --data half --run run "${tiny[@]}" --steps 1
    elif [ -d half ]; then
        same_folder whole half # a kill after the last rename: nothing was lost
        continue
    fi
    expect 0 ranks 3 prepare "${big[@]}" --output half
    same_folder whole half
done
[ $halves -gt 0 ] || echo "note: no run was caught midway" >&2

# A dataset that is there is not touched without being asked for.
expect_error 2 'one .*--overwrite|--overwrite' ranks 0 prepare "${faces[@]}" --seed 2 --output one
expect_error 2 '--overwrite' ranks 3 prepare "${faces[@]}" --seed 2 --output one
expect 0 ranks 0 prepare "${faces[@]}" --output again
same_folder one again
expect 0 ranks 2 prepare "${faces[@]}" --seed 2 --output one --overwrite
same_folder one other
