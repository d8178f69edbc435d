/* What a trained model does to images, for people to look at: the best and the worst reconstructions of a split,
 * colours against colours, draws from the prior, walks through the code. Private to this folder.
 *
 * The figures are those of at most VIEW_IMAGES images of the split, evenly spaced, with the values of
 * <lwssim/metrics.h>; those of the whole split are what `lwssim evaluate` is for. Equal models give equal views, for
 * any number of threads. */
#ifndef PAGE_VIEW_H
#define PAGE_VIEW_H

#include "series.h"

#include "data/dataset.h"
#include "inference/inference.h"
#include "loss/colour.h"
#include <lwssim/metrics.h>

enum { VIEW_IMAGES = 500, VIEW_PAIRS = 6, VIEW_SAMPLES = 24, VIEW_WALKS = 6, VIEW_PLACES = 8, VIEW_POINTS = 1200 };

/* Opponent colours R − G and (R + G)/2 − B, pooled, of originals (o) and reconstructions (r). */
typedef struct view_colour {
    int points;
    point at[VIEW_POINTS + 2];
    lws_colour_sums sums; /* of all values */
} view_colour;

typedef struct view {
    lws_shape shape;
    int64_t step;             /* of the checkpoint */
    lws_split split;          /* of the images */
    int64_t rows, images;     /* of the split; of these, looked at */
    double mean[LWS_METRICS]; /* NaN where the images are too small for it */
    lws_metric order;         /* what best and worst go by */
    int pairs;                /* best[pairs], worst[pairs] */
    double best[VIEW_PAIRS][LWS_METRICS], worst[VIEW_PAIRS][LWS_METRICS];
    float *pair;        /* [2 · pairs, 2, image]: best then worst, each the original and the reconstruction; owned */
    view_colour colour; /* sums.n 0: no colours */
    float *sample;      /* [VIEW_SAMPLES, image]; owned; NULL: none */
    bool is_fitted;     /* the samples are of a Gaussian fitted to codes, as the model has no prior */
    float *walk;        /* [VIEW_WALKS, VIEW_PLACES, image]; owned; NULL: none */
    int walks;
    double spread[VIEW_WALKS]; /* the deviation of codes along each */
} view;

/* Looks at a model with the images of the folder `data`. view_free() is due, whatever comes back. LWS_ERR_MISMATCH
 * where these are not the images that it was trained on, and errors of datasets and of inference. */
lws_status view_make(const lws_inference_model *model, const char *data, view *v);
void view_free(view *v);

#endif
