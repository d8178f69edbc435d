/* The format of a shard: an HDF5 file with images of one split of a dataset.
 *
 * Its name is SPLIT-SSSSS-of-NNNNN.h5: shard S of N, with five digits, SPLIT one of train, valid, test. While it is
 * being made it is .NAME.partial. It has
 *
 *   object            type            what
 *   /images           uint8 [n,H,W,C] pixels, row by row from the top; C is 1 (grey) or 3 (red, green, blue)
 *   /digests          uint64 [n]      lws_digest64 of each image's pixels
 *   /names            text [n]        which images they are: the names of their sources
 *
 *   attributes of /   type            what
 *   names_digest      text            lws_digest over /names, each with a terminating zero
 *   split             text            "train"
 *   shard, shards     whole numbers   S and N
 *   first_row         whole number    rows of the split in the shards before this one
 *   rows_in_split     whole number
 *   rows_by_split     text            "train:7000,valid:500,test:500"
 *   shards_by_split   text            "train:8,valid:1,test:1"; 0 where a split has no rows
 *   recipe            text            what was done to the images
 *   digest            text            lws_digest over /digests
 *   split_digest      text            lws_digest over the /digests of all shards of the split, in order
 *   schema            whole number    1; written last: a file without it was not finished
 *
 * in that order, whose bytes depend on the content alone (no time stamps). Text may be of fixed or any length, whole
 * numbers of any width.
 *
 * A file is a valid shard if and only if
 *
 *   (1)  HDF5 reads it, with plain links, its own filters and no raw data in other files;
 *   (2)  schema is 1;
 *   (3)  split is one of the three;
 *   (4)  rows_by_split and shards_by_split have the form above, no split more than 99999 shards;
 *   (5)  digest and split_digest are of 32 characters, and there is a recipe;
 *   (6)  /images is uint8 [n, H, W, C] with 1 <= H, W <= 65536, C 1 or 3, and in one piece (neither chunked nor
 *        compressed), as it is mapped into memory;
 *   (7)  0 <= shard < shards = shards_by_split[split], 0 <= first_row <= rows_in_split - n, and
 *        rows_in_split = rows_by_split[split];
 *   (8)  /digests is uint64 [n], and digest is theirs;
 *   (9)  the file ends no sooner than /images does;
 *   (10) /names is text [n], and names_digest is theirs;
 *   (11) each image has its digest.
 *
 * lws_shard_header_read checks (1) to (8), lws_shard_map_open (9), and lws_shard_verify all. Whoever reads an image
 * checks (11) for it. What shards must have in common to be a dataset stands in dataset.h. */
#ifndef LWSSIM_SHARD_FORMAT_H
#define LWSSIM_SHARD_FORMAT_H

#include "data/h5.h"
#include "data/shard.h"

enum { SHARD_SCHEMA = 1, SHARD_SIDE_MAX = 65536 };

#define SHARD_IMAGES "/images"
#define SHARD_DIGESTS "/digests"
#define SHARD_NAMES "/names"

#define SHARD_NAMES_DIGEST "names_digest"
#define SHARD_SPLIT "split"
#define SHARD_SHARD "shard"
#define SHARD_SHARDS "shards"
#define SHARD_FIRST_ROW "first_row"
#define SHARD_ROWS_IN_SPLIT "rows_in_split"
#define SHARD_ROWS_BY_SPLIT "rows_by_split"
#define SHARD_SHARDS_BY_SPLIT "shards_by_split"
#define SHARD_RECIPE "recipe"
#define SHARD_DIGEST "digest"
#define SHARD_SPLIT_DIGEST "split_digest"
#define SHARD_SCHEMA_NAME "schema"

/* (3) LWS_SPLITS where the text is none. */
lws_split shard_parse_split(const char *text);

/* (4) false where the text is not of that form; values are >= 0. */
bool shard_parse_by_split(const char *text, int64_t value[LWS_SPLITS]);

/* Is an open file meant as a shard, whatever else is in it? LWS_ERR_FORMAT, LWS_ERR_IO. */
lws_status shard_is_marked(lws_h5 *file, bool *is_marked);

#endif
