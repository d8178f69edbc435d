/* Files and errors of the HDF5 wrapper; arrays are in h5_array.c, attributes in h5_attribute.c. */
#include "h5_driver.h"
#include "h5_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- errors ---------------------------------------------------------------------------------- */

static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *user)
{
    if (n == 0)
        snprintf(user, 512, "%s", error->desc ? error->desc : "");
    return 0;
}

/* What went wrong latest: the operating system's error where there was one (then true), else HDF5's
 * innermost words. */
static bool cause(char text[512])
{
    int system_error = lws_h5_driver_take_errno();
    text[0] = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, text);
    H5Eclear2(H5E_DEFAULT);
    if (system_error)
        snprintf(text, 512, "%s", strerror(system_error));
    else if (!text[0])
        snprintf(text, 512, "HDF5 gives no reason");
    return system_error != 0;
}

static lws_status fail_path(const char *path, lws_status status, const char *doing, const char *name)
{
    char why[512];
    if (cause(why))
        status = LWS_ERR_IO;
    return lws_fail(status, "%s: %s%s%s: %s", path, doing, name ? " " : "", name ? name : "", why);
}

lws_status lws_h5_fail(const lws_h5 *file, lws_status status, const char *doing, const char *name)
{
    return fail_path(file->path, status, doing, name);
}

lws_status lws_h5_check(const lws_h5 *file)
{
    int error = lws_h5_driver_error(file->id);
    if (error)
        return lws_fail(LWS_ERR_IO, "%s: cannot write: %s", file->path, strerror(error));
    return LWS_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The 1.8 format keeps a checksum on every piece of metadata, and every tool of today reads it. */
static hid_t access_properties(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    lws_h5_driver_set(access);
    lws_h5_driver_take_errno(); /* of an earlier file */
    return access;
}

static lws_status wrap(const char *path, bool writable, hid_t id, lws_h5 **out)
{
    lws_h5 *file = malloc(sizeof *file + strlen(path) + 1);
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

lws_status lws_h5_create(const char *path, lws_h5 **out)
{
    *out = NULL;
    hid_t access = access_properties();
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_obj_track_times(creation, false);
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    /* Before the next call to HDF5, which would forget the error. */
    lws_status status = id < 0 ? fail_path(path, LWS_ERR_IO, "cannot create the file", NULL) : LWS_OK;
    H5Pclose(creation);
    H5Pclose(access);
    return status == LWS_OK ? wrap(path, true, id, out) : status;
}

/* The operating system's own complaints, which HDF5 would hide among its own. */
static lws_status check_regular(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    int failed = fstat(fd, &st);
    close(fd);
    if (failed || !S_ISREG(st.st_mode))
        return lws_fail(LWS_ERR_IO, "cannot open %s: not a regular file", path);
    return LWS_OK;
}

static lws_status open_as(const char *path, bool writable, lws_h5 **out)
{
    *out = NULL;
    LWS_TRY(check_regular(path));
    hid_t access = access_properties();
    hid_t id = H5Fopen(path, writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    lws_status status = LWS_OK;
    if (id < 0)
        status = fail_path(path, LWS_ERR_FORMAT, "not an HDF5 file, truncated or damaged", NULL);
    H5Pclose(access);
    return status == LWS_OK ? wrap(path, writable, id, out) : status;
}

lws_status lws_h5_open(const char *path, lws_h5 **out)
{
    return open_as(path, false, out);
}

lws_status lws_h5_edit(const char *path, lws_h5 **out)
{
    return open_as(path, true, out);
}

lws_status lws_h5_sync(lws_h5 *file)
{
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0)
        return lws_h5_fail(file, LWS_ERR_IO, "cannot write", NULL);
    int error = lws_h5_driver_sync(file->id);
    return error ? lws_fail(LWS_ERR_IO, "%s: cannot write: %s", file->path, strerror(error)) : LWS_OK;
}

lws_status lws_h5_close(lws_h5 *file)
{
    if (!file)
        return LWS_OK;
    lws_status status = LWS_OK;
    lws_h5_driver_take_errno();
    if (H5Fclose(file->id) < 0)
        status = lws_h5_fail(file, LWS_ERR_IO, "cannot close", NULL);
    int error = lws_h5_driver_take_errno();
    if (error && file->writable)
        status = lws_fail(LWS_ERR_IO, "%s: cannot write: %s", file->path, strerror(error));
    free(file);
    return status;
}
