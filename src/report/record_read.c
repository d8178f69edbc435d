/* Records that are looked through, over cJSON. */
#include "report/record_read.h"

#include "record_memory.h"

#include <cjson/cJSON.h>

static const cJSON *json(const lws_record *record)
{
    return (const cJSON *)record;
}

lws_record *lws_record_parse(const char *text, size_t length)
{
    const char *end = NULL;
    record_watch_memory();
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length, &end, false);
    bool ran_out = record_ran_out();
    while (parsed && end < text + length && (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t'))
        end++;
    if (!ran_out && cJSON_IsObject(parsed) && end == text + length)
        return (lws_record *)parsed;
    cJSON_Delete(parsed);
    return NULL;
}

const lws_record *lws_record_get(const lws_record *object, const char *key)
{
    return (const lws_record *)cJSON_GetObjectItemCaseSensitive(json(object), key);
}

const lws_record *lws_record_first(const lws_record *record)
{
    const cJSON *at = json(record);
    return (const lws_record *)(cJSON_IsObject(at) || cJSON_IsArray(at) ? at->child : NULL);
}

const lws_record *lws_record_next(const lws_record *value)
{
    return (const lws_record *)(value ? json(value)->next : NULL);
}

const char *lws_record_key(const lws_record *value)
{
    return value && json(value)->string ? json(value)->string : "";
}

const char *lws_record_value_text(const lws_record *value)
{
    return cJSON_GetStringValue(json(value));
}

bool lws_record_value_number(const lws_record *value, double *number)
{
    if (!cJSON_IsNumber(json(value)))
        return false;
    *number = json(value)->valuedouble;
    return true;
}
