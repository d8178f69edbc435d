/* Compiles a function once a vector width and picks at load time. With contraction off the clones give the
 * same bits; only their speed differs. Functions marked so must be leaves: what they call is not cloned unless
 * it is inlined, and OpenMP regions inside are not cloned either. LWS_HAS_CLONES: code that picks by itself may. */
#ifndef LWSSIM_SIMD_H
#define LWSSIM_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(LWS_NO_CLONES) && defined(__OPTIMIZE__)
#define LWS_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define LWS_HAS_CLONES
#else
#define LWS_CLONES
#endif

#define LWS_INLINE static inline __attribute__((always_inline))

#endif
