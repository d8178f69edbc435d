/* The program, the machine and the options of all ranks, as lines that are compared. */
#include "comm/agreement.h"

#include "base/build.h"
#include "base/log.h"
#include "base/simd.h"
#include <lwssim/version.h>

#include <stdlib.h>
#include <string.h>

lws_status lws_agree_on_program(lws_comm *comm, const char *command, bool help, const char *matrix_kernel)
{
    LWS_TRY(lws_comm_compare_line(comm, "start all ranks with the same command", "command = %s\nhelp = %s\n", command,
                                  help ? "true" : "false"));
    LWS_TRY(lws_comm_compare_line(comm, "install the same build of lwssim on all machines",
                                  "version = %s\nbuild = %s\n", LWS_VERSION, lws_build_id()));
    LWS_TRY(lws_comm_compare_line(comm, "other logarithms give other results; use machines with the same C library",
                                  "C library = %s\n", lws_build_libc()));
    LWS_TRY(lws_comm_compare_line(comm,
                                  "another kernel rounds differently. Set the same one on all machines, for example "
                                  "'mpirun -x OPENBLAS_CORETYPE=Haswell …'",
                                  "matrix kernel = %s\n", matrix_kernel));
    if (lws_comm_compare_line(comm, "the results are the same, at the speed of the slower", "instruction set = %s\n",
                              lws_arch_name()) != LWS_OK)
        lws_warn("%s", lws_message());
    return LWS_OK;
}

static bool is_own(const char *line, size_t length, const char *const *own)
{
    for (; own && *own; own++) {
        size_t n = strlen(*own);
        if (n < length && strncmp(line, *own, n) == 0 && strncmp(line + n, " = ", 3) == 0)
            return true;
    }
    return false;
}

/* Takes the lines of own keys out of a text. */
static void drop_own(char *text, const char *const *own)
{
    char *to = text;
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        if (!is_own(line, length, own)) {
            memmove(to, line, length);
            to += length;
        }
        line += length;
    }
    *to = 0;
}

lws_status lws_agree_on_options(lws_comm *comm, lws_config_table table, const void *fields, const char *const *own)
{
    char *text = lws_config_text(table, fields);
    lws_status status = text ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing the options of ranks");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK) {
        drop_own(text, own);
        status = lws_comm_compare(comm, text, "start all ranks with the same options");
    }
    free(text);
    return status;
}
