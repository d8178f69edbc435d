/* SSIM and LWSSIM as losses: options, checks, and the weighted sum over window sizes; all at once where the windows are
 * uniform and contrast and structure have no exponents, else one after the other. */
#include "structural_loss.h"

#include "structural.h"
#include "structural_box.h"
#include "structural_gauss.h"

#include "base/simd.h"

#include <string.h>

enum { EXPONENT_MAX = 64 };
/* k1 and k2. Beside the squares of pixels that float tells from black C1 has no effect below; from 1e-154 down, where
 * 1/(C1 C2) is no number, black windows are 0/0. */
#define CONSTANT_MIN 1e-9
#define CONSTANT_MAX .999999999

#define AT(field) offsetof(structural_options, field)
#define REAL(name, field, initial, min, max, help)                                                                     \
    {                                                                                                                  \
        name, LWS_CONFIG_REAL, AT(field), initial, min, max, NULL, help, NULL                                          \
    }
#define SHAPE(name, field, initial, help)                                                                              \
    {                                                                                                                  \
        name, LWS_CONFIG_CHOICE, AT(field), initial, 0, 0, "uniform|gaussian", help, NULL                              \
    }

const lws_config_key structural_keys[STRUCTURAL_KEYS] = {
    {"windows", LWS_CONFIG_INTS, AT(windows), "0", 0, LWS_WINDOW_MAX, NULL,
     "lwssim: window sides in pixels; 0: its own, with weights, shape and k1", NULL},
    {"window-weights", LWS_CONFIG_REALS, AT(window_weights), "1", 0, 1e12, NULL,
     "lwssim: weight of each window; one value serves all", NULL},
    {"luminance-weights", LWS_CONFIG_REALS, AT(luminance_weights), "-1", -1, 1e12, NULL,
     "lwssim: of luminance, where that has its own; -1: window-weights", NULL},
    SHAPE("window-shape", window_shape, "uniform", "lwssim: window weighting"),
    {"ssim-window", LWS_CONFIG_INT, AT(ssim_window), "11", 1, LWS_WINDOW_MAX, NULL, "ssim: window side in pixels",
     NULL},
    SHAPE("ssim-shape", ssim_shape, "gaussian", "ssim: window weighting"),
    REAL("sigma", sigma, "0", 0, 1e6, "Gaussian windows: deviation in pixels; 0: 1.5/11 of the side"),
    REAL("alpha", alpha, "1", 0, EXPONENT_MAX, "exponent of luminance"),
    REAL("beta", beta, "1", 0, EXPONENT_MAX, "exponent of contrast"),
    REAL("gamma", gamma, "1", 0, EXPONENT_MAX, "exponent of structure"),
    REAL("k1", k1, "0", 0, CONSTANT_MAX, "C1 = k1²; 0: that of the loss's own windows, else 0.01"),
    REAL("k2", k2, "0.03", CONSTANT_MIN, CONSTANT_MAX, "C2 = k2²"),
    REAL("c3", c3, "0", 0, CONSTANT_MAX, "C3; 0: C2/2"),
};

static lws_status check_count(const char *key, const lws_config_list *list, int windows)
{
    if (list->count == 1 || list->count == windows)
        return LWS_OK;
    return lws_fail(LWS_ERR_USAGE, "%s has %d values for %d windows: give one for each, or one for all", key,
                    list->count, windows);
}

/* Whether luminance has weights of its own. */
static bool is_apart(const lws_config_list *luminance)
{
    return luminance->count != 1 || luminance->value[0] != -1;
}

/* Whether the windows stand for a loss's own. */
static bool is_own(const structural_options *o)
{
    return o->windows.count == 1 && o->windows.value[0] == 0;
}

