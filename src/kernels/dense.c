#include <lwssim/dense.h>

#include <lwssim/gemm.h>
#include <lwssim/simd.h>
#include <stddef.h>

void lws_dense_forward(int n, int in, int out, const float *x, const float *w, float *y)
{
    lws_gemm(false, false, n, out, in, x, in, w, out, 0, y, out);
}

void lws_dense_backward_data(int n, int in, int out, const float *dy, const float *w, float *dx)
{
    lws_gemm(false, true, n, in, out, dy, out, w, out, 0, dx, in);
}

void lws_dense_backward_weight(int n, int in, int out, const float *x, const float *dy, float *dw)
{
    lws_gemm(true, false, in, out, n, x, in, dy, out, 0, dw, out);
}

LWS_CLONES void lws_bias_forward(int rows, int channels, const float *restrict b, float *restrict y)
{
    for (size_t r = 0; r < (size_t)rows; r++)
        for (int c = 0; c < channels; c++)
            y[r * channels + c] += b[c];
}

LWS_CLONES void lws_bias_backward(int rows, int channels, const float *restrict dy, float *restrict db)
{
    enum { CHUNK = 64 }; /* channels summed at once, so that the sums stay in registers or L1 */
    for (int c0 = 0; c0 < channels; c0 += CHUNK) {
        int count = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        double sum[CHUNK] = {0};
        for (size_t r = 0; r < (size_t)rows; r++)
            for (int c = 0; c < count; c++)
                sum[c] += (double)dy[r * channels + c0 + c];
        for (int c = 0; c < count; c++)
            db[c0 + c] = (float)sum[c];
    }
}
