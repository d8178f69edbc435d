#include <lwssim/loss.h>

#include "structural.h"
#include "structural_box.h"

#include "base/arena.h"
#include "base/profile.h"
#include "base/simd.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lws_loss {
    lws_loss_spec spec;
    int h, w, c, threads;
    level levels[LWS_LOSS_LEVELS];
    double weight[LWS_LOSS_LEVELS]; /* sums to the mean of the spec's */
    bool box;                       /* structural_box serves all levels at once; else a level at a time */
    size_t per_thread;              /* bytes, a multiple of 64 */
    lws_arena memory;
};

lws_loss_spec lws_loss_defaults(lws_loss_kind kind)
{
    lws_loss_spec spec = {.kind = kind, .alpha = 1, .beta = 1, .gamma = 1, .k1 = .01, .k2 = .03};
    if (kind == LWS_LOSS_SSIM) {
        spec.levels = 1;
        spec.window[0] = 11;
        spec.weight[0] = 1;
        spec.gaussian = true;
        spec.sigma = 1.5;
    } else if (kind == LWS_LOSS_LWSSIM) {
        static const int sides[] = {3, 7, 11};
        spec.levels = 3;
        for (int i = 0; i < 3; i++) {
            spec.window[i] = sides[i];
            spec.weight[i] = 1;
        }
    }
    return spec;
}

static lws_status check_exponent(const char *name, double value)
{
    if (!(value >= 0 && value <= 4))
        return lws_fail(LWS_ERR_USAGE, "loss: %s = %g is outside [0, 4]", name, value);
    return LWS_OK;
}

static lws_status check_constant(const char *name, double value)
{
    if (!(value > 0 && value < 1))
        return lws_fail(LWS_ERR_USAGE, "loss: %s = %g is outside (0, 1)", name, value);
    return LWS_OK;
}

static lws_status check_spec(const lws_loss_spec *s, int h, int w)
{
    int side = h < w ? h : w;
    double total = 0;
    if (s->kind == LWS_LOSS_MSE)
        return LWS_OK;
    if (s->levels < 1 || s->levels > LWS_LOSS_LEVELS)
        return lws_fail(LWS_ERR_USAGE, "loss: %d windows; between 1 and %d are possible", s->levels, LWS_LOSS_LEVELS);
    if (s->kind == LWS_LOSS_SSIM && s->levels != 1)
        return lws_fail(LWS_ERR_USAGE, "loss: ssim takes one window, not %d", s->levels);
    for (int i = 0; i < s->levels; i++) {
        if (s->window[i] < 1 || s->window[i] > side || s->window[i] > LWS_WINDOW_MAX)
            return lws_fail(LWS_ERR_USAGE,
                            "loss: a window of %d pixels does not fit: images are "
                            "%d × %d, so windows may have 1 to %d pixels a side",
                            s->window[i], h, w, side < LWS_WINDOW_MAX ? side : LWS_WINDOW_MAX);
        if (!(s->weight[i] >= 0 && s->weight[i] <= 1e300))
            return lws_fail(LWS_ERR_USAGE, "loss: the weight %g of window %d is not a number >= 0", s->weight[i],
                            s->window[i]);
        total += s->weight[i];
    }
    if (total == 0)
        return lws_fail(LWS_ERR_USAGE, "loss: all window weights are 0; at least one must be positive");
    if (!(s->sigma >= 0 && s->sigma <= 1e6))
        return lws_fail(LWS_ERR_USAGE, "loss: sigma = %g is not a number >= 0", s->sigma);
    LWS_TRY(check_exponent("alpha", s->alpha));
    LWS_TRY(check_exponent("beta", s->beta));
    LWS_TRY(check_exponent("gamma", s->gamma));
    LWS_TRY(check_constant("k1", s->k1));
    LWS_TRY(check_constant("k2", s->k2));
    return s->c3 == 0 ? LWS_OK : check_constant("c3", s->c3);
}

static level make_level(const lws_loss_spec *s, int i)
{
    double sigma = s->sigma > 0 ? s->sigma : s->window[i] * 1.5 / 11;
    double c2 = s->k2 * s->k2;
    return (level){
        .window = s->gaussian ? lws_window_gaussian(s->window[i], sigma) : lws_window_box(s->window[i]),
        .product = s->kind == LWS_LOSS_SSIM,
        .c1 = s->k1 * s->k1,
        .c2 = c2,
        .c3 = s->c3 > 0 ? s->c3 : c2 / 2,
        .alpha = s->alpha,
        .beta = s->beta,
        .gamma = s->gamma,
        .covariance = 1,
    };
}

static bool is_difference_form(const level *lv)
{
    return lv->alpha == 1 && lv->beta == 1 && lv->gamma == 1 && lv->c3 == lv->c2 / 2;
}

