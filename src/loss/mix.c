/* Mix (Zhao et al. 2017): the product of luminance and of contrast and structure over several widths of one Gaussian,
 * and the absolute error under the widest. A window stands at every pixel; docs/losses.md has the form that is
 * computed.
 *
 * One channel at a time. Window means and all that is made of them are transposed planes [w, h], see kernels/blur.h. */
#include "losses.h"

#include "sum.h"
#include "variance.h"

#include "base/simd.h"
#include "kernels/blur.h"

#include <math.h>
#include <string.h>

#define SIGMA_MIN .1
#define SIGMA_MAX 32
#define REACH_MIN 1
#define REACH_MAX 6
#define CONSTANT_MIN 1e-9
#define CONSTANT_MAX .999999999

typedef struct mix_options {
    lws_config_list sigmas;
    double reach, alpha, k1, k2;
} mix_options;

#define AT(field) offsetof(mix_options, field)
#define REAL(name, field, initial, min, max, help)                                                                     \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, AT(field), initial, min, max, NULL, help, NULL                                          \
    }

static const lws_config_key keys[] = {
    {"mix-sigmas", LWS_CONFIG_REALS, AT(sigmas), "0.5,1,2,4,8", SIGMA_MIN, SIGMA_MAX, NULL,
     "mix: deviations of the Gaussian windows in pixels", NULL},
    REAL("mix-reach", reach, "3", REACH_MIN, REACH_MAX,
         "mix: radius of a window in deviations; what it has outside of "
         "the image is left out"),
    REAL("mix-alpha", alpha, "0.84", 0, 1, "mix: weight of the structural part; the absolute error has the rest"),
    REAL("mix-k1", k1, "0.01", CONSTANT_MIN, CONSTANT_MAX, "mix: C1 = k1²"),
    REAL("mix-k2", k2, "0.03", CONSTANT_MIN, CONSTANT_MAX, "mix: C2 = k2²"),
};

static mix_options options_of(const lws_loss_spec *spec)
{
    mix_options o;
    memcpy(&o, spec->own, sizeof o);
    return o;
}

static lws_status check(const lws_loss_spec *spec, int h, int w)
{
    (void)h, (void)w; /* windows are cut to the image, whatever its size */
    const mix_options o = options_of(spec);
    if (o.sigmas.count < 1 || o.sigmas.count > LWS_CONFIG_LIST)
        return lws_fail(LWS_ERR_USAGE, "loss: mix-sigmas has %d values; between 1 and %d are possible", o.sigmas.count,
                        LWS_CONFIG_LIST);
    for (int i = 0; i < o.sigmas.count; i++)
        LWS_TRY(loss_check_range("mix-sigmas", o.sigmas.value[i], SIGMA_MIN, SIGMA_MAX));
    LWS_TRY(loss_check_range("mix-reach", o.reach, REACH_MIN, REACH_MAX));
    LWS_TRY(loss_check_range("mix-alpha", o.alpha, 0, 1));
    LWS_TRY(loss_check_range("mix-k1", o.k1, CONSTANT_MIN, CONSTANT_MAX));
    return loss_check_range("mix-k2", o.k2, CONSTANT_MIN, CONSTANT_MAX);
}

typedef struct mix_state {
    double alpha, c1, c2;
    int count, widest; /* windows, and which of them has the luminance and the absolute error */
    lws_blur blur[];
} mix_state;

static size_t state_size(const lws_loss_spec *spec)
{
    return sizeof(mix_state) + (size_t)options_of(spec).sigmas.count * sizeof(lws_blur);
}

static void prepare(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    const mix_options o = options_of(spec);
    mix_state *s = state;
    *s = (mix_state){.alpha = o.alpha, .c1 = o.k1 * o.k1, .c2 = o.k2 * o.k2, .count = o.sigmas.count};
    for (int i = 0; i < s->count; i++) {
        double sigma = o.sigmas.value[i];
        s->blur[i] = lws_blur_gaussian(sigma, (int)ceil(o.reach * sigma));
        if (sigma > o.sigmas.value[s->widest])
            s->widest = i;
    }
}

