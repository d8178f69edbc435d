/* Batch normalisation as in Ioffe & Szegedy 2015: algorithm 1 and the chain rule of section 3, term
 * by term. */
#include "reference.h"

#include <math.h>

static const double epsilon = 1e-5;

static void statistics(int rows, int channels, int ch, const double *x, double *mean, double *var)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < rows; i++)
        sum += x[(size_t)i * channels + ch];
    *mean = sum / rows;
    for (int i = 0; i < rows; i++) {
        double d = x[(size_t)i * channels + ch] - *mean;
        squares += d * d;
    }
    *var = squares / rows;
}

void ref_batchnorm_forward(int rows, int channels, bool relu, const double *x, const double *gamma, const double *beta,
                           double *y, double *mean, double *var)
{
    for (int ch = 0; ch < channels; ch++) {
        statistics(rows, channels, ch, x, &mean[ch], &var[ch]);
        for (int i = 0; i < rows; i++) {
            size_t at = (size_t)i * channels + ch;
            double value = gamma[ch] * (x[at] - mean[ch]) / sqrt(var[ch] + epsilon) + beta[ch];
            y[at] = relu && value < 0 ? 0 : value;
        }
    }
}

void ref_batchnorm_backward(int rows, int channels, bool relu, const double *x, const double *gamma, const double *beta,
                            const double *dy, double *dx, double *dgamma, double *dbeta)
{
    for (int ch = 0; ch < channels; ch++) {
        double mean, var, dvar = 0, dmean = 0, centred = 0;
        statistics(rows, channels, ch, x, &mean, &var);
        double root = sqrt(var + epsilon);
        dgamma[ch] = dbeta[ch] = 0;
        for (int i = 0; i < rows; i++) {
            size_t at = (size_t)i * channels + ch;
            double hat = (x[at] - mean) / root;
            double d = relu && gamma[ch] * hat + beta[ch] <= 0 ? 0 : dy[at];
            dgamma[ch] += d * hat;
            dbeta[ch] += d;
            dx[at] = d * gamma[ch]; /* ∂/∂x̂ for now */
            dvar += dx[at] * (x[at] - mean) * -0.5 / (root * root * root);
            dmean += -dx[at] / root;
            centred += x[at] - mean;
        }
        dmean += dvar * -2 * centred / rows;
        for (int i = 0; i < rows; i++) {
            size_t at = (size_t)i * channels + ch;
            dx[at] = dx[at] / root + dvar * 2 * (x[at] - mean) / rows + dmean / rows;
        }
    }
}
