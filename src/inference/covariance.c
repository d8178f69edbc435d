/* Sums of products, Cholesky factors and distances by them. */
#include "covariance.h"

#include <lwssim/latent.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

static double weight_of(const covariance_codes *c, int64_t i)
{
    return c->weight ? c->weight[i * c->stride] : 1;
}

enum { ROWS = 16 }; /* numbers that one look at the codes serves */

/* Numbers [first, end) of the mean. */
static void mean_of(const covariance_codes *c, double total, int first, int end, double *mean)
{
    double sum[ROWS] = {0};
    for (int64_t i = 0; i < c->n; i++) {
        const float *code = c->code + i * c->latent;
        double weight = weight_of(c, i);
        for (int j = first; j < end && weight > 0; j++)
            sum[j - first] += weight * (double)code[j];
    }
    for (int j = first; j < end; j++)
        mean[j] = sum[j - first] / total;
}

static int end_of(int first, int latent)
{
    return first + ROWS < latent ? first + ROWS : latent;
}

double covariance_mean(const covariance_codes *c, double *mean)
{
    double total = 0;
    for (int64_t i = 0; i < c->n; i++)
        total += weight_of(c, i);
    if (total <= 0)
        return 0;
#pragma omp parallel for schedule(dynamic)
    for (int first = 0; first < c->latent; first += ROWS)
        mean_of(c, total, first, end_of(first, c->latent), mean);
    return total;
}

/* Rows [first, end) of the matrix. */
static void scatter_rows(const covariance_codes *c, const double *mean, int first, int end, double *matrix)
{
    double d[LWS_LATENT_MAX];
    size_t latent = (size_t)c->latent;
    for (int i = first; i < end; i++)
        memset(matrix + (size_t)i * latent, 0, latent * sizeof *matrix);
    for (int64_t k = 0; k < c->n; k++) {
        double weight = weight_of(c, k);
        if (weight == 0) /* most codes are of one component alone */
            continue;
        for (int j = 0; j < end; j++)
            d[j] = (double)c->code[(size_t)k * latent + (size_t)j] - mean[j];
        for (int i = first; i < end; i++) {
            double *row = matrix + (size_t)i * latent, factor = weight * d[i];
            for (int j = 0; j <= i; j++)
                row[j] += factor * d[j];
        }
    }
}

void covariance_scatter(const covariance_codes *c, const double *mean, double *matrix)
{
#pragma omp parallel for schedule(dynamic)
    for (int first = 0; first < c->latent; first += ROWS)
        scatter_rows(c, mean, first, end_of(first, c->latent), matrix);
}

/* Column by column from the left: each, once it is done, is taken from all to its right. */
bool covariance_factor(int n, double *matrix)
{
    double column[LWS_LATENT_MAX];
    for (int k = 0; k < n; k++) {
        double pivot = matrix[(size_t)k * n + k];
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        double root = sqrt(pivot);
        for (int i = k; i < n; i++)
            column[i] = matrix[(size_t)i * n + k] /= root;
        matrix[(size_t)k * n + k] = column[k] = root;
#pragma omp parallel for schedule(static) if (n - k > 256)
        for (int i = k + 1; i < n; i++) {
            double *row = matrix + (size_t)i * n, factor = column[i];
            for (int j = k + 1; j <= i; j++)
                row[j] -= factor * column[j];
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            matrix[(size_t)i * n + j] = 0;
    return true;
}

void covariance_distance(int latent, const double *factor, double *difference, double square[COVARIANCE_LANES])
{
    for (int b = 0; b < COVARIANCE_LANES; b++)
        square[b] = 0;
    for (int i = 0; i < latent; i++) {
        const double *row = factor + (size_t)i * latent;
        double sum[COVARIANCE_LANES], *own = difference + (size_t)i * COVARIANCE_LANES;
        memcpy(sum, own, sizeof sum);
        for (int j = 0; j < i; j++) {
            const double *other = difference + (size_t)j * COVARIANCE_LANES;
            for (int b = 0; b < COVARIANCE_LANES; b++)
                sum[b] -= row[j] * other[b];
        }
        for (int b = 0; b < COVARIANCE_LANES; b++) {
            own[b] = sum[b] / row[i];
            square[b] += own[b] * own[b];
        }
    }
}

double covariance_log_determinant(int latent, const double *factor)
{
    double sum = 0;
    for (int i = 0; i < latent; i++)
        sum += log(factor[(size_t)i * latent + i]);
    return 2 * sum;
}
