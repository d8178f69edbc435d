/* A trained model read back from a checkpoint, ready for evaluation. */
#ifndef LWSSIM_TRAINED_H
#define LWSSIM_TRAINED_H

#include <lwssim/checkpoint.h>
#include <lwssim/comm.h>
#include <lwssim/train_options.h>

typedef struct lws_trained {
    char path[LWS_PATH]; /* of the checkpoint */
    lws_checkpoint_meta meta;
    lws_train_options options;
    lws_model *model;
    float *params, *states;
    int block; /* images the model takes at once */
} lws_trained;

/* Reads a checkpoint file, or (checkpoint NULL or "") the newest whole one of a run folder, or with `best` the one of
 * best validation SSIM. Rank 0 reads and the others receive; comm NULL: this process alone. All ranks. LWS_ERR_IO,
 * LWS_ERR_FORMAT, LWS_ERR_MISMATCH, LWS_ERR_MEMORY; then nothing is left to free. */
lws_status lws_trained_load(lws_comm *comm, const char *checkpoint, const char *run, bool best, lws_trained *out);
void lws_trained_free(lws_trained *trained);

#endif
