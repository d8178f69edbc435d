/* The environment that the libraries read as they are loaded, the threads of a command, and the line that describes the
 * machine. */
#include "cli.h"

#include "base/log.h"
#include "base/simd.h"
#include "base/text.h"
#include "base/threads.h"
#include "kernels/gemm.h"
#include <lwssim/version.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREPARED "LWSSIM_ENVIRONMENT" /* set in the second life of the process: the kernel chosen, or "as is" */

/* Sets a variable that the user has not set. */
static void suggest(const char *name, const char *value)
{
    setenv(name, value, 0);
}

/* By the program's own path, as ps shows its last part; by the link where the path no longer leads to it. Without /proc
 * the program goes on, slower; the line on the machine shows the kernel. */
static void execute_again(char **argv)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        execv(path, argv);
    }
    execv("/proc/self/exe", argv);
}

void cli_prepare_environment(char **argv)
{
    lws_gemm_single_thread();
    if (getenv(PREPARED))
        return;
    const char *better = getenv("OPENBLAS_CORETYPE") ? NULL : lws_gemm_better_core();
    if (better)
        suggest("OPENBLAS_CORETYPE", better);
    suggest("OPENBLAS_NUM_THREADS", "1"); /* saves the start of threads that nobody uses */
    /* Threads that wait at a barrier spin only briefly: on a core that is shared with others, long spinning slows a
     * run tenfold. */
    if (!getenv("OMP_WAIT_POLICY"))
        suggest("GOMP_SPINCOUNT", "20000");
    setenv(PREPARED, better ? better : "as is", 1);
    execute_again(argv);
}

lws_status cli_start_threads(lws_comm *comm, int wanted, int *threads)
{
    lws_comm_node node;
    if (!comm) {
        *threads = lws_threads_alone(wanted);
        return lws_threads_start(*threads);
    }
    *threads = lws_comm_threads(comm, wanted, &node);
    if (node.unused > 0)
        lws_warn("mpirun has bound the ranks to %d of the %d cores of this machine; the others stay idle. Start more "
                 "ranks, or give mpirun --bind-to none",
                 node.cores, node.cores + node.unused);
    return lws_comm_agree(comm, lws_threads_start(*threads));
}

void cli_describe_machine(int ranks, int threads)
{
    const char *why = "as OpenBLAS chose";
    const char *prepared = getenv(PREPARED);
    if (prepared && strcmp(prepared, lws_gemm_core()) == 0)
        why = "chosen for this CPU";
    else if (getenv("OPENBLAS_CORETYPE"))
        why = "from OPENBLAS_CORETYPE";
    lws_info("lwssim %s: %d rank%s × %d thread%s, instruction set %s, matrix kernel %s (%s)", LWS_VERSION, ranks,
             lws_plural(ranks), threads, lws_plural(threads), lws_arch_name(), lws_gemm_core(), why);
    if (lws_gemm_better_core())
        lws_warn("this CPU would run the kernel %s faster: unset OPENBLAS_CORETYPE", lws_gemm_better_core());
}
