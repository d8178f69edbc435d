#!/usr/bin/env bash
# How much of the communication over a slow network hides behind computing: network_overlap.sh [ROUNDS]
#
# Two ranks, each on a core and in a network namespace of its own, joined by 1 Gbit/s with 2 ms there and back, train dcgan64
# (base 64, batch 64), with --overlap=false and with the default in turn, ROUNDS times each (3). By hand only: it needs
# root, two idle cores and some minutes.
#
#   serial    step without overlap; its communication is what it waits: for the reduction, for the sums, for parameters
#   layers    of the same run: time forward and backward
#   can hide  the communication less what no schedule could hide. The gradient of a layer is there after its backward, its
#             parameters are needed before its next forward; in between, the network must carry gradients and parameters
#             of this layer and of all before it, while only the layers before it compute. What the network takes longer
#             there is lost; the worst layer counts.
#   hidden    serial step less the overlapped one
#
# Fails where less than 80 % of what can be hidden is hidden, or the checkpoint differs from that of one machine.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/../cli/common.sh"

rounds=${1:-3}
rate=1gbit
one_way=0.001
for tool in tc taskset chrt python3; do
    command -v $tool >/dev/null || skip "needs $tool"
done
[ "$(nproc)" -ge 2 ] || skip "needs two cores"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OMP_NUM_THREADS
# shellcheck source=tests/fault/two_machines.sh
. "$root/tests/fault/two_machines.sh"

# The cable: a veth pair with netem where the kernel has it, else a device that our own program delays.
delay=netem
if ip link add wire netns "$a" type veth peer name wire netns "$b" &&
    ip netns exec "$a" tc qdisc add dev wire root netem delay 1ms 2>/dev/null; then
    ip netns exec "$a" tc qdisc replace dev wire root handle 1: netem delay ${one_way}s limit 10000
    ip netns exec "$b" tc qdisc replace dev wire root handle 1: netem delay ${one_way}s limit 10000
    parent="parent 1: handle 2:"
else
    delay=delay_line parent=root
    ip -n "$a" link del wire 2>/dev/null || true
    cc -O2 -D_GNU_SOURCE -o delay_line "$root/tests/fault/delay_line.c" || skip "no compiler for delay_line.c"
    [ -c /dev/net/tun ] || skip "no netem, and no /dev/net/tun"
    chrt -f 50 ./delay_line "$a" "$b" $one_way >ready & # a cable does not wait for a core
    children+=($!)
    disown # its end is no news
    for ((i = 0; i < 50; i++)); do
        [ ! -s ready ] || break
        sleep 0.1
    done
fi
join_machines
for name in "$a" "$b"; do
    # shellcheck disable=SC2086 # words
    ip netns exec "$name" tc qdisc add dev wire $parent tbf rate $rate burst 128k latency 20ms
done

cat >on_core <<'END'
#!/bin/sh
exec taskset -c "$OMPI_COMM_WORLD_RANK" "$@"
END
chmod +x on_core
export OMP_NUM_THREADS=1

"$lwssim" prepare --synthetic 640 --size 64 --output data 2>err || { cat err >&2; exit 1; }
system=(--data data --loss mse --base-channels 64 --latent 128 --batch-size 64 --micro-batches 2 --steps 40 --profile
    --eval-every 0 --checkpoint-every 0 --log-every 5 --grid 0 --overwrite --threads 1)

# over_network RUN OPTION…
over_network() {
    local run=$1
    shift
    on_machines mpirun timeout 120 "$tmp/on_core" "$lwssim" train --run "$tmp/$run" "${system[@]}" "$@" \
        >"$run.log" 2>&1 </dev/null ||
        { fail "no job over the network"; cat "$run.log" >&2; exit 1; }
}

mpirun -n 2 --oversubscribe ./on_core "$lwssim" train --run near "${system[@]}" >near.log 2>&1 ||
    { cat near.log >&2; exit 1; }
for ((k = 1; k <= rounds; k++)); do
    over_network serial-$k --overlap=false
    over_network hidden-$k
    for run in serial-$k hidden-$k; do
        same_file near/checkpoints/step-000000040.h5 "$run/checkpoints/step-000000040.h5"
    done
done

"$lwssim" inspect near/checkpoints/step-000000040.h5 >tensors
python3 - "$rounds" "$delay" <<'END' || fail "less than 80 % of what can be hidden is hidden"
import json, re, statistics, sys
rounds, delay = int(sys.argv[1]), sys.argv[2]

def step(run):
    """The median of the logged speeds, in ms a step."""
    rows = [json.loads(line) for line in open(run + "/metrics.jsonl")]
    return statistics.median(64e3 / r["images_per_second"] for r in rows if r["type"] == "train" and r["step"] > 5)

def profile(run):
    """(depth, name, ms a step) of the stretches within the steps."""
    rows, inside = [], False
    for line in open(run + ".log"):
        found = re.match(r"  ( *)(\S.*?) +([\d.]+) +[\d.]+ +\d+ +[\d.]+$", line)
        if not found:
            continue
        depth = len(found[1]) // 2
        if depth == 0:
            inside = found[2] == "step"
        if inside:
            rows.append((depth, found[2], 1e3 * float(found[3]) / 40))
    return rows

serial, hidden, waits, layers, order = [], [], [], {}, []
for k in range(1, rounds + 1):
    serial.append(step(f"serial-{k}"))
    hidden.append(step(f"hidden-{k}"))
    wait = 0
    for depth, name, ms in profile(f"serial-{k}"):
        if depth == 1 and name in ("waiting for the reduction", "exchange of sums", "waiting for parameters"):
            wait += ms
        if depth == 2 and "/" in name:
            if name not in order:
                order.append(name)  # forward comes first
            layers[name] = layers.get(name, 0) + ms / rounds
    waits.append(wait)

sizes = dict.fromkeys(order, 0)
for line in open("tensors"):
    found = re.match(r"  /model/(\w+/\w+)/\w+ +([\d ×]+)$", line)
    if found:
        size = 1
        for dim in found[2].split("×"):
            size *= int(dim)
        sizes[found[1]] += size

communication, lost, before, carried, total = statistics.median(waits), 0, 0, 0, sum(sizes.values())
for name in order:
    carried += sizes[name] / total * communication
    lost = max(lost, carried - before)
    before += layers[name]
can_hide, is_hidden = communication - lost, statistics.median(serial) - statistics.median(hidden)
share = is_hidden / can_hide
ms = lambda values: " ".join(f"{v:.0f}" for v in values)
print(f"1 Gbit/s, 2 ms there and back ({delay}); ms a step:")
print(f"  serial {ms(serial)}, of which communication {ms(waits)}")
print(f"  layers forward and backward {sum(layers.values()):.0f}")
print(f"  overlapped {ms(hidden)}")
print(f"  can hide {can_hide:.0f}, hidden {is_hidden:.0f}: {100 * share:.0f} %")
sys.exit(share < .8)
END
