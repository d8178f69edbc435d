/* 1 - (1 - u)^α and its slope for any α, as tables and a polynomial: the constants for the micro-kernels that judge
 * windows (arch/power_template.h has the formulas). */
#ifndef LWSSIM_LUMINANCE_POWER_H
#define LWSSIM_LUMINANCE_POWER_H

#include <stdint.h>

enum {
    LWS_POWER_TERMS = 6,                             /* of the polynomial */
    LWS_POWER_OCTAVES = 7,                           /* of t = 1 - u: from 2^-7 to 1 */
    LWS_POWER_BITS_MIN = 6,                          /* cells in an octave: 2^6 up to ... */
    LWS_POWER_BITS_MAX = 9,                          /* ... 2^9, with α */
    LWS_POWER_CELLS = (7 << LWS_POWER_BITS_MAX) + 1, /* most cells */
};

/* Below this t the tangent at it takes over. */
#define LWS_POWER_FROM 1e-2

/* With c the inverse of the middle of t's cell and δ = c t - 1: t^(α-1) = c^(1-α) (1 + δ Σ_k term[k] δ^k). */
typedef struct lws_luminance_power {
    double alpha;
    int whole, highest_bit; /* α, where it is whole, else 0, and nothing but this below matters; of α - 1 */
    int shift;              /* t's cell: ((bits of t as a double) + half) >> shift, less first */
    int64_t half, first;    /* a half of a cell's width; the cell of 2^-7 */
    double term[LWS_POWER_TERMS];
    struct {
        double inverse, power; /* c, c^(1-α) */
    } cell[LWS_POWER_CELLS];
} lws_luminance_power;

/* α in (0, 64]. Relative errors of t^(α-1) - c^(1-α) are below 3e-13, where α is below 8 below 1e-14. Only sums,
 * products and quotients are taken: the same bits on every CPU and with every C library. */
void lws_luminance_power_prepare(double alpha, lws_luminance_power *power);

#endif
