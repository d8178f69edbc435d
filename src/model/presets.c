/* The presets by name, and a model's specification filled in and built by its preset. */
#include "presets.h"

static const struct preset {
    const char *name;
    network_build *build;
    int base_channels, latent;
} presets[] = {
#define ROW(name, network, base_channels, latent) {#name, network##_build, base_channels, latent},
    PRESETS(ROW)
#undef ROW
};

#define CHOICE(name, network, base_channels, latent) "|" #name
const char *const lws_preset_choices = &PRESETS(CHOICE)[1];
#undef CHOICE

int lws_preset_count(void)
{
    return (int)(sizeof presets / sizeof *presets);
}

const char *lws_preset_name(int preset)
{
    return presets[preset].name;
}

lws_status lws_model_resolve(lws_model_spec *spec)
{
    if (spec->preset < 0 || spec->preset >= lws_preset_count())
        return lws_fail(LWS_ERR_USAGE, "unknown preset %d; there are %s", spec->preset, lws_preset_choices);
    const struct preset *p = &presets[spec->preset];
    if (spec->base_channels == 0)
        spec->base_channels = p->base_channels;
    if (spec->latent == 0)
        spec->latent = p->latent;
    if (spec->recon_weight == 0)
        spec->recon_weight = lws_model_recon_weight(spec->kind, spec->loss.kind, spec->image);
    return LWS_OK;
}

double lws_model_recon_weight(lws_model_kind kind, lws_loss_kind loss, lws_shape image)
{
    /* |∇ MSE| / |∇ loss| with respect to all parameters, at one common early checkpoint: dcgan64, base 32, trained with
     * MSE on Celeb-A; .052 to .072 between steps 50 and 200 of two seeds (tests/peer/fair_weights.py). */
    static const double same_norm[] = {[LWS_LOSS_MSE] = 1, [LWS_LOSS_SSIM] = .07, [LWS_LOSS_LWSSIM] = .07};
    double pixels = (double)lws_shape_size(image);
    switch (kind) {
    case LWS_MODEL_VAE:
        return pixels / 2 * same_norm[loss];
    case LWS_MODEL_MMD_AE:
        return pixels / 5 * same_norm[loss];
    default:
        return 1;
    }
}

lws_status presets_build(const lws_model_spec *spec, int head, lws_tensors *tensors, lws_net **encoder,
                         lws_net **decoder)
{
    *encoder = *decoder = NULL;
    lws_status status = lws_net_create("encoder", spec->image, tensors, encoder);
    if (status == LWS_OK)
        status = lws_net_create("decoder", (lws_shape){1, 1, spec->latent}, tensors, decoder);
    if (status == LWS_OK)
        status = presets[spec->preset].build(spec, head, *encoder, *decoder);
    if (status != LWS_OK) {
        lws_net_destroy(*encoder);
        lws_net_destroy(*decoder);
        *encoder = *decoder = NULL;
    }
    return status;
}
