#include "source.h"

#include "datasets/decode/image.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ".name" in any folder, and what macOS adds to zips. */
static bool is_hidden(const char *name)
{
    return name[0] == '.' || strstr(name, "/.") || strncmp(name, "__MACOSX/", 9) == 0;
}

lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark)
{
    if (is_hidden(name))
        return LWS_OK;
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

lws_status lws_source_open(const char *path, int threads, lws_source **out)
{
    struct stat st;
    *out = NULL;
    if (stat(path, &st) != 0)
        return lws_fail(LWS_ERR_IO, "cannot open the input %s: %m", path);
    lws_source *source = NULL;
    LWS_TRY(S_ISDIR(st.st_mode) ? lws_source_open_folder(path, &source) : lws_source_open_zip(path, threads, &source));
    if (source->count == 0) {
        lws_status status = lws_fail(LWS_ERR_USAGE,
                                     "%s holds no images (.jpg .png .gif .bmp .tga .pgm "
                                     ".ppm); %lld other files",
                                     path, (long long)source->others);
        lws_source_close(source);
        return status;
    }
    qsort(source->entries, (size_t)source->count, sizeof *source->entries, by_name);
    for (int64_t i = 1; i < source->count; i++)
        source->repeats += strcmp(source->entries[i - 1].name, source->entries[i].name) == 0;
    *out = source;
    return LWS_OK;
}

void lws_source_close(lws_source *source)
{
    if (!source)
        return;
    for (int64_t i = 0; i < source->count; i++)
        free(source->entries[i].name);
    free(source->entries);
    source->kind->close(source);
}
