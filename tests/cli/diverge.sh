#!/usr/bin/env bash
# A step that is not finite: it is named, logged and kept, the same on any number of ranks, and repeated.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=(--data data "${tiny[@]}" --eval-every 0 --checkpoint-every 1000 --steps 60)

# fails RUN RANKS PATTERN OPTION…: diverges with a message that matches.
fails() {
    local run=$1 n=$2 pattern=$3
    shift 3
    expect_error 1 "$pattern" ranks "$n" train --run "$run" "${system[@]}" "$@"
}

finding_of() { sed -nE 's/^[[:space:]]*"finding":[[:space:]]*"(.*)",$/\1/p' "$1/failure/failure.json"; }

# reproduces RUN: on one rank, with what was found then.
reproduces() {
    expect 0 ranks 0 replay "$1/failure"
    expect_text 'the failure is reproduced' out
    [ -n "$(finding_of "$1")" ] || fail "no finding in $1/failure"
    [ "$(grep -cF "$(finding_of "$1")" out)" = 2 ] || fail "replay does not say twice: $(finding_of "$1")"
}

# ---- the layer, the log and the record, on any number of ranks ------------------------------------
while read -r name counts what options; do
    for n in ${counts//,/ }; do
        # shellcheck disable=SC2086 # words
        fails "$name-$n" $n "the loss is not finite at step [0-9]+: training has diverged. First, rank 0 on [^:]+: \
micro-batch 1 of 8, ${what//_/ }.* There is no checkpoint yet.*lwssim replay $name-$n/failure" $options
        last=$(tail -n 2 "$name-$n/metrics.jsonl")
        step=$(sed -nE 's/.*not finite at step ([0-9]+):.*/\1/p' err)
        [[ $last == *'"type":"train","step":'$step,*'"loss":null'*$'\n''{"type":"failure","step":'$step,* ]] ||
            fail "the log of $name-$n does not end with step $step: $last"
        same_file "$name-1"/failure/step-*.h5 "$name-$n"/failure/step-*.h5
        [ "$(finding_of "$name-$n")" = "$(finding_of "$name-1")" ] || fail "another finding on $n ranks"
        same_file <(grep -v '"rank\|"host' "$name-1/failure/failure.json") \
            <(grep -v '"rank\|"host' "$name-$n/failure/failure.json")
    done
    reproduces "$name-$n"
done <<'CASES'
drawn 1,3,8 the_codes_drawn_are_not_finite --model vae --loss mse --lr 1000
grown 1,3 decoder/dense:_its_output_is_not_finite,_from_finite_input --weight-decay 1000 --lr 1000
clipped 1,2 decoder/dense:_its_output_is_not_finite --weight-decay 1000 --lr 1000 --clip-norm 1
codes 1,3 decoder/dense:_its_output_is_not_finite --model mmd-ae --weight-decay 100 --lr 1000
alone 1,2 decoder/dense:_its_output_is_not_finite --weight-decay 1000 --lr 1000 --overlap=false
CASES

# The weights before the step are a checkpoint of its own kind; of the step before there is one in the same run.
expect 0 ranks 0 verify drawn-3/failure/step-000000001.h5
fails whole 2 'The checkpoints in whole/checkpoints are whole' --model vae --loss mse --lr 1000 --checkpoint-every 1
expect 0 ranks 0 evaluate --checkpoint whole/checkpoints/step-000000001.h5 --data data
tail -n +2 out >figures
expect 0 ranks 0 evaluate --checkpoint whole/failure/step-000000001.h5 --data data
same_file figures <(tail -n +2 out)

# ---- what the record says --------------------------------------------------------------------------
fails told 3 'step 2: .*the codes drawn' --model vae --loss mse --lr 1000 --log-every 1 --log-rows --seed 7
line=$(grep '^{"type":"train","step":2,' told/metrics.jsonl)
record=$(tr -d '\t\n' <told/failure/failure.json | sed 's/": */":/g; s/, */,/g')
for part in "$(grep -o '"loss":.*"lr":[^,]*' <<<"$line")" "$(grep -o '"rows":.*\]' <<<"$line")" '"keys":{"seed":7,"step":1}' \
    '"ranks":3,' '"rank":0,' "\"host\":\"$(hostname -s)" '{"step":2,"finding":"micro-batch 1 of 8,' \
    "\"version\":\"$("$lwssim" --version | cut -d' ' -f2)\"," '"weights":"step-000000001.h5",' \
    "\"weights_digest\":\"$("$lwssim" inspect --digest told/failure/step-000000001.h5)\"," \
    "\"dataset_digest\":\"$("$lwssim" inspect data | sed -nE 's/^train .*digest ([0-9a-f]+)$/\1/p')\","; do
    [[ -n $part && $record == *"${part%\}}"* ]] || fail "the record does not have $part: $record"
done

# ---- an update whose result is not finite is not saved ----------------------------------------------
for n in 1 3; do
    fails update-$n $n 'state is not finite after step 3: .*decoder/bn0/running_var is not finite after the update' \
        --weight-decay 1000 --lr 1000 --checkpoint-every 1
    expect 0 ranks 0 verify update-$n
    [ "$(newest update-$n)" = update-$n/checkpoints/step-000000002.h5 ] || fail "saved: $(newest update-$n)"
    reproduces update-$n
    expect_text "^  recorded  decoder/bn0/running_var is not finite after the update, .* \\(all $n ranks\\)$" out
done

# A step is logged once, though it was undone after that.
fails logged 2 'state is not finite after step 3: ' --weight-decay 1000 --lr 1000 --checkpoint-every 1 --log-every 1
sed -E 's/^\{"type":"([a-z]+)","step":([0-9]+),.*$/\1 \2/' logged/metrics.jsonl | cmp -s - \
    <(printf '%s\n' 'train 1' 'train 2' 'train 3' 'failure 3') || fail "the log of logged: $(cat logged/metrics.jsonl)"

# The best step is one that was saved, not the one that was undone.
slowly=(--weight-decay 100 --lr 1 --checkpoint-every 1 --grid 0)
fails slowly 1 'state is not finite after step [0-9]+: ' "${slowly[@]}"
step=$(sed -nE 's/.*not finite after step ([0-9]+):.*/\1/p' err)
fails best 1 "state is not finite after step $step: " "${slowly[@]}" --eval-every "$step"
expect_text "step $step: validation .*best so far" err
expect 0 ranks 0 inspect best/failure/step-*.h5
expect_no_text 'best validation' out

# An evaluation may be the first to show it.
expect_error 1 'reconstructions of images 0 to [0-9]+ are not all finite.* after step [0-9]+: training has diverged' \
    ranks 2 train --run shown "${system[@]}" --model mmd-ae --weight-decay 100 --lr 1000 --eval-every 3 --grid 0

# ---- the folder of the run ---------------------------------------------------------------------------
# Resuming diverges again at the same step; a second failure takes the place of the first.
cp -r whole again
sed -i 's/"finding":.*/"finding": "an older one",/' again/failure/failure.json
rm again/failure/step-000000001.h5
cp grown-1/failure/step-*.h5 again/failure # of another step
expect_error 1 'step 2: .*the codes drawn' ranks 2 train --run again --resume
same_folder again/failure whole/failure
# A run that goes on leaves the record; --overwrite takes it, and nothing else.
cp -r whole/failure grown-1/failure/kept-by-me
expect 0 ranks 0 train --run grown-1 "${system[@]}" --steps 3 --overwrite
[ "$(ls grown-1/failure)" = kept-by-me ] || fail "--overwrite left $(ls grown-1/failure)"
expect 0 ranks 0 train --run clipped-1 "${system[@]}" --steps 3 --overwrite
[ ! -e clipped-1/failure ] || fail '--overwrite left the record of a failure'
cp -r whole/failure clipped-1
expect 0 ranks 2 train --run clipped-1 --resume --steps 5
same_folder clipped-1/failure whole/failure

# ---- replays that cannot be --------------------------------------------------------------------------
expect_error 1 'nowhere/failure.json.*No such file' ranks 0 replay nowhere
expect_error 2 'one folder is needed' ranks 0 replay
expect_error 2 'on one rank' ranks 2 replay whole/failure
make_data other --seed 2
expect_error 1 'other images.*--data' ranks 0 replay whole/failure --data other
cp -r data elsewhere
expect 0 ranks 0 replay whole/failure --data elsewhere
cp -r whole spoilt
flip spoilt/failure/step-000000001.h5 20000
expect_error 1 'spoilt/failure/step-000000001.h5' ranks 0 replay spoilt/failure
cp update-1/failure/step-000000002.h5 spoilt/failure/step-000000001.h5
expect_error 1 'holds another model' ranks 0 replay spoilt/failure
cp told/failure/step-000000001.h5 spoilt/failure/step-000000001.h5 # the same model, of another seed
expect_error 1 'step-000000001.h5 is not the file that spoilt/failure/failure.json was written with' ranks 0 replay spoilt/failure
for text in '{"step": 2}' '[1, 2]' 'nothing' ''; do
    echo "$text" >spoilt/failure/failure.json
    expect_error 1 'spoilt/failure/failure.json' ranks 0 replay spoilt/failure
done
spoil() { # FOLDER EDIT: its record, edited with sed
    rm -r spoilt
    cp -r "$1" spoilt
    sed -i -E "$2" spoilt/failure/failure.json
    cmp -s "$1/failure/failure.json" spoilt/failure/failure.json && fail "an edit without effect: $2"
    return 0
}
# What nobody has typed is no wrong use; keys must also fit together.
for edit in 's/\\nlr = [^\\]*/\\nlr = fast/' 's/\\nmicro-batches = [0-9]+/\\nmicro-batches = 5/'; do
    spoil whole "$edit"
    expect_error 1 'spoilt/failure/failure.json.*(lr|micro-batches)' ranks 0 replay spoilt/failure
done
# An update is not that of the run without the moments; the statistics are.
spoil update-1 's/("finding":.*")[^ ]+ is not finite after/\1decoder\/dense\/weight is not finite after/'
expect_error 1 'does not fail here as recorded: .*moments.* are not kept' ranks 0 replay spoilt/failure
expect_no_text 'test its memory' err
spoil update-1 's/("finding":.*")[^ ]+ is not finite after/\1encoder\/bn1\/running_mean is not finite after/'
expect_error 1 'does not fail here as recorded: .*test its memory' ranks 0 replay spoilt/failure
# On a kernel that this machine has not, another result is no fault of a machine's.
spoil whole 's/("finding":[[:space:]]*").*"/\1else"/; s/("kernel":[[:space:]]*").*"/\1Dhole"/'
expect_error 1 'does not fail here as recorded: .*with the matrix kernel Dhole, here with .*OPENBLAS_CORETYPE=Dhole' \
    ranks 0 replay spoilt/failure
expect_no_text 'test its memory' err
spoil whole 's/("kernel":[[:space:]]*").*"/\1Dhole"/' # and the same one is the same
expect 0 ranks 0 replay spoilt/failure
# What no record has: a step before the first, a file of another folder.
for edit in 's/("step":[[:space:]]*)2/\10/' 's/("weights":[[:space:]]*")/\1..\/failure\//'; do
    spoil whole "$edit"
    expect_error 1 'spoilt/failure/failure.json is not the record of a failed step' ranks 0 replay spoilt/failure
done
rm -r spoilt; cp -r whole spoilt
sed -i 's/"finding":.*/"finding": "something else",/' spoilt/failure/failure.json
expect_error 1 'step 2 does not fail here as recorded: micro-batch 1 of 8, the codes drawn' ranks 0 replay spoilt/failure

# ---- a machine that computes wrong -------------------------------------------------------------------
wrong=${LWSSIM_BUILD:-$root/build/release}/tests/fault/bad_product.so
[ -e "$wrong" ] || skip "no $wrong: no faults of a machine were tested"
on_bad() { # RANK FIRST LAST COMMAND…
    BAD_PRODUCT_RANK=$1 BAD_PRODUCT_FIRST=$2 BAD_PRODUCT_LAST=$3 LD_PRELOAD=$wrong "${@:4}"
}
for rank in 0 1 2; do # that always goes wrong from some product on
    on_bad $rank 40 1000000 fails always-$rank 3 "First, rank $rank on [^:]+: micro-batch [0-9] of 8, encoder/conv1: its \
output is not finite, from finite input[.]"
done
# From the first on: such a rank never goes backward, which is where the parameters of ranks are compared.
on_bad 0 2 1000000 fails early 4 "the loss is not finite at step 1: .*First, rank 0 on [^:]+: micro-batch 1 of 8, "
expect_error 1 'does not fail here as recorded: all of it is finite.*rank 1 of 3 on .*test its memory' \
    ranks 0 replay always-1/failure
expect_text '^  repeated  all of it is finite' out
# Once only, going forward.
on_bad 0 50 50 fails once 0 'rank 0 on [^:]+: micro-batch 3 of 8, encoder/conv1: .*; computed again it is finite: suspect a'
expect_error 1 'does not fail here as recorded: all of it is finite' ranks 0 replay once/failure
on_bad 1 2 2 fails once-codes 2 'rank 1 on [^:]+: micro-batch [5-8] of 8, its codes are not finite; computed again it is finite' \
    --model mmd-ae
# Once only, going backward: the ranks' sums tell whose it was.
on_bad 0 54 54 fails back 0 'the gradient is not finite at step 1: .*rank 0 on [^:]+, micro-batches 1 to 8: decoder/deconv2/weight.* or a fault of a machine'
on_bad 2 54 54 fails back-3 3 'the gradient is not finite at step 1: .*rank 2 on [^:]+, micro-batches [678] to [678]: decoder/deconv2/weight.* or a fault of a machine'
expect_error 1 'does not fail here as recorded: all of it is finite' ranks 0 replay back/failure

# ---- a record or a log that cannot be written is a warning -----------------------------------------------
export FAILING_DISK_CALLS=write FAILING_DISK_PATH=metrics.jsonl LD_PRELOAD=${wrong%/*}/failing_disk.so
fails unlogged 2 'step 2: .*the codes drawn' --model vae --loss mse --lr 1000 --log-every 100
expect_text 'warning: .*unlogged/metrics.jsonl: Input/output error; the last lines of the log are lost' err
expect_no_text 'waits|goes on|tried again' err # nobody does
export FAILING_DISK_CALLS=rename FAILING_DISK_PATH=/failure
fails unwritable 2 'step 2: .*the codes drawn' --model vae --loss mse --lr 1000
unset LD_PRELOAD
expect_text 'warning: .*Input/output error; the failed step is not kept for a replay' err
expect_no_text 'lwssim replay' err
