/* What of a folder belongs to a run: private to this folder. One process (rank 0). */
#ifndef LWS_RUN_CONTENTS_H
#define LWS_RUN_CONTENTS_H

#include <lwssim/status.h>

#include <stdbool.h>

/* Whether a run lives there: by its config.ini or a checkpoint, and by what is in them, not by their names. LWS_ERR_IO
 * where they cannot be read. */
lws_status run_contents_look(const char *run, bool *holds_run);

/* Of a folder where no run lives: LWS_ERR_USAGE, naming the first thing in it that a run that has just begun would not
 * have made. Names that begin with a dot are fine. */
lws_status run_contents_refuse_foreign(const char *run);

/* Of a folder where a run lives: LWS_ERR_USAGE where config.ini, the log or the record of a failure, by what is in it,
 * is not of a run, and would be written over or removed. */
lws_status run_contents_refuse_others(const char *run);

/* Of a folder where a run lives: removes the temporary files that a killed job left. */
void run_contents_sweep(const char *run);

/* Of a folder where a run lives: throws the run away, and nothing else. LWS_ERR_IO. */
lws_status run_contents_remove(const char *run);

#endif
