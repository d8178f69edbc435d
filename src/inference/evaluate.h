/* Evaluation of a model on a split: every image exactly once, summed in row order. The images are cut into fixed
 * blocks and the blocks dealt to the ranks, so every digit is the same for any number of ranks and threads. */
#ifndef LWSSIM_EVALUATE_H
#define LWSSIM_EVALUATE_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "loss/colour.h"
#include "model/model.h"
#include <lwssim/metrics.h>

/* Of one image. */
typedef struct lws_image_values {
    double metric[LWS_METRICS];
    double shift[LWS_COLOUR_CHANNELS]; /* NaN of channels that there are not */
    lws_colour_sums colour;            /* all 0 where there are not three channels */
} lws_image_values;

/* A figure and its standard error: NaN for one image. */
typedef struct lws_estimate {
    double value, error;
} lws_estimate;

typedef struct lws_evaluation {
    int64_t images;
    int channels;
    double mean[LWS_METRICS];
    double error[LWS_METRICS];               /* standard error of the mean; NaN for one image */
    lws_estimate shift[LWS_COLOUR_CHANNELS]; /* mean of reconstruction minus original, of each channel */
    lws_estimate colour_slope;               /* of all pixels of all images (loss/colour.h), errors by leaving */
    lws_estimate colour_correlation;         /* out an image at a time; NaN where there is no colour */
} lws_evaluation;

/* block: images a block, at most the model's; part of what fixes the digits. comm NULL: this process alone.
 * Collective; the result is the same on all ranks. Agreed errors: LWS_ERR_USAGE for an empty split, LWS_ERR_FORMAT (an
 * image that has changed), LWS_ERR_MEMORY, LWS_ERR_NUMERIC. */
lws_status lws_evaluate(lws_comm *comm, lws_model *model, const float *params, const float *buffers,
                        const lws_dataset *dataset, int block, lws_evaluation *result);

/* The same in two steps, for those who want to know of every image: the values of all, [rows of the split], the
 * caller's, on all ranks in the order of the rows. Collective. Errors as above. */
lws_status lws_evaluate_images(lws_comm *comm, lws_model *model, const float *params, const float *buffers,
                               const lws_dataset *dataset, int block, lws_image_values *each);

/* Writes them as CSV (RFC 4180, with line feeds): a header, and a line an image with its row, its name, its metrics and
 * its sums of opponent colours (colour_or is `ro`), %.17g, "nan" where there is none. The file appears whole or not at
 * all. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. Not collective: one process. */
lws_status lws_evaluation_write_images(const char *path, const lws_dataset *dataset, const lws_image_values *each);

/* Whether the file is such a one, by its beginning. */
bool lws_evaluation_is_images(const char *path);

/* What they make together, of images of so many channels, 1 to LWS_COLOUR_CHANNELS. Not collective. */
void lws_evaluation_of(int64_t images, int channels, const lws_image_values *each, lws_evaluation *result);

#endif