/* What says nothing without windows. */
static lws_status check_alone(const structural_options *o)
{
    const lws_config_list *weights = &o->window_weights;
    bool is_given = weights->count != 1 || weights->value[0] != 1 || is_apart(&o->luminance_weights);
    if (is_given || o->window_shape != 0)
        return lws_fail(LWS_ERR_USAGE,
                        "%s is given, but no windows: without them LWSSIM has its own, with their "
                        "weights and shape. Give --windows too, such as 3,7,11.",
                        o->window_shape != 0 ? "window-shape" : "window-weights or luminance-weights");
    return LWS_OK;
}

lws_status structural_check_options(const void *options)
{
    const structural_options *o = options;
    const lws_config_list *luminance = &o->luminance_weights;
    if (is_own(o))
        return check_alone(o);
    for (int i = 0; i < o->windows.count; i++)
        if (o->windows.value[i] == 0)
            return lws_fail(LWS_ERR_USAGE,
                            "windows holds 0, which alone stands for LWSSIM's own: sides are 1 and more");
    LWS_TRY(check_count("window-weights", &o->window_weights, o->windows.count));
    LWS_TRY(check_count("luminance-weights", luminance, o->windows.count));
    for (int i = 0; is_apart(luminance) && i < luminance->count; i++)
        if (luminance->value[i] < 0)
            return lws_fail(LWS_ERR_USAGE,
                            "luminance-weights holds %g: weights are >= 0, and a single -1 stands for window-weights",
                            luminance->value[i]);
    return LWS_OK;
}

static void set_list(lws_config_list *list, int count, const double *value)
{
    list->count = count;
    for (int i = 0; i < count; i++)
        list->value[i] = value[i];
}

void structural_resolve_options(void *options, const structural_own *own)
{
    structural_options *o = options;
    bool takes_own = is_own(o);
    if (takes_own) {
        set_list(&o->windows, own->windows, own->window);
        set_list(&o->window_weights, own->windows, own->weight);
        set_list(&o->luminance_weights, own->luminance_weight[0] < 0 ? 1 : own->windows, own->luminance_weight);
        o->window_shape = own->gaussian;
    }
    if (o->k1 == 0)
        o->k1 = takes_own ? own->k1 : STRUCTURAL_K1;
}

static double of_window(const lws_config_list *weights, int i)
{
    return weights->value[weights->count == 1 ? 0 : i];
}

void structural_read_options(const void *options, lws_loss_spec *spec)
{
    const structural_options *o = options;
    structural_read_constants(o, spec);
    spec->levels = o->windows.count;
    spec->gaussian = o->window_shape == 1;
    spec->luminance_apart = is_apart(&o->luminance_weights);
    for (int i = 0; i < spec->levels; i++) {
        spec->window[i] = (int)o->windows.value[i];
        spec->weight[i] = of_window(&o->window_weights, i);
        spec->luminance_weight[i] = spec->luminance_apart ? of_window(&o->luminance_weights, i) : 0;
    }
}

void structural_read_constants(const structural_options *o, lws_loss_spec *spec)
{
    spec->sigma = o->sigma;
    spec->alpha = o->alpha;
    spec->beta = o->beta;
    spec->gamma = o->gamma;
    spec->k1 = o->k1;
    spec->k2 = o->k2;
    spec->c3 = o->c3;
}

static lws_status check_exponent(const char *name, double value)
{
    if (!(value >= 0 && value <= EXPONENT_MAX))
        return lws_fail(LWS_ERR_USAGE, "loss: %s = %g is outside [0, %d]", name, value, EXPONENT_MAX);
    return LWS_OK;
}

static lws_status check_constant(const char *name, double value)
{
    if (!(value >= CONSTANT_MIN && value < 1))
        return lws_fail(LWS_ERR_USAGE, "loss: %s = %g is outside [%g, 1)", name, value, CONSTANT_MIN);
    return LWS_OK;
}

static lws_status check_weight(const char *what, double weight, int window)
{
    if (!(weight >= 0 && weight <= 1e300))
        return lws_fail(LWS_ERR_USAGE, "loss: the %s %g of window %d is not a number >= 0", what, weight, window);
    return LWS_OK;
}

