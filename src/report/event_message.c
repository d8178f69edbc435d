/* Fields of protocol buffers, and the messages made of them. A message inside another is made first, as its length
 * stands before it. A dozen fields are not worth a library, which would bring a compiler of its own to the build. */
#include "event_message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes and fields ------------------------------------------------------------------------------------------- */

void bytes_put(bytes *b, const void *from, size_t count)
{
    if (b->ran_out || count == 0)
        return;
    if (b->used + count > b->room) {
        size_t room = 2 * (b->used + count);
        unsigned char *grown = realloc(b->data, room);
        b->ran_out = !grown;
        if (!grown)
            return;
        b->data = grown;
        b->room = room;
    }
    memcpy(b->data + b->used, from, count);
    b->used += count;
}

/* How a field is written: the lowest three bits of its key. */
enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };

static void put_varint(bytes *b, uint64_t value)
{
    unsigned char text[10];
    size_t used = 0;
    for (; value >= 0x80; value >>= 7)
        text[used++] = (unsigned char)(value | 0x80);
    text[used++] = (unsigned char)value;
    bytes_put(b, text, used);
}

void bytes_put_little_endian(bytes *b, uint64_t value, size_t count)
{
    unsigned char text[8];
    for (size_t i = 0; i < count; i++)
        text[i] = (unsigned char)(value >> 8 * i);
    bytes_put(b, text, count);
}

static void put_integer(bytes *b, unsigned field, int64_t value)
{
    put_varint(b, field << 3 | VARINT);
    put_varint(b, (uint64_t)value);
}

static void put_bare_double(bytes *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bytes_put_little_endian(b, bits, sizeof bits);
}

static void put_double(bytes *b, unsigned field, double value)
{
    put_varint(b, field << 3 | FIXED64);
    put_bare_double(b, value);
}

static void put_float(bytes *b, unsigned field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_varint(b, field << 3 | FIXED32);
    bytes_put_little_endian(b, bits, sizeof bits);
}

static void put_bytes(bytes *b, unsigned field, const void *from, size_t count)
{
    put_varint(b, field << 3 | DELIMITED);
    put_varint(b, count);
    bytes_put(b, from, count);
}

static void put_text(bytes *b, unsigned field, const char *text)
{
    put_bytes(b, field, text, strlen(text));
}

/* A message, or packed numbers, which are freed. */
static void put_inner(bytes *b, unsigned field, bytes *inner)
{
    put_bytes(b, field, inner->data, inner->used);
    b->ran_out |= inner->ran_out;
    free(inner->data);
    *inner = (bytes){0};
}

/* ---- Event and Summary ------------------------------------------------------------------------------------------ */

enum { EVENT_TIME = 1, EVENT_STEP, EVENT_VERSION, EVENT_SUMMARY = 5, EVENT_SESSION = 7, EVENT_SOURCE = 10 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SOURCE_WRITER = 1 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_SCALAR, VALUE_PICTURE = 4, VALUE_HISTOGRAM };
enum { PICTURE_HEIGHT = 1, PICTURE_WIDTH, PICTURE_CHANNELS, PICTURE_PNG };

void event_put_version(bytes *b, double time, const char *writer)
{
    bytes source = {0};
    put_double(b, EVENT_TIME, time);
    put_text(b, EVENT_VERSION, "brain.Event:2");
    put_text(&source, SOURCE_WRITER, writer);
    put_inner(b, EVENT_SOURCE, &source);
}

void event_put_start(bytes *b, double time, int64_t step)
{
    bytes session = {0};
    put_double(b, EVENT_TIME, time);
    put_integer(b, EVENT_STEP, step);
    put_integer(&session, SESSION_STATUS, SESSION_START);
    put_inner(b, EVENT_SESSION, &session);
}

/* An event of one value, whose tag and content are in *value. */
static void put_summary(bytes *b, double time, int64_t step, bytes *value)
{
    bytes summary = {0};
    put_double(b, EVENT_TIME, time);
    put_integer(b, EVENT_STEP, step);
    put_inner(&summary, SUMMARY_VALUE, value);
    put_inner(b, EVENT_SUMMARY, &summary);
}

