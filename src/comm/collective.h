/* Checks of what "collective" promises (comm.h): builds with LWS_CHECK_COLLECTIVE compare arguments that must be the
 * same on all ranks; others do nothing. A difference is a mistake in the program, as a failed assertion is. */
#ifndef LWSSIM_COLLECTIVE_H
#define LWSSIM_COLLECTIVE_H

#include "comm/comm.h"

/* In a collective function that returns a status: returns LWS_ERR_RANKS, agreed, where `value` is not the same on all
 * ranks, with a message that names the function, the argument and two values. Integers, numbers and texts. */
#ifdef LWS_CHECK_COLLECTIVE
#define LWS_LOGICALLY_COLLECTIVE(comm, value) LWS_TRY(LWS_COMM_SAME_(comm, value))
#else
#define LWS_LOGICALLY_COLLECTIVE(comm, value) ((void)0)
#endif

/* In one that returns none: rank 0 says that message, and the job ends. */
#ifdef LWS_CHECK_COLLECTIVE
#define LWS_LOGICALLY_COLLECTIVE_OR_END(comm, value) lws_comm_insist(comm, LWS_COMM_SAME_(comm, value))
#else
#define LWS_LOGICALLY_COLLECTIVE_OR_END(comm, value) ((void)0)
#endif

#define LWS_COMM_SAME_(comm, value)                                                                                    \
    _Generic((value), float                                                                                            \
             : lws_comm_same_number, double                                                                            \
             : lws_comm_same_number, char *                                                                            \
             : lws_comm_same_text, const char *                                                                        \
             : lws_comm_same_text, default                                                                             \
             : lws_comm_same_integer)(comm, __func__, #value, value)

/* For the macros: LWS_ERR_RANKS, LWS_ERR_MEMORY. Collective. */
lws_status lws_comm_same_integer(lws_comm *comm, const char *function, const char *argument, long long value);
lws_status lws_comm_same_number(lws_comm *comm, const char *function, const char *argument, double value);
lws_status lws_comm_same_text(lws_comm *comm, const char *function, const char *argument, const char *value);

/* Goes on where the agreed status is LWS_OK; else rank 0 says its message, and the job ends with exit code 1.
 * Collective. */
void lws_comm_insist(lws_comm *comm, lws_status status);

#endif
