/* One update by the row of an optimizer of Adam's kind, with its keys' values as arguments. */
#ifndef LWS_ADAM_STEP_H
#define LWS_ADAM_STEP_H

#include "optim/optimizer.h"

#include <string.h>

typedef struct adam_keys {
    double beta1, beta2, epsilon, weight_decay;
} adam_keys;

/* The row of this name; NULL: there is none. */
static inline const lws_optimizer *optimizer_named(const char *name)
{
    const lws_optimizer *row;
    for (int i = 0; (row = lws_optimizer_row(i)); i++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* Sets the option whose key ends so. */
static inline void set_option(const lws_optimizer *row, void *options, const char *end, double value)
{
    for (int i = 0; i < row->key_count; i++) {
        size_t length = strlen(row->keys[i].name);
        if (length >= strlen(end) && strcmp(row->keys[i].name + length - strlen(end), end) == 0)
            memcpy((char *)options + row->keys[i].offset, &value, sizeof value);
    }
}

static inline void set_adam_keys(const lws_optimizer *row, void *options, const adam_keys *keys)
{
    set_option(row, options, "-beta1", keys->beta1);
    set_option(row, options, "-beta2", keys->beta2);
    set_option(row, options, "-epsilon", keys->epsilon);
}

/* Update number `step` from the gradient scale · g. */
static inline lws_update_bits adam_step(const adam_keys *keys, int64_t step, double lr, double scale, size_t n,
                                        float *theta, float *const slot[2], const float *g)
{
    double options[LWS_OPTIMIZER_OPTIONS_SIZE / sizeof(double)];
    const lws_optimizer *row = optimizer_named("adam");
    set_adam_keys(row, options, keys);
    lws_update update = {
        .options = options,
        .step = step,
        .rate = lr,
        .gradient_scale = scale,
        .weight_decay = keys->weight_decay,
        .n = n,
        .gradient = g,
        .theta = theta,
        .slot = {slot[0], slot[1]},
    };
    return row->update(&update);
}

#endif
