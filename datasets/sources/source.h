/* Where images come from: the files of a folder tree or of an archive, or a painter of faces. A source lists its images
 * once, in byte order of their names, and then gives any of them to any thread.
 *
 * A kind of source is one file, which ends with its row, the lws_source_kind lws_source_NAME, and NAME in the list in
 * source.c. */
#ifndef LWSSIM_SOURCE_H
#define LWSSIM_SOURCE_H

#include "base/files.h"

#include <stdbool.h>

/* What is asked for: the images of a path, or faces. */
typedef struct lws_source_args {
    const char *path; /* a folder or a file; NULL with `faces` */
    int64_t faces;    /* how many synthetic ones, 0 with `path` */
    uint64_t seed;    /* of the faces */
    int threads;      /* how many may read */
} lws_source_args;

typedef struct lws_source lws_source;

typedef struct lws_source_entry {
    char *name;     /* path inside the folder or archive, as UTF-8 for people; owned */
    uint64_t place; /* the kind's own */
    uint64_t mark;  /* of the content, as far as a listing shows it: other marks, other contents */
    char *path;     /* where it differs from `name`; owned */
    bool is_long;   /* its path has more than LWS_SOURCE_PATH bytes, and `name` is its beginning: not for a dataset */
} lws_source_entry;

enum { LWS_SOURCE_PATH = 4096 }; /* every row of a shard has room for the longest name in it */

/* Files that are no images, by their extensions. */
typedef enum lws_other {
    LWS_OTHER_FORMAT, /* pictures of formats that are not read */
    LWS_OTHER_VIDEO,
    LWS_OTHER_SOUND,
    LWS_OTHER_TEXT,
    LWS_OTHER_DOCUMENT,
    LWS_OTHER_ARCHIVE,
    LWS_OTHER_DATA,
    LWS_OTHER_FILE, /* none of these */
    LWS_OTHER_KINDS,
} lws_other;

/* Things left out: how many, and the first that was met. */
typedef struct lws_source_odd {
    int64_t count;
    char *first; /* owned; NULL: none */
} lws_source_odd;

enum { LWS_SOURCE_NAME = 32 }; /* room for the name of an image that is drawn */

/* What one kind of source does. It either reads files or draws pixels, which it names: the other is NULL. */
typedef struct lws_source_kind {
    const char *name; /* for people: "folder" */

    /* Whether what is asked for is of this kind, in a short look. */
    bool (*probe)(const lws_source_args *args);

    /* Opens it and lists its images by lws_source_add (list.h). *out is set as soon as there is anything to close, also
     * where it fails afterwards. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
    lws_status (*open)(const lws_source_args *args, lws_source **out);

    /* The bytes of image `index`, for thread `thread` (0 to threads - 1): reads of different threads may run at the
     * same time. LWS_ERR_MEMORY and LWS_ERR_USAGE are failures, the latter of the whole source (the disk, the archive);
     * anything else tells with its message, which does not name the image, why this image cannot be had. */
    lws_status (*read)(lws_source *source, int64_t index, int thread, lws_bytes *bytes);

    /* The first `most` bytes of what was listed as `entry`, or all where there are fewer; as `read` by thread 0. */
    lws_status (*peek)(lws_source *source, const lws_source_entry *entry, size_t most, lws_bytes *bytes);

    /* Image `index` as pixels [size, size, channels], channels 1 (luma) or 3; any thread. LWS_ERR_MEMORY. */
    lws_status (*draw)(const lws_source *source, int64_t index, int size, int channels, uint8_t *out);

    /* Writes the name of image `index`, which is drawn; names ascend with their images. */
    void (*write_name)(const lws_source *source, int64_t index, char name[LWS_SOURCE_NAME]);

    /* Closes what the kind has opened, and frees the source itself; its list is gone already. */
    void (*close)(lws_source *source);
} lws_source_kind;

/* The part common to all kinds; theirs begin with it. */
struct lws_source {
    const lws_source_kind *kind;
    lws_source_entry *entries; /* [count], in byte order of names; NULL where images are drawn */
    int64_t count, capacity;
    lws_source_entry list;      /* list_eval_partition.txt or .csv, the first by name; no name: there is none */
    lws_source_entry *doubtful; /* [doubtful_count]: which of these are images, their first bytes tell */
    int64_t doubtful_count, doubtful_capacity;
    int64_t others;                     /* visible files that are no images */
    int64_t others_of[LWS_OTHER_KINDS]; /* the same by kind */
    lws_source_odd devices, outside;    /* pipes, sockets, devices; names that lead out of an archive */
    int64_t repeats;                    /* entries named as the one before */
};

/* Opens what is asked for and lists it. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY; LWS_ERR_USAGE where nothing is
 * asked for or there is no image in it. */
lws_status lws_source_open(const lws_source_args *args, lws_source **out);

/* A failure of the whole source, met at `name`, as callers pass it on: LWS_ERR_IO, with the name before the message.
 * Other statuses stay. */
lws_status lws_source_failed(lws_status status, const char *name);

/* NULL is fine. */
void lws_source_close(lws_source *source);

/* The name of an image; `buffer` is used where it has to be made up. */
const char *lws_source_name(const lws_source *source, int64_t index, char buffer[LWS_SOURCE_NAME]);

/* The kinds that a path can be of, "folder or zip", for people: writes them to `text` and returns it. */
enum { LWS_SOURCE_PATHS = 128 };
const char *lws_source_paths(char text[LWS_SOURCE_PATHS]);

#endif
