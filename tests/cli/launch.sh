#!/usr/bin/env bash
# launch/mpirun.sh: more ranks than cores, the program's exit code, and an end in order on SIGTERM; then what it asks mpirun
# for.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

launch=$root/launch/mpirun.sh
more=$(($(nproc) + 1))
[ "$more" -le 16 ] || more=16 # enough to show the exit codes
expect 0 "$launch" -n "$more" "$lwssim" prepare --synthetic 60 --size 16 --split 0.7,0.15,0.15 --output data
expect 0 "$launch" -n 2 "$lwssim" verify data
expect 1 "$launch" -n 2 "$lwssim" verify nowhere
expect 2 "$launch" -n 2 "$lwssim" verify data --frobnicate

"$launch" -n 2 "$lwssim" train --data data --run run "${tiny[@]}" --steps 1000000 --log-every 1 >log 2>&1 &
job=$!
children+=("$job")
for ((i = 0; i < 600; i++)); do
    if grep -q '"step":2' run/metrics.jsonl 2>/dev/null; then break; fi
    sleep 0.1
done
kill -TERM "$job"
code=0
wait "$job" || code=$?
[ $code = 75 ] || { fail "exit code $code in place of 75 after SIGTERM"; cat log >&2; }
expect 0 "$lwssim" verify run

# ---- what mpirun is given: here one that only tells it ---------------------------------------------------------
mkdir bin
cat >bin/mpirun <<'END'
#!/bin/sh
printf '%s\n' "$*"
env | grep keepalive
exit "${STUB_CODE:-0}"
END
chmod +x bin/mpirun
export PATH=$tmp/bin:$PATH
unset OPENBLAS_CORETYPE OMPI_MCA_mca_base_env_list

expect 0 "$launch" --host a,b -n 2 lwssim train
expect_text '^--host a,b -n 2 lwssim train$' out
for name in OMPI_MCA_oob_tcp PRTE_MCA_prte; do
    expect_text "^${name}_keepalive_time=10$" out
    expect_text "^${name}_keepalive_intvl=5$" out
    expect_text "^${name}_keepalive_probes=3$" out
done
expect 0 env OMPI_MCA_oob_tcp_keepalive_time=100 "$launch" -n 2 lwssim train
expect_text '^OMPI_MCA_oob_tcp_keepalive_time=100$' out

export OPENBLAS_CORETYPE=Haswell
expect 0 "$launch" --mca btl tcp,self -n 2 lwssim train
expect_text '^-x OPENBLAS_CORETYPE --mca btl tcp,self -n 2 lwssim train$' out
expect 0 "$launch" --mca mca_base_env_list HOME -n 2 lwssim train # which -x must not be mixed with
expect_text '^--mca mca_base_env_list HOME -n 2 lwssim train$' out
expect 0 env OMPI_MCA_mca_base_env_list=HOME "$launch" -n 2 lwssim train
expect_text '^-n 2 lwssim train$' out

for code in 1 2 75; do STUB_CODE=$code expect $code "$launch" -n 2 lwssim train; done
STUB_CODE=137 expect_error 1 'mpirun ended with code 137.*--resume' "$launch" -n 2 lwssim train
STUB_CODE=205 expect_error 1 'a machine of this job is out of reach' "$launch" -n 2 lwssim train
