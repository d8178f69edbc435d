/* Sums of squares of tensors, piece by piece. */
#include "step/tensor_norms.h"

#include "base/profile.h"
#include "comm/watchdog.h"
#include "optim/norm.h"

#include <math.h>
#include <string.h>

enum { PAIR = 2 }; /* the squares of parameters and of the proposal */

/* The end of the piece that begins at `at`, in a tensor that ends at `end`. */
static size_t piece_end(size_t at, size_t end)
{
    size_t block_end = (at / LWS_NORM_BLOCK + 1) * LWS_NORM_BLOCK;
    return block_end < end ? block_end : end;
}

static size_t pieces_of_slice(const tensor_norms *n, const lws_reduction_slice *slice)
{
    const lws_tensors *tensors = n->context->tensors;
    size_t pieces = 0, begin, end;
    for (int t = 0; t < tensors->count; t++)
        if (!tensors->item[t].is_buffer && state_range(n->state, &tensors->item[t], slice, &begin, &end))
            pieces += (end - 1) / LWS_NORM_BLOCK - begin / LWS_NORM_BLOCK + 1;
    return pieces;
}

static size_t pieces_of_rank(const tensor_norms *n, int rank)
{
    size_t pieces = 0;
    for (int b = 0; b < own_part(n->context)->buckets; b++) {
        lws_reduction_slice slice = lws_reduction_get_slice(n->context->reduction, b, rank);
        pieces += pieces_of_slice(n, &slice);
    }
    return pieces;
}

void tensor_norms_take_memory(tensor_norms *n, const train_context *c, const train_state *s, lws_arena *arena)
{
    n->context = c;
    n->state = s;
    if (!c->optimizer->trust_ratio)
        return;
    size_t ranks = (size_t)lws_comm_size(c->comm), tensors = (size_t)c->tensors->count, pieces = 0;
    for (int r = 0; r < lws_comm_size(c->comm); r++)
        pieces += pieces_of_rank(n, r);
    n->mine = lws_arena_take(arena, PAIR * pieces_of_rank(n, lws_comm_rank(c->comm)) * sizeof(double));
    n->all = lws_arena_take(arena, PAIR * pieces * sizeof(double));
    n->bytes_of = lws_arena_take(arena, ranks * sizeof(size_t));
    n->at = lws_arena_take(arena, ranks * sizeof(size_t));
    n->param = lws_arena_take(arena, tensors * sizeof(double));
    n->proposal = lws_arena_take(arena, tensors * sizeof(double));
}

/* The squares of this rank's pieces. */
static void sum_own(tensor_norms *n, const float *proposal)
{
    const lws_tensors *tensors = n->context->tensors;
    double *mine = n->mine;
    for (int b = 0; b < own_part(n->context)->buckets; b++) {
        lws_reduction_slice slice = lws_reduction_get_slice(n->context->reduction, b, lws_comm_rank(n->context->comm));
        for (int t = 0; t < tensors->count; t++) {
            size_t at, end;
            if (tensors->item[t].is_buffer || !state_range(n->state, &tensors->item[t], &slice, &at, &end))
                continue;
            for (size_t next; at < end; at = next, mine += PAIR) {
                next = piece_end(at, end);
                lws_norm_blocks(next - at, n->state->params + at, &mine[0]);
                lws_norm_blocks(next - at, proposal + slice.at + at - slice.begin, &mine[1]);
            }
        }
    }
}

/* Adds up the pieces of a slice, whose squares begin at `squares`; returns where the next one's do. */
static const double *add_slice(tensor_norms *n, const lws_reduction_slice *slice, const double *squares)
{
    const lws_tensors *tensors = n->context->tensors;
    for (int t = 0; t < tensors->count; t++) {
        size_t at, end;
        if (tensors->item[t].is_buffer || !state_range(n->state, &tensors->item[t], slice, &at, &end))
            continue;
        for (; at < end; at = piece_end(at, end), squares += PAIR) {
            n->param[t] += squares[0];
            n->proposal[t] += squares[1];
        }
    }
    return squares;
}

void tensor_norms_exchange(tensor_norms *n, const float *proposal)
{
    LWS_PROFILE("norms of tensors");
    const train_context *c = n->context;
    int ranks = lws_comm_size(c->comm);
    size_t begin = 0;
    for (int r = 0; r < ranks; r++) {
        n->at[r] = begin;
        n->bytes_of[r] = PAIR * pieces_of_rank(n, r) * sizeof(double);
        begin += n->bytes_of[r] / sizeof(double);
    }
    sum_own(n, proposal);
    lws_watchdog_phase("exchange of norms of step", n->state->step + 1);
    lws_comm_allgather(c->comm, n->mine, n->bytes_of, n->all);
    memset(n->param, 0, (size_t)c->tensors->count * sizeof *n->param);
    memset(n->proposal, 0, (size_t)c->tensors->count * sizeof *n->proposal);
    for (int b = 0; b < own_part(c)->buckets; b++) {
        for (int r = 0; r < ranks; r++) { /* ascending in the flat array, whoever owns what */
            lws_reduction_slice slice = lws_reduction_get_slice(c->reduction, b, r);
            n->at[r] = (size_t)(add_slice(n, &slice, n->all + n->at[r]) - n->all);
        }
    }
    for (int t = 0; t < c->tensors->count; t++) {
        n->param[t] = sqrt(n->param[t]);
        n->proposal[t] = sqrt(n->proposal[t]);
    }
}
