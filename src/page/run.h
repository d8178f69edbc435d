/* A run as its folder has it, and the runs of a report. Private to this folder. */
#ifndef PAGE_RUN_H
#define PAGE_RUN_H

#include "config_file.h"
#include "log.h"

#include "base/folder.h"
#include "report/record_read.h"

typedef struct page_run {
    char path[LWS_PATH];
    const char *name; /* what tells it from the others, within `path` */
    config_file config;
    run_log log;
    lws_record *test;    /* test.json of a table's cell; NULL: none */
    lws_record *failure; /* failure/failure.json; NULL: none */
    int pictures;
    int64_t *picture_step; /* [pictures], ascending; owned */
    char trouble[512];     /* what of it could not be read; "": nothing */
} page_run;

/* Runs, and the tables whose cells they are. */
typedef struct page_runs {
    int count, room;
    page_run *run; /* [count] */
    int tables;
    char (*table)[LWS_PATH]; /* [tables] folders */
} page_runs;

/* Reads the run or, of a table, all cells of each path. What of a run is damaged is in its `trouble`. page_runs_free()
 * is due, whatever comes back. LWS_ERR_USAGE, LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status page_runs_read(int paths, const char *const *path, page_runs *runs);
void page_runs_free(page_runs *runs);

/* The value of a key in a run's configuration; "–" where it has none. */
const char *page_run_value(const page_run *run, const char *key);

#endif
