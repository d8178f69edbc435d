/* What `lwssim inspect` says of a dataset: private to the command line. */
#ifndef LWS_INSPECT_DATASET_H
#define LWS_INSPECT_DATASET_H

#include "gallery.h"

#include <stdbool.h>

/* A picture of some images, and no files of them; to.output "": none. */
typedef struct inspect_grid {
    gallery_options to;
    int64_t count;
} inspect_grid;

/* Counts, recipe, channels and duplicates; or the digests alone. LWS_ERR_USAGE where the picture cannot be at its
 * place; else as lws_dataset_open and lws_dataset_read. Not collective. */
lws_status inspect_dataset(const char *folder, bool digest_only, const inspect_grid *grid);

#endif
