/* What arrays in HDF5 files are: types and shapes. */
#ifndef LWSSIM_H5_TYPES_H
#define LWSSIM_H5_TYPES_H

#include <lwssim/status.h>

#include <stddef.h>
#include <stdint.h>

typedef enum lws_h5_type { LWS_H5_F32, LWS_H5_F64, LWS_H5_U8, LWS_H5_U64, LWS_H5_I64 } lws_h5_type;

enum { LWS_H5_RANK = 8 };

typedef struct lws_h5_info {
    lws_h5_type type;
    int rank;
    int64_t dims[LWS_H5_RANK];
    int64_t offset; /* of the elements in the file, in bytes; -1 where not in one piece */
} lws_h5_info;

/* Called for an array, `name` from the root on; what it returns ends a visit, unless it is LWS_OK. */
typedef lws_status lws_h5_visitor(void *user, const char *name, const lws_h5_info *info);

/* Bytes of an element. */
size_t lws_h5_size_of(lws_h5_type type);

/* Frees a list of strings, and what is in it; NULL is fine. */
void lws_h5_free_strings(int64_t count, char **text);

#endif
