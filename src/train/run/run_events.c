/* Scalars from the lines of the log, histograms from the owners of slices, pictures from the run folder. */
#include "run/run_events.h"

#include "base/input.h"
#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"
#include "data/run_names.h"
#include "report/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

lws_status run_events_open(training_run *r)
{
    const train_context *c = &r->trainer.context;
    if (!c->is_root || !c->options->tensorboard)
        return LWS_OK;
    return lws_events_open(r->request.run, r->trainer.state.step, &r->events);
}

void run_events_flush(training_run *r)
{
    bool failed = lws_events_flush(r->events) != LWS_OK;
    if (failed && !r->are_events_late)
        lws_warn("%s; training goes on without them", lws_message());
    r->are_events_late = failed;
}

/* ---- scalars ----------------------------------------------------------------------------------------------------- */

typedef struct line {
    lws_events *events;
    const char *group;
    int64_t step;
} line;

static void add_scalar(void *user, const char *key, double value)
{
    static const char *const of_the_line[] = {"step", "epoch", "seconds", "images"};
    const line *l = user;
    for (size_t i = 0; i < sizeof of_the_line / sizeof *of_the_line; i++)
        if (strcmp(key, of_the_line[i]) == 0)
            return;
    char tag[128];
    snprintf(tag, sizeof tag, "%s/%s", l->group, key);
    lws_events_scalar(l->events, l->step, tag, value);
}

void run_events_record(const training_run *r, const lws_record *record)
{
    double step;
    const char *type = lws_record_get_text(record, "type"), *split = lws_record_get_text(record, "split");
    if (!r->events || !type || !lws_record_get_number(record, "step", &step))
        return;
    line l = {.events = r->events, .group = split ? split : type, .step = (int64_t)step};
    lws_record_each_number(record, add_scalar, &l);
}

/* ---- histograms -------------------------------------------------------------------------------------------------- */

/* The number of a histogram: of a tensor's weights, or of its gradient. */
enum { WEIGHTS, GRADIENTS, KINDS };
static const char *const group_of[KINDS] = {"weights", "gradients"};

typedef struct collection {
    lws_histogram one;
    lws_histogram_piece *pieces; /* this rank's, ascending by id */
    size_t used, room;
} collection;

/* What this rank owns of a tensor. */
static void count_own(const trainer *t, const lws_tensor *tensor, int kind, lws_histogram *h)
{
    for (int b = 0; b < own_part(&t->context)->buckets; b++) {
        const lws_reduction_slice *slice = &t->updater.slices[b];
        size_t begin, end;
        if (state_range(&t->state, tensor, slice, &begin, &end))
            lws_histogram_count(h, end - begin,
                                kind == WEIGHTS ? t->state.params + begin : slice->sum + begin - slice->begin);
    }
}

static lws_status make_room(collection *own)
{
    if (own->room - own->used >= LWS_HISTOGRAM_PIECES)
        return LWS_OK;
    size_t room = 2 * (own->used + LWS_HISTOGRAM_PIECES);
    lws_histogram_piece *grown = realloc(own->pieces, room * sizeof *grown);
    if (!grown)
        return lws_fail(LWS_ERR_MEMORY, "out of memory counting for histograms");
    own->pieces = grown;
    own->room = room;
    return LWS_OK;
}

static lws_status count_all(const trainer *t, collection *own)
{
    for (int i = 0; i < t->context.tensors->count; i++) {
        const lws_tensor *tensor = &t->context.tensors->item[i];
        for (int kind = 0; kind < KINDS && !tensor->is_buffer; kind++) {
            LWS_TRY(make_room(own));
            lws_histogram_clear(&own->one);
            count_own(t, tensor, kind, &own->one);
            own->used += lws_histogram_pack(&own->one, KINDS * i + kind, own->pieces + own->used);
        }
    }
    return LWS_OK;
}

/* Rank 0: the pieces of all ranks to events. at, end [ranks]: those of each rank that are left; *h is scratch. */
static void write_histograms(const training_run *r, const lws_histogram_piece *pieces, size_t *at, const size_t *end,
                             lws_histogram *h)
{
    const train_context *c = &r->trainer.context;
    for (int id = 0; id < KINDS * c->tensors->count; id++) {
        char tag[128];
        lws_histogram_clear(h);
        for (int k = 0; k < lws_comm_size(c->comm); k++)
            for (; at[k] < end[k] && pieces[at[k]].id == id; at[k]++)
                lws_histogram_add(h, &pieces[at[k]]);
        snprintf(tag, sizeof tag, "%s/%s", group_of[id % KINDS], c->tensors->item[id / KINDS].name);
        lws_events_histogram(r->events, r->trainer.state.step, tag, h);
    }
}

