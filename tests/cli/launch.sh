#!/usr/bin/env bash
# What launch/mpirun.sh asks mpirun for; here mpirun only tells it.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

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
launch=$root/launch/mpirun.sh

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
STUB_CODE=205 expect_error 1 'a machine of this job is out of reach' "$launch" -n 2 lwssim train
