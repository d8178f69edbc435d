/* Penalties on the code: the KL divergence, row by row, and the MMD over all codes of a global batch. */
#include <lwssim/latent.h>

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

void lws_kl(int n, int latent, const float *head, double scale, double *value, float *dhead)
{
    for (int i = 0; i < n; i++) {
        const float *mu = head + (size_t)i * 2 * latent, *logvar = mu + latent;
        float *dmu = dhead + (size_t)i * 2 * latent, *dlogvar = dmu + latent;
        value[i] = 0;
        for (int k = 0; k < latent; k++) {
            double m = (double)mu[k], v = exp((double)logvar[k]);
            value[i] += .5 * (v + m * m - 1 - (double)logvar[k]);
            dmu[k] = (float)(dmu[k] + scale * m);
            dlogvar[k] = (float)(dlogvar[k] + scale * .5 * (v - 1));
        }
    }
}

/* Σ_s C_s / (C_s + d2), and its derivative with respect to d2. */
static double kernel(double d2, double base, double *derivative)
{
    static const double spread[] = {.1, .2, .5, 1, 2, 5, 10};
    double sum = 0;
    *derivative = 0;
    for (size_t s = 0; s < sizeof spread / sizeof *spread; s++) {
        double c = base * spread[s], k = c / (c + d2);
        sum += k;
        *derivative -= k / (c + d2);
    }
    return sum;
}

static double distance2(int latent, const float *a, const float *b)
{
    double sum = 0;
    for (int k = 0; k < latent; k++) {
        double d = (double)a[k] - (double)b[k];
        sum += d * d;
    }
    return sum;
}

double lws_mmd(int64_t total, int latent, double sigma, const float *codes, const float *prior, int64_t first, int n,
               double scale, float *dcode)
{
    if (total < 2)
        return 0;
    double base = 2 * latent * sigma * sigma;
    double within = 1 / ((double)total * (double)(total - 1));
    double across = -2 / ((double)total * (double)total);
    double value = 0, derivative;
    for (int64_t i = 0; i < total; i++) {
        const float *code = codes + i * latent, *draw = prior + i * latent;
        double row = 0, pulled[LWS_LATENT_MAX] = {0};
        bool mine = i >= first && i < first + n;
        for (int64_t j = 0; j < total; j++) {
            const float *other[2] = {codes + j * latent, prior + j * latent};
            for (int side = 0; side < 2; side++) {
                if (side == 0 && j == i)
                    continue;
                double weight = side == 0 ? within : across;
                row += weight * kernel(distance2(latent, code, other[side]), base, &derivative);
                /* A pair of codes is counted from both its ends. */
                double pull = scale * weight * (side == 0 ? 2 : 1) * 2 * derivative;
                for (int k = 0; mine && k < latent; k++)
                    pulled[k] += pull * ((double)code[k] - (double)other[side][k]);
            }
            if (j != i)
                row += within * kernel(distance2(latent, draw, prior + j * latent), base, &derivative);
        }
        for (int k = 0; mine && k < latent; k++) {
            float *to = dcode + (i - first) * latent + k;
            *to = (float)(*to + pulled[k]);
        }
        value += row;
    }
    return value;
}
