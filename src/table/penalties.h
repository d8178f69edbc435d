/* The penalties on the codes of images that a model was not trained on: private to this folder. */
#ifndef LWS_TABLE_PENALTIES_H
#define LWS_TABLE_PENALTIES_H

#include "data/dataset.h"
#include "inference/inference.h"

typedef struct penalties {
    double kl;  /* VAE: mean over the images; NaN for other models */
    double mmd; /* MMD-AE: mean over batches, as training estimates it; NaN for other models */
} penalties;

/* Of all images of a split. The images are cut into batches as in training and these dealt to the ranks, so every
 * digit is the same for any number of ranks. Draws from the prior follow from the run's seed and the number of the
 * batch, so that models of one seed are held against the same ones. Images left over from the last batch have no
 * part in the MMD, unless there is no other batch. Collective. Agreed: LWS_ERR_MEMORY and those of
 * lws_dataset_read(). */
lws_status penalties_of(lws_comm *comm, const lws_inference_model *trained, const lws_dataset *dataset,
                        penalties *result);

#endif
