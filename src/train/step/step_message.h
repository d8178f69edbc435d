/* What ranks tell each other in each step besides gradients and parameters: one message of each, to all.
 *
 * A message is an array of doubles:
 *
 *     1                 flags: requests and whether the rank has failed, a bit each
 *     2                 the halves of the digest of all parameters as this rank has them (integrity.h), low and high
 *     2 a micro-batch   of the rank's run: the sums of its reconstruction loss and KL divergence over its images
 *     1 a block         of the rank's slices, in their order: the squared norm of the gradient of parameters
 *
 * Everything of it follows from the number of ranks, so that each knows the lengths of all. */
#ifndef LWS_STEP_MESSAGE_H
#define LWS_STEP_MESSAGE_H

#include "step/context.h"

#include "base/arena.h"

typedef struct step_message {
    const train_context *context;
    double *mine, *all; /* this rank's, and all in the order of ranks */
    size_t *bytes_of;   /* [ranks] */
} step_message;

/* Takes the memory from the arena (which may only be counting). Not collective. */
void step_message_take_memory(step_message *m, const train_context *c, lws_arena *arena);

/* To fill in before the exchange: the sums of own micro-batch number `own`, from 0; the squared norms of the blocks of
 * this rank's slices, [own floats / LWS_NORM_BLOCK, rounded up]. Not collective. */
void step_message_set_sums(step_message *m, int64_t own, lws_model_sums sums);
double *step_message_norms(step_message *m);

/* Sends it to all and takes theirs. Collective. */
void step_message_exchange(step_message *m, unsigned flags, uint64_t digest);

/* After the exchange, the same on all ranks but for _differs: the flags of all ranks, or-ed; the sums over all
 * micro-batches in their order; the norm of the gradient of all parameters, from blocks in the order of the flat array;
 * whether a rank told another digest than this one did. Not collective. */
unsigned step_message_flags(const step_message *m);
lws_model_sums step_message_sums(const step_message *m);
double step_message_gradient_norm(const step_message *m);
bool step_message_differs(const step_message *m);

#endif
