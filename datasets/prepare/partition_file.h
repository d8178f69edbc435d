/* The lines of a partition file, as people's programs write them: Celeb-A's own, Kaggle's comma-separated one, and what
 * an editor or a spreadsheet made of either. */
#ifndef LWSSIM_PARTITION_FILE_H
#define LWSSIM_PARTITION_FILE_H

#include "partition.h"

typedef struct lws_partition_row {
    char *name; /* owned; slashes between folders, if it has any */
    int64_t line;
    lws_assignment split;
    bool used; /* it names an image */
} lws_partition_row;

typedef struct lws_partition_rows {
    lws_partition_row *rows; /* [count], by name, each name once */
    int64_t count, capacity;
} lws_partition_rows;

/* Reads a text to *t; `path` is its name in messages. Lines end with LF, CR LF or CR, and give a name and 0, 1 or
 * 2, with blanks, tabs, commas or semicolons between; either may stand in double quotes. The first line may be a
 * header: two words of letters. The text is altered. Counts of lines and repetitions go to *report. LWS_ERR_MEMORY,
 * LWS_ERR_FORMAT; lws_partition_rows_free in any case. */
lws_status lws_partition_parse(const char *path, char *text, size_t length, lws_partition_rows *t,
                               lws_partition_report *report);
void lws_partition_rows_free(lws_partition_rows *t);

#endif
