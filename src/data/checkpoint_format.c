/* Where each array of a checkpoint lies in the file and in memory. */
#include "checkpoint_file.h"

#include <stdio.h>

/* The arrays of one group: of parameters, or of running statistics. */
typedef struct group {
    char name[64];
    bool of_buffers;
    float *values; /* NULL: left out */
} group;

static lws_status each_of(const group *g, const lws_tensors *tensors, checkpoint_visit *visit, void *user)
{
    char name[sizeof g->name + sizeof tensors->item[0].name + 2];
    for (int t = 0; g->values && t < tensors->count; t++) {
        const lws_tensor *tensor = &tensors->item[t];
        if (tensor->is_buffer != g->of_buffers)
            continue;
        snprintf(name, sizeof name, "/%s/%s", g->name, tensor->name);
        LWS_TRY(visit(user, name, tensor, g->values + tensor->offset));
    }
    return LWS_OK;
}

lws_status checkpoint_each(const lws_tensors *tensors, const lws_checkpoint_data *data, checkpoint_visit *visit,
                           void *user)
{
    LWS_TRY(each_of(&(group){"model", false, data->params}, tensors, visit, user));
    LWS_TRY(each_of(&(group){"state", true, data->buffers}, tensors, visit, user));
    for (int s = 0; s < data->slots; s++) {
        group g = {.values = data->slot[s]};
        snprintf(g.name, sizeof g.name, "optimizer/%s", data->slot_name[s]);
        LWS_TRY(each_of(&g, tensors, visit, user));
    }
    return LWS_OK;
}
