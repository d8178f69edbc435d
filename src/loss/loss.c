/* A loss for images of one size: checked, with memory for all its threads, over any number of images. Which loss it is,
 * the table's row knows. */
#include <lwssim/loss.h>

#include "losses.h"

#include "base/arena.h"
#include "base/profile.h"
#include "base/simd.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lws_loss {
    const loss_row *row;
    int h, w, c, threads;
    size_t per_thread; /* bytes of scratch, a multiple of 64 */
    lws_arena state, scratch;
};

/* The state first: how much scratch is needed, it says. */
static lws_status prepare(lws_loss *loss, const lws_loss_spec *spec)
{
    const loss_row *row = loss->row;
    if (row->state_size) {
        LWS_TRY(lws_arena_create(&loss->state, row->state_size(spec), "the loss"));
        row->prepare(spec, loss->h, loss->w, loss->c, loss->state.base);
    }
    loss->per_thread = (row->scratch(loss->state.base, loss->h, loss->w, loss->c) + 63) / 64 * 64;
    return lws_arena_create(&loss->scratch, loss->per_thread * (size_t)loss->threads, "the loss");
}

lws_status lws_loss_create(const lws_loss_spec *spec, int h, int w, int c, lws_loss **out)
{
    const loss_row *row = losses_row(spec->kind);
    *out = NULL;
    if (!row)
        return lws_fail(LWS_ERR_USAGE, "there is no loss number %d: there are %s, from 0", spec->kind,
                        lws_loss_choices);
    if (h < 1 || w < 1 || c < 1)
        return lws_fail(LWS_ERR_USAGE, "loss: images of %d × %d × %d have no pixels", h, w, c);
    if (row->check)
        LWS_TRY(row->check(spec, h, w));
    LWS_TRY(lws_arch_check());
    lws_loss *loss = calloc(1, sizeof *loss);
    if (!loss)
        return lws_fail(LWS_ERR_MEMORY, "out of memory setting up the loss");
    *loss = (lws_loss){.row = row, .h = h, .w = w, .c = c, .threads = omp_get_max_threads()};
    lws_status status = prepare(loss, spec);
    if (status != LWS_OK) {
        lws_loss_destroy(loss);
        return status;
    }
    *out = loss;
    return LWS_OK;
}

void lws_loss_destroy(lws_loss *loss)
{
    if (!loss)
        return;
    lws_arena_destroy(&loss->state);
    lws_arena_destroy(&loss->scratch);
    free(loss);
}

LWS_VARIANTS(static, uint32_t, count_not_finite, (size_t n, const float *v), (n, v))
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        count += (bits & 0x7f800000u) == 0x7f800000u;
    }
    return count;
}

/* One image, on this thread's scratch. */
static double eval_image(const lws_loss *loss, const float *x, const float *y, double scale, float *dy)
{
    char *scratch = loss->scratch.base + loss->per_thread * (size_t)omp_get_thread_num();
    const loss_image image = {loss->h, loss->w, loss->c, x, y, scale, dy, scratch};
    return loss->row->eval(loss->state.base, &image);
}

lws_status lws_loss_eval(lws_loss *loss, int n, const float *x, const float *y, double scale, double *value, float *dy)
{
    LWS_PROFILE_IN("loss", "loss");
    size_t image = (size_t)loss->h * loss->w * loss->c;
    int bad = 0; /* 1: an original is not finite, 2: a reconstruction */
#pragma omp parallel for schedule(static) num_threads(loss->threads) reduction(max : bad)
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)i * image;
        if (count_not_finite(image, x + at))
            bad = 1;
        else if (count_not_finite(image, y + at))
            bad = 2;
        else
            value[i] = eval_image(loss, x + at, y + at, scale, dy ? dy + at : NULL);
    }
    if (bad)
        return lws_fail(LWS_ERR_NUMERIC, "loss: %s holds a value that is not finite",
                        bad == 1 ? "an original image" : "a reconstruction");
    return LWS_OK;
}
