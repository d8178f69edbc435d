#!/usr/bin/env bash
# Checkpoints and shards that somebody has altered, digests and all: no crash, no hang, no other file read, no nonsense.
# And sound ones that newer programs have written again.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

python=/usr/bin/python3
tests=$(realpath "$root/tests/cli")
export PYTHONDONTWRITEBYTECODE=1
$python -c 'import h5py, numpy' 2>/dev/null || skip "no h5py for $python"

make_data data
expect 0 ranks 0 train --data data --run run "${tiny[@]}" --steps 4 --checkpoint-every 2 --eval-every 4
good=run/checkpoints/step-000000004.h5
shard=data/train-00001-of-00003.h5
weight=model/encoder/conv1/weight

# alter FROM <CASES: see hostile.py
alter() { "$python" "$tests/hostile.py" "$1"; }

# refused FILE PATTERN COMMAND…: each command refuses the file, with such a message.
refused() {
    local file=$1 pattern=$2 command
    shift 2
    for command in "$@"; do
        case $command in
        evaluate) set -- evaluate --checkpoint "$file" --data data ;;
        reconstruct) set -- reconstruct --checkpoint "$file" --input data --output x.png ;;
        *) set -- "$command" "$file" ;;
        esac
        expect_error 1 "$file.*$pattern" ranks 0 "$@"
    done
}

# ---- sizes -----------------------------------------------------------------------------------------
# Eight dimensions of the longest numbers; products of 64 bits that wrap to 0 or to little; more than there is memory.
ones() { printf '1%.0s' $(seq "$1") | sed 's/./&,/g; s/,$//'; }
shapes=("$(ones 32)" "$(ones 9)" 4611686018427387904 4294967296,4294967296 4611686018427387904,4 9223372036854775807,1,1
    1152921504606846977,16 100000000000 1099511627776,1,1,1,1,1,1,1099511627776)
for i in "${!shapes[@]}"; do echo "size$i.h5 array extra ${shapes[i]}"; done | alter $good
for i in "${!shapes[@]}"; do
    refused size$i.h5 '(larger than the file|more than 8 dimensions)' verify inspect
done
refused size2.h5 'larger than the file' evaluate

# ---- options ---------------------------------------------------------------------------------------
# What a command line may not ask for, a checkpoint may not either.
alter $good <<END
a.h5 config micro-batches 128
b.h5 config micro-batches 0
c.h5 config batch-size 99999999999
d.h5 config base-channels -1
e.h5 config window-weights 1,2
f.h5 config windows 17
g.h5 config preset wae64
h.h5 set height 2147483647
i.h5 set height 4294967312
j.h5 set width -16
k.h5 set channels 70000
l.h5 set height 17
m.h5 set step -1
n.h5 replace $weight transposed
o.h5 remove $weight
p.h5 remove optimizer
END
refused a.h5 'batch-size 16 is not a multiple of micro-batches 128' evaluate reconstruct
refused b.h5 'micro-batches' evaluate
refused c.h5 'batch-size' evaluate
refused d.h5 'base-channels' evaluate
refused e.h5 'window-weights' evaluate reconstruct
refused f.h5 'window of 17' evaluate
refused g.h5 'holds another model' evaluate reconstruct
refused h.h5 'height' evaluate inspect
refused i.h5 'height' evaluate # 16 modulo 2^32
refused j.h5 'width' evaluate
refused k.h5 'channels' evaluate
refused l.h5 '17 × 16' evaluate reconstruct
refused m.h5 'step' verify inspect evaluate
refused n.h5 'the shape of .*encoder/conv1/weight' evaluate reconstruct
refused o.h5 'holds another model: it has no /model/encoder/conv1/weight' evaluate
expect 0 ranks 0 inspect $good
expect_text 'parameters; with the state of the optimizer: m, v' out
expect 0 ranks 0 inspect p.h5 # as of a step that diverged
expect_text 'parameters; without the state of the optimizer' out
cp -r run odd
cp a.h5 odd/checkpoints/step-000000004.h5
expect_error 1 'micro-batches 128' ranks 2 train --run odd --resume --steps 6

