/* What the files of the HDF5 wrapper share. */
#ifndef LWSSIM_H5_INTERNAL_H
#define LWSSIM_H5_INTERNAL_H

#include <hdf5.h>
#include <lwssim/h5.h>

struct lws_h5 {
    hid_t id;
    bool writable;
    char path[]; /* for messages */
};

/* Keeps the message "PATH: DOING NAME: the reason" and returns `status`; LWS_ERR_IO instead where
 * the reason is an error of the operating system. To be called at once: the next call to HDF5
 * forgets the reason. `name` may be NULL. */
lws_status lws_h5_fail(const lws_h5 *file, lws_status status, const char *doing, const char *name);

/* LWS_ERR_IO where any write to the file has failed. */
lws_status lws_h5_check(const lws_h5 *file);

#endif
