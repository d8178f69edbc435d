/* Tables of powers by series: logarithms by that of atanh, exponentials by their own, (1 + δ)^q by the binomial one,
 * cut short by Chebyshev polynomials. */
#include "kernels/luminance_power.h"

#include <string.h>

static const double log_2 = 0.693147180559945309417232121458;

static double absolute(double v)
{
    return v < 0 ? -v : v;
}

/* Logarithm of v > 0. */
static double logarithm(double v)
{
    double octaves = 0;
    for (; v > 1.5; v /= 2)
        octaves++;
    for (; v < .75; v *= 2)
        octaves--;
    double s = (v - 1) / (v + 1), s2 = s * s, sum = 0; /* |s| <= .2 */
    for (int k = 23; k > 0; k -= 2)
        sum = sum * s2 + 1. / k;
    return octaves * log_2 + 2 * s * sum;
}

static double exponential(double v)
{
    double scale = 1, sum = 1;
    for (; v > .5; v -= log_2)
        scale *= 2;
    for (; v < -.5; v += log_2)
        scale /= 2;
    for (int k = 16; k > 0; k--)
        sum = 1 + sum * v / k;
    return scale * sum;
}

/* The polynomial Σ_{k < terms} a[k] δ^k to fewer terms for |δ| <= h: each highest power gives way to the rest of the
 * Chebyshev polynomial that begins with it, of which no other is smaller (Lanczos 1938). */
static void economize(double h, int terms, int fewer, double *a)
{
    for (int n = terms - 1; n >= fewer; n--) {
        double part = a[n]; /* δ^n + ... - n/4 h² δ^(n-2) ... */
        for (int k = 1; 2 * k <= n; k++) {
            double next = (n - 2. * k + 2) * (n - 2. * k + 1) / (4. * k * (n - k));
            part *= -next * h * h;
            a[n - 2 * k] -= part;
        }
    }
}

/* Terms of ((1 + δ)^q - 1)/δ for |δ| <= h. Returns about what they are off by, of the first. */
static double binomial_terms(double q, double h, double term[LWS_POWER_TERMS])
{
    enum { LONG = 14 };
    double a[LONG], coefficient = 1;
    for (int k = 0; k < LONG; k++) {
        coefficient *= (q - k) / (k + 1);
        a[k] = coefficient;
    }
    double error = a[LWS_POWER_TERMS];
    for (int k = 0; k < LWS_POWER_TERMS; k++)
        error *= h;
    error /= 1 << (LWS_POWER_TERMS - 1);
    economize(h, LONG, LWS_POWER_TERMS, a);
    memcpy(term, a, LWS_POWER_TERMS * sizeof *term);
    return q == 0 ? 0 : absolute(error / q);
}

static int64_t bits_of(double v)
{
    int64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double of_bits(int64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

void lws_luminance_power_prepare(double alpha, lws_luminance_power *power)
{
    int bits = LWS_POWER_BITS_MIN;
    double q = alpha - 1;
    power->alpha = alpha;
    power->whole = alpha > 1 && alpha == (int)alpha ? (int)alpha : 0;
    if (power->whole) {
        for (power->highest_bit = 1; 2 * power->highest_bit < power->whole; power->highest_bit *= 2)
            ;
        return;
    }
    while (binomial_terms(q, 1. / (2 << bits), power->term) > 1e-14 && bits < LWS_POWER_BITS_MAX)
        bits++;
    power->shift = 52 - bits;
    power->half = (int64_t)1 << (power->shift - 1);
    power->first = bits_of(0x1p-7) >> power->shift;
    for (int i = 0; i <= LWS_POWER_OCTAVES << bits; i++) {
        double inverse = 1 / of_bits((power->first + i) << power->shift);
        power->cell[i].inverse = inverse;
        power->cell[i].power = exponential(-q * logarithm(inverse));
    }
}
