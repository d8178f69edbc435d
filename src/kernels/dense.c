/* Fully connected layers: own products where the sizes are whole tiles, OpenBLAS for the rest. */
#include "kernels/dense.h"

#include "tile_gemm.h"

#include "kernels/gemm.h"

#include <string.h>

/* Own products take whole tiles; OpenBLAS takes the rest. */
static bool whole_tiles(int in, int out)
{
    return in % TILE == 0 && out % TILE == 0;
}

/* A panel of columns at a time, and so many of their rows as stay in the caches: rows of w lie far apart, and are read
 * from memory once. */
static void forward_panel(int n, int in, int out, int first, const float *x, const float *w, float *y)
{
    enum { DEPTH = 512 };
    float panel[DEPTH * PANEL] __attribute__((aligned(64)));
    int columns = out - first < PANEL ? out - first : PANEL;
    for (int p = 0; p < in; p += DEPTH) {
        int depth = in - p < DEPTH ? in - p : DEPTH;
        for (int r = 0; r < depth; r++)
            memcpy(panel + r * PANEL, w + (size_t)(p + r) * out + first, (size_t)columns * sizeof *w);
        tile_gemm(n, columns, depth, (tile_matrix){x + p, (size_t)in, TILE}, panel,
                  (tile_result){y + first, (size_t)out, TILE, .add = p > 0});
    }
}

void lws_dense_forward(int n, int in, int out, const float *x, const float *w, float *y)
{
    if (!whole_tiles(in, out)) {
        lws_gemm(n, out, in, (lws_gemm_operand){x, in, false}, (lws_gemm_operand){w, out, false},
                 (lws_gemm_result){y, out, 0});
        return;
    }
#pragma omp parallel for schedule(static)
    for (int first = 0; first < out; first += PANEL)
        forward_panel(n, in, out, first, x, w, y);
}

void lws_dense_backward_data(int n, int in, int out, const float *dy, const float *w, float *dx)
{
    lws_gemm(n, in, out, (lws_gemm_operand){dy, out, false}, (lws_gemm_operand){w, out, true},
             (lws_gemm_result){dx, in, 0});
}

void lws_dense_backward_weight(int n, int in, int out, const float *x, const float *dy, float *dw)
{
    if (!whole_tiles(in, out)) {
        lws_gemm(in, out, n, (lws_gemm_operand){x, in, true}, (lws_gemm_operand){dy, out, false},
                 (lws_gemm_result){dw, out, 0});
        return;
    }
#pragma omp parallel for schedule(static)
    for (int first = 0; first < in; first += TILE)
        tile_gemm_transposed(TILE, out, n, (tile_matrix){x + first, (size_t)in, TILE},
                             (tile_matrix){dy, (size_t)out, TILE},
                             (tile_result){dw + (size_t)first * out, (size_t)out, TILE, .add = false});
}
