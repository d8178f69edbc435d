/* The network of Wasserstein auto-encoders (Tolstikhin et al. 2018): 5×5 kernels with TensorFlow's SAME padding, the
 * decoder starting at an eighth of the side. The output is a sigmoid on [0, 1]. */
#include "presets.h"

#include <stdio.h>

lws_status wae_build(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder)
{
    lws_shape at = spec->image;
    char name[32];
    if (at.h % 16 || at.w % 16)
        return lws_fail(LWS_ERR_USAGE, "preset %s cannot take images of %d × %d: the sides must be multiples of 16",
                        lws_preset_name(spec->preset), at.h, at.w);
    for (int i = 0; i < 4; i++) {
        at = (lws_shape){at.h / 2, at.w / 2, spec->base_channels << i};
        snprintf(name, sizeof name, "conv%d", i + 1);
        LWS_TRY(lws_net_conv(encoder, name, at, (lws_conv_spec){5, 2, 1, .gain = GAIN_RELU}));
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
        LWS_TRY(lws_net_conv_transpose(decoder, name, at, (lws_conv_spec){5, 2, 1, .gain = GAIN_RELU}));
        snprintf(name, sizeof name, "bn%d", i);
        LWS_TRY(lws_net_batchnorm(decoder, name, true));
    }
    lws_conv_spec last = {5, 1, 2, .bias = true, .gain = GAIN_LINEAR};
    LWS_TRY(lws_net_conv_transpose(decoder, "deconv4", spec->image, last));
    return lws_net_sigmoid(decoder);
}
