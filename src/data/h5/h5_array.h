/* Arrays and lists of strings in HDF5 files, in this process; as in h5.h. */
#ifndef LWSSIM_H5_ARRAY_H
#define LWSSIM_H5_ARRAY_H

#include "h5_file.h"

#include "data/h5_types.h"

lws_status h5_write(h5_file *file, const char *name, lws_h5_type type, int rank, const int64_t *dims, const void *data);
lws_status h5_write_strings(h5_file *file, const char *name, int64_t count, const char *const *text);
lws_status h5_read_strings(h5_file *file, const char *name, int64_t *count, char ***text);
lws_status h5_describe(h5_file *file, const char *name, lws_h5_info *info);
lws_status h5_read(h5_file *file, const char *name, lws_h5_type type, int64_t count, void *data);

/* LWS_ERR_FORMAT unless the array is one of exactly `count` elements of `type`. */
lws_status h5_check_shape(const h5_file *file, const char *name, const lws_h5_info *info, lws_h5_type type,
                          int64_t count);

/* The type as which strings of a file's type are read: padded with zeros, or of variable length. The caller closes it.
 */
hid_t h5_text_in_memory(hid_t in_file);

#endif
