/* Trained models in the formats of other programs. Not collective: one process reads a checkpoint and writes a file.
 *
 * A FORMAT is one file, NAME.c, with a function export_NAME(), and one row of LWS_EXPORT_FORMATS. What it writes is a
 * function of the checkpoint alone: the same bytes for the same state. Layers and their attributes are found by
 * lws_net_layer() of lws_model_encoder() and lws_model_decoder(), values by lws_model_tensors() in params and buffers.
 */
#ifndef LWSSIM_EXPORT_H
#define LWSSIM_EXPORT_H

#include "inference/inference.h"

/* Name, ending of its files' names, what it is. */
#define LWS_EXPORT_FORMATS(ROW)                                                                                        \
    ROW(safetensors, ".safetensors", "names, shapes and values of all tensors (Hugging Face)")

/* The format of files that are called so; -1: none. */
int lws_export_format_of(const char *path);

/* Whether the file is such a one that this program has written. */
bool lws_export_is_own(int format, const char *path);

/* Writes the model to `path` in a format, numbered from 0 in the order of the rows: whole or not at all, see
 * base/output.h. LWS_ERR_IO, LWS_ERR_LIMIT, LWS_ERR_MEMORY. */
lws_status lws_export(int format, const lws_inference_model *model, const char *path);

#endif
