/* The first pass of MMD-AE: the maximum mean discrepancy compares the codes of all images of the global batch, so it is
 * no sum over micro-batches. The encoder runs over all of them before any goes backward; the codes are gathered on all
 * ranks, and each takes the gradient with respect to its own. Other models have none of this. */
#ifndef LWS_TRAIN_MMD_H
#define LWS_TRAIN_MMD_H

#include "step/batch.h"
#include "step/state.h"

typedef struct mmd_pass {
    float *codes, *prior; /* [batch, latent] */
    float *dcode;         /* [own images, latent]; NULL: the model is no MMD-AE */
    float *statistics;    /* the encoder's batch statistics in the latest pass, laid out as the model's */
    size_t *bytes_of;     /* [ranks] */
    bool is_encoded;      /* the encoder still holds this rank's only micro-batch, and need not run twice */
} mmd_pass;

/* Takes the memory from the arena (which may only be counting), where the model needs it. Not collective. */
void mmd_take_memory(mmd_pass *m, const train_context *c, const train_state *s, lws_arena *arena);

/* The pass, where the model needs one. Returns the MMD, else 0. Collective. */
double mmd_run(mmd_pass *m, const train_context *c, const train_state *s, const batch_part *batch);

/* Of the latest pass: the gradient with respect to the codes of a micro-batch of this rank; NULL: there is none. Not
 * collective. */
const float *mmd_code_gradient(const mmd_pass *m, const train_context *c, int64_t micro_batch);

#endif
