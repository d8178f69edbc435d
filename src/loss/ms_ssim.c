/* MS-SSIM over three scales (Wang, Simoncelli & Bovik 2003): contrast and structure at each, luminance at the coarsest,
 * as the metric MS-SSIM-3 has them, but for powers of small and negative means; see docs/losses.md.
 *
 * Scales halve by 2×2 means. The gradient of each scale's mean is found beside the mean, before it is known what it
 * weighs in the product, and goes to the finer scales at the end. */
#include "losses.h"

#include "variance.h"

#include "base/simd.h"
#include "kernels/window.h"

#include <math.h>
#include <string.h>

enum { SCALES = 3, SHRINK = 4 }; /* the coarsest has a fourth of the sides */
#define POWER_FROM 1e-2          /* below, its tangent */
#define WEIGHT_MAX 4
#define CONSTANT_MIN 1e-9
#define CONSTANT_MAX .999999999

typedef struct ms_ssim_options {
    int64_t window;
    lws_config_list weights;
    double k1, k2;
} ms_ssim_options;

#define AT(field) offsetof(ms_ssim_options, field)
#define REAL(name, field, initial, help)                                                                               \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, AT(field), initial, CONSTANT_MIN, CONSTANT_MAX, NULL, help, NULL                        \
    }

static const lws_config_key keys[] = {
    {"ms-ssim-window", LWS_CONFIG_INT, AT(window), "11", 1, LWS_WINDOW_MAX, NULL,
     "ms-ssim-3: side of the Gaussian window, deviation 1.5/11 of it; images need four times as many pixels a side",
     NULL},
    {"ms-ssim-weights", LWS_CONFIG_REALS, AT(weights), "0.071055,0.452974,0.475971", 0, WEIGHT_MAX, NULL,
     "ms-ssim-3: exponents of the three scales, the finest first", NULL},
    REAL("ms-ssim-k1", k1, "0.01", "ms-ssim-3: C1 = k1²"),
    REAL("ms-ssim-k2", k2, "0.03", "ms-ssim-3: C2 = k2²"),
};

static ms_ssim_options options_of(const lws_loss_spec *spec)
{
    ms_ssim_options o;
    memcpy(&o, spec->own, sizeof o);
    return o;
}

static lws_status check_options(const void *options)
{
    const ms_ssim_options *o = options;
    if (o->weights.count != SCALES)
        return lws_fail(LWS_ERR_USAGE, "ms-ssim-weights has %d values for %d scales", o->weights.count, SCALES);
    return LWS_OK;
}

static lws_status check(const lws_loss_spec *spec, int h, int w)
{
    const ms_ssim_options o = options_of(spec);
    int side = h < w ? h : w;
    LWS_TRY(check_options(&o));
    for (int i = 0; i < SCALES; i++)
        LWS_TRY(loss_check_range("ms-ssim-weights", o.weights.value[i], 0, WEIGHT_MAX));
    LWS_TRY(loss_check_range("ms-ssim-k1", o.k1, CONSTANT_MIN, CONSTANT_MAX));
    LWS_TRY(loss_check_range("ms-ssim-k2", o.k2, CONSTANT_MIN, CONSTANT_MAX));
    LWS_TRY(loss_check_range("ms-ssim-window", (double)o.window, 1, LWS_WINDOW_MAX));
    double structure = o.weights.value[0] + o.weights.value[1] + o.weights.value[2], luminance = o.weights.value[2];
    if (luminance == 0 && (structure == 0 || o.window == 1))
        return lws_fail(LWS_ERR_USAGE,
                        "loss: ms-ssim-weights leave nothing that counts, and the loss would be constant: %s",
                        structure == 0 ? "all are 0" : "windows of one pixel have luminance alone, at the last scale");
    if (side < SHRINK * o.window)
        return lws_fail(
            LWS_ERR_USAGE,
            "loss: ms-ssim-3 needs images of %d pixels a side for its window of %d at the coarsest of three "
            "scales; these are %d × %d. Larger images, or a smaller ms-ssim-window, will do",
            SHRINK * (int)o.window, (int)o.window, w, h);
    return LWS_OK;
}

typedef struct ms_ssim_state {
    lws_window window;
    double c1, c2, weight[SCALES];
} ms_ssim_state;

static size_t state_size(const lws_loss_spec *spec)
{
    (void)spec;
    return sizeof(ms_ssim_state);
}

static void prepare(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    const ms_ssim_options o = options_of(spec);
    ms_ssim_state *s = state;
    s->window = lws_window_gaussian((int)o.window, (double)o.window * 1.5 / 11);
    s->c1 = o.k1 * o.k1;
    s->c2 = o.k2 * o.k2;
    memcpy(s->weight, o.weights.value, sizeof s->weight);
}

/* Images of one scale, [h, w, c], and the gradient of the sum over all windows of 1 - c·s (at the coarsest 1 -
 * l·c·s). */
typedef struct scale {
    int h, w, c;
    double *y, *e, *gradient;
} scale;

enum { IMAGES = 3, PLANES = 6 };

