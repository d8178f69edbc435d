/* Event files of TensorBoard: scalars, pictures and histograms of a run, in RUN/events.out.tfevents.<…>.
 *
 * A file is a row of records: the length of a message (8 bytes), its masked checksum (4), the message, its masked
 * checksum (4); little-endian, the checksums CRC-32C. A message is an Event as a protocol buffer. This is what
 * TensorFlow's record writer writes, see "TFRecords format details" in its documentation. Values are `simple_value`,
 * `image` and `histo` of Summary, which every TensorBoard reads. Not collective: one process writes. */
#ifndef LWSSIM_EVENTS_H
#define LWSSIM_EVENTS_H

#include "report/histogram.h"
#include <lwssim/status.h>

#include <stdbool.h>

typedef struct lws_events lws_events;

/* The name of such a file: this, seconds since 1970, host, process, and the suffix. */
#define LWS_EVENTS_PREFIX "events.out.tfevents."
#define LWS_EVENTS_SUFFIX ".lwssim"

/* A new file in the folder, in memory until the first flush. Its name sorts behind those of the files that are there,
 * which is the order in which TensorBoard reads them. What those say of steps after `step` TensorBoard drops: they are
 * made again. LWS_ERR_MEMORY, LWS_ERR_IO where the folder cannot be read. */
lws_status lws_events_open(const char *folder, int64_t step, lws_events **out);

/* Adds a value, in memory; `tag` is its name, in which '/' makes groups. Where memory runs out, the next flush says so.
 * A NULL `events` is fine everywhere, and nothing is done. _picture: a PNG in memory; what is no PNG is left out.
 * _histogram: one without values is left out. */
void lws_events_scalar(lws_events *events, int64_t step, const char *tag, double value);
void lws_events_picture(lws_events *events, int64_t step, const char *tag, const void *png, size_t count);
void lws_events_histogram(lws_events *events, int64_t step, const char *tag, const lws_histogram *h);

/* Writes what was added. LWS_ERR_IO, LWS_ERR_LIMIT: it is kept for the next flush, up to 16 MB, and beyond that all of
 * it is dropped, as the message then says; the file has whole records as soon as the disk lets it be cut.
 * LWS_ERR_MEMORY: some values are lost. */
lws_status lws_events_flush(lws_events *events);

/* Flushes, closes and frees. As lws_events_flush(), and what could not be written is lost. */
lws_status lws_events_close(lws_events *events);

/* Whether it is such a file of a run: by its name (without the folder), and by its beginning as far as it has one. */
bool lws_events_is_own(const char *path, const char *name);

#endif
