/* The table of reconstruction losses, and what its rows are: private to this folder.
 *
 * To add a loss, write its file, which defines the row loss_NAME, and add a line to LOSSES: the command line, its help,
 * configuration files, `compare`, the library's functions and the tests of all losses go by the table. */
#ifndef LWS_LOSSES_H
#define LWS_LOSSES_H

#include "loss/loss_table.h"
#include <lwssim/loss.h>

#include "base/config.h"

#include <stddef.h>

/* The rows in the order of their numbers, lws_loss_kind: append only. row(NAME, "name"): the row is loss_NAME, and
 * people call it "name". */
#define LOSSES(row)                                                                                                    \
    row(mse, "mse") row(ssim, "ssim") row(lwssim, "lwssim") row(mae, "mae") row(ms_ssim, "ms-ssim-3") row(mix, "mix")  \
        row(lwssim_product, "lwssim-product") row(lwssim_coarsest, "lwssim-coarsest")                                  \
            row(lwssim_product_coarsest, "lwssim-product-coarsest")

/* One image to evaluate. */
typedef struct loss_image {
    int h, w, c;
    const float *x, *y; /* original and reconstruction, [h, w, c]; all finite */
    double scale;
    float *dy;     /* [h, w, c], gets scale · ∂loss/∂y (overwritten); NULL: only the value is asked for */
    void *scratch; /* this thread's own, as many bytes as the row's scratch() asks for, aligned to 64, of any content */
} loss_image;

/* What all images of a loss share is its *state*: made once by prepare(), then only read, by all threads. A loss made
 * of others holds their states in its own, and hands each a part of its scratch and a dy there. */
typedef struct loss_row {
    const char *summary; /* what it is, on a line */

    /* Keys of its own, whose offsets count from the start of its options, a plain struct of options_size bytes, at
     * most LWS_LOSS_OWN doubles. Rows with the same `keys` share them, and the options. NULL: none. */
    const lws_config_key *keys;
    size_t key_count, options_size;

    /* What concerns several keys at once: LWS_ERR_USAGE. NULL: nothing does. */
    lws_status (*check_options)(const void *options);

    /* Puts numbers in the place of those that stand for the loss's own. NULL: none does. */
    void (*resolve_options)(void *options);

    /* Takes resolved options into a spec whose kind is set and all else 0. NULL: they become spec->own, byte for byte.
     */
    void (*read_options)(const void *options, lws_loss_spec *spec);

    /* A spec, which anyone may have written, for images of h × w: LWS_ERR_USAGE names the field. NULL: takes all. */
    lws_status (*check)(const lws_loss_spec *spec, int h, int w);

    /* Bytes of state; NULL: it needs none. prepare() makes it of a checked spec; it is aligned to 64, and zeroed. */
    size_t (*state_size)(const lws_loss_spec *spec);
    void (*prepare)(const lws_loss_spec *spec, int h, int w, int c, void *state);

    /* Bytes of scratch that one thread needs. */
    size_t (*scratch)(const void *state, int h, int w, int c);

    /* The loss of an image, in double, and its gradient; a pure function of the state and of x, y and scale. */
    double (*eval)(const void *state, const loss_image *image);

    /* |∇MSE| / |∇loss| with respect to all parameters of a model early in training: see lws_loss_fair_weight(). */
    double fair_weight;
} loss_row;

#define LOSSES_DECLARE(id, name) extern const loss_row loss_##id;
LOSSES(LOSSES_DECLARE)
#undef LOSSES_DECLARE

/* For a row's check(): LWS_ERR_USAGE with the name where the value is not in [min, max]. */
lws_status loss_check_range(const char *name, double value, double min, double max);

/* NULL for a kind that is not in the table. */
const loss_row *losses_row(lws_loss_kind kind);

#endif
