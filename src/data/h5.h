/* The little of HDF5 that datasets and checkpoints need: arrays, written in one piece each, and attributes on the
 * root or on an array. The only code that includes hdf5.h stands behind this header (in h5/). Names are
 * absolute ("/model/encoder/conv1/weight"); missing groups are created. HDF5's own error stack is
 * silenced: failures come as lws_status with the file's name in the message. Whatever reads gives LWS_ERR_IO where the
 * disk refuses, which says nothing about the file; whatever writes gives LWS_ERR_LIMIT in its place where the process
 * may not make files of that size. Files are written without time stamps, so equal contents give equal bytes.
 *
 * Threads may be at work on a file each at the same time, whether or not HDF5 is built for that: in this process they
 * enter it one after the other. A file is of the thread that opens it, which uses it and closes it. */
#ifndef LWSSIM_H5_H
#define LWSSIM_H5_H

#include "data/h5_types.h"
#include <lwssim/status.h>

#include <stdbool.h>

typedef struct lws_h5 lws_h5;

/* Creates (truncating) a file / opens one read-only without file locks, which cluster file systems
 * refuse. LWS_ERR_IO, or LWS_ERR_FORMAT for a file that is not HDF5 or is truncated.
 *
 * The file that lws_h5_open opens may be anybody's: it is read in a child process, so that HDF5, which crashes or loops
 * on some damaged files, takes nothing with it; any later call then gives LWS_ERR_FORMAT. Links out of the file, raw
 * data in other files and filters that are not HDF5's own are refused. */
lws_status lws_h5_create(const char *path, lws_h5 **out);
lws_status lws_h5_open(const char *path, lws_h5 **out);

/* Opens a file that this program has just written, in this process. As lws_h5_open otherwise. */
lws_status lws_h5_open_own(const char *path, lws_h5 **out);

/* Opens an existing file to add to it. As lws_h5_open otherwise. */
lws_status lws_h5_edit(const char *path, lws_h5 **out);

/* Flushes; and lws_h5_close, which writes once more, then waits until the disk has it all (fsync). LWS_ERR_IO,
 * LWS_ERR_LIMIT. */
lws_status lws_h5_sync(lws_h5 *file);

/* Flushes, closes and frees, whatever the status; NULL is fine. A full disk may show only here:
 * check the status after writing. After an error the file on disk is worthless: the caller removes
 * it. */
lws_status lws_h5_close(lws_h5 *file);

/* Writes a whole array (row-major). */
lws_status lws_h5_write(lws_h5 *file, const char *name, lws_h5_type type, int rank, const int64_t *dims,
                        const void *data);

/* Writes an array of `count` strings (UTF-8, stored with the length of the longest) / reads one;
 * the reader frees the list with lws_h5_free_strings. */
lws_status lws_h5_write_strings(lws_h5 *file, const char *name, int64_t count, const char *const *text);
lws_status lws_h5_read_strings(lws_h5 *file, const char *name, int64_t *count, char ***text);

/* *exists: there is an array or a group of that name. */
lws_status lws_h5_exists(lws_h5 *file, const char *name, bool *exists);

/* Shape, type and place of an array. LWS_ERR_FORMAT where it is missing, of a type not listed
 * above, or larger than the file can hold: memory may be taken by its shape. */
lws_status lws_h5_describe(lws_h5 *file, const char *name, lws_h5_info *info);

/* Reads a whole array of exactly `count` elements of `type`; else LWS_ERR_FORMAT. */
lws_status lws_h5_read(lws_h5 *file, const char *name, lws_h5_type type, int64_t count, void *data);

/* Attributes of `object` ("/", a group or an array): is there one of that name; putting, which replaces; getting. A
 * text attribute is written as a fixed-length UTF-8 string and read as any string; the reader gets a malloc()ed copy to
 * free(). Numbers are read from any width that holds them. Getting gives LWS_ERR_FORMAT where the attribute is missing
 * or of another kind. */
lws_status lws_h5_put_text(lws_h5 *file, const char *object, const char *name, const char *text);
lws_status lws_h5_put_i64(lws_h5 *file, const char *object, const char *name, int64_t value);
lws_status lws_h5_put_f64(lws_h5 *file, const char *object, const char *name, double value);
lws_status lws_h5_has(lws_h5 *file, const char *object, const char *name, bool *has);
lws_status lws_h5_get_text(lws_h5 *file, const char *object, const char *name, char **text);
lws_status lws_h5_get_i64(lws_h5 *file, const char *object, const char *name, int64_t *value);
lws_status lws_h5_get_f64(lws_h5 *file, const char *object, const char *name, double *value);

/* Calls visit(user, name, info) for every array below the root, in name order; strings are passed
 * over. A link that is not a plain one is LWS_ERR_FORMAT. Stops at the first status that is not LWS_OK and returns it.
 * `visit` may read the file, and waits for no other thread: in a file of this process it runs within HDF5. */
lws_status lws_h5_visit(lws_h5 *file, lws_h5_visitor *visit, void *user);

#endif
