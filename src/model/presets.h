/* The networks behind the presets: private to this folder. */
#ifndef LWS_PRESETS_H
#define LWS_PRESETS_H

#include "model/model.h"

/* Builds encoder and decoder of a resolved spec. `head` is the length of the encoder's output (latent, or twice that
 * for a VAE). On failure nothing is left to free. */
lws_status presets_build(const lws_model_spec *spec, int head, lws_tensors *tensors, lws_net **encoder,
                         lws_net **decoder);

#endif
