#!/usr/bin/env bash
# Wrong input of every kind: one line that says what, where and what to do; the right exit code on all ranks; nothing
# lost.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# each CODE PATTERN ARGUMENT…: alone, and under mpirun as three ranks.
each() {
    local code=$1 pattern=$2
    shift 2
    for n in 0 3; do expect_error "$code" "$pattern" ranks $n "$@"; done
}

absent() {
    for path in "$@"; do [ ! -e "$path" ] || fail "$path was made"; done
}

make_data data
make_data data24 --size 24
make_data data2 --seed 2
new=(train --run new "${tiny[@]}" --steps 10) # a run that should not come to be
train=("${new[@]}" --data data)
system=("${tiny[@]}" --eval-every 0 --checkpoint-every 2 --log-every 1 --checkpoint-patience 0)

# ---- the command line ----------------------------------------------------------------------------
expect 2 ranks 0
expect_text 'usage: lwssim COMMAND' err
expect_error 2 "no command 'trian'" ranks 0 trian
each 2 "unknown key 'bach-size'; did you mean 'batch-size'" "${train[@]}" --bach-size 16
each 2 "unknown key 'frobnicate'.*--help" "${train[@]}" --frobnicate 1
expect_error 2 "unknown key 'frobnicate'" ranks 0 "${train[@]}" --frobnicate=1
expect_error 2 "unknown key 'spilt'; did you mean 'split'" ranks 0 evaluate --run run --spilt test
expect_error 2 "unknown key 'sise'; did you mean 'size'" ranks 0 prepare --synthetic 5 --output new --sise 16
expect_error 2 "unknown key 'diggest'; did you mean 'digest'" ranks 0 inspect data --diggest
expect_error 2 "unknown key 'x'" ranks 0 verify data --x
expect_error 2 "unknown key 'jsn'" ranks 0 compare a b --jsn
expect_error 2 "unknown key 'inptu'; did you mean 'input'" ranks 0 reconstruct --inptu a
expect_error 2 "surplus|'surplus'" ranks 0 "${train[@]}" surplus

while read -r key value; do # out of range, or no such value
    each 2 "$key.*'?$value'?.*takes" "${train[@]}" "--$key" "$value"
done <<'VALUES'
batch-size 0
batch-size -16
lr -1
lr 1e4
VALUES
while read -r key value; do
    expect_error 2 "$key = '$value' is not accepted: it takes" ranks 0 "${train[@]}" "--$key" "$value"
    expect_error 2 "$key = '$value' is not accepted: it takes" ranks 0 "${train[@]}" "--$key=$value"
done <<'VALUES'
batch-size 16.5
batch-size 1e1
batch-size 99999999999999999999
batch-size sixteen
batch-size 0x10
micro-batches 0
steps -5
latent 123456789
base-channels 1025
threads 99999
lr fast
lr nan
lr inf
lr 1e400
lr 0.1.2
adam-beta2 1
windows 0
windows 3,,7
windows 3,7,
windows 3;7
windows 3.5
windows -3
window-weights -1
checkpoint-every 5parsecs
checkpoint-every -5
checkpoint-every 0.5
checkpoint-every 0.5epoch
checkpoint-every never
model gan
model a
loss l2
preset dcgan
schedule linear
keep 0
VALUES
expect_error 2 "resume = 'maybe' is not accepted: it takes true or false" ranks 0 "${train[@]}" --resume=maybe
expect_error 2 "lr = '' is not accepted" ranks 0 "${train[@]}" --lr ''
expect_error 2 "lr.*(value|needs)" ranks 0 "${train[@]}" --lr
expect_error 2 "lr" ranks 0 "${train[@]}" --lr --seed 1
expect_error 2 'windows' ranks 0 "${train[@]}" --windows 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
expect_error 2 'run' ranks 0 "${train[@]}" --run "$(printf '%02000d' 0)"

each 2 'batch-size 16 is not a multiple of micro-batches 5' "${train[@]}" --micro-batches 5
each 2 'window-weights has 2 values for 3 windows' "${train[@]}" --window-weights 1,2
each 2 'nothing to train' "${train[@]}" --steps 0 --epochs 0
expect_error 2 '3 ranks but only 2 micro-batches.*at most 2 ranks' ranks 3 "${train[@]}" --micro-batches 2
expect_error 2 '8 ranks but only 1 micro-batch' ranks 8 "${train[@]}" --micro-batches 1
each 2 '(window|17).*16' "${train[@]}" --windows 3,17
each 2 '(window|17).*16' "${train[@]}" --loss ssim --ssim-window 17
each 2 '--data DIR is needed' "${new[@]}"
each 2 '--run DIR is needed' train --data data
each 2 '--resume and --overwrite exclude' "${train[@]}" --resume --overwrite

