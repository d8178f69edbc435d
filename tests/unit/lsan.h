/* What the leak sanitizer is told: HDF5 1.10 loses memory of its own where it meets a damaged object header, or refuses
 * what it is asked. */
#ifndef LWS_LSAN_H
#define LWS_LSAN_H

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

#endif
