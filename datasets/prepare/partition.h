/* Which image goes to which split: by a partition file as Celeb-A's, or by fractions. */
#ifndef LWSSIM_PARTITION_H
#define LWSSIM_PARTITION_H

#include "data/dataset.h"
#include "datasets/sources/source.h"

/* An assignment: for every image of a listing its split, or LWS_SPLITS for none. */
typedef uint8_t lws_assignment;

enum { LWS_PARTITION_SHOWN = 20 }; /* names of each kind that a report lists */

/* What did not fit between a partition file and the images. Owns its names. */
typedef struct lws_partition_report {
    int64_t lines;           /* names in the file */
    int64_t absent;          /* named in the file, not among the images */
    int64_t unlisted;        /* images that the file does not name */
    int64_t repeated_lines;  /* names that the file gives twice (with the same split) */
    int64_t repeated_images; /* images with the base name of another */
    int64_t by_stem;         /* images whose names fit but for their folders or extension */
    char *absent_names[LWS_PARTITION_SHOWN], *unlisted_names[LWS_PARTITION_SHOWN];
    char *repeated_names[LWS_PARTITION_SHOWN]; /* of lines or images */
    int repeated_shown;
} lws_partition_report;

/* Reads a partition file (its form: partition_file.h) and assigns source's images to split[count]. A row names the
 * image of its path, or with fewer folders before it; what is left over on both sides is compared without folders and
 * extension, and taken where that is unambiguous. LWS_ERR_IO, LWS_ERR_MEMORY; LWS_ERR_FORMAT names file and line of
 * what is malformed or contradicts an earlier line. */
lws_status lws_partition_read(const char *path, const lws_source *source, lws_assignment *split,
                              lws_partition_report *report);

/* The same of a text [length + 1], ended by a zero, which is altered; `path` is its name in messages. */
lws_status lws_partition_read_text(const char *path, char *text, size_t length, const lws_source *source,
                                   lws_assignment *split, lws_partition_report *report);

/* partition_report.c: keeps the name, the `at`th of its kind, while there is room; it counts nothing but what is shown.
 */
void lws_partition_show(char **names, int64_t at, const char *name);
void lws_partition_show_repeated(lws_partition_report *report, const char *name);
void lws_partition_report_free(lws_partition_report *report);

/* Assigns `count` images at random, a pure function of (seed, count): exactly round(fraction × count) of them to valid
 * and test, the rest to train. */
void lws_partition_random(uint64_t seed, int64_t count, const double fraction[LWS_SPLITS], lws_assignment *split);

/* Leaves `limit` of the assigned images in, the first of each split, in proportion to the splits.
 */
void lws_partition_limit(int64_t count, int64_t limit, lws_assignment *split);

/* Images in each split. */
void lws_partition_count(int64_t count, const lws_assignment *split, int64_t in_split[LWS_SPLITS]);

#endif
