/* lwssim compare: every metric and loss between two images. */
#include "cli.h"

#include "pictures.h"

#include "loss/colour.h"
#include "report/record.h"
#include <lwssim/loss.h>
#include <lwssim/metrics.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* NaN where the image is smaller than the loss needs with its defaults, which is all that it can refuse. */
static lws_status loss_value(lws_loss_kind kind, const pictures *a, const pictures *b, double *value)
{
    lws_loss_spec spec = lws_loss_defaults(kind);
    lws_loss *loss;
    *value = NAN;
    lws_status status = lws_loss_create(&spec, a->shape.h, a->shape.w, a->shape.c, &loss);
    if (status == LWS_ERR_USAGE)
        return LWS_OK;
    LWS_TRY(status);
    status = lws_loss_eval(loss, 1, a->pixels, b->pixels, 1, value, NULL);
    lws_loss_destroy(loss);
    return status;
}

static const char *loss_key(lws_loss_kind kind, char key[64])
{
    snprintf(key, 64, "loss_%s", lws_loss_name(kind));
    return key;
}

/* The end of --help. */
static void print_losses(void)
{
    char key[64];
    printf("\nlosses, with their defaults:\n");
    for (int k = 0; k < lws_loss_count(); k++)
        printf("  %-34s %s\n", loss_key(k, key), lws_loss_summary(k));
}

/* Slope, correlation, and the shift of each channel: in the table by their titles, in JSON by their keys. */
enum { COLOURS = 5 };
static const char *const colour_title[COLOURS] = {"slope", "correlation", "shift R", "shift G", "shift B"};
static const char *const colour_key[COLOURS] = {"colour_slope", "colour_correlation", "shift_r", "shift_g", "shift_b"};

static void colour_values(const pictures *a, const pictures *b, double colour[COLOURS])
{
    size_t pixels = (size_t)a->shape.h * (size_t)a->shape.w;
    lws_colour_sums sums = lws_colour_of(pixels, a->shape.c, a->pixels, b->pixels);
    colour[0] = lws_colour_slope(&sums);
    colour[1] = lws_colour_correlation(&sums);
    lws_colour_shift(pixels, a->shape.c, a->pixels, b->pixels, colour + 2); /* pictures_read gives three channels */
}

static lws_status print(const command *c, const double *metric, const double *colour, const double *loss)
{
    enum { width = 28 }; /* of the longest name */
    char key[64];
    if (!c->json) {
        for (int m = 0; m < LWS_METRICS; m++)
            printf("%-*s %.12g\n", width, lws_metric_title[m], metric[m]);
        for (int k = 0; k < COLOURS; k++)
            printf("%-*s %.12g\n", width, colour_title[k], colour[k]);
        for (int k = 0; k < lws_loss_count(); k++)
            printf("%-*s %.12g\n", width, loss_key(k, key), loss[k]);
        return LWS_OK;
    }
    lws_record *record = lws_record_new();
    for (int m = 0; m < LWS_METRICS; m++)
        lws_record_number(record, lws_metric_key[m], metric[m]);
    for (int k = 0; k < COLOURS; k++)
        lws_record_number(record, colour_key[k], colour[k]);
    for (int k = 0; k < lws_loss_count(); k++)
        lws_record_number(record, loss_key(k, key), loss[k]);
    lws_status status = lws_record_save(record, "-");
    lws_record_free(record);
    return status;
}

static lws_status compare(const command *c, const pictures *a, const pictures *b, const char *const *name)
{
    double metric[LWS_METRICS], colour[COLOURS];
    if (a->shape.h != b->shape.h || a->shape.w != b->shape.w)
        return lws_fail(LWS_ERR_MISMATCH, "the images differ in size: %s is %d × %d, %s is %d × %d", name[0],
                        a->shape.w, a->shape.h, name[1], b->shape.w, b->shape.h);
    LWS_TRY(lws_metrics_image(a->shape.h, a->shape.w, a->shape.c, a->pixels, b->pixels, metric));
    colour_values(a, b, colour);
    double *loss = malloc((size_t)lws_loss_count() * sizeof *loss);
    lws_status status = loss ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing images");
    for (int k = 0; k < lws_loss_count() && status == LWS_OK; k++)
        status = loss_value(k, a, b, &loss[k]);
    if (status == LWS_OK)
        status = print(c, metric, colour, loss);
    free(loss);
    return status;
}

lws_status cmd_compare(int argc, char **argv)
{
    command c;
    bool done;
    const char **name = (const char **)argv; /* what is no option, moved to the front */
    int names, threads;
    pictures a, b;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, name, &names, &done));
    if (done) {
        print_losses();
        return LWS_OK;
    }
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