static lws_status check_windows(const lws_loss_spec *s, int h, int w)
{
    int side = h < w ? h : w;
    if (s->levels < 1 || s->levels > LWS_LOSS_LEVELS)
        return lws_fail(LWS_ERR_USAGE, "loss: %d windows; between 1 and %d are possible", s->levels, LWS_LOSS_LEVELS);
    for (int i = 0; i < s->levels; i++) {
        if (s->window[i] < 1 || s->window[i] > side || s->window[i] > LWS_WINDOW_MAX)
            return lws_fail(LWS_ERR_USAGE,
                            "loss: a window of %d pixels does not fit: images are "
                            "%d × %d, so windows may have 1 to %d pixels a side",
                            s->window[i], h, w, side < LWS_WINDOW_MAX ? side : LWS_WINDOW_MAX);
        LWS_TRY(check_weight("weight", s->weight[i], s->window[i]));
        if (s->luminance_apart)
            LWS_TRY(check_weight("weight of luminance", s->luminance_weight[i], s->window[i]));
    }
    return LWS_OK;
}

static lws_status check_ranges(const lws_loss_spec *s, int h, int w)
{
    LWS_TRY(check_windows(s, h, w));
    if (!(s->sigma >= 0 && s->sigma <= 1e6))
        return lws_fail(LWS_ERR_USAGE, "loss: sigma = %g is not a number >= 0", s->sigma);
    LWS_TRY(check_exponent("alpha", s->alpha));
    LWS_TRY(check_exponent("beta", s->beta));
    LWS_TRY(check_exponent("gamma", s->gamma));
    LWS_TRY(check_constant("k1", s->k1));
    LWS_TRY(check_constant("k2", s->k2));
    if (!(s->c3 >= 0 && s->c3 < 1))
        return lws_fail(LWS_ERR_USAGE, "loss: c3 = %g is outside [0, 1)", s->c3);
    return LWS_OK;
}

typedef struct structural_state {
    int levels;
    level level[LWS_LOSS_LEVELS];
    enum { BOX, GAUSS, BY_LEVEL } way; /* which of structural_*.h serves all levels */
    lws_luminance_power power;
} structural_state;

size_t structural_state_size(const lws_loss_spec *spec)
{
    (void)spec;
    return sizeof(structural_state);
}

static int largest_window(const lws_loss_spec *s)
{
    int largest = 0;
    for (int i = 0; i < s->levels; i++)
        largest = s->window[i] > largest ? s->window[i] : largest;
    return largest;
}

/* Where both parts weigh alike the level has that weight, so that the arithmetic is that of a plain sum. */
static void set_weights(const lws_loss_spec *s, structural_form form, int i, level *lv)
{
    bool without = form.coarsest && s->window[i] < largest_window(s);
    double structure = s->weight[i], luminance = structure;
    if (without)
        luminance = 0;
    else if (s->luminance_apart && !form.product)
        luminance = s->luminance_weight[i];
    bool alike = luminance == structure;
    lv->product = form.product && !without;
    lv->weight = (alike ? structure : 1) / s->levels;
    lv->luminance = alike ? 1 : luminance;
    lv->structure = alike ? 1 : structure;
}

static level make_level(const lws_loss_spec *s, int i)
{
    double sigma = s->sigma > 0 ? s->sigma : s->window[i] * 1.5 / 11;
    double c2 = s->k2 * s->k2;
    return (level){
        .window = s->gaussian ? lws_window_gaussian(s->window[i], sigma) : lws_window_box(s->window[i]),
        .c1 = s->k1 * s->k1,
        .c2 = c2,
        .c3 = s->c3 > 0 ? s->c3 : c2 / 2,
        .alpha = s->alpha,
        .beta = s->beta,
        .gamma = s->gamma,
        .covariance = 1,
    };
}

