/* What makes steps: the parts of a step, each with its own header, in one place. It knows nothing of run folders,
 * checkpoints and logs (run/run.h). */
#ifndef LWS_TRAINER_H
#define LWS_TRAINER_H

#include "step/batch.h"
#include "step/mmd.h"
#include "step/update.h"

enum { FINDING = 320 };

/* What a step computed that is not finite. */
typedef struct finding {
    int64_t stage, place; /* the order of computation, see diverge.c */
    int rank;             /* that computed it; -1: all did */
    char host[64],
        part[64];       /* part: of the rank's micro-batches, where it is not in `what`: ", micro-batches 3 to 4" */
    char what[FINDING]; /* "micro-batch 5 of 8, decoder/conv2: its output is not finite, from finite input" */
} finding;

typedef struct trainer {
    train_context context;
    train_state state;
    batch_part batch;
    mmd_pass mmd;
    step_message message;
    integrity integrity;
    updater updater;
    step_failure failure; /* of this rank alone, in the present step */
    finding seen, found;  /* in the present step by this rank; by all, once it has failed */
    lws_arena arena;      /* the arrays of all parts */
} trainer;

/* Opens the data, builds the model, takes all memory; the parameters are yet to be set. `options` (not owned) are
 * resolved. The parts point to each other: *t stays where it is. trainer_destroy() is due whatever comes back.
 * Collective. Agreed: LWS_ERR_USAGE, LWS_ERR_MISMATCH, LWS_ERR_MEMORY and those of the dataset. */
lws_status trainer_create(lws_comm *comm, lws_train_options *options, int threads, trainer *t);

/* Waits for messages in flight. Collective. */
void trainer_destroy(trainer *t);

#endif
