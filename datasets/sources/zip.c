/* A zip as a source of images; libzip finds each by its place in the directory at the end of the file. */
#include "list.h"
#include "zip_wrong.h"

#include "base/progress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

typedef struct archive {
    lws_source common;
    char *path;
    int threads;
    zip_t **handles; /* [threads]; opened by each thread when it first reads, for libzip's are not
                        thread-safe */
} archive;

/* With LWS_ERR_IO errno is set. */
static lws_status open_handle(const char *path, zip_t **handle)
{
    int code = 0;
    *handle = zip_open(path, ZIP_RDONLY, &code);
    if (*handle)
        return LWS_OK;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    /* What is wrong with a zip's content has more names in newer versions of libzip. */
    bool outside = code == ZIP_ER_NOENT || zip_error_system_type(&error) == ZIP_ET_SYS;
    lws_status status = code == ZIP_ER_MEMORY ? LWS_ERR_MEMORY : outside ? LWS_ERR_IO : LWS_ERR_FORMAT;
    const char *wrong = status == LWS_ERR_FORMAT ? lws_zip_wrong(path) : NULL;
    if (wrong)
        lws_fail(status, "cannot open %s as a zip: %s", path, wrong);
    else
        lws_fail(status, "cannot open %s as a zip: %s%s", path, zip_error_strerror(&error),
                 status == LWS_ERR_FORMAT ? "; images are in a folder or a zip" : "");
    int system = zip_error_code_system(&error);
    zip_error_fini(&error);
    errno = outside ? system : 0;
    return status;
}

/* LWS_ERR_IO: the disk fails, and says nothing about this entry. */
static lws_status failure(zip_error_t *error, const char *what)
{
    bool passes = zip_error_system_type(error) == ZIP_ET_SYS && lws_file_may_pass(zip_error_code_system(error));
    return lws_fail(passes ? LWS_ERR_IO : LWS_ERR_FORMAT, "%s: %s", what, zip_error_strerror(error));
}

/* Reads to the end and one byte further: libzip checks the CRC where it sees the end. */
static lws_status read_stream(zip_file_t *stream, lws_bytes *bytes)
{
    size_t wanted = bytes->size, done = 0;
    uint8_t past_end;
    for (;;) {
        void *to = done < wanted ? bytes->data + done : &past_end;
        zip_int64_t n = zip_fread(stream, to, done < wanted ? wanted - done : 1);
        if (n < 0)
            return failure(zip_file_get_error(stream), "damaged in the zip");
        if (n == 0)
            break;
        done += (size_t)n;
        if (done > wanted)
            return lws_fail(LWS_ERR_FORMAT, "damaged in the zip: longer than its listed size");
    }
    if (done < wanted)
        return lws_fail(LWS_ERR_FORMAT, "damaged in the zip: shorter than its listed size");
    return LWS_OK;
}

/* What the archive's directory says of an entry that can be read. */
static lws_status look_up(zip_t *zip, zip_uint64_t place, zip_stat_t *st)
{
    if (zip_stat_index(zip, place, 0, st) != 0)
        return lws_fail(LWS_ERR_FORMAT, "damaged in the zip: %s", zip_strerror(zip));
    if (st->valid & ZIP_STAT_ENCRYPTION_METHOD && st->encryption_method != ZIP_EM_NONE)
        return lws_fail(LWS_ERR_FORMAT, "encrypted in the zip: unpack it with its password, and give the folder");
    return LWS_OK;
}

/* At most `most` bytes: where there are more, the CRC is not looked at. LWS_ERR_IO: try again; LWS_ERR_USAGE: of the
 * zip, not of this entry. */
static lws_status read_once(archive *a, zip_uint64_t place, int thread, size_t most, lws_bytes *bytes)
{
    zip_stat_t st;
    if (!a->handles[thread]) {
        lws_status opened = open_handle(a->path, &a->handles[thread]);
        if (opened != LWS_OK)
            return lws_fail(opened == LWS_ERR_IO && lws_file_may_pass(errno) ? LWS_ERR_IO : LWS_ERR_USAGE, "%s",
                            lws_message());
    }
    zip_t *zip = a->handles[thread];
    LWS_TRY(look_up(zip, place, &st));
    bool is_whole = most >= st.size;
    if (is_whole && st.size > LWS_FILE_MAX)
        return lws_fail(LWS_ERR_FORMAT, "a file of more than %d MB", LWS_FILE_MAX >> 20);
    LWS_TRY(lws_bytes_reserve(bytes, is_whole ? st.size : most));
    zip_file_t *stream = zip_fopen_index(zip, place, 0);
    if (!stream)
        return failure(zip_get_error(zip), "cannot be read from the zip");
    lws_status status = LWS_OK;
    if (is_whole) {
        status = read_stream(stream, bytes);
    } else {
        zip_int64_t n = zip_fread(stream, bytes->data, most);
        bytes->size = n < 0 ? 0 : (size_t)n;
        status = n < 0 ? failure(zip_file_get_error(stream), "damaged in the zip") : LWS_OK;
    }
    zip_fclose(stream);
    return status;
}

