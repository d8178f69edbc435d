/* Who has started this process: alone, under a launcher, in a step of Slurm, or as one of many that cannot find each
 * other; and what MPI is told of it. */
#include "check.h"

#include "launch.h"

#include "base/log.h"

#include <unistd.h>

/* Nothing but these "NAME=VALUE", up to a NULL. */
static void set_environment(char *const *variables)
{
    clearenv();
    for (; variables && *variables; variables++)
        putenv(*variables);
    lws_log_set_root(true);
}

static void has(const char *name, const char *value)
{
    const char *found = getenv(name);
    if (!found || strcmp(found, value) != 0)
        fail_msg("%s is %s in place of %s", name, found ? found : "not set", value);
}

static const char tcp[] = "send,inplace,need-ack,need-csum,hetero-rdma";

static void alone(void **state)
{
    (void)state;
    set_environment(NULL);
    assert_int_equal(launch_prepare(), LWS_OK);
    has("OMPI_MCA_mpi_yield_when_idle", "1");
    has("OMPI_MCA_btl_tcp_flags", tcp);
    has("OMPI_MCA_ess_singleton_isolated", "1");
    has("OMPI_MCA_orte_create_session_dirs", "0");
    has("OMPI_MCA_pml", "ob1");
    has("OMPI_MCA_btl", "self");
    assert_int_equal(launch_check(1), LWS_OK);
}

static void what_the_user_has_set_stays(void **state)
{
    (void)state;
    static char *const set[] = {"OMPI_MCA_mpi_yield_when_idle=0",
                                "OMPI_MCA_btl_tcp_flags=put",
                                "OMPI_MCA_ess_singleton_isolated=0",
                                "OMPI_MCA_orte_create_session_dirs=1",
                                "OMPI_MCA_pml=cm",
                                "OMPI_MCA_btl=self,vader",
                                NULL};
    set_environment(set);
    assert_int_equal(launch_prepare(), LWS_OK);
    for (char *const *at = set; *at; at++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
        has(name, strchr(*at, '=') + 1);
    }
}

/* Under a launcher MPI finds its own way, and Slurm's variables stay. */
static void under_a_launcher(void **state)
{
    (void)state;
    static char *const marks[] = {
        "OMPI_COMM_WORLD_RANK=1", "PMIX_RANK=0",   "PMIX_NAMESPACE=x",     "PMI_FD=7",     "PMI_RANK=3",
        "PMI_PORT=h:1",           "ALPS_APP_PE=0", "JSM_NAMESPACE_RANK=0", "PALS_RANKID=0"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        set_environment((char *[]){marks[i], "SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=4", NULL});
        assert_int_equal(launch_prepare(), LWS_OK);
        has("OMPI_MCA_mpi_yield_when_idle", "1");
        has("OMPI_MCA_btl_tcp_flags", tcp);
        has("SLURM_STEP_NUM_TASKS", "4");
        assert_null(getenv("OMPI_MCA_ess_singleton_isolated"));
        assert_null(getenv("OMPI_MCA_pml"));
        assert_null(getenv("OMPI_MCA_btl"));
    }
    /* Names that only begin alike are none. */
    set_environment((char *[]){"PMIX_RANKS=1", "PMI_RANKED=1", "XOMPI_COMM_WORLD_RANK=1", "OMPI_COMM=1", NULL});
    assert_int_equal(launch_prepare(), LWS_OK);
    has("OMPI_MCA_ess_singleton_isolated", "1");
}

/* Open MPI must not take the process for one that srun started for it. */
static void forgets_slurm(void **state)
{
    (void)state;
    set_environment((char *[]){"SLURM_JOB_ID=1", "SLURM_STEP_ID=0", "HOME=/", "SLURM_STEP_NUM_TASKS=1",
                               "SLURM_NTASKS=4", "SLURM_PROCID=0", "SLURMX=1", "SLURM_LAST=1", NULL});
    assert_int_equal(launch_prepare(), LWS_OK);
    for (char **variable = environ; *variable; variable++)
        assert_int_not_equal(strncmp(*variable, "SLURM_", 6), 0);
    has("HOME", "/");
    has("SLURMX", "1");
    has("OMPI_MCA_ess_singleton_isolated", "1");
}

/* An environment, and how many tasks it tells of. */
static void tasks(const char *number, char *const *variables)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%s tasks were started", number);
    set_environment(variables);
    assert_int_equal(launch_prepare(), LWS_ERR_USAGE);
    check_mentions(lws_message(), expected);
    check_mentions(lws_message(), "srun --mpi=pmix");
    set_environment(variables); /* MPI found only itself though there was something to ask */
    assert_int_equal(launch_check(1), LWS_ERR_USAGE);
    check_mentions(lws_message(), expected);
    set_environment(variables);
    assert_int_equal(launch_check(3), LWS_OK); /* it found others */
}

static void refuses_many_alone(void **state)
{
    (void)state;
    tasks("3", (char *[]){"SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=3", "SLURM_NTASKS=9", NULL});
    tasks("2", (char *[]){"SLURM_STEP_ID=0", "SLURM_NTASKS=2", NULL});
    tasks("4", (char *[]){"PMI_SIZE=4", NULL});
    /* The nearest launcher counts: one mpirun in a step of many tasks. */
    set_environment((char *[]){"OMPI_COMM_WORLD_SIZE=1", "PMI_SIZE=4", "SLURM_STEP_NUM_TASKS=3", NULL});
    assert_int_equal(launch_check(1), LWS_OK);
    set_environment((char *[]){"OMPI_COMM_WORLD_SIZE=5", "PMI_SIZE=1", NULL});
    assert_int_equal(launch_check(1), LWS_ERR_USAGE);
    check_mentions(lws_message(), "5 tasks");
    /* A batch script: the size of the allocation, of which this is no task; and numbers that say nothing. */
    set_environment((char *[]){"SLURM_JOB_ID=1", "SLURM_NTASKS=4", NULL});
    assert_int_equal(launch_check(1), LWS_OK);
    assert_int_equal(launch_prepare(), LWS_OK);
    set_environment((char *[]){"PMI_SIZE=", "SLURM_STEP_NUM_TASKS=one", "SLURM_STEP_ID=0", NULL});
    assert_int_equal(launch_prepare(), LWS_OK);
}

/* Of many that are refused the first alone speaks. */
static void one_speaks(void **state)
{
    (void)state;
    static const struct {
        char *variable;
        bool speaks;
    } cases[] = {{"SLURM_PROCID=0", true}, {"SLURM_PROCID=2", false}, {"PMI_RANK_=1", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_environment((char *[]){"SLURM_STEP_ID=0", "SLURM_NTASKS=3", cases[i].variable, NULL});
        assert_int_equal(launch_prepare(), LWS_ERR_USAGE);
        assert_int_equal(lws_log_is_root(), cases[i].speaks);
    }
    set_environment((char *[]){"PMI_SIZE=3", "PMI_RANK=1", NULL});
    assert_int_equal(launch_check(1), LWS_ERR_USAGE);
    assert_false(lws_log_is_root());
    lws_log_set_root(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(what_the_user_has_set_stays),
        cmocka_unit_test(under_a_launcher),
        cmocka_unit_test(forgets_slurm),
        cmocka_unit_test(refuses_many_alone),
        cmocka_unit_test(one_speaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
