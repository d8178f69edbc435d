/* From gradients to parameters: this rank's slices are updated, and sent to all ranks.
 *
 * A slice is updated as soon as its gradients have arrived, mostly while the rest still goes backward, so that the new
 * parameters are on their way early; nobody knows then whether the step's loss and gradient are finite. So what a slice
 * was before is kept, and a step that fails is rewound. Where an update needs more than its own slice, the norm of the
 * whole gradient (clip-norm) or of tensors (a trust ratio), all slices wait until the step has been checked. */
#ifndef LWS_UPDATE_H
#define LWS_UPDATE_H

#include "step/integrity.h"
#include "step/step_message.h"
#include "step/tensor_norms.h"

typedef struct updater {
    const train_context *context;
    train_state *state;
    integrity *integrity;
    step_message *message; /* gets the squared norms of blocks */
    tensor_norms tensor_norms;
    float *before;               /* [own]: of the parameters and statistics, before the latest update */
    float *proposal;             /* [own], for a trust ratio; else NULL */
    lws_reduction_slice *slices; /* [buckets], whose gradients have arrived in this step */
    int late;                    /* of them, in their order: updated after the checks */
    bool has_updated;            /* in this step, or in the latest between two: other ranks may have seen it */
    bool is_last_pass;           /* the pass is of this rank's last micro-batch of the step */
    lws_flow flow;
} updater;

/* Takes the memory from the arena (which may only be counting). Not collective. */
void update_take_memory(updater *u, lws_arena *arena);

/* Has the model's passes call it: the reduction then goes on during backward, and the allgather of parameters during
 * the next forward. Not collective. */
void update_follow(updater *u);

/* Begins a step. Not collective. */
void update_begin(updater *u);

/* Updates the slices whose gradients have arrived, unless they have to wait for the checks; with `wait`, until all have
 * arrived. Not collective. */
void update_arrived(updater *u, bool wait);

/* The step is whole, `gradient_norm` the norm of its gradient: updates those that had to wait. Collective. */
void update_checked(updater *u, double gradient_norm);

/* The parameters are again as before this step, or before the latest update. Collective. */
void update_rewind(updater *u);

#endif
