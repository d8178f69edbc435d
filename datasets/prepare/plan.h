/* The plan behind prepare.h: what goes where, settled before any image is decoded. */
#ifndef LWSSIM_PLAN_H
#define LWSSIM_PLAN_H

#include "datasets/prepare/prepare.h"

#include "celeba.h"
#include "partition.h"
#include "recipe.h"
#include "datasets/sources/source.h"

typedef struct lws_plan_shard {
    lws_split split;
    int index;            /* among the shards of its split */
    int64_t first, count; /* in plan->images */
} lws_plan_shard;

struct lws_prepare {
    lws_prepare_options options;
    lws_recipe recipe;
    char recipe_text[512];
    lws_source *source;
    int threads;                     /* that may read the source */
    int64_t listed;                  /* images in the source */
    bool is_celeba;                  /* by names and sizes, by the name of a folder, or as is asked for */
    bool is_inferred;                /* the recipe, by names and sizes */
    char partition[LWS_CONFIG_TEXT]; /* the partition file in use, "" for none */
    bool is_list_inside;             /* it is the source's `list` */
    bool is_official;                /* it is Celeb-A's own */
    lws_partition_report partition_report;
    int64_t *images; /* indices into the source: the train images, then valid, test */
    int64_t images_in_split[LWS_SPLITS];
    int shards_in_split[LWS_SPLITS];
    lws_plan_shard *shards;
    int shard_count;
    char first_problem[1024]; /* of the images this process has seen */

    int lock;                      /* of the output folder; -1: none */
    char token[LWS_PREPARE_TOKEN]; /* "": not begun in this process */
    bool is_replacing;             /* past the point from where it can only go forward */
};

/* Bytes of one prepared image. */
size_t lws_plan_row_bytes(const lws_prepare *plan);

/* The file of shard `shard` under its temporary name; malloc()ed, NULL when out of memory. */
char *lws_plan_shard_path(const lws_prepare *plan, int shard);

/* report.c: writes the report to `path`. LWS_ERR_IO. */
lws_status lws_plan_write_report(const lws_prepare *plan, const lws_prepare_result *results,
                                 const char *const *problems, const char *path);

#endif