# ---- other files -----------------------------------------------------------------------------------
alter $good <<END
external.h5 replace $weight external
soft.h5 replace $weight soft
raw.h5 replace $weight raw
virtual.h5 replace $weight virtual
lzf.h5 replace $weight lzf
ring.h5 ring
END
for how in external soft; do refused $how.h5 "$weight is a link to another place" verify inspect evaluate; done
for how in raw virtual; do refused $how.h5 "$weight lie in other files" verify inspect evaluate; done
refused lzf.h5 'h5repack -f NONE' verify evaluate
refused ring.h5 'groups nested' verify inspect
for how in external soft raw virtual; do echo "shard-$how.h5 replace images $how"; done | alter $shard
for how in external soft; do refused shard-$how.h5 'images is a link to another place' verify; done
for how in raw virtual; do refused shard-$how.h5 'images lie in other files' verify; done

# ---- what the HDF5 library does not survive --------------------------------------------------------
echo heap.h5 heap | alter $good
refused heap.h5 'damaged|cannot' verify inspect evaluate reconstruct
for n in 0 2; do
    rm -rf odd
    cp -r run odd
    cp heap.h5 odd/checkpoints/step-000000005.h5
    expect 0 ranks $n train --run odd --resume --steps 6
    expect_text 'warning: odd/checkpoints/step-000000005.h5.*; passing over it' err
    expect_text 'resuming from odd/checkpoints/step-000000004.h5' err
    expect_no_text 'backtrace|Signal:|\*\*\* |Segmentation|free\(\)|#[0-9]+ ' err
done
[ -z "$(pgrep -f "$tmp" || true)" ] || fail "processes are left: $(pgrep -af "$tmp")"

# ---- no files --------------------------------------------------------------------------------------
mkfifo pipe
for what in pipe /dev/zero /dev/null; do
    for command in verify inspect; do expect_error 1 "$what.*not a regular file" ranks 0 $command $what; done
    expect_error 1 "$what.*not a regular file" ranks 0 evaluate --checkpoint $what --data data
done
cp -r run piped
mkfifo piped/checkpoints/step-000000009.h5
expect 0 ranks 0 evaluate --run piped
expect_text 'warning: .*step-000000009.h5: not a regular file but a pipe; passing over' err
cp -r data piped-data
rm piped-data/train-00002-of-00003.h5
mkfifo piped-data/train-00002-of-00003.h5
expect_error 1 'train-00002-of-00003.h5: not a regular file' ranks 0 train --data piped-data --run x "${tiny[@]}"
expect_error 1 'train-00002-of-00003.h5: not a regular file' ranks 0 verify piped-data
mkdir pictures
mkfifo pictures/a.png
expect_error 1 'no image that can be read' ranks 0 reconstruct --run run --input pictures --output x.png
expect_error 1 'a.png: not a regular file' ranks 0 reconstruct --run run --input pictures/a.png --output x.png
# A shell's pipe is as good a place for a configuration as any.
"$lwssim" train --data data --run from-pipe --config <(printf 'preset = tiny16\nbatch-size = 16\nsteps = 1\n') 2>err ||
    fail "no configuration from a pipe: $(cat err)"
expect_text '^batch-size = 16$' from-pipe/config.ini
printf 'batch-size = 16\0\nsteps = 1\n' >zero.ini
expect_error 2 'zero.ini:1: a zero byte' ranks 0 train --data data --run x --config zero.ini

# ---- disks that refuse a read ----------------------------------------------------------------------
# Whichever read fails: that is no damage, and nothing is left behind for an older checkpoint.
shim=${LWSSIM_BUILD:-$root/build/release}/tests/fault/failing_disk.so
rm -rf odd
cp -r run odd

