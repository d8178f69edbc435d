/* lwssim evaluate: the metrics of a trained model on a split, with their standard errors. */
#include "cli.h"

#include "base/input.h"
#include "base/log.h"
#include "inference/agree_images.h"
#include "inference/evaluate.h"
#include "inference/evaluation_record.h"
#include "inference/inference.h"
#include "report/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lwssim evaluate --run DIR|--checkpoint FILE --data DIR [--split test] [--json FILE] [--images FILE]\n";

typedef struct command {
    cli_model model;
    char data[LWS_CONFIG_TEXT], json[LWS_CONFIG_TEXT], images[LWS_CONFIG_TEXT];
    int split;
} command;

static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"data", LWS_CONFIG_STRING, offsetof(command, data), "", 0, 0, "DIR",
     "dataset folder; with --run the run's own by default", NULL},
    {"split", LWS_CONFIG_CHOICE, offsetof(command, split), "test", 0, 0, "train|valid|test", "the images to use", NULL},
    {"json", LWS_CONFIG_STRING, offsetof(command, json), "", 0, 0, "FILE",
     "write the figures as JSON too; - is standard output", NULL},
    {"images", LWS_CONFIG_STRING, offsetof(command, images), "", 0, 0, "FILE",
     "write the figures of every image, as CSV", NULL},
};

static void print_row(const char *title, lws_estimate e, const char *why_none)
{
    printf("  %-11s", title);
    if (isnan(e.value))
        printf("          –  (%s)\n", why_none);
    else if (isnan(e.error)) /* of one image */
        printf("%11.6f\n", e.value);
    else
        printf("%11.6f  ± %.6f\n", e.value, e.error);
}

static void print_table(const command *c, const lws_inference_model *trained, const lws_evaluation *e)
{
    static const char *const channel[] = {"R", "G", "B"};
    char why[64], title[32];
    printf("%s on %lld %s images\n\n  metric        mean        ± standard error\n", trained->path,
           (long long)e->images, lws_split_name[c->split]);
    for (int m = 0; m < LWS_METRICS; m++) {
        snprintf(why, sizeof why, "needs images of %d pixels a side", lws_metric_min_side[m]);
        print_row(lws_metric_title[m], (lws_estimate){e->mean[m], e->error[m]},
                  m == LWS_METRIC_DELTA_E ? "needs colour" : why);
    }
    print_row("slope", e->colour_slope, e->channels == 3 ? "there is no colour in the originals" : "needs colour");
    print_row("correlation", e->colour_correlation, e->channels == 3 ? "one side has no colour" : "needs colour");
    for (int k = 0; k < e->channels; k++) {
        snprintf(title, sizeof title, "shift %s", e->channels == 3 ? channel[k] : "");
        print_row(title, e->shift[k], "");
    }
}

#define FIGURES "{\n\t\"checkpoint\":" /* how a file of them begins */

static lws_status save_json(const command *c, const lws_inference_model *trained, const lws_dataset *dataset,
                            const lws_evaluation *e)
{
    lws_record *record = lws_record_new();
    lws_record_text(record, "checkpoint", trained->path);
    lws_record_number(record, "step", (double)trained->meta.step);
    lws_record_text(record, "data", c->data);
    lws_record_text(record, "data_digest", lws_dataset_get_info(dataset)->digest);
    lws_record_text(record, "split", lws_split_name[c->split]);
    lws_record_number(record, "images", (double)e->images);
    lws_evaluation_record(e, record);
    lws_status status = lws_record_save(record, c->json);
    lws_record_free(record);
    return status;
}

static lws_status check_outputs(const command *c)
{
    const char *const inputs[] = {c->model.checkpoint, c->model.run, c->data, NULL};
    if (strcmp(c->json, "-") != 0)
        LWS_TRY(cli_check_output("--json", c->json, inputs));
    if (c->images[0] && strcmp(c->json, c->images) == 0)
        return lws_fail(LWS_ERR_USAGE, "--json and --images both name %s: give each a file of its own", c->json);
    LWS_TRY(cli_check_output("--images", c->images, inputs));
    LWS_TRY(cli_check_own("--images", c->images, lws_evaluation_is_images(c->images)));
    return cli_check_own("--json", c->json, lws_input_begins(c->json, FIGURES, sizeof FIGURES - 1));
}

/* Rank 0 tells. */
static lws_status tell(const command *c, const lws_inference_model *trained, const lws_dataset *dataset,
                       const lws_image_values *each)
{
    lws_evaluation result;
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    lws_evaluation_of(info->rows, info->channels, each, &result);
    if (strcmp(c->json, "-") != 0)
        print_table(c, trained, &result);
    if (c->images[0])
        LWS_TRY(lws_evaluation_write_images(c->images, dataset, each));
    return c->json[0] ? save_json(c, trained, dataset, &result) : LWS_OK;
}

/* Collective. Agreed. */
static lws_status evaluate_split(lws_comm *comm, const command *c, const lws_inference_model *t,
                                 const lws_dataset *dataset)
{
    lws_image_values *each = malloc((size_t)lws_dataset_get_info(dataset)->rows * sizeof *each);
    lws_status status = lws_evaluate_images(comm, t->model, t->params, t->buffers, dataset, t->block, each);
    if (status == LWS_OK)
        status = lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? tell(c, t, dataset, each) : LWS_OK);
    free(each);
    return status;
}

static lws_status evaluate(lws_comm *comm, void *fields)
{
    command *c = fields;
    lws_inference_model trained;
    lws_dataset *dataset = NULL;
    int threads;
    LWS_TRY(cli_start_threads(comm, 0, &threads));
    LWS_TRY(cli_agree_given(comm, "data", c->data[0]));
    bool is_of_run = !c->data[0];
    lws_status status = cli_run_data(comm, "evaluate", &c->model, c->data);
    if (status == LWS_OK)
        status = check_outputs(c);
    LWS_TRY(lws_comm_agree(comm, status));
    LWS_TRY(lws_inference_load(comm, c->model.checkpoint, c->model.run, c->model.best, &trained));
    lws_split split = (lws_split)c->split;
    status = lws_comm_agree(comm, cli_open_split(c->data, split, trained.meta.image, &dataset));
    if (status == LWS_OK)
        status = lws_agree_on_images(comm, 1, &split, (const lws_dataset *const *)&dataset);
    if (status == LWS_OK && is_of_run)
        cli_warn_of_others(trained.path, trained.meta.dataset_digest, c->data);
    if (status == LWS_OK)
        status = evaluate_split(comm, c, &trained, dataset);
    lws_dataset_close(dataset);
    lws_inference_free(&trained);
    return status;
}

lws_status cmd_evaluate(int argc, char **argv)
{
    static const char *const own[] = {"data", NULL};
    static const cli_job job = {.keys = keys,
                                .key_count = sizeof keys / sizeof *keys,
                                .size = sizeof(command),
                                .usage = usage,
                                .own = own,
                                .run = evaluate};
    return cli_run_job(&job, argc, argv);
}
