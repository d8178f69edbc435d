/* How processes of a coverage build end. */
#include <sys/resource.h>

void __gcov_dump(void);
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

/* Before the counters are written: a limit on the size of files that a test has set is not for theirs. */
static void __attribute__((destructor)) lift_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
}

/* The linker puts this in place of the C library's: counters are written first, as exit() does. Children that read
 * files, and the watchdog, end so. */
void __wrap__exit(int code)
{
    lift_limit();
    __gcov_dump();
    __real__exit(code);
}
