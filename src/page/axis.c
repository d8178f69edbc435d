/* Axes: round ends, round ticks. */
#include "axis.h"

#include <math.h>
#include <stdio.h>

static axis make_linear(double low, double high, int wanted)
{
    axis a = {0};
    if (!(high > low)) { /* one value: room around it */
        double room = low != 0 ? fabs(low) * .1 : 1;
        low -= room;
        high += room;
    }
    double rough = (high - low) / wanted, power = pow(10, floor(log10(rough)));
    double factor = rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10;
    double step = factor * power, first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    a.low = first * step;
    a.high = last * step;
    a.decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    for (double k = first; k <= last && a.ticks < AXIS_TICKS; k++)
        a.tick[a.ticks++] = k * step;
    return a;
}

/* 1, 2 or 5 times a power of ten; number 0 is 1, 1 is 2, 2 is 5, 3 is 10 and so on. */
static double round_number(int number)
{
    static const double factor[] = {1, 2, 5};
    int power = number >= 0 ? number / 3 : -((2 - number) / 3);
    return factor[number - 3 * power] * pow(10, power);
}

static axis make_log(double low, double high)
{
    axis a = {.is_log = true};
    int first = 3 * (int)floor(log10(low)), last = 3 * (int)ceil(log10(high));
    while (round_number(first + 1) <= low * (1 + 1e-9))
        first++;
    while (last > first + 1 && round_number(last - 1) >= high * (1 - 1e-9))
        last--;
    if (last <= first)
        last = first + 1;
    a.low = round_number(first);
    a.high = round_number(last);
    int decades = (last - first) / 3, every = decades < 2 ? 1 : 3 * (1 + decades / 8);
    for (int k = first; k <= last && a.ticks < AXIS_TICKS; k++)
        if (k % every == 0)
            a.tick[a.ticks++] = round_number(k);
    return a;
}

axis axis_make(double low, double high, int wanted, bool is_log)
{
    return is_log && low > 0 && high > low ? make_log(low, high) : make_linear(low, high, wanted);
}

bool axis_suits_log(double low, double high)
{
    return low > 0 && high / low >= 20;
}

double axis_place(const axis *a, double value)
{
    if (a->is_log)
        return log(value / a->low) / log(a->high / a->low);
    return (value - a->low) / (a->high - a->low);
}

const char *axis_label(const axis *a, int tick, char text[AXIS_LABEL])
{
    double value = a->tick[tick];
    double largest = fmax(fabs(a->low), fabs(a->high));
    if (a->is_log || largest >= 1e6 || a->decimals > 5)
        snprintf(text, AXIS_LABEL, "%.6g", value + 0.0);
    else
        snprintf(text, AXIS_LABEL, "%.*f", a->decimals, value + 0.0);
    return text;
}
