/* The checkpoints of a run: written from the trainer's state, and read into it. */
#ifndef LWS_CHECKPOINTS_H
#define LWS_CHECKPOINTS_H

#include "run/persist.h"
#include "step/trainer.h"

#include "data/checkpoint.h"

/* The step of the best validation SSIM so far. */
typedef struct best_step {
    int64_t step; /* -1: none yet */
    double ssim;
} best_step;

typedef struct checkpoints {
    trainer *trainer; /* not owned */
    const char *run;  /* the run folder; not owned */
    char *config;     /* text that goes into checkpoints */
    const char *slot_name[LWS_SLOTS_MAX];
    best_step best, saved_best; /* saved_best: as in the latest checkpoint */
    lateness late;
} checkpoints;

/* Those of a trainer that has been created. LWS_ERR_MEMORY. Not collective. */
lws_status checkpoints_create(trainer *t, const char *run, const lws_stop_watch *stop, checkpoints *k);
void checkpoints_destroy(checkpoints *k);

/* What a checkpoint of the present step is described by. Not collective. */
lws_checkpoint_meta checkpoints_describe(const checkpoints *k);

/* Writes one of the present step. Where it cannot be written it is late, which is no failure before the patience is
 * over; with `wait` it is written on return. Where the state to save is not finite, the trainer's `found` says why, and
 * the latest step is undone. Collective. Agreed: LWS_ERR_NUMERIC, LWS_ERR_MISMATCH (memory was altered) and those of
 * lws_checkpoint_write(). */
lws_status checkpoints_save(checkpoints *k, bool wait);

/* Sets the state from the newest one that verifies. *restored is false where the run was ended before its first: it
 * starts afresh. Collective. Agreed. */
lws_status checkpoints_restore(checkpoints *k, bool *restored);

#endif
