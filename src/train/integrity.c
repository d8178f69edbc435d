/* Are parameters and moments still what the updates made of them, on every rank?
 *
 * Between two updates nothing writes them, so a sum over their bits, which the update itself takes along, must be the
 * same when the next one begins: that is looked at in every step, by the owner of each slice. What the others hold of a
 * slice is overwritten in every step; it is held against the owner's every so many steps, and before a checkpoint. */
#include "trainer.h"

#include "base/digest.h"
#include "base/profile.h"

#include <inttypes.h>

/* The sum over an own slice, in the way of update_slice(): tensor by tensor, without the gaps between. */
static uint32_t sum_of_piece(const trainer *t, const lws_reduction_slice *slice)
{
    const lws_tensors *tensors = lws_model_tensors(t->model);
    uint32_t sum = 0;
    for (int i = 0; i < tensors->count; i++) {
        size_t begin, end;
        if (!update_range(t, &tensors->item[i], slice, &begin, &end))
            continue;
        size_t own = slice->at + begin - slice->begin;
        sum += lws_bit_sum(end - begin, t->params + begin);
        for (int k = 0; k < t->optimizer->slots && !tensors->item[i].is_buffer; k++)
            sum += lws_bit_sum(end - begin, t->slot[k] + own);
    }
    return sum;
}

void integrity_note(trainer *t)
{
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++) {
        lws_reduction_slice slice = lws_reduction_get_slice(t->reduction, b, lws_comm_rank(t->comm));
        t->bits[b] = sum_of_piece(t, &slice);
    }
    t->is_noted = true;
}

static lws_status tell_changed(const trainer *t, const lws_reduction_slice *slice)
{
    const lws_tensors *tensors = lws_model_tensors(t->model);
    const char *first = "", *last = ""; /* a slice that differs holds one at least */
    for (int i = 0; i < tensors->count; i++) {
        size_t begin, end;
        if (!update_range(t, &tensors->item[i], slice, &begin, &end))
            continue;
        last = tensors->item[i].name;
        if (!first[0])
            first = last;
    }
    return lws_fail(
        LWS_ERR_MISMATCH,
        "memory was altered on rank %d on %s: parameters or moments between %s and %s are not what the update of "
        "step %" PRId64 " left. Have that machine's memory checked, and go on with --resume on another.",
        lws_comm_rank(t->comm), lws_comm_host(t->comm), first, last, t->step);
}

void integrity_updated(trainer *t, const lws_reduction_slice *slice, lws_update_bits bits)
{
    if (t->is_noted && bits.found != t->bits[slice->bucket])
        step_failure_keep(&t->failure, tell_changed(t, slice));
    t->bits[slice->bucket] = bits.left;
}

bool integrity_begin(trainer *t)
{
    int64_t every = t->options->check_every;
    bool looks = every > 0 && t->step % every == 0 && lws_comm_size(t->comm) > 1;
    t->digest = 0;
    t->is_to_look = looks;
    if (looks && !t->options->overlap) /* all parameters are here between steps */
        integrity_look(t);
    return looks;
}

void integrity_look(trainer *t)
{
    LWS_PROFILE("digest of parameters");
    int ranks = lws_comm_size(t->comm);
    for (int r = 0; r < ranks; r++) {
        uint64_t digest = 0;
        for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++) {
            lws_reduction_slice slice = lws_reduction_get_slice(t->reduction, b, r);
            uint64_t both[2] = {digest,
                                lws_digest64(t->params + slice.begin, (slice.end - slice.begin) * sizeof(float))};
            digest = lws_digest64(both, sizeof both);
        }
        t->digests[r] = digest;
    }
    t->digest = lws_digest64(t->digests, (size_t)ranks * sizeof *t->digests);
    t->is_to_look = false;
}

lws_status integrity_compare(trainer *t)
{
    int ranks = lws_comm_size(t->comm), rank = lws_comm_rank(t->comm);
    uint64_t truth[1] = {t->digests[rank]};
    for (int r = 0; r < ranks; r++)
        t->bytes_of[r] = sizeof *truth;
    uint64_t *owners = t->digests + ranks;
    lws_comm_allgather(t->comm, truth, t->bytes_of, owners);
    lws_status status = LWS_OK;
    for (int r = 0; r < ranks && status == LWS_OK; r++)
        if (t->digests[r] != owners[r])
            status = lws_fail(
                LWS_ERR_MISMATCH,
                "rank %d on %s holds other parameters than their owner, rank %d, after step %" PRId64
                ": its memory was altered, or a message on its way. Have that machine and its network checked, "
                "and go on with --resume.",
                rank, lws_comm_host(t->comm), r, t->step);
    return lws_comm_agree(t->comm, status);
}

/* The sum over all slices of all ranks, as their updates left them. */
static uint32_t sum_of_all(trainer *t)
{
    uint64_t mine = 0, *all = t->digests;
    uint32_t sum = 0;
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets; b++)
        mine += t->bits[b];
    for (int r = 0; r < lws_comm_size(t->comm); r++)
        t->bytes_of[r] = sizeof mine;
    lws_comm_allgather(t->comm, &mine, t->bytes_of, all);
    for (int r = 0; r < lws_comm_size(t->comm); r++)
        sum += (uint32_t)all[r];
    return sum;
}

lws_status integrity_check_saved(const trainer *t)
{
    const lws_tensors *tensors = lws_model_tensors(t->model);
    uint32_t sum = 0;
    for (int i = 0; i < tensors->count; i++) {
        const lws_tensor *tensor = &tensors->item[i];
        size_t begin = tensor->offset + (tensor->is_buffer ? t->param_count : 0);
        sum += lws_bit_sum(tensor->count, t->params + begin);
        for (int k = 0; k < t->optimizer->slots && !tensor->is_buffer; k++)
            sum += lws_bit_sum(tensor->count, t->full_slot[k] + begin);
    }
    if (sum == t->bits_of_all)
        return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH,
                    "memory was altered on rank 0 on %s while the checkpoint of step %" PRId64 " was written, which is "
                    "thrown away. Have that machine's memory checked, and go on with --resume on another.",
                    lws_comm_host(t->comm), t->step);
}

lws_status integrity_check(trainer *t)
{
    lws_status status = step_failure_tell(&t->failure);
    for (int b = 0; b < lws_reduction_get_part(t->reduction)->buckets && status == LWS_OK; b++) {
        lws_reduction_slice slice = lws_reduction_get_slice(t->reduction, b, lws_comm_rank(t->comm));
        if (sum_of_piece(t, &slice) != t->bits[b])
            status = tell_changed(t, &slice);
    }
    LWS_TRY(lws_comm_agree(t->comm, status));
    t->bits_of_all = sum_of_all(t);
    integrity_look(t);
    return integrity_compare(t);
}
