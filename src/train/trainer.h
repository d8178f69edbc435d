/* The state of a training run: private to this folder. */
#ifndef LWS_TRAINER_H
#define LWS_TRAINER_H

#include "base/arena.h"
#include "data/checkpoint.h"
#include "data/dataset.h"
#include "inference/evaluate.h"
#include "optim/optimizer.h"
#include "report/metrics_log.h"
#include "comm/reduction.h"
#include "data/sampler.h"
#include "train/train.h"

/* What one step gave, the same on every rank. */
typedef struct step_result {
    double loss, recon, kl, mmd; /* loss: the weighted sum; the others unweighted means over the batch */
    double gradient_norm, rate;
    bool stop;                          /* asked for by a signal on any rank */
    bool time_up, checkpoint, evaluate; /* asked for by rank 0's clock */
    bool log_given_up;                  /* rank 0 has lost patience with metrics.jsonl */
} step_result;

enum { FINDING = 320 };

/* What a step computed that is not finite. */
typedef struct finding {
    int64_t stage, place; /* the order of computation */
    int rank;             /* that computed it; -1: all did */
    char host[64],
        part[64];       /* part: of the rank's micro-batches, where it is not in `what`: ", micro-batches 3 to 4" */
    char what[FINDING]; /* "micro-batch 5 of 8, decoder/conv2: its output is not finite, from finite input" */
} finding;

/* A failure of this rank alone: the others hear of it when the sums of a step are exchanged. */
typedef struct step_failure {
    lws_status status;
    char message[1024];
} step_failure;

enum { NEWS_HEAD = 3 }; /* doubles that a rank tells the others in each step besides its sums, see step.c */

/* Of something that the disk did not take: see persist.h. Rank 0. */
typedef struct lateness {
    const char *what, *waiting; /* "checkpoint"; the phase of ranks that wait for it */
    int attempts;               /* that have failed since it was written last */
    double since, next, pause;  /* the first of them, the time of the next, and seconds up to it */
    bool is_last;               /* somebody wants the run to end now: no more attempts */
} lateness;

typedef struct trainer {
    lws_comm *comm;
    bool is_root;
    lws_train_options *options;
    lws_train_request request;
    const lws_optimizer *optimizer;
    const void *optimizer_options;
    lws_schedule schedule;
    lws_dataset *train, *valid;
    lws_model *model;
    lws_reduction *reduction;
    lws_sampler sampler;
    lws_metrics_log *log;
    lateness late_checkpoint, late_log;
    bool is_picture_late; /* the latest could not be written, which was said */
    int lock;             /* rank 0: descriptor of the run folder's lock; -1: none */
    char *config;         /* text that goes into checkpoints */

    int64_t step, total_steps; /* done, and in the whole run */
    int64_t first_step;        /* where this process came in */
    int64_t best_step;
    double best_ssim;
    int64_t saved_best_step; /* as in the latest checkpoint */
    double saved_best_ssim;
    double start_time;                     /* of the loop in this process */
    double checkpoint_time, evaluate_time; /* rank 0: when the last one was made */

    /* In the arena. The flat array holds parameters, then statistics. */
    lws_arena arena;
    size_t param_count, count;
    float *params;                   /* [count] */
    float *slot[LWS_SLOTS_MAX];      /* the optimizer's arrays, of this rank's slices */
    float *before;                   /* of this rank's slices: as they were before the latest update */
    bool is_updated;                 /* flat has seen the update of the present step, or of the latest between steps */
    float *full_slot[LWS_SLOTS_MAX]; /* rank 0: [count], to write and read checkpoints */
    float *images;                   /* [images of this rank's run of micro-batches] */
    int64_t *rows;
    float *codes, *prior, *dcode; /* MMD-AE: [batch, latent] twice, [own images, latent] */
    float *statistics;            /* MMD-AE: the encoder's statistics from the first pass */
    double *my_sums, *sums;       /* what ranks tell each other each step: this rank's, and all */
    double *norms;                /* in my_sums: of this rank's blocks */
    size_t *bytes_of;             /* [ranks] */
    uint32_t *bits;               /* [buckets] of this rank's slices, see integrity.c */
    uint64_t *digests;            /* [2 · ranks] of the parameters of each owner, here and there */
    lws_reduction_slice *slices;  /* [buckets] of this rank, whose gradients have arrived in this step */
    lws_flow flow;
    uint32_t bits_of_all; /* of all ranks' slices, at the latest integrity_check() */
    bool is_noted;        /* bits are those of the present parameters and moments */
    bool is_last;         /* the pass is of this rank's last micro-batch of the step */
    bool is_to_look;      /* the parameters are to be digested in this step */
    uint64_t digest;      /* of all parameters and statistics, where this step looks at them; 0: it does not */

    step_failure failure, log_failure;
    finding seen, found; /* in the present step by this rank; by all, once it has failed */
} trainer;

