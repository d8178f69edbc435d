/* Types of arrays, without HDF5. */
#include "data/h5_types.h"

#include <stdlib.h>

size_t lws_h5_size_of(lws_h5_type type)
{
    static const size_t size[] = {
        [LWS_H5_F32] = 4, [LWS_H5_F64] = 8, [LWS_H5_U8] = 1, [LWS_H5_U64] = 8, [LWS_H5_I64] = 8};
    return size[type];
}

void lws_h5_free_strings(int64_t count, char **text)
{
    if (!text)
        return;
    for (int64_t i = 0; i < count; i++)
        free(text[i]);
    free(text);
}
