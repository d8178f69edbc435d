/* What a training works with, from its setup to its end: nothing here changes from step to step. */
#ifndef LWS_TRAIN_CONTEXT_H
#define LWS_TRAIN_CONTEXT_H

#include "comm/reduction.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "options/train_options.h"

typedef struct train_context {
    lws_comm *comm; /* not owned */
    bool is_root;
    lws_train_options *options; /* not owned; resolved by the setup */
    lws_dataset *train, *valid; /* owned */
    lws_model *model;           /* owned */
    const lws_tensors *tensors; /* of the model */
    lws_reduction *reduction;   /* owned */
    lws_sampler sampler;        /* of the training split */
    lws_schedule schedule;      /* of the learning rate */
    const lws_optimizer *optimizer;
    const void *optimizer_options; /* its own, among `options` */
    int64_t total_steps;           /* of the whole run */
    const char *goes_on;           /* "with --resume": how what ended early does, for messages */
} train_context;

/* This rank's run of micro-batches, and its slices. Not collective. */
static inline const lws_reduction_part *own_part(const train_context *c)
{
    return lws_reduction_get_part(c->reduction);
}

/* Images of a micro-batch. Not collective. */
static inline int64_t micro_batch_size(const train_context *c)
{
    return c->options->batch_size / c->options->micro_batches;
}

#endif
