/* Synthetic faces as a source: as many as are wanted, drawn at the size that is wanted. */
#include "datasets/sources/source.h"

#include "datasets/faces/face.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct painter {
    lws_source common;
    uint64_t seed;
} painter;

static bool probe(const lws_source_args *args)
{
    return args->faces > 0;
}

static lws_status open_painter(const lws_source_args *args, lws_source **out)
{
    painter *p = calloc(1, sizeof *p);
    if (!p)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a painter of faces");
    p->common.count = args->faces;
    p->seed = args->seed;
    *out = &p->common;
    return LWS_OK;
}

static lws_status draw(const lws_source *source, int64_t index, int size, int channels, uint8_t *out)
{
    return lws_face_draw(((const painter *)source)->seed, (uint64_t)index, size, channels, out);
}

static void write_name(const lws_source *source, int64_t index, char name[LWS_SOURCE_NAME])
{
    (void)source;
    snprintf(name, LWS_SOURCE_NAME, "face-%09lld", (long long)index);
}

static void close_painter(lws_source *source)
{
    free(source);
}

const lws_source_kind lws_source_synthetic = {
    .name = "synthetic faces",
    .probe = probe,
    .open = open_painter,
    .draw = draw,
    .write_name = write_name,
    .close = close_painter,
};
