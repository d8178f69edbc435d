/* Who takes which cell: private to this folder. Groups of ranks that know nothing of each other claim cells by files
 * that only one can make, in the folder of the table, which all hosts share. So nobody has to answer anybody, and a
 * group that ends leaves the others alone.
 *
 * All functions: one process, whatever the others do; not collective. LWS_ERR_IO where the folder does not take a
 * file. */
#ifndef LWS_TABLE_DEAL_H
#define LWS_TABLE_DEAL_H

#include "base/folder.h"

#include <stdbool.h>

/* A folder that begins with a dot: what a job that was killed has left there is the next one's to clear. */
#define DEAL_FOLDER ".deal"

typedef struct deal {
    char folder[LWS_PATH];
} deal;

/* Where the table of this folder is dealt out. Makes nothing. */
deal deal_in(const char *table);

/* A job begins, before any claim: all claims are free. And ends, after the last. */
lws_status deal_begin(const deal *d);
void deal_end(const deal *d);

/* The first of the numbers from *next to count - 1 that nobody has claimed is the caller's: *number; count: there is
 * none. */
lws_status deal_claim(const deal *d, int next, int count, int *number);

/* Counts one that ended: *order is 1 for the first of all groups. */
lws_status deal_count(const deal *d, int *order);

/* Asks all groups to stop, and whether anybody has. A mark that cannot be made is none. */
void deal_stop(const deal *d);
bool deal_is_stopped(const deal *d);

#endif
