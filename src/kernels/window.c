/* Sliding windows: boxes by running sums and sums of 1, 2, 4, … neighbours, Gaussians tap by tap. */
#include "kernels/window.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

lws_window lws_window_box(int side)
{
    return (lws_window){.side = side, .box = true};
}

lws_window lws_window_gaussian(int side, double sigma)
{
    lws_window window = {.side = side, .box = false};
    double sum = 0, nearest = side % 2 ? 0 : .25; /* counted from the middle taps, which so are never 0 */
    for (int i = 0; i < side; i++) {
        double d = i - (side - 1) / 2.0, further = d * d - nearest;
        window.tap[i] = further > 0 ? exp(-further / (2 * sigma * sigma)) : 1;
        sum += window.tap[i];
    }
    for (int i = 0; i < side; i++)
        window.tap[i] /= sum;
    return window;
}

/* Both directions work a row at a time: a vertical pass over whole rows, then a horizontal one along the row,
 * padded with zeros by the adjoint. Buffers: a row of sums, the padded row, and two rows for doubling. */
static size_t row_length(int w, int c)
{
    return (size_t)w * c * 3; /* side <= w: w + 2 · (side - 1) pixels at most */
}

size_t lws_window_scratch(int h, int w, int c)
{
    (void)h;
    return 4 * row_length(w, c);
}

LWS_VARIANTS(static, void, add_row, (size_t n, const double *restrict x, double *restrict sum), (n, x, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

LWS_VARIANTS(static, void, subtract_row, (size_t n, const double *restrict x, double *restrict sum), (n, x, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] -= x[i];
}

LWS_VARIANTS(static, void, slide_row,
             (size_t n, const double *restrict enter, const double *restrict leave, double *restrict sum),
             (n, enter, leave, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += enter[i] - leave[i];
}

LWS_VARIANTS(static, void, add_scaled, (size_t n, double a, const double *restrict x, double *restrict sum),
             (n, a, x, sum))
{
    for (size_t i = 0; i < n; i++)
        sum[i] += a * x[i];
}

/* Rows for sums of neighbours. */
typedef struct buffers {
    double *restrict a, *restrict b;
} buffers;

/* out[i] = scale · Σ_{t < side} x[i + t · c] for n outputs, by sums of 1, 2, 4, … neighbours. */
LWS_VARIANTS(static, void, box_row,
             (size_t n, int side, int c, double scale, const double *x, buffers sums, double *restrict out),
             (n, side, c, scale, x, sums, out))
{
    size_t length = n + (size_t)(side - 1) * c, offset = 0;
    const double *power_sum = x;
    double *next = sums.a, *other = sums.b;
    for (int power = 1; power <= side; power *= 2) {
        bool last = 2 * power > side; /* always a part: the highest bit of side */
        if (side & power) {
            const double *from = power_sum + offset;
            for (size_t i = 0; offset == 0 && i < n; i++)
                out[i] = from[i];
            for (size_t i = 0; offset > 0 && !last && i < n; i++)
                out[i] += from[i];
            for (size_t i = 0; last && i < n; i++)
                out[i] = scale * (offset > 0 ? out[i] + from[i] : out[i]);
            offset += (size_t)power * c;
        }
        if (!last) {
            size_t shift = (size_t)power * c;
            length -= shift;
            for (size_t i = 0; i < length; i++)
                next[i] = power_sum[i] + power_sum[i + shift];
            power_sum = next;
            next = other;
            other = (double *)power_sum;
        }
    }
}

static void horizontal(const lws_window *window, size_t n, int c, const double *x, double *scratch, size_t length,
                       double *out)
{
    int side = window->side;
    if (window->box) {
        box_row(n, side, c, 1.0 / ((double)side * side), x, (buffers){scratch, scratch + length}, out);
        return;
    }
    memset(out, 0, n * sizeof *out);
    for (int t = 0; t < side; t++)
        add_scaled(n, window->tap[t], x + (size_t)t * c, out);
}

void lws_window_mean(const lws_window *window, int h, int w, int c, const double *x, double *out, double *scratch)
{
    int side = window->side, out_h = h - side + 1;
    size_t row = (size_t)w * c, out_row = (size_t)(w - side + 1) * c, length = row_length(w, c);
    double *sum = scratch, *doubling = scratch + 2 * length;
    for (int r = 0; r < out_h; r++) {
        if (!window->box || r == 0)
            memset(sum, 0, row * sizeof *sum);
        if (!window->box) {
            for (int t = 0; t < side; t++)
                add_scaled(row, window->tap[t], x + (size_t)(r + t) * row, sum);
        } else if (r == 0) {
            for (int t = 0; t < side; t++)
                add_row(row, x + (size_t)t * row, sum);
        } else {
            slide_row(row, x + (size_t)(r + side - 1) * row, x + (size_t)(r - 1) * row, sum);
        }
        horizontal(window, out_row, c, sum, doubling, length, out + (size_t)r * out_row);
    }
}

void lws_window_adjoint(const lws_window *window, int h, int w, int c, const double *m, double *out, double *scratch)
{
    int side = window->side, m_h = h - side + 1;
    size_t row = (size_t)w * c, m_row = (size_t)(w - side + 1) * c, length = row_length(w, c);
    size_t pad = (size_t)(side - 1) * c;
    double *padded = scratch + length, *sum = padded + pad, *doubling = scratch + 2 * length;
    memset(padded, 0, (m_row + 2 * pad) * sizeof *padded);
    for (int r = 0; r < h; r++) {
        if (window->box) {
            if (r < m_h && r >= side)
                slide_row(m_row, m + (size_t)r * m_row, m + (size_t)(r - side) * m_row, sum);
            else if (r < m_h)
                add_row(m_row, m + (size_t)r * m_row, sum);
            else if (r >= side)
                subtract_row(m_row, m + (size_t)(r - side) * m_row, sum);
        } else {
            memset(sum, 0, m_row * sizeof *sum);
            for (int t = 0; t < side; t++) {
                if (r - t >= 0 && r - t < m_h)
                    add_scaled(m_row, window->tap[t], m + (size_t)(r - t) * m_row, sum);
            }
        }
        /* The taps are symmetric, so the horizontal adjoint is the same sum over the padded row. */
        horizontal(window, row, c, padded, doubling, length, out + (size_t)r * row);
    }
}
