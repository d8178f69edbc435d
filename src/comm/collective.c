/* Comparison of what the ranks give to a collective call. */
#include "comm/collective.h"

#include "comm_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

static const char *advice_for(const char *function)
{
    static _Thread_local char text[128];
    snprintf(text, sizeof text, "all ranks must give %s() the same", function);
    return text;
}

lws_status lws_comm_same_integer(lws_comm *comm, const char *function, const char *argument, long long value)
{
    return lws_comm_compare_line(comm, advice_for(function), "%s = %lld\n", argument, value);
}

lws_status lws_comm_same_number(lws_comm *comm, const char *function, const char *argument, double value)
{
    return lws_comm_compare_line(comm, advice_for(function), "%s = %.17g\n", argument, value);
}

lws_status lws_comm_same_text(lws_comm *comm, const char *function, const char *argument, const char *value)
{
    return lws_comm_compare_line(comm, advice_for(function), "%s = %s\n", argument, value);
}

void lws_comm_insist(lws_comm *comm, lws_status status)
{
    if (status == LWS_OK)
        return;
    if (comm->rank == 0) {
        lws_context speaker;
        lws_context_init(&speaker, NULL, true);
        lws_context *before = lws_context_enter(&speaker);
        lws_error("%s", lws_message());
        lws_context_enter(before);
    }
    lws_comm_barrier(comm);
    _exit(1);
}
