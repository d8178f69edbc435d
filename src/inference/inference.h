/* A trained model read back from a checkpoint, as the program uses it: by all ranks. Users of the library have
 * <lwssim/inference.h>, which is made of this. */
#ifndef LWSSIM_INFERENCE_MODEL_H
#define LWSSIM_INFERENCE_MODEL_H

#include "comm/comm.h"
#include "data/checkpoint.h"
#include "options/train_options.h"

typedef struct lws_inference_model {
    char path[LWS_PATH]; /* of the checkpoint */
    lws_checkpoint_meta meta;
    lws_train_options options;
    lws_model *model;
    float *params, *buffers;
    int block; /* images the model takes at once */
} lws_inference_model;

/* Reads a checkpoint file, or (checkpoint NULL or "") the newest whole one of a run folder, or with `best` the one of
 * best validation SSIM. Rank 0 reads and the others receive; comm NULL: this process alone. Collective. Agreed errors:
 * LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MISMATCH, LWS_ERR_MEMORY; then nothing is left to free. */
lws_status lws_inference_load(lws_comm *comm, const char *checkpoint, const char *run, bool best,
                              lws_inference_model *out);
void lws_inference_free(lws_inference_model *t);

/* n images x [n, h, w, c] to codes [n, latent]; n codes to images y; block by block. Not collective. LWS_ERR_NUMERIC
 * where an output is not finite. */
lws_status lws_inference_codes(const lws_inference_model *t, int64_t n, const float *x, float *codes);
lws_status lws_inference_images(const lws_inference_model *t, int64_t n, const float *codes, float *y);

#endif
