/* Expectation-maximisation of a mixture of Gaussians, from where mixture_start() has put it. */
#include "mixture.h"

#include "base/progress.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define RIDGE 1e-6  /* of the mean variance */
#define LEAST 1e-30 /* a variance, where all codes are one */
#define SHARE 1e-12 /* a smaller part in a component counts as none: it would cost time and move nothing */
#define ENOUGH 1e-4 /* the objective of a code has to grow by this for another round */

typedef struct fit {
    const float *codes;
    int64_t n;
    uint64_t seed;
    int asked;                           /* components: those of `part` */
    mixture *m;                          /* that grows */
    double *part;                        /* [n, asked] of a code that belongs to a component */
    double *value;                       /* [n]: scratch; the logarithm of a code's density */
    double *pooled;                      /* [latent, latent] ν (S + ε I), on and below the diagonal */
    double *root;                        /* its Cholesky factor */
    double *scratch;                     /* [threads, latent, COVARIANCE_LANES] */
    double prior;                        /* ν */
    double constant[MIXTURE_COMPONENTS]; /* of a component's log density */
} fit;

static size_t square(const mixture *m)
{
    return (size_t)m->latent * (size_t)m->latent;
}

/* The covariance of all codes, as the prior of each component's. */
static bool pool(fit *f)
{
    mixture *m = f->m;
    covariance_codes all = {.latent = m->latent, .n = f->n, .code = f->codes};
    covariance_mean(&all, m->mean);
    covariance_scatter(&all, m->mean, f->pooled);
    size_t step = (size_t)m->latent + 1; /* from one number of the diagonal to the next */
    double trace = 0;
    for (int j = 0; j < m->latent; j++)
        trace += f->pooled[(size_t)j * step] / (double)f->n;
    for (size_t i = 0; i < square(m); i++)
        f->pooled[i] *= f->prior / (double)f->n;
    for (int j = 0; j < m->latent; j++)
        f->pooled[(size_t)j * step] += f->prior * (RIDGE * trace / m->latent + LEAST);
    memcpy(f->root, f->pooled, square(m) * sizeof *f->root);
    return covariance_factor(m->latent, f->root);
}

/* ---- M: the mixture of the parts ---------------------------------------------------------------- */

static bool maximise(fit *f)
{
    mixture *m = f->m;
    for (int k = 0; k < m->components; k++) {
        covariance_codes own = {m->latent, f->n, f->codes, f->part + k, f->asked};
        double *mean = m->mean + (size_t)k * (size_t)m->latent, *factor = m->factor + (size_t)k * square(m);
        double count = covariance_mean(&own, mean);
        covariance_scatter(&own, mean, factor);
        for (int i = 0; i < m->latent; i++)
            for (int j = 0; j <= i; j++) {
                size_t at = (size_t)i * (size_t)m->latent + (size_t)j;
                factor[at] = (factor[at] + f->pooled[at]) / (count + f->prior);
            }
        if (!covariance_factor(m->latent, factor))
            return false;
        m->weight[k] = count / (double)f->n;
        f->constant[k] = log(m->weight[k]) - covariance_log_determinant(m->latent, factor) / 2;
        lws_progress();
    }
    return true;
}

/* ---- E: the parts by the mixture ----------------------------------------------------------------- */

static double *own_scratch(const fit *f)
{
    return f->scratch + (size_t)omp_get_thread_num() * (size_t)f->m->latent * COVARIANCE_LANES;
}

/* Logarithms of w_k N(code) of codes first … first + count to their parts. */
static void densities(fit *f, int64_t first, int count)
{
    const mixture *m = f->m;
    double distance[COVARIANCE_LANES], *difference = own_scratch(f);
    size_t latent = (size_t)m->latent;
    for (int k = 0; k < m->components; k++) {
        const double *mean = m->mean + (size_t)k * latent;
        memset(difference, 0, latent * COVARIANCE_LANES * sizeof *difference);
        for (int b = 0; b < count; b++)
            for (size_t j = 0; j < latent; j++)
                difference[j * COVARIANCE_LANES + (size_t)b] =
                    (double)f->codes[((size_t)first + (size_t)b) * latent + j] - mean[j];
        covariance_distance(m->latent, m->factor + (size_t)k * square(m), difference, distance);
        for (int b = 0; b < count; b++)
            f->part[(first + b) * f->asked + k] = f->constant[k] - distance[b] / 2;
    }
}

