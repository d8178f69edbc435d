/* Files that others may have damaged or made up are read by HDF5 in a child process: the library crashes, loops or
 * takes all memory on some of them, and no check beforehand finds all of those. The child opens one file, answers
 * requests over a socket, and ends with it. The functions below are those of h5.h for such a file. */
#ifndef LWSSIM_H5_READER_H
#define LWSSIM_H5_READER_H

#include "data/h5_types.h"

#include <stdbool.h>

typedef struct h5_reader h5_reader;

/* Starts the child, which opens the file. Whatever happens to the child later comes as the status of the request:
 * LWS_ERR_FORMAT where HDF5 crashes or does not come to an end, LWS_ERR_MEMORY where the system ended it, LWS_ERR_IO
 * where somebody did. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status h5_reader_start(const char *path, h5_reader **out);

/* Ends the child and frees the file. */
void h5_reader_end(h5_reader *file);

lws_status h5_reader_describe(h5_reader *file, const char *name, lws_h5_info *info);
lws_status h5_reader_read(h5_reader *file, const char *name, lws_h5_type type, int64_t count, void *data);
lws_status h5_reader_strings(h5_reader *file, const char *name, int64_t *count, char ***text);
lws_status h5_reader_exists(h5_reader *file, const char *name, bool *exists);
lws_status h5_reader_has(h5_reader *file, const char *object, const char *name, bool *has);
lws_status h5_reader_text(h5_reader *file, const char *object, const char *name, char **text);
lws_status h5_reader_i64(h5_reader *file, const char *object, const char *name, int64_t *value);
lws_status h5_reader_f64(h5_reader *file, const char *object, const char *name, double *value);
lws_status h5_reader_visit(h5_reader *file, lws_h5_visitor *visit, void *user);

#endif
