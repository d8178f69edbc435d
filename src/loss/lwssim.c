/* LWSSIM (Lu 2019): luminance plus contrast and structure, summed over windows of several sizes. */
#include "structural_loss.h"

static void read_options(const void *options, lws_loss_spec *spec)
{
    const structural_options *o = options;
    structural_read_options(o, spec);
    spec->levels = o->windows.count;
    spec->gaussian = o->window_shape == 1;
    for (int i = 0; i < spec->levels; i++) {
        spec->window[i] = (int)o->windows.value[i];
        spec->weight[i] = o->window_weights.value[o->window_weights.count == 1 ? 0 : i];
    }
}

static void prepare(const lws_loss_spec *spec, int h, int w, int c, void *state)
{
    (void)h, (void)w, (void)c;
    structural_prepare(spec, false, state);
}

const loss_row loss_lwssim = {
    .summary = "2 - LWSSIM (Lu 2019), the mean over windows of several sizes",
    .keys = structural_keys,
    .key_count = STRUCTURAL_KEYS,
    .options_size = sizeof(structural_options),
    .check_options = structural_check_options,
    .read_options = read_options,
    .check = structural_check,
    .state_size = structural_state_size,
    .prepare = prepare,
    .scratch = structural_loss_scratch,
    .eval = structural_eval,
    .fair_weight = STRUCTURAL_FAIR_WEIGHT,
};
