/* The instruction sets that the program knows, which of them is in use, and functions that are compiled for each.
 *
 * There is one dispatch: lws_arch_in_use, chosen once as the library is loaded, LWSSIM_ARCH overriding it. Two kinds of
 * code go by it. Loops that the compiler turns into vectors by itself are written once, under LWS_VARIANTS, and
 * compiled for every instruction set. The few innermost loops whose shape follows the number and width of the registers
 * are written for one each, side by side in src/kernels/arch, behind a table with a row for each instruction set.
 *
 * Why not one way for both. Compiling whole files for each instruction set by compiler flags, as BLIS does, suits a
 * library that is all micro-kernels: here some forty loops of a few lines in seven folders would each need a file, a
 * declaration and a row. Leaving the choice to the loader (target_clones) takes no override and cannot be changed by a
 * test that compares bits. And a loop that must keep 28 sums in registers cannot be left to the compiler. So loops stay
 * where they are used, micro-kernels stay together, and both read the same variable and the same list below. */
#ifndef LWSSIM_SIMD_H
#define LWSSIM_SIMD_H

#include <lwssim/status.h>

/* X(name, NAME, ...) for each instruction set of this family of CPUs, the narrowest first, the portable one being what
 * all of the family have; name is what LWSSIM_ARCH takes. A new one is a line here, its target below, a case in
 * lws_arch_is_there(), and its folder and row in src/kernels/arch. */
#if defined(__x86_64__)
#define LWS_EACH_ARCH(X, ...)                                                                                          \
    X(portable, PORTABLE, __VA_ARGS__)                                                                                 \
    X(avx2, AVX2, __VA_ARGS__)                                                                                         \
    X(avx512, AVX512, __VA_ARGS__)
#else
#define LWS_EACH_ARCH(X, ...) X(portable, PORTABLE, __VA_ARGS__)
#endif

/* What loops are compiled for; micro-kernels name their own. */
#define LWS_TARGET_portable
#define LWS_TARGET_avx2 __attribute__((target("avx2")))
#define LWS_TARGET_avx512 __attribute__((target("avx512f")))

#define LWS_ARCH_CONSTANT_(name, NAME, ...) LWS_ARCH_##NAME,
typedef enum lws_arch { LWS_EACH_ARCH(LWS_ARCH_CONSTANT_, ) LWS_ARCHS } lws_arch;

/* The instruction set that everything compiled for several runs on: the widest that the CPU has, unless LWSSIM_ARCH
 * names another one. Chosen as the library is loaded. The library's own: it changes the speed and no bit. */
extern lws_arch lws_arch_in_use __attribute__((visibility("hidden")));

/* LWS_ERR_USAGE where LWSSIM_ARCH names none, or one that the CPU has not; the widest is in use then. */
lws_status lws_arch_check(void);

/* The word for the one in use, as LWSSIM_ARCH takes it: "portable", "avx2" or "avx512". Static memory. */
const char *lws_arch_name(void);

/* Whether the CPU has it. AVX2 is with FMA, AVX-512 is AVX-512F. */
int lws_arch_is_there(lws_arch arch);

/* Whether the CPU has all parts of AVX-512 that Skylake's servers brought, as other libraries' kernels want them. */
int lws_arch_has_skylake_avx512(void);

#define LWS_INLINE static inline __attribute__((always_inline))

/* Begins a function's definition and stands before its body, which is compiled for every instruction set:
 *
 *     LWS_VARIANTS(static, void, add, (size_t n, const float *x, float *sum), (n, x, sum))
 *     {
 *
 * With contraction off (-ffp-contract) all give the same bits. What the body calls is compiled so only where it is
 * inlined (LWS_INLINE), and regions of OpenMP inside are not. */
#define LWS_VARIANTS(linkage, type, name, parameters, arguments)                                                       \
    LWS_INLINE type name##_code parameters;                                                                            \
    LWS_EACH_ARCH(LWS_VARIANT_, type, name, parameters, arguments)                                                     \
    linkage type name parameters                                                                                       \
    {                                                                                                                  \
        switch (lws_arch_in_use) {                                                                                     \
            LWS_EACH_ARCH(LWS_VARIANT_CASE_, name, arguments)                                                          \
        default:                                                                                                       \
            __builtin_unreachable();                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    LWS_INLINE type name##_code parameters

#define LWS_VARIANT_(arch, ARCH, type, name, parameters, arguments)                                                    \
    LWS_TARGET_##arch static type name##_##arch parameters                                                             \
    {                                                                                                                  \
        return name##_code arguments;                                                                                  \
    }

#define LWS_VARIANT_CASE_(arch, ARCH, name, arguments)                                                                 \
    case LWS_ARCH_##ARCH:                                                                                              \
        return name##_##arch arguments;

#endif
