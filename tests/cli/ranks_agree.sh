#!/usr/bin/env bash
# Ranks that were not started for the same work say so before they begin: the first rank that differs, its host, both
# values; exit 1 within seconds, and nothing is written.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
make_data data2 --seed 2            # the same counts and sizes, other pixels
make_data data-shorter --limit 90   # other counts
cp -r data elsewhere
host=$(hostname)

# two PATTERN FIRST-RANK… : SECOND-RANK…: two ranks with command lines of their own. three: two and the second's.
two() { differ 1 "$@"; }
three() { differ 2 "$@"; }
differ() {
    local n=$1 pattern=$2 first=()
    shift 2
    while [ "$1" != : ]; do first+=("$1"); shift; done
    shift
    expect_error 1 "$pattern" mpirun --oversubscribe -n $((n + 1)) "$by_rank" "$n" "$lwssim" "${first[@]}" + "$lwssim" "$@"
}

train=(train --run new "${tiny[@]}" --steps 6 --deadline 15)

# ---- options ---------------------------------------------------------------------------------------------------
while read -r key value other; do
    expect_error 1 "rank 1 on $host has '$key = $other', rank 0 on $host has '$key = $value'" "${two_ranks[@]}" \
        "$lwssim" "${train[@]}" --data data "--$key=$value" + "$lwssim" "${train[@]}" --data data "--$key=$other"
done <<'KEYS'
lr 0.001 0.01
seed 1 2
loss lwssim mse
steps 6 7
eval-every 2 3
checkpoint-every 2 100s
latent 8 16
micro-batches 8 4
profile false true
run new new2
KEYS
three "rank 2 on $host has 'lr = 0.01', rank 0 on $host has 'lr = 0.001'" "${train[@]}" --data data : \
    "${train[@]}" --data data --lr 0.01
printf 'lr = 0.01\n' >own.ini
two "rank 1 on $host has 'lr = 0.01'" "${train[@]}" --data data : "${train[@]}" --data data --config own.ini
two "rank 1 on $host has 'resume = true'" "${train[@]}" --data data : "${train[@]}" --data data --resume
two "rank 1 on $host has 'help = true'" "${train[@]}" --data data : train --help
two "rank 1 on $host has 'command = evaluate', rank 0 on $host has 'command = train'" "${train[@]}" --data data : \
    evaluate --run new --data data
two "rank 1 on $host has 'command = prepare'" "${train[@]}" --data data : prepare --synthetic 10 --output new

# A rank's wrong word is told as before.
expect_error 2 "unknown key 'lrr'.*\(rank 1 on $host\)" "${two_ranks[@]}" "$lwssim" "${train[@]}" --data data + \
    "$lwssim" "${train[@]}" --data data --lrr 1

# ---- data ------------------------------------------------------------------------------------------------------
three "rank 2 on $host has 'training images = .*', rank 0 on $host has 'training images = " "${train[@]}" --data data : \
    "${train[@]}" --data data2
two "rank 1 on $host has 'training images = " "${train[@]}" --data data : "${train[@]}" --data data-shorter
for set in noise mixed; do # datasets whose headers tell the same: of equal names, other pixels in one split
    mkdir files
    for i in {10..60}; do { printf 'P6\n16 16\n255\n'; head -c 768 /dev/urandom; } >files/$i.ppm; done
    expect 0 ranks 0 prepare --input files --size 16 --split 0.6,0.2,0.2 --output $set
    rm -r files
done
cp noise/t* mixed
two "rank 1 on $host has 'validation images = " "${train[@]}" --data noise : "${train[@]}" --data mixed
if [ -e new ] || [ -e new2 ]; then fail 'a job whose ranks disagree made its run folder'; fi

# The same images at another place are no difference, nor is the number of threads.
expect 0 "${two_ranks[@]}" "$lwssim" "${train[@]}" --data data + "$lwssim" "${train[@]}" --data elsewhere
expect 0 ranks 0 train --run alone "${tiny[@]}" --steps 6 --data data
same_file new/checkpoints/step-000000006.h5 alone/checkpoints/step-000000006.h5
expect 0 "${two_ranks[@]}" "$lwssim" "${train[@]}" --data data --run threads + \
    "$lwssim" "${train[@]}" --data data --run threads --threads 2
same_file threads/checkpoints/step-000000006.h5 alone/checkpoints/step-000000006.h5

