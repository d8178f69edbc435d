/* A folder and all below it as a source of images; its files are opened one by one. */
#include "list.h"

#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct folder {
    lws_source common;
    int fd;
} folder;

static const char *path_of(const lws_source_entry *entry)
{
    return entry->path ? entry->path : entry->name;
}

/* A disk or a network that fails takes nothing out of the dataset: it ends the work. */
static lws_status firmly(lws_status status)
{
    bool is_of_image = status != LWS_ERR_IO || !lws_file_may_pass(errno);
    return is_of_image ? status : lws_fail(LWS_ERR_USAGE, "%s", lws_message());
}

static lws_status read_entry(lws_source *source, int64_t index, int thread, lws_bytes *bytes)
{
    (void)thread;
    return firmly(lws_file_read(((folder *)source)->fd, path_of(&source->entries[index]), bytes));
}

static lws_status peek(lws_source *source, const lws_source_entry *entry, size_t most, lws_bytes *bytes)
{
    return firmly(lws_file_peek(((folder *)source)->fd, path_of(entry), most, bytes));
}

static void close_folder(lws_source *source)
{
    folder *f = (folder *)source;
    if (f->fd >= 0)
        close(f->fd);
    free(f);
}

/* One step of the walk. `skip` is the length of the folder's own path. A link that leads nowhere is listed, so that it
 * turns up among the images that cannot be read. What is neither file nor folder is not opened: a pipe would wait for
 * its writer, and a device may do anything. */
static lws_status visit(folder *f, FTS *walk, FTSENT *entry, size_t skip)
{
    const char *name = entry->fts_path + skip;
    name += strspn(name, "/");
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > 0 && entry->fts_name[0] == '.')
            fts_set(walk, entry, FTS_SKIP);
        return LWS_OK;
    case FTS_F:
    case FTS_SLNONE:
        return lws_source_add(&f->common, name, 0, (uint64_t)entry->fts_statp->st_size);
    case FTS_DEFAULT:
        return entry->fts_name[0] == '.' ? LWS_OK : lws_source_note(&f->common.devices, name);
    case FTS_DNR:
    case FTS_NS:
    case FTS_ERR:
        return lws_fail(LWS_ERR_IO, "cannot read %s: %s", entry->fts_path, strerror(entry->fts_errno));
    case FTS_DC:
        return lws_fail(LWS_ERR_IO, "%s is a link to a folder that contains it", entry->fts_path);
    default:
        return LWS_OK;
    }
}

static lws_status list(folder *f, const char *path)
{
    char *const roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", path);
    lws_status status = LWS_OK;
    errno = 0;
    for (FTSENT *entry; status == LWS_OK && (entry = fts_read(walk)); errno = 0) {
        lws_progress(); /* folders on a network may be large and slow */
        status = visit(f, walk, entry, strlen(path));
    }
    if (status == LWS_OK && errno)
        status = lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", path);
    fts_close(walk);
    return status;
}

static bool probe(const lws_source_args *args)
{
    struct stat st;
    return args->path && stat(args->path, &st) == 0 && S_ISDIR(st.st_mode);
}

static lws_status open_folder(const lws_source_args *args, lws_source **out)
{
    folder *f = calloc(1, sizeof *f);
    if (!f)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", args->path);
    *out = &f->common;
    f->fd = open(args->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->fd < 0 ? lws_fail(LWS_ERR_IO, "cannot open the folder %s: %m", args->path) : list(f, args->path);
}

const lws_source_kind lws_source_folder = {
    .name = "folder",
    .probe = probe,
    .open = open_folder,
    .read = read_entry,
    .peek = peek,
    .close = close_folder,
};
