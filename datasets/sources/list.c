/* What is listed of a source, and in which order. */
#include "list.h"

#include "datasets/decode/image.h"

#include <stdlib.h>
#include <string.h>

/* ".name" in any folder, and what macOS adds to zips. */
static bool is_hidden(const char *name)
{
    return name[0] == '.' || strstr(name, "/.") || strncmp(name, "__MACOSX/", 9) == 0;
}

/* Celeb-A's list of which image goes into which split, as it or Kaggle names it. */
static bool is_list(const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    return strcmp(base, "list_eval_partition.txt") == 0 || strcmp(base, "list_eval_partition.csv") == 0;
}

static lws_status take_list(lws_source *source, const char *name, uint64_t place, uint64_t mark)
{
    if (source->list.name && strcmp(source->list.name, name) <= 0)
        return LWS_OK;
    char *copy = strdup(name);
    if (!copy)
        return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
    free(source->list.name);
    source->list = (lws_source_entry){copy, place, mark};
    return LWS_OK;
}

lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark)
{
    if (is_hidden(name))
        return LWS_OK;
    if (is_list(name))
        return take_list(source, name, place, mark);
    if (!lws_image_is_name(name)) {
        source->others++;
        return LWS_OK;
    }
    if (source->count == source->capacity) {
        int64_t capacity = source->capacity * 2 + 1024;
        lws_source_entry *grown = realloc(source->entries, (size_t)capacity * sizeof *source->entries);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
        source->entries = grown;
        source->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
    source->entries[source->count++] = (lws_source_entry){copy, place, mark};
    return LWS_OK;
}

static int by_name(const void *a, const void *b)
{
    const lws_source_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

void lws_source_sort(lws_source *source)
{
    if (!source->entries)
        return;
    qsort(source->entries, (size_t)source->count, sizeof *source->entries, by_name);
    for (int64_t i = 1; i < source->count; i++)
        source->repeats += strcmp(source->entries[i - 1].name, source->entries[i].name) == 0;
}

const char *lws_source_name(const lws_source *source, int64_t index, char buffer[LWS_SOURCE_NAME])
{
    if (source->entries)
        return source->entries[index].name;
    source->kind->write_name(source, index, buffer);
    return buffer;
}

void lws_source_close(lws_source *source)
{
    if (!source)
        return;
    for (int64_t i = 0; source->entries && i < source->count; i++)
        free(source->entries[i].name);
    free(source->entries);
    free(source->list.name);
    source->kind->close(source);
}