/* setup.c: all ranks; on failure nothing is left to destroy. */
lws_status trainer_create(lws_comm *comm, lws_train_options *options, const lws_train_request *request, trainer *t);
void trainer_destroy(trainer *t);

/* setup.c: a trainer that has nothing yet but its options (not owned): to be built. */
trainer trainer_blank(lws_comm *comm, lws_train_options *options);

/* setup.c: what a step needs (data, model, memory), without a run folder, log or state. All ranks, agreed. */
lws_status trainer_build(trainer *t, int threads);

/* step.c: one step, all ranks. LWS_ERR_NUMERIC (on all) when the loss or the gradient is not finite: t->params then
 * holds what was before the step, t->found why; *result is filled in. Any other failure of a rank comes back on all,
 * with worthless parameters. Else the parameters of other ranks may still be on their way: trainer_wait_params() waits
 * for them, before any use of t->params but the next step's. */
lws_status trainer_step(trainer *t, step_result *result);
void trainer_wait_params(trainer *t);

/* step.c: _keep: the first failure of this rank alone, with its message (LWS_OK is none). t->failure is that within a
 * step, until all leave the step together: the rank goes on meanwhile, with whatever values, as the others wait for its
 * messages. _tell returns it, with its message. */
void step_failure_keep(step_failure *failure, lws_status status);
lws_status step_failure_tell(const step_failure *failure);

/* step.c: MMD-AE's first pass: the codes of the global batch on every rank, then the gradient with respect to the own
 * ones. *encoded says that the encoder still holds the only micro-batch of this rank, so that it need not run twice.
 * All ranks; returns the MMD. */
double trainer_mmd(trainer *t, bool *encoded);

/* step.c: a micro-batch of this rank in this step, and the gradient of the MMD with respect to its codes (NULL: none).
 */
lws_micro_batch trainer_micro_batch(const trainer *t, int64_t micro_batch);
const float *trainer_code_gradient(const trainer *t, int64_t micro_batch);

/* diverge.c: _note: the micro-batch that lws_model_gradient() has just been given has a loss that is not finite. _find:
 * all ranks, once the gradients are summed: fills in t->found, and rewinds. _rewind: t->params is again as before the
 * step, or before the latest update; all ranks. _after_update: whether the state that trainer_save() has collected on
 * rank 0 has something not finite; then t->found says what: "TENSOR " NOT_FINITE_AFTER_UPDATE. */
#define NOT_FINITE_AFTER_UPDATE "is not finite after the update, of finite gradients"
finding diverge_nothing(void);
void diverge_note(trainer *t, const lws_micro_batch *batch, const lws_model_sums *sums);
void diverge_find(trainer *t, const step_result *result);
void diverge_rewind(trainer *t);
bool diverge_after_update(trainer *t);

