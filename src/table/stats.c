/* Student's distribution, intervals over seeds and images, and Holm's correction. */
#include "stats.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* ---- Student's distribution -------------------------------------------------------------------------------------- */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method; fast for x < (a+1)/(a+b+2).
 * */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d, c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d), c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        d = 1 + odd * d, c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d), c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return value;
}

/* log of Gamma(a + 1/2) / Gamma(a); for large a, where the difference of two logarithms has few digits, by its
 * asymptotic series (DLMF 5.11.13). */
static double log_gamma_step(double a)
{
    if (a < 25) {
        int sign;
        return lgamma_r(a + .5, &sign) - lgamma_r(a, &sign);
    }
    double r = 1 / (a * a);
    return log(a) / 2 - (1. / 8 - (1. / 192 - (1. / 640 - 17. / 14336 * r) * r) * r) / a;
}

double stats_t_tail(double t, double df)
{
    if (t < 0)
        return 1 - stats_t_tail(-t, df);
    double a = df / 2, b = .5, rest = t * t / (df + t * t), x = df / (df + t * t); /* x + rest = 1 */
    if (rest == 0)
        return .5;
    if (x == 0)
        return 0;
    /* log x by the smaller of the two, which has all its digits */
    double log_x = rest < .5 ? log1p(-rest) : log(x);
    double factor = exp(log_gamma_step(a) + a * log_x) * sqrt(rest / PI);
    if (x < (a + 1) / (a + b + 2))
        return factor * beta_fraction(a, b, x) / a / 2;
    return .5 - factor * beta_fraction(b, a, rest) / b / 2;
}

static double t_density(double t, double df)
{
    return exp(log_gamma_step(df / 2) - (df + 1) / 2 * log1p(t * t / df)) / sqrt(df * PI);
}

/* Newton's method on the logarithm of the tail over that of t, which is concave, between ends that close in. */
double stats_t_quantile(double tail, double df)
{
    if (tail >= .5)
        return 0;
    double low = -80, high = 700, u = .5; /* logarithms of t */
    for (int i = 0; i < 200; i++) {
        double t = exp(u), got = stats_t_tail(t, df), before = u;
        if (got > tail)
            low = u;
        else
            high = u;
        u = got > 0 ? u + log(got / tail) * got / (t * t_density(t, df)) : high;
        if (got > 0 && fabs(u - before) < 1e-14 * (1 + 1 / t)) /* what rounding of the tail makes of it */
            break;
        if (!(u > low && u < high))
            u = low < 5 && high > 10 ? low + 1 : (low + high) / 2; /* beyond the end of what numbers hold */
    }
    return exp(u);
}

/* ---- paired differences ------------------------------------------------------------------------------------------ */

/* The error of the mean: variances of its two parts, and of each the degrees of freedom. A part with none is 0. */
typedef struct parts {
    double seeds, images, df_seeds, df_images;
} parts;

static double mean_of(int64_t n, const double *v, int64_t stride)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i * stride];
    return sum / (double)n;
}

static parts find_parts(int seeds, int64_t images, const double *d, double mean)
{
    double s = seeds, n = (double)images, by_seed = 0, by_image = 0, all = 0;
    for (int k = 0; k < seeds; k++) {
        double off = mean_of(images, d + k * images, 1) - mean;
        by_seed += n * off * off;
    }
    for (int64_t i = 0; i < images; i++) {
        double off = mean_of(seeds, d + i, images) - mean;
        by_image += s * off * off;
    }
    if (seeds == 1)
        return (parts){0, by_image / (n - 1) / n, 1, n - 1};
    for (int64_t i = 0; i < seeds * images; i++)
        all += (d[i] - mean) * (d[i] - mean);
    double ms_seed = by_seed / (s - 1), ms_image = by_image / (n - 1);
    double ms_rest = fmax(all - by_seed - by_image, 0) / ((s - 1) * (n - 1));
    return (parts){ms_seed / (s * n), fmax(ms_image - ms_rest, 0) / (s * n), s - 1, n - 1};
}

/* Half the width of the interval that leaves out `tail` on each side. */
static double half_width(const parts *v, double tail)
{
    double of_seeds = v->seeds > 0 ? stats_t_quantile(tail, v->df_seeds) * sqrt(v->seeds) : 0;
    double of_images = v->images > 0 ? stats_t_quantile(tail, v->df_images) * sqrt(v->images) : 0;
    return hypot(of_seeds, of_images);
}

/* Both tails outside of the interval that ends at 0; 1e-100 stands for all that is less. By Ridders' method (IEEE
 * Transactions on Circuits and Systems 26, 1979) in the logarithm of one tail, of which widths of few degrees of
 * freedom are exponentials, as the method supposes. */
static double level_at(const parts *v, double distance)
{
    if (v->seeds <= 0 && v->images <= 0)
        return distance > 0 ? 0 : 1;
    double low = log(.5e-100), high = log(.5), at = low;
    double far = half_width(v, exp(low)) - distance, near = -distance; /* too wide, too narrow by */
    if (far <= 0 || near >= 0)
        return far <= 0 ? 2 * exp(low) : 1;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2, off = half_width(v, exp(middle)) - distance, before = at;
        at = middle + (middle - low) * off / sqrt(off * off - far * near);
        double off_at = half_width(v, exp(at)) - distance;
        if (off_at == 0 || fabs(at - before) < 1e-13)
            break;
        const double points[2][2] = {{middle, off}, {at, off_at}};
        for (int k = 0; k < 2; k++) {
            if (points[k][1] > 0 && points[k][0] > low)
                low = points[k][0], far = points[k][1];
            else if (points[k][1] <= 0 && points[k][0] < high)
                high = points[k][0], near = points[k][1];
        }
    }
    return 2 * exp(at);
}

stats_difference stats_paired(int seeds, int64_t images, const double *d)
{
    double mean = mean_of(seeds * images, d, 1);
    parts v = find_parts(seeds, images, d, mean);
    double half = half_width(&v, .025);
    return (stats_difference){mean, mean - half, mean + half, level_at(&v, fabs(mean))};
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

void stats_holm(int n, double *p)
{
    double least = 0; /* no value may come out below that of a smaller one */
    /* Those that are done are kept below 0. */
    for (int left = n; left > 0; left--) {
        int next = -1;
        for (int i = 0; i < n; i++)
            if (!signbit(p[i]) && (next < 0 || p[i] < p[next]))
                next = i;
        least = fmax(least, fmin(left * p[next], 1));
        p[next] = -least;
    }
    for (int i = 0; i < n; i++)
        p[i] = fabs(p[i]);
}

void stats_mean(int64_t n, const double *value, double *mean, double *error)
{
    double squares = 0;
    *mean = mean_of(n, value, 1);
    for (int64_t i = 0; i < n; i++)
        squares += (value[i] - *mean) * (value[i] - *mean);
    *error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : (double)NAN;
}
