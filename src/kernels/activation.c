/* Elementwise activations, and the exponential that the sigmoid needs. */
#include "kernels/activation.h"

#include "base/simd.h"

#include <stdint.h>
#include <string.h>

LWS_VARIANTS(extern, void, lws_relu_forward, (size_t n, const float *x, float *y), (n, x, y))
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i]; /* a NaN stays one */
}

LWS_VARIANTS(extern, void, lws_relu_backward, (size_t n, const float *y, const float *dy, float *dx), (n, y, dy, dx))
{
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* exp(x) for |x| <= 88, to one unit in the last place, from plain operations: the compiler makes vectors of it, and
 * every CPU the same bits. x = n · ln 2 + r; exp(r) by its series, whose next term is below 2^-27 for |r| <= ln 2 / 2.
 */
LWS_INLINE float exponential(float x)
{
    const float round = 0x1.8p23f; /* added: the nearest integer stands in the lowest bits */
    float shifted = x * 1.44269504f + round, n = shifted - round;
    float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln 2 in two parts, the first short */
    float p = 1.f / 5040;
    p = p * r + 1.f / 720;
    p = p * r + 1.f / 120;
    p = p * r + 1.f / 24;
    p = p * r + 1.f / 6;
    p = p * r + .5f;
    p = p * r * r + r + 1;
    uint32_t bits;
    float power; /* 2^n; whatever it is for a NaN, p is one */
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

LWS_VARIANTS(extern, void, lws_sigmoid_forward, (size_t n, const float *x, float *y), (n, x, y))
{
    const float end = 87; /* beyond it float has no more sigmoid than 0 and 1 */
    for (size_t i = 0; i < n; i++) {
        float at = x[i] > end ? end : x[i];
        float value = 1 / (1 + exponential(at < -end ? end : -at));
        y[i] = at < -end ? 0 : value;
    }
}

LWS_VARIANTS(extern, void, lws_sigmoid_backward, (size_t n, const float *y, const float *dy, float *dx), (n, y, dy, dx))
{
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * y[i] * (1 - y[i]);
}
