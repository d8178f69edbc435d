/* Ranks agree on the images that they work on, as on all else that enters the result (comm/agreement.h). */
#ifndef LWSSIM_AGREE_IMAGES_H
#define LWSSIM_AGREE_IMAGES_H

#include "comm/comm.h"
#include "data/dataset.h"

/* The images of splits that all ranks have opened: size, number and digest, not the place. Errors are agreed:
 * LWS_ERR_RANKS, with one message that names the first rank that differs from rank 0, its host and the two values;
 * LWS_ERR_MEMORY. Collective. */
lws_status lws_agree_on_images(lws_comm *comm, int count, const lws_split *split, const lws_dataset *const *dataset);

#endif
