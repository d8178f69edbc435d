#include "arch.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [LWS_ARCH_PORTABLE] = "portable", [LWS_ARCH_AVX2] = "avx2", [LWS_ARCH_AVX512] = "avx512"};
enum { ARCHS = sizeof names / sizeof *names };

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

static lws_arch widest(void)
{
    int arch = ARCHS - 1;
    while (!lws_arch_is_there((lws_arch)arch))
        arch--;
    return (lws_arch)arch;
}

lws_status arch_choose(const char *name, lws_arch most, lws_arch *arch)
{
    int found = 0;
    *arch = most;
    if (!name || !*name)
        return LWS_OK;
    while (found < ARCHS && strcmp(names[found], name) != 0)
        found++;
    if (found == ARCHS)
        return lws_fail(LWS_ERR_USAGE, "LWSSIM_ARCH = %s: portable, avx2 or avx512 is wanted", name);
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
