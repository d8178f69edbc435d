/* The state of a training run: private to this folder. */
#ifndef LWS_TRAINER_H
#define LWS_TRAINER_H

#include <lwssim/arena.h>
#include <lwssim/checkpoint.h>
#include <lwssim/dataset.h>
#include <lwssim/evaluate.h>
#include <lwssim/metrics_log.h>
#include <lwssim/reduction.h>
#include <lwssim/sampler.h>
#include <lwssim/trainer.h>

/* What one step gave, the same on every rank. */
typedef struct step_result {
    double loss, recon, kl, mmd; /* loss: the weighted sum; the others unweighted means over the batch */
    double gradient_norm, rate;
    bool stop;                          /* asked for by a signal on any rank */
    bool time_up, checkpoint, evaluate; /* asked for by rank 0's clock */
} step_result;

typedef struct trainer {
    lws_comm *comm;
    bool is_root;
    lws_train_options *options;
    lws_train_request request;
    lws_adam adam;
    lws_schedule schedule;
    lws_dataset *train, *valid;
    lws_model *model;
    lws_reduction *reduction;
    lws_sampler sampler;
    lws_metrics_log *log;
    int lock;     /* rank 0: descriptor of the run folder's lock; -1: none */
    char *config; /* text that goes into checkpoints */

    int64_t step, total_steps; /* done, and in the whole run */
    int64_t first_step;        /* where this process came in */
    int64_t best_step;
    double best_ssim;
    double start_time;                     /* of the loop in this process */
    double checkpoint_time, evaluate_time; /* rank 0: when the last one was made */

    /* In the arena. The flat array holds parameters, then statistics. */
    lws_arena arena;
    size_t params, count;
    float *flat;            /* [count] */
    float *m, *v;           /* of this rank's pieces */
    float *full_m, *full_v; /* rank 0: [count], to write and read checkpoints */
    float *images;          /* [images of this rank's run of micro-batches] */
    int64_t *rows;
    float *codes, *prior, *dcode; /* MMD-AE: [batch, latent] twice, [own images, latent] */
    float *statistics;            /* MMD-AE: the encoder's statistics from the first pass */
    double *my_sums, *sums;       /* what ranks tell each other each step: this rank's, and all */
    double *norms;                /* in my_sums: of this rank's blocks */
    size_t *bytes_of;             /* [ranks] */
    lws_reduction_piece *pieces;  /* [buckets] of this rank, whose gradients have arrived in this step */
    lws_flow flow;
} trainer;

/* setup.c: all ranks; on failure nothing is left to destroy. */
lws_status trainer_create(lws_comm *comm, lws_train_options *options, const lws_train_request *request, trainer *t);
void trainer_destroy(trainer *t);

/* step.c: one step, all ranks. LWS_ERR_NUMERIC (on all) when the loss or the gradient is not finite; the parameters are
 * then worthless. The parameters of other ranks may still be on their way: trainer_settle() waits for them, before any
 * use of t->flat but the next step's. */
lws_status trainer_step(trainer *t, step_result *result);
void trainer_settle(trainer *t);

/* update.c: from gradients to parameters. _follow has the model's passes call it: the reduction then goes on during
 * backward, and the gather of parameters during the next forward. _take updates and shares the pieces whose gradients
 * have arrived; with `wait`, all of them. Under clip-norm, which needs the norm of all, it leaves that to _clipped. The
 * squared norms of blocks of this rank's pieces are then in t->norms, in their order. */
void update_follow(trainer *t);
void update_take(trainer *t, bool wait);
void update_clipped(trainer *t, double norm);

/* save.c: all ranks. *restored is false where the run was ended before its first checkpoint: it starts afresh. */
lws_status trainer_save(trainer *t);
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
