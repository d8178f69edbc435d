/* LWSSIM (Lu 2019): luminance plus contrast and structure, summed over windows of several sizes. And the ablation of
 * what it differs in from a multi-scale SSIM (Wang et al. 2003), which multiplies, and takes the luminance at the
 * coarsest scale alone: {sum, product} × {luminance at all windows, at the largest}; these share their keys. */
#include "structural_loss.h"

static const structural_form form_sum = {.product = false};
static const structural_form form_product = {.product = true};
static const structural_form form_sum_coarsest = {.product = false, .coarsest = true};
static const structural_form form_product_coarsest = {.product = true, .coarsest = true};

static lws_status check_sum(const lws_loss_spec *spec, int h, int w)
{
    return structural_check(spec, form_sum, h, w);
}

static lws_status check_product(const lws_loss_spec *spec, int h, int w)
{
    return structural_check(spec, form_product, h, w);
}

static lws_status check_sum_coarsest(const lws_loss_spec *spec, int h, int w)
{
    return structural_check(spec, form_sum_coarsest, h, w);
}

static lws_status check_product_coarsest(const lws_loss_spec *spec, int h, int w)
{
    return structural_check(spec, form_product_coarsest, h, w);
}

static void prepare_sum(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, form_sum, state);
}

static void prepare_product(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, form_product, state);
}

static void prepare_sum_coarsest(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, form_sum_coarsest, state);
}

static void prepare_product_coarsest(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, form_product_coarsest, state);
}

/* Found by trying on the validation images of Celeb-A: nearly the SSIM of SSIM training, the MSE of MSE training, and
 * most of the colour that SSIM loses (docs/losses.md). A window of one pixel is luminance alone. */
static const structural_own own_lwssim = {
    .windows = 2,
    .window = {1, 11},
    .weight = {8, 1},
    .luminance_weight = {-1},
    .gaussian = true,
    .k1 = .5,
};

/* What they are held against takes the windows that nobody has tried. */
static const structural_own own_others = {
    .windows = 3,
    .window = {3, 7, 11},
    .weight = {1, 1, 1},
    .luminance_weight = {-1},
    .k1 = STRUCTURAL_K1,
};

static void resolve_lwssim(void *options)
{
    structural_resolve_options(options, &own_lwssim);
}

static void resolve_others(void *options)
{
    structural_resolve_options(options, &own_others);
}

/* What the four rows have in common. */
#define ROW                                                                                                            \
    .keys = structural_keys, .key_count = STRUCTURAL_KEYS, .options_size = sizeof(structural_options),                 \
    .check_options = structural_check_options, .read_options = structural_read_options,                                \
    .state_size = structural_state_size, .scratch = structural_loss_scratch, .eval = structural_eval

const loss_row loss_lwssim = {
    .summary = "2 - LWSSIM (Lu 2019), the mean over windows of several sizes",
    .check = check_sum,
    .prepare = prepare_sum,
    .resolve_options = resolve_lwssim,
    .fair_weight = .07, /* as STRUCTURAL_FAIR_WEIGHT: .061 to .082, seed 1 */
    ROW,
};

const loss_row loss_lwssim_product = {
    .summary = "1 - SSIM, the mean over windows of several sizes",
    .check = check_product,
    .prepare = prepare_product,
    .resolve_options = resolve_others,
    .fair_weight = STRUCTURAL_FAIR_WEIGHT,
    ROW,
};

const loss_row loss_lwssim_coarsest = {
    .summary = "2 - LWSSIM with the luminance of the largest windows alone",
    .check = check_sum_coarsest,
    .prepare = prepare_sum_coarsest,
    .resolve_options = resolve_others,
    .fair_weight = STRUCTURAL_FAIR_WEIGHT,
    ROW,
};

const loss_row loss_lwssim_product_coarsest = {
    .summary = "1 - SSIM of the largest windows, without luminance of the others",
    .check = check_product_coarsest,
    .prepare = prepare_product_coarsest,
    .resolve_options = resolve_others,
    .fair_weight = STRUCTURAL_FAIR_WEIGHT,
    ROW,
};