/* Bytes for an image. */
static size_t image_scratch(const lws_loss *loss)
{
    size_t n = (size_t)loss->h * loss->w * loss->c, size;
    if (loss->box)
        size = structural_box_size(loss->spec.levels, loss->levels, loss->h, loss->w, loss->c);
    else /* x, y, e and the gradient, then the levels' scratch */
        size = (4 * n + structural_scratch_size(loss->h, loss->w, loss->c)) * sizeof(double);
    return (size + 63) / 64 * 64;
}

lws_status lws_loss_create(const lws_loss_spec *spec, int h, int w, int c, lws_loss **out)
{
    *out = NULL;
    if (h < 1 || w < 1 || c < 1)
        return lws_fail(LWS_ERR_USAGE, "loss: images of %d × %d × %d have no pixels", h, w, c);
    LWS_TRY(check_spec(spec, h, w));
    LWS_TRY(lws_arch_check());
    lws_loss *loss = calloc(1, sizeof *loss);
    if (!loss)
        return lws_fail(LWS_ERR_MEMORY, "out of memory setting up the loss");
    loss->spec = *spec;
    loss->h = h;
    loss->w = w;
    loss->c = c;
    loss->threads = omp_get_max_threads();
    for (int i = 0; spec->kind != LWS_LOSS_MSE && i < spec->levels; i++) {
        loss->levels[i] = make_level(spec, i);
        loss->weight[i] = spec->weight[i] / spec->levels;
    }
    loss->box = spec->kind != LWS_LOSS_MSE && !spec->gaussian && is_difference_form(&loss->levels[0]);
    loss->per_thread = image_scratch(loss);
    lws_status status = lws_arena_create(&loss->memory, loss->per_thread * loss->threads, "the loss");
    if (status != LWS_OK) {
        free(loss);
        return status;
    }
    *out = loss;
    return LWS_OK;
}

void lws_loss_destroy(lws_loss *loss)
{
    if (!loss)
        return;
    lws_arena_destroy(&loss->memory);
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

LWS_VARIANTS(static, void, widen,
             (size_t n, const float *restrict x32, const float *restrict y32, double *restrict x, double *restrict y,
              double *restrict e),
             (n, x32, y32, x, y, e))
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)x32[i];
        y[i] = (double)y32[i];
        e[i] = y[i] - x[i];
    }
}

LWS_VARIANTS(static, void, narrow, (size_t n, const double *restrict v, float *restrict out), (n, v, out))
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)v[i];
}

LWS_VARIANTS(static, void, mse_terms,
             (size_t n, const double *restrict e, double factor, double *restrict gradient, double *restrict square),
             (n, e, factor, gradient, square))
{
    for (size_t i = 0; i < n; i++) {
        gradient[i] = factor * e[i];
        square[i] = e[i] * e[i];
    }
}

static double image_loss(const lws_loss *loss, const float *x32, const float *y32, double scale, float *dy, void *block)
{
    const lws_loss_spec *spec = &loss->spec;
    size_t n = (size_t)loss->h * loss->w * loss->c;
    double *x = block, *y = x + n, *e = y + n, *gradient = e + n, value = 0;
    if (loss->box)
        return structural_box(spec->levels, loss->levels, loss->weight, loss->h, loss->w, loss->c, x32, y32, scale, dy,
                              block);
    widen(n, x32, y32, x, y, e);
    if (spec->kind == LWS_LOSS_MSE) {
        double *square = gradient + n;
        mse_terms(n, e, 2 * scale / (double)n, gradient, square);
        value = structural_sum(n, square) / (double)n;
    } else {
        structural_scratch s = structural_scratch_at(gradient + n, loss->h, loss->w, loss->c);
        memset(gradient, 0, n * sizeof *gradient);
        for (int i = 0; i < spec->levels; i++) {
            const level *lv = &loss->levels[i];
            double weight = loss->weight[i];
            double *to = dy ? gradient : NULL;
            value +=
                weight * (is_difference_form(lv)
                              ? structural_level(lv, loss->h, loss->w, loss->c, x, y, e, scale * weight, to, s)
                              : structural_level_general(lv, loss->h, loss->w, loss->c, x, y, scale * weight, to, s));
        }
    }
    if (dy)
        narrow(n, gradient, dy);
    return value;
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
            value[i] = image_loss(loss, x + at, y + at, scale, dy ? dy + at : NULL,
                                  loss->memory.base + loss->per_thread * (size_t)omp_get_thread_num());
    }
    if (bad)
        return lws_fail(LWS_ERR_NUMERIC, "loss: %s holds a value that is not finite",
                        bad == 1 ? "an original image" : "a reconstruction");
    return LWS_OK;
}