void event_put_scalar(bytes *b, double time, int64_t step, const char *tag, double value)
{
    bytes v = {0};
    put_text(&v, VALUE_TAG, tag);
    put_float(&v, VALUE_SCALAR, (float)value);
    put_summary(b, time, step, &v);
}

void event_put_picture(bytes *b, double time, int64_t step, const char *tag, const event_picture *picture)
{
    bytes v = {0}, image = {0};
    put_integer(&image, PICTURE_HEIGHT, picture->height);
    put_integer(&image, PICTURE_WIDTH, picture->width);
    put_integer(&image, PICTURE_CHANNELS, picture->channels);
    put_bytes(&image, PICTURE_PNG, picture->png, picture->bytes);
    put_text(&v, VALUE_TAG, tag);
    put_inner(&v, VALUE_PICTURE, &image);
    put_summary(b, time, step, &v);
}

/* ---- HistogramProto --------------------------------------------------------------------------------------------- */

enum {
    HISTOGRAM_MIN = 1,
    HISTOGRAM_MAX,
    HISTOGRAM_NUM,
    HISTOGRAM_SUM,
    HISTOGRAM_SQUARES,
    HISTOGRAM_LIMIT,
    HISTOGRAM_BUCKET
};

enum { OCTAVE = 8, OCTAVES = 24, MIDDLE = LWS_HISTOGRAM_BUCKETS / 2 };

/* How many buckets on each side of 0 are one with it: those 24 octaves below the outermost. */
static int joined(const lws_histogram *h)
{
    int reach = 0;
    for (int i = 0; i < MIDDLE; i++)
        if (h->cell[MIDDLE + i] || h->cell[MIDDLE - 1 - i])
            reach = i + 1;
    return reach > OCTAVE * OCTAVES ? reach - OCTAVE * OCTAVES : 0;
}

/* The bucket [the end of the one before, limit) has `count` values. The first, and one behind a gap, begins where its
 * values do, by an empty one before it. */
typedef struct packed {
    bytes limits, counts;
    double end;
    bool any;
} packed;

static void put_bucket(packed *p, double begin, double limit, int64_t count)
{
    if (count == 0)
        return;
    if (!p->any || p->end < begin) {
        put_bare_double(&p->limits, begin);
        put_bare_double(&p->counts, 0);
    }
    put_bare_double(&p->limits, limit);
    put_bare_double(&p->counts, (double)count);
    p->end = limit;
    p->any = true;
}

static void put_buckets(packed *p, const lws_histogram *h)
{
    int around = joined(h), first = MIDDLE - around, end = MIDDLE + around;
    int64_t inner = 0;
    for (int i = first; i < end; i++)
        inner += h->cell[i];
    for (int i = 0; i < LWS_HISTOGRAM_BUCKETS; i++) {
        if (i == first && around > 0) {
            put_bucket(p, lws_histogram_limit(first - 1), lws_histogram_limit(end - 1), inner);
            i = end;
        }
        put_bucket(p, i > 0 ? lws_histogram_limit(i - 1) : -INFINITY, lws_histogram_limit(i), h->cell[i]);
    }
}

void event_put_histogram(bytes *b, double time, int64_t step, const char *tag, const lws_histogram *h)
{
    lws_histogram_figures f = lws_histogram_get_figures(h);
    bytes v = {0}, histo = {0};
    packed p = {.any = false};
    put_buckets(&p, h);
    put_double(&histo, HISTOGRAM_MIN, (double)h->least);
    put_double(&histo, HISTOGRAM_MAX, (double)h->greatest);
    put_double(&histo, HISTOGRAM_NUM, f.count);
    put_double(&histo, HISTOGRAM_SUM, f.sum);
    put_double(&histo, HISTOGRAM_SQUARES, f.squares);
    put_inner(&histo, HISTOGRAM_LIMIT, &p.limits);
    put_inner(&histo, HISTOGRAM_BUCKET, &p.counts);
    put_text(&v, VALUE_TAG, tag);
    put_inner(&v, VALUE_HISTOGRAM, &histo);
    put_summary(b, time, step, &v);
}
