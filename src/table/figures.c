/* A trained cell is evaluated; rank 0 of the group writes what came of it. */
#include "figures.h"

#include "penalties.h"
#include "place.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/input.h"
#include "base/log.h"
#include "data/shard.h"
#include "inference/evaluation_record.h"
#include <lwssim/loss.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGES_DIGEST "images_digest" /* in test.json */

static lws_status open_split(const lws_table_job *job, const lws_table_cell *cell, lws_dataset **dataset)
{
    LWS_TRY(lws_dataset_open(cell->options.data, job->split, dataset));
    if (job->images > 0)
        lws_dataset_keep_first(*dataset, job->images);
    return LWS_OK;
}

/* What came of a cell. */
typedef struct findings {
    lws_evaluation evaluation;
    penalties penalties;
    int64_t step;
    double since; /* when it was begun; NaN: by another job, so that nobody knows how long it took */
} findings;

/* Of the bytes of test.csv, by which test.json knows it. */
static lws_status digest_images(const lws_table_job *job, const lws_table_cell *cell, char digest[LWS_DIGEST_TEXT])
{
    char path[LWS_PATH], *text;
    size_t length;
    cell_path(job, cell, LWS_TABLE_IMAGES, path);
    LWS_TRY(lws_input_read_text(path, "table of values", &text, &length));
    lws_digest(text, length, digest);
    free(text);
    return LWS_OK;
}

static lws_status save(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, const findings *f)
{
    char path[LWS_PATH], digest[LWS_DIGEST_TEXT];
    lws_comm_node node;
    LWS_TRY(digest_images(job, cell, digest));
    const lws_train_options *o = &cell->options;
    lws_record *record = lws_record_new();
    lws_record_text(record, "cell", cell->name);
    lws_record_text(record, "model", lws_model_name((lws_model_kind)o->model));
    lws_record_text(record, "loss", lws_loss_name(o->loss));
    lws_record_number(record, "seed", (double)o->seed);
    lws_record_number(record, "steps", (double)f->step);
    lws_record_text(record, "split", lws_split_name[job->split]);
    lws_record_number(record, "images", (double)f->evaluation.images);
    lws_record_text(record, IMAGES_DIGEST, digest);
    lws_evaluation_record(&f->evaluation, record);
    if (!isnan(f->penalties.kl))
        lws_record_number(record, "kl", f->penalties.kl);
    if (!isnan(f->penalties.mmd))
        lws_record_number(record, "mmd", f->penalties.mmd);
    lws_record_number(record, "seconds", lws_now() - f->since);
    lws_record_number(record, "ranks", lws_comm_size(group));
    lws_record_number(record, "threads", lws_comm_threads(group, (int)o->threads, &node));
    cell_path(job, cell, LWS_TABLE_FIGURES, path);
    lws_status status = lws_record_save(record, path);
    lws_record_free(record);
    return status;
}

/* Rank 0 writes: the values of every image first, then what makes the cell a finished one. */
static lws_status write_all(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell,
                            const lws_dataset *dataset, const lws_image_values *each, const findings *f)
{
    char path[LWS_PATH];
    cell_path(job, cell, LWS_TABLE_IMAGES, path);
    LWS_TRY(lws_evaluation_write_images(path, dataset, each));
    return save(group, job, cell, f);
}

static lws_status evaluate(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell,
                           const lws_inference_model *t, const lws_dataset *dataset, findings *f)
{
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    lws_image_values *each = malloc((size_t)info->rows * sizeof *each);
    lws_status status = each ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the figures of %s", cell->name);
    status = lws_comm_agree(group, status);
    if (status == LWS_OK)
        status = lws_evaluate_images(group, t->model, t->params, t->buffers, dataset, t->block, each);
    if (status == LWS_OK)
        status = penalties_of(group, t, dataset, &f->penalties);
    if (status == LWS_OK) {
        lws_evaluation_of(info->rows, info->channels, each, &f->evaluation);
        f->step = t->meta.step;
        if (lws_comm_rank(group) == 0)
            status = write_all(group, job, cell, dataset, each, f);
        status = lws_comm_agree(group, status);
    }
    free(each);
    return status;
}

lws_status figures_make(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, double since,
                        lws_evaluation *result)
{
    lws_inference_model trained;
    lws_dataset *dataset = NULL;
    findings f = {.since = since};
    char run[LWS_PATH];
    cell_path(job, cell, "", run);
    LWS_TRY(lws_inference_load(group, NULL, run, false, &trained));
    lws_status status = lws_comm_agree(group, open_split(job, cell, &dataset));
    if (status == LWS_OK)
        status = evaluate(group, job, cell, &trained, dataset, &f);
    *result = f.evaluation;
    lws_dataset_close(dataset);
    lws_inference_free(&trained);
    return status;
}

/* Whether test.csv is what was written with this record; with a line where it is not, or nobody knows. */
static bool has_its_images(const lws_table_job *job, const lws_table_cell *cell, const lws_record *record)
{
    char path[LWS_PATH], digest[LWS_DIGEST_TEXT];
    const char *kept = lws_record_get_text(record, IMAGES_DIGEST); /* NULL: from before it was kept */
    if (kept && digest_images(job, cell, digest) == LWS_OK && strcmp(kept, digest) == 0)
        return true;
    cell_path(job, cell, LWS_TABLE_IMAGES, path);
    lws_warn("%s is not what " LWS_TABLE_FIGURES " beside it was written with; %s is evaluated again", path,
             cell->name);
    return false;
}

bool figures_are_there(const lws_table_job *job, const lws_table_cell *cell)
{
    char path[LWS_PATH];
    lws_record *record;
    cell_path(job, cell, LWS_TABLE_FIGURES, path);
    if (access(path, F_OK) != 0)
        return false;
    if (lws_record_load(path, &record) != LWS_OK) {
        lws_warn("%s; %s is evaluated again", lws_message(), cell->name);
        return false;
    }
    const char *name = lws_record_get_text(record, "cell");
    double images;
    bool is_whole = name && strcmp(name, cell->name) == 0 && lws_record_get_number(record, "images", &images);
    if (!is_whole)
        lws_warn("%s has no figures of %s; it is evaluated again", path, cell->name);
    is_whole = is_whole && has_its_images(job, cell, record);
    lws_record_free(record);
    return is_whole;
}

void figures_discard(const lws_table_job *job, const lws_table_cell *cell)
{
    char path[LWS_PATH];
    cell_path(job, cell, LWS_TABLE_FIGURES, path);
    unlink(path);
}
