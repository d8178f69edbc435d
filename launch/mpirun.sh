#!/usr/bin/env bash
# Starts a job with mpirun such that it can be stopped without loss:
#
#   launch/mpirun.sh -n RANKS lwssim train …
#
# mpirun answers SIGTERM and SIGINT by killing the ranks within a second and exits with 1. Here both are passed on as
# SIGUSR1, which mpirun hands to every rank: they finish the step, write a checkpoint and exit with 75.
# Works as root and with more ranks than cores. What stands before the program is for mpirun (-n, --host, -x, …).
#
# When a machine is cut off, mpirun hears no more of its daemon there and would wait for ever: connections between daemons
# are probed after 10 s of silence, and given up 15 s later. OPENBLAS_CORETYPE, which the bits of a result depend on, is
# passed on to all machines.
set -u
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_orte_execute_quiet=1 # no banner about exit code 75
export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe:-1}"
export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}" # Open MPI 5
keepalive() { # NAME SECONDS: of Open MPI 4, and of the launcher of Open MPI 5
    export "OMPI_MCA_oob_tcp_keepalive_$1=$2" "PRTE_MCA_prte_keepalive_$1=$2" "PRTE_MCA_oob_tcp_keepalive_$1=$2"
}
keepalive time "${OMPI_MCA_oob_tcp_keepalive_time:-10}"
keepalive intvl "${OMPI_MCA_oob_tcp_keepalive_intvl:-5}"
keepalive probes "${OMPI_MCA_oob_tcp_keepalive_probes:-3}"

# Unless the user names the variables to pass on by another way, which mpirun does not mix with this one.
if [ -n "${OPENBLAS_CORETYPE:-}" ] && [ -z "${OMPI_MCA_mca_base_env_list:-}" ]; then
    case " $* " in
        *' mca_base_env_list '*) ;;
        *) set -- -x OPENBLAS_CORETYPE "$@" ;;
    esac
fi

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
case $code in # mpirun is quiet about these, too
    0 | 1 | 2 | 75) ;;
    205) # of Open MPI 4
        echo "lwssim: error: a machine of this job is out of reach: it or the network is down. Go on with --resume" >&2
        code=1
        ;;
    *)
        echo "lwssim: error: mpirun ended with code $code: a rank could not be started, or was killed (signal N gives" \
            "128 + N; 9 where memory ran out). Go on with --resume" >&2
        code=1
        ;;
esac
exit "$code"
