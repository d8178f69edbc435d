#!/usr/bin/env bash
# Starts a job with mpirun such that it can be stopped without loss:
#
#   launch/mpirun.sh -n RANKS lwssim train …
#
# mpirun answers SIGTERM and SIGINT by killing the ranks within a second and exits with 1. Here both are passed on as
# SIGUSR1, which mpirun hands to every rank: they finish the step, write a checkpoint and exit with 75.
# Works as root and with more ranks than cores.
set -u
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_orte_execute_quiet=1 # no banner about exit code 75
export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe:-1}"
export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}" # Open MPI 5

# A session of its own keeps Ctrl-C at the terminal from reaching mpirun directly. (In a script the background process is
# no group leader, so setsid does not fork: $! is mpirun.)
setsid mpirun "$@" < /dev/null &
mpirun_pid=$!
trap 'kill -USR1 "$mpirun_pid" 2> /dev/null' TERM INT HUP USR1
wait "$mpirun_pid"
code=$?
while kill -0 "$mpirun_pid" 2> /dev/null; do # a trapped signal ends wait early
    wait "$mpirun_pid"
    code=$?
done
exit "$code"
