/* Records: JSON objects that are put together field by field, and that notice when memory has run out. */
#include "report/record.h"

#include "record_memory.h"

#include "base/input.h"
#include "base/output.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* lws_record is cJSON's object under a name of our own. */
static cJSON *json(const lws_record *record)
{
    return (cJSON *)(uintptr_t)record;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* cJSON leaves out what it has no memory for, and says so only to who asks after each call. */
static _Thread_local bool ran_out;

static void *allocate(size_t size)
{
    void *bytes = malloc(size);
    ran_out |= !bytes;
    return bytes;
}

void record_watch_memory(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){allocate, free});
}

bool record_ran_out(void)
{
    bool did = ran_out;
    ran_out = false;
    if (did)
        errno = ENOMEM;
    return did;
}

/* ---- records --------------------------------------------------------------------------------- */

lws_record *lws_record_new(void)
{
    record_watch_memory();
    return (lws_record *)cJSON_CreateObject();
}

void lws_record_free(lws_record *record)
{
    cJSON_Delete(json(record));
}

void lws_record_text(lws_record *record, const char *key, const char *value)
{
    cJSON_AddStringToObject(json(record), key, value);
}

void lws_record_number(lws_record *record, const char *key, double value)
{
    cJSON_AddNumberToObject(json(record), key, value);
}

void lws_record_integers(lws_record *record, const char *key, int64_t count, const int64_t *values)
{
    cJSON *array = cJSON_AddArrayToObject(json(record), key);
    for (int64_t i = 0; array && i < count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateNumber((double)values[i]));
}

void lws_record_texts(lws_record *record, const char *key, int count, const char *const *values)
{
    cJSON *array = cJSON_AddArrayToObject(json(record), key);
    for (int i = 0; array && i < count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(values[i]));
}

lws_record *lws_record_object(lws_record *record, const char *key)
{
    return (lws_record *)cJSON_AddObjectToObject(json(record), key);
}

lws_record *lws_record_item(lws_record *record, const char *key)
{
    cJSON *array = cJSON_GetObjectItemCaseSensitive(json(record), key), *item = cJSON_CreateObject();
    if (!array)
        array = cJSON_AddArrayToObject(json(record), key);
    if (cJSON_AddItemToArray(array, item))
        return (lws_record *)item;
    cJSON_Delete(item);
    return NULL;
}

char *lws_record_print(const lws_record *record, bool indented)
{
    char *text = indented ? cJSON_Print(json(record)) : cJSON_PrintUnformatted(json(record));
    if (!record_ran_out()) /* neither now, nor when something was added */
        return text;
    free(text);
    return NULL;
}

lws_status lws_record_save(const lws_record *record, const char *path)
{
    char *text = lws_record_print(record, true);
    if (!text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing JSON");
    lws_status status = LWS_OK;
    if (strcmp(path, "-") != 0) {
        size_t length = strlen(text);
        text[length] = '\n'; /* in place of the end, which a file does not need */
        status = lws_output_write(path, text, length + 1);
    } else if (puts(text) < 0 || fflush(stdout) != 0) {
        status = lws_fail(LWS_ERR_IO, "cannot write to standard output: %m");
    }
    free(text);
    return status;
}

const char *lws_record_get_text(const lws_record *record, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json(record), key));
}

bool lws_record_get_number(const lws_record *record, const char *key, double *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json(record), key);
    if (cJSON_IsNumber(item))
        *value = item->valuedouble;
    return cJSON_IsNumber(item);
}

const lws_record *lws_record_get_object(const lws_record *record, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json(record), key);
    return cJSON_IsObject(item) ? (const lws_record *)item : NULL;
}

lws_status lws_record_load(const char *path, lws_record **out)
{
    char *text;
    size_t length;
    *out = NULL;
    LWS_TRY(lws_input_read_text(path, "record", &text, &length));
    record_watch_memory();
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
    free(text);
    if (record_ran_out()) {
        cJSON_Delete(parsed);
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    }
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return lws_fail(LWS_ERR_FORMAT, "%s is damaged: no JSON object", path);
    }
    *out = (lws_record *)parsed;
    return LWS_OK;
}
