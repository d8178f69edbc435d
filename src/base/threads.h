/* How many threads a process runs, and that it gets them. */
#ifndef LWSSIM_THREADS_H
#define LWSSIM_THREADS_H

#include <lwssim/status.h>

/* The number of threads for one of `processes` that share a machine and its quota: `wanted` where that is above 0, else
 * OMP_NUM_THREADS where it is set, else the cores of this process (`cores`, its share of them) but no more than its
 * share of the quota. At least 1. */
int lws_threads_choose(int wanted, int cores, int processes);

/* The same for a process alone, with all cores it may run on. */
int lws_threads_alone(int wanted);

/* Cores' worth of time that the control groups (version 1 or 2) of this process allow; 0: no limit. `root` is put
 * before the paths in /proc and /sys: "" but in tests. */
double lws_threads_quota(const char *root);

/* From now on parallel regions of the calling thread have `threads` threads, which are started at once. LWS_ERR_MEMORY
 * where the system does not give them: OpenMP would end the process at its first region. */
lws_status lws_threads_start(int threads);

#endif