/* Whether anything of it changes with the reconstruction. A window of one pixel has no contrast and no structure. */
static bool counts(const level *lv)
{
    bool luminance = lv->alpha > 0 && lv->luminance > 0;
    bool structure = (lv->beta > 0 || lv->gamma > 0) && lv->window.side > 1 && lv->structure > 0;
    return lv->weight > 0 && (luminance || structure);
}

/* What has no gradient anywhere trains nothing. */
static lws_status refuse_constant(const lws_loss_spec *s, structural_form form)
{
    for (int i = 0; i < s->levels; i++) {
        level lv = make_level(s, i);
        set_weights(s, form, i, &lv);
        if (counts(&lv))
            return LWS_OK;
    }
    return lws_fail(
        LWS_ERR_USAGE,
        "loss: it would be constant, as nothing that counts has a weight (window-weights%s). A window of one "
        "pixel has luminance alone, an exponent of 0 (alpha, beta, gamma) is none%s",
        form.product ? "" : ", luminance-weights",
        form.coarsest ? ", and luminance counts at the largest windows alone" : "");
}

lws_status structural_check(const lws_loss_spec *spec, structural_form form, int h, int w)
{
    lws_loss_spec s = *spec;
    s.luminance_apart = spec->luminance_apart && !form.product; /* whose weights mean nothing to a product */
    LWS_TRY(check_ranges(&s, h, w));
    return refuse_constant(&s, form);
}

void structural_prepare(const lws_loss_spec *spec, structural_form form, void *state)
{
    structural_state *s = state;
    s->levels = spec->levels;
    for (int i = 0; i < spec->levels; i++) {
        s->level[i] = make_level(spec, i);
        set_weights(spec, form, i, &s->level[i]);
        s->level[i].power = &s->power;
    }
    if (spec->alpha != 0 && spec->alpha != 1)
        lws_luminance_power_prepare(spec->alpha, &s->power);
    s->way = !structural_has_difference_form(&s->level[0]) ? BY_LEVEL : spec->gaussian ? GAUSS : BOX;
}

size_t structural_loss_scratch(const void *state, int h, int w, int c)
{
    const structural_state *s = state;
    switch (s->way) {
    case BOX:
        return structural_box_size(s->levels, s->level, h, w, c);
    case GAUSS:
        return structural_gauss_size(s->levels, s->level, h, w, c);
    default: /* x, y and the gradient, then the levels' scratch */
        return (3 * (size_t)h * w * c + structural_scratch_size(h, w, c)) * sizeof(double);
    }
}

LWS_VARIANTS(static, void, to_double, (size_t n, const float *restrict v, double *restrict out), (n, v, out))
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)v[i];
}

LWS_VARIANTS(static, void, to_float, (size_t n, const double *restrict v, float *restrict out), (n, v, out))
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)v[i];
}

static double eval_by_level(const structural_state *s, const loss_image *image)
{
    int h = image->h, w = image->w, c = image->c;
    size_t n = (size_t)h * w * c;
    double *x = image->scratch, *y = x + n, *gradient = y + n, value = 0;
    structural_scratch scratch = structural_scratch_at(gradient + n, h, w, c);
    const structural_pair pair = {h, w, c, x, y};
    to_double(n, image->x, x);
    to_double(n, image->y, y);
    memset(gradient, 0, n * sizeof *gradient);
    for (int i = 0; i < s->levels; i++) {
        const level *lv = &s->level[i];
        double scale = image->scale * lv->weight;
        value += lv->weight * structural_level_general(lv, &pair, scale, image->dy ? gradient : NULL, scratch);
    }
    if (image->dy)
        to_float(n, gradient, image->dy);
    return value;
}

double structural_eval(const void *state, const loss_image *image)
{
    const structural_state *s = state;
    switch (s->way) {
    case BOX:
        return structural_box(s->levels, s->level, image);
    case GAUSS:
        return structural_gauss(s->levels, s->level, image);
    default:
        return eval_by_level(s, image);
    }
}
