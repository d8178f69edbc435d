/* What is listed of a source, and in which order. */
#include "list.h"

#include "base/progress.h"
#include "base/text.h"
#include "datasets/decode/image.h"

#include <stdio.h>
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

static void free_entry(lws_source_entry *entry)
{
    free(entry->name);
    free(entry->path);
}

/* An entry of its own copies of the name. LWS_ERR_MEMORY. */
static lws_status make_entry(const char *path, uint64_t place, uint64_t mark, lws_source_entry *entry)
{
    char *name = lws_text_escaped(path);
    *entry = (lws_source_entry){.name = name, .place = place, .mark = mark};
    if (name && strlen(name) > LWS_SOURCE_PATH) {
        static const int shown = 64;
        entry->is_long = true;
        entry->name = NULL;
        int length = shown;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) /* not within a character */
            length--;
        if (asprintf(&entry->name, "%.*s…", length, name) < 0)
            entry->name = NULL;
        free(name);
    }
    if (entry->name && strcmp(entry->name, path) != 0)
        entry->path = strdup(path);
    if (entry->name && (entry->path || strcmp(entry->name, path) == 0))
        return LWS_OK;
    free_entry(entry);
    return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
}

static lws_status take_list(lws_source *source, const lws_source_entry *entry)
{
    lws_source_entry other = *entry;
    if (!source->list.name || strcmp(entry->name, source->list.name) < 0) {
        other = source->list;
        source->list = *entry;
    }
    free_entry(&other);
    return LWS_OK;
}

static lws_status append(lws_source_entry **entries, int64_t *count, int64_t *capacity, const lws_source_entry *entry)
{
    if (*count == *capacity) {
        int64_t more = *capacity * 2 + 1024;
        lws_source_entry *grown = realloc(*entries, (size_t)more * sizeof **entries);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
        *entries = grown;
        *capacity = more;
    }
    (*entries)[(*count)++] = *entry;
    return LWS_OK;
}

static void count_other(lws_source *source, const char *name)
{
    bool is_looked_at;
    source->others++;
    source->others_of[lws_source_other(name, &is_looked_at)]++;
}

lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark)
{
    bool is_looked_at = true, is_image = lws_image_is_name(name), is_a_list = is_list(name);
    if (is_hidden(name))
        return LWS_OK;
    if (!is_image && !is_a_list)
        lws_source_other(name, &is_looked_at);
    if (!is_looked_at) {
        count_other(source, name);
        return LWS_OK;
    }
    lws_source_entry entry;
    LWS_TRY(make_entry(name, place, mark, &entry));
    if (is_a_list)
        return take_list(source, &entry);
    lws_status status = is_image
                            ? append(&source->entries, &source->count, &source->capacity, &entry)
                            : append(&source->doubtful, &source->doubtful_count, &source->doubtful_capacity, &entry);
    if (status != LWS_OK)
        free_entry(&entry);
    return status;
}

lws_status lws_source_note(lws_source_odd *odd, const char *name)
{
    odd->count++;
    if (!odd->first)
        odd->first = lws_text_escaped(name);
    return odd->first ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
}

/* Is it an image by its first bytes? One that cannot be read is none. */
static lws_status look(lws_source *source, const lws_source_entry *entry, lws_bytes *bytes, bool *is_image)
{
    enum { FIRST = 16 };
    lws_status status = source->kind->peek(source, entry, FIRST, bytes);
    *is_image = status == LWS_OK && lws_image_begins(bytes->data, bytes->size);
    bool ends = status == LWS_ERR_MEMORY || status == LWS_ERR_USAGE;
    return ends ? lws_source_failed(status, entry->name) : LWS_OK;
}

static int by_name(const void *a, const void *b)
{
    const lws_source_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

lws_status lws_source_settle(lws_source *source)
{
    lws_bytes bytes = {0};
    lws_status status = LWS_OK;
    for (int64_t i = 0; i < source->doubtful_count && status == LWS_OK; i++) {
        bool is_image = false;
        lws_source_entry *entry = &source->doubtful[i];
        lws_progress();
        status = look(source, entry, &bytes, &is_image);
        if (status == LWS_OK && is_image)
            status = append(&source->entries, &source->count, &source->capacity, entry);
        else if (status == LWS_OK)
            count_other(source, entry->name);
        if (status == LWS_OK && is_image)
            *entry = (lws_source_entry){0};
    }
    lws_bytes_free(&bytes);
    if (!source->entries || status != LWS_OK)
        return status;
    qsort(source->entries, (size_t)source->count, sizeof *source->entries, by_name);
    for (int64_t i = 1; i < source->count; i++)
        source->repeats += strcmp(source->entries[i - 1].name, source->entries[i].name) == 0;
    return LWS_OK;
}

const char *lws_source_name(const lws_source *source, int64_t index, char buffer[LWS_SOURCE_NAME])
{
    if (source->entries)
        return source->entries[index].name;
    source->kind->write_name(source, index, buffer);
    return buffer;
}

lws_status lws_source_failed(lws_status status, const char *name)
{
    return status == LWS_ERR_USAGE ? lws_fail(LWS_ERR_IO, "%s: %s", name, lws_message()) : status;
}

void lws_source_close(lws_source *source)
{
    if (!source)
        return;
    for (int64_t i = 0; source->entries && i < source->count; i++)
        free_entry(&source->entries[i]);
    for (int64_t i = 0; i < source->doubtful_count; i++)
        free_entry(&source->doubtful[i]);
    free(source->entries);
    free(source->doubtful);
    free_entry(&source->list);
    free(source->devices.first);
    free(source->outside.first);
    source->kind->close(source);
}
