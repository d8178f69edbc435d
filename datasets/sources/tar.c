/* A tar as a source of images. The tar is walked once for its list; each image is then read from the place of its
 * header, from where on a tar is a tar. A compressed one has no such places and is refused. */
#include "list.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, CHUNK = 64 << 10 };

/* What a thread reads the tar with: its own place in the file, and room for a piece of it. */
typedef struct cursor {
    int fd;
    off_t at;
    uint8_t bytes[CHUNK];
} cursor;

typedef struct tarball {
    lws_source common;
    int fd, threads;
    cursor **cursors; /* [threads]; made when a thread first reads */
} tarball;

/* ---- libarchive on a descriptor that threads share ---------------------------------------------- */

static la_ssize_t next_piece(struct archive *tar, void *user, const void **bytes)
{
    cursor *c = user;
    ssize_t n = pread(c->fd, c->bytes, CHUNK, c->at);
    if (n < 0)
        archive_set_error(tar, errno, "%s", strerror(errno));
    else
        c->at += n;
    *bytes = c->bytes;
    return n;
}

static la_int64_t skip(struct archive *tar, void *user, la_int64_t request)
{
    (void)tar;
    ((cursor *)user)->at += request;
    return request;
}

/* A reader from `at` on, of a compressed tar as well where `any`; NULL when out of memory, or where that is no tar. */
static struct archive *reader(cursor *c, off_t at, bool any)
{
    struct archive *tar = archive_read_new();
    c->at = at;
    if (!tar)
        return NULL;
    if (any) {
        archive_read_support_filter_gzip(tar);
        archive_read_support_filter_bzip2(tar);
        archive_read_support_filter_xz(tar);
        archive_read_support_filter_zstd(tar);
    }
    archive_read_support_format_tar(tar);
    if (archive_read_open2(tar, c, NULL, next_piece, skip, NULL) == ARCHIVE_OK)
        return tar;
    archive_read_free(tar);
    return NULL;
}

/* A warning is about what only an unpacked file would have. */
static bool is_good(int result)
{
    return result == ARCHIVE_OK || result == ARCHIVE_WARN;
}

static bool is_link(struct archive_entry *entry)
{
    return archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK;
}

/* ---- one image ---------------------------------------------------------------------------------- */

static lws_status read_data(struct archive *tar, struct archive_entry *entry, lws_bytes *bytes)
{
    uint8_t past_end;
    if (is_link(entry))
        return lws_fail(LWS_ERR_FORMAT, "a link in the tar, not a file");
    if (archive_entry_size(entry) > LWS_FILE_MAX)
        return lws_fail(LWS_ERR_FORMAT, "a file of more than %d MB", LWS_FILE_MAX >> 20);
    LWS_TRY(lws_bytes_reserve(bytes, (size_t)archive_entry_size(entry)));
    la_ssize_t n = archive_read_data(tar, bytes->data, bytes->size), more = 0;
    if (n == (la_ssize_t)bytes->size)
        more = archive_read_data(tar, &past_end, 1);
    if (n < 0 || more < 0)
        return lws_fail(LWS_ERR_FORMAT, "damaged in the tar: %s", archive_error_string(tar));
    if (n != (la_ssize_t)bytes->size || more)
        return lws_fail(LWS_ERR_FORMAT, "damaged in the tar: not as long as its header says");
    return LWS_OK;
}

static lws_status read_entry(lws_source *source, int64_t index, int thread, lws_bytes *bytes)
{
    tarball *t = (tarball *)source;
    struct archive_entry *entry;
    if (!t->cursors[thread])
        t->cursors[thread] = malloc(sizeof(cursor));
    if (!t->cursors[thread])
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading a tar");
    t->cursors[thread]->fd = t->fd;
    struct archive *tar = reader(t->cursors[thread], (off_t)source->entries[index].place, false);
    if (!tar)
        return lws_fail(LWS_ERR_FORMAT, "cannot be read from the tar");
    lws_status status = is_good(archive_read_next_header(tar, &entry))
                            ? read_data(tar, entry, bytes)
                            : lws_fail(LWS_ERR_FORMAT, "damaged in the tar: %s", archive_error_string(tar));
    archive_read_free(tar);
    return status;
}

