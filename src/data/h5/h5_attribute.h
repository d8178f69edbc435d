/* Attributes in HDF5 files, in this process; as in h5.h. */
#ifndef LWSSIM_H5_ATTRIBUTE_H
#define LWSSIM_H5_ATTRIBUTE_H

#include "h5_file.h"

#include <stdint.h>

lws_status h5_put_text(h5_file *file, const char *object, const char *name, const char *text);
lws_status h5_put_i64(h5_file *file, const char *object, const char *name, int64_t value);
lws_status h5_put_f64(h5_file *file, const char *object, const char *name, double value);
lws_status h5_has(h5_file *file, const char *object, const char *name, bool *has);
lws_status h5_get_text(h5_file *file, const char *object, const char *name, char **text);
lws_status h5_get_i64(h5_file *file, const char *object, const char *name, int64_t *value);
lws_status h5_get_f64(h5_file *file, const char *object, const char *name, double *value);

#endif
