/* The table of sources, and which of them an input is of. */
#include "datasets/sources/source.h"

#include "list.h"

#include "datasets/decode/image.h"

#include <stdio.h>
#include <sys/stat.h>

/* One row a kind, in the order in which they are asked: the zip, which would take any file, last. */
#define SOURCES(row) row(synthetic) row(folder) row(zip)

#define DECLARE_ROW(name) extern const lws_source_kind lws_source_##name;
SOURCES(DECLARE_ROW)

#define ADDRESS(name) &lws_source_##name,
static const lws_source_kind *const kinds[] = {SOURCES(ADDRESS)};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const lws_source_kind *find(const lws_source_args *args)
{
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i]->probe(args))
            return kinds[i];
    }
    return NULL;
}

const char *lws_source_paths(char text[LWS_SOURCE_PATHS])
{
    int at = 0;
    for (int i = 0; i < KINDS && at < LWS_SOURCE_PATHS; i++) {
        if (kinds[i]->read)
            at += snprintf(text + at, (size_t)(LWS_SOURCE_PATHS - at), "%s%s", at ? " or " : "", kinds[i]->name);
    }
    return text;
}

lws_status lws_source_open(const lws_source_args *args, lws_source **out)
{
    struct stat st;
    char formats[LWS_IMAGE_FORMATS];
    *out = NULL;
    if (args->path && stat(args->path, &st) != 0)
        return lws_fail(LWS_ERR_IO, "cannot open the input %s: %m", args->path);
    const lws_source_kind *kind = find(args);
    if (!kind)
        return lws_fail(LWS_ERR_USAGE, "there is no input");
    lws_source *source = NULL;
    lws_status status = kind->open(args, &source);
    if (source)
        source->kind = kind;
    if (status == LWS_OK)
        status = lws_source_settle(source);
    if (status == LWS_OK && source->count == 0)
        status = lws_fail(LWS_ERR_USAGE, "%s holds no images (%s); %lld other files", args->path,
                          lws_image_formats(formats), (long long)source->others);
    if (status == LWS_OK)
        *out = source;
    else
        lws_source_close(source);
    return status;
}
