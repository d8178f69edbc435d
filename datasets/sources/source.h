/* Where image files come from: a folder tree or a zip. A source lists its images once, in byte
 * order of their names, and then gives the bytes of any of them to any thread. */
#ifndef LWSSIM_SOURCE_H
#define LWSSIM_SOURCE_H

#include "base/files.h"

typedef struct lws_source lws_source;

/* What one kind of source does. */
typedef struct lws_source_kind {
    /* The bytes of image `index`, for thread `thread` (0 to threads - 1): reads of different
     * threads may run at the same time. LWS_ERR_MEMORY and LWS_ERR_USAGE are failures; anything
     * else tells with its message, which does not name the image, why this image cannot be had. */
    lws_status (*read)(lws_source *source, int64_t index, int thread, lws_bytes *bytes);
    void (*close)(lws_source *source);
} lws_source_kind;

typedef struct lws_source_entry {
    char *name;     /* path inside the folder or zip; owned */
    uint64_t place; /* the kind's own */
    uint64_t mark;  /* of the content, as far as a listing shows it: other marks, other contents */
} lws_source_entry;

/* The part common to all kinds; theirs begin with it. */
struct lws_source {
    const lws_source_kind *kind;
    lws_source_entry *entries; /* [count], in byte order of names */
    int64_t count, capacity;
    int64_t others;  /* visible files whose extension is not that of an image format */
    int64_t repeats; /* entries named as the one before */
};

/* Opens a folder or zip and lists it. `threads`: how many may read. LWS_ERR_IO, LWS_ERR_FORMAT,
 * LWS_ERR_MEMORY; LWS_ERR_USAGE where there is no image in it. */
lws_status lws_source_open(const char *path, int threads, lws_source **out);
void lws_source_close(lws_source *source);

/* The kinds. `path` is a folder, or a file taken for a zip. */
lws_status lws_source_open_folder(const char *path, lws_source **out);
lws_status lws_source_open_zip(const char *path, int threads, lws_source **out);

/* For the kinds: takes the file `name` into the list if it is one for it (no hidden name, known
 * extension), or counts it among the others. The name is copied. LWS_ERR_MEMORY. */
lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark);

#endif
