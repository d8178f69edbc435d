/* The parts of a view. Private to this folder. */
#ifndef PAGE_VIEW_INTERNAL_H
#define PAGE_VIEW_INTERNAL_H

#include "view.h"

/* Images of a split that are looked at: row i · rows / images for i < images. */
typedef struct view_images {
    const lws_dataset *dataset;
    int64_t rows, images;
} view_images;

/* Of the split of an open dataset, at most VIEW_IMAGES. */
view_images view_choose(const lws_dataset *dataset);

/* Images [first, first + n) of those to x [n, image]. Errors of lws_dataset_read. */
lws_status view_read(const view_images *images, int64_t first, int n, float *x);

/* The means, the best and worst images and the colours. */
lws_status view_score(const lws_inference_model *m, const view_images *images, view *v);

/* The samples and the walks, by the codes of `images`. */
lws_status view_imagine(const lws_inference_model *m, const view_images *images, view *v);

/* The directions [count, latent] in which codes [n, latent] vary most, of length 1 and at right angles, by orthogonal
 * iteration on their covariance, and the deviation along each; the mean code [latent]. Returns how many there are, at
 * most `count`: less than n and latent. Scratch is malloc'ed: 0 when out of memory. */
int view_directions(int64_t n, int latent, const float *codes, int count, double *direction, double *spread,
                    double *mean);

#endif
