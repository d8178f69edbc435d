/* The presets by name, and a model's specification filled in and built by its preset. */
#include "presets.h"

#include "loss/loss_table.h"

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

const char *lws_model_name(lws_model_kind kind)
{
    static const char *const names[] = {[LWS_MODEL_AE] = "ae", [LWS_MODEL_VAE] = "vae", [LWS_MODEL_MMD_AE] = "mmd-ae"};
    return names[kind];
}

double lws_model_recon_weight(lws_model_kind kind, lws_loss_kind loss, lws_shape image)
{
    double pixels = (double)lws_shape_size(image);
    switch (kind) {
    case LWS_MODEL_VAE:
        return pixels / 2 * lws_loss_fair_weight(loss);
    case LWS_MODEL_MMD_AE:
        return pixels / 5 * lws_loss_fair_weight(loss);
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
