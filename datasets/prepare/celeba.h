/* What tells that images are those of Celeb-A (Liu et al., ICCV 2015), aligned and cropped, and where its official list
 * of train, valid and test lies. */
#ifndef LWSSIM_CELEBA_H
#define LWSSIM_CELEBA_H

#include "base/config.h"
#include "data/dataset.h"
#include "datasets/sources/source.h"

/* As published: how many images, and how many of them in each split. */
enum { LWS_CELEBA_IMAGES = 202599 };
extern const int64_t lws_celeba_split[LWS_SPLITS];

/* How far the names of an input are Celeb-A's. */
typedef enum lws_celeba_names {
    LWS_CELEBA_OTHER,
    LWS_CELEBA_NUMBERS, /* 000001.jpg to 202599.jpg, which others have, too */
    LWS_CELEBA_FOLDER,  /* img_align_celeba is in the path */
} lws_celeba_names;

lws_celeba_names lws_celeba_look(const char *input, const lws_source *source);

/* *fits: whether a few images, spread over the listing, are all of the published size or half of it. Those that cannot
 * be read do not count. LWS_ERR_MEMORY; LWS_ERR_IO where the source fails. */
lws_status lws_celeba_fits(lws_source *source, bool *fits);

/* Looks for list_eval_partition.txt or .csv in the input folder, beside the input, among the files that the source
 * lists, and one folder higher; in a folder Eval, too (the published drive has Img/ and Eval/). path: "" where there
 * is none. *is_inside: it can be had by the source alone (as its `list`). LWS_ERR_MEMORY. */
lws_status lws_celeba_find_list(const char *input, const lws_source *source, char path[LWS_CONFIG_TEXT],
                                bool *is_inside);

#endif
