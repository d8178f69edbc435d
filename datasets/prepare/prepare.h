/* From images to a dataset folder (dataset.h): list, decode, crop, resize, write, verify, rename.
 *
 * The work is cut into shards before any image is decoded, by the listing alone, so the shards are
 * the same bytes for any number of ranks. They get their final names only when every one of them is
 * written and verified; a dataset that stands there is whole until then. This module knows no
 * ranks: the caller deals out the shards and brings the results together.
 *
 *   plan          every process
 *   begin         one process
 *   join          every other process
 *   shard i       one process for each; then the results of all go to all
 *   complete i    the process that made it; then all wait for each other
 *   publish       the process that began
 *   discard       the process that began, where any of these failed
 *
 * Killed at any moment, the old dataset is there, or the new one, or lws_dataset_open refuses the folder and the next
 * begin repairs it. */
#ifndef LWSSIM_PREPARE_H
#define LWSSIM_PREPARE_H

#include "base/config.h"
#include "data/dataset.h"

/* The options of `lwssim prepare`; the table gives their meaning and defaults. */
typedef struct lws_prepare_options {
    char input[LWS_CONFIG_TEXT]; /* folder or archive; "" with synthetic */
    char output[LWS_CONFIG_TEXT];
    int recipe;                 /* auto | celeba | folder | synthetic */
    int64_t synthetic;          /* number of faces, 0: images from input */
    char crop[LWS_CONFIG_TEXT]; /* "140", "140x120", "square", "none"; "": the recipe's */
    int64_t size;               /* side of the square result */
    bool grey;
    int filter;                      /* lanczos | area */
    char partition[LWS_CONFIG_TEXT]; /* Celeb-A's list_eval_partition.txt, "" for none */
    char split[LWS_CONFIG_TEXT];     /* "0.8,0.1,0.1"; ignored with a partition */
    int64_t shards;                  /* of the largest split, 0: by size */
    int64_t limit;                   /* at most so many images, 0: all */
    int64_t seed;                    /* synthetic faces and the split */
    bool strict;                     /* a bad image is an error */
    bool overwrite;                  /* replace a dataset that stands in output, in the end */
} lws_prepare_options;

extern const lws_config_table lws_prepare_table;

/* What `input` may be, "a folder or zip of JPEG, PNG, …", for people: writes it to `text` and returns it. */
enum { LWS_PREPARE_INPUTS = 256 };
const char *lws_prepare_inputs(char text[LWS_PREPARE_INPUTS]);

typedef struct lws_prepare lws_prepare;

/* What became of one shard. Plain data: travels between processes as bytes. */
typedef struct lws_prepare_result {
    int64_t rows, skipped;
} lws_prepare_result;

/* Checks the options, lists the images, assigns them to splits and shards. The same on every process. Owned by the
 * caller: lws_prepare_free. LWS_ERR_USAGE, LWS_ERR_IO, LWS_ERR_FORMAT (archive, partition file), LWS_ERR_MEMORY.
 *
 * Shards: each split is cut into runs of equal length, about 64 MB of pixels each, or with `shards` into as many for
 * the largest split and the others in proportion (at least one). A shard is held in memory while it is made, so one of
 * more than 1 GB is refused. */
lws_status lws_prepare_plan(const lws_prepare_options *options, lws_prepare **out);
void lws_prepare_free(lws_prepare *plan);

int lws_prepare_shards(const lws_prepare *plan);
int64_t lws_prepare_images(const lws_prepare *plan, int shard); /* listed for this shard */

/* Says on the terminal what was inferred (recipe, crop, split and where it comes from), and warns of what is left out:
 * by the process that prints, once all have the same plan. */
void lws_prepare_tell(const lws_prepare *plan);

/* What the plan would do, in lines "name = value", equal for equal plans: for comparing those of several processes. The
 * caller frees it; NULL when out of memory. */
char *lws_prepare_describe(const lws_prepare *plan);

/* Before the first shard: one process makes the folder and locks it until lws_prepare_free. Refuses one that holds a
 * dataset (without overwrite), one that holds no dataset but something else, and one where a file that is no shard has
 * the name of a shard. Finishes a replacement that was killed, clears away what an interrupted run left, and checks
 * that the disk has room. On failure no file is left and no dataset changed, but for those two repairs; a folder that
 * was made stays. LWS_ERR_USAGE, LWS_ERR_IO (also where another job has the folder). */
lws_status lws_prepare_begin(lws_prepare *plan);

/* What tells this preparation from others: the process that began gives it to all others, which join with it and so
 * make sure that they see the same folder. LWS_ERR_IO where not. */
enum { LWS_PREPARE_TOKEN = 33 };
const char *lws_prepare_token(const lws_prepare *plan);
lws_status lws_prepare_join(const lws_prepare *plan, const char *token);

/* Decodes and writes shard `shard` under its temporary name, with all threads of this process. progress(user, done) is
 * called now and then from one thread with the number of images done in this shard; NULL is fine. *digests (malloc()ed,
 * result->rows values) and *problems (malloc()ed text, one "NAME: reason" line an image skipped; "" for none) are the
 * caller's to free(). With strict, the first bad image is an error that names it. On failure nothing is left on disk.
 * LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status lws_prepare_shard(lws_prepare *plan, int shard, void (*progress)(void *user, int64_t done), void *user,
                             lws_prepare_result *result, uint64_t **digests, char **problems);

/* Completes the shard that this process wrote: `results` [shards] and `digests` (all shards' in order) come from all
 * processes. Writes the attributes, flushes the file to disk and verifies it. A split all of whose images are bad has
 * no shard file at all. LWS_ERR_FORMAT where that goes for all splits; LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_prepare_complete(lws_prepare *plan, int shard, const lws_prepare_result *results,
                                const uint64_t *digests);

/* When all shards are complete: the process that began writes LWS_PREPARE_REPORT (counts, partition mismatches, every
 * skipped image with its reason; `problems` has one text a shard, or NULL), and puts everything in the place of what
 * was there. LWS_ERR_IO, LWS_ERR_USAGE where somebody has put other files there meanwhile. */
#define LWS_PREPARE_REPORT "prepare-report.txt"
lws_status lws_prepare_publish(lws_prepare *plan, const lws_prepare_result *results, const char *const *problems);

/* After a failure, when all processes have stopped: removes all temporary files. */
void lws_prepare_discard(lws_prepare *plan);

#endif
