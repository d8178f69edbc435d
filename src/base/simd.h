/* Functions that are compiled once an instruction set, and which of these is in use. */
#ifndef LWSSIM_SIMD_H
#define LWSSIM_SIMD_H

#include <lwssim/status.h>

typedef enum lws_arch {
    LWS_ARCH_PORTABLE, /* what every CPU of the family has */
    LWS_ARCH_AVX2,     /* with FMA */
    LWS_ARCH_AVX512,   /* AVX-512F */
} lws_arch;

/* The instruction set that everything compiled for several runs on: the widest that the CPU has, unless LWSSIM_ARCH
 * names another one. Chosen as the library is loaded. The library's own: it changes the speed and no bit. */
extern lws_arch lws_arch_in_use __attribute__((visibility("hidden")));

/* LWS_ERR_USAGE where LWSSIM_ARCH names none, or one that the CPU has not; the widest is in use then. */
lws_status lws_arch_check(void);

/* The word for the one in use, as LWSSIM_ARCH takes it: "portable", "avx2" or "avx512". Static memory. */
const char *lws_arch_name(void);

/* Whether the CPU has it. */
int lws_arch_is_there(lws_arch arch);

#define LWS_INLINE static inline __attribute__((always_inline))

/* Begins a function's definition and stands before its body, which is compiled for every instruction set:
 *
 *     LWS_VARIANTS(static, void, add, (size_t n, const float *x, float *sum), (n, x, sum))
 *     {
 *
 * With contraction off (-ffp-contract) all give the same bits. What the body calls is compiled so only where it is
 * inlined (LWS_INLINE), and regions of OpenMP inside are not. */
#if defined(__x86_64__)
#define LWS_VARIANTS(linkage, type, name, parameters, arguments)                                                       \
    LWS_INLINE type name##_code parameters;                                                                            \
    __attribute__((target("avx512f"))) static type name##_avx512 parameters                                            \
    {                                                                                                                  \
        return name##_code arguments;                                                                                  \
    }                                                                                                                  \
    __attribute__((target("avx2"))) static type name##_avx2 parameters                                                 \
    {                                                                                                                  \
        return name##_code arguments;                                                                                  \
    }                                                                                                                  \
    static type name##_portable parameters                                                                             \
    {                                                                                                                  \
        return name##_code arguments;                                                                                  \
    }                                                                                                                  \
    linkage type name parameters                                                                                       \
    {                                                                                                                  \
        if (lws_arch_in_use == LWS_ARCH_AVX512)                                                                        \
            return name##_avx512 arguments;                                                                            \
        if (lws_arch_in_use == LWS_ARCH_AVX2)                                                                          \
            return name##_avx2 arguments;                                                                              \
        return name##_portable arguments;                                                                              \
    }                                                                                                                  \
    LWS_INLINE type name##_code parameters
#else
#define LWS_VARIANTS(linkage, type, name, parameters, arguments) linkage type name parameters
#endif

#endif