/* update.c: from gradients to parameters. _follow has the model's passes call it: the reduction then goes on during
 * backward, and the gather of parameters during the next forward. _take updates and shares the slices whose gradients
 * have arrived; with `wait`, all of them. Under clip-norm, which needs the norm of all, it leaves that to _clipped. The
 * squared norms of blocks of this rank's slices are then in t->norms, in their order. */
void update_follow(trainer *t);
void update_take(trainer *t, bool wait);
void update_clipped(trainer *t, double norm);

/* update.c: what of a tensor lies in a slice, [*begin, *end) of the flat array; false for nothing. */
bool update_range(const trainer *t, const lws_tensor *tensor, const lws_reduction_slice *slice, size_t *begin,
                  size_t *end);

/* integrity.c: have parameters or moments changed that nothing should have changed?
 *
 * - _note remembers this rank's own slices, when a state has been set. Any rank.
 * - _updated is told by every update what it found and what it left; a difference is a failure of the step. Any rank.
 * - _begin, at the start of a step: whether ranks compare in it, on all alike; t->is_to_look says that it has yet to
 *   _look, once all parameters are here. Any rank.
 * - _look digests what this rank holds of the parameters of all. Any rank.
 * - _compare, after _look on all ranks: LWS_ERR_MISMATCH names the first rank that differs from an owner. All ranks.
 * - _check does all of it at once, between steps, when the parameters are here. All ranks.
 * - _check_saved, on rank 0, after a checkpoint was written: what it was written from is still what _check found. */
void integrity_note(trainer *t);
bool integrity_begin(trainer *t);
void integrity_updated(trainer *t, const lws_reduction_slice *slice, lws_update_bits bits);
void integrity_look(trainer *t);
lws_status integrity_compare(trainer *t);
lws_status integrity_check(trainer *t);
lws_status integrity_check_saved(const trainer *t);

/* failure.c: keeps the step that has just failed, in RUN/failure (see replay.h). After diverge_find(), or rewound; the
 * message of the failure is the latest of this thread. All ranks; returns LWS_ERR_NUMERIC with that message and what to
 * do. */
#define FAILURE_FILE "failure.json"
lws_status failure_record(trainer *t, const step_result *result);
void failure_folder(const char *run, char folder[LWS_PATH]);

/* loop.c: the losses of a step, the norm of its gradient and its learning rate. */
void trainer_record_losses(const trainer *t, const step_result *result, lws_record *record);

/* save.c: what a checkpoint of the present step is described by. */
lws_checkpoint_meta trainer_describe(const trainer *t);

/* save.c: all ranks. trainer_save: a checkpoint that cannot be written is late, which is no failure before the patience
 * is over; with `wait` it is written on return. LWS_ERR_NUMERIC where the state to save is not finite: then t->found
 * says why, and the latest step is undone. *restored is false where the run was ended before its first checkpoint: it
 * starts afresh.
 */
lws_status trainer_save(trainer *t, bool wait);
lws_status trainer_restore(trainer *t, bool *restored);

/* show.c: the reconstruction grid of the first validation (or training) images; rank 0 draws, others return. */
lws_status trainer_draw_grid(trainer *t);

/* profile_report.c: with the key `profile`, all ranks around the loop. _start begins the profile (LWS_ERR_MEMORY,
 * agreed). _end takes the loop's status and returns it; where all ranks come out of the loop in order it prints rank
 * 0's table and writes the ranks' timelines to RUN/profile-RANK.json, warning where that fails: the run itself is
 * whole. */
lws_status trainer_profile_start(trainer *t);
lws_status trainer_profile_end(trainer *t, lws_status status);

/* run_folder.c: rank 0 acts, all agree. Makes the folder and locks it (descriptor: to close at the end, -1 on other
 * ranks), refuses or clears one that holds a run, refuses one that holds other things. */
lws_status run_folder_prepare(lws_comm *comm, const lws_train_request *request, int *descriptor);
lws_status run_folder_write_config(lws_comm *comm, const char *run, const lws_train_options *options);

#endif
