/* The network of DCGAN (Radford et al. 2016): 4×4 kernels at stride 2 halve the sides down to 4 to 7 pixels while the
 * channels double up to eight times the base; the decoder is the mirror image. */
#include "presets.h"

#include <stdio.h>

static int channels_at(const lws_model_spec *spec, int level)
{
    return spec->base_channels << (level < 3 ? level : 3);
}

lws_status dcgan_build(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder)
{
    lws_shape image = spec->image, side[8];
    int levels = 0;
    char name[32];
    side[0] = image;
    while (levels < 7 && side[levels].h % 2 == 0 && side[levels].w % 2 == 0 && side[levels].h >= 8 &&
           side[levels].w >= 8) {
        side[levels + 1] = (lws_shape){side[levels].h / 2, side[levels].w / 2, channels_at(spec, levels)};
        levels++;
    }
    if (levels < 1 || side[levels].h > 7 || side[levels].w > 7)
        return lws_fail(LWS_ERR_USAGE,
                        "preset %s cannot take images of %d × %d: it halves the sides "
                        "until 4 to 7 pixels are left. Prepare them at 16, 32, 48, 64, 96, 128 or 256.",
                        lws_preset_name(spec->preset), image.h, image.w);
    for (int i = 1; i <= levels; i++) {
        snprintf(name, sizeof name, "conv%d", i);
        LWS_TRY(lws_net_conv(encoder, name, side[i], (lws_conv_spec){4, 2, 1, .gain = GAIN_RELU}));
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(encoder, name, true));
    }
    LWS_TRY(lws_net_dense(encoder, "dense", (lws_shape){1, 1, head}, true, GAIN_LINEAR));

    LWS_TRY(lws_net_dense(decoder, "dense", side[levels], false, GAIN_RELU));
    LWS_TRY(lws_net_batchnorm(decoder, "bn0", true));
    for (int i = 1; i <= levels; i++) {
        bool last = i == levels;
        lws_conv_spec conv = {4, 2, 1, .bias = last, .gain = last ? GAIN_LINEAR : GAIN_RELU};
        snprintf(name, sizeof name, "deconv%d", i);
        LWS_TRY(lws_net_conv_transpose(decoder, name, side[levels - i], conv));
        if (last)
            break;
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(decoder, name, true));
    }
    return lws_net_sigmoid(decoder);
}
