/* Files as HDF5 reaches them: each read and write is one of the system, and errors are kept for whoever asks. */
#include "h5_driver.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct driver_file {
    H5FD_t common; /* HDF5's; first */
    int fd;
    int error;  /* errno of the first write that failed: from then on nothing is written */
    bool syncs; /* before it is closed */
    haddr_t eoa, eof;
} driver_file;

static _Thread_local int latest_errno;
static void (*tell)(void);

/* ---- opening and closing --------------------------------------------------------------------- */

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t max)
{
    (void)access;
    (void)max;
    int mode = (flags & H5F_ACC_RDWR ? O_RDWR : O_RDONLY) | (flags & H5F_ACC_TRUNC ? O_TRUNC : 0) |
               (flags & H5F_ACC_CREAT ? O_CREAT : 0) | (flags & H5F_ACC_EXCL ? O_EXCL : 0);
    struct stat st;
    int fd = open(name, mode | O_CLOEXEC | O_NONBLOCK, 0666); /* the wrapper has seen a file; now it may be a pipe */
    driver_file *f = fd >= 0 && fstat(fd, &st) == 0 ? calloc(1, sizeof *f) : NULL;
    if (!f) {
        latest_errno = errno;
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    f->fd = fd;
    f->eof = (haddr_t)st.st_size;
    return &f->common;
}

static herr_t driver_close(H5FD_t *common)
{
    driver_file *f = (driver_file *)common;
    if (f->syncs && !f->error && fsync(f->fd) != 0)
        f->error = errno;
    if (close(f->fd) != 0 && !f->error) /* network file systems may find out only now */
        f->error = errno;
    if (f->error)
        latest_errno = f->error;
    free(f);
    return 0;
}

static herr_t driver_query(const H5FD_t *common, unsigned long *flags)
{
    (void)common;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

/* ---- extent ---------------------------------------------------------------------------------- */

static haddr_t driver_get_eoa(const H5FD_t *common, H5FD_mem_t type)
{
    (void)type;
    return ((const driver_file *)common)->eoa;
}

static herr_t driver_set_eoa(H5FD_t *common, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((driver_file *)common)->eoa = address;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *common, H5FD_mem_t type)
{
    (void)type;
    return ((const driver_file *)common)->eof;
}

static herr_t driver_truncate(H5FD_t *common, hid_t transfer, hbool_t closing)
{
    (void)transfer;
    (void)closing;
    driver_file *f = (driver_file *)common;
    if (f->eoa != f->eof && !f->error && ftruncate(f->fd, (off_t)f->eoa) != 0)
        f->error = errno;
    f->eof = f->eoa;
    return 0;
}

/* ---- reading and writing --------------------------------------------------------------------- */

/* Bytes at once: a slow disk makes progress. */
enum { PIECE = 1 << 24 };

static herr_t driver_read(H5FD_t *common, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer)
{
    (void)type;
    (void)transfer;
    driver_file *f = (driver_file *)common;
    char *to = buffer;
    while (size > 0) {
        ssize_t n = pread(f->fd, to, size < PIECE ? size : PIECE, (off_t)address);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            latest_errno = errno;
            return -1;
        }
        if (n == 0) { /* allocated, not written yet */
            memset(to, 0, size);
            return 0;
        }
        lws_progress();
        if (tell)
            tell();
        to += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static herr_t driver_write(H5FD_t *common, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
                           const void *buffer)
{
    (void)type;
    (void)transfer;
    driver_file *f = (driver_file *)common;
    const char *from = buffer;
    while (size > 0 && !f->error) {
        ssize_t n = pwrite(f->fd, from, size < PIECE ? size : PIECE, (off_t)address);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            f->error = n < 0 ? errno : ENOSPC;
            break;
        }
        lws_progress();
        from += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    if (address + size > f->eof)
        f->eof = address + size;
    return 0;
}

static herr_t driver_handle(H5FD_t *common, hid_t access, void **handle)
{
    (void)access;
    *handle = common;
    return 0;
}

/* ---- for the wrapper ------------------------------------------------------------------------- */

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = 539, /* of those for one's own use */
#endif
    .name = "lwssim",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_get_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_get_eof,
    .get_handle = driver_handle,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t h5_driver_set(hid_t access)
{
    static hid_t id = H5I_INVALID_HID;
    if (id < 0)
        id = H5FDregister(&driver_class);
    return H5Pset_driver(access, id, NULL);
}

void h5_driver_tell(void (*told)(void))
{
    tell = told;
}

static driver_file *file_of(hid_t file)
{
    void *handle = NULL;
    return H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 ? NULL : handle;
}

int h5_driver_error(hid_t file)
{
    driver_file *f = file_of(file);
    return f ? f->error : EBADF;
}

uint64_t h5_driver_size(hid_t file)
{
    driver_file *f = file_of(file);
    return f ? f->eof : 0;
}

int h5_driver_sync(hid_t file)
{
    driver_file *f = file_of(file);
    if (!f)
        return EBADF;
    f->syncs = true;
    return f->error;
}

int h5_driver_take_errno(void)
{
    int latest = latest_errno;
    latest_errno = 0;
    return latest;
}
