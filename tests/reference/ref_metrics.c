/* Metrics as the ecosystem defines them, from the moments of each window. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static double clip(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static double *clipped(size_t n, const double *y)
{
    double *copy = malloc(n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = clip(y[i]);
    return copy;
}

/* Means over the windows of channel ch of l·c·s and of c·s; covariances are multiplied by
 * `correction`. */
static void channel_means(int side, double sigma, double correction, int h, int w, int c, int ch, const double *x,
                          const double *y, double *ssim, double *cs)
{
    const double c1 = .01 * .01, c2 = .03 * .03;
    double *weight = malloc((size_t)side * side * sizeof *weight);
    ref_window_weights(side, sigma, weight);
    *ssim = *cs = 0;
    for (int i = 0; i + side <= h; i++)
        for (int j = 0; j + side <= w; j++) {
            int at = (i * w + j) * c + ch;
            ref_moments m = ref_window_moments(side, weight, x + at, y + at, w * c, c);
            double l = (2 * m.mx * m.my + c1) / (m.mx * m.mx + m.my * m.my + c1);
            double t = (2 * correction * m.vxy + c2) / (correction * (m.vx + m.vy) + c2);
            *ssim += l * t;
            *cs += t;
        }
    double count = (double)(h - side + 1) * (w - side + 1);
    *ssim /= count;
    *cs /= count;
    free(weight);
}

static double mean_ssim(int side, double sigma, double correction, int h, int w, int c, const double *x,
                        const double *y)
{
    double *z = clipped((size_t)h * w * c, y), sum = 0, ssim, cs;
    for (int ch = 0; ch < c; ch++) {
        channel_means(side, sigma, correction, h, w, c, ch, x, z, &ssim, &cs);
        sum += ssim;
    }
    free(z);
    return sum / c;
}

double ref_metric_ssim_g11(int h, int w, int c, const double *x, const double *y)
{
    return mean_ssim(11, 1.5, 1, h, w, c, x, y);
}

double ref_metric_ssim_u7(int h, int w, int c, const double *x, const double *y)
{
    return mean_ssim(7, 0, 49. / 48, h, w, c, x, y);
}

/* A pixel of a plane that is surrounded by zeros. */
static double padded(int h, int w, const double *p, int i, int j)
{
    return i < 0 || j < 0 || i >= h || j >= w ? 0 : p[i * w + j];
}

/* Half the size by 2×2 means. As in pytorch-msssim, an odd side gets a zero before and after, which
 * count. */
static double *halved(int h, int w, const double *p)
{
    int oh = (h + 1) / 2, ow = (w + 1) / 2;
    double *out = malloc((size_t)oh * ow * sizeof *out);
    for (int i = 0; i < oh; i++)
        for (int j = 0; j < ow; j++) {
            int a = 2 * i - h % 2, b = 2 * j - w % 2;
            out[i * ow + j] = (padded(h, w, p, a, b) + padded(h, w, p, a, b + 1) + padded(h, w, p, a + 1, b) +
                               padded(h, w, p, a + 1, b + 1)) /
                              4;
        }
    return out;
}

static double plane_ms_ssim3(int h, int w, double *x, double *y)
{
    static const double exponent[3] = {.071055, .452974, .475971};
    double product = 1;
    for (int scale = 0; scale < 3; scale++) {
        double ssim, cs;
        channel_means(11, 1.5, 1, h, w, 1, 0, x, y, &ssim, &cs);
        double t = scale == 2 ? ssim : cs;
        product *= t > 0 ? pow(t, exponent[scale]) : 0;
        double *hx = halved(h, w, x), *hy = halved(h, w, y);
        free(x);
        free(y);
        x = hx, y = hy, h = (h + 1) / 2, w = (w + 1) / 2;
    }
    free(x);
    free(y);
    return product;
}

double ref_metric_ms_ssim3(int h, int w, int c, const double *x, const double *y)
{
    size_t count = (size_t)h * w;
    double sum = 0;
    for (int ch = 0; ch < c; ch++) {
        double *px = malloc(count * sizeof *px), *py = malloc(count * sizeof *py);
        for (size_t i = 0; i < count; i++) {
            px[i] = x[i * (size_t)c + (size_t)ch];
            py[i] = clip(y[i * (size_t)c + (size_t)ch]);
        }
        sum += plane_ms_ssim3(h, w, px, py);
    }
    return sum / c;
}

double ref_metric_mse(int h, int w, int c, const double *x, const double *y)
{
    size_t count = (size_t)h * w * c;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (x[i] - clip(y[i])) * (x[i] - clip(y[i]));
    return sum / (double)count;
}

double ref_metric_psnr(int h, int w, int c, const double *x, const double *y)
{
    return -10 * log10(ref_metric_mse(h, w, c, x, y));
}
