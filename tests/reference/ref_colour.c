/* Colours by their textbook formulas, hues as angles in degrees: sRGB to Lab, CIEDE2000 step by step as Sharma, Wu &
 * Dalal 2005 list them, and the opponent colours in two passes. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static const double degree = 3.14159265358979323846 / 180;

static double clip(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

void ref_lab(const double rgb[3], double lab[3])
{
    static const double matrix[3][3] = {
        {.412453, .357580, .180423}, {.212671, .715160, .072169}, {.019334, .119193, .950227}};
    static const double white[3] = {.95047, 1, 1.08883};
    double f[3];
    for (int i = 0; i < 3; i++) {
        double t = 0;
        for (int k = 0; k < 3; k++) {
            double v = rgb[k];
            t += matrix[i][k] * (v > .04045 ? pow((v + .055) / 1.055, 2.4) : v / 12.92);
        }
        t /= white[i];
        f[i] = t > .008856 ? cbrt(t) : 7.787 * t + 16. / 116;
    }
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

static double hue_of(double a, double b)
{
    double h = a == 0 && b == 0 ? 0 : atan2(b, a) / degree;
    return h < 0 ? h + 360 : h;
}

double ref_ciede2000(const double x[3], const double y[3])
{
    double mean = (hypot(x[1], x[2]) + hypot(y[1], y[2])) / 2;
    double g = .5 * (1 - sqrt(pow(mean, 7) / (pow(mean, 7) + pow(25, 7))));
    double ax = (1 + g) * x[1], ay = (1 + g) * y[1], cx = hypot(ax, x[2]), cy = hypot(ay, y[2]);
    double hx = hue_of(ax, x[2]), hy = hue_of(ay, y[2]), dh = hy - hx, h = (hx + hy) / 2;
    if (cx * cy == 0) {
        dh = 0;
        h = hx + hy;
    } else if (fabs(dh) > 180) {
        dh += dh > 0 ? -360 : 360;
        h += hx + hy < 360 ? 180 : -180;
    }
    double l = (x[0] + y[0]) / 2, c = (cx + cy) / 2;
    double t = 1 - .17 * cos((h - 30) * degree) + .24 * cos(2 * h * degree) + .32 * cos((3 * h + 6) * degree) -
               .2 * cos((4 * h - 63) * degree);
    double theta = 30 * exp(-pow((h - 275) / 25, 2)), rc = 2 * sqrt(pow(c, 7) / (pow(c, 7) + pow(25, 7)));
    double sl = 1 + .015 * pow(l - 50, 2) / sqrt(20 + pow(l - 50, 2)), sc = 1 + .045 * c, sh = 1 + .015 * c * t;
    double dl = (y[0] - x[0]) / sl, dc = (cy - cx) / sc, hue = 2 * sqrt(cx * cy) * sin(dh / 2 * degree) / sh;
    return sqrt(fmax(dl * dl + dc * dc + hue * hue - sin(2 * theta * degree) * rc * dc * hue, 0));
}

double ref_metric_delta_e(int h, int w, int c, const double *x, const double *y)
{
    double sum = 0;
    if (c != 3)
        return NAN;
    for (int i = 0; i < h * w; i++) {
        double a[3], b[3];
        ref_lab(x + 3 * i, a);
        ref_lab((double[]){clip(y[3 * i]), clip(y[3 * i + 1]), clip(y[3 * i + 2])}, b);
        sum += ref_ciede2000(a, b);
    }
    return sum / (h * w);
}

static double opponent(int k, const double *p)
{
    return k == 0 ? clip(p[0]) - clip(p[1]) : (clip(p[0]) + clip(p[1])) / 2 - clip(p[2]);
}

void ref_colour(size_t pixels, const double *x, const double *y, double *slope, double *correlation)
{
    double mo = 0, mr = 0, oo = 0, ro = 0, rr = 0, n = 2. * (double)pixels;
    for (size_t i = 0; i < 2 * pixels; i++) {
        mo += opponent(i % 2, x + i / 2 * 3) / n;
        mr += opponent(i % 2, y + i / 2 * 3) / n;
    }
    for (size_t i = 0; i < 2 * pixels; i++) {
        double o = opponent(i % 2, x + i / 2 * 3) - mo, r = opponent(i % 2, y + i / 2 * 3) - mr;
        oo += o * o;
        ro += r * o;
        rr += r * r;
    }
    *slope = ro / oo;
    *correlation = ro / sqrt(oo * rr);
}
