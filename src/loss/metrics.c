/* Metrics of one image, each as those who defined it compute it. */
#include <lwssim/metrics.h>

#include "colour.h"
#include "structural.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const lws_metric_title[LWS_METRICS] = {"SSIM-G11", "SSIM-U7", "MS-SSIM-3", "MSE", "PSNR", "dE2000"};
const char *const lws_metric_key[LWS_METRICS] = {"ssim_g11", "ssim_u7", "ms_ssim3", "mse", "psnr", "delta_e"};
const int lws_metric_min_side[LWS_METRICS] = {11, 7, 44, 1, 1, 1};

static level make_level(lws_window window, double covariance)
{
    double c1 = .01 * .01, c2 = .03 * .03;
    return (level){.window = window,
                   .product = true,
                   .c1 = c1,
                   .c2 = c2,
                   .c3 = c2 / 2,
                   .alpha = 1,
                   .beta = 1,
                   .gamma = 1,
                   .covariance = covariance};
}

static double mean(int n, const double *v)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum / n;
}

/* 2×2 means at stride 2. A side of odd length gets a row of zeros before it, as average pooling with padding 1
 * in the reference implementation does. out: [out_h, out_w, c], half the sides, rounded up. */
static void halve(int h, int w, int c, const double *x, int *out_h, int *out_w, double *out)
{
    int ph = h % 2, pw = w % 2;
    *out_h = (h + 2 * ph) / 2;
    *out_w = (w + 2 * pw) / 2;
    for (int i = 0; i < *out_h; i++) {
        for (int j = 0; j < *out_w; j++) {
            for (int k = 0; k < c; k++) {
                double sum = 0;
                for (int a = 0; a < 2; a++) {
                    for (int b = 0; b < 2; b++) {
                        int r = 2 * i + a - ph, s = 2 * j + b - pw;
                        if (r >= 0 && r < h && s >= 0 && s < w)
                            sum += x[((size_t)r * w + s) * c + k];
                    }
                }
                out[((size_t)i * *out_w + j) * c + k] = sum / 4;
            }
        }
    }
}

/* Two images at one scale, and room for another. */
typedef struct scaled_pair {
    int h, w, c;
    double *x, *y, *half;
} scaled_pair;

/* Both to half their sides, in their places. */
static void halve_both(scaled_pair *p)
{
    int half_h = 0, half_w = 0;
    double *images[2] = {p->x, p->y};
    for (int i = 0; i < 2; i++) {
        halve(p->h, p->w, p->c, images[i], &half_h, &half_w, p->half);
        memcpy(images[i], p->half, (size_t)half_h * half_w * p->c * sizeof *p->half);
    }
    p->h = half_h;
    p->w = half_w;
}

/* Wang, Simoncelli & Bovik 2003, three scales: weights of the paper's first three, scaled to sum 1. The images are
 * overwritten. channel: [3, c]. */
static double ms_ssim(const level *lv, scaled_pair p, double *channel, structural_scratch s)
{
    enum { SCALES = 3 };
    static const double weight[SCALES] = {.071055, .452974, .475971};
    double *ssim = channel, *cs = channel + p.c, *result = channel + 2 * p.c;
    for (int k = 0; k < p.c; k++)
        result[k] = 1;
    for (int scale = 0; scale < SCALES; scale++) {
        structural_means(lv, &(structural_pair){p.h, p.w, p.c, p.x, p.y, NULL}, ssim, cs, s);
        const double *part = scale == SCALES - 1 ? ssim : cs;
        for (int k = 0; k < p.c; k++)
            result[k] *= pow(part[k] > 0 ? part[k] : 0, weight[scale]);
        if (scale < SCALES - 1)
            halve_both(&p);
    }
    return mean(p.c, result);
}

lws_status lws_metrics_image(int h, int w, int c, const float *x32, const float *y32, double value[LWS_METRICS])
{
    size_t n = (size_t)h * w * c;
    int side = h < w ? h : w;
    double *block = malloc((3 * n + 3 * (size_t)c + structural_scratch_size(h, w, c)) * sizeof *block);
    if (!block)
        return lws_fail(LWS_ERR_MEMORY, "out of memory computing metrics of a %d × %d image", w, h);
    double *x = block, *y = x + n, *half = y + n, *channel = half + n, squares = 0;
    structural_scratch s = structural_scratch_at(channel + 3 * c, h, w, c);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x32[i]) || !isfinite(y32[i])) {
            free(block);
            return lws_fail(LWS_ERR_NUMERIC, "metrics: an image holds a value that is not finite");
        }
        x[i] = (double)x32[i];
        y[i] = fmin(fmax((double)y32[i], 0), 1);
        squares += (y[i] - x[i]) * (y[i] - x[i]);
    }
    const structural_pair pair = {h, w, c, x, y, NULL};
    for (int m = 0; m < LWS_METRICS; m++)
        value[m] = NAN;
    value[LWS_METRIC_MSE] = squares / (double)n;
    value[LWS_METRIC_PSNR] = squares > 0 ? -10 * log10(squares / (double)n) : INFINITY;
    if (c == 3)
        value[LWS_METRIC_DELTA_E] = lws_colour_difference((size_t)h * w, x, y);
    if (side >= lws_metric_min_side[LWS_METRIC_SSIM_U7]) {
        level u7 = make_level(lws_window_box(7), 49. / 48);
        structural_means(&u7, &pair, channel, channel + c, s);
        value[LWS_METRIC_SSIM_U7] = mean(c, channel);
    }
    level g11 = make_level(lws_window_gaussian(11, 1.5), 1);
    if (side >= lws_metric_min_side[LWS_METRIC_SSIM_G11]) {
        structural_means(&g11, &pair, channel, channel + c, s);
        value[LWS_METRIC_SSIM_G11] = mean(c, channel);
    }
    if (side >= lws_metric_min_side[LWS_METRIC_MS_SSIM3]) /* last: it overwrites x and y */
        value[LWS_METRIC_MS_SSIM3] = ms_ssim(&g11, (scaled_pair){h, w, c, x, y, half}, channel, s);
    free(block);
    return LWS_OK;
}
