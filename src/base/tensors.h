/* The table of a model's tensors: which part of the flat arrays is what. All parameters of a model stand in one flat
 * array, all running statistics in another. Not collective. */
#ifndef LWS_TENSORS_H
#define LWS_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lws_shape {
    int h, w, c; /* of one image; a vector is 1 × 1 × c */
} lws_shape;

enum { LWS_SIDE_MAX = 1024 }; /* pixels a side at most: no product of sizes overflows */

size_t lws_shape_size(lws_shape shape);

typedef struct lws_tensor {
    char name[64]; /* "encoder/conv1/weight" */
    int rank;
    int64_t dims[4];
    size_t count;    /* elements */
    size_t offset;   /* in the array of parameters, or in that of statistics */
    bool is_buffer;  /* a running statistic: not trained */
    double init_std; /* initial values are normal with this deviation around init_mean */
    double init_mean;
} lws_tensor;

enum { LWS_TENSORS_MAX = 128 };

typedef struct lws_tensors {
    int count;
    lws_tensor item[LWS_TENSORS_MAX];
    size_t params, buffers; /* elements in all; each tensor starts at a multiple of 16 */
} lws_tensors;

/* The initial values of every tensor: a pure function of seed. params, buffers: the flat arrays. */
void lws_tensors_init(const lws_tensors *tensors, uint64_t seed, float *params, float *buffers);

#endif
