#include "inference/agreement.h"

#include "base/build.h"
#include "kernels/gemm.h"
#include "base/log.h"
#include "base/simd.h"
#include <lwssim/version.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compares lines of printf style. */
__attribute__((format(printf, 3, 4))) static lws_status compare(lws_comm *comm, const char *advice, const char *format,
                                                                ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return lws_comm_compare(comm, text, advice);
}

lws_status lws_agree_on_program(lws_comm *comm, const char *command, bool help)
{
    LWS_TRY(compare(comm, "start all ranks with the same command", "command = %s\nhelp = %s\n", command,
                    help ? "true" : "false"));
    LWS_TRY(compare(comm, "install the same build of lwssim on all machines", "version = %s\nbuild = %s\n", LWS_VERSION,
                    lws_build_id()));
    LWS_TRY(compare(comm, "other logarithms give other results; use machines with the same C library",
                    "C library = %s\n", lws_build_libc()));
    LWS_TRY(compare(comm,
                    "another kernel rounds differently. Set the same one on all machines, for example "
                    "'mpirun -x OPENBLAS_CORETYPE=Haswell …'",
                    "matrix kernel = %s\n", lws_gemm_core()));
    if (compare(comm, "the results are the same, at the speed of the slower", "instruction set = %s\n",
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

lws_status lws_agree_on_images(lws_comm *comm, int count, const lws_split *split, const lws_dataset *const *dataset)
{
    static const char *const name[LWS_SPLITS] = {"training", "validation", "test"};
    for (int i = 0; i < count; i++) {
        const lws_dataset_info *info = lws_dataset_get_info(dataset[i]);
        LWS_TRY(compare(comm, "give all ranks the same dataset", "%s images = %lld of %d × %d × %d, digest %s\n",
                        name[split[i]], (long long)info->rows, info->height, info->width, info->channels,
                        info->digest));
    }
    return LWS_OK;
}
