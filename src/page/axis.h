/* Axes of drawings: a range with round ends, and ticks at round numbers. Private to this folder. */
#ifndef PAGE_AXIS_H
#define PAGE_AXIS_H

#include <stdbool.h>

enum { AXIS_TICKS = 24, AXIS_LABEL = 32 };

typedef struct axis {
    double low, high; /* low < high */
    bool is_log;
    int ticks;
    double tick[AXIS_TICKS]; /* ascending, from low to high */
    int decimals;            /* of labels; linear axes */
} axis;

/* An axis over finite values from low to high. Linear: ticks at multiples of 1, 2 or 5 times a power of ten, about
 * `wanted` of them. Logarithmic, where is_log and low > 0: at powers of ten, and at 2 and 5 times these where they are
 * few. */
axis axis_make(double low, double high, int wanted, bool is_log);

/* Whether positive values from low to high are better seen on a logarithmic axis. */
bool axis_suits_log(double low, double high);

/* Where a value lies: 0 at low, 1 at high. */
double axis_place(const axis *a, double value);

/* The label of a tick. Returns text. */
const char *axis_label(const axis *a, int tick, char text[AXIS_LABEL]);

#endif
