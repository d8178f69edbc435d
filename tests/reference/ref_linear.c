/* Matrix product and convolution by direct loops. */
#include "reference.h"

#include <string.h>

void ref_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const double *a, int lda, const double *b,
              int ldb, double *c, int ldc)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int p = 0; p < k; p++) {
                double u = transpose_a ? a[(size_t)p * lda + i] : a[(size_t)i * lda + p];
                double v = transpose_b ? b[(size_t)j * ldb + p] : b[(size_t)p * ldb + j];
                sum += u * v;
            }
            c[(size_t)i * ldc + j] = sum;
        }
}

typedef void (*visit_fn)(size_t x, size_t w, size_t y, int in_c, int out_c, void *arrays);

/* Calls visit for every triple (input pixel, kernel tap, output pixel) that meets inside the image,
 * with the index of the first channel of each. The three passes differ only in which of the three
 * is summed into. */
static void for_each_tap(const lws_conv2d *g, int n, visit_fn visit, void *arrays)
{
    for (int image = 0; image < n; image++)
        for (int oi = 0; oi < g->out_h; oi++)
            for (int oj = 0; oj < g->out_w; oj++)
                for (int ki = 0; ki < g->kernel; ki++)
                    for (int kj = 0; kj < g->kernel; kj++) {
                        int i = oi * g->stride - g->pad + ki, j = oj * g->stride - g->pad + kj;
                        if (i < 0 || i >= g->in_h || j < 0 || j >= g->in_w)
                            continue;
                        size_t x = (((size_t)image * g->in_h + i) * g->in_w + j) * g->in_c;
                        size_t y = (((size_t)image * g->out_h + oi) * g->out_w + oj) * g->out_c;
                        size_t w = ((size_t)ki * g->kernel + kj) * g->in_c * g->out_c;
                        visit(x, w, y, g->in_c, g->out_c, arrays);
                    }
}

struct arrays {
    const double *x, *w, *y;
    double *out;
};

static void visit_forward(size_t x, size_t w, size_t y, int in_c, int out_c, void *arrays)
{
    struct arrays *a = arrays;
    for (int p = 0; p < in_c; p++)
        for (int q = 0; q < out_c; q++)
            a->out[y + q] += a->x[x + p] * a->w[w + (size_t)p * out_c + q];
}

static void visit_data(size_t x, size_t w, size_t y, int in_c, int out_c, void *arrays)
{
    struct arrays *a = arrays;
    for (int p = 0; p < in_c; p++)
        for (int q = 0; q < out_c; q++)
            a->out[x + p] += a->y[y + q] * a->w[w + (size_t)p * out_c + q];
}

static void visit_weight(size_t x, size_t w, size_t y, int in_c, int out_c, void *arrays)
{
    struct arrays *a = arrays;
    for (int p = 0; p < in_c; p++)
        for (int q = 0; q < out_c; q++)
            a->out[w + (size_t)p * out_c + q] += a->x[x + p] * a->y[y + q];
}

void ref_conv_forward(const lws_conv2d *g, int n, const double *x, const double *w, double *y)
{
    memset(y, 0, (size_t)n * g->out_h * g->out_w * g->out_c * sizeof *y);
    for_each_tap(g, n, visit_forward, &(struct arrays){.x = x, .w = w, .out = y});
}

void ref_conv_backward_data(const lws_conv2d *g, int n, const double *dy, const double *w, double *dx)
{
    memset(dx, 0, (size_t)n * g->in_h * g->in_w * g->in_c * sizeof *dx);
    for_each_tap(g, n, visit_data, &(struct arrays){.w = w, .y = dy, .out = dx});
}

void ref_conv_backward_weight(const lws_conv2d *g, int n, const double *x, const double *dy, double *dw)
{
    memset(dw, 0, (size_t)g->kernel * g->kernel * g->in_c * g->out_c * sizeof *dw);
    for_each_tap(g, n, visit_weight, &(struct arrays){.x = x, .y = dy, .out = dw});
}
