/* Optimizers: what a gradient makes of the parameters. Each is one row, in a file of its own; optimizers.h lists them.
 *
 * The parameters are a flat array of which every rank owns slices, so an optimizer works elementwise: any cut of the
 * arrays, on any rank, gives the same bits. What it needs of a tensor as a whole are norms alone: such a row only
 * proposes an update; the caller adds up the norms over all ranks, asks the row for the trust ratio, and applies it.
 *
 * All functions here are pure but for the arrays they are given. Not collective. */
#ifndef LWSSIM_OPTIMIZER_H
#define LWSSIM_OPTIMIZER_H

#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LWS_SLOTS_MAX = 4,               /* arrays that an optimizer keeps for its parameters */
    LWS_OPTIMIZER_OPTIONS_SIZE = 256 /* bytes, enough for the own options of all rows */
};

/* A run of values of one tensor, and what is to become of it. All arrays have n values and begin at its first. */
typedef struct lws_update {
    const void *options;   /* the row's own */
    int64_t step;          /* number of this update, from 1 */
    double rate;           /* learning rate */
    double gradient_scale; /* what clipping makes of the gradient: gradient_scale · gradient */
    double weight_decay;   /* decoupled: θ shrinks by rate · weight_decay · θ; 0 in vectors (biases, batch norm) */
    size_t n;
    const float *gradient;
    float *theta;               /* the parameters */
    float *slot[LWS_SLOTS_MAX]; /* what the optimizer keeps for them; 0 before the first update */
    float *proposal;            /* rows with a trust ratio write it, and leave theta; NULL for others */
} lws_update;

/* Sums of bit patterns (lws_bit_sum) over theta and all slots, as an update found them and as it left them: between two
 * updates they must not change, and one flipped bit changes them. */
typedef struct lws_update_bits {
    uint32_t found, left;
} lws_update_bits;

/* An array that an optimizer keeps, a value a parameter. */
typedef struct lws_slot {
    const char *name;    /* in checkpoints: /optimizer/NAME/TENSOR */
    const char *meaning; /* in messages, before "of TENSOR": "Adam's second moment" */
} lws_slot;

typedef struct lws_optimizer {
    const char *name;    /* the value of the key `optimizer` */
    const char *summary; /* one line: what it is, and the source */

    /* Keys of its own, whose offsets count from the start of its options, a plain struct of options_size bytes. */
    const lws_config_key *keys;
    int key_count;
    size_t options_size;

    int slots;
    lws_slot slot[LWS_SLOTS_MAX];

    /* Updates theta and the slots; or, with a trust ratio, the slots, and writes the proposal. The sums come from the
     * values that the loop holds anyway. */
    lws_update_bits (*update)(const lws_update *update);

    /* NULL: needs no norms. Else each tensor becomes θ − rate · ratio · proposal, with its Euclidean norms of θ before
     * the update and of the proposal. Vectors (biases, batch norm) are not asked for: their ratio is 1. */
    double (*trust_ratio)(const void *options, double param_norm, double proposal_norm);
} lws_optimizer;

/* Row number `index`, in the order of the choices of the key; NULL beyond the last. */
const lws_optimizer *lws_optimizer_row(int index);

/* "adam|…": the names of all rows. */
extern const char *const lws_optimizer_choices;

/* Options of all rows stand one after the other in one block of LWS_OPTIMIZER_OPTIONS_SIZE bytes, aligned as a double:
 * where those of a row begin. */
size_t lws_optimizer_options_at(int index);

/* theta[i] −= step · proposal[i], for the sums of bits of theta. step: rate · trust ratio. */
lws_update_bits lws_optimizer_apply(size_t n, double step, const float *proposal, float *theta);

#endif
