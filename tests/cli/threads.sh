#!/usr/bin/env bash
# The number of threads: --threads, OMP_NUM_THREADS, cores, quotas, for every command; and cores that binding leaves idle.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
unset OMP_NUM_THREADS

# Counts a process's threads of OpenMP: its own, and those that libgomp starts. Other threads do not count.
cat >count.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int threads = 1;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    Dl_info caller;
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    if (dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "libgomp"))
        threads++;
    return next(thread, attributes, run, user);
}

__attribute__((destructor)) static void tell(void)
{
    FILE *out = fopen(getenv("COUNT"), "a");
    if (out) {
        fprintf(out, "%d\n", threads);
        fclose(out);
    }
}
END
cc -shared -fPIC -o count.so count.c -ldl || skip "no compiler for the counter"

make_data data
{ printf 'P6\n16 16\n255\n'; head -c 768 /dev/zero; } >a.ppm
system=(train --data data "${tiny[@]:0:8}" --steps 2 --eval-every 0 --overwrite)
expect 0 ranks 0 "${system[@]}" --run trained

# counts N COMMAND…: it succeeds, with N threads.
counts() {
    local n=$1 found
    shift
    rm -f counted
    COUNT=$tmp/counted LD_PRELOAD=$tmp/count.so expect 0 ranks 0 "$@"
    found=$(sort -n counted | tail -n 1) # timeout counts itself, too
    [ "$found" = "$n" ] || fail "$found threads in place of $n: $*"
}

each_command() {
    counts "$1" prepare --synthetic 50 --size 16 --output "prepared-$RANDOM-$RANDOM"
    counts "$1" train "${system[@]:1}" --run run
    counts "$1" evaluate --data data --run trained
    counts "$1" reconstruct --input data --run trained --output x.png
    counts "$1" compare a.ppm a.ppm
    counts "$1" bench --only adam
}

cores=$(nproc)
export OMP_NUM_THREADS=1
each_command 1
export OMP_NUM_THREADS=3
each_command 3
counts 2 "${system[@]}" --run run --threads 2
unset OMP_NUM_THREADS

# ---- a quota: half a core more than one ----------------------------------------------------------------
group=/sys/fs/cgroup/cpu/lwssim-test-$$
[ -d /sys/fs/cgroup/cpu ] || group=/sys/fs/cgroup/lwssim-test-$$
if mkdir "$group" 2>/dev/null; then
    if { echo 150000 >"$group/cpu.cfs_quota_us" || echo '150000 100000' >"$group/cpu.max"; } 2>/dev/null; then
        (
            echo $BASHPID >"$group/cgroup.procs"
            each_command 1
            counts 2 "${system[@]}" --run run --threads 2
            exit $((failures > 0))
        ) || failures=$((failures + 1))
    else
        echo 'note: no quota can be set, so none was tested' >&2
    fi
    rmdir "$group"
else
    echo 'note: no control group can be made, so no quota was tested' >&2
fi

# ---- binding -----------------------------------------------------------------------------------------
unset OMPI_MCA_hwloc_base_binding_policy
if [ "$cores" -gt 1 ] && mpirun -n 1 --bind-to core true 2>/dev/null; then
    warning="bound the ranks to 1 of the $cores cores .*--bind-to none"
    expect 0 mpirun -n 1 --bind-to core "$lwssim" "${system[@]}" --run run
    expect_text "$warning" err
    [ "$(grep -c 'bound the ranks' err)" = 1 ] || fail 'binding is not said once'
    expect 0 mpirun -n 1 --bind-to core "$lwssim" evaluate --data data --run trained
    expect_text "$warning" err
    for how in '--bind-to none' '--bind-to none --oversubscribe -n 2'; do
        # shellcheck disable=SC2086 # words
        expect 0 mpirun -n 1 $how "$lwssim" "${system[@]}" --run run
        expect_no_text 'bound' err
    done
    # What somebody else has set is no binding of mpirun.
    expect 0 taskset -c 0 mpirun -n 1 --bind-to none "$lwssim" "${system[@]}" --run run
    expect_no_text 'bound' err
else
    echo 'note: one core, or no binding here, so none was tested' >&2
fi
