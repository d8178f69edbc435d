/* KL divergence (Kingma & Welling 2014, appendix B) and MMD (Tolstikhin et al. 2018, appendix). */
#include "reference.h"

#include <math.h>
#include <string.h>

double ref_kl(int latent, const double *head, double *dhead)
{
    double sum = 0;
    for (int j = 0; j < latent; j++) {
        double mu = head[j], logvar = head[latent + j];
        sum += -0.5 * (1 + logvar - mu * mu - exp(logvar));
        if (dhead) {
            dhead[j] = mu;
            dhead[latent + j] = 0.5 * (exp(logvar) - 1);
        }
    }
    return sum;
}

/* Sum over the scales of C/(C + |a - b|²); factor · the gradient with respect to a is added to da,
 * if not NULL. */
static double kernel(int latent, double sigma, const double *a, const double *b, double factor, double *da)
{
    static const double scale[] = {.1, .2, .5, 1, 2, 5, 10};
    double d2 = 0, sum = 0;
    for (int j = 0; j < latent; j++)
        d2 += (a[j] - b[j]) * (a[j] - b[j]);
    for (size_t s = 0; s < sizeof scale / sizeof *scale; s++) {
        double c = 2 * latent * sigma * sigma * scale[s];
        sum += c / (c + d2);
        for (int j = 0; da && j < latent; j++)
            da[j] += factor * -c / ((c + d2) * (c + d2)) * 2 * (a[j] - b[j]);
    }
    return sum;
}

double ref_mmd(int64_t total, int latent, double sigma, const double *codes, const double *prior, double *dcodes)
{
    double within = 0, across = 0;
    double pairs = (double)total * (double)(total - 1), all = (double)total * (double)total;
    if (dcodes)
        memset(dcodes, 0, (size_t)total * (size_t)latent * sizeof *dcodes);
    for (int64_t i = 0; i < total; i++) {
        const double *ci = codes + i * latent, *pi = prior + i * latent;
        double *di = dcodes ? dcodes + i * latent : NULL;
        for (int64_t j = 0; j < total; j++) {
            const double *cj = codes + j * latent, *pj = prior + j * latent;
            if (i != j) {
                /* code i stands in two ordered pairs with code j: the factor 2 */
                within += kernel(latent, sigma, ci, cj, 2 / pairs, di);
                within += kernel(latent, sigma, pi, pj, 0, NULL);
            }
            across += kernel(latent, sigma, ci, pj, -2 / all, di);
        }
    }
    return within / pairs - 2 * across / all;
}
