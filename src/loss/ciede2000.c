/* CIEDE2000 without angles: what the formula wants of a hue is a direction in the plane of a and b. */
#include "ciede2000.h"

#include "base/simd.h"

#include <math.h>

/* ---- roots ----------------------------------------------------------------------------------- */

/* t^2.4 for t in [.09, 1]: Newton's method for t^(−1/5) from a polynomial that is within .7 % (found by Lawson's
 * algorithm). Three steps of e → 3e² leave 1e-14. */
LWS_INLINE double power_2_4(double t)
{
    double y = 1.89978 + t * (-3.91486 + t * (8.22109 + t * (-8.35916 + t * 3.15963)));
    for (int step = 0; step < 3; step++) {
        double square = y * y;
        y = y * (1.2 - .2 * t * square * square * y);
    }
    double fifth = t * y, square = fifth * fifth; /* t^.8 */
    return square * fifth;
}

/* x^(1/3) for x in [.0088, 1]: likewise for x^(−1/3), from a polynomial of the root that is within 1.1 %; e → 2e². */
LWS_INLINE double cube_root(double x)
{
    double s = sqrt(x);
    double y = 8.86053 + s * (-62.7864 + s * (255.571 + s * (-580.024 + s * (731.466 + s * (-478.617 + s * 126.539)))));
    for (int step = 0; step < 3; step++)
        y = y * (4 - x * y * y * y) * (1. / 3);
    return x * y * y;
}

/* ---- Lab ------------------------------------------------------------------------------------- */

/* sRGB to linear light. */
LWS_INLINE double linear(double v)
{
    double at = v < 0 ? 0 : v > 1 ? 1 : v;
    double curve = power_2_4((at + .055) / 1.055);
    return at > .04045 ? curve : at / 12.92;
}

LWS_INLINE double lab_curve(double t)
{
    double root = cube_root(t);
    return t > .008856 ? root : 7.787 * t + 16. / 116;
}

LWS_VARIANTS(static, void, convert,
             (int n, const double *restrict red, const double *restrict green, const double *restrict blue,
              lab_colours *restrict lab),
             (n, red, green, blue, lab))
{
    for (int i = 0; i < n; i++) {
        double r = linear(red[i]), g = linear(green[i]), b = linear(blue[i]);
        double x = lab_curve((.412453 * r + .357580 * g + .180423 * b) / .95047);
        double y = lab_curve(.212671 * r + .715160 * g + .072169 * b);
        double z = lab_curve((.019334 * r + .119193 * g + .950227 * b) / 1.08883);
        lab->l[i] = 116 * y - 16;
        lab->a[i] = 500 * (x - y);
        lab->b[i] = 200 * (y - z);
    }
}

void lab_of_rgb(int n, const double *rgb, lab_colours *lab)
{
    double red[LAB_MOST], green[LAB_MOST], blue[LAB_MOST];
    for (int i = 0; i < n; i++) {
        red[i] = rgb[3 * i];
        green[i] = rgb[3 * i + 1];
        blue[i] = rgb[3 * i + 2];
    }
    convert(n, red, green, blue, lab);
}

/* ---- functions of angles --------------------------------------------------------------------- */

/* sqrt(c⁷ / (c⁷ + 25⁷)) */
LWS_INLINE double saturation(double c)
{
    double c2 = c * c, c7 = c2 * c2 * c2 * c;
    return sqrt(c7 / (c7 + 6103515625.));
}

/* |angle| <= π of the direction (cos, sin), of length 1: sixteen times that of a sixteenth. */
LWS_INLINE double angle(double cosine, double sine)
{
    double half = sqrt((1 + cosine) * .5);
    double by_sine = fabs(sine) / (2 * half), by_cosine = sqrt((1 - cosine) * .5);
    double opposite = cosine >= 0 ? by_sine : by_cosine;
    double t = opposite / (1 + half); /* of a quarter */
    t = t / (1 + sqrt(1 + t * t));
    t = t / (1 + sqrt(1 + t * t)); /* <= .199 */
    double u = t * t, sum = 0;
    for (int k = 15; k >= 1; k -= 2)
        sum = 1. / k - u * sum;
    return 16 * t * sum;
}

/* e^−u for u in [0, 52]. */
LWS_INLINE double decay(double u)
{
    double v = u * (1. / 64), sum = 1;
    for (int k = 14; k >= 1; k--)
        sum = 1 - v * sum * (1. / k);
    for (int k = 0; k < 6; k++)
        sum = sum * sum;
    return sum;
}

/* For v in [0, π/3]. */
LWS_INLINE double sine_of(double v)
{
    double u = v * v, sum = 1;
    for (int k = 16; k >= 2; k -= 2)
        sum = 1 - u * sum * (1. / (k * (k + 1)));
    return v * sum;
}

