/* The values of every image as a file that other programs read: CSV (RFC 4180, with line feeds). */
#include "inference/evaluate.h"

#include "base/output.h"

#include <math.h>
#include <string.h>

static void write_number(FILE *out, double v)
{
    if (isnan(v))
        fputs(",nan", out); /* printf() would tell its sign */
    else
        fprintf(out, ",%.17g", v);
}

static void write_name(FILE *out, const char *name)
{
    if (!strpbrk(name, ",\"\r\n")) {
        fprintf(out, ",%s", name);
        return;
    }
    fputs(",\"", out);
    for (; *name; name++)
        fputs(*name == '"' ? "\"\"" : (char[]){*name, 0}, out);
    fputc('"', out);
}

static void write_values(FILE *out, const lws_image_values *v)
{
    const lws_colour_sums *s = &v->colour;
    const double colour[] = {s->n, s->o, s->r, s->oo, s->ro, s->rr};
    for (int m = 0; m < LWS_METRICS; m++)
        write_number(out, v->metric[m]);
    for (size_t i = 0; i < sizeof colour / sizeof *colour; i++)
        write_number(out, s->n > 0 ? colour[i] : (double)NAN);
}

lws_status lws_evaluation_write_images(const char *path, const lws_dataset *dataset, const lws_image_values *each)
{
    char **names;
    lws_output out;
    LWS_TRY(lws_dataset_names(dataset, &names));
    lws_status status = lws_output_open(path, &out);
    if (status == LWS_OK) {
        fputs("row,name", out.file);
        for (int m = 0; m < LWS_METRICS; m++)
            fprintf(out.file, ",%s", lws_metric_key[m]);
        fputs(",colour_n,colour_o,colour_r,colour_oo,colour_or,colour_rr\n", out.file);
        for (int64_t i = 0; i < lws_dataset_get_info(dataset)->rows; i++) {
            fprintf(out.file, "%lld", (long long)i);
            write_name(out.file, names[i]);
            write_values(out.file, &each[i]);
            fputc('\n', out.file);
        }
        status = lws_output_commit(&out);
    }
    lws_dataset_free_names(dataset, names);
    return status;
}
