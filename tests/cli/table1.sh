#!/usr/bin/env bash
# Table 1 by one command: each cell is the run that `train` makes alone, on any number of ranks; what is finished is kept,
# what was begun goes on, what fails is named and ends nobody else.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

patience=240
make_data data
keys=(--data data "${tiny[@]}" --steps 6 --checkpoint-every 2 --eval-every 0 --keep 9)
short=(table1 "${keys[@]}" --seeds 1)

# figures DIR CELL: its figures, but for what tells who made them.
figures() { grep -v '"seconds"\|"ranks"\|"threads"' "$1/cells/$2/test.json"; }
cells() { (cd "$1/cells" && ls); }

# same_cells A B: the same cells, checkpoints and figures.
same_cells() {
    local cell
    [ "$(cells "$1")" = "$(cells "$2")" ] || fail "other cells in $2: $(cells "$2")"
    for cell in $(cells "$1"); do
        same_folder "$1/cells/$cell/checkpoints" "$2/cells/$cell/checkpoints"
        same_file "$1/cells/$cell/test.csv" "$2/cells/$cell/test.csv"
        same_file <(figures "$1" "$cell") <(figures "$2" "$cell")
    done
}

# ---- on one rank, and what a cell is ---------------------------------------------------------------------------
expect 0 ranks 0 "${short[@]}" --output one
cp out out.one
[ "$(cells one | wc -l)" = 9 ] || fail "not nine cells: $(cells one)"
expect_text '^cell 9 of 9: mmd-ae lwssim seed 1: SSIM-G11 [0-9.]+, MSE [0-9.]+, slope -?[0-9.]+$' err
[ "$(grep -c '^cell ' err)" = 9 ] || fail 'not a line a cell'
expect_no_text '^step |^model: |^done: ' err
expect_text '^done: 6 steps' one/logs/vae-mse-1.txt
for cell in 'ae lwssim' 'vae mse' 'mmd-ae ssim'; do
    read -r model loss <<<"$cell"
    expect 0 ranks 2 train --run "alone-$model" "${keys[@]}" --model "$model" --loss "$loss" --seed 1
    same_folder "alone-$model/checkpoints" "one/cells/$model-$loss-1/checkpoints"
    same_file "alone-$model/config.ini" "one/cells/$model-$loss-1/config.ini"
    expect 0 ranks 0 evaluate --run "alone-$model" --json figures.json --images images.csv
    same_file images.csv "one/cells/$model-$loss-1/test.csv"
    for metric in ssim_g11 mse; do
        same_file <(grep -A 2 "\"$metric\":" figures.json) <(grep -A 2 "\"$metric\":" "one/cells/$model-$loss-1/test.json")
    done
done
grep -q '"kl"' one/cells/vae-ssim-1/test.json || fail 'no KL divergence of a VAE'
grep -q '"mmd"' one/cells/mmd-ae-ssim-1/test.json || fail 'no MMD of an MMD-AE'
! grep -q '"kl"\|"mmd"' one/cells/ae-ssim-1/test.json || fail 'an AE with a penalty'

# What is made of them stands beside, and is printed (unit tests look at its content).
for file in table.txt table.csv table.json table.tex figure1.png; do [ -s one/$file ] || fail "no $file"; done
same_file out.one one/table.txt
expect_text '^command: lwssim table1 --data data ' one/table.txt

# ---- the same on other numbers of ranks, in groups of one and of several ---------------------------------------------
for n in 2 3 5; do
    expect 0 ranks $n "${short[@]}" --output "ranks-$n"
    expect_text "^9 of 9 cells to do, $n at a time, on 1 rank each$" err
    same_cells one "ranks-$n"
    [ "$(grep -c '^cell ' err)" = 9 ] || fail 'not a line a cell'
done
expect 0 ranks 5 "${short[@]}" --output grouped --ranks-per-cell 2
expect_text '^9 of 9 cells to do, 2 at a time, on 2 ranks each$' err
same_cells one grouped
expect 0 ranks 5 "${short[@]}" --output few --models vae,mmd-ae --losses mse # fewer cells than ranks
expect_text '^2 of 2 cells to do, 2 at a time, on 2 ranks each$' err
for cell in $(cells few); do same_folder "one/cells/$cell/checkpoints" "few/cells/$cell/checkpoints"; done
for folder in one ranks-3 grouped; do absent $folder/.deal; done
cp -r data elsewhere # each rank has its own place of the images
expect 0 "${two_ranks[@]}" "$lwssim" "${short[@]}" --output places + \
    "$lwssim" table1 --data elsewhere "${keys[@]:2}" --seeds 1 --output places
