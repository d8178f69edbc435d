/* Evaluation of a model on a split: every image exactly once, summed in row order. The images are cut into fixed
 * blocks and the blocks dealt to the ranks, so every digit is the same for any number of ranks and threads. */
#ifndef LWSSIM_EVALUATE_H
#define LWSSIM_EVALUATE_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "model/model.h"
#include <lwssim/metrics.h>

typedef struct lws_evaluation {
    int64_t images;
    double mean[LWS_METRICS];
    double error[LWS_METRICS]; /* standard error of the mean; NaN for one image */
} lws_evaluation;

/* block: images a block, at most the model's; part of what fixes the digits. comm NULL: this process alone.
 * Collective; the result is the same on all ranks. Agreed errors: LWS_ERR_USAGE for an empty split, LWS_ERR_FORMAT (an
 * image that has changed), LWS_ERR_MEMORY, LWS_ERR_NUMERIC. */
lws_status lws_evaluate(lws_comm *comm, lws_model *model, const float *params, const float *buffers,
                        const lws_dataset *dataset, int block, lws_evaluation *result);

#endif