# ---- evaluate, bench, prepare ----------------------------------------------------------------------------------
evaluate=(evaluate --checkpoint alone/checkpoints/step-000000006.h5)
three "rank 2 on $host has 'test images = " "${evaluate[@]}" --data data : "${evaluate[@]}" --data data2
two "rank 1 on $host has 'data = given', rank 0 on $host has 'data = '" evaluate --run alone : evaluate --run alone --data data
two "rank 1 on $host has 'data = '" bench --only data --data data : bench --only data
two "rank 1 on $host has 'split = valid'" "${evaluate[@]}" --data data : "${evaluate[@]}" --data data --split valid
expect 0 "${two_ranks[@]}" "$lwssim" "${evaluate[@]}" --data data + "$lwssim" "${evaluate[@]}" --data elsewhere

two "rank 1 on $host has 'images = 16'" bench --only adam --images 8 : bench --only adam --images 16
two "rank 1 on $host has 'only = gemm'" bench --only adam : bench --only gemm
two "rank 1 on $host has 'training images = " bench --only data --data data : bench --only data --data data2

mkdir -p a b
for i in 1 2 3 4 5 6; do { printf 'P6\n16 16\n255\n'; head -c 768 /dev/zero; } | tee "a/$i.ppm" >"b/$i.ppm"; done
rm b/3.ppm
ln -s a here # one name, two listings: what the ranks of two hosts may see
# shellcheck disable=SC2016 # for the inner shell
inside='cd "$0" && shift 0 && exec "$@"'
mkdir one two && ln -s ../a one/pictures && ln -s ../b two/pictures
for limit in 0 4; do
    expect_error 1 "rank 1 on $host has 'images .* = .*, rank 0 on $host has 'images" "${two_ranks[@]}" \
        bash -c "$inside" one "$lwssim" prepare --input pictures --size 16 --limit $limit --output "$tmp/new" + \
        bash -c "$inside" two "$lwssim" prepare --input pictures --size 16 --limit $limit --output "$tmp/new"
done
mv b/6.ppm b/7.ppm && cp a/3.ppm b/3.ppm # as many, other names
expect_error 1 "rank 1 on $host has 'names" "${two_ranks[@]}" \
    bash -c "$inside" one "$lwssim" prepare --input pictures --size 16 --output "$tmp/new" + \
    bash -c "$inside" two "$lwssim" prepare --input pictures --size 16 --output "$tmp/new"
for i in 1 2 4 5 6; do cp a/$i.ppm b; done && rm b/7.ppm && printf '# longer\n' >>b/2.ppm # the same names, other contents
expect_error 1 "rank 1 on $host has 'sizes" "${two_ranks[@]}" \
    bash -c "$inside" one "$lwssim" prepare --input pictures --size 16 --output "$tmp/new" + \
    bash -c "$inside" two "$lwssim" prepare --input pictures --size 16 --output "$tmp/new"
two "rank 1 on $host has 'seed = 2'" prepare --synthetic 20 --size 16 --output new3 : \
    prepare --synthetic 20 --size 16 --output new3 --seed 2
if [ -e new3 ] || [ -n "$(find new -name '*train*' -o -name '*test*')" ]; then fail 'ranks that disagree prepared'; fi

# ---- the machine -----------------------------------------------------------------------------------------------
kernel=$("$lwssim" bench --only gemm --json | sed -n 's/.*"kernel":[[:space:]]*"\(.*\)".*/\1/p')
other=Nehalem
[ "$kernel" != "$other" ] || other=Prescott
for command in "${train[*]} --data data --run fresh" "${evaluate[*]} --data data" "bench --only adam" \
    "prepare --synthetic 20 --size 16 --output new4"; do
    # shellcheck disable=SC2086 # words
    expect_error 1 "rank 1 on $host has 'matrix kernel = $other', rank 0 on $host has 'matrix kernel = .*OPENBLAS_CORETYPE" \
        "${two_ranks[@]}" "$lwssim" $command + env OPENBLAS_CORETYPE=$other "$lwssim" $command
done
if [ -e fresh ] || [ -e new4 ]; then fail 'ranks on different kernels began'; fi

# Another build: the same program with other bytes where its code's digest stands.
id=$(readelf -n "$lwssim" | sed -n 's/.*Build ID: //p')
python3 - "$lwssim" other-build "$id" <<'PY'
import sys
path, other, build = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
data = open(path, "rb").read()
assert data.count(build) == 1
open(other, "wb").write(data.replace(build, build[::-1]))
PY
chmod +x other-build
expect_error 1 "rank 1 on $host has 'build = [0-9a-f]+', rank 0 on $host has 'build = $id'" "${two_ranks[@]}" \
    "$lwssim" "${train[@]}" --data data --run fresh + "$tmp/other-build" "${train[@]}" --data data --run fresh
