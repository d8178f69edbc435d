/* Event files byte by byte: checksums, messages decoded by hand, records in a file that a full disk cut off; and the
 * histograms against sorted doubles. */
#include "check.h"

#include "report/event_message.h"
#include "report/crc32c.h"
#include "report/events.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/lws-events-XXXXXX";

/* RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms. */
static void checksums(void **state)
{
    (void)state;
    unsigned char text[32];
    assert_int_equal(crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(crc32c("", 0), 0);
    memset(text, 0, sizeof text);
    assert_int_equal(crc32c(text, 32), 0x8a9136aa);
    memset(text, 0xff, sizeof text);
    assert_int_equal(crc32c(text, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        text[i] = (unsigned char)i;
    assert_int_equal(crc32c(text, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++)
        text[i] = (unsigned char)(31 - i);
    assert_int_equal(crc32c(text, 32), 0x113fdb5c);
}

#define CHECK_BYTES(b, ...)                                                                                            \
    do {                                                                                                               \
        static const unsigned char want[] = {__VA_ARGS__};                                                             \
        assert_int_equal((b).used, sizeof want);                                                                       \
        assert_memory_equal((b).data, want, sizeof want);                                                              \
        (b).used = 0;                                                                                                  \
    } while (0)

/* Field f with wire type w begins with 8 f + w. 1.5 is 0x3ff8… and 0x3fc00000; 300 is the varint ac 02. */
static void messages(void **state)
{
    (void)state;
    bytes b = {0};
    event_put_version(&b, 1.5, "me");
    CHECK_BYTES(b, 9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x1a, 13, 'b', 'r', 'a', 'i', 'n', '.', 'E', 'v', 'e', 'n', 't',
                ':', '2', 0x52, 4, 0x0a, 2, 'm', 'e');
    event_put_start(&b, 1.5, 300);
    CHECK_BYTES(b, 9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 2, 0x3a, 2, 8, 1);
    event_put_scalar(&b, 1.5, 300, "ab", 1.5);
    CHECK_BYTES(b, 9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 2, 0x2a, 11, 0x0a, 9, 0x0a, 2, 'a', 'b', 0x15, 0, 0,
                0xc0, 0x3f);
    event_put_picture(&b, 1.5, 5, "p",
                      &(event_picture){.width = 300, .height = 2, .channels = 3, .png = "xyz", .bytes = 3});
    CHECK_BYTES(b, 9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 5, 0x2a, 19, 0x0a, 17, 0x0a, 1, 'p', 0x22, 12, 8, 2, 0x10,
                0xac, 2, 0x18, 3, 0x22, 3, 'x', 'y', 'z');
    lws_histogram h;
    lws_histogram_clear(&h);
    lws_histogram_count(&h, 2, (const float[]){1, 1.0625f}); /* both in [1, 1.125) */
    event_put_histogram(&b, 1.5, 5, "h", &h);
    CHECK_BYTES(b, 9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 5, 0x2a, 88, 0x0a, 86, 0x0a, 1, 'h', 0x2a, 81, /* */
                9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f,                                                         /* min 1 */
                0x11, 0, 0, 0, 0, 0, 0, 0xf1, 0x3f,                                   /* max 1.0625 */
                0x19, 0, 0, 0, 0, 0, 0, 0, 0x40,                                      /* num 2 */
                0x21, 0, 0, 0, 0, 0, 0x80, 0, 0x40,                                   /* sum 2.0625 */
                0x29, 0, 0, 0, 0, 0, 0x08, 1, 0x40,                                   /* squares 2.12890625 */
                0x32, 16, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf2, 0x3f, /* up to 1, up to 1.125 */
                0x3a, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40);
    free(b.data);
}

/* ---- histograms -------------------------------------------------------------------------------------------------- */

enum { VALUES = 5000 };

static void fill(float *v)
{
    check_rng rng = {.state = 7};
    for (int i = 0; i < VALUES; i++)
        v[i] = (float)ldexp(check_uniform(&rng, -1, 1), check_int(&rng, -30, 3));
    v[0] = 0;
    v[1] = -0.f;
    v[2] = 1e-42f; /* no normal number */
    v[3] = -1;     /* the lower end of a bucket, on either side of 0 */
    v[4] = 1;
    v[5] = -1.125f;
}

/* Every value once: in the bucket whose lower end is not above it and whose upper end is. */
static void buckets(void **state)
{
    (void)state;
    static float v[VALUES + 2];
    lws_histogram h;
    fill(v);
    v[VALUES] = NAN;
    v[VALUES + 1] = -INFINITY;
    lws_histogram_clear(&h);
    lws_histogram_count(&h, VALUES + 2, v);
    double sum = 0, squares = 0, least = 9, greatest = -9, before = -INFINITY;
    for (int i = 0; i < VALUES; i++) {
        double x = (double)v[i];
        sum += x;
        squares += x * x;
        least = fmin(least, x);
        greatest = fmax(greatest, x);
    }
    for (int b = 0; b < LWS_HISTOGRAM_BUCKETS; b++) {
        double limit = lws_histogram_limit(b);
        int64_t count = 0;
        for (int i = 0; i < VALUES; i++)
            count += (double)v[i] >= before && (double)v[i] < limit;
        assert_true(limit > before);
        assert_int_equal(h.cell[b], count);
        before = limit;
    }
    lws_histogram_figures f = lws_histogram_get_figures(&h);
    assert_true(f.count == VALUES && (double)h.least == least && (double)h.greatest == greatest);
    assert_true(fabs(f.sum - sum) <= 1e-12 * squares);
    assert_true(fabs(f.squares - squares) <= 1e-9 * squares);
}

/* The same from parts in any order, through pieces. */
static void parts(void **state)
{
    (void)state;
    static float v[VALUES];
    static lws_histogram_piece pieces[LWS_HISTOGRAM_PIECES];
    lws_histogram whole, part, sum;
    fill(v);
    lws_histogram_clear(&whole);
    lws_histogram_clear(&sum);
    lws_histogram_count(&whole, VALUES, v);
    for (int end = VALUES, n; end > 0; end -= n) {
        n = end < 777 ? end : 777;
        lws_histogram_clear(&part);
        lws_histogram_count(&part, (size_t)n, v + end - n);
        size_t used = lws_histogram_pack(&part, 3, pieces);
        assert_true(used > 0 && used <= LWS_HISTOGRAM_PIECES);
        for (size_t i = 0; i < used; i++) {
            assert_int_equal(pieces[i].id, 3);
            lws_histogram_add(&sum, &pieces[i]);
        }
    }
    assert_memory_equal(&sum, &whole, sizeof sum);
    lws_histogram_clear(&part);
    assert_int_equal(lws_histogram_pack(&part, 3, pieces), 0);
}

static double number_at(const unsigned char *p)
{
    double x;
    memcpy(&x, p, sizeof x); /* little-endian, as what runs this is */
    return x;
}

static size_t varint(const unsigned char **p)
{
    size_t value = 0;
    for (int shift = 0;; shift += 7) {
        value |= (size_t)(**p & 0x7f) << shift;
        if (!(*(*p)++ & 0x80))
            return value;
    }
}

/* What is written of values over 34 octaves: few buckets, all of the values, and ends that enclose them. */
static void few_buckets(void **state)
{
    (void)state;
    static float v[VALUES];
    lws_histogram h;
    bytes b = {0};
    fill(v);
    for (int i = 0; i < VALUES; i++) /* an octave without values */
        v[i] *= fabsf(v[i]) >= .5f && fabsf(v[i]) < 1 ? 2 : 1;
    lws_histogram_clear(&h);
    lws_histogram_count(&h, VALUES, v);
    event_put_histogram(&b, 1.5, 5, "h", &h);
    const unsigned char *p = b.data + 9 + 2 + 1, *end = b.data + b.used;
    varint(&p);
    assert_int_equal(*p++, 0x0a);
    varint(&p);
    p += 3;
    assert_int_equal(*p++, 0x2a);
    varint(&p);
    p += 45;
    assert_int_equal(*p++, 0x32);
    size_t length = varint(&p), count = length / 8;
    assert_true(count > 100 && count <= 2 * 8 * 24 + 2);
    const unsigned char *limits = p;
    p += length;
    assert_int_equal(*p++, 0x3a);
    assert_int_equal(varint(&p), length);
    assert_ptr_equal(p + length, end);
    double all = 0, before = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        double limit = number_at(limits + 8 * i), here = 0;
        assert_true(limit > before);
        for (int k = 0; k < VALUES; k++)
            here += (double)v[k] >= before && (double)v[k] < limit;
        assert_true(number_at(p + 8 * i) == here);
        /* an eighth of an octave wide, but for the one around 0 */
        assert_true(here == 0 || before * limit < 0 || limit - before <= fmin(fabs(before), fabs(limit)) / 8);
        all += here;
        before = limit;
    }
    assert_true(all == VALUES && number_at(p) == 0);
    free(b.data);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* The files of the folder in the order of their names, at most 4. */
static int list(char path[4][512])
{
    struct dirent **entry;
    int count = scandir(folder, &entry, NULL, alphasort), found = 0;
    for (int i = 0; i < count; i++) {
        if (entry[i]->d_name[0] != '.' && found < 4)
            snprintf(path[found++], 512, "%s/%s", folder, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return found;
}

static void clean(void)
{
    char path[4][512];
    for (int n = list(path); n > 0; n--)
        unlink(path[n - 1]);
}

static uint32_t masked(const unsigned char *p, size_t n)
{
    uint32_t crc = crc32c(p, n);
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static uint32_t word(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Whole records with right checksums to the end; how many. Steps of all but the first to `steps`. */
static int read_records(const char *path, int *steps)
{
    static unsigned char text[1 << 20];
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t size = fread(text, 1, sizeof text, in), at = 0;
    int count = 0;
    fclose(in);
    while (at < size) {
        const unsigned char *r = text + at;
        assert_true(at + 12 <= size);
        size_t length = word(r);
        assert_int_equal(word(r + 4), 0);
        assert_int_equal(word(r + 8), masked(r, 8));
        assert_true(at + 16 + length <= size);
        assert_int_equal(word(r + 12 + length), masked(r + 12, length));
        const unsigned char *p = r + 12 + 10;
        if (count > 0)
            steps[count - 1] = (int)varint(&p);
        count++;
        at += 16 + length;
    }
    return count;
}

static void limit_files(rlim_t most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = most;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static off_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : -1;
}

/* A file that is opened later stands behind, says where it goes on, and both are known as a run's. */
static void files(void **state)
{
    (void)state;
    char path[4][512];
    int steps[8];
    lws_events *e;
    clean();
    for (int file = 0; file < 3; file++) {
        assert_int_equal(lws_events_open(folder, 5 * file, &e), LWS_OK);
        assert_int_equal(lws_events_flush(e), LWS_OK);
        assert_int_equal(list(path), file); /* nothing to write, no file */
        lws_events_scalar(e, 7 + file, "a", 1);
        lws_events_picture(e, 8, "no picture", "\211PNG\r\n\032\nXXXXXXXXXXXXXXXXXXXX", 28);
        if (file == 1)
            assert_int_equal(lws_events_flush(e), LWS_OK);
        lws_events_scalar(e, 9, "b", 2);
        assert_int_equal(lws_events_close(e), LWS_OK);
        assert_int_equal(list(path), file + 1);
        assert_int_equal(read_records(path[file], steps), 4);
        assert_int_equal(steps[0], 5 * file + 1);
        assert_int_equal(steps[1], 7 + file);
        assert_int_equal(steps[2], 9);
        assert_true(lws_events_is_own(path[file], strrchr(path[file], '/') + 1));
    }
    const char *name = strrchr(path[0], '/') + 1;
    assert_false(lws_events_is_own(path[0], "events.out.tfevents.12.host.1"));
    assert_false(lws_events_is_own(path[0], "my-events.out.tfevents.12.host.1.lwssim"));
    assert_int_equal(truncate(path[0], 9), 0);
    assert_true(lws_events_is_own(path[0], name));
    assert_int_equal(truncate(path[0], 0), 0);
    assert_true(lws_events_is_own(path[0], name));
    FILE *out = fopen(path[0], "w");
    fputs("mine", out);
    fclose(out);
    assert_false(lws_events_is_own(path[0], name));
    clean();
}

static void a_full_disk(void **state)
{
    (void)state;
    char path[4][512];
    int steps[64];
    lws_events *e;
    clean();
    assert_int_equal(lws_events_open(folder, 0, &e), LWS_OK);
    lws_events_scalar(e, 1, "a", 1);
    limit_files(0);
    assert_int_equal(lws_events_flush(e), LWS_ERR_LIMIT);
    limit_files(RLIM_INFINITY);
    assert_int_equal(lws_events_flush(e), LWS_OK);
    assert_int_equal(list(path), 1);
    assert_int_equal(read_records(path[0], steps), 3);
    for (int extra = 0; extra < 3; extra++) {
        off_t before = size_of(path[0]);
        lws_events_scalar(e, 2 + 2 * extra, "a", 1);
        lws_events_scalar(e, 3 + 2 * extra, "a", 1);
        limit_files((rlim_t)(before + 30 * extra));
        for (int attempt = 0; attempt < 2; attempt++) {
            assert_int_equal(lws_events_flush(e), LWS_ERR_LIMIT);
            check_mentions(lws_message(), path[0]);
            assert_int_equal(size_of(path[0]), before);
        }
        limit_files(RLIM_INFINITY);
        assert_int_equal(lws_events_flush(e), LWS_OK);
        assert_int_equal(read_records(path[0], steps), 5 + 2 * extra);
        for (int i = 1; i <= 3 + 2 * extra; i++)
            assert_int_equal(steps[i], i);
    }
    /* More than is kept: it is gone, and later values are not. */
    static char png[2 << 20] = "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\10\2";
    limit_files((rlim_t)size_of(path[0]));
    for (int i = 0; i < 9; i++)
        lws_events_picture(e, 20, "large", png, sizeof png);
    assert_int_equal(lws_events_flush(e), LWS_ERR_LIMIT);
    check_mentions(lws_message(), "is lost");
    limit_files(RLIM_INFINITY);
    lws_events_scalar(e, 21, "a", 1);
    assert_int_equal(lws_events_close(e), LWS_OK);
    assert_int_equal(read_records(path[0], steps), 10);
    assert_int_equal(steps[8], 21);
    clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),   cmocka_unit_test(messages),    cmocka_unit_test(buckets),
        cmocka_unit_test(parts),       cmocka_unit_test(few_buckets), cmocka_unit_test(files),
        cmocka_unit_test(a_full_disk),
    };
    signal(SIGXFSZ, SIG_IGN);
    assert_non_null(mkdtemp(folder));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
