/* Reconstructions are scored, and their colours held against those of the originals. */
#include "view_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scores {
    int n;
    double (*value)[LWS_METRICS]; /* [n] */
} scores;

static float clip(float v)
{
    return fminf(fmaxf(v, 0), 1);
}

/* Adds the colours of an image; of all pixels of all images, every `every`-th becomes two points. */
static void add_colours(view_colour *c, size_t pixels, const float *x, const float *y, size_t first, size_t every)
{
    c->sums = lws_colour_plus(c->sums, lws_colour_of(pixels, 3, x, y));
    for (size_t i = (every - first % every) % every; i < pixels && c->points < VIEW_POINTS; i += every) {
        const float *a = x + 3 * i, *b = y + 3 * i;
        double red = clip(b[0]), green = clip(b[1]), blue = clip(b[2]);
        c->at[c->points++] = (point){(double)a[0] - a[1], red - green};
        c->at[c->points++] = (point){((double)a[0] + a[1]) / 2 - a[2], (red + green) / 2 - blue};
    }
}

/* Metrics of n pairs. */
static lws_status measure(lws_shape s, int n, const float *x, const float *y, double (*value)[LWS_METRICS])
{
    size_t image = lws_shape_size(s);
    int failed = 0;
#pragma omp parallel for schedule(static) reduction(max : failed)
    for (int i = 0; i < n; i++) {
        lws_status status = lws_metrics_image(s.h, s.w, s.c, x + (size_t)i * image, y + (size_t)i * image, value[i]);
        failed = status != LWS_OK ? (int)status : failed;
    }
    return failed ? lws_fail((lws_status)failed, "reconstructions are not all finite, or memory ran out") : LWS_OK;
}

/* n images through the model. */
static lws_status reconstruct(const lws_inference_model *m, int n, const float *x, float *codes, float *y)
{
    LWS_TRY(lws_inference_codes(m, n, x, codes));
    return lws_inference_images(m, n, codes, y);
}

/* Block by block: x, y [block, image], codes [block, latent] are scratch. */
static lws_status score_all(const lws_inference_model *m, const view_images *images, float *scratch, scores *s, view *v)
{
    size_t image = lws_shape_size(v->shape), pixels = (size_t)v->shape.h * v->shape.w;
    float *x = scratch, *y = x + (size_t)m->block * image, *codes = y + (size_t)m->block * image;
    size_t every = 2 * (size_t)images->images * pixels / VIEW_POINTS | 1; /* odd: no column of an image alone */
    for (int64_t at = 0; at < images->images; at += m->block) {
        int n = (int)(images->images - at < m->block ? images->images - at : m->block);
        LWS_TRY(view_read(images, at, n, x));
        LWS_TRY(reconstruct(m, n, x, codes, y));
        LWS_TRY(measure(v->shape, n, x, y, s->value + at));
        for (int i = 0; i < n && v->shape.c == 3; i++)
            add_colours(&v->colour, pixels, x + (size_t)i * image, y + (size_t)i * image, (size_t)(at + i) * pixels,
                        every);
    }
    return LWS_OK;
}

static void take_means(const scores *s, view *v)
{
    for (int k = 0; k < LWS_METRICS; k++) {
        double sum = 0;
        for (int i = 0; i < s->n; i++)
            sum += s->value[i][k];
        v->mean[k] = sum / s->n;
    }
    v->order = isnan(v->mean[LWS_METRIC_SSIM_G11]) ? LWS_METRIC_MSE : LWS_METRIC_SSIM_G11;
}

/* Whether image a is better than b; of equals the first. */
static bool is_better(const scores *s, lws_metric order, int a, int b)
{
    double x = s->value[a][order], y = s->value[b][order];
    return x == y ? a < b : (x > y) == (order != LWS_METRIC_MSE);
}

/* The best images, or the worst, first things first. */
static void choose(const scores *s, lws_metric order, bool best, int count, int *chosen)
{
    for (int k = 0; k < count; k++) {
        chosen[k] = -1;
        for (int i = 0; i < s->n; i++) {
            bool is_taken = false;
            for (int j = 0; j < k; j++)
                is_taken |= chosen[j] == i;
            if (!is_taken && (chosen[k] < 0 || is_better(s, order, i, chosen[k]) == best))
                chosen[k] = i;
        }
    }
}

static lws_status keep_pairs(const lws_inference_model *m, const view_images *images, const scores *s, float *codes,
                             view *v)
{
    size_t image = lws_shape_size(v->shape);
    int chosen[2 * VIEW_PAIRS];
    v->pairs = s->n / 2 < VIEW_PAIRS ? s->n / 2 : VIEW_PAIRS;
    v->pair = malloc(4 * (size_t)v->pairs * image * sizeof *v->pair + 1);
    if (!v->pair)
        return lws_fail(LWS_ERR_MEMORY, "out of memory looking at %d images", s->n);
    choose(s, v->order, true, v->pairs, chosen);
    choose(s, v->order, false, v->pairs, chosen + v->pairs);
    for (int i = 0; i < 2 * v->pairs; i++) {
        float *x = v->pair + 2 * (size_t)i * image;
        LWS_TRY(view_read(images, chosen[i], 1, x));
        LWS_TRY(reconstruct(m, 1, x, codes, x + image));
        memcpy(i < v->pairs ? v->best[i] : v->worst[i - v->pairs], s->value[chosen[i]], sizeof v->best[0]);
    }
    return LWS_OK;
}

lws_status view_score(const lws_inference_model *m, const view_images *images, view *v)
{
    size_t image = lws_shape_size(v->shape), latent = (size_t)lws_model_get_spec(m->model)->latent;
    scores s = {(int)images->images, calloc((size_t)images->images, sizeof *s.value)};
    float *scratch = malloc((size_t)m->block * (2 * image + latent) * sizeof *scratch);
    lws_status status = s.value && scratch ? score_all(m, images, scratch, &s, v)
                                           : lws_fail(LWS_ERR_MEMORY, "out of memory looking at %d images", s.n);
    if (status == LWS_OK) {
        take_means(&s, v);
        status = keep_pairs(m, images, &s, scratch, v);
    }
    free(scratch);
    free(s.value);
    return status;
}
