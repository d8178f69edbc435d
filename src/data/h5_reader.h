/* Files that others may have damaged or made up are read by HDF5 in a child process: the library crashes, loops or
 * takes all memory on some of them, and no check beforehand finds all of those. The child opens one file, answers
 * requests over a socket, and ends with it. The functions below are those of h5.h for such a file. */
#ifndef LWSSIM_H5_READER_H
#define LWSSIM_H5_READER_H

#include "h5_internal.h"

/* Starts the child, which opens the file. Whatever happens to the child later comes as the status of the request:
 * LWS_ERR_FORMAT where HDF5 crashes or does not come to an end, LWS_ERR_MEMORY where the system ended it, LWS_ERR_IO
 * where somebody did. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status h5_reader_start(const char *path, lws_h5 **out);

/* Ends the child and frees the file. */
void h5_reader_end(lws_h5 *file);

lws_status h5_reader_describe(lws_h5 *file, const char *name, lws_h5_info *info);
lws_status h5_reader_read(lws_h5 *file, const char *name, lws_h5_type type, int64_t count, void *data);
lws_status h5_reader_strings(lws_h5 *file, const char *name, int64_t *count, char ***text);
lws_status h5_reader_exists(lws_h5 *file, const char *name, bool *exists);
lws_status h5_reader_has(lws_h5 *file, const char *object, const char *name, bool *has);
lws_status h5_reader_text(lws_h5 *file, const char *object, const char *name, char **text);
lws_status h5_reader_i64(lws_h5 *file, const char *object, const char *name, int64_t *value);
lws_status h5_reader_f64(lws_h5 *file, const char *object, const char *name, double *value);
lws_status h5_reader_visit(lws_h5 *file, lws_status (*visit)(void *user, const char *name, const lws_h5_info *info),
                           void *user);

/* ---- between the two processes ----------------------------------------------------------------- */

enum { H5_NAME = 1024 };

typedef enum h5_request_kind {
    H5_DESCRIBE,
    H5_READ,
    H5_STRINGS,
    H5_EXISTS,
    H5_HAS,
    H5_TEXT,
    H5_I64,
    H5_F64,
    H5_VISIT,
} h5_request_kind;

typedef struct h5_request {
    h5_request_kind kind;
    lws_h5_type type;
    int64_t count;
    char object[H5_NAME], name[H5_NAME];
} h5_request;

/* Any number of replies that are no more than `is_busy`, and one that is not. That is followed by `bytes` of data: an
 * array's elements; strings, each with its zero; or an lws_h5_info and a name with its zero for each array visited. */
typedef struct h5_reply {
    bool is_busy; /* the disk gives something, but not all yet */
    lws_status status;
    lws_h5_info info;
    bool has;
    int64_t whole, count;
    double real;
    uint64_t bytes;
    char message[2048];
} h5_reply;

/* h5_serve.c: the child's life: opens `path`, says how that went, answers until the other end of `socket` closes, and
 * ends the process. */
_Noreturn void h5_serve(int socket, const char *path, int64_t size);

/* h5_serve.c: a signal that a process brings upon itself. */
bool h5_is_crash(int number);

/* h5_serve.c: false where the other end is gone. */
bool h5_send(int socket, const void *data, size_t bytes);

#endif
