/* Covariances in double: the sum of products of deviations, its triangular factor, and distances by it. Every number is
 * added in one order, whatever the number of threads: they divide outputs. Private to this room. Not collective. */
#ifndef LWS_COVARIANCE_H
#define LWS_COVARIANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Codes, with a weight each. */
typedef struct covariance_codes {
    int latent;
    int64_t n;
    const float *code;    /* [n, latent] */
    const double *weight; /* of code i: weight[i * stride]; NULL: 1 */
    int stride;
} covariance_codes;

/* The sum of weights (in the order of the codes), and the weighted mean [latent]; where the sum is 0, the mean stays as
 * it was. */
double covariance_mean(const covariance_codes *codes, double *mean);

/* matrix [latent, latent], on and below its diagonal, gets the weighted sum of (code - mean) · (code - mean)ᵀ. */
void covariance_scatter(const covariance_codes *codes, const double *mean, double *matrix);

/* Replaces a symmetric matrix [n, n], given on and below its diagonal, by its Cholesky factor: matrix = L · Lᵀ; above
 * the diagonal 0. False where it is not positive definite; it is then of no use. */
bool covariance_factor(int n, double *matrix);

enum { COVARIANCE_LANES = 32 };

/* square[b] = |L⁻¹ (x_b - mean)|² of up to COVARIANCE_LANES vectors at once: `difference` [latent, COVARIANCE_LANES]
 * holds the differences, those of a vector COVARIANCE_LANES apart, and is overwritten by L⁻¹ of them. */
void covariance_distance(int latent, const double *factor, double *difference, double square[COVARIANCE_LANES]);

/* The logarithm of the determinant of L · Lᵀ. */
double covariance_log_determinant(int latent, const double *factor);

#endif
