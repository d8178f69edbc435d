#include <lwssim/watchdog.h>

#include <inttypes.h>
#include <lwssim/clock.h>
#include <lwssim/log.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
    _Atomic(const char *) phase;
    atomic_int_fast64_t number;
    _Atomic double since;
    double deadline;
    int rank;
    const char *host;
    pthread_t thread;
    atomic_bool running;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
} watch = {.phase = "start of run", .mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

const char *lws_watchdog_where(void)
{
    static _Thread_local char text[96];
    snprintf(text, sizeof text, "%s %" PRIdFAST64, atomic_load(&watch.phase), atomic_load(&watch.number));
    return text;
}

void lws_watchdog_phase(const char *phase, int64_t number)
{
    atomic_store(&watch.phase, phase);
    atomic_store(&watch.number, number);
    atomic_store(&watch.since, lws_now());
}

static void *look(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&watch.mutex);
    while (atomic_load(&watch.running)) {
        double idle = lws_now() - atomic_load(&watch.since);
        if (idle > watch.deadline) {
            lws_log_voice(true);
            lws_error("rank %d on %s made no progress for %.0f s in %s: another rank, the network or the "
                      "disk hangs. Ending the job; go on with --resume. (The deadline is a key: "
                      "deadline.)",
                      watch.rank, watch.host, idle, lws_watchdog_where());
            _exit(1);
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        double looked = lws_now();
        pthread_cond_timedwait(&watch.wake, &watch.mutex, &until);
        if (lws_now() - looked > 10) /* the process itself was suspended: that time does not count */
            atomic_store(&watch.since, lws_now());
    }
    pthread_mutex_unlock(&watch.mutex);
    return NULL;
}

lws_status lws_watchdog_start(double deadline, int rank, const char *host)
{
    lws_watchdog_phase("setup of run", 0);
    watch.deadline = deadline;
    watch.rank = rank;
    watch.host = host;
    if (deadline <= 0 || atomic_load(&watch.running))
        return LWS_OK;
    atomic_store(&watch.running, true);
    if (pthread_create(&watch.thread, NULL, look, NULL) != 0) {
        atomic_store(&watch.running, false);
        return lws_fail(LWS_ERR_MEMORY, "cannot start the watchdog thread: %m");
    }
    return LWS_OK;
}

void lws_watchdog_stop(void)
{
    if (!atomic_load(&watch.running))
        return;
    pthread_mutex_lock(&watch.mutex);
    atomic_store(&watch.running, false);
    pthread_cond_signal(&watch.wake);
    pthread_mutex_unlock(&watch.mutex);
    pthread_join(watch.thread, NULL);
}
