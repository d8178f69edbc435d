/* The plan behind prepare.h: what goes where, settled before any image is decoded. */
#ifndef LWSSIM_PLAN_H
#define LWSSIM_PLAN_H

#include <lwssim/prepare.h>

#include "partition.h"
#include "recipe.h"
#include "source.h"

typedef struct lws_plan_shard {
    lws_split split;
    int index;            /* among the shards of its split */
    int64_t first, count; /* in plan->images */
    bool dropped;         /* all images of its split were bad: there will be no file */
} lws_plan_shard;

struct lws_prepare {
    lws_prepare_options options;
    lws_recipe recipe;
    char recipe_text[512];
    lws_source *source;              /* NULL: synthetic */
    int threads;                     /* that may read the source */
    int64_t listed;                  /* images in the source, or synthetic faces */
    char partition[LWS_CONFIG_TEXT]; /* the partition file in use, "" for none */
    lws_partition_report partition_report;
    int64_t *images; /* indices into the source: the train images, then valid, test */
    int64_t images_in_split[LWS_SPLITS];
    int shards_in_split[LWS_SPLITS];
    lws_plan_shard *shards;
    int shard_count;
    char first_problem[1024]; /* of the images this process has seen */
};

/* Bytes of one prepared image. */
size_t lws_plan_row_bytes(const lws_prepare *plan);

/* The file of shard `shard`, under its temporary or its final name; malloc()ed, NULL when out of
 * memory. */
char *lws_plan_shard_path(const lws_prepare *plan, int shard, bool temporary);

/* The name of an image, given its index in the source; `buffer` is used where it has to be made up.
 */
const char *lws_plan_image_name(const lws_prepare *plan, int64_t image, char buffer[32]);

#endif
