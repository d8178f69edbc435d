/* lwssim compare: every metric and loss between two images. */
#include "cli.h"

#include "pictures.h"

#include <lwssim/loss.h>
#include <lwssim/metrics.h>
#include "report/record.h"

#include <math.h>
#include <stdio.h>

static const char usage[] = "usage: lwssim compare ORIGINAL OTHER [--json]\n"
                            "Both images must have the same size; values are on pixels in [0, 1].\n";

typedef struct command {
    bool json;
} command;

static const lws_config_key keys[] = {
    {"json", LWS_CONFIG_FLAG, offsetof(command, json), "false", 0, 0, NULL, "print JSON in place of the table",
     "options"},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

enum { LOSSES = 3 };
static const char *const loss_key[LOSSES] = {"loss_mse", "loss_ssim", "loss_lwssim"};

/* NaN where the image is smaller than the loss's windows. */
static lws_status loss_value(lws_loss_kind kind, const pictures *a, const pictures *b, double *value)
{
    lws_loss_spec spec = lws_loss_defaults(kind);
    lws_loss *loss;
    *value = NAN;
    int side = a->shape.h < a->shape.w ? a->shape.h : a->shape.w;
    for (int i = 0; i < spec.levels; i++)
        if (spec.window[i] > side)
            return LWS_OK;
    LWS_TRY(lws_loss_create(&spec, a->shape.h, a->shape.w, a->shape.c, &loss));
    lws_status status = lws_loss_eval(loss, 1, a->pixels, b->pixels, 1, value, NULL);
    lws_loss_destroy(loss);
    return status;
}

static lws_status print(const command *c, const double *metric, const double *loss)
{
    if (!c->json) {
        for (int m = 0; m < LWS_METRICS; m++)
            printf("%-12s %.12g\n", lws_metric_title[m], metric[m]);
        for (int k = 0; k < LOSSES; k++)
            printf("%-12s %.12g\n", loss_key[k], loss[k]);
        return LWS_OK;
    }
    lws_record *record = lws_record_new();
    for (int m = 0; m < LWS_METRICS; m++)
        lws_record_number(record, lws_metric_key[m], metric[m]);
    for (int k = 0; k < LOSSES; k++)
        lws_record_number(record, loss_key[k], loss[k]);
    lws_status status = lws_record_save(record, "-");
    lws_record_free(record);
    return status;
}

static lws_status compare(const command *c, const pictures *a, const pictures *b, const char *const *name)
{
    double metric[LWS_METRICS], loss[LOSSES];
    if (a->shape.h != b->shape.h || a->shape.w != b->shape.w)
        return lws_fail(LWS_ERR_MISMATCH, "the images differ in size: %s is %d × %d, %s is %d × %d", name[0],
                        a->shape.w, a->shape.h, name[1], b->shape.w, b->shape.h);
    LWS_TRY(lws_metrics_image(a->shape.h, a->shape.w, a->shape.c, a->pixels, b->pixels, metric));
    for (int k = 0; k < LOSSES; k++)
        LWS_TRY(loss_value((lws_loss_kind)k, a, b, &loss[k]));
    return print(c, metric, loss);
}

lws_status cmd_compare(int argc, char **argv)
{
    command c;
    bool done;
    const char **name = (const char **)argv; /* what is no option, moved to the front */
    int names, threads;
    pictures a, b;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, name, &names, &done));
    if (done)
        return LWS_OK;
    if (names != 2)
        return lws_fail(LWS_ERR_USAGE, "compare: two images are needed, %d given", names);
    LWS_TRY(cli_start_threads(NULL, 0, &threads));
    LWS_TRY(pictures_read(name[0], &a));
    lws_status status = pictures_read(name[1], &b);
    if (status == LWS_OK) {
        status = compare(&c, &a, &b, name);
        pictures_free(&b);
    }
    pictures_free(&a);
    return status;
}
