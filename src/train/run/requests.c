/* Signals, clocks and a late disk, as bits. */
#include "run/requests.h"

#include "base/clock.h"

static bool clock_says(const lws_config_interval *every, double since)
{
    return every->unit == LWS_EVERY_SECONDS && every->count > 0 && lws_now() - since >= every->count;
}

unsigned run_requests(const void *run)
{
    const training_run *r = run;
    const lws_train_options *o = r->trainer.context.options;
    bool is_root = r->trainer.context.is_root;
    unsigned requests = lws_stop_requests(r->stop) > 0 ? REQUEST_STOP : 0;
    if (r->request.wants_stop && r->request.wants_stop(r->request.user))
        requests |= REQUEST_STOP;
    if (r->log_failure.status != LWS_OK)
        requests |= REQUEST_LOG_GIVEN_UP;
    if (is_root && (clock_says(&o->checkpoint_every, r->checkpoint_time) || persist_is_due(&r->checkpoints.late)))
        requests |= REQUEST_CHECKPOINT;
    if (is_root && clock_says(&o->eval_every, r->evaluate_time))
        requests |= REQUEST_EVALUATE;
    if (is_root && o->time_limit > 0 && lws_now() - r->start_time >= o->time_limit)
        requests |= REQUEST_TIME_UP;
    return requests;
}
