/* This rank's part of the global batch: its images, and the micro-batches that they are cut into. */
#ifndef LWS_TRAIN_BATCH_H
#define LWS_TRAIN_BATCH_H

#include "step/context.h"

#include "base/arena.h"

typedef struct batch_part {
    float *images; /* of this rank's run of micro-batches */
    int64_t *rows; /* [images of the global batch] */
} batch_part;

/* Takes the memory from the arena (which may only be counting). Not collective. */
void batch_take_memory(batch_part *b, const train_context *c, lws_arena *arena);

/* Reads this rank's images of step `step` (from 0), each checked against its digest, and has the disk fetch those of
 * the next. LWS_ERR_IO, LWS_ERR_FORMAT. Not collective. */
lws_status batch_read(batch_part *b, const train_context *c, int64_t step);

/* The rows of the global batch of a step [batch-size], in the order of use; valid until the next call here. Not
 * collective. */
const int64_t *batch_rows(batch_part *b, const train_context *c, int64_t step);

/* A micro-batch of this rank's run, of the images read last. Not collective. */
lws_micro_batch batch_micro_batch(const batch_part *b, const train_context *c, int64_t step, int64_t micro_batch);

#endif