# A configuration file.
printf '[model]\nmodel = vae\nbach-size = 16\n' >bad-key.ini
printf 'batch-size = 16\nlr = fast\n' >bad-value.ini
printf 'batch-size 16\n' >bad-line.ini
head -c 3000 /dev/urandom >noise.ini
each 2 "bad-key.ini:3: unknown key 'bach-size'; did you mean 'batch-size'" "${train[@]}" --config bad-key.ini
each 2 "bad-value.ini:2: lr = 'fast'" "${train[@]}" --config bad-value.ini
expect_error 2 'bad-line.ini:1' ranks 0 "${train[@]}" --config bad-line.ini
expect_error 2 'noise.ini' ranks 0 "${train[@]}" --config noise.ini
each 1 'nowhere.ini.*No such file' "${train[@]}" --config nowhere.ini
expect_error 1 'data' ranks 0 "${train[@]}" --config data
absent new

# ---- datasets --------------------------------------------------------------------------------------
each 1 'nowhere' "${new[@]}" --data nowhere
mkdir empty
each 1 'empty' "${new[@]}" --data empty
expect_error 1 'data/train-00000-of-00003.h5' ranks 0 "${new[@]}" --data data/train-00000-of-00003.h5

# spoil NAME: a copy of the dataset to damage.
spoil() {
    rm -rf spoilt
    cp -r data spoilt
    echo "-- $1" >>cases
}
one="train-00001-of-00003.h5"
check_spoilt() {
    each 1 "$1" "${new[@]}" --data spoilt
    expect_error 1 "$1" ranks 0 inspect spoilt
    expect_error 1 "$1" ranks 0 verify spoilt
}
spoil 'a shard missing'; rm spoilt/$one
check_spoilt "spoilt.*$one"
spoil 'a split missing'; rm spoilt/test-00000-of-00001.h5
check_spoilt 'test-00000-of-00001.h5'
spoil 'only one left'; rm spoilt/{valid,test}* spoilt/train-0000[02]*
check_spoilt 'spoilt'
spoil 'a shard of other images'; cp data2/$one spoilt
check_spoilt "$one"
spoil 'a shard of another size'; cp data24/$one spoilt
check_spoilt "$one|of another"
spoil 'shards exchanged'; cp data/train-00000* spoilt/$one
check_spoilt "$one"
spoil 'a split in place of another'; cp data/valid-00000* spoilt/test-00000-of-00001.h5
expect_error 1 'test-00000-of-00001.h5' ranks 0 inspect spoilt # training does not open the test images
expect_error 1 'test-00000-of-00001.h5' ranks 0 verify spoilt
for size in 0 1 100 5000 20000; do
    spoil "cut to $size bytes"; head -c $size data/$one >spoilt/$one
    check_spoilt "$one"
done
spoil 'no HDF5'; head -c 30000 /dev/urandom >spoilt/$one
check_spoilt "$one"
spoil 'a folder'; rm spoilt/$one; mkdir spoilt/$one
check_spoilt "$one"
spoil 'a dangling link'; ln -sf nowhere spoilt/$one
check_spoilt "$one"

make_data small --limit 20
each 1 'fewer than one batch of 16' "${new[@]}" --data small
make_data only --split 1,0,0
absent new

# ---- run folders -------------------------------------------------------------------------------------
expect 0 ranks 0 train --data data --run run "${system[@]}" --steps 10 --keep 5
cp -r run before
each 2 'run already holds a run.*--resume.*--overwrite' "${train[@]}" --run run
same_folder run before
each 1 'no run to resume in new' train --run new --resume
absent new
echo 'a file' >file
each 1 'file' "${train[@]}" --run file
each 1 'file/run' "${train[@]}" --run file/run
each 1 '/proc/run' "${train[@]}" --run /proc/run
ln -s nowhere/at/all link
expect_error 1 'link' ranks 0 "${train[@]}" --run link
if mount_small readonly 1m && mount -o remount,ro readonly; then
    each 1 'readonly.*[Rr]ead-only' "${train[@]}" --run readonly/run
    each 1 'readonly.*[Rr]ead-only' prepare --synthetic 20 --size 16 --output readonly/data
    each 1 'readonly.*[Rr]ead-only' prepare --synthetic 20 --size 16 --output readonly
else
    echo 'note: mounting is not permitted, so no read-only disk was tested' >&2
fi

# --overwrite takes what belongs to the run, and nothing else.
cp -r run thrown
echo 'mine' | tee thrown/notes.txt thrown/checkpoints/mine.h5 thrown/images/mine.png >/dev/null
expect 0 ranks 0 train --data data --run thrown "${system[@]}" --steps 4 --overwrite
for file in notes.txt checkpoints/mine.h5 images/mine.png; do
    [ -e thrown/$file ] || fail "--overwrite deleted $file, which is not of the run"
