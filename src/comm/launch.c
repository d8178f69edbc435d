/* Marks that launchers leave in the environment, and what MPI is told through it. */
#include "launch.h"

#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether a launcher (mpirun, srun --mpi=pmix, …) is there for MPI to ask. Slurm's own variables do not say so: they
 * are also in a shell under srun, and in tasks that were started without PMI. */
static bool has_server(void)
{
    static const char *const marks[] = {"OMPI_COMM_WORLD_", "PMIX_RANK=", "PMIX_NAMESPACE=",
                                        "PMI_FD=",          "PMI_RANK=",  "PMI_PORT=",
                                        "ALPS_APP",         "JSM_",       "PALS_"};
    for (char **variable = environ; *variable; variable++) {
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            if (strncmp(*variable, marks[i], strlen(marks[i])) == 0)
                return true;
        }
    }
    return false;
}

static int number_in(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

/* Processes that the nearest launcher has started together; 0: it does not say. */
static int started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (number_in(names[i]) > 0)
            return number_in(names[i]);
    return getenv("SLURM_STEP_ID") ? number_in("SLURM_NTASKS") : 0; /* else it is the size of the allocation */
}

/* Open MPI takes a process in a Slurm step for one that srun started for MPI. */
static void forget_slurm(void)
{
    char name[256];
    for (char **variable = environ; *variable;) {
        size_t length = strcspn(*variable, "=");
        if (strncmp(*variable, "SLURM_", 6) != 0 || length >= sizeof name) {
            variable++;
            continue;
        }
        memcpy(name, *variable, length);
        name[length] = 0;
        unsetenv(name); /* moves the next one here */
    }
}

static lws_status refuse(int tasks)
{
    lws_log_set_root(number_in("SLURM_PROCID") == 0 && number_in("PMI_RANK") == 0);
    return lws_fail(
        LWS_ERR_USAGE,
        "%d tasks were started, but MPI finds no launcher that it can ask for the others: each would be a job "
        "of its own. Start them with 'srun --mpi=pmix' or with mpirun",
        tasks);
}

lws_status launch_prepare(void)
{
    /* Waiting ranks give their core away: costs little, and saves jobs with more ranks than cores. */
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    /* Not "put", which writes a whole message to the socket at once: what the other side must hear before it sends
     * would wait behind it, and both directions would stand still in turn. */
    setenv("OMPI_MCA_btl_tcp_flags", "send,inplace,need-ack,need-csum,hetero-rdma", 0);
    if (has_server())
        return LWS_OK;
    if (started() > 1)
        return refuse(started());
    forget_slurm();
    /* No daemon and no search for networks, which take 0.3 s, ten times all else; no folder of the session, in whose
     * making and cleaning processes that start at the same time disturb each other. */
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self", 0);
    return LWS_OK;
}

lws_status launch_check(int size)
{
    return size == 1 && started() > 1 ? refuse(started()) : LWS_OK;
}
