/* Sums of bits of what a rank owns, digests of what it holds, and their comparison. */
#include "step/integrity.h"

#include "base/digest.h"
#include "base/profile.h"

#include <inttypes.h>

void integrity_take_memory(integrity *i, const train_context *c, lws_arena *arena)
{
    size_t ranks = (size_t)lws_comm_size(c->comm);
    i->bits = lws_arena_take(arena, (size_t)own_part(c)->buckets * sizeof *i->bits);
    i->digests = lws_arena_take(arena, 2 * ranks * sizeof *i->digests);
    i->bytes_of = lws_arena_take(arena, ranks * sizeof(size_t));
}

/* The sum over an own slice, in the way of update_slice(): tensor by tensor, without the gaps between. */
static uint32_t sum_of_slice(const integrity *i, const lws_reduction_slice *slice)
{
    const train_state *s = i->state;
    const lws_tensors *tensors = i->context->tensors;
    uint32_t sum = 0;
    for (int t = 0; t < tensors->count; t++) {
        size_t begin, end;
        if (!state_range(s, &tensors->item[t], slice, &begin, &end))
            continue;
        size_t own = slice->at + begin - slice->begin;
        sum += lws_bit_sum(end - begin, s->params + begin);
        for (int k = 0; k < i->context->optimizer->slots && !tensors->item[t].is_buffer; k++)
            sum += lws_bit_sum(end - begin, s->slot[k] + own);
    }
    return sum;
}

static lws_reduction_slice own_slice(const integrity *i, int bucket)
{
    return lws_reduction_get_slice(i->context->reduction, bucket, lws_comm_rank(i->context->comm));
}

void integrity_note(integrity *i)
{
    for (int b = 0; b < own_part(i->context)->buckets; b++) {
        lws_reduction_slice slice = own_slice(i, b);
        i->bits[b] = sum_of_slice(i, &slice);
    }
    i->is_noted = true;
}

static lws_status tell_changed(const integrity *i, const lws_reduction_slice *slice)
{
    const lws_tensors *tensors = i->context->tensors;
    const char *first = "", *last = ""; /* a slice that differs holds one at least */
    for (int t = 0; t < tensors->count; t++) {
        size_t begin, end;
        if (!state_range(i->state, &tensors->item[t], slice, &begin, &end))
            continue;
        last = tensors->item[t].name;
        if (!first[0])
            first = last;
    }
    return lws_fail(
        LWS_ERR_MISMATCH,
        "memory was altered on rank %d on %s: parameters or moments between %s and %s are not what the update of "
        "step %" PRId64 " left. Have that machine's memory checked, and go on %s on another.",
        lws_comm_rank(i->context->comm), lws_comm_host(i->context->comm), first, last, i->state->step,
        i->context->goes_on);
}

void integrity_updated(integrity *i, const lws_reduction_slice *slice, lws_update_bits bits)
{
    if (i->is_noted && bits.found != i->bits[slice->bucket])
        step_failure_keep(i->failure, tell_changed(i, slice));
    i->bits[slice->bucket] = bits.left;
}

/* What changed in between stays in the sum, and the next update finds it. */
void integrity_moved(integrity *i, const lws_reduction_slice *slice, lws_update_bits bits)
{
    i->bits[slice->bucket] += bits.left - bits.found;
}

bool integrity_begin(integrity *i)
{
    const train_context *c = i->context;
    int64_t every = c->options->check_every;
    bool looks = every > 0 && i->state->step % every == 0 && lws_comm_size(c->comm) > 1;
    i->digest = 0;
    i->is_to_look = looks;
    if (looks && !c->options->overlap) /* all parameters are here between steps */
        integrity_look(i);
    return looks;
}

void integrity_look(integrity *i)
{
    LWS_PROFILE("digest of parameters");
    const train_context *c = i->context;
    int ranks = lws_comm_size(c->comm);
    for (int r = 0; r < ranks; r++) {
        uint64_t digest = 0;
        for (int b = 0; b < own_part(c)->buckets; b++) {
            lws_reduction_slice slice = lws_reduction_get_slice(c->reduction, b, r);
            const float *values = i->state->params + slice.begin;
            uint64_t both[2] = {digest, lws_digest64(values, (slice.end - slice.begin) * sizeof(float))};
            digest = lws_digest64(both, sizeof both);
        }
        i->digests[r] = digest;
    }
    i->digest = lws_digest64(i->digests, (size_t)ranks * sizeof *i->digests);
    i->is_to_look = false;
}

lws_status integrity_compare(integrity *i)
{
    lws_comm *comm = i->context->comm;
    int ranks = lws_comm_size(comm), rank = lws_comm_rank(comm);
    uint64_t truth[1] = {i->digests[rank]};
    for (int r = 0; r < ranks; r++)
        i->bytes_of[r] = sizeof *truth;
    uint64_t *owners = i->digests + ranks;
    lws_comm_allgather(comm, truth, i->bytes_of, owners);
    lws_status status = LWS_OK;
    for (int r = 0; r < ranks && status == LWS_OK; r++)
        if (i->digests[r] != owners[r])
            status = lws_fail(
                LWS_ERR_MISMATCH,
                "rank %d on %s holds other parameters than their owner, rank %d, after step %" PRId64
                ": its memory was altered, or a message on its way. Have that machine and its network checked, "
                "and go on %s.",
                rank, lws_comm_host(comm), r, i->state->step, i->context->goes_on);
    return lws_comm_agree(comm, status);
}

/* The sum over all slices of all ranks, as their updates left them. */
static uint32_t sum_of_all(integrity *i)
{
    lws_comm *comm = i->context->comm;
    uint64_t mine = 0, *all = i->digests;
    uint32_t sum = 0;
    for (int b = 0; b < own_part(i->context)->buckets; b++)
        mine += i->bits[b];
    for (int r = 0; r < lws_comm_size(comm); r++)
        i->bytes_of[r] = sizeof mine;
    lws_comm_allgather(comm, &mine, i->bytes_of, all);
    for (int r = 0; r < lws_comm_size(comm); r++)
        sum += (uint32_t)all[r];
    return sum;
}

lws_status integrity_check_saved(const integrity *i)
{
    const train_context *c = i->context;
    const train_state *s = i->state;
    uint32_t sum = 0;
    for (int t = 0; t < c->tensors->count; t++) {
        const lws_tensor *tensor = &c->tensors->item[t];
        size_t begin = state_offset(s, tensor);
        sum += lws_bit_sum(tensor->count, s->params + begin);
        for (int k = 0; k < c->optimizer->slots && !tensor->is_buffer; k++)
            sum += lws_bit_sum(tensor->count, s->full_slot[k] + begin);
    }
    if (sum == i->bits_of_all)
        return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH,
                    "memory was altered on rank 0 on %s while the checkpoint of step %" PRId64 " was written, which is "
                    "thrown away. Have that machine's memory checked, and go on %s on another.",
                    lws_comm_host(c->comm), s->step, c->goes_on);
}

lws_status integrity_check(integrity *i)
{
    lws_status status = step_failure_tell(i->failure);
    for (int b = 0; b < own_part(i->context)->buckets && status == LWS_OK; b++) {
        lws_reduction_slice slice = own_slice(i, b);
        if (sum_of_slice(i, &slice) != i->bits[b])
            status = tell_changed(i, &slice);
    }
    LWS_TRY(lws_comm_agree(i->context->comm, status));
    i->bits_of_all = sum_of_all(i);
    integrity_look(i);
    return integrity_compare(i);
}
