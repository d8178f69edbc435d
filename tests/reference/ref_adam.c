/* Adam (Kingma & Ba 2015, algorithm 1), with weight decay in either place. */
#include "reference.h"

#include <math.h>

void ref_adam_step(const ref_adam *a, int64_t step, double lr, size_t n, double *theta, double *m, double *v,
                   const double *g)
{
    for (size_t i = 0; i < n; i++) {
        double gradient = g[i] + (a->decoupled ? 0 : a->decay * theta[i]);
        m[i] = a->beta1 * m[i] + (1 - a->beta1) * gradient;
        v[i] = a->beta2 * v[i] + (1 - a->beta2) * gradient * gradient;
        double mhat = m[i] / (1 - pow(a->beta1, (double)step));
        double vhat = v[i] / (1 - pow(a->beta2, (double)step));
        double decay = a->decoupled ? lr * a->decay * theta[i] : 0;
        theta[i] = theta[i] - decay - lr * mhat / (sqrt(vhat) + a->epsilon);
    }
}