/* A disk or a network that fails takes nothing out of the dataset: after some tries it ends the work. */
static lws_status read_place(archive *a, zip_uint64_t place, int thread, size_t most, lws_bytes *bytes)
{
    for (int tries = 1;; tries++) {
        lws_status status = read_once(a, place, thread, most, bytes);
        if (status != LWS_ERR_IO)
            return status;
        if (a->handles[thread])
            zip_discard(a->handles[thread]);
        a->handles[thread] = NULL;
        if (!lws_file_wait(tries))
            return lws_fail(LWS_ERR_USAGE, "%s", lws_message());
    }
}

static lws_status read_entry(lws_source *source, int64_t index, int thread, lws_bytes *bytes)
{
    return read_place((archive *)source, source->entries[index].place, thread, SIZE_MAX, bytes);
}

static lws_status peek(lws_source *source, const lws_source_entry *entry, size_t most, lws_bytes *bytes)
{
    return read_place((archive *)source, entry->place, 0, most, bytes);
}

static void close_zip(lws_source *source)
{
    archive *a = (archive *)source;
    for (int i = 0; a->handles && i < a->threads; i++) {
        if (a->handles[i])
            zip_discard(a->handles[i]);
    }
    free(a->handles);
    free(a->path);
    free(a);
}

/* Size and CRC, which the archive's directory lists. */
static uint64_t mark_of(zip_t *zip, zip_uint64_t place)
{
    zip_stat_t st;
    zip_stat_init(&st);
    return zip_stat_index(zip, place, 0, &st) == 0 ? (uint64_t)st.crc << 32 ^ st.size : 0;
}

/* Takes what is no folder, under a name that is a path below the archive. */
static lws_status visit(archive *a, zip_uint64_t place)
{
    zip_t *zip = a->handles[0];
    const char *listed = zip_get_name(zip, place, 0);
    listed = listed ? listed : zip_get_name(zip, place, ZIP_FL_ENC_RAW);
    size_t length = listed ? strlen(listed) : 0;
    if (length == 0 || listed[length - 1] == '/' || listed[length - 1] == '\\')
        return LWS_OK;
    char *name = strdup(listed);
    if (!name)
        return lws_fail(LWS_ERR_MEMORY, "out of memory listing images");
    lws_status status = lws_source_path(name) ? lws_source_add(&a->common, name, place, mark_of(zip, place))
                                              : lws_source_note(&a->common.outside, listed);
    free(name);
    return status;
}

static lws_status list(archive *a)
{
    LWS_TRY(open_handle(a->path, &a->handles[0]));
    zip_int64_t count = zip_get_num_entries(a->handles[0], 0);
    for (zip_int64_t i = 0; i < count; i++) {
        lws_progress();
        LWS_TRY(visit(a, (zip_uint64_t)i));
    }
    return LWS_OK;
}

/* Any file: what makes a zip stands at its end, and libzip tells best what is wrong with one. */
static bool probe(const lws_source_args *args)
{
    return args->path != NULL;
}

static lws_status open_zip(const lws_source_args *args, lws_source **out)
{
    struct stat st;
    if (stat(args->path, &st) == 0 && !S_ISREG(st.st_mode)) /* opening a pipe would wait for its writer */
        return lws_fail(LWS_ERR_IO, "%s is neither a folder nor a file", args->path);
    archive *a = calloc(1, sizeof *a);
    if (!a)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
    *out = &a->common;
    a->threads = args->threads;
    a->path = strdup(args->path);
    a->handles = calloc((size_t)args->threads, sizeof *a->handles);
    return a->path && a->handles ? list(a) : lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
}

const lws_source_kind lws_source_zip = {
    .name = "zip",
    .probe = probe,
    .open = open_zip,
    .read = read_entry,
    .peek = peek,
    .close = close_zip,
};
