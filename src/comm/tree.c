/* The one function that decides which pairs are added. */
#include "tree.h"

void tree_push(tree_stack *stack, tree_node node, void (*add)(void *user, int to, int from), void *user)
{
    for (;;) {
        tree_node *top = stack->count > 0 ? &stack->node[stack->count - 1] : 0;
        bool is_root = node.index == 0 && ((int64_t)1 << node.level) >= stack->leaves;
        if (is_root)
            break;
        if (node.index % 2 == 1) {
            if (!top || top->level != node.level || top->index != node.index - 1)
                break; /* the left sibling is somebody else's */
            add(user, top->slot, node.slot);
            node.slot = top->slot;
            stack->count--;
        } else if (((node.index + 1) << node.level) < stack->leaves) {
            break; /* the right sibling is to come */
        }
        node.level++;
        node.index /= 2;
    }
    stack->node[stack->count++] = node;
}