same_cells one places
grep -q elsewhere places/cells/*/config.ini || fail 'no rank has read from its own place'

# ---- fair: equal weights to begin with, equal images in equal order ------------------------------------------------
expect 0 ranks 0 table1 "${keys[@]}" --seeds 2 --models vae --steps 2 --lr 0 --log-every 1 --log-rows --output fair
weights() { /usr/bin/python3 -c 'import h5py, hashlib, sys
f = h5py.File(sys.argv[1]); f["model"].visititems(lambda n, d: print(n, hashlib.md5(d[()].tobytes()).hexdigest()) if hasattr(d, "shape") else None)' "$1"; }
if /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    for loss in ssim lwssim; do
        same_file <(weights fair/cells/vae-mse-1/checkpoints/step-000000002.h5) \
            <(weights fair/cells/vae-$loss-1/checkpoints/step-000000002.h5)
    done
    ! cmp -s <(weights fair/cells/vae-mse-1/checkpoints/step-000000002.h5) \
        <(weights fair/cells/vae-mse-2/checkpoints/step-000000002.h5) || fail 'two seeds of the same weights'
fi
rows() { sed -n 's/.*"rows":\(.*\)}/\1/p' "$1/metrics.jsonl"; }
[ "$(rows fair/cells/vae-mse-1 | wc -l)" = 2 ] || fail 'no rows in the log'
same_file <(rows fair/cells/vae-mse-1) <(rows fair/cells/vae-lwssim-1)
! cmp -s <(rows fair/cells/vae-mse-1) <(rows fair/cells/vae-mse-2) || fail 'two seeds of the same order'

# ---- finished cells are kept; more may be asked for; another configuration is refused ------------------------------
sum=$(cat one/cells/*/test.json | cksum)
for n in 0 3; do
    expect 0 ranks $n "${short[@]}" --output one
    expect_no_text '^cell ' err
    [ "$(cat one/cells/*/test.json | cksum)" = "$sum" ] || fail 'a finished cell was made again'
done
expect_error 1 "one was made with 'steps = 6'; it cannot go on with 'steps = 7'" ranks 0 "${short[@]}" --steps 7 --output one
expect_error 1 "one was made with 'lr = 0.001'; it cannot go on with 'lr = 0.01'" ranks 3 "${short[@]}" --lr 0.01 --output one
expect_error 1 "one was made with 'images = 0'" ranks 0 "${short[@]}" --test-images 5 --output one
make_data other --seed 9
expect_error 1 "one was made with 'train-digest = " ranks 0 table1 --data other "${keys[@]:2}" --seeds 1 --output one
expect_error 1 "one was made with 'kind = table1'" ranks 0 sweep "${keys[@]}" --split test --vary 'lr=1' --output one
expect 0 ranks 2 "${short[@]}" --seeds 2, --models ae --losses mae --output one # one more of each: all combinations
[ "$(cells one | wc -l)" = 24 ] || fail "$(cells one | wc -l) cells in place of 24"
expect_text '^losses = mse,ssim,lwssim,mae$' one/table.ini
expect_text '^15 of 24 cells to do' err
expect 0 ranks 2 "${short[@]}" --output bounded --models ae --losses mse --test-images 5
expect_text '"images":[[:space:]]*5,' bounded/cells/ae-mse-1/test.json
same_file bounded/cells/ae-mse-1/test.csv <(head -n 6 one/cells/ae-mse-1/test.csv)

expect 0 ranks 0 table1 "${keys[@]}" --seeds 1 --steps 1 --models ae --losses mse,ssim --test-images 1 \
    --threads $(($(nproc) + 1)) --output single
expect_text '^lwssim: Table 1: .*, 1 step, seeds 1$' single/table.txt
expect_text '^Means over 1 test image; ' single/table.txt
[ "$(cat err single/logs/*.txt | grep -c ' share .* cores* of this node')" = 1 ] || fail 'not one line on crowded cores'

