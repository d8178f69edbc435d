/* HDF5 files in this process: opening and closing, what went wrong, and links. */
#ifndef LWSSIM_H5_FILE_H
#define LWSSIM_H5_FILE_H

#include "h5_driver.h"

#include <lwssim/status.h>

#include <hdf5.h>
#include <stdbool.h>

enum { H5_NAME = 1024 }; /* room for the name of an object */

typedef struct h5_file {
    bool writable;
    hid_t id;
    char path[]; /* for messages */
} h5_file;

/* As in h5.h: a file that is anybody's is opened in a process of its own only (h5_serve.h). */
lws_status h5_create(const char *path, h5_file **out);
lws_status h5_open(const char *path, h5_file **out);
lws_status h5_edit(const char *path, h5_file **out);
lws_status h5_sync(h5_file *file);
lws_status h5_close(h5_file *file);

/* *exists unless a step of the way to an object is missing. LWS_ERR_FORMAT where the way goes over a link that is not a
 * plain one: what a file says must not lead to other files. LWS_ERR_FORMAT or LWS_ERR_IO where that cannot be told. */
lws_status h5_exists(const h5_file *file, const char *name, bool *exists);

/* The same where it is whoever opens the object that finds out whether it is there. */
lws_status h5_check_links(const h5_file *file, const char *name);

/* Keeps the message "PATH: DOING NAME: the reason" and returns `status`; LWS_ERR_IO instead where
 * the reason is an error of the operating system. To be called at once: the next call to HDF5
 * forgets the reason. `name` may be NULL. */
lws_status h5_fail(const h5_file *file, lws_status status, const char *doing, const char *name);

/* LWS_ERR_IO or LWS_ERR_LIMIT where any write to the file has failed. */
lws_status h5_check_writes(const h5_file *file);

#endif
