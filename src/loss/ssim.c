/* SSIM over one window (Wang et al. 2004): luminance times contrast and structure. */
#include "structural_loss.h"

static void resolve_options(void *options)
{
    structural_options *o = options;
    if (o->k1 == 0)
        o->k1 = STRUCTURAL_K1;
}

static void read_options(const void *options, lws_loss_spec *spec)
{
    const structural_options *o = options;
    structural_read_constants(o, spec);
    spec->levels = 1;
    spec->window[0] = (int)o->ssim_window;
    spec->weight[0] = 1;
    spec->gaussian = o->ssim_shape == 1;
}

static const structural_form form = {.product = true};

static lws_status check(const lws_loss_spec *spec, int h, int w)
{
    if (spec->levels > 1)
        return lws_fail(LWS_ERR_USAGE, "loss: ssim takes one window, not %d", spec->levels);
    return structural_check(spec, form, h, w);
}

static void prepare(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, form, state);
}

const loss_row loss_ssim = {
    .summary = "1 - SSIM (Wang et al. 2004)",
    .keys = structural_keys,
    .key_count = STRUCTURAL_KEYS,
    .options_size = sizeof(structural_options),
    .check_options = structural_check_options,
    .resolve_options = resolve_options,
    .read_options = read_options,
    .check = check,
    .state_size = structural_state_size,
    .prepare = prepare,
    .scratch = structural_loss_scratch,
    .eval = structural_eval,
    .fair_weight = STRUCTURAL_FAIR_WEIGHT,
};
