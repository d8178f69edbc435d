/* Have parameters or the optimizer's arrays changed that nothing should have changed?
 *
 * Between two updates nothing writes them, so a sum over their bits, which the update itself takes along, must be the
 * same when the next one begins: that is looked at in every step, by the owner of each slice. What the others hold of a
 * slice is overwritten in every step; it is held against the owner's every so many steps, and before a checkpoint. */
#ifndef LWS_INTEGRITY_H
#define LWS_INTEGRITY_H

#include "step/state.h"
#include "step/step_failure.h"

typedef struct integrity {
    const train_context *context;
    const train_state *state;
    step_failure *failure; /* of the step: gets what is found */
    uint32_t *bits;        /* [buckets] of this rank's slices, as their updates left them */
    uint64_t *digests;     /* [2 · ranks] of the parameters of each owner, here and there */
    size_t *bytes_of;      /* [ranks] */
    uint32_t bits_of_all;  /* of all ranks' slices, at the latest integrity_check() */
    bool is_noted;         /* bits are those of the present state */
    bool is_to_look;       /* the parameters are to be digested in this step, and have not been yet */
    uint64_t digest;       /* of all parameters and statistics, where this step looks at them; 0: it does not */
} integrity;

/* Takes the memory from the arena (which may only be counting). Not collective. */
void integrity_take_memory(integrity *i, const train_context *c, lws_arena *arena);

/* Remembers this rank's own slices, when a state has been set. Not collective. */
void integrity_note(integrity *i);

/* Every update of a slice says what it found and what it left; a difference is a failure of the step. With _moved, an
 * update that goes on after _updated says so of the values it changes further. Not collective. */
void integrity_updated(integrity *i, const lws_reduction_slice *slice, lws_update_bits bits);
void integrity_moved(integrity *i, const lws_reduction_slice *slice, lws_update_bits bits);

/* At the start of a step: whether ranks compare in it, on all alike; i->is_to_look says that it has yet to _look, once
 * all parameters are here. Not collective. */
bool integrity_begin(integrity *i);

/* Digests what this rank holds of the parameters of all. Not collective. */
void integrity_look(integrity *i);

/* After _look on all ranks. Collective. Agreed: LWS_ERR_MISMATCH names the first rank that differs from an owner. */
lws_status integrity_compare(integrity *i);

/* All of it at once, between steps, when the parameters are here. Collective. Agreed: LWS_ERR_MISMATCH. */
lws_status integrity_check(integrity *i);

/* On rank 0, after a checkpoint was written: what it was written from is still what _check found. LWS_ERR_MISMATCH. Not
 * collective. */
lws_status integrity_check_saved(const integrity *i);

#endif
