#include "stop.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t requested;

static void on_signal(int number)
{
    requested = 1;
    if (number == SIGINT)
        signal(SIGINT, SIG_DFL);
}

void stop_catch(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction old;
        if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue; /* nohup: the run is to outlive the terminal */
        sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* whoever read the log has left; that is no reason to stop */
}

bool stop_requested(void)
{
    return requested;
}
