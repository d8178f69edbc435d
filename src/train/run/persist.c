/* Attempts to write, the pauses between them, and when to give up. */
#include "run/persist.h"

#include "base/clock.h"
#include "base/log.h"
#include "comm/watchdog.h"

#include <math.h>
#include <time.h>

/* Seconds between attempts: each twice the one before. While all wait there is nothing else to do, and little time
 * maybe. */
enum { FIRST_PAUSE = 1, LONGEST_PAUSE = 60, WAITING_PAUSE = 2 };

bool persist_is_due(const lateness *late)
{
    return late->attempts > 0 && lws_now() >= late->next;
}

static lws_status give_up(const lateness *late, lws_status status)
{
    if (late->patience == 0)
        return lws_fail(status, "%s. Make room or mend the disk, and go on %s.", lws_message(), late->goes_on);
    return lws_fail(
        status,
        "%s. So it was for %s, in %d attempts (the key checkpoint-patience says how long). Make room or mend "
        "the disk, and go on %s.",
        lws_message(), lws_duration(lws_now() - late->since), late->attempts, late->goes_on);
}

static lws_status note_failure(lateness *late, lws_status status, bool waits, bool *is_late)
{
    double now = lws_now();
    if (late->attempts == 0) {
        late->since = now;
        late->pause = FIRST_PAUSE;
    } else {
        late->pause = fmin(2 * late->pause, LONGEST_PAUSE);
    }
    late->attempts++;
    if (late->is_last || now - late->since >= late->patience)
        return give_up(late, status);
    if (late->attempts == 1)
        lws_warn("%s. %s; the %s is tried again for up to %s.", lws_message(),
                 waits ? "The run waits" : "Training goes on", late->what, lws_duration(late->patience));
    late->next = fmin(now + late->pause, late->since + late->patience);
    *is_late = true;
    return LWS_OK;
}

lws_status persist_try(lateness *late, int64_t step, persist_attempt *attempt, void *user, bool waits, bool *is_late)
{
    *is_late = late->attempts > 0 && !waits && !persist_is_due(late);
    if (*is_late)
        return LWS_OK;
    lws_status status = attempt(user);
    if (status == LWS_ERR_LIMIT)
        return lws_fail(status,
                        "%s: a limit of this process, and waiting does not raise it. See ulimit -f, or make room, "
                        "and go on %s.",
                        lws_message(), late->goes_on);
    if (status != LWS_OK && status != LWS_ERR_NUMERIC && status != LWS_ERR_MISMATCH)
        return note_failure(late, status, waits, is_late);
    if (status == LWS_OK && late->attempts > 0)
        lws_info("the %s is written again, at step %lld, after %s", late->what, (long long)step,
                 lws_duration(lws_now() - late->since));
    if (status == LWS_OK)
        late->attempts = 0;
    return status;
}

/* All ranks sleep, as nobody must look as if it hung. */
static void pause_for(double seconds, const lateness *late, int64_t step)
{
    for (; seconds > 0; seconds -= 1) {
        double part = fmin(seconds, 1);
        struct timespec time = {.tv_sec = (time_t)part, .tv_nsec = (long)(fmod(part, 1) * 1e9)};
        lws_watchdog_phase(late->waiting, step);
        nanosleep(&time, NULL);
    }
}

lws_status persist(lateness *late, int64_t step, persist_attempt *attempt, void *user, bool wait, bool *is_late)
{
    struct {
        double pause;
        bool is_late;
    } shared = {0, false};
    int asked = lws_stop_requests(late->stop); /* before: that is why it waits, maybe */
    for (;;) {
        lws_status status = LWS_OK;
        late->is_last = lws_stop_requests(late->stop) > asked;
        if (lws_comm_rank(late->comm) == 0)
            status = persist_try(late, step, attempt, user, wait, &shared.is_late);
        LWS_TRY(lws_comm_agree(late->comm, status));
        shared.pause = fmin(fmax(late->next - lws_now(), 0), WAITING_PAUSE);
        lws_comm_broadcast(late->comm, &shared, sizeof shared);
        *is_late = shared.is_late;
        if (!wait || !shared.is_late)
            return LWS_OK;
        pause_for(shared.pause, late, step);
    }
}
