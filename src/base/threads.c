/* How many threads: by the user, the cores and the quotas of control groups; and their start. */
#include "base/threads.h"

#include <errno.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- how many -------------------------------------------------------------------------------- */

/* The first number of OMP_NUM_THREADS, which may be a list; 0 where there is none. */
static int environment_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    long n = text ? strtol(text, NULL, 10) : 0;
    return n > 0 && n < 4096 ? (int)n : 0;
}

int lws_threads_choose(int wanted, int cores, int processes)
{
    if (wanted <= 0)
        wanted = environment_threads();
    if (wanted > 0)
        return wanted;
    double quota = lws_threads_quota("") / processes;
    if (quota > 0 && quota < cores) /* a thread too many does not use a rest of a core: all stand still for it */
        cores = (int)(quota + 1e-6);
    return cores < 1 ? 1 : cores;
}

int lws_threads_alone(int wanted)
{
    cpu_set_t mine;
    int cores = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 1;
    return lws_threads_choose(wanted, cores, 1);
}

/* ---- the quota ------------------------------------------------------------------------------- */

/* The two numbers of a quota, in microseconds of each period; false where the files are not there or set no limit. */
static bool read_quota(const char *folder, bool is_v2, double *quota)
{
    char path[4096 + 32];
    double time = -1, period = 0;
    snprintf(path, sizeof path, "%s/%s", folder, is_v2 ? "cpu.max" : "cpu.cfs_quota_us");
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    int found = fscanf(file, "%lf %lf", &time, &period); /* "max 100000" is no number */
    fclose(file);
    if (!is_v2 && found == 1) {
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        file = fopen(path, "re");
        if (!file)
            return false;
        found += fscanf(file, "%lf", &period);
        fclose(file);
    }
    *quota = time / period;
    return found == 2 && time > 0 && period > 0;
}

/* The least quota of a group and all above it. In a container the path may be the host's while only the container's own
 * group is mounted, as the uppermost. */
static double least_quota(const char *mount, const char *group, bool is_v2, double least)
{
    char folder[4096];
    size_t top = (size_t)snprintf(folder, sizeof folder, "%s", mount);
    snprintf(folder + top, sizeof folder - top, "%s", group);
    for (;;) {
        double quota;
        if (read_quota(folder, is_v2, &quota) && (least == 0 || quota < least))
            least = quota;
        char *end = strrchr(folder, '/');
        if (!end || (size_t)(end - folder) < top)
            return least;
        *end = 0;
    }
}

/* Whether a list "cpu,cpuacct" has the member "cpu". */
static bool has_cpu(const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ",");
        if (length == 3 && strncmp(list, "cpu", 3) == 0)
            return true;
        if (!list[length])
            return false;
        list += length + 1;
    }
}

double lws_threads_quota(const char *root)
{
    char path[4096], line[4096];
    double least = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) { /* "4:cpu,cpuacct:/group" or "0::/group" */
        line[strcspn(line, "\n")] = 0;
        char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        list++;
        bool is_v2 = !list[0];
        if (!is_v2 && !has_cpu(list))
            continue;
        snprintf(path, sizeof path, "%s/sys/fs/cgroup%s", root, is_v2 ? "" : "/cpu");
        least = least_quota(path, group, is_v2, least);
    }
    if (file)
        fclose(file);
    return least;
}

/* ---- starting them --------------------------------------------------------------------------- */

typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opens;
    bool is_open;
} gate;

static void *stand_by(void *user)
{
    gate *g = user;
    pthread_mutex_lock(&g->mutex);
    while (!g->is_open)
        pthread_cond_wait(&g->opens, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    return NULL;
}

/* Whether so many threads can be had at the same time: 0 or the error. */
static int try_threads(int count)
{
    gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    pthread_t *thread = malloc((size_t)count * sizeof *thread + 1);
    int started = 0, error = thread ? 0 : ENOMEM;
    while (!error && started < count) {
        error = pthread_create(&thread[started], NULL, stand_by, &g);
        started += !error;
    }
    pthread_mutex_lock(&g.mutex);
    g.is_open = true;
    pthread_cond_broadcast(&g.opens);
    pthread_mutex_unlock(&g.mutex);
    while (started > 0)
        pthread_join(thread[--started], NULL);
    free(thread);
    return error;
}

lws_status lws_threads_start(int threads)
{
    int error = try_threads(threads - 1);
    if (error)
        return lws_fail(LWS_ERR_MEMORY,
                        "cannot start %d threads: %s. Raise the limits of memory and processes (ulimit -v, ulimit -u) "
                        "or take fewer threads (OMP_NUM_THREADS)",
                        threads, strerror(error));
    omp_set_num_threads(threads);
    int running = 0;
#pragma omp parallel reduction(+ : running)
    running++;
    return running > 0 ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "cannot start %d threads", threads);
}
