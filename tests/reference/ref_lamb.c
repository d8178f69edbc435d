/* LAMB (You et al. 2020, algorithm 2), with φ(z) = z. */
#include "reference.h"

#include <math.h>

void ref_lamb_step(const ref_lamb *l, int64_t step, double lr, size_t n, double *x, double *m, double *v,
                   const double *g)
{
    double norm_of_x = 0, norm_of_u = 0;
    for (size_t i = 0; i < n; i++) {
        m[i] = l->beta1 * m[i] + (1 - l->beta1) * g[i];
        v[i] = l->beta2 * v[i] + (1 - l->beta2) * g[i] * g[i];
    }
    for (int pass = 0; pass < 2; pass++) {
        double ratio = norm_of_x > 0 && norm_of_u > 0 && !l->is_vector ? sqrt(norm_of_x) / sqrt(norm_of_u) : 1;
        for (size_t i = 0; i < n; i++) {
            double r = m[i] / (1 - pow(l->beta1, (double)step));
            r /= sqrt(v[i] / (1 - pow(l->beta2, (double)step))) + l->epsilon;
            double u = r + (l->is_vector ? 0 : l->decay * x[i]);
            if (pass == 1)
                x[i] -= lr * ratio * u;
            norm_of_x += pass == 0 ? x[i] * x[i] : 0;
            norm_of_u += pass == 0 ? u * u : 0;
        }
    }
}