/* T of the mean hue (c, s): 1 − .17 cos(h − 30°) + .24 cos 2h + .32 cos(3h + 6°) − .2 cos(4h − 63°). */
LWS_INLINE double hue_weight(double c, double s)
{
    double c2 = c * c - s * s, s2 = 2 * s * c, c3 = c * (4 * c * c - 3), s3 = s * (3 - 4 * s * s);
    double c4 = c2 * c2 - s2 * s2, s4 = 2 * s2 * c2;
    return 1 - .17 * (.86602540378443865 * c + .5 * s) + .24 * c2 +
           .32 * (.99452189536827333 * c3 - .10452846326765347 * s3) -
           .2 * (.45399049973954675 * c4 + .89100652418836786 * s4);
}

/* sin 2Δθ of the mean hue, Δθ = 30° · exp(−((h − 275°) / 25°)²). The distance is not taken round the circle: from a hue
 * of 0 to 95° it is more than 180°, and the exponential nothing. */
LWS_INLINE double rotation(double c, double s)
{
    const double cos_275 = .08715574274765817, sin_275 = -.99619469809174553, degree = .017453292519943296;
    double cosine = c * cos_275 + s * sin_275, sine = s * cos_275 - c * sin_275;
    double above = cosine > -1 ? cosine : -1, within = above < 1 ? above : 1;
    double distance = angle(within, sine) / (25 * degree);
    double near = decay(distance * distance), beyond = sine > 0 ? 0 : near;
    return sine_of(60 * degree * (s >= 0 ? beyond : near));
}

/* ---- the difference -------------------------------------------------------------------------- */

/* Whether something holds is 1 or −1 and not a bool, which would keep the loop over colours from becoming vectors. */

/* A hue, (cos, sin) or (0, 0) of grey, and its chroma. */
typedef struct polar {
    double chroma, c, s;
    double is_upper; /* angle in [0, 180°) */
} polar;

LWS_INLINE polar polar_of(double a, double b)
{
    double chroma = sqrt(a * a + b * b), inverse = chroma > 0 ? 1 / chroma : 0;
    double on_axis = a > 0 ? 1 : -1, below = b < 0 ? -1 : on_axis;
    return (polar){chroma, a * inverse, b * inverse, b > 0 ? 1 : below};
}

typedef struct mean_polar {
    double chroma, c, s;
    double are_opposite;
} mean_polar;

/* The hue half way on the shorter arc; of opposite ones, that of the mean of their angles in [0, 360°). */
LWS_INLINE mean_polar mean_of(const polar *x, const polar *y)
{
    double c = x->c + y->c, s = x->s + y->s, square = c * c + s * s;
    double inverse = 1 / sqrt(square), across_c = -x->is_upper * x->s, across_s = x->is_upper * x->c;
    double along_c = c * inverse, along_s = s * inverse;
    return (mean_polar){(x->chroma + y->chroma) * .5, square < 1e-24 ? across_c : along_c,
                        square < 1e-24 ? across_s : along_s, square < 1e-24 ? 1 : -1};
}

/* 2 sqrt(C₁C₂) sin(Δh / 2), by whichever form loses no digits. */
LWS_INLINE double hue_difference(const polar *x, const polar *y, double are_opposite)
{
    double product = x->chroma * y->chroma, sum = x->c * y->c + x->s * y->s, cross = x->c * y->s - x->s * y->c;
    double near = product * cross * sqrt(2 / (product * (1 + sum)));
    double turn = are_opposite > 0 ? x->is_upper : cross, far = sqrt(2 * product * (1 - sum)), back = -far;
    double turned = turn < 0 ? back : far, either = sum >= 0 ? near : turned;
    return product > 0 ? either : 0;
}

LWS_VARIANTS(extern, void, ciede2000,
             (int n, const lab_colours *restrict x, const lab_colours *restrict y, double *restrict difference),
             (n, x, y, difference))
{
    for (int i = 0; i < n; i++) {
        double ax = x->a[i], bx = x->b[i], ay = y->a[i], by = y->b[i];
        double plain = (sqrt(ax * ax + bx * bx) + sqrt(ay * ay + by * by)) * .5;
        double stretch = 1.5 - .5 * saturation(plain);
        polar px = polar_of(ax * stretch, bx), py = polar_of(ay * stretch, by);
        mean_polar mean = mean_of(&px, &py);
        double middle = (x->l[i] + y->l[i]) * .5 - 50, square = middle * middle;
        double lightness = (y->l[i] - x->l[i]) / (1 + .015 * square / sqrt(20 + square));
        double chroma = (py.chroma - px.chroma) / (1 + .045 * mean.chroma);
        double hue =
            hue_difference(&px, &py, mean.are_opposite) / (1 + .015 * mean.chroma * hue_weight(mean.c, mean.s));
        double turned = -2 * saturation(mean.chroma) * rotation(mean.c, mean.s) * chroma * hue;
        double sum = lightness * lightness + chroma * chroma + hue * hue + turned, positive = sum > 0 ? sum : 0;
        difference[i] = sqrt(positive);
    }
}
