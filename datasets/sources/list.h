/* The list of a source's images, which its kind fills. */
#ifndef LWSSIM_SOURCE_LIST_H
#define LWSSIM_SOURCE_LIST_H

#include "datasets/sources/source.h"

/* Takes the file `name` into the list if it is one for it (no hidden name, known extension), keeps it as source->list,
 * or counts it among the others. A name with ".." in it is hidden. The name is copied. LWS_ERR_MEMORY. */
lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark);

/* Sorts the list, where there is one, by name and place, and counts what repeats. */
void lws_source_sort(lws_source *source);

#endif
