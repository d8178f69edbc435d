/* What a run has learned so far, all that a checkpoint keeps of it: parameters, running statistics, and the arrays of
 * the optimizer.
 *
 * A flat array holds the model's parameters, and behind them its statistics. Gradients have the same layout: the
 * statistics of a micro-batch stand in the place of a gradient, so that the reduction that adds up gradients also adds
 * up statistics, and their mean is what moves the running ones. The array is cut into slices (reduction.h), each owned
 * by one rank; the optimizer's arrays exist once, on the owners. */
#ifndef LWS_TRAIN_STATE_H
#define LWS_TRAIN_STATE_H

#include "step/context.h"

#include "base/arena.h"

typedef struct train_state {
    int64_t step;                    /* steps done */
    size_t param_count, count;       /* floats of the flat array: of parameters, and in all */
    float *params;                   /* [count], all of it, on every rank */
    float *slot[LWS_SLOTS_MAX];      /* [own]: the optimizer's, of this rank's slices */
    float *full_slot[LWS_SLOTS_MAX]; /* rank 0: [count], for checkpoints; `slot` itself on one rank */
} train_state;

/* Takes the arrays from the arena (which may only be counting). Not collective. */
void state_take_memory(train_state *s, const train_context *c, lws_arena *arena);

/* Where a tensor begins in the flat array. Not collective. */
size_t state_offset(const train_state *s, const lws_tensor *tensor);

/* What of a tensor lies in a slice, [*begin, *end) of the flat array; false for nothing. Not collective. */
bool state_range(const train_state *s, const lws_tensor *tensor, const lws_reduction_slice *slice, size_t *begin,
                 size_t *end);

/* A flat array [count] as a model's pass writes it: gradients, and statistics in the place of more. Not collective. */
lws_model_gradients state_gradients(const train_state *s, float *flat);

/* The running statistics. Not collective. */
float *state_buffers(const train_state *s);

/* After a step the parameters of other ranks may still be on their way: waits for them, before any use of s->params but
 * the next step's. Not collective. */
void state_wait_params(const train_context *c, const train_state *s);

/* The optimizer's arrays from their owners to s->full_slot on rank 0, and back. Collective. */
void state_gather_slots(const train_context *c, train_state *s);
void state_scatter_slots(const train_context *c, train_state *s);

#endif
