#!/usr/bin/env bash
# The program without mpirun: by itself, many at once, in a shell of Slurm; and what a process is called.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=(train --data data "${tiny[@]}" --eval-every 0)
expect 0 ranks 0 "${system[@]}" --steps 2 --run trained

# ---- Open MPI's folder of a session: none is made, so none can be in the way -----------------------------
mkdir empty
expect 0 env TMPDIR="$tmp/empty" "$lwssim" evaluate --run trained --data data
makes_folder=yes # Open MPI 5 cannot do without
if mpirun --version | grep -q 'Open MPI) 4'; then
    makes_folder=no
    expect 0 env TMPDIR=/proc/nowhere "$lwssim" evaluate --run trained --data data
fi
TMPDIR=$tmp/empty "$lwssim" "${system[@]}" --steps 100000000 --checkpoint-every 0 --run named 2>named.err &
pid=$!
children+=("$pid")
for ((i = 0; i < 200; i++)); do
    [ ! -s named/metrics.jsonl ] || break
    sleep 0.1
done
[ $makes_folder = yes ] || [ -z "$(ls -A empty)" ] || fail "a process alone makes $(ls -A empty) in TMPDIR"

# ---- the name that ps shows ------------------------------------------------------------------------------
[ "$(cat /proc/$pid/comm)" = "$(basename "$lwssim")" ] || fail "the process is called $(cat /proc/$pid/comm)"
kill -TERM $pid
wait $pid || true
expect_text 'stopped on request' named.err

# ---- Slurm -----------------------------------------------------------------------------------------------
# As in a step, without PMI.
slurm=(env SLURM_JOBID=1 SLURM_JOB_ID=1 SLURM_STEPID=0 SLURM_STEP_ID=0 SLURM_NODELIST=localhost SLURM_NNODES=1 SLURM_LOCALID=0)
for how in SLURM_NTASKS=1 'SLURM_NTASKS=1 SLURM_STEP_NUM_TASKS=1' 'SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1'; do
    # shellcheck disable=SC2086 # words
    expect 0 "${slurm[@]}" SLURM_PROCID=0 $how "$lwssim" evaluate --run trained --data data
    expect_no_text 'Slurm|srun' err
done
# A batch script: the allocation has four tasks, but this is none of them.
expect 0 env SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_NODELIST=localhost "$lwssim" evaluate --run trained --data data
for command in "evaluate --run trained --data data" "prepare --synthetic 20 --size 16 --output new" "bench --only adam"; do
    # shellcheck disable=SC2086 # words
    expect_error 2 '3 tasks were started.*srun --mpi=pmix' \
        "${slurm[@]}" SLURM_PROCID=0 SLURM_NTASKS=3 SLURM_STEP_NUM_TASKS=3 "$lwssim" $command
done
expect 2 "${slurm[@]}" SLURM_PROCID=1 SLURM_NTASKS=3 "$lwssim" evaluate --run trained --data data
[ ! -s err ] || fail 'a task that is not the first speaks, too'
[ ! -e new ] || fail 'a refused job has begun'
