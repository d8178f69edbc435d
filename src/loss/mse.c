/* Mean squared error over pixels and channels. */
#include "losses.h"

#include "sum.h"

#include "base/simd.h"

LWS_VARIANTS(static, void, squares, (size_t n, const float *restrict x, const float *restrict y, double *restrict out),
             (n, x, y, out))
{
    for (size_t i = 0; i < n; i++) {
        double e = (double)y[i] - (double)x[i];
        out[i] = e * e;
    }
}

LWS_VARIANTS(static, void, gradient,
             (size_t n, const float *restrict x, const float *restrict y, double factor, float *restrict dy),
             (n, x, y, factor, dy))
{
    for (size_t i = 0; i < n; i++)
        dy[i] = (float)(factor * ((double)y[i] - (double)x[i]));
}

static double eval(const void *state, const loss_image *image)
{
    (void)state;
    size_t n = (size_t)image->h * image->w * image->c;
    double *square = image->scratch;
    squares(n, image->x, image->y, square);
    if (image->dy)
        gradient(n, image->x, image->y, 2 * image->scale / (double)n, image->dy);
    return loss_sum(n, square) / (double)n;
}

const loss_row loss_mse = {
    .summary = "mean squared error",
    .scratch = loss_sum_scratch,
    .eval = eval,
    .fair_weight = 1,
};