/* ---- the list ----------------------------------------------------------------------------------- */

/* Without "./" and "/" in front, as tar itself unpacks it. */
static const char *bare_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = archive_entry_pathname_utf8(entry); /* of a locale that cannot spell it */
    while (name && (name[0] == '/' || strncmp(name, "./", 2) == 0))
        name += name[0] == '/' ? 1 : 2;
    return name;
}

static lws_status list(tarball *t, struct archive *tar, const char *path)
{
    struct archive_entry *entry;
    int result;
    while (is_good(result = archive_read_next_header(tar, &entry))) {
        const char *name = bare_name(entry);
        if (archive_filter_code(tar, 0) != ARCHIVE_FILTER_NONE)
            return lws_fail(
                LWS_ERR_FORMAT,
                "%s is compressed (%s), and images in the middle of it cannot be reached: decompress it first", path,
                archive_filter_name(tar, 0));
        if (name && (is_link(entry) || archive_entry_filetype(entry) == AE_IFREG))
            LWS_TRY(lws_source_add(&t->common, name, (uint64_t)archive_read_header_position(tar),
                                   (uint64_t)archive_entry_size(entry)));
    }
    if (result != ARCHIVE_EOF)
        return lws_fail(LWS_ERR_FORMAT, "cannot read %s as a tar: %s", path, archive_error_string(tar));
    return LWS_OK;
}

/* Where the end is missing, so may be images: the last block is of zeros. */
static lws_status check_end(const tarball *t, const char *path)
{
    static const uint8_t zeros[BLOCK];
    uint8_t last[BLOCK];
    struct stat st;
    if (fstat(t->fd, &st) != 0 || st.st_size < BLOCK || pread(t->fd, last, BLOCK, st.st_size - BLOCK) != BLOCK ||
        memcmp(last, zeros, BLOCK) != 0)
        return lws_fail(LWS_ERR_FORMAT, "cannot read %s as a tar: its end is missing", path);
    return LWS_OK;
}

static bool probe(const lws_source_args *args)
{
    struct archive_entry *entry;
    cursor *c = malloc(sizeof *c);
    int fd = args->path ? open(args->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    bool is_tar = false;
    if (c && fd >= 0) {
        c->fd = fd;
        struct archive *tar = reader(c, 0, true);
        is_tar = tar && archive_read_next_header(tar, &entry) >= ARCHIVE_WARN;
        archive_read_free(tar);
    }
    if (fd >= 0)
        close(fd);
    free(c);
    return is_tar;
}

static lws_status open_tar(const lws_source_args *args, lws_source **out)
{
    tarball *t = calloc(1, sizeof *t);
    if (!t)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
    *out = &t->common;
    t->threads = args->threads;
    t->fd = open(args->path, O_RDONLY | O_CLOEXEC);
    if (t->fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s as a tar: %m", args->path);
    t->cursors = calloc((size_t)args->threads, sizeof *t->cursors);
    if (!t->cursors || !(t->cursors[0] = malloc(sizeof(cursor))))
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
    t->cursors[0]->fd = t->fd;
    struct archive *tar = reader(t->cursors[0], 0, true);
    if (!tar)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
    lws_status status = list(t, tar, args->path);
    archive_read_free(tar);
    return status == LWS_OK ? check_end(t, args->path) : status;
}

static void close_tar(lws_source *source)
{
    tarball *t = (tarball *)source;
    for (int i = 0; t->cursors && i < t->threads; i++)
        free(t->cursors[i]);
    free(t->cursors);
    if (t->fd >= 0)
        close(t->fd);
    free(t);
}

const lws_source_kind lws_source_tar = {
    .name = "tar",
    .probe = probe,
    .open = open_tar,
    .read = read_entry,
    .close = close_tar,
};
