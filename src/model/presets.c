#include "presets.h"

#include <stdio.h>

/* Variance gains: 2 keeps the variance through ReLU (He et al. 2015), 1 through a linear map. */
#define GAIN_RELU 2.0
#define GAIN_LINEAR 1.0

typedef lws_status build_function(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder);
static build_function build_dcgan, build_wae;

static const struct preset {
    const char *name;
    int base_channels, latent;
    build_function *build;
} presets[] = {
    {"dcgan64", 64, 128, build_dcgan},
    {"wae64", 128, 64, build_wae},
    {"tiny16", 8, 16, build_dcgan},
};

lws_status lws_model_resolve(lws_model_spec *spec)
{
    if (spec->preset < 0 || spec->preset >= (int)(sizeof presets / sizeof *presets))
        return lws_fail(LWS_ERR_USAGE, "unknown preset %d; there are %s", spec->preset, LWS_PRESETS);
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

/* DCGAN: Radford et al. 2016. 4×4 kernels at stride 2 halve the sides down to 4 to 7 pixels while the channels
 * double up to eight times the base; the decoder is the mirror image. */
static int dcgan_channels(const lws_model_spec *spec, int level)
{
    return spec->base_channels << (level < 3 ? level : 3);
}

static lws_status build_dcgan(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder)
{
    lws_shape image = spec->image, side[8];
    int levels = 0;
    char name[32];
    side[0] = image;
    while (levels < 7 && side[levels].h % 2 == 0 && side[levels].w % 2 == 0 && side[levels].h >= 8 &&
           side[levels].w >= 8) {
        side[levels + 1] = (lws_shape){side[levels].h / 2, side[levels].w / 2, dcgan_channels(spec, levels)};
        levels++;
    }
    if (levels < 1 || side[levels].h > 7 || side[levels].w > 7)
        return lws_fail(LWS_ERR_USAGE,
                        "preset %s cannot take images of %d × %d: it halves the sides "
                        "until 4 to 7 pixels are left. Prepare them at 16, 32, 48, 64, 96, 128 or 256.",
                        presets[spec->preset].name, image.h, image.w);
    for (int i = 1; i <= levels; i++) {
        snprintf(name, sizeof name, "conv%d", i);
        LWS_TRY(lws_net_conv(encoder, name, side[i], 4, 2, 1, false, GAIN_RELU));
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(encoder, name, true));
    }
    LWS_TRY(lws_net_dense(encoder, "dense", (lws_shape){1, 1, head}, true, GAIN_LINEAR));

    LWS_TRY(lws_net_dense(decoder, "dense", side[levels], false, GAIN_RELU));
    LWS_TRY(lws_net_batchnorm(decoder, "bn0", true));
    for (int i = 1; i <= levels; i++) {
        bool last = i == levels;
        lws_shape out = side[levels - i];
        snprintf(name, sizeof name, "deconv%d", i);
        LWS_TRY(lws_net_conv_transpose(decoder, name, out, 4, 2, 1, last, last ? GAIN_LINEAR : GAIN_RELU));
        if (last)
            break;
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(decoder, name, true));
    }
    return lws_net_sigmoid(decoder);
}

/* The network of Wasserstein auto-encoders (Tolstikhin et al. 2018): 5×5 kernels with TensorFlow's SAME padding, the
 * decoder starting at an eighth of the side. The output is a sigmoid on [0, 1]. */
static lws_status build_wae(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder)
{
    lws_shape at = spec->image;
    char name[32];
    if (at.h % 16 || at.w % 16)
        return lws_fail(LWS_ERR_USAGE,
                        "preset wae64 cannot take images of %d × %d: the sides must be "
                        "multiples of 16",
                        at.h, at.w);
    for (int i = 0; i < 4; i++) {
        at = (lws_shape){at.h / 2, at.w / 2, spec->base_channels << i};
        snprintf(name, sizeof name, "conv%d", i + 1);
        LWS_TRY(lws_net_conv(encoder, name, at, 5, 2, 1, false, GAIN_RELU));
        snprintf(name, sizeof name, "bn%d", i + 1);
        LWS_TRY(lws_net_batchnorm(encoder, name, true));
    }
    LWS_TRY(lws_net_dense(encoder, "dense", (lws_shape){1, 1, head}, true, GAIN_LINEAR));

    at = (lws_shape){spec->image.h / 8, spec->image.w / 8, spec->base_channels << 3};
    LWS_TRY(lws_net_dense(decoder, "dense", at, true, GAIN_RELU));
    LWS_TRY(lws_net_relu(decoder));
    for (int i = 1; i <= 3; i++) {
        at = (lws_shape){at.h * 2, at.w * 2, spec->base_channels << (3 - i)};
        snprintf(name, sizeof name, "deconv%d", i);
        LWS_TRY(lws_net_conv_transpose(decoder, name, at, 5, 2, 1, false, GAIN_RELU));
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(decoder, name, true));
    }
    LWS_TRY(lws_net_conv_transpose(decoder, "deconv4", spec->image, 5, 1, 2, true, GAIN_LINEAR));
    return lws_net_sigmoid(decoder);
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
