#!/usr/bin/env bash
# Event files for TensorBoard, by a reader of our own: the same training with and without them, the same figures on any
# number of ranks, what the log says, runs that are resumed, thrown away, and written to a full disk.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'

make_data data
train=(train --data data "${tiny[@]}" --log-every 1 --eval-every 5 --checkpoint-every 5)
last=checkpoints/step-000000010.h5
events() { /usr/bin/python3 -B "$root/tests/cli/events.py" "$@" || fail "the events of $1 cannot be read"; }
scalars() { events "$1" | awk 'NF == 3 && $2 !~ /images_per_second/'; }
others() { events "$1" | awk 'NF > 3'; }

# ---- with and without, on one rank and on three -----------------------------------------------------------------------
for model in ae mmd-ae; do
    more=(--model "$model")
    [ $model = ae ] || more+=(--optimizer lamb --overlap=false)
    expect 0 ranks 0 "${train[@]}" "${more[@]}" --steps 10 --run without
    compgen -G 'without/*tfevents*' >/dev/null && fail 'events that nobody asked for'
    for n in 0 3 8; do
        expect 0 ranks $n "${train[@]}" "${more[@]}" --steps 10 --run with-$n --tensorboard
        expect_no_text 'warning: .*events' err
        same_file without/$last with-$n/$last
        events with-$n | grep -v images_per_second >with-$n.txt
        same_file with-0.txt with-$n.txt
    done
    [ -s with-0.txt ] || fail 'no events'
    rm -r without
    [ $model = mmd-ae ] || cp -r with-0 kept
    for n in 0 3 8; do rm -r with-$n; done
done
rm -rf whole && mv kept whole

# ---- what they say ------------------------------------------------------------------------------------------------------
events whole >whole.txt
/usr/bin/python3 - whole/metrics.jsonl whole.txt <<'EOP' || fail 'the scalars are not those of metrics.jsonl'
import json, struct, sys
want, got = set(), set()
for line in map(json.loads, open(sys.argv[1])):
    group = line.get("split", line["type"])
    for key, value in line.items():
        if isinstance(value, float | int) and key not in ("step", "epoch", "seconds", "images"):
            want.add((str(line["step"]), f"{group}/{key}", repr(struct.unpack("f", struct.pack("f", value))[0])))
for line in open(sys.argv[2]):
    if len(line.split()) == 3:
        got.add(tuple(line.split()))
names = {tag for _, tag, _ in got}
assert want == got, want ^ got
assert {"train/loss", "train/recon", "train/lr", "train/gradient_norm", "train/images_per_second", "valid/mse"} <= names
EOP
for step in 5 10; do
    [ "$(awk -v s=$step '$1 == s && $2 ~ /^weights\// && NF > 3' whole.txt | wc -l)" = \
        "$(awk -v s=$step '$1 == s && $2 ~ /^gradients\// && NF > 3' whole.txt | wc -l)" ] || fail 'not both of each tensor'
    # 13171 parameters in all; codes of one micro-batch
    for group in weights gradients; do
        awk -v s=$step -v g=$group '$1 == s && index($2, g "/") == 1 { n += $5 } END { exit n != 13171 }' whole.txt ||
            fail "not every parameter is in the histograms of $group"
    done
    # the norm of the gradient, by the sums of squares of its tensors
    awk -v s=$step '$1 == s && $2 == "train/gradient_norm" { norm = $3 }
        $1 == s && index($2, "gradients/") == 1 { squares += $7 }
        END { d = sqrt(squares) / norm - 1; exit !(norm > 0 && d < 1e-5 && d > -1e-5) }' whole.txt ||
        fail "the histograms of step $step are not of its gradient"
    grep -q "^$step codes " whole.txt || fail 'no codes'
    crc=$(/usr/bin/python3 -c 'import sys, zlib; print("%08x" % zlib.crc32(open(sys.argv[1], "rb").read()))' \
        "whole/images/step-$(printf %09d $step).png") || crc=none
    grep -q "^$step reconstructions .* $crc$" whole.txt || fail "no picture of step $step"
done

# ---- resumed ------------------------------------------------------------------------------------------------------------
expect 0 ranks 0 "${train[@]}" --run resumed --tensorboard --steps 10 --grid 2
rm resumed/$last
expect 0 ranks 3 train --run resumed --resume --steps 12
[ "$(events resumed --files | wc -l)" = 2 ] || fail 'a resumed run has another file'
[ "$(events resumed --files | awk '{ print $3 }' | tr '\n' ' ')" = '1 6 ' ] || fail 'it does not say where it goes on'
scalars resumed >resumed.txt
expect 0 ranks 0 "${train[@]}" --run straight --tensorboard --steps 12 --grid 2
scalars straight >straight.txt
same_file straight.txt resumed.txt
diff <(others straight) <(others resumed) >difference || fail "other histograms after a resume: $(head -c 300 difference)"
expect 0 ranks 0 train --run resumed --resume --steps 13 --tensorboard=false
[ "$(events resumed --files | wc -l)" = 2 ] || fail 'events of a run without the key'

# ---- thrown away --------------------------------------------------------------------------------------------------------
echo mine | tee resumed/events.out.tfevents.12.mine resumed/events.out.tfevents.1234567890.host.1.lwssim >/dev/null
expect 0 ranks 0 "${train[@]}" --run resumed --steps 2 --overwrite
for name in 12.mine 1234567890.host.1.lwssim; do
    [ "$(cat resumed/events.out.tfevents.$name)" = mine ] || fail "$name is not a run's, and gone"
done
[ "$(find resumed -name '*tfevents*' | wc -l)" = 2 ] || fail 'events of the run before are left'

# ---- a disk that refuses them -------------------------------------------------------------------------------------------
shim=${LWSSIM_BUILD:-$root/build/release}/tests/fault/failing_disk.so
[ -e "$shim" ] || skip "no $shim to make a disk fail with"
refused() { # refused CALLS FIRST LAST RUN
    rm -f calls
    export FAILING_DISK_CALLS=$1 FAILING_DISK_PATH=tfevents FAILING_DISK_FIRST=$2 FAILING_DISK_LAST=$3
    export FAILING_DISK_LOG=$tmp/calls LD_PRELOAD=$shim
    expect 0 ranks 0 "${train[@]}" --run "$4" --tensorboard --steps 10
    unset LD_PRELOAD
    [ "$(grep -c 'warning: .*tfevents.*training goes on without them' err)" = 1 ] || fail "not one warning: $(cat err)"
    same_file whole/$last "$4/$last"
}
refused write 2 3 briefly
diff <(scalars whole) <(scalars briefly) >difference || fail 'what was refused is not written later'
refused write 1 1000000 never
[ -z "$(find never -name '*tfevents*' -size +0)" ] || fail 'a disk that refuses all has something'