# ---- what fails is named, kept, and ends nobody else ------------------------------------------------------------------
for n in 0 3; do # the codes of a VAE overflow, those of an AE do not
    expect 1 ranks $n table1 "${keys[@]}" --seeds 1 --models ae,vae --losses mse,ssim --lr 1000 --output "fails-$n"
    [ "$(grep -c 'error:' err)" = 1 ] || fail 'not one error'
    expect_text 'error: 2 of 4 cells failed: vae-mse-1, vae-ssim-1\. .*training has diverged' err
    expect_text 'warning: vae-mse-1: the loss is not finite' err
    for cell in vae-mse-1 vae-ssim-1; do
        expect_text 'training has diverged' "fails-$n/cells/$cell/failed.txt"
        absent "fails-$n/cells/$cell/test.json"
        expect 0 ranks 0 replay "fails-$n/cells/$cell/failure"
    done
    for cell in ae-mse-1 ae-ssim-1; do [ -s "fails-$n/cells/$cell/test.json" ] || fail "$cell did not finish"; done
    expect 1 ranks 0 table1 "${keys[@]}" --seeds 1 --models ae,vae --losses mse,ssim --lr 1000 --output "fails-$n"
    expect_no_text '^cell ' err # it would diverge again
done
expect 0 ranks 0 "${short[@]}" --models ae --losses mse --output broken # any other failure may be over the next time
rm -r broken/cells/ae-mse-1
echo 'in the way' >broken/cells/ae-mse-1
expect 1 ranks 2 "${short[@]}" --losses mse,ssim --models ae --output broken
expect_text 'error: 1 of 2 cells failed: ae-mse-1' err
[ -s broken/cells/ae-ssim-1/test.json ] || fail 'another cell was not finished'
rm broken/cells/ae-mse-1
expect 0 ranks 2 "${short[@]}" --losses mse,ssim --models ae --output broken
same_folder one/cells/ae-mse-1/checkpoints broken/cells/ae-mse-1/checkpoints

# ---- damaged cells ----------------------------------------------------------------------------------------------------
cp -r ranks-2 damaged
truncate -s 40 damaged/cells/ae-mse-1/test.json
flip damaged/cells/vae-ssim-1/checkpoints/step-000000006.h5 3000
rm damaged/cells/vae-ssim-1/test.json
rm -r damaged/cells/mmd-ae-mse-1/{test.json,config.ini,metrics.jsonl}
rm -r damaged/cells/ae-lwssim-1/checkpoints damaged/cells/ae-lwssim-1/test.json
cp damaged/cells/vae-mse-1/test.csv damaged/cells/ae-ssim-1/test.csv # another cell's
echo garbage >damaged/cells/vae-lwssim-1/test.csv
sed -i '3s/[0-9]$/x/; 3s/4/5/; 3s/x$/1/' damaged/cells/mmd-ae-ssim-1/test.csv
sed -i '/"images_digest"/d' damaged/cells/mmd-ae-lwssim-1/test.json # as before it was kept
expect 75 ranks 0 "${short[@]}" --output damaged --time-limit 1e-6 # what does not count is not in the table either
expect_no_text 'error:' err
mv err messages
expect_text '^stopped: 1 of 9 cells are finished' messages
expect 0 ranks 3 "${short[@]}" --output damaged
expect_text '^8 of 9 cells to do' err
expect_text 'warning: .*damaged/cells/ae-mse-1/test.json.*ae-mse-1 is evaluated again' messages
for cell in ae-ssim-1 vae-lwssim-1 mmd-ae-ssim-1 mmd-ae-lwssim-1; do
    expect_text "warning: .*damaged/cells/$cell/test.csv is not .*; $cell is evaluated again" messages