done
[ ! -e thrown/checkpoints/step-000000010.h5 ] || fail '--overwrite left a checkpoint of the old run'

# The run of another configuration: its first key that differs is named, and the run stays as it is.
for change in 'base-channels 12' 'latent 8' 'model vae' 'loss mse' 'preset dcgan64' 'lr 0.01' 'seed 2' 'batch-size 32' \
    'micro-batches 4' 'windows 3,7' 'schedule cosine' 'k1 0.02' 'weight-decay 0.1'; do
    key=${change% *}
    # shellcheck disable=SC2086 # key and value
    expect_error 1 "run was made with '$key = .*; it cannot go on with '$key = ${change#* }'" \
        ranks 0 train --run run --resume --steps 20 --$change
done
expect_error 1 "run was made with 'base-channels = 8'" ranks 3 train --run run --resume --steps 20 --base-channels 12
each 1 'trained on other images|digest' train --run run --resume --steps 20 --data data2
each 1 '24|images' train --run run --resume --steps 20 --data data24
same_folder run before
printf 'lr = fast\n' >>run/config.ini
each 2 'run/config.ini:[0-9]+' train --run run --resume --steps 20
: >run/config.ini
expect_error 1 'made with|--data' ranks 0 train --run run --resume --steps 20 --data data
cp before/config.ini run
same_folder run before

# ---- checkpoints -------------------------------------------------------------------------------------
expect 0 ranks 0 train --data data --run whole "${system[@]}" --steps 20 --keep 50
last=checkpoints/step-000000010.h5

# goes_on WHAT: the newest checkpoint is bad, so the one before is used, with a warning, and the end is the same.
goes_on() {
    for n in 0 3; do
        rm -rf damaged
        cp -r spoilt damaged
        expect 0 ranks $n train --run damaged --resume --steps 20 --keep 50
        expect_text "warning: .*$last.*passing over it" err
        expect_text 'resuming from damaged/checkpoints/step-000000008.h5' err
        same_file damaged/checkpoints/step-000000020.h5 whole/checkpoints/step-000000020.h5
        [ "$(grep -c '"type":"train"' damaged/metrics.jsonl)" = 20 ] || fail "$1: the log has not 20 steps"
    done
    for command in "evaluate --data data" "reconstruct --input data --output y.png" "inspect"; do
        run="--run spoilt"
        [ "$command" != inspect ] || run=spoilt
        # shellcheck disable=SC2086 # words
        expect 0 ranks 0 $command $run
        expect_text "warning: .*$last" err
    done
    expect_error 1 "$last" ranks 0 verify spoilt
    # The weights themselves may be whole where Adam's moments are not.
    [ "$1" = 'a flipped byte' ] || expect_error 1 "$last" ranks 0 evaluate --checkpoint spoilt/$last --data data
}
size=$(stat -c %s run/$last)
for cut in 0 100 $((size / 2)) $((size - 1)); do
    rm -rf spoilt; cp -r run spoilt; head -c "$cut" run/$last >spoilt/$last
    goes_on "cut to $cut bytes"
done
rm -rf spoilt; cp -r run spoilt; flip spoilt/$last $((size / 2))
goes_on 'a flipped byte'
rm -rf spoilt; cp -r run spoilt; echo 'no HDF5' >spoilt/$last
goes_on 'a text'
rm -rf spoilt; cp -r run spoilt; cp data/$one spoilt/$last
goes_on 'a shard of a dataset'

# With keep 1 the checkpoint that is bad must not push out the good one that follows. (No validation split: the best
# checkpoint would be kept anyway.)
expect 0 ranks 0 train --data only --run keeping "${system[@]}" --steps 10 --keep 2
head -c 1000 run/$last >keeping/$last
expect 0 ranks 0 train --run keeping --resume --steps 9 --keep 1
[ -e keeping/checkpoints/step-000000009.h5 ] || fail 'the checkpoint just written was pruned for one that is bad'

