/* The fixed binary tree over the micro-batches: private to this folder, and free of MPI.
 *
 * Node (level, index) covers the leaves [index · 2^level, (index + 1) · 2^level) that exist. Its value is its left
 * child's plus its right child's; a node whose right child covers no leaf is its left child. Whoever adds, the
 * same pairs are added, so the root has the same bits. */
#ifndef LWS_TREE_H
#define LWS_TREE_H

#include <stdbool.h>
#include <stdint.h>

enum { TREE_NODES = 64 }; /* more than any run of leaves needs: two a level */

typedef struct tree_node {
    int level;
    int64_t index;
    int slot; /* where the caller keeps the value */
} tree_node;

/* The maximal nodes of the leaves pushed so far, from left to right. */
typedef struct tree_stack {
    int64_t leaves; /* in the whole tree */
    int count;
    tree_node node[TREE_NODES];
} tree_stack;

/* Pushes the node that follows on the right. Calls add(user, to, from) for every pair of slots to be added, which
 * leaves the sum in `to`; `from` is free then. */
void tree_push(tree_stack *stack, tree_node node, void (*add)(void *user, int to, int from), void *user);

#endif
