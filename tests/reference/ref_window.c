/* Windows as one loop over every pair of pixel and window; moments in two passes. */
#include "reference.h"

#include <math.h>
#include <string.h>

void ref_window_weights(int side, double sigma, double *weight)
{
    double sum = 0, middle = (side - 1) / 2.0, nearest = side % 2 ? 0 : .5;
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            double di = i - middle, dj = j - middle;
            double value = sigma > 0 ? exp(-(di * di + dj * dj - nearest) / (2 * sigma * sigma)) : 1;
            weight[i * side + j] = value;
            sum += value;
        }
    for (int i = 0; i < side * side; i++)
        weight[i] /= sum;
}

void ref_window_mean(int side, const double *weight, int h, int w, int c, const double *x, double *out)
{
    int oh = h - side + 1, ow = w - side + 1;
    for (int i = 0; i < oh; i++)
        for (int j = 0; j < ow; j++)
            for (int ch = 0; ch < c; ch++) {
                double sum = 0;
                for (int a = 0; a < side; a++)
                    for (int b = 0; b < side; b++)
                        sum += weight[a * side + b] * x[((i + a) * w + j + b) * c + ch];
                out[(i * ow + j) * c + ch] = sum;
            }
}

void ref_window_adjoint(int side, const double *weight, int h, int w, int c, const double *m, double *out)
{
    int oh = h - side + 1, ow = w - side + 1;
    memset(out, 0, (size_t)h * w * c * sizeof *out);
    for (int i = 0; i < oh; i++)
        for (int j = 0; j < ow; j++)
            for (int ch = 0; ch < c; ch++)
                for (int a = 0; a < side; a++)
                    for (int b = 0; b < side; b++)
                        out[((i + a) * w + j + b) * c + ch] += weight[a * side + b] * m[(i * ow + j) * c + ch];
}

ref_moments ref_window_moments(int side, const double *weight, const double *x, const double *y, int row, int step)
{
    ref_moments m = {0};
    for (int a = 0; a < side; a++)
        for (int b = 0; b < side; b++) {
            m.mx += weight[a * side + b] * x[a * row + b * step];
            m.my += weight[a * side + b] * y[a * row + b * step];
        }
    for (int a = 0; a < side; a++)
        for (int b = 0; b < side; b++) {
            double dx = x[a * row + b * step] - m.mx, dy = y[a * row + b * step] - m.my;
            m.vx += weight[a * side + b] * dx * dx;
            m.vy += weight[a * side + b] * dy * dy;
            m.vxy += weight[a * side + b] * dx * dy;
        }
    return m;
}