# refusing NTH COMMAND…: that read of the newest checkpoint fails; false where there are fewer.
refusing() {
    local n=$1 code=0
    shift
    rm -f calls
    FAILING_DISK_CALLS=pread FAILING_DISK_PATH=step-000000004 FAILING_DISK_LOG=$tmp/calls FAILING_DISK_FIRST=$n \
        FAILING_DISK_LAST=$n LD_PRELOAD=$shim "$lwssim" "$@" >out 2>err </dev/null || code=$?
    if [ ! -e calls ]; then
        [ $code = 0 ] || fail "exit code $code without an error"
        return 1 # there is no such read
    fi
    [ $code = 1 ] || fail "read $n: exit code $code: $*"
    grep -q 'error: .*step-000000004.h5.*Input/output error' err || fail "read $n: $(cat err)"
    [ "$(ls odd/checkpoints)" = "$(ls run/checkpoints)" ] || fail "read $n: $(ls odd/checkpoints)"
}
n=1
while refusing $n verify odd; do n=$((n + (n < 30 ? 1 : 5))); done
[ $n -gt 50 ] || fail "only $n reads of a checkpoint"
# Resuming reads the whole file, and again for its name, its description and its arrays: it ends at 3 times as many.
for ((i = 1; i < 16; i++)); do refusing $i train --run odd --resume --steps 4 || fail "no read $i"; done
for ((; i < 4 * n; i += 19)); do refusing $i train --run odd --resume --steps 4 || break; done
[ "$i" -gt $((2 * n)) ] || fail "only $i reads to resume"

# Nor is it damage where somebody ends the process that reads.
FAILING_DISK_CALLS=pread FAILING_DISK_PATH=step-000000004 FAILING_DISK_FIRST=20 FAILING_DISK_SIGNAL=15 \
    expect_error 1 'step-000000004.h5: the process that reads it was ended from outside: Terminated' \
    env LD_PRELOAD="$shim" "$lwssim" verify odd

# ---- standard streams that are closed --------------------------------------------------------------
# 'cannot write' only because there is something to say: the file is read.
for file in $good data run; do
    expect_error 1 'cannot write to standard output' bash -c '"$0" verify "$1" <&- >&-' "$lwssim" "$file"
    expect 0 bash -c '"$0" verify "$1" <&- 2>&-' "$lwssim" "$file"
done
expect_error 1 'cannot write to standard output' bash -c '"$0" evaluate --run run <&- >&-' "$lwssim"

# ---- written by others -----------------------------------------------------------------------------
ways=('latest plain' 'v110 plain' 'earliest plain' 'latest narrow' 'latest chunked' 'latest compressed' 'v110 big-endian')
for i in "${!ways[@]}"; do echo "way$i.h5 rewrite ${ways[i]}"; done | alter $good
digest=$("$lwssim" inspect --digest $good)
"$lwssim" evaluate --checkpoint $good --data data | tail -n +2 >figures
for i in "${!ways[@]}"; do
    expect 0 ranks 0 verify way$i.h5
    [ "$("$lwssim" inspect --digest way$i.h5)" = "$digest" ] || fail "${ways[i]}: another digest"
done
for i in 3 6; do
    expect 0 ranks 0 evaluate --checkpoint way$i.h5 --data data
    same_file <(tail -n +2 out) figures
done
for how in 'latest plain' 'earliest plain' 'v110 narrow'; do
    mkdir "data-${how% *}"
    for file in data/*.h5; do echo "data-${how% *}/${file#*/} rewrite $how" | alter "$file"; done
    expect 0 ranks 0 verify "data-${how% *}"
done
expect 0 ranks 0 train --data data-latest --run newer "${tiny[@]}" --steps 4 --checkpoint-every 2 --eval-every 4
same_file $good newer/checkpoints/step-000000004.h5
alter $shard <<END
chunked.h5 rewrite latest chunked
compressed.h5 rewrite latest compressed
END
for how in chunked compressed; do refused $how.h5 '/images is chunked or compressed.*h5repack' verify; done
# The version of the superblock is the first thing that a newer library would raise.
cp $good future.h5
printf '\x09' | dd of=future.h5 bs=1 seek=8 conv=notrunc status=none
refused future.h5 'newer format than the installed HDF5' verify inspect evaluate
