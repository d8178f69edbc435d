/* A trained cell is evaluated; rank 0 of the group writes what came of it. */
#include "figures.h"

#include "penalties.h"
#include "place.h"

#include "base/clock.h"
#include "base/log.h"
#include "data/shard.h"
#include "inference/evaluation_record.h"
#include <lwssim/loss.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

static lws_status open_split(const lws_table_job *job, const lws_table_cell *cell, lws_dataset **dataset)
{
    LWS_TRY(lws_dataset_open(cell->options.data, job->split, dataset));
    if (job->images > 0)
        lws_dataset_keep_first(*dataset, job->images);
    return LWS_OK;
}

/* The word for a number of one of these keys. */
static void describe_model(int model, char word[16])
{
    static const char *const words[] = {[LWS_MODEL_AE] = "ae", [LWS_MODEL_VAE] = "vae", [LWS_MODEL_MMD_AE] = "mmd-ae"};
    strcpy(word, words[model]);
}

static lws_status save(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, int64_t step,
                       const lws_evaluation *e, penalties p, double seconds)
{
    char path[LWS_PATH], model[16];
    lws_comm_node node;
    const lws_train_options *o = &cell->options;
    lws_record *record = lws_record_new();
    describe_model(o->model, model);
    lws_record_text(record, "cell", cell->name);
    lws_record_text(record, "model", model);
    lws_record_text(record, "loss", lws_loss_name(o->loss));
    lws_record_number(record, "seed", (double)o->seed);
    lws_record_number(record, "steps", (double)step);
    lws_record_text(record, "split", lws_split_name[job->split]);
    lws_record_number(record, "images", (double)e->images);
    lws_evaluation_record(e, record);
    if (!isnan(p.kl))
        lws_record_number(record, "kl", p.kl);
    if (!isnan(p.mmd))
        lws_record_number(record, "mmd", p.mmd);
    lws_record_number(record, "seconds", seconds);
    lws_record_number(record, "ranks", lws_comm_size(group));
    lws_record_number(record, "threads", lws_comm_threads(group, (int)o->threads, &node));
    cell_path(job, cell, LWS_TABLE_FIGURES, path);
    lws_status status = lws_record_save(record, path);
    lws_record_free(record);
    return status;
}

lws_status figures_make(lws_comm *group, const lws_table_job *job, const lws_table_cell *cell, double since,
                        lws_evaluation *result)
{
    lws_inference_model trained;
    lws_dataset *dataset = NULL;
    penalties p;
    char run[LWS_PATH];
    cell_path(job, cell, "", run);
    LWS_TRY(lws_inference_load(group, NULL, run, false, &trained));
    lws_status status = lws_comm_agree(group, open_split(job, cell, &dataset));
    if (status == LWS_OK)
        status = lws_evaluate(group, trained.model, trained.params, trained.buffers, dataset, trained.block, result);
    if (status == LWS_OK)
        status = penalties_of(group, &trained, dataset, &p);
    if (status == LWS_OK) {
        if (lws_comm_rank(group) == 0)
            status = save(group, job, cell, trained.meta.step, result, p, lws_now() - since);
        status = lws_comm_agree(group, status);
    }
    lws_dataset_close(dataset);
    lws_inference_free(&trained);
    return status;
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
    lws_record_free(record);
    if (!is_whole)
        lws_warn("%s has no figures of %s; it is evaluated again", path, cell->name);
    return is_whole;
}
