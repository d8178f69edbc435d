/* The table of optimizers, and the second half of an update that waits for norms. */
#include "optimizers.h"

#include "base/digest.h"
#include "base/simd.h"

#define ADDRESS(name) &optimizer_##name,
static const lws_optimizer *const rows[] = {OPTIMIZERS(ADDRESS)};
enum { ROWS = sizeof rows / sizeof *rows };

#define CHOICE(name) "|" #name
const char *const lws_optimizer_choices = &OPTIMIZERS(CHOICE)[1];

const lws_optimizer *lws_optimizer_row(int index)
{
    return index >= 0 && index < ROWS ? rows[index] : NULL;
}

size_t lws_optimizer_options_at(int index)
{
    size_t at = 0;
    for (int i = 0; i < index; i++)
        at += (rows[i]->options_size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    return at;
}

LWS_VARIANTS(static, lws_update_bits, apply,
             (size_t n, float step, const float *restrict proposal, float *restrict theta), (n, step, proposal, theta))
{
    uint32_t found = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        found += lws_bits(theta[i]);
        theta[i] -= step * proposal[i];
        left += lws_bits(theta[i]);
    }
    return (lws_update_bits){found, left};
}

lws_update_bits lws_optimizer_apply(size_t n, double step, const float *proposal, float *theta)
{
    return apply(n, (float)step, proposal, theta);
}