/* What becomes of the means of a window width, in their places. The sums that they are from stood over the pixels of
 * the image alone, so both directions divide by the weight of these: `a` and `du` have that of the way back. */
typedef struct parts {
    double *q;      /* <e>, then <e> - d · <y> */
    double *a;      /* <y>, then the derivative of d by <e²> / 2 */
    double *d;      /* <e²>, then d = 1 - c · s */
    double *before; /* <x² + y²>, then 1 - the product of all c · s before this one */
} parts;

typedef struct workspace {
    int h, w;
    double *y, *e, *e2, *x2y2; /* [h, w] */
    double *u, *du;            /* 1 - l and its derivative by <e>, at the widest window */
    double *loss, *after;      /* 1 - the product so far; the product of all factors after one, times a factor */
    double *gradient, *blur;   /* [h, w]; room for two planes */
    double *over_h, *over_w;   /* 1 / the weight inside, of the windows at each row and column */
    double *share_h, *share_w; /* what a row and column weigh in the absolute error, 1 on the average */
    double *part;              /* four planes for each window */
} workspace;

enum { PLANES = 11, PART_PLANES = 4 };

static size_t scratch(const void *state, int h, int w, int c)
{
    (void)c;
    const mix_state *s = state;
    size_t n = (size_t)h * (size_t)w;
    return ((PLANES + PART_PLANES * (size_t)s->count) * n + 2 * ((size_t)h + (size_t)w)) * sizeof(double);
}

static workspace workspace_at(double *block, int h, int w)
{
    workspace s = {.h = h, .w = w};
    size_t n = (size_t)h * (size_t)w;
    double **plane[] = {&s.y, &s.e, &s.e2, &s.x2y2, &s.u, &s.du, &s.loss, &s.after, &s.gradient, &s.blur};
    for (size_t i = 0; i < sizeof plane / sizeof *plane; i++)
        *plane[i] = block + i * n;
    s.over_h = block + PLANES * n;
    s.over_w = s.over_h + h;
    s.share_h = s.over_w + w;
    s.share_w = s.share_h + h;
    s.part = s.share_w + w;
    return s;
}

static parts parts_of(const workspace *s, int window)
{
    size_t n = (size_t)s->h * (size_t)s->w;
    double *at = s->part + PART_PLANES * n * (size_t)window;
    return (parts){at, at + n, at + 2 * n, at + 3 * n};
}

/* One channel of an image, widened. */
static void load(const loss_image *image, int channel, workspace *s)
{
    size_t n = (size_t)s->h * (size_t)s->w, step = (size_t)image->c;
    const float *x = image->x + channel, *y = image->y + channel;
    for (size_t i = 0; i < n; i++) {
        double vx = (double)x[i * step], vy = (double)y[i * step], e = vy - vx;
        s->y[i] = vy;
        s->e[i] = e;
        s->e2[i] = e * e;
        s->x2y2[i] = vx * vx + vy * vy;
    }
}

typedef struct row_scale {
    double c;    /* C1 or C2 */
    double over; /* 1 / the weight inside in the other direction */
} row_scale;

LWS_VARIANTS(static, void, luminance,
             (size_t n, row_scale s, const double *restrict over, const double *restrict sum_e,
              const double *restrict sum_y, double *restrict u, double *restrict du),
             (n, s, over, sum_e, sum_y, u, du))
{
    for (size_t i = 0; i < n; i++) {
        double back = s.over * over[i], me = sum_e[i] * back, my = sum_y[i] * back, mx = my - me;
        double inv_b1 = 1 / (mx * mx + my * my + s.c);
        u[i] = me * me * inv_b1;
        du[i] = back * (2 * me * inv_b1) * (1 - me * my * inv_b1);
    }
}

