/* The networks behind the presets: private to this folder.
 *
 * A preset is a row of PRESETS: its name, the network, and the channels and codes that it has unless others are asked
 * for. A network is a file with a function NETWORK_build, which the rows alone declare. */
#ifndef LWS_PRESETS_H
#define LWS_PRESETS_H

#include "model/model.h"

/* In the order of their numbers. */
#define PRESETS(ROW)                                                                                                   \
    ROW(dcgan64, dcgan, 64, 128)                                                                                       \
    ROW(wae64, wae, 128, 64)                                                                                           \
    ROW(tiny16, dcgan, 8, 16)

/* Appends the layers of a resolved spec to two empty nets. `head` is the length of the encoder's output (latent, or
 * twice that for a VAE). LWS_ERR_USAGE where it cannot take the image's size; LWS_ERR_MEMORY. */
typedef lws_status network_build(const lws_model_spec *spec, int head, lws_net *encoder, lws_net *decoder);

#define PRESETS_DECLARE(name, network, base_channels, latent) network_build network##_build;
PRESETS(PRESETS_DECLARE)

/* Variance gains: 2 keeps the variance through ReLU (He et al. 2015), 1 through a linear map. */
#define GAIN_RELU 2.0
#define GAIN_LINEAR 1.0

/* Builds encoder and decoder of a resolved spec. On failure (as above) nothing is left to free. */
lws_status presets_build(const lws_model_spec *spec, int head, lws_tensors *tensors, lws_net **encoder,
                         lws_net **decoder);

#endif
