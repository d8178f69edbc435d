/* Asks the CPU what it has, and the environment what is wanted: the only place that does. */
#include "arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name, NAME, ...) #name,
static const char *const names[] = {LWS_EACH_ARCH(NAME, )};

lws_arch lws_arch_in_use = LWS_ARCH_PORTABLE;

int lws_arch_is_there(lws_arch arch)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (arch == LWS_ARCH_AVX512)
        return __builtin_cpu_supports("avx512f") && lws_arch_is_there(LWS_ARCH_AVX2);
    if (arch == LWS_ARCH_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return arch == LWS_ARCH_PORTABLE;
}

int lws_arch_has_skylake_avx512(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
#else
    return 0;
#endif
}

static lws_arch widest(void)
{
    int arch = LWS_ARCHS - 1;
    while (!lws_arch_is_there((lws_arch)arch))
        arch--;
    return (lws_arch)arch;
}

/* "portable, avx2 or avx512" */
static void list_names(char *text, size_t size)
{
    size_t length = 0;
    for (int i = 0; i < LWS_ARCHS; i++) {
        const char *before = i == 0 ? "" : i < LWS_ARCHS - 1 ? ", " : " or ";
        length += (size_t)snprintf(text + length, size - length, "%s%s", before, names[i]);
    }
}

lws_status arch_choose(const char *name, lws_arch most, lws_arch *arch)
{
    int found = 0;
    *arch = most;
    if (!name || !*name)
        return LWS_OK;
    while (found < LWS_ARCHS && strcmp(names[found], name) != 0)
        found++;
    if (found == LWS_ARCHS) {
        char all[LWS_ARCHS * 16];
        list_names(all, sizeof all);
        return lws_fail(LWS_ERR_USAGE, "LWSSIM_ARCH = %s: %s is wanted", name, all);
    }
    if (found > (int)most)
        return lws_fail(LWS_ERR_USAGE, "LWSSIM_ARCH = %s: the widest that this CPU has is %s", name, names[most]);
    *arch = (lws_arch)found;
    return LWS_OK;
}

/* Before main(), so that no call needs to ask whether it has been done. Who cares for a wrong name asks
 * lws_arch_check(). */
static __attribute__((constructor)) void choose(void)
{
    arch_choose(getenv("LWSSIM_ARCH"), widest(), &lws_arch_in_use);
}

lws_status lws_arch_check(void)
{
    lws_arch arch;
    return arch_choose(getenv("LWSSIM_ARCH"), widest(), &arch);
}

const char *lws_arch_name(void)
{
    return names[lws_arch_in_use];
}