/* In place, see `parts`. */
LWS_VARIANTS(static, void, structure,
             (size_t n, row_scale s, const double *restrict over, double *restrict e_q, double *restrict y_a,
              double *restrict e2_d, const double *restrict x2y2),
             (n, s, over, e_q, y_a, e2_d, x2y2))
{
    for (size_t i = 0; i < n; i++) {
        double back = s.over * over[i], me = e_q[i] * back, my = y_a[i] * back, mx = my - me;
        double inv_b2 = 1 / (at_least_0(x2y2[i] * back - (mx * mx + my * my)) + s.c);
        double d = at_least_0(e2_d[i] * back - me * me) * inv_b2;
        e_q[i] = me - d * my;
        y_a[i] = 2 * back * inv_b2;
        e2_d[i] = d;
    }
}

/* 1 - (1 - loss)(1 - d), in a form that keeps the digits of small numbers. */
LWS_VARIANTS(static, void, join, (size_t n, const double *restrict d, double *restrict before, double *restrict loss),
             (n, d, before, loss))
{
    for (size_t i = 0; i < n; i++) {
        before[i] = loss[i];
        loss[i] = before[i] + d[i] * (1 - before[i]);
    }
}

/* The luminance is the last factor, so the way back begins with it. */
LWS_VARIANTS(static, void, join_luminance,
             (size_t n, double factor, const double *restrict u, double *restrict du, double *restrict loss,
              double *restrict after),
             (n, factor, u, du, loss, after))
{
    for (size_t i = 0; i < n; i++) {
        double before = loss[i];
        loss[i] = before + u[i] * (1 - before);
        du[i] *= factor * (1 - before);
        after[i] = factor * (1 - u[i]);
    }
}

/* From a factor's parts to the coefficients of e, y and 1, in a, d and q; and on to the factor before. */
LWS_VARIANTS(static, void, separate,
             (size_t n, const double *restrict before, double *restrict a, double *restrict d, double *restrict q,
              double *restrict after),
             (n, before, a, d, q, after))
{
    for (size_t i = 0; i < n; i++) {
        double others = (1 - before[i]) * after[i], vd = d[i];
        a[i] *= others;
        d[i] = -a[i] * vd;
        q[i] = -a[i] * q[i];
        after[i] *= 1 - vd;
    }
}