/* Planes of the finest scale's size serve all scales: window means, then their adjoints. */
typedef struct workspace {
    scale scale[SCALES];
    double *plane[PLANES], *window;
    double *loss[SCALES], *factor[SCALES]; /* [c]: the means, and what multiplies `gradient` */
} workspace;

static size_t count(const scale *s)
{
    return (size_t)s->h * (size_t)s->w * (size_t)s->c;
}

/* Lays the workspace out over a block; NULL: counts only. Returns how many doubles it has. */
static size_t lay_out(workspace *s, double *block, int h, int w, int c)
{
    size_t used = 0;
    for (int i = 0; i < SCALES; i++) {
        s->scale[i] =
            (scale){.h = i ? (s->scale[i - 1].h + 1) / 2 : h, .w = i ? (s->scale[i - 1].w + 1) / 2 : w, .c = c};
        double **image[IMAGES] = {&s->scale[i].y, &s->scale[i].e, &s->scale[i].gradient};
        for (int k = 0; k < IMAGES; k++, used += count(&s->scale[i]))
            *image[k] = block ? block + used : NULL;
    }
    for (int k = 0; k < PLANES; k++, used += count(&s->scale[0]))
        s->plane[k] = block ? block + used : NULL;
    for (int i = 0; i < SCALES; i++, used += 2 * (size_t)c) {
        s->loss[i] = block ? block + used : NULL;
        s->factor[i] = block ? block + used + c : NULL;
    }
    s->window = block ? block + used : NULL;
    return used + lws_window_scratch(h, w, c);
}

static size_t scratch(const void *state, int h, int w, int c)
{
    (void)state;
    workspace s;
    return lay_out(&s, NULL, h, w, c) * sizeof(double);
}

LWS_VARIANTS(static, void, load,
             (size_t n, const float *restrict x, const float *restrict y32, double *restrict y, double *restrict e),
             (n, x, y32, y, e))
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)y32[i];
        e[i] = y[i] - (double)x[i];
    }
}

LWS_VARIANTS(static, void, squares,
             (size_t n, const double *restrict y, const double *restrict e, double *restrict e2, double *restrict x2y2),
             (n, y, e, e2, x2y2))
{
    for (size_t i = 0; i < n; i++) {
        double x = y[i] - e[i];
        e2[i] = e[i] * e[i];
        x2y2[i] = x * x + y[i] * y[i];
    }
}

/* 2×2 means. A side of odd length has zeros before its first row, which count, as in pytorch-msssim. */
static void halve(const scale *fine, const double *x, const scale *coarse, double *out)
{
    int c = fine->c;
    memset(out, 0, count(coarse) * sizeof *out);
    for (int i = 0; i < fine->h; i++)
        for (int j = 0; j < fine->w; j++) {
            const double *from = x + ((size_t)i * fine->w + j) * c;
            double *to = out + ((size_t)((i + fine->h % 2) / 2) * coarse->w + (j + fine->w % 2) / 2) * c;
            for (int k = 0; k < c; k++)
                to[k] += from[k] / 4;
        }
}

/* fine = factor · fine, a factor for each channel, + the adjoint of halving applied to coarse (NULL: there is none). */
static void gather(const scale *fine, const double *factor, const scale *coarse)
{
    int c = fine->c;
    for (int i = 0; i < fine->h; i++)
        for (int j = 0; j < fine->w; j++) {
            double *to = fine->gradient + ((size_t)i * fine->w + j) * c;
            for (int k = 0; k < c; k++)
                to[k] *= factor[k];
            if (!coarse)
                continue;
            size_t from = ((size_t)((i + fine->h % 2) / 2) * coarse->w + (j + fine->w % 2) / 2) * c;
            for (int k = 0; k < c; k++)
                to[k] += coarse->gradient[from + k] / 4;
        }
}

typedef struct constants {
    double c1, c2;
    double luminance; /* 1: its factor counts, 0: not */
} constants;

/* From window means to the loss of a window, over <x² + y²>, and to the coefficients of its gradient, e · a + y · b +
 * r, over <e>, <y> and <e²>. */
LWS_VARIANTS(static, void, terms,
             (size_t n, constants k, double *restrict me_a, double *restrict my_b, double *restrict me2_r,
              double *restrict mx2y2_loss),
             (n, k, me_a, my_b, me2_r, mx2y2_loss))
{
    for (size_t i = 0; i < n; i++) {
        double me = me_a[i], my = my_b[i], mx = my - me, squared_means = mx * mx + my * my;
        double inv_b1 = 1 / (squared_means + k.c1), inv_b2 = 1 / (at_least_0(mx2y2_loss[i] - squared_means) + k.c2);
        double u = k.luminance * (me * me * inv_b1);
        double d = at_least_0(me2_r[i] - me * me) * inv_b2;
        double a = 2 * (1 - u) * inv_b2, b = -a * d;
        double du = k.luminance * (2 * me * inv_b1) * (1 - me * my * inv_b1) * (1 - d);
        mx2y2_loss[i] = u + d * (1 - u);
        me_a[i] = a;
        my_b[i] = b;
        me2_r[i] = du - a * me - b * my;
    }
}

