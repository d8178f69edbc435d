/* Sums whose bits do not depend on the instruction set: private to this folder. */
#ifndef LWS_LOSS_SUM_H
#define LWS_LOSS_SUM_H

#include <stddef.h>

/* Sum of n values in a fixed order that vectorises. */
double loss_sum(size_t n, const double *v);

/* The scratch() of a loss that adds up one double a value of an image. */
size_t loss_sum_scratch(const void *state, int h, int w, int c);

#endif
