/* What every format provides: private to this room. */
#ifndef LWS_EXPORT_FORMATS_H
#define LWS_EXPORT_FORMATS_H

#include "export/export.h"

#include <stdio.h>

/* Writes the model. Errors of `out` itself need no look: they are found when it is flushed. LWS_ERR_MEMORY, and what
 * reading the checkpoint (model->path) once more may give. */
typedef lws_status export_function(const lws_inference_model *model, FILE *out);

#define EXPORT_DECLARE(name, ending, summary) export_function export_##name;
LWS_EXPORT_FORMATS(EXPORT_DECLARE)

#endif
