/* How many threads: the wish, the environment, cores and quotas, in this order; quotas as version 1 and 2 of control
 * groups write them. */
#include "scratch.h"

#include "base/threads.h"

#include <omp.h>

/* Where set, the system's own groups are those below it. */
static const char *system_root;

FILE *fopen(const char *path, const char *mode)
{
    bool is_group = strcmp(path, "/proc/self/cgroup") == 0 || strncmp(path, "/sys/fs/cgroup", 14) == 0;
    int fd = open(system_root && is_group ? path_of("%s%s", system_root, path) : path,
                  mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return fd < 0 ? NULL : fdopen(fd, mode);
}

static void put(const char *root, const char *path, const char *text)
{
    char *full = path_of("%s%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        assert_true(mkdir(full, 0777) == 0 || errno == EEXIST);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void no_quota(void **state)
{
    const char *root = *state;
    assert_true(lws_threads_quota(root) == 0); /* nothing is mounted */
    put(root, "/proc/self/cgroup", "0::/a/b\n");
    put(root, "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put(root, "/sys/fs/cgroup/a/cpu.max", "no number\n");
    assert_true(lws_threads_quota(root) == 0);
    put(root, "/proc/self/cgroup", "5:cpuset:/a\n1:cpu,cpuacct:/a\n0::/\n");
    put(root, "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
    put(root, "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
    assert_true(lws_threads_quota(root) == 0);
}

static void version_2(void **state)
{
    const char *root = *state;
    put(root, "/proc/self/cgroup", "0::/a/b/c\n");
    put(root, "/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    put(root, "/sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
    put(root, "/sys/fs/cgroup/a/cpu.max", "40000 10000\n");
    check_near(lws_threads_quota(root), 2.5, 1e-9); /* the least on the way up */
    put(root, "/sys/fs/cgroup/cpu.max", "50000 100000\n");
    check_near(lws_threads_quota(root), .5, 1e-9);
}

static void version_1(void **state)
{
    const char *root = *state;
    put(root, "/proc/self/cgroup", "7:memory:/m\n4:cpu,cpuacct:/host/path\n");
    put(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n"); /* a container: its group is the mount's top */
    put(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    check_near(lws_threads_quota(root), 1.5, 1e-9);
}

/* A thread too many would not use a part of a core, but make all stand still; processes share what there is. */
static void parts_of_cores(void **state)
{
    static const struct {
        const char *quota;
        int cores, processes, threads;
    } cases[] = {{"250000 100000", 8, 1, 2}, {"299000 100000", 8, 1, 2}, {"300000 100000", 8, 1, 3},
                 {"300000 100000", 2, 1, 2}, {"300000 100000", 8, 2, 1}, {"50000 100000", 8, 1, 1},
                 {"800000 100000", 8, 2, 4}, {"max 100000", 8, 2, 8}};
    unsetenv("OMP_NUM_THREADS");
    system_root = *state;
    put(*state, "/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(*state, "/sys/fs/cgroup/a/cpu.max", cases[i].quota);
        assert_int_equal(lws_threads_choose(0, cases[i].cores, cases[i].processes), cases[i].threads);
    }
    system_root = NULL;
}

static void who_decides(void **state)
{
    (void)state;
    unsetenv("OMP_NUM_THREADS");
    double quota = lws_threads_quota("");
    int most = quota > 0 && quota < 6 ? (quota < 1 ? 1 : (int)quota) : 6;
    assert_int_equal(lws_threads_choose(0, 6, 1), most);
    assert_int_equal(lws_threads_choose(0, 0, 1), 1);
    assert_int_equal(lws_threads_choose(0, 1, 1), 1);
    setenv("OMP_NUM_THREADS", "3,2", 1);
    assert_int_equal(lws_threads_choose(0, 6, 1), 3);
    assert_int_equal(lws_threads_choose(2, 6, 1), 2);
    assert_int_equal(lws_threads_alone(0), 3);
    setenv("OMP_NUM_THREADS", "none", 1);
    assert_int_equal(lws_threads_choose(0, 6, 1), most);
    unsetenv("OMP_NUM_THREADS");
}

static void start(void **state)
{
    (void)state;
    int before = omp_get_max_threads(), running = 0;
    assert_int_equal(lws_threads_start(3), LWS_OK);
    assert_int_equal(omp_get_max_threads(), 3);
#pragma omp parallel reduction(+ : running)
    running++;
    assert_int_equal(running, 3);
    omp_set_num_threads(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_quota),       scratch_test(version_2),       scratch_test(version_1),
        scratch_test(parts_of_cores), cmocka_unit_test(who_decides), cmocka_unit_test(start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
