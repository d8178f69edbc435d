/* Principal directions by orthogonal iteration: Golub & Van Loan 2013, section 8.2.4. */
#include "view_internal.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 40 };

static double dot(int n, const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Gram–Schmidt, twice, so that what cancels the first time is at right angles after the second. Returns how many are
 * left whose length is more than rounding. */
static int straighten(int count, int latent, double *direction, double *length)
{
    for (int k = 0; k < count; k++) {
        double *v = direction + (size_t)k * latent;
        double before = sqrt(dot(latent, v, v));
        for (int pass = 0; pass < 2; pass++)
            for (int j = 0; j < k; j++) {
                const double *u = direction + (size_t)j * latent;
                double d = dot(latent, u, v);
                for (int i = 0; i < latent; i++)
                    v[i] -= d * u[i];
            }
        length[k] = sqrt(dot(latent, v, v));
        if (!(length[k] > 1e-10 * before) || !isfinite(length[k]))
            return k;
        for (int i = 0; i < latent; i++)
            v[i] /= length[k];
    }
    return count;
}

/* to = covariance · from, both [count, latent]; codes are centred. */
static void apply(int64_t n, int latent, const double *codes, int count, const double *from, double *to)
{
    memset(to, 0, (size_t)count * latent * sizeof *to);
    for (int64_t r = 0; r < n; r++) {
        const double *code = codes + (size_t)r * latent;
        for (int k = 0; k < count; k++) {
            double d = dot(latent, code, from + (size_t)k * latent) / (double)(n - 1);
            for (int i = 0; i < latent; i++)
                to[(size_t)k * latent + i] += d * code[i];
        }
    }
}

static void centre(int64_t n, int latent, const float *codes, double *mean, double *centred)
{
    memset(mean, 0, (size_t)latent * sizeof *mean);
    for (int64_t r = 0; r < n; r++)
        for (int i = 0; i < latent; i++)
            mean[i] += codes[(size_t)r * latent + i] / (double)n;
    for (int64_t r = 0; r < n; r++)
        for (int i = 0; i < latent; i++)
            centred[(size_t)r * latent + i] = codes[(size_t)r * latent + i] - mean[i];
}

int view_directions(int64_t n, int latent, const float *codes, int count, double *direction, double *spread,
                    double *mean)
{
    count = count < latent ? count : latent;
    count = count < n - 1 ? count : (int)(n - 1);
    double *centred = malloc((size_t)n * latent * sizeof *centred);
    double *next = malloc((size_t)(count > 0 ? count : 1) * latent * sizeof *next);
    if (centred)
        centre(n, latent, codes, mean, centred);
    if (!centred || !next)
        count = 0;
    lws_rng_key key =
        lws_rng(1, LWS_RNG_SAMPLE, UINT64_MAX); /* any start will do, so long as it leans towards all of them */
    for (int i = 0; i < count * latent; i++)
        direction[i] = lws_rng_normal(key, (uint64_t)i);
    count = straighten(count, latent, direction, spread);
    for (int round = 0; round < ROUNDS && count > 0; round++) {
        apply(n, latent, centred, count, direction, next);
        count = straighten(count, latent, next, spread);
        memcpy(direction, next, (size_t)count * latent * sizeof *direction);
    }
    for (int k = 0; k < count; k++)
        spread[k] = sqrt(spread[k]);
    free(centred);
    free(next);
    return count;
}
