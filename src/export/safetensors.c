/* safetensors, the format in which most programs exchange weights: 8 bytes, the length of a header, little-endian; the
 * header, JSON, filled up with spaces to a multiple of 8 bytes; the values of all tensors, one after the other.
 *
 *     {"__metadata__": {"config": "…", "step": "12", …}, "encoder/conv1/weight": {"dtype": "F32",
 *      "shape": [4, 4, 3, 64], "data_offsets": [begin, end]}, …}
 *
 * Parameters and running statistics have the names, shapes and order of the checkpoint's tensors; metadata are text. */
#include "formats.h"

#include "base/input.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are written as they lie in memory");

enum { ALIGNMENT = 8 };

static bool add_number(cJSON *metadata, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return cJSON_AddStringToObject(metadata, key, text);
}

static bool add_metadata(cJSON *header, const lws_checkpoint_meta *meta, const char *config)
{
    cJSON *metadata = cJSON_AddObjectToObject(header, "__metadata__");
    return metadata && cJSON_AddStringToObject(metadata, "config", config) &&
           add_number(metadata, "step", meta->step) && add_number(metadata, "epoch", meta->epoch) &&
           add_number(metadata, "height", meta->image.h) && add_number(metadata, "width", meta->image.w) &&
           add_number(metadata, "channels", meta->image.c) &&
           cJSON_AddStringToObject(metadata, "dataset_digest", meta->dataset_digest);
}

static bool add_to_array(cJSON *array, double value)
{
    cJSON *item = cJSON_CreateNumber(value);
    if (item && cJSON_AddItemToArray(array, item))
        return true;
    cJSON_Delete(item);
    return false;
}

/* *begin: where its values stand behind the header; gets their end. */
static bool add_tensor(cJSON *header, const lws_tensor *t, size_t *begin)
{
    cJSON *tensor = cJSON_AddObjectToObject(header, t->name);
    if (!tensor || !cJSON_AddStringToObject(tensor, "dtype", "F32"))
        return false;
    cJSON *shape = cJSON_AddArrayToObject(tensor, "shape");
    for (int i = 0; i < t->rank; i++)
        if (!add_to_array(shape, (double)t->dims[i]))
            return false;
    cJSON *offsets = cJSON_AddArrayToObject(tensor, "data_offsets");
    size_t end = *begin + t->count * sizeof(float);
    bool done = add_to_array(offsets, (double)*begin) && add_to_array(offsets, (double)end);
    *begin = end;
    return done;
}

/* The header, the caller's to cJSON_free(); NULL when out of memory. */
static char *make_header(const lws_checkpoint_meta *meta, const char *config, const lws_tensors *tensors)
{
    size_t at = 0;
    cJSON *header = cJSON_CreateObject();
    bool done = header && add_metadata(header, meta, config);
    for (int i = 0; done && i < tensors->count; i++)
        done = add_tensor(header, &tensors->item[i], &at);
    char *text = done ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    return text;
}

lws_status export_safetensors(const lws_inference_model *m, FILE *out)
{
    const lws_tensors *tensors = lws_model_tensors(m->model);
    lws_checkpoint_meta meta;
    char *config;
    LWS_TRY(lws_checkpoint_read_meta(m->path, &meta, &config)); /* as it stands there, word for word */
    char *header = make_header(&meta, config, tensors);
    free(config);
    if (!header)
        return lws_fail(LWS_ERR_MEMORY, "out of memory describing the tensors of %s", m->path);
    size_t length = strlen(header), whole = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    for (int i = 0; i < 8; i++)
        fputc((int)(whole >> 8 * i & 0xff), out);
    fprintf(out, "%-*s", (int)whole, header);
    cJSON_free(header);
    for (int i = 0; i < tensors->count; i++) {
        const lws_tensor *t = &tensors->item[i];
        fwrite((t->is_buffer ? m->buffers : m->params) + t->offset, sizeof(float), t->count, out);
    }
    return LWS_OK;
}

bool export_safetensors_is_own(const char *path)
{
    static const char begins[] = "{\"__metadata__\":{\"config\":"; /* behind the length, by add_metadata() */
    return lws_input_holds(path, sizeof(uint64_t), begins, sizeof begins - 1);
}
