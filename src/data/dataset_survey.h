/* What the images of a dataset are like, for people who look at it before they train. */
#ifndef LWSSIM_DATASET_SURVEY_H
#define LWSSIM_DATASET_SURVEY_H

#include "data/dataset.h"

enum { LWS_SURVEY_CHANNELS = 3 };

/* Of each channel, over all pixels, in [0, 1]; the deviation is that of the pixels themselves, not of a sample. */
typedef struct lws_channel_stats {
    double mean[LWS_SURVEY_CHANNELS], deviation[LWS_SURVEY_CHANNELS];
} lws_channel_stats;

/* Those of a split that is not empty. Reads all its images, and checks them as lws_dataset_read does: LWS_ERR_FORMAT.
 * Not collective. */
lws_status lws_dataset_channels(const lws_dataset *dataset, lws_channel_stats *out);

typedef struct lws_dataset_place {
    lws_split split;
    int64_t row;
} lws_dataset_place;

/* An image that equals, in every pixel, one that stands before it: in an earlier split, or higher up in its own. */
typedef struct lws_dataset_repeat {
    lws_dataset_place image, first;
} lws_dataset_repeat;

/* All such images of a dataset whose splits are open as of[split]: *repeats [*count], in the order of the images;
 * malloc()ed, the caller's. LWS_ERR_MEMORY. Not collective. */
lws_status lws_dataset_repeats(const lws_dataset *const of[LWS_SPLITS], lws_dataset_repeat **repeats, int64_t *count);

#endif
