/* Records of events, appended; kept in memory while the disk refuses them. */
#include "report/events.h"

#include "crc32c.h"
#include "event_message.h"

#include "base/folder.h"
#include "base/input.h"
#include "base/output.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PENDING_MOST = 16 << 20 };

struct lws_events {
    char path[LWS_PATH];
    int fd;         /* -1: not open yet */
    off_t size;     /* of the file, in whole records */
    bool is_torn;   /* there may be part of a record behind them */
    bool is_lossy;  /* memory ran out since the latest flush */
    bytes message;  /* for the event that is being made */
    bytes pending;  /* records that the file does not have yet */
    bytes preamble; /* the records that every file begins with, while this one has none */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

/* A checksum among what it is a checksum of is masked: a rotation and a constant, as the format has it. */
static void put_checksum(bytes *b, const void *from, size_t count)
{
    uint32_t crc = crc32c(from, count);
    bytes_put_little_endian(b, (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8u), 4);
}

/* The message becomes a record, whole or not at all. */
static void end_record(lws_events *e, bytes *to)
{
    size_t before = to->used;
    bytes_put_little_endian(to, e->message.used, 8);
    if (!to->ran_out)
        put_checksum(to, to->data + before, 8);
    bytes_put(to, e->message.data, e->message.used);
    put_checksum(to, e->message.data, e->message.used);
    if (to->ran_out || e->message.ran_out) {
        to->used = before;
        e->is_lossy = true;
    }
    to->ran_out = e->message.ran_out = false;
    e->message.used = 0;
}

void lws_events_scalar(lws_events *e, int64_t step, const char *tag, double value)
{
    if (!e)
        return;
    event_put_scalar(&e->message, now(), step, tag, value);
    end_record(e, &e->pending);
}

static const unsigned char png_begins[16] = "\211PNG\r\n\032\n\0\0\0\rIHDR";

static int big_endian(const unsigned char *p)
{
    return (int)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

void lws_events_picture(lws_events *e, int64_t step, const char *tag, const void *png, size_t count)
{
    enum { HEADER = 26, WIDTH = 16, HEIGHT = 20, COLOUR = 25, RGB = 2 };
    const unsigned char *p = png;
    if (!e || count < HEADER || memcmp(p, png_begins, sizeof png_begins) != 0)
        return;
    event_picture picture = {.width = big_endian(p + WIDTH),
                             .height = big_endian(p + HEIGHT),
                             .channels = p[COLOUR] == RGB ? 3 : 1,
                             .png = png,
                             .bytes = count};
    event_put_picture(&e->message, now(), step, tag, &picture);
    end_record(e, &e->pending);
}

void lws_events_histogram(lws_events *e, int64_t step, const char *tag, const lws_histogram *h)
{
    if (!e || h->least > h->greatest)
        return;
    event_put_histogram(&e->message, now(), step, tag, h);
    end_record(e, &e->pending);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* The seconds in a file's name; -1 for another name. */
static long long seconds_of(const char *name)
{
    long long seconds;
    return sscanf(name, LWS_EVENTS_PREFIX "%lld.", &seconds) == 1 ? seconds : -1;
}

static lws_status look_for_latest(void *user, const char *folder, const char *name)
{
    long long *latest = user, seconds = seconds_of(name);
    (void)folder;
    *latest = seconds > *latest ? seconds : *latest;
    return LWS_OK;
}

static lws_status choose_name(lws_events *e, const char *folder)
{
    char host[64] = "";
    long long latest = -1, seconds = (long long)time(NULL);
    LWS_TRY(lws_folder_each(folder, look_for_latest, &latest));
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        *c = isalnum((unsigned char)*c) || *c == '-' ? *c : '_';
    snprintf(e->path, sizeof e->path, "%s/" LWS_EVENTS_PREFIX "%010lld.%s.%ld" LWS_EVENTS_SUFFIX, folder,
             seconds > latest ? seconds : latest + 1, host, (long)getpid());
    return LWS_OK;
}

lws_status lws_events_open(const char *folder, int64_t step, lws_events **out)
{
    lws_events *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e)
        return lws_fail(LWS_ERR_MEMORY, "out of memory opening the events");
    e->fd = -1;
    lws_status status = choose_name(e, folder);
    event_put_version(&e->message, now(), "lwssim");
    end_record(e, &e->preamble);
    event_put_start(&e->message, now(), step + 1);
    end_record(e, &e->preamble);
    if (status == LWS_OK && e->is_lossy)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory opening %s", e->path);
    if (status == LWS_OK)
        *out = e;
    else
        lws_events_close(e);
    return status;
}

static bool write_all(int fd, const bytes *from)
{
    for (size_t at = 0; at < from->used;) {
        ssize_t n = write(fd, from->data + at, from->used - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* which did not say why */
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static lws_status append(lws_events *e, bytes *records)
{
    if (e->is_torn && ftruncate(e->fd, e->size) != 0)
        return lws_fail(LWS_ERR_IO, "cannot cut half a record off %s: %m", e->path);
    e->is_torn = false;
    if (!write_all(e->fd, records)) {
        lws_status status = lws_fail(lws_write_status(errno), "cannot write %s: %m", e->path);
        e->is_torn = ftruncate(e->fd, e->size) != 0; /* or else before the next attempt */
        return status;
    }
    e->size += (off_t)records->used;
    records->used = 0;
    return LWS_OK;
}

static lws_status write_pending(lws_events *e)
{
    if (e->fd < 0)
        e->fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0666);
    if (e->fd < 0)
        return lws_fail(lws_write_status(errno), "cannot write %s: %m", e->path);
    if (e->preamble.used > 0)
        LWS_TRY(append(e, &e->preamble));
    return append(e, &e->pending);
}

lws_status lws_events_flush(lws_events *e)
{
    if (!e || (e->pending.used == 0 && !e->is_lossy))
        return LWS_OK;
    lws_status status = write_pending(e);
    if (status != LWS_OK && e->pending.used > PENDING_MOST) {
        e->pending.used = 0;
        return lws_fail(status, "%s; what waited to be written there, %d MB, is lost", lws_message(),
                        PENDING_MOST >> 20);
    }
    if (status == LWS_OK && e->is_lossy)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory writing %s, which lacks values", e->path);
    e->is_lossy = false;
    return status;
}

lws_status lws_events_close(lws_events *e)
{
    if (!e)
        return LWS_OK;
    lws_status status = lws_events_flush(e);
    if (e->fd >= 0 && close(e->fd) != 0 && status == LWS_OK)
        status = lws_fail(lws_write_status(errno), "cannot close %s: %m", e->path);
    free(e->message.data);
    free(e->pending.data);
    free(e->preamble.data);
    free(e);
    return status;
}

bool lws_events_is_own(const char *path, const char *name)
{
    /* The length of the first message, its masked checksum, and the key of its time: equal in all these files. */
    static const unsigned char begins[] = {34, 0, 0, 0, 0, 0, 0, 0, 120, 17, 61, 253, 9};
    struct stat info;
    size_t length = strlen(name), suffix = strlen(LWS_EVENTS_SUFFIX);
    bool is_named = seconds_of(name) >= 0 && length > suffix && strcmp(name + length - suffix, LWS_EVENTS_SUFFIX) == 0;
    if (!is_named || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    size_t there = (size_t)info.st_size < sizeof begins ? (size_t)info.st_size : sizeof begins;
    return there == 0 || lws_input_begins(path, begins, there);
}
