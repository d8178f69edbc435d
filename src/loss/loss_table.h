/* The table of losses as the layers above see it: the keys that each brings along, and its weight in a sum. */
#ifndef LWSSIM_LOSS_TABLE_H
#define LWSSIM_LOSS_TABLE_H

#include <lwssim/loss.h>

#include "base/config.h"

/* Bytes of a block that holds the options of all losses, as their keys set them, each loss's at its own place; aligned
 * as a double. Today's need 808; the test of the whole table says when more are wanted. */
enum { LWS_LOSS_OPTIONS_SIZE = 1024 };

/* "mse|ssim|…": the names, in the order of their numbers. Static memory. */
extern const char *const lws_loss_choices;

/* The keys of a loss, with its offset in the block. None where it has none, or shares those of a loss before it. */
lws_config_part lws_loss_keys(lws_loss_kind kind);

/* Whether the options in the block fit each other, those of every loss. LWS_ERR_USAGE. */
lws_status lws_loss_check_options(const void *block);

/* Puts numbers in the place of options that stand for the loss's own, so that a configuration that is kept says all. */
void lws_loss_resolve_options(lws_loss_kind kind, void *block);

/* The loss that the options in the block ask for, resolved or not. */
lws_loss_spec lws_loss_of_options(lws_loss_kind kind, const void *block);

/* What a loss is multiplied by so that it pulls on a model's parameters as hard as MSE does: |∇MSE| / |∇loss| at one
 * common early checkpoint, as measured (each row says how). MSE: 1. */
double lws_loss_fair_weight(lws_loss_kind kind);

#endif