done
rm damaged/cells/vae-ssim-1/checkpoints/*.damaged
for cell in $(cells damaged); do
    same_file "ranks-2/cells/$cell/checkpoints/step-000000006.h5" "damaged/cells/$cell/checkpoints/step-000000006.h5"
    same_file "ranks-2/cells/$cell/test.csv" "damaged/cells/$cell/test.csv"
    same_file <(figures ranks-2 "$cell") <(figures damaged "$cell")
done

# ---- stopped and killed -------------------------------------------------------------------------------------------------
long=(table1 --data data "${tiny[@]}" --steps 60 --checkpoint-every 5 --eval-every 0 --keep 1 --seeds 1 --models ae --losses mse,ssim,lwssim,mae)
expect 0 ranks 2 "${long[@]}" --output whole
# ends_alike FOLDER: goes on to the end of a table that was never interrupted.
ends_alike() {
    expect 0 ranks 2 "${long[@]}" --output "$1"
    for cell in $(cells whole); do
        same_file "whole/cells/$cell/checkpoints/step-000000060.h5" "$1/cells/$cell/checkpoints/step-000000060.h5"
        same_file <(figures whole "$cell") <(figures "$1" "$cell")
    done
}
expect 75 ranks 2 "${long[@]}" --output limited --time-limit 0.1
expect_text '^stopped: [0-3] of 4 cells are finished; the same command goes on$' err
ends_alike limited

# begun FOLDER CELLS: waits until so many have a checkpoint.
begun() {
    for _ in {1..3000}; do
        [ "$(find "$1" -name 'step-*.h5' 2>/dev/null | wc -l)" -lt "$2" ] || return 0
        sleep 0.02
    done
    fail "$1 does not train"
}

# signalled SIGNAL FOLDER CELLS OPTION…: to the second rank of two when so many cells are begun; sets code.
signalled() {
    OMPI_MCA_orte_execute_quiet=1 mpirun --oversubscribe -n 2 "$lwssim" "${long[@]}" --steps 2000 --output "$2" \
        "${@:4}" >job.out 2>job.err </dev/null &
    job=$!
    children+=("$job")
    begun "$2" "$3"
    kill -"$1" "$(pgrep -P "$job" | tail -n 1)"
    code=0
    wait "$job" || code=$?
}
signalled TERM resting 1 --losses mse --ranks-per-cell 1 # to one that has no cell
[ $code = 75 ] || fail "exit code $code in place of 75"
expect_text '^1 of 1 cell to do, 1 at a time, on 1 rank each$' job.err
expect_text '^stopped: 0 of 1 cell is finished; the same command goes on$' job.err
[ -n "$(newest resting/cells/ae-mse-1)" ] || fail 'no checkpoint is left'
absent resting/.deal
for signal in TERM KILL; do
    signalled $signal "signal-$signal" 2
    if [ $signal = TERM ]; then
        [ $code = 75 ] || fail "exit code $code in place of 75"
        expect_text '^stopped: 0 of 4 cells are finished; the same command goes on$' job.err
        absent signal-TERM/.deal
    else
        [ $code != 0 ] || fail 'a killed job ends well'
    fi
    sed -i 's/^steps = 2000$/steps = 60/' "signal-$signal/table.ini" # the same table, shortened: nobody waits for 2000
    for cell in "signal-$signal"/cells/*; do
        [ "$(newest "$cell" | sed 's/.*step-0*//; s/\.h5//')" -le 60 ] || rm -r "$cell"
    done
    ends_alike "signal-$signal"
done

# ---- what is not a table, and wrong use -----------------------------------------------------------------------------------
mkdir full
echo text >full/file
expect_error 2 'full holds file, and no table: choose another --output' ranks 0 "${short[@]}" --output full
expect_error 2 'alone-ae holds .*, and no table' ranks 3 "${short[@]}" --output alone-ae
expect 0 ranks 2 "${short[@]}" --models ae --losses mse --seeds 1,01 --output once # written twice, taken once
[ "$(cells once)" = ae-mse-1 ] || fail "other cells: $(cells once)"
each 2 'table1: --output DIR is needed' "${short[@]}"
each 2 'table1: --data DIR is needed' table1 --output new
each 2 "model = 'aee' is not accepted" "${short[@]}" --models ae,aee --output new
each 2 "loss = 'mse2' is not accepted" "${short[@]}" --losses mse2 --output new
each 2 '--losses names none' "${short[@]}" --losses '' --output new
for seeds in 0 -1 x 1000 1.5; do expect_error 2 "--seeds = $seeds" ranks 0 "${short[@]}" --seeds=$seeds --output new; done
each 2 'table1: --loss is of one run: a table has --losses' "${short[@]}" --loss mse --output new
each 2 'table1: --seed is of one run' "${short[@]}" --seed 3 --output new
each 2 '--ranks-per-cell 4: the job has' "${short[@]}" --ranks-per-cell 4 --output new
each 2 'a window of 99 pixels does not fit' "${short[@]}" --windows 99 --output new
each 1 'has 68 training images, fewer than one batch of 100000' "${short[@]}" --batch-size 100000 --output new
each 1 'nowhere' table1 --data nowhere --output new
absent new
