/* The values of every image as a file that other programs read: CSV (RFC 4180, with line feeds). */
#include "inference/evaluate.h"

#include "base/input.h"
#include "base/output.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADING "row,name" /* and a column for each value */

static void add_number(lws_text *out, double v)
{
    if (isnan(v))
        lws_text_add(out, ",nan"); /* printf() would tell its sign */
    else
        lws_text_add(out, ",%.17g", v);
}

static void add_values(lws_text *out, const lws_image_values *v)
{
    const lws_colour_sums *s = &v->colour;
    const double colour[] = {s->n, s->o, s->r, s->oo, s->ro, s->rr};
    for (int m = 0; m < LWS_METRICS; m++)
        add_number(out, v->metric[m]);
    for (size_t i = 0; i < sizeof colour / sizeof *colour; i++)
        add_number(out, s->n > 0 ? colour[i] : (double)NAN);
}

lws_status lws_evaluation_write_images(const char *path, const lws_dataset *dataset, const lws_image_values *each)
{
    char **names;
    lws_text out = {0};
    LWS_TRY(lws_dataset_names(dataset, &names));
    lws_text_add(&out, HEADING);
    for (int m = 0; m < LWS_METRICS; m++)
        lws_text_add(&out, ",%s", lws_metric_key[m]);
    lws_text_add(&out, ",colour_n,colour_o,colour_r,colour_oo,colour_or,colour_rr\n");
    for (int64_t i = 0; i < lws_dataset_get_info(dataset)->rows; i++) {
        lws_text_add(&out, "%lld,", (long long)i);
        lws_text_add_csv(&out, names[i]);
        add_values(&out, &each[i]);
        lws_text_add(&out, "\n");
    }
    lws_dataset_free_names(dataset, names);
    size_t length;
    char *text = lws_text_take(&out, &length);
    lws_status status =
        text ? lws_output_write(path, text, length) : lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", path);
    free(text);
    return status;
}

bool lws_evaluation_is_images(const char *path)
{
    char begins[64];
    int length = snprintf(begins, sizeof begins, HEADING ",%s,", lws_metric_key[0]);
    return lws_input_begins(path, begins, (size_t)length);
}
