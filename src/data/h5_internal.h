/* What the files of the HDF5 wrapper share. */
#ifndef LWSSIM_H5_INTERNAL_H
#define LWSSIM_H5_INTERNAL_H

#include "data/h5.h"

#include <hdf5.h>
#include <sys/types.h>

struct lws_h5 {
    bool is_apart; /* read in a child process: `reader` in place of `id` */
    bool writable;
    hid_t id;
    struct {
        pid_t child; /* -1: lost */
        int socket;
        int64_t size; /* of the file, when it was opened */
    } reader;
    char path[]; /* for messages */
};

/* A zeroed file of that name; NULL when out of memory. */
lws_h5 *h5_new(const char *path);

/* LWS_ERR_FORMAT where the way to an object goes over a link that is not a plain one: what a file says must not lead
 * to other files. LWS_ERR_FORMAT or LWS_ERR_IO where that cannot be told. An object that is not there is left to who
 * opens it. */
lws_status h5_check_links(const lws_h5 *file, const char *name);

/* Bytes of an element. */
size_t h5_size_of(lws_h5_type type);

/* LWS_ERR_FORMAT unless the array is one of exactly `count` elements of `type`. */
lws_status h5_check_shape(const lws_h5 *file, const char *name, const lws_h5_info *info, lws_h5_type type,
                          int64_t count);

/* The type as which strings of a file's type are read: padded with zeros, or of variable length. The caller closes it.
 */
hid_t h5_text_in_memory(hid_t in_file);

/* Keeps the message "PATH: DOING NAME: the reason" and returns `status`; LWS_ERR_IO instead where
 * the reason is an error of the operating system. To be called at once: the next call to HDF5
 * forgets the reason. `name` may be NULL. */
lws_status lws_h5_fail(const lws_h5 *file, lws_status status, const char *doing, const char *name);

/* LWS_ERR_IO or LWS_ERR_LIMIT where any write to the file has failed. */
lws_status lws_h5_check(const lws_h5 *file);

#endif
