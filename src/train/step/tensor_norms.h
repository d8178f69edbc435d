/* Norms of whole tensors, for optimizers with a trust ratio, though tensors are cut across slices and ranks.
 *
 * A tensor is cut into pieces at multiples of LWS_NORM_BLOCK of the flat array; slices begin there, too, so that each
 * piece is whole on one rank. A piece's sum of squares is added up in a fixed order, and so are the pieces of a tensor:
 * the norms have the same bits on any number of ranks. */
#ifndef LWS_TENSOR_NORMS_H
#define LWS_TENSOR_NORMS_H

#include "step/state.h"

typedef struct tensor_norms {
    const train_context *context;
    const train_state *state;
    double *mine, *all;       /* squares of parameters and of the proposal, a pair a piece: this rank's, and all */
    size_t *bytes_of, *at;    /* [ranks] */
    double *param, *proposal; /* [tensors] norms, after the exchange */
} tensor_norms;

/* Takes the memory from the arena (which may only be counting), where the optimizer needs it. Not collective. */
void tensor_norms_take_memory(tensor_norms *n, const train_context *c, const train_state *s, lws_arena *arena);

/* The norms of the parameters and of what is proposed in place of gradients, proposal [own] being that of this rank's
 * slices. Collective. */
void tensor_norms_exchange(tensor_norms *n, const float *proposal);

#endif
