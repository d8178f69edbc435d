/* Where a mixture begins: centres that lie apart, drawn one by one, and the codes nearest to each. */
#include "mixture.h"

#include "base/rng.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { ROUNDS = 20 }; /* of k-means: what is left to do then, the mixture does */

static double square_distance(int latent, const float *code, const double *mean)
{
    double sum = 0;
    for (int j = 0; j < latent; j++) {
        double d = (double)code[j] - mean[j];
        sum += d * d;
    }
    return sum;
}

static void set_mean(int latent, const float *code, double *mean)
{
    for (int j = 0; j < latent; j++)
        mean[j] = (double)code[j];
}

/* The code at which the sum of distances passes a share of the whole; -1 where all are 0. */
static int64_t pick(int64_t n, const double *distance, double share)
{
    double total = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        total += distance[i];
    if (!(total > 0))
        return -1;
    int64_t last = -1;
    for (int64_t i = 0; i < n; i++) {
        if (distance[i] > 0) /* rounding must not pick a code that is a centre */
            last = i;
        sum += distance[i];
        if (last == i && sum > share * total)
            return i;
    }
    return last;
}

static const float *code_of(const covariance_codes *c, int64_t i)
{
    return c->code + i * c->latent;
}

/* Centres to mean; returns how many. */
static int draw_centres(int components, uint64_t seed, const covariance_codes *c, double *mean, double *distance)
{
    lws_rng_key key = lws_rng(seed, LWS_RNG_MIXTURE, 0);
    int64_t next = (int64_t)(lws_rng_uniform(key, 0) * (double)c->n);
    for (int64_t i = 0; i < c->n; i++)
        distance[i] = INFINITY;
    int count = 0;
    while (next >= 0 && count < components) {
        double *own = mean + (size_t)count * (size_t)c->latent;
        set_mean(c->latent, code_of(c, next), own);
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < c->n; i++)
            distance[i] = fmin(distance[i], square_distance(c->latent, code_of(c, i), own));
        count++;
        next = pick(c->n, distance, lws_rng_uniform(key, (uint64_t)count));
    }
    return count;
}

/* Gives each code to the nearest of `count` centres, the first of those as near; returns whether any has changed hands.
 */
static int assign(int count, int components, const covariance_codes *c, const double *mean, double *part)
{
    int changed = 0;
#pragma omp parallel for schedule(static) reduction(| : changed)
    for (int64_t i = 0; i < c->n; i++) {
        double *own = part + i * components, least = INFINITY;
        int nearest = 0;
        for (int k = 0; k < count; k++) {
            double d = square_distance(c->latent, code_of(c, i), mean + (size_t)k * (size_t)c->latent);
            if (d < least) {
                least = d;
                nearest = k;
            }
        }
        changed |= own[nearest] != 1;
        memset(own, 0, (size_t)components * sizeof *own);
        own[nearest] = 1;
    }
    return changed;
}

int mixture_start(int components, uint64_t seed, const covariance_codes *c, double *part, double *mean,
                  double *distance)
{
    memset(part, 0, (size_t)c->n * (size_t)components * sizeof *part);
    int count = draw_centres(components, seed, c, mean, distance);
    for (int round = 0; round < ROUNDS; round++) {
        if (!assign(count, components, c, mean, part))
            break;
        for (int k = 0; k < count; k++) {
            covariance_codes own = {c->latent, c->n, c->code, part + k, components};
            covariance_mean(&own, mean + (size_t)k * (size_t)c->latent);
        }
    }
    return count;
}
