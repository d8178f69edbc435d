/* Ranks cut into groups: private to this folder. */
#ifndef LWS_TABLE_GROUPS_H
#define LWS_TABLE_GROUPS_H

#include <stdint.h>

typedef struct groups {
    int count, size; /* ranks [g · size, (g + 1) · size) are group g; the rest is none's */
} groups;

/* For `cells` cells on `ranks` ranks, as many groups as there are cells, where ranks allow; of a size that divides
 * `parts`, the micro-batches of a step, as others keep some ranks waiting. wanted > 0: that size. At least one
 * group. */
groups groups_for(int ranks, int cells, int64_t parts, int64_t wanted);

/* The group of a rank; -1: none. */
int groups_of(groups g, int rank);

#endif
