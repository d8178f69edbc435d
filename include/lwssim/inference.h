/* A trained model, read from a checkpoint: images to codes, codes to images.
 *
 *   lws_inference *model;
 *   if (lws_inference_open("runs/ae", LWS_INFERENCE_BEST, &model) != LWS_OK)
 *       return puts(lws_message());
 *   const lws_inference_info *info = lws_inference_get_info(model);
 *   lws_inference_reconstruct(model, n, x, y);   x, y: float [n, height, width, channels], in [0, 1]
 *   lws_inference_close(model);
 *
 * The file is verified when it is read (in a child process, as it may be damaged or made up). Running statistics are
 * used, and of a VAE the mean of the code: results depend on the image and the model alone, to rounding. Images go
 * through in blocks of the size that evaluation uses, from the first on, on all OpenMP threads; equal calls give equal
 * bits. Not collective. A model is used by one thread at a time. */
#ifndef LWSSIM_INFERENCE_H
#define LWSSIM_INFERENCE_H

#include <lwssim/status.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lws_inference lws_inference;

/* Which of a run's checkpoints. */
typedef enum lws_inference_choice {
    LWS_INFERENCE_NEWEST, /* that verifies; others are passed over with a warning on standard error */
    LWS_INFERENCE_BEST,   /* of best validation SSIM */
} lws_inference_choice;

typedef struct lws_inference_info {
    int height, width, channels; /* of an image */
    int latent;                  /* numbers in a code */
    int64_t step;                /* of training, after which the checkpoint was written */
    const char *path;            /* of the checkpoint; owned by the model */
} lws_inference_info;

/* Reads the checkpoint file at `path`, or one of the run in that folder (`choice` is then read). LWS_ERR_IO,
 * LWS_ERR_FORMAT (none that is whole, or neither a checkpoint nor a run), LWS_ERR_MISMATCH (of another version; or no
 * checkpoint is best, as the run was never evaluated), LWS_ERR_MEMORY. */
lws_status lws_inference_open(const char *path, lws_inference_choice choice, lws_inference **out);

/* NULL is fine. */
void lws_inference_close(lws_inference *model);

/* Owned by the model. */
const lws_inference_info *lws_inference_get_info(const lws_inference *model);

/* n images x [n, height, width, channels] to codes [n, latent]; n codes to images y; n images through both. Outputs are
 * overwritten; they must not overlap inputs. n >= 0. LWS_ERR_NUMERIC where an output is not finite, as with input that
 * is not; LWS_ERR_MEMORY. */
lws_status lws_inference_encode(lws_inference *model, int64_t n, const float *x, float *codes);
lws_status lws_inference_decode(lws_inference *model, int64_t n, const float *codes, float *y);
lws_status lws_inference_reconstruct(lws_inference *model, int64_t n, const float *x, float *y);

#ifdef __cplusplus
}
#endif

#endif
