/* Where a step that is not finite went wrong: found by computing it again, slowly, from the parameters before it. */
#ifndef LWS_DIVERGE_H
#define LWS_DIVERGE_H

#include "step/trainer.h"

/* No finding. Not collective. */
finding diverge_nothing(void);

/* The micro-batch that lws_model_gradient() has just been given has a loss that is not finite. Not collective. */
void diverge_note(trainer *t, const lws_micro_batch *batch, const lws_model_sums *sums);

/* Once the gradients are summed: fills in t->found, and rewinds the parameters. `mmd` is the step's. Collective. */
void diverge_find(trainer *t, double mmd);

/* On rank 0, whether the state whose slots state_gather_slots() has gathered there has something not finite; then
 * t->found says what: "TENSOR " NOT_FINITE_AFTER_UPDATE. Not collective. */
#define NOT_FINITE_AFTER_UPDATE "is not finite after the update, of finite gradients"
bool diverge_after_update(trainer *t);

#endif