LWS_VARIANTS(static, void, add, (size_t n, const double *restrict v, double *restrict sum), (n, v, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += v[i];
}

LWS_VARIANTS(static, void, add_products,
             (size_t n, const double *restrict v, const double *restrict w, double *restrict sum), (n, v, w, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += v[i] * w[i];
}

/* A row of the absolute error, and its gradient. */
LWS_VARIANTS(static, void, distances,
             (size_t n, const double *restrict share, double weight, double factor, const double *restrict e,
              double *restrict distance, double *restrict gradient),
             (n, share, weight, factor, e, distance, gradient))
{
    for (size_t i = 0; i < n; i++) {
        double sign = (e[i] > 0 ? 1 : 0) - (e[i] < 0 ? 1 : 0);
        distance[i] = weight * share[i] * fabs(e[i]);
        gradient[i] = factor * (weight * share[i]) * sign;
    }
}

static void reciprocals(const lws_blur *blur, int n, double *over)
{
    lws_blur_inside(blur, n, over);
    for (int i = 0; i < n; i++)
        over[i] = 1 / over[i];
}

/* What a pixel weighs in all windows together. */
static void shares(const lws_blur *blur, int n, const double *over, double *share)
{
    for (int i = 0; i < n; i++) {
        int first = i > blur->radius ? i - blur->radius : 0, end = n - i <= blur->radius ? n : i + blur->radius + 1;
        share[i] = 0;
        for (int t = first; t < end; t++)
            share[i] += blur->tap[t - i + blur->radius] * over[t];
    }
}

/* Means over one window width, and the factor that they make. */
static void forward(const mix_state *state, int window, workspace *s)
{
    const lws_blur *blur = &state->blur[window];
    size_t n = (size_t)s->h;
    parts p = parts_of(s, window);
    const double *const from[] = {s->e, s->y, s->e2, s->x2y2};
    double *const to[] = {p.q, p.a, p.d, p.before};
    for (int k = 0; k < 4; k++)
        lws_blur_sums(blur, s->h, s->w, from[k], to[k], s->blur);
    reciprocals(blur, s->h, s->over_h);
    reciprocals(blur, s->w, s->over_w);
    for (int j = 0; j < s->w; j++) {
        size_t at = (size_t)j * n;
        if (window == state->widest)
            luminance(n, (row_scale){state->c1, s->over_w[j]}, s->over_h, p.q + at, p.a + at, s->u + at, s->du + at);
        structure(n, (row_scale){state->c2, s->over_w[j]}, s->over_h, p.q + at, p.a + at, p.d + at, p.before + at);
    }
    join(n * (size_t)s->w, p.d, p.before, s->loss);
    if (window == state->widest) {
        shares(blur, s->h, s->over_h, s->share_h);
        shares(blur, s->w, s->over_w, s->share_w);
    }
}

/* The gradient of a factor, and all behind it, to the image. */
static void backward(const mix_state *state, int window, workspace *s)
{
    size_t n = (size_t)s->h * (size_t)s->w;
    parts p = parts_of(s, window);
    separate(n, p.before, p.a, p.d, p.q, s->after);
    if (window == state->widest)
        add(n, s->du, p.q);
    double *const coefficient[] = {p.a, p.d, p.q};
    for (int k = 0; k < 3; k++)
        lws_blur_sums(&state->blur[window], s->w, s->h, coefficient[k], coefficient[k], s->blur);
    add_products(n, p.a, s->e, s->gradient);
    add_products(n, p.d, s->y, s->gradient);
    add(n, p.q, s->gradient);
}

/* The loss of a channel, and factor times its gradient in the workspace where that is wanted. */
static double channel_loss(const mix_state *state, double factor, bool gradient, workspace *s)
{
    size_t n = (size_t)s->h * (size_t)s->w, row = (size_t)s->w;
    double pixels = (double)n, *distance = s->e2;
    memset(s->loss, 0, n * sizeof *s->loss);
    for (int i = 0; i < state->count; i++)
        forward(state, i, s);
    join_luminance(n, factor * state->alpha / pixels, s->u, s->du, s->loss, s->after);
    for (int i = 0; i < s->h; i++)
        distances(row, s->share_w, s->share_h[i], factor * (1 - state->alpha) / pixels, s->e + (size_t)i * row,
                  distance + (size_t)i * row, s->gradient + (size_t)i * row);
    for (int i = state->count - 1; gradient && i >= 0; i--)
        backward(state, i, s);
    return (state->alpha * loss_sum(n, s->loss) + (1 - state->alpha) * loss_sum(n, distance)) / pixels;
}

static double eval(const void *state, const loss_image *image)
{
    workspace s = workspace_at(image->scratch, image->h, image->w);
    size_t n = (size_t)s.h * (size_t)s.w, step = (size_t)image->c;
    double value = 0;
    for (int k = 0; k < image->c; k++) {
        load(image, k, &s);
        value += channel_loss(state, image->scale / image->c, image->dy, &s);
        for (size_t i = 0; image->dy && i < n; i++)
            image->dy[i * step + (size_t)k] = (float)s.gradient[i];
    }
    return value / image->c;
}

/* The fair weight: measured as that of MAE (see mae.c), on the checkpoints of seed 1 with four batches of 64 images
 * each: .16 at step 50, then .1 (November 2026). */
const loss_row loss_mix = {
    .summary = "MS-SSIM and absolute error, mixed (Zhao et al. 2017)",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .options_size = sizeof(mix_options),
    .check = check,
    .state_size = state_size,
    .prepare = prepare,
    .scratch = scratch,
    .eval = eval,
    .fair_weight = .1,
};
