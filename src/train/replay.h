/* The flight recorder: a step that was not finite, kept in the folder of its run, and repeated. RUN/failure/ has
 *
 * - step-NNNNNNNNN.h5, the weights and statistics before the step, after NNNNNNNNN steps: a checkpoint without the
 *   optimizer's moments, which every command takes that reads checkpoints; and
 * - failure.json, written last, an object with the keys
 *   - step, finding: the step, counted from 1, and what of it was not finite first;
 *   - rank, host, ranks: who computed that (rank -1: all), and of how many ranks;
 *   - loss, recon, …: as in metrics.jsonl; null where not finite;
 *   - keys: seed and step, which all random numbers of the step were keyed by; here the step counts from 0;
 *   - rows: the images of the global batch, as rows of the training split in the order of use;
 *   - dataset_digest: of the training split;
 *   - config: the run's config.ini;
 *   - weights, weights_digest: the name of the other file, and its digest;
 *   - version, kernel: of the program, and of OpenBLAS: another one rounds differently.
 *
 * A second failure takes the place of the first. The update of a parameter is repeated without the moments that it
 * started from: where it then does not fail as it did, that says nothing of the machine. */
#ifndef LWSSIM_REPLAY_H
#define LWSSIM_REPLAY_H

#include "comm/comm.h"

#include <stdint.h>

typedef struct lws_replay_report {
    int64_t step;
    char where[128];    /* "rank 2 of 8 on node17", "all 8 ranks" */
    char recorded[512]; /* what was not finite first then, and is now; "" now: all is finite */
    char found[512];
} lws_replay_report;

/* Repeats the step kept in `folder` (RUN/failure) on this process, with the dataset of the run or, where not "", that
 * in `data`. LWS_OK: with the same result. LWS_ERR_NUMERIC: with another; the message says what differs. In both cases
 * the report is filled in. LWS_ERR_USAGE on more than one rank; LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MISMATCH (another
 * dataset), LWS_ERR_MEMORY. Collective. Agreed. */
lws_status lws_replay(lws_comm *comm, const char *folder, const char *data, lws_replay_report *report);

#endif