/* From logarithms to parts, whose sum is 1; the logarithm of the density to value. */
static void share_out(fit *f, int64_t i)
{
    double *part = f->part + i * f->asked, most = part[0], sum = 0;
    for (int k = 1; k < f->m->components; k++)
        most = fmax(most, part[k]);
    for (int k = 0; k < f->m->components; k++) {
        part[k] = exp(part[k] - most);
        sum += part[k];
    }
    double kept = 0;
    for (int k = 0; k < f->m->components; k++) {
        part[k] = part[k] < SHARE * sum ? 0 : part[k];
        kept += part[k];
    }
    for (int k = 0; k < f->m->components; k++)
        part[k] /= kept;
    f->value[i] = most + log(sum);
}

/* Returns the sum of the logarithms of densities. */
static double expect(fit *f)
{
    int64_t blocks = (f->n + COVARIANCE_LANES - 1) / COVARIANCE_LANES;
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < blocks; block++) {
        int64_t first = block * COVARIANCE_LANES, left = f->n - first;
        int count = left < COVARIANCE_LANES ? (int)left : COVARIANCE_LANES;
        densities(f, first, count);
        for (int b = 0; b < count; b++)
            share_out(f, first + b);
        lws_progress();
    }
    double sum = 0;
    for (int64_t i = 0; i < f->n; i++)
        sum += f->value[i];
    return sum;
}

/* ½ Σ_k (ν log|S_k| + tr(A S_k⁻¹)); the trace is the sum of squares of L⁻¹ of the columns of the root of A. */
static double penalty(fit *f)
{
    const mixture *m = f->m;
    double distance[COVARIANCE_LANES], *columns = own_scratch(f), sum = 0;
    for (int k = 0; k < m->components; k++) {
        const double *factor = m->factor + (size_t)k * square(m);
        sum += f->prior * covariance_log_determinant(m->latent, factor);
        for (int first = 0; first < m->latent; first += COVARIANCE_LANES) {
            int count = m->latent - first < COVARIANCE_LANES ? m->latent - first : COVARIANCE_LANES;
            memset(columns, 0, (size_t)m->latent * COVARIANCE_LANES * sizeof *columns);
            for (int j = 0; j < m->latent; j++)
                for (int b = 0; b < count; b++)
                    columns[j * COVARIANCE_LANES + b] = f->root[(size_t)j * (size_t)m->latent + (size_t)(first + b)];
            covariance_distance(m->latent, factor, columns, distance);
            for (int b = 0; b < count; b++)
                sum += distance[b];
        }
    }
    return sum / 2;
}

/* ---- all ------------------------------------------------------------------------------------------ */

/* False where a number is out of the range of doubles. */
static bool improve(fit *f)
{
    mixture *m = f->m;
    if (!pool(f))
        return false;
    covariance_codes all = {.latent = m->latent, .n = f->n, .code = f->codes};
    m->components = mixture_start(f->asked, f->seed, &all, f->part, m->mean, f->value);
    if (!maximise(f))
        return false;
    while (m->components > 1) { /* one component is found at once */
        double *now = m->objective + m->rounds++;
        *now = (expect(f) - penalty(f)) / (double)f->n;
        if (!isfinite(*now))
            return false;
        if (m->rounds == MIXTURE_ROUNDS || (m->rounds > 1 && *now - now[-1] < ENOUGH))
            return true;
        if (!maximise(f))
            return false;
    }
    return true;
}

lws_status mixture_fit(int components, uint64_t seed, int latent, int64_t n, const float *codes, mixture *m)
{
    size_t numbers = (size_t)latent, threads = (size_t)omp_get_max_threads();
    *m = (mixture){.latent = latent};
    fit f = {.codes = codes, .n = n, .asked = components, .seed = seed, .m = m, .prior = latent};
    m->mean = malloc((size_t)components * numbers * sizeof *m->mean);
    m->factor = malloc((size_t)components * numbers * numbers * sizeof *m->factor);
    f.part = malloc((size_t)n * (size_t)components * sizeof *f.part);
    f.value = malloc((size_t)n * sizeof *f.value);
    f.pooled = malloc(numbers * numbers * sizeof *f.pooled);
    f.root = malloc(numbers * numbers * sizeof *f.root);
    f.scratch = malloc(threads * numbers * COVARIANCE_LANES * sizeof *f.scratch);
    lws_status status = LWS_OK;
    if (!m->mean || !m->factor || !f.part || !f.value || !f.pooled || !f.root || !f.scratch)
        status =
            lws_fail(LWS_ERR_MEMORY, "out of memory fitting a mixture of %d components to %lld codes of %d numbers",
                     components, (long long)n, latent);
    else if (!improve(&f))
        status = lws_fail(LWS_ERR_NUMERIC, "the codes are too far apart for a mixture to be fitted to them");
    free(f.part);
    free(f.value);
    free(f.pooled);
    free(f.root);
    free(f.scratch);
    if (status != LWS_OK)
        mixture_free(m);
    return status;
}

void mixture_free(mixture *m)
{
    free(m->mean);
    free(m->factor);
    *m = (mixture){0};
}
