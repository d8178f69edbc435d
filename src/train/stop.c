#include "stop.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t requests;

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGPIPE};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS];

static void on_signal(int number)
{
    if (number == SIGPIPE) /* whoever read the log has left; that is no reason to stop */
        return;
    requests = requests + 1;
    if (number == SIGINT)
        signal(SIGINT, SIG_DFL);
}

void stop_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    requests = 0;
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &before[i]);
        /* What is ignored stays so: under nohup the run is to outlive the terminal, and a script's background job is
         * not meant by Ctrl-C. */
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void stop_release(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}

int stop_requests(void)
{
    return requests;
}