LWS_VARIANTS(static, void, combine,
             (size_t n, const double *const *coefficient, const double *restrict e, const double *restrict y,
              double *restrict gradient),
             (n, coefficient, e, y, gradient))
{
    const double *a = coefficient[0], *b = coefficient[1], *r = coefficient[2];
    for (size_t i = 0; i < n; i++)
        gradient[i] = a[i] * e[i] + b[i] * y[i] + r[i];
}

/* The mean loss of each channel at one scale; its gradient times the number of windows where that is wanted. */
static void one_scale(const ms_ssim_state *state, int i, bool gradient, workspace *s)
{
    const scale *at = &s->scale[i];
    int h = at->h, w = at->w, c = at->c, side = state->window.side;
    size_t windows = (size_t)(h - side + 1) * (size_t)(w - side + 1);
    double **mean = s->plane, *e2 = s->plane[4], *x2y2 = s->plane[5], *loss = s->plane[3];
    const double *const of[] = {at->e, at->y, e2, x2y2};
    squares(count(at), at->y, at->e, e2, x2y2);
    for (int k = 0; k < 4; k++)
        lws_window_mean(&state->window, h, w, c, of[k], mean[k], s->window);
    terms(windows * (size_t)c, (constants){state->c1, state->c2, i == SCALES - 1}, mean[0], mean[1], mean[2], loss);
    memset(s->loss[i], 0, (size_t)c * sizeof(double));
    for (size_t j = 0; j < windows; j++)
        for (int k = 0; k < c; k++)
            s->loss[i][k] += loss[j * (size_t)c + (size_t)k];
    for (int k = 0; k < c; k++)
        s->loss[i][k] /= (double)windows;
    double *const spread[] = {s->plane[3], s->plane[4], s->plane[5]};
    for (int k = 0; gradient && k < 3; k++)
        lws_window_adjoint(&state->window, h, w, c, mean[k], spread[k], s->window);
    if (gradient)
        combine(count(at), (const double *const *)spread, at->e, at->y, at->gradient);
}

/* 1 - t^q and its derivative by d, where t = 1 - d; of powers below POWER_FROM the tangent there. */
static double loss_of_power(double d, double q, double *slope)
{
    double from = pow(POWER_FROM, q), tangent = q * from / POWER_FROM, t = 1 - d;
    if (q == 0 || q == 1) {
        *slope = q;
        return q * d;
    }
    if (t < POWER_FROM) {
        *slope = tangent;
        return 1 - (from + tangent * (t - POWER_FROM));
    }
    double loss = -expm1(q * log1p(-d)); /* keeps the digits of a small d */
    *slope = q * (1 - loss) / t;
    return loss;
}

/* The loss from the scales' means, and for each the factor of its gradient. */
static double product(const ms_ssim_state *state, double weight, workspace *s)
{
    int c = s->scale[0].c, side = state->window.side;
    double sum = 0;
    for (int k = 0; k < c; k++) {
        double loss = 0, part[SCALES], slope[SCALES];
        for (int i = 0; i < SCALES; i++) {
            part[i] = loss_of_power(s->loss[i][k], state->weight[i], &slope[i]);
            loss += part[i] * (1 - loss);
        }
        for (int i = 0; i < SCALES; i++) {
            double windows = (double)(s->scale[i].h - side + 1) * (s->scale[i].w - side + 1);
            s->factor[i][k] = weight / c * slope[i] / windows;
            for (int other = 0; other < SCALES; other++)
                s->factor[i][k] *= other == i ? 1 : 1 - part[other];
        }
        sum += loss;
    }
    return sum / c;
}

static double eval(const void *state, const loss_image *image)
{
    workspace s;
    lay_out(&s, image->scratch, image->h, image->w, image->c);
    load(count(&s.scale[0]), image->x, image->y, s.scale[0].y, s.scale[0].e);
    for (int i = 0; i < SCALES; i++) {
        one_scale(state, i, image->dy, &s);
        if (i == SCALES - 1)
            break;
        halve(&s.scale[i], s.scale[i].y, &s.scale[i + 1], s.scale[i + 1].y);
        halve(&s.scale[i], s.scale[i].e, &s.scale[i + 1], s.scale[i + 1].e);
    }
    double value = product(state, image->scale, &s);
    for (int i = SCALES - 1; image->dy && i >= 0; i--)
        gather(&s.scale[i], s.factor[i], i < SCALES - 1 ? &s.scale[i + 1] : NULL);
    for (size_t i = 0; image->dy && i < count(&s.scale[0]); i++)
        image->dy[i] = (float)s.scale[0].gradient[i];
    return value;
}

/* The fair weight: measured as that of MAE (see mae.c), on the checkpoints of seed 1 with four batches of 64 images
 * each: .047 to .062, where SSIM and LWSSIM had .046 to .066 (November 2026). */
const loss_row loss_ms_ssim = {
    .summary = "1 - MS-SSIM over three scales (Wang et al. 2003)",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(ms_ssim_options),
    .check_options = check_options,
    .check = check,
    .state_size = state_size,
    .prepare = prepare,
    .scratch = scratch,
    .eval = eval,
    .fair_weight = .06,
};
