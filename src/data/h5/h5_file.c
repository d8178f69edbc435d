/* HDF5 files in this process: opening and closing, what went wrong, and links. */
#include "h5_file.h"

#include "base/input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- errors ---------------------------------------------------------------------------------- */

typedef struct cause {
    char text[512];
    bool is_system, is_version; /* an error of the operating system; of a format that HDF5 does not know */
} cause;

static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *user)
{
    cause *c = user;
    const char *words = error->desc ? error->desc : "";
    if (n == 0) {
        snprintf(c->text, sizeof c->text, "%s", words);
        c->is_version = error->min_num == H5E_VERSION || strstr(words, "version");
    }
    return 0;
}

/* What went wrong latest: the operating system's error where there was one, else HDF5's innermost words. */
static cause latest_cause(void)
{
    cause c = {0};
    int system_error = h5_driver_take_errno();
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &c);
    H5Eclear2(H5E_DEFAULT);
    c.is_system = system_error != 0;
    if (system_error)
        snprintf(c.text, sizeof c.text, "%s", strerror(system_error));
    else if (!c.text[0])
        snprintf(c.text, sizeof c.text, "HDF5 gives no reason");
    return c;
}

static lws_status fail_path(const char *path, lws_status status, const char *doing, const char *name)
{
    cause c = latest_cause();
    if (!c.is_system && c.is_version) {
        unsigned major = 0, minor = 0, release = 0;
        H5get_libversion(&major, &minor, &release);
        return lws_fail(LWS_ERR_FORMAT,
                        "%s: in a newer format than the installed HDF5 %u.%u.%u reads, or damaged (%s): write it again "
                        "with 'h5repack --high=v110', which every HDF5 since 1.10 reads",
                        path, major, minor, release, c.text);
    }
    return lws_fail(c.is_system ? LWS_ERR_IO : status, "%s: %s%s%s: %s", path, doing, name ? " " : "", name ? name : "",
                    c.text);
}

lws_status h5_fail(const h5_file *file, lws_status status, const char *doing, const char *name)
{
    return fail_path(file->path, status, doing, name);
}

lws_status h5_check_writes(const h5_file *file)
{
    int error = h5_driver_error(file->id);
    if (error)
        return lws_fail(lws_write_status(error), "%s: cannot write: %s", file->path, strerror(error));
    return LWS_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* What is written is in the 1.8 format, which keeps a checksum on every piece of metadata, and which every tool of
 * today reads; what is read may be newer. Filters are HDF5's own: a file must not name a program to load. */
static hid_t access_properties(bool writable)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, writable ? H5F_LIBVER_V18 : H5F_LIBVER_LATEST);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    h5_driver_set(access);
    h5_driver_take_errno(); /* of an earlier file */
    return access;
}

static lws_status wrap(const char *path, bool writable, hid_t id, h5_file **out)
{
    h5_file *file = calloc(1, sizeof *file + strlen(path) + 1);
    if (!file) {
        H5Fclose(id);
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    }
    file->id = id;
    file->writable = writable;
    strcpy(file->path, path);
    *out = file;
    return LWS_OK;
}

lws_status h5_create(const char *path, h5_file **out)
{
    *out = NULL;
    hid_t access = access_properties(true);
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_obj_track_times(creation, false);
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    /* Before the next call to HDF5, which would forget the error. */
    lws_status status = id < 0 ? fail_path(path, LWS_ERR_IO, "cannot create the file", NULL) : LWS_OK;
    H5Pclose(creation);
    H5Pclose(access);
    return status == LWS_OK ? wrap(path, true, id, out) : status;
}

static lws_status open_as(const char *path, bool writable, h5_file **out)
{
    int fd;
    *out = NULL;
    LWS_TRY(lws_input_open(path, &fd, NULL)); /* the system's own complaints, which HDF5 would hide among its own */
    close(fd);
    hid_t access = access_properties(writable);
    hid_t id = H5Fopen(path, writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    lws_status status = LWS_OK;
    if (id < 0)
        status = fail_path(path, LWS_ERR_FORMAT, "not an HDF5 file, truncated or damaged", NULL);
    H5Pclose(access);
    return status == LWS_OK ? wrap(path, writable, id, out) : status;
}

lws_status h5_open(const char *path, h5_file **out)
{
    return open_as(path, false, out);
}

lws_status h5_edit(const char *path, h5_file **out)
{
    return open_as(path, true, out);
}

lws_status h5_sync(h5_file *file)
{
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0)
        return h5_fail(file, LWS_ERR_IO, "cannot write", NULL);
    int error = h5_driver_sync(file->id);
    return error ? lws_fail(lws_write_status(error), "%s: cannot write: %s", file->path, strerror(error)) : LWS_OK;
}

lws_status h5_close(h5_file *file)
{
    if (!file)
        return LWS_OK;
    lws_status status = LWS_OK;
    h5_driver_take_errno();
    if (H5Fclose(file->id) < 0)
        status = h5_fail(file, LWS_ERR_IO, "cannot close", NULL);
    int error = h5_driver_take_errno();
    if (error && file->writable)
        status = lws_fail(lws_write_status(error), "%s: cannot write: %s", file->path, strerror(error));
    free(file);
    return status;
}

/* ---- links ----------------------------------------------------------------------------------- */

lws_status h5_exists(const h5_file *file, const char *name, bool *exists)
{
    char way[H5_NAME];
    size_t length = strlen(name);
    *exists = true;
    if (length >= sizeof way)
        return lws_fail(LWS_ERR_FORMAT, "%s: a name of more than %zu bytes", file->path, sizeof way - 1);
    for (size_t end = 1; end <= length; end++) {
        H5L_info_t link;
        if (name[end] != '/' && name[end] != 0)
            continue;
        memcpy(way, name, end);
        way[end] = 0;
        if (way[1] == 0)
            break;
        htri_t found = H5Lexists(file->id, way, H5P_DEFAULT);
        *exists = found > 0;
        if (found == 0)
            break;
        if (found < 0 || H5Lget_info(file->id, way, &link, H5P_DEFAULT) < 0)
            return h5_fail(file, LWS_ERR_FORMAT, "cannot look up", way);
        if (link.type != H5L_TYPE_HARD)
            return lws_fail(LWS_ERR_FORMAT, "%s: %s is a link to another place: such links are not followed",
                            file->path, way);
    }
    return LWS_OK;
}

lws_status h5_check_links(const h5_file *file, const char *name)
{
    bool exists;
    return h5_exists(file, name, &exists);
}