static lws_status gather_histograms(const training_run *r, collection *own)
{
    lws_comm *comm = r->trainer.context.comm;
    size_t ranks = (size_t)lws_comm_size(comm);
    size_t *bytes_of = calloc(3 * ranks, sizeof *bytes_of);
    char *all = NULL;
    lws_status status =
        bytes_of ? count_all(&r->trainer, own) : lws_fail(LWS_ERR_MEMORY, "out of memory gathering histograms");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        status = lws_comm_gatherv(comm, own->pieces, own->used * sizeof *own->pieces, 1, &all, bytes_of);
    for (size_t k = 0; k < ranks && status == LWS_OK; k++) {
        size_t *at = bytes_of + ranks, *end = at + ranks;
        at[k] = k > 0 ? end[k - 1] : 0;
        end[k] = at[k] + bytes_of[k] / sizeof *own->pieces;
    }
    if (status == LWS_OK && r->trainer.context.is_root)
        write_histograms(r, (const lws_histogram_piece *)all, bytes_of + ranks, bytes_of + 2 * ranks, &own->one);
    free(all);
    free(bytes_of);
    return status;
}

/* ---- codes and the picture --------------------------------------------------------------------------------------- */

/* Codes of the first validation (or training) images, as many as a micro-batch has. */
static lws_status count_codes(const training_run *r, lws_histogram *h)
{
    const train_context *c = &r->trainer.context;
    const train_state *s = &r->trainer.state;
    const lws_dataset *from = lws_dataset_get_info(c->valid)->rows > 0 ? c->valid : c->train;
    const lws_dataset_info *info = lws_dataset_get_info(from);
    int n = (int)(info->rows < micro_batch_size(c) ? info->rows : micro_batch_size(c));
    size_t image = (size_t)info->height * info->width * info->channels, latent = (size_t)c->options->latent;
    float *x = malloc((size_t)n * image * sizeof *x), *codes = malloc((size_t)n * latent * sizeof *codes);
    int64_t *rows = malloc((size_t)n * sizeof *rows);
    lws_status status = x && codes && rows ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory encoding images");
    for (int i = 0; rows && i < n; i++)
        rows[i] = i;
    if (status == LWS_OK)
        status = lws_dataset_read(from, rows, n, x);
    lws_histogram_clear(h);
    if (status == LWS_OK) {
        lws_model_encode(c->model, s->params, state_buffers(s), n, x, codes);
        lws_histogram_count(h, (size_t)n * latent, codes);
        lws_events_histogram(r->events, s->step, "codes", h);
    }
    free(x);
    free(codes);
    free(rows);
    return status;
}

/* A picture that cannot be read is none; that it could not be written was said. */
static void add_picture(const training_run *r)
{
    char path[LWS_PATH];
    int64_t size;
    int fd;
    lws_run_picture(r->request.run, r->trainer.state.step, path);
    if (r->is_picture_late || access(path, F_OK) != 0 || lws_input_open(path, &fd, &size) != LWS_OK)
        return;
    char *png = malloc((size_t)size + 1);
    if (png && read(fd, png, (size_t)size) == (ssize_t)size)
        lws_events_picture(r->events, r->trainer.state.step, "reconstructions", png, (size_t)size);
    free(png);
    close(fd);
}

lws_status run_events_look(training_run *r)
{
    LWS_PROFILE("histograms");
    const train_context *c = &r->trainer.context;
    if (!c->options->tensorboard)
        return LWS_OK;
    lws_watchdog_phase("histograms of step", r->trainer.state.step);
    collection *own = calloc(1, sizeof *own);
    lws_status status = own ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory counting for histograms");
    if (status == LWS_OK && c->is_root) {
        add_picture(r);
        status = count_codes(r, &own->one);
    }
    status = lws_comm_agree(c->comm, status);
    if (status == LWS_OK)
        status = gather_histograms(r, own);
    if (own)
        free(own->pieces);
    free(own);
    return status;
}
