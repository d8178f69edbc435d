#!/usr/bin/env bash
# Wrong options and configuration files: one line that says what, where and what to do; exit code 2 on all ranks.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
new=(train --run new "${tiny[@]}" --steps 10) # a run that should not come to be
train=("${new[@]}" --data data)

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
each 2 'windows holds 0' "${train[@]}" --windows 0,3
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
