/* The messages of event files as protocol buffers, of which a dozen fields are needed: private to this folder. The
 * numbers of fields are those of event.proto and summary.proto in TensorBoard's sources (tensorboard/compat/proto). */
#ifndef LWS_EVENT_MESSAGE_H
#define LWS_EVENT_MESSAGE_H

#include "report/histogram.h"

#include <stdbool.h>

/* Bytes that grow; the caller frees `data`. */
typedef struct bytes {
    unsigned char *data;
    size_t used, room;
    bool ran_out; /* of memory: what was to be put is not there */
} bytes;

void bytes_put(bytes *b, const void *from, size_t count);

/* The lowest `count` bytes, at most 8, the lowest first, whatever the machine's order. */
void bytes_put_little_endian(bytes *b, uint64_t value, size_t count);

/* Messages Event, put behind what is there. `step` and `time` (seconds since 1970) are those of the event. */
void event_put_version(bytes *b, double time, const char *writer);
void event_put_start(bytes *b, double time, int64_t step);
void event_put_scalar(bytes *b, double time, int64_t step, const char *tag, double value);

typedef struct event_picture {
    int width, height, channels;
    const void *png;
    size_t bytes;
} event_picture;
void event_put_picture(bytes *b, double time, int64_t step, const char *tag, const event_picture *picture);

/* Where buckets span more than 24 octaves, those of the smallest values are joined around 0. */
void event_put_histogram(bytes *b, double time, int64_t step, const char *tag, const lws_histogram *h);

#endif
