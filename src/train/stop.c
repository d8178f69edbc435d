/* The handlers of signals, while anybody watches, and the count of what arrived. */
#include "train/stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* The one state of a whole process here, as signals are. */
static atomic_int requests;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int watchers; /* under the lock */

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS]; /* under the lock */

static void on_signal(int number)
{
    atomic_fetch_add(&requests, 1);
    if (number == SIGINT)
        signal(SIGINT, SIG_DFL);
}

void lws_stop_catch(lws_stop_watch *watch)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    pthread_mutex_lock(&lock);
    watch->before = atomic_load(&requests);
    for (int i = 0; i < SIGNALS; i++) {
        if (watchers == 0)
            sigaction(signals[i], NULL, &before[i]);
        /* What is ignored stays so: under nohup the run is to outlive the terminal, and a script's background job is
         * not meant by Ctrl-C. */
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    watchers++;
    pthread_mutex_unlock(&lock);
}

void lws_stop_release(void)
{
    pthread_mutex_lock(&lock);
    watchers--;
    for (int i = 0; i < SIGNALS && watchers == 0; i++)
        sigaction(signals[i], &before[i], NULL);
    pthread_mutex_unlock(&lock);
}

int lws_stop_requests(const lws_stop_watch *watch)
{
    return atomic_load(&requests) - watch->before;
}
