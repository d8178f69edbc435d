#!/usr/bin/env bash
# A dataset that is replaced is whole until the new one is; one job at a time, in a folder that all its ranks share.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data old
make_data run-data
cp -a old kept
old_stays() {
    for name in kept/*; do same_file "$name" "old/${name#*/}"; done
    [ -z "$(find old -name '.*' -type f)" ] || fail "left in old: $(find old -name '.*' -type f | tr '\n' ' ')"
}

# ---- failures ----------------------------------------------------------------------------------------
mkdir pictures
for i in 1 2 3; do { printf 'P6\n8 8\n255\n'; head -c 192 /dev/zero; } >pictures/good-$i.ppm; done
echo 'no picture' >pictures/text.jpg
expect_error 1 'text.jpg' ranks 3 prepare --input pictures --size 16 --strict --output old --overwrite
old_stays
rm pictures/good*
expect_error 1 'can be used' ranks 2 prepare --input pictures --size 16 --output old --overwrite
old_stays
if mount_small disk 8m; then
    make_data disk/data
    head -c 6M /dev/zero >disk/fill
    cp -a disk/data before
    expect_error 1 'the disk has .* left' ranks 2 prepare --synthetic 400 --size 64 --output disk/data --overwrite
    same_folder before disk/data
    # There is room at first.
    expect_error 1 '[Nn]o space left|too large' bash -c 'ulimit -S -f 200; trap "" XFSZ; exec "$@"' - "$lwssim" prepare \
        --synthetic 100 --size 64 --output disk/data --overwrite
    same_folder before disk/data
else
    echo 'note: mounting is not permitted, so no full disk was tested' >&2
fi

# ---- what a killed preparation may leave ------------------------------------------------------------
cp -a old swept
left=(.lwssim-preparing .lwssim-replacing .prepare-report.txt.partial .train-00000-of-00003.h5.partial)
for name in "${left[@]}"; do echo half >"swept/.$name.17000.partial"; done
echo half >swept/.train-00000-of-00003.h5.partial
echo mine | tee swept/.mine.17000.partial swept/.mine >/dev/null
expect 0 ranks 0 prepare --synthetic 20 --size 16 --output swept --overwrite
[ "$(find swept -name '.*' -type f | sort | tr '\n' ' ')" = 'swept/.mine swept/.mine.17000.partial ' ] ||
    fail "left in swept: $(find swept -name '.*' -type f | tr '\n' ' ')"

# ---- a listing that breaks off ----------------------------------------------------------------------
shim=${LWSSIM_BUILD:-$root/build/release}/tests/fault/failing_disk.so
# listing_fails FOLDER FIRST [WHILE]: the FIRST-th entry and all after it, as long as the file WHILE exists.
listing_fails() {
    export FAILING_DISK_CALLS=readdir FAILING_DISK_PATH=/$1 FAILING_DISK_FIRST=$2 LD_PRELOAD=$shim
    [ -z "${3:-}" ] || export FAILING_DISK_WHILE=$tmp/$3
    "${@:4}"
    unset LD_PRELOAD FAILING_DISK_WHILE
}
if [ -e "$shim" ]; then
    for first in 1 3 6; do
        listing_fails old $first '' expect_error 1 'old: Input/output error' \
            ranks 0 train --data old --run none "${tiny[@]}" --steps 1
    done
    listing_fails old 1 '' expect_error 1 'old: Input/output error' \
        ranks 0 prepare --synthetic 20 --size 16 --output old --overwrite
    old_stays
    # With the new files in place, before the old ones are removed: the next run finishes.
    cp -a old cut
    listing_fails cut 1 cut/.lwssim-replacing expect_error 1 'cut: Input/output error' \
        ranks 0 prepare --synthetic 20 --size 16 --output cut --overwrite
    expect_error 1 'the dataset is not complete' ranks 0 inspect cut
    expect 0 ranks 0 prepare --synthetic 20 --size 16 --output cut
    expect 0 ranks 0 prepare --synthetic 20 --size 16 --output fresh
    same_folder fresh cut
fi

# ---- kills -------------------------------------------------------------------------------------------
big=(--synthetic 2000 --size 64 --shards 4 --output old)
for delay in 0.3 0.6; do
    mpirun --oversubscribe -n 2 "$lwssim" prepare "${big[@]}" --overwrite >/dev/null 2>&1 </dev/null &
    job=$!
    children+=("$job")
    sleep $delay
    pids=$(pgrep -P "$job" | tr '\n' ' ') || true
    # shellcheck disable=SC2086 # several
    kill -9 $pids "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
    # shellcheck disable=SC2086
    while kill -0 $pids 2>/dev/null; do sleep 0.05; done
    # The old one, the new one, or one that is known to be neither.
    if "$lwssim" inspect old >out 2>err; then
        expect_text 'images of (16|64)' out
        expect 0 ranks 0 verify old
    else
        expect_text 'error: old: the dataset is not complete' err
    fi
done
expect 0 ranks 2 prepare "${big[@]}" --overwrite
expect 0 ranks 0 prepare "${big[@]/old/new}"
same_folder new old

# ---- two at a time -----------------------------------------------------------------------------------
"$lwssim" prepare "${big[@]/old/busy}" >/dev/null 2>job.err </dev/null &
job=$!
children+=("$job")
for ((i = 0; i < 6000; i++)); do
    [ ! -e busy/.lwssim-preparing ] || break
    sleep 0.01
done
kill -STOP "$job"
expect_error 1 'busy is in use by another job: .*another --output' ranks 2 prepare "${big[@]/old/busy}" --overwrite
expect_error 1 'busy is in use by another job: .*another --run' \
    ranks 0 train --data run-data --run busy "${tiny[@]}" --steps 1
kill -CONT "$job"
wait "$job" || fail "the first of two jobs failed: $(cat job.err)"
same_folder new busy

# ---- not where something else lives ------------------------------------------------------------------
expect 0 ranks 0 train --data run-data --run run "${tiny[@]}" --steps 2 --eval-every 0
cp -a run kept-run
for options in '' --overwrite; do
    # shellcheck disable=SC2086 # none or one
    expect_error 2 'run holds checkpoints, and no dataset.*another --output' \
        ranks 2 prepare --synthetic 20 --output run $options
done
same_folder kept-run run

# ---- hosts that do not share the folder: a mount of its own for the second rank ----------------------
mkdir apart
# shellcheck disable=SC2016 # for the inner shell
own_mount='mount -t tmpfs lwssim-test apart && exec "$@"'
if unshare -m sh -c "$own_mount" - true 2>/dev/null; then
    command=("$lwssim" prepare --synthetic 200 --size 16 --shards 4 --output apart/data)
    expect_error 1 'apart/data is not the same folder here.*share.*rank 1|rank 1.*apart/data is not the same folder' \
        "${two_ranks[@]}" "${command[@]}" + unshare -m sh -c "$own_mount" - "${command[@]}"
    [ -z "$(find apart -type f)" ] || fail "left behind: $(find apart -type f | tr '\n' ' ')"
else
    echo 'note: mounting is not permitted, so no folder apart was tested' >&2
fi
