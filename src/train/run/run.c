/* The beginning and the end of a run. */
#include "run/run.h"

#include "run/run_events.h"
#include "run/run_folder.h"

#include "base/folder.h"
#include "base/log.h"

#include <math.h>

/* Those that are trained, without what lies between tensors. */
static size_t count_parameters(const lws_tensors *tensors)
{
    size_t count = 0;
    for (int i = 0; i < tensors->count; i++)
        count += tensors->item[i].is_buffer ? 0 : tensors->item[i].count;
    return count;
}

static void announce(const train_context *c)
{
    int size = lws_comm_size(c->comm);
    int64_t parts = c->options->micro_batches;
    if (parts % size != 0)
        lws_warn("%lld micro-batches do not divide evenly among %d ranks: some wait %.0f%% of the time. Best "
                 "are %lld micro-batches, or ranks that divide %lld.",
                 (long long)parts, size, 100 * (1 - (double)(parts / size) / ceil((double)parts / size)),
                 (long long)((parts + size - 1) / size * size), (long long)parts);
    lws_info("model: %zu parameters; activations %.0f MB a rank; %lld training and %lld validation images",
             count_parameters(c->tensors), (double)lws_model_memory(c->model) / 1e6,
             (long long)lws_dataset_get_info(c->train)->rows, (long long)lws_dataset_get_info(c->valid)->rows);
}

static lws_status set_up(training_run *r, lws_comm *comm, lws_train_options *options, int threads)
{
    trainer *t = &r->trainer;
    train_state *s = &t->state;
    LWS_TRY(trainer_create(comm, options, threads, t));
    if (r->request.same_again)
        t->context.goes_on = "with the same command";
    r->late_log.goes_on = t->context.goes_on;
    lws_status status = checkpoints_create(t, r->request.run, r->stop, &r->checkpoints);
    LWS_TRY(lws_comm_agree(comm, status));
    LWS_TRY(run_folder_prepare(comm, &r->request, &r->lock));
    bool restored = false;
    if (r->request.resume)
        LWS_TRY(checkpoints_restore(&r->checkpoints, &restored));
    if (!restored)
        lws_tensors_init(t->context.tensors, (uint64_t)options->seed, s->params, state_buffers(s));
    lws_model_transform_weights(t->context.model, s->params);
    integrity_note(&t->integrity);
    r->first_step = s->step;
    LWS_TRY(run_folder_write_config(comm, r->request.run, options));
    LWS_TRY(lws_comm_agree(comm, lws_metrics_log_open(r->request.run, s->step, t->context.is_root, &r->log)));
    return lws_comm_agree(comm, run_events_open(r));
}

lws_status run_create(lws_comm *comm, lws_train_options *options, const lws_train_request *request,
                      const lws_stop_watch *stop, training_run *r)
{
    lws_comm_node node;
    int threads = lws_comm_threads(comm, (int)options->threads, &node);
    *r = (training_run){.request = *request,
                        .stop = stop,
                        .lock = -1,
                        .late_log = {.what = "log metrics.jsonl",
                                     .waiting = "wait for the disk to take the log of step",
                                     .comm = comm,
                                     .stop = stop,
                                     .patience = options->checkpoint_patience}};
    lws_status status = set_up(r, comm, options, threads);
    if (status != LWS_OK) {
        run_destroy(r);
        return status;
    }
    if (!request->same_again) /* many trainings: their job says it once */
        lws_comm_warn_crowded(&node, threads);
    announce(&r->trainer.context);
    return LWS_OK;
}

void run_destroy(training_run *r)
{
    lws_metrics_log_close(r->log);
    lws_events_close(r->events);
    trainer_destroy(&r->trainer);
    checkpoints_destroy(&r->checkpoints);
    lws_folder_unlock(r->request.run, r->lock);
}
