/* The report: one HTML file on one run or on hundreds side by side, on a table and its cells. It holds its pictures,
 * drawings and style, has no script, and asks for no other file. Its size is bounded: LWS_PAGE_BYTES for 300 runs;
 * curves and pictures are thinned, and runs beyond a few show less each. What a run does not have, or what cannot be
 * read, is left out with a line that says why. Written by one process: not collective. */
#ifndef LWSSIM_PAGE_H
#define LWSSIM_PAGE_H

#include "inference/inference.h"

enum {
    LWS_PAGE_RUNS = 1000,     /* runs in a report at most */
    LWS_PAGE_BYTES = 5000000, /* of a report on up to 300 runs, whatever they hold */
};

#define LWS_PAGE_FILE "report.html" /* in the folder of a run or of a table */

typedef struct lws_page_request {
    int paths;
    const char *const *path; /* [paths] folders of runs and tables; not owned */
    const char *output;      /* the file to write */
    int refresh;   /* seconds after which a browser reads the file again, while a training goes on; 0: never */
    bool is_light; /* leave out what takes the model: for a training that has better to do */
    const lws_inference_model *model; /* of a single run, not owned; NULL: that of its newest checkpoint is loaded */
    const char *machine;              /* where the run is trained, for people; NULL: not known */
} lws_page_request;

/* Writes the report, whole or not at all. LWS_ERR_USAGE where a path is neither a run nor a table, where there are too
 * many, or where the output is there and is no report; LWS_ERR_IO, LWS_ERR_MEMORY. */
lws_status lws_page_write(const lws_page_request *request);

/* Whether the file begins as a report does. */
bool lws_page_is_own(const char *path);

#endif
