/* The fixed tree over the micro-batches, without MPI: however the leaves are cut into runs, the same pairs are added in
 * the same order. A value is a digest of the expression that made it, so two expressions are told apart even where
 * floats would agree by chance. */
#include "check.h"

#include "tree.h"

enum { LEAVES = 70 };

static uint64_t mix(uint64_t z)
{
    check_rng r = {z};
    return check_next(&r);
}

static uint64_t leaf_value(int64_t leaf)
{
    return mix((uint64_t)leaf + 1);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return mix(3 * mix(a) + 5 * mix(b + 7));
}

/* The tree's definition: node (level, index) is its children's sum, or its left child where the right has no leaf. */
static uint64_t node_value(int level, int64_t index, int64_t leaves)
{
    if (level == 0)
        return leaf_value(index);
    uint64_t left = node_value(level - 1, 2 * index, leaves);
    if ((2 * index + 1) << (level - 1) >= leaves)
        return left;
    return sum(left, node_value(level - 1, 2 * index + 1, leaves));
}

static uint64_t root_value(int64_t leaves)
{
    int level = 0;
    while ((int64_t)1 << level < leaves)
        level++;
    return node_value(level, 0, leaves);
}

typedef struct values {
    uint64_t slot[LEAVES];
    bool used[LEAVES];
    int adds;
} values;

static void add(void *user, int to, int from)
{
    values *v = user;
    assert_true(v->used[to] && v->used[from] && to != from);
    v->slot[to] = sum(v->slot[to], v->slot[from]);
    v->used[from] = false;
    v->adds++;
}

/* Leaves [first, end) as one rank folds them: what is left goes to the right end of `all`, as the owner does. */
static int fold_run(int64_t leaves, int64_t first, int64_t end, tree_stack *all, values *v)
{
    tree_stack run = {.leaves = leaves};
    for (int64_t i = first; i < end; i++) {
        v->slot[i] = leaf_value(i);
        v->used[i] = true;
        tree_push(&run, (tree_node){0, i, (int)i}, add, v);
        assert_true(run.count < TREE_NODES);
    }
    for (int k = 0; k < run.count; k++) {
        tree_node node = run.node[k];
        assert_true(v->slot[node.slot] == node_value(node.level, node.index, leaves));
        tree_push(all, node, add, v);
    }
    return run.count;
}

static void check_root(const tree_stack *all, const values *v, int64_t leaves)
{
    assert_int_equal(all->count, 1);
    assert_int_equal(v->adds, leaves - 1);
    assert_true(v->slot[all->node[0].slot] == root_value(leaves));
}

/* Every way to cut 1 to 12 leaves into contiguous runs: bit i says that a run begins at leaf i + 1. */
static void every_cut(void **state)
{
    (void)state;
    for (int64_t leaves = 1; leaves <= 12; leaves++) {
        for (unsigned cut = 0; cut < 1u << (leaves - 1); cut++) {
            values v = {.adds = 0};
            tree_stack all = {.leaves = leaves};
            int64_t first = 0;
            for (int64_t i = 1; i <= leaves; i++) {
                if (i == leaves || cut >> (i - 1) & 1) {
                    fold_run(leaves, first, i, &all, &v);
                    first = i;
                }
            }
            check_root(&all, &v, leaves);
        }
    }
}

/* Random cuts of more leaves. */
static void many_leaves(void **state)
{
    (void)state;
    check_rng r = {17};
    for (int64_t leaves = 13; leaves <= LEAVES; leaves++) {
        for (int trial = 0; trial < 50; trial++) {
            values v = {.adds = 0};
            tree_stack all = {.leaves = leaves};
            for (int64_t first = 0, end; first < leaves; first = end) {
                end = first + check_int(&r, 1, (int)(leaves - first));
                fold_run(leaves, first, end, &all, &v);
            }
            check_root(&all, &v, leaves);
        }
    }
}

/* Where ranks divide a power of two of leaves, each is left with a single subtree: one message a step. */
static void even_runs_leave_one_node(void **state)
{
    (void)state;
    for (int64_t leaves = 1; leaves <= 64; leaves *= 2) {
        for (int64_t run = 1; run <= leaves; run *= 2) {
            values v = {.adds = 0};
            tree_stack all = {.leaves = leaves};
            for (int64_t first = 0; first < leaves; first += run)
                assert_int_equal(fold_run(leaves, first, first + run, &all, &v), 1);
            check_root(&all, &v, leaves);
        }
    }
}

static void add_nothing(void *user, int to, int from)
{
    (void)to, (void)from;
    ++*(int64_t *)user;
}

/* A million leaves but the first: the worst run, since the left sibling is missing on every level. It stays within the
 * table. */
static void long_run(void **state)
{
    (void)state;
    tree_stack stack = {.leaves = 1 << 20};
    int64_t adds = 0;
    for (int64_t i = 1; i < stack.leaves; i++) {
        tree_push(&stack, (tree_node){0, i, 0}, add_nothing, &adds);
        assert_true(stack.count < TREE_NODES);
    }
    assert_int_equal(stack.count, 20);
    assert_int_equal(adds, stack.leaves - 1 - 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),
        cmocka_unit_test(many_leaves),
        cmocka_unit_test(even_runs_leave_one_node),
        cmocka_unit_test(long_run),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
