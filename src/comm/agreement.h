/* Ranks agree on what they work on before they begin. Nothing that enters the result may differ: a job whose ranks were
 * started with other words, or on another matrix kernel, would end well and be wrong.
 *
 * All functions are collective. On a difference they return LWS_ERR_RANKS, agreed, with one message that names the
 * first rank that differs from rank 0, its host and the two values. LWS_ERR_MEMORY. */
#ifndef LWSSIM_AGREEMENT_H
#define LWSSIM_AGREEMENT_H

#include "base/config.h"
#include "comm/comm.h"

#include <stdbool.h>

/* The first thing that ranks do together: the command, and whether only its help was asked for; version and build of
 * the program, the C library, and the kernel of matrix products. Warns where ranks run on different instruction sets.
 * Collective. */
lws_status lws_agree_on_program(lws_comm *comm, const char *command, bool help, const char *matrix_kernel);

/* The fields of a table, each as a line "key = value", but those of the keys in `own` (ends with NULL; NULL: none),
 * which may differ from rank to rank. Collective. */
lws_status lws_agree_on_options(lws_comm *comm, lws_config_table table, const void *fields, const char *const *own);

#endif
