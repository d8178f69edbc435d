/* What is said between a process and the child that reads a file for it: requests over a socket, and replies. */
#ifndef LWSSIM_H5_PROTOCOL_H
#define LWSSIM_H5_PROTOCOL_H

#include "data/h5_types.h"

#include <stdbool.h>

enum { H5_REQUEST_NAME = 1024 }; /* room for a name; none in a file is longer */

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
    char object[H5_REQUEST_NAME], name[H5_REQUEST_NAME];
} h5_request;

/* Any number of replies that are no more than `is_busy`, and one that is not. That one is followed by `bytes` of data:
 * an array's elements; strings, each with its zero; or an lws_h5_info and a name with its zero for each array visited.
 */
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

/* false where the other end is gone. */
bool h5_send(int socket, const void *data, size_t bytes);

#endif
