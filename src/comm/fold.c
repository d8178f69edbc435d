/* A rank's own micro-batches, added up to the largest whole subtrees that it holds, as they come. */
#include "reduction_internal.h"

#include "base/profile.h"
#include "base/simd.h"

#include <string.h>

LWS_VARIANTS(extern, void, reduction_add, (size_t n, const float *restrict from, float *restrict to), (n, from, to))
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void count_only(void *user, int to, int from)
{
    bool *used = user;
    (void)to;
    used[from] = false;
}

/* There always is one: as many are used at once as fold_simulate() found, and no more than TREE_NODES. */
static int free_slot(const bool *used)
{
    int i = 0;
    while (used[i])
        i++;
    return i;
}

tree_stack fold_simulate(int64_t micro_batches, int64_t first, int64_t count, int *slots)
{
    tree_stack stack = {.leaves = micro_batches};
    bool used[TREE_NODES] = {false};
    for (int64_t i = first; i < first + count; i++) {
        int slot = free_slot(used);
        used[slot] = true;
        if (slot + 1 > *slots)
            *slots = slot + 1;
        tree_push(&stack, (tree_node){0, i, slot}, count_only, used);
    }
    return stack;
}

static void note_pair(void *user, int to, int from)
{
    lws_reduction *r = user;
    r->to[r->pairs] = to;
    r->from[r->pairs++] = from;
    r->slot_used[from] = false;
}

void fold_begin(lws_reduction *r)
{
    r->local.count = 0;
    memset(r->slot_used, 0, (size_t)r->slots * sizeof *r->slot_used);
}

float *fold_next(lws_reduction *r)
{
    int slot = free_slot(r->slot_used);
    r->slot_used[slot] = true;
    r->pairs = 0;
    r->folded = r->count;
    tree_push(&r->local, (tree_node){0, r->next_micro_batch, slot}, note_pair, r);
    return r->slot + (size_t)slot * r->count;
}

void fold_down_to(lws_reduction *r, size_t begin)
{
    LWS_PROFILE("fold");
    for (int i = 0; i < r->pairs; i++)
        reduction_add(r->folded - begin, r->slot + (size_t)r->from[i] * r->count + begin,
                      r->slot + (size_t)r->to[i] * r->count + begin);
    r->folded = begin;
}
