/* What every format provides: private to this room. */
#ifndef LWS_EXPORT_FORMATS_H
#define LWS_EXPORT_FORMATS_H

#include "export/export.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes the model. Errors of `out` itself need no look: they are found when it is flushed. LWS_ERR_MEMORY, and what
 * reading the checkpoint (model->path) once more may give. */
typedef lws_status export_function(const lws_inference_model *model, FILE *out);

/* Whether a file has been written so, by its beginning. */
typedef bool export_is_own_function(const char *path);

#define EXPORT_DECLARE(name, ending, summary)                                                                          \
    export_function export_##name;                                                                                     \
    export_is_own_function export_##name##_is_own;
LWS_EXPORT_FORMATS(EXPORT_DECLARE)

#endif