# All bad, or none.
rm -rf spoilt; cp -r run spoilt
for file in spoilt/checkpoints/*.h5; do head -c 1000 "$file" >part; mv part "$file"; done
each 1 'none of the 5 checkpoints in spoilt/checkpoints is whole' train --run spoilt --resume --steps 20
expect_error 1 'none of the 5 checkpoints' ranks 3 evaluate --run spoilt --data data
expect_error 1 'none of the 5 checkpoints' ranks 0 reconstruct --run spoilt --input data --output x.png
rm spoilt/checkpoints/*.h5
each 1 'no checkpoint in spoilt/checkpoints' evaluate --run spoilt --data data

# Of another model.
expect 0 ranks 0 train --data data --run other "${system[@]}" --base-channels 12 --steps 12
cp other/checkpoints/step-000000012.h5 spoilt/checkpoints
each 1 "made with 'base-channels = 12'" train --run spoilt --resume --steps 20
expect 0 ranks 0 train --data data24 --run other24 "${system[@]}" --steps 2
each 1 '24 × 24 × 3, data holds 16 × 16 × 3.*--size 24' evaluate --run other24 --data data
each 1 '16 × 16 × 3, data24 holds 24 × 24 × 3.*--size 16' evaluate --run run --data data24
expect_error 1 '16 × 16' ranks 0 reconstruct --run run --input data24 --output x.png
each 1 'only has no images in its test split' evaluate --run run --data only
each 1 'nowhere.h5' evaluate --checkpoint nowhere.h5 --data data
each 1 "$one" evaluate --checkpoint data/$one --data data
each 2 '--checkpoint FILE or --run DIR' evaluate --data data
each 2 '--data DIR is needed' evaluate --checkpoint run/$last
each 1 'nowhere/x.json' evaluate --run run --data data --json nowhere/x.json
rm spoilt/checkpoints/*
cp run/checkpoints/step-000000002.h5 spoilt/checkpoints
each 1 'spoilt was never evaluated' evaluate --run spoilt --data data --best
absent x.png

# Results that nobody can read are no success.
# shellcheck disable=SC2016 # for the inner shell
into_full='exec "$0" "$@" >/dev/full'
if [ -c /dev/full ]; then
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" evaluate --run run --data data
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" evaluate --run run --data data --json -
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" inspect run
    expect_error 1 'No space left' bash -c "$into_full" "$lwssim" verify run
fi

# ---- divergence --------------------------------------------------------------------------------------
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

# ---- full disks --------------------------------------------------------------------------------------
if mount_small disk 8m; then
    each 1 'disk/data: .*the disk has .* left' prepare --synthetic 2000 --size 64 --output disk/data
    [ -z "$(find disk -name '*.h5*')" ] || fail "a full disk left $(find disk -name '*.h5*' | tr '\n' ' ')"

    head -c 4M /dev/zero >disk/fill
    expect_error 1 'disk is full.*disk/run.*--resume' ranks 3 train --data data --run disk/run "${system[@]}" --keep 50 \
        --base-channels 16 --steps 200
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

# ---- prepare -----------------------------------------------------------------------------------------
mkdir pictures
for i in 1 2 3 4 5 6; do { printf 'P6\n8 8\n255\n'; head -c 192 /dev/zero; } >pictures/good-$i.ppm; done
printf 'P6\n8 8\n255\n' >pictures/cut.ppm
echo 'no picture' >pictures/text.jpg
: >pictures/empty.png
out=(--output new)
each 2 'output' prepare --synthetic 10
each 2 'input|synthetic' prepare "${out[@]}"
each 2 'input|synthetic' prepare --input data --synthetic 10 "${out[@]}"
each 1 'nowhere' prepare --input nowhere "${out[@]}"
each 2 'empty holds no images' prepare --input empty "${out[@]}"
echo 'no zip' >text.zip
each 1 'text.zip' prepare --input text.zip "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 0.5,0.6,0.7 "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 1,-1,1 "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split half "${out[@]}"
expect_error 2 'split' ranks 0 prepare --synthetic 10 --split 0,0,0 "${out[@]}"
expect_error 2 'size' ranks 0 prepare --synthetic 10 --size 0 "${out[@]}"
expect_error 2 'synthetic' ranks 0 prepare --synthetic -3 "${out[@]}"
expect_error 2 'crop' ranks 0 prepare --input pictures --crop 12y "${out[@]}"
expect_error 1 'file' ranks 0 prepare --synthetic 10 --output file
expect_error 1 'file' ranks 3 prepare --synthetic 10 --output file/data
expect_error 1 '/proc' ranks 0 prepare --synthetic 10 --output /proc/data

for n in 0 1 3; do
    expect 0 ranks $n prepare --input pictures --size 16 --output "left-out-$n"
    expect_text 'warning: 3 images could not be used; .*prepare-report.txt' err
    for name in cut.ppm text.jpg empty.png; do expect_text "$name: .+" "left-out-$n/prepare-report.txt"; done
done
each 1 '(cut.ppm|text.jpg|empty.png)' prepare --input pictures --size 16 --strict "${out[@]}"
each 1 'partition.txt.*No such file' prepare --input pictures --size 16 --partition partition.txt "${out[@]}"
expect_error 2 'partition has no meaning' ranks 0 prepare --synthetic 10 --partition partition.txt "${out[@]}"
rm pictures/good*
each 1 'image' prepare --input pictures --size 16 "${out[@]}"
[ ! -e new ] || [ -z "$(find new -type f)" ] || fail "failed preparations left $(find new -type f | tr '\n' ' ')"
