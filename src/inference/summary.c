/* What the values of single images make together: means and slopes, with their standard errors. */
#include "inference/evaluate.h"

#include <math.h>

/* The mean of a value, `stride` doubles from image to image. */
static lws_estimate mean_of(int64_t n, const double *value, size_t stride)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += value[(size_t)i * stride];
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double d = value[(size_t)i * stride] - mean;
        squares += d * d;
    }
    return (lws_estimate){mean, n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : (double)NAN};
}

/* A function of pooled sums. Its standard error is that of the jackknife (Efron & Stein 1981): images are independent,
 * pixels of one image are not, so whole images are left out. */
static lws_estimate pooled(int64_t n, const lws_image_values *each, double figure(const lws_colour_sums *))
{
    lws_colour_sums all = {0};
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        all = lws_colour_plus(all, each[i].colour);
    for (int64_t i = 0; i < n; i++) {
        lws_colour_sums others = lws_colour_minus(all, each[i].colour);
        mean += figure(&others) / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        lws_colour_sums others = lws_colour_minus(all, each[i].colour);
        double d = figure(&others) - mean;
        squares += d * d;
    }
    return (lws_estimate){figure(&all), n > 1 ? sqrt(squares * (double)(n - 1) / (double)n) : (double)NAN};
}

void lws_evaluation_of(int64_t images, int channels, const lws_image_values *each, lws_evaluation *result)
{
    enum { STRIDE = sizeof *each / sizeof(double) }; /* it is all doubles */
    *result = (lws_evaluation){.images = images, .channels = channels};
    for (int m = 0; m < LWS_METRICS; m++) {
        lws_estimate e = mean_of(images, &each->metric[m], STRIDE);
        result->mean[m] = e.value;
        result->error[m] = e.error;
    }
    for (int k = 0; k < LWS_COLOUR_CHANNELS; k++)
        result->shift[k] = mean_of(images, &each->shift[k], STRIDE);
    result->colour_slope = pooled(images, each, lws_colour_slope);
    result->colour_correlation = pooled(images, each, lws_colour_correlation);
}
