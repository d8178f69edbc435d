/* Checkpoints: each field and each array comes back where it belongs, the digests are those of the format, and of the
 * files in a folder the right ones are taken, kept and deleted. */
#include "scratch.h"

#include "half_listing.h"

#include "base/log.h"
#include "data/checkpoint.h"
#include "data/h5.h"

#include <inttypes.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <xxhash.h>

/* Where set, the disk has so many bytes free, in blocks of 4096. */
static int64_t disk_free = -1;

int statvfs(const char *path, struct statvfs *disk)
{
    (void)path;
    if (disk_free < 0)
        return -1;
    *disk =
        (struct statvfs){.f_bsize = 1, .f_frsize = 4096, .f_bavail = (fsblkcnt_t)disk_free / 4096, .f_bfree = 1 << 30};
    return 0;
}

/* A file system that knows only the plain rename. */
static bool is_plain;

int renameat2(int at, const char *from, int other, const char *to, unsigned flags)
{
    if (is_plain && flags) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, at, from, other, to, flags);
}

enum { PARAMS = 64, BUFFERS = 32 };

/* Parameters of every rank, statistics, and gaps between them. */
static lws_tensors some_tensors(void)
{
    return (lws_tensors){
        .count = 6,
        .params = PARAMS,
        .buffers = BUFFERS,
        .item = {{.name = "a/weight", .rank = 2, .dims = {2, 3}, .count = 6, .offset = 0},
                 {.name = "a/bias", .rank = 1, .dims = {3}, .count = 3, .offset = 16},
                 {.name = "a/mean", .rank = 1, .dims = {3}, .count = 3, .offset = 0, .is_buffer = true},
                 {.name = "b/weight", .rank = 4, .dims = {1, 2, 3, 2}, .count = 12, .offset = 32},
                 {.name = "b/variance", .rank = 1, .dims = {2}, .count = 2, .offset = 16, .is_buffer = true},
                 {.name = "b/shift", .rank = 1, .dims = {1}, .count = 1, .offset = 48}}};
}

/* No two numbers of a state are the same, nor are those of two states. */
typedef struct numbers {
    float params[PARAMS], buffers[BUFFERS], m[PARAMS], v[PARAMS];
} numbers;

static lws_checkpoint_data data_of(numbers *n)
{
    static const char *const names[] = {"m", "v"};
    return (lws_checkpoint_data){
        .params = n->params, .buffers = n->buffers, .slots = 2, .slot_name = names, .slot = {n->m, n->v}};
}

static void fill(numbers *n, float from)
{
    float *all = (float *)n;
    for (size_t i = 0; i < sizeof *n / sizeof(float); i++)
        all[i] = from + (float)i;
}

static const char config[] = "[model]\nmodel = ae\n";

static lws_checkpoint_meta some_meta(int64_t step)
{
    return (lws_checkpoint_meta){.image = {5, 7, 3},
                                 .dataset_digest = "0123456789abcdef0123456789abcdef",
                                 .valid_digest = "fedcba9876543210fedcba9876543210",
                                 .seed = 1234567890123,
                                 .epoch = 17,
                                 .step = step,
                                 .best_step = 4711,
                                 .best_ssim = 0x1.23456789abcdep-1};
}

static char *writes_(const char *folder, const lws_checkpoint_meta *meta, numbers *n, int line)
{
    static char path[LWS_PATH];
    lws_tensors tensors = some_tensors();
    lws_checkpoint_data data = data_of(n);
    lws_status status = lws_checkpoint_write(folder, meta, config, &tensors, &data, path);
    if (status != LWS_OK) {
        print_error("%s\n", lws_message());
        _fail(__FILE__, line);
    }
    return path;
}

#define writes(folder, meta, n) writes_(folder, meta, n, __LINE__)

static char *writes_step(const char *folder, int64_t step)
{
    numbers n;
    lws_checkpoint_meta meta = some_meta(step);
    fill(&n, (float)step);
    return writes(folder, &meta, &n);
}

/* ---- one file ---------------------------------------------------------------------------------- */

static void every_field_comes_back(void **state)
{
    numbers n;
    lws_checkpoint_meta meta = some_meta(123456), back;
    char *text;
    fill(&n, 1);
    memset(&back, 0xff, sizeof back);
    char *path = writes(*state, &meta, &n);
    assert_string_equal(path, path_of("%s/step-000123456.h5", (char *)*state));
    assert_int_equal(lws_checkpoint_read_meta(path, &back, &text), LWS_OK);
    assert_int_equal(back.image.h, 5);
    assert_int_equal(back.image.w, 7);
    assert_int_equal(back.image.c, 3);
    assert_string_equal(back.dataset_digest, meta.dataset_digest);
    assert_string_equal(back.valid_digest, meta.valid_digest);
    assert_int_equal(back.seed, 1234567890123);
    assert_int_equal(back.epoch, 17);
    assert_int_equal(back.step, 123456);
    assert_int_equal(back.best_step, 4711);
    assert_true(back.best_ssim == 0x1.23456789abcdep-1);
    assert_string_equal(text, config);
    free(text);
}

static void every_array_comes_back(void **state)
{
    numbers n, back, want;
    lws_tensors tensors = some_tensors();
    lws_checkpoint_meta meta = some_meta(1);
    lws_checkpoint_data to = data_of(&back);
    fill(&n, 1);
    fill(&back, -1000);
    char *path = writes(*state, &meta, &n);
    fill(&want, -1000); /* what lies between the tensors is left alone */
    for (int t = 0; t < tensors.count; t++) {
        const lws_tensor *tensor = &tensors.item[t];
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
            if (tensor->is_buffer) {
                want.buffers[i] = n.buffers[i];
            } else {
                want.params[i] = n.params[i];
                want.m[i] = n.m[i];
                want.v[i] = n.v[i];
            }
        }
    }
    assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_OK);
    check_same_bits(&back, &want, sizeof want);

    fill(&back, -1000); /* without the moments, as evaluation reads it */
    to.slots = 0;
    assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_OK);
    check_same_bits(back.params, want.params, sizeof want.params);
    check_same_bits(back.buffers, want.buffers, sizeof want.buffers);
    assert_true(back.m[0] == -1000 + PARAMS + BUFFERS && back.v[0] == -1000 + 2 * PARAMS + BUFFERS);
}

/* As readers of other languages find it. */
static void arrays_have_their_names(void **state)
{
    numbers n;
    lws_h5 *file;
    lws_h5_info info;
    bool exists;
    float found[12];
    lws_checkpoint_meta meta = some_meta(1);
    fill(&n, 1);
    assert_int_equal(lws_h5_open(writes(*state, &meta, &n), &file), LWS_OK);
    const struct {
        const char *name;
        const float *values;
        int64_t count;
    } arrays[] = {
        {"/model/a/weight", n.params, 6},       {"/model/a/bias", n.params + 16, 3},
        {"/model/b/weight", n.params + 32, 12}, {"/model/b/shift", n.params + 48, 1},
        {"/state/a/mean", n.buffers, 3},        {"/state/b/variance", n.buffers + 16, 2},
        {"/optimizer/m/a/weight", n.m, 6},      {"/optimizer/m/b/weight", n.m + 32, 12},
        {"/optimizer/v/a/weight", n.v, 6},      {"/optimizer/v/b/shift", n.v + 48, 1},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        assert_int_equal(lws_h5_read(file, arrays[i].name, LWS_H5_F32, arrays[i].count, found), LWS_OK);
        check_same_bits(found, arrays[i].values, (size_t)arrays[i].count * sizeof *found);
    }
    assert_int_equal(lws_h5_describe(file, "/optimizer/v/b/weight", &info), LWS_OK);
    assert_int_equal(info.rank, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(info.dims[i], ((int64_t[]){1, 2, 3, 2})[i]);
    static const char *const none[] = {"/model/a/mean", "/state/a/weight", "/optimizer/m/a/mean",
                                       "/optimizer/v/b/variance"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lws_h5_exists(file, none[i], &exists), LWS_OK);
        assert_false(exists);
    }
    lws_h5_close(file);
}

static void text_of(const void *data, size_t bytes, char text[33])
{
    XXH128_hash_t h = XXH3_128bits(data, bytes);
    snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}

/* The root's digest put together by hand: what the attributes say, and the digests of all arrays by name. */
static void the_digest_covers_all(void **state)
{
    numbers n;
    char contents[4096], digest[33], *found;
    lws_checkpoint_meta meta = some_meta(99);
    lws_h5 *file;
    fill(&n, 1);
    char *path = writes(*state, &meta, &n);
    int used =
        snprintf(contents, sizeof contents,
                 "5 7 3 0123456789abcdef0123456789abcdef fedcba9876543210fedcba9876543210 1234567890123 17 99 4711 "
                 "%a\n%s\n",
                 meta.best_ssim, config);
    const struct {
        const char *name;
        const float *values;
        size_t count;
    } arrays[] = {
        {"/model/a/bias", n.params + 16, 3},   {"/model/a/weight", n.params, 6},
        {"/model/b/shift", n.params + 48, 1},  {"/model/b/weight", n.params + 32, 12},
        {"/optimizer/m/a/bias", n.m + 16, 3},  {"/optimizer/m/a/weight", n.m, 6},
        {"/optimizer/m/b/shift", n.m + 48, 1}, {"/optimizer/m/b/weight", n.m + 32, 12},
        {"/optimizer/v/a/bias", n.v + 16, 3},  {"/optimizer/v/a/weight", n.v, 6},
        {"/optimizer/v/b/shift", n.v + 48, 1}, {"/optimizer/v/b/weight", n.v + 32, 12},
        {"/state/a/mean", n.buffers, 3},       {"/state/b/variance", n.buffers + 16, 2},
    };
    assert_int_equal(lws_h5_open(path, &file), LWS_OK);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        text_of(arrays[i].values, arrays[i].count * sizeof(float), digest);
        assert_int_equal(lws_h5_get_text(file, arrays[i].name, "digest", &found), LWS_OK);
        assert_string_equal(found, digest);
        free(found);
        used += snprintf(contents + used, sizeof contents - (size_t)used, "%s %s\n", arrays[i].name, digest);
    }
    lws_h5_close(file);
    text_of(contents, (size_t)used, digest);
    char own[LWS_DIGEST_TEXT];
    assert_int_equal(lws_checkpoint_digest(path, own), LWS_OK);
    assert_string_equal(own, digest);
}

/* Equal buffers, equal files; and another number anywhere, another digest. */
static void every_number_counts(void **state)
{
    numbers n;
    char first[LWS_DIGEST_TEXT], other[LWS_DIGEST_TEXT], *aside = path_of("%s/first.h5", (char *)*state);
    lws_tensors tensors = some_tensors();
    lws_checkpoint_meta meta = some_meta(1);
    fill(&n, 1);
    char *path = writes(*state, &meta, &n);
    assert_int_equal(rename(path, aside), 0);
    writes(*state, &meta, &n);
    assert_true(same_files(path, aside));
    assert_int_equal(lws_checkpoint_digest(path, first), LWS_OK);
    float *arrays[] = {n.params, n.m, n.v, n.buffers};
    for (int a = 0; a < 4; a++) {
        for (int t = 0; t < tensors.count; t++) {
            const lws_tensor *tensor = &tensors.item[t];
            if (tensor->is_buffer != (a == 3))
                continue;
            float *last = arrays[a] + tensor->offset + tensor->count - 1, before = *last;
            *last = nextafterf(before, INFINITY);
            writes(*state, &meta, &n);
            assert_int_equal(lws_checkpoint_digest(path, other), LWS_OK);
            assert_string_not_equal(other, first);
            *last = before;
        }
    }
    lws_checkpoint_meta changed[8];
    for (int i = 0; i < 8; i++)
        changed[i] = meta;
    changed[0].image.h = 6;
    changed[1].image = (lws_shape){7, 5, 3};
    changed[2].dataset_digest[31] = 'e';
    changed[3].valid_digest[0] = 'e';
    changed[4].seed++;
    changed[5].epoch++;
    changed[6].best_step++;
    changed[7].best_ssim = nextafter(meta.best_ssim, 1);
    for (int i = 0; i < 8; i++) {
        writes(*state, &changed[i], &n);
        assert_int_equal(lws_checkpoint_digest(path, other), LWS_OK);
        assert_string_not_equal(other, first);
    }
}

/* As of a step that diverged. */
static void moments_may_be_left_out(void **state)
{
    numbers n, back;
    char path[LWS_PATH];
    lws_tensors tensors = some_tensors();
    lws_checkpoint_meta meta = some_meta(1);
    fill(&n, 1);
    lws_checkpoint_data data = {.params = n.params, .buffers = n.buffers}, to = data_of(&back);
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_OK);
    assert_int_equal(lws_checkpoint_verify(path), LWS_OK);
    assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "it has no /optimizer/m/a/weight");
    to.slots = 0;
    assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_OK);
}

static void another_model(void **state)
{
    numbers n, back;
    lws_checkpoint_data to = data_of(&back);
    lws_tensors tensors = some_tensors(), other;
    lws_checkpoint_meta meta = some_meta(1);
    fill(&n, 1);
    char *path = writes(*state, &meta, &n);
    other = tensors;
    other.item[0].dims[0] = 3, other.item[0].dims[1] = 2; /* as many numbers */
    assert_int_equal(lws_checkpoint_read(path, &other, &to), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "the shape of /model/a/weight differs");
    other = tensors;
    other.item[5].rank = 2, other.item[5].dims[1] = 1;
    assert_int_equal(lws_checkpoint_read(path, &other, &to), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "the shape of /model/b/shift differs");
    other = tensors;
    strcpy(other.item[4].name, "b/deviation");
    assert_int_equal(lws_checkpoint_read(path, &other, &to), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "it has no /state/b/deviation");
}

/* Numbers at the limits are read, and those beyond refused. */
static void limits_of_numbers(void **state)
{
    numbers n;
    char *text, written[LWS_PATH];
    lws_tensors tensors = some_tensors();
    lws_checkpoint_data data = data_of(&n);
    fill(&n, 1);
    const int64_t most = (int64_t)1 << 52;
    const struct {
        int h, w, c;
        int64_t seed, epoch, best;
        const char *refused;
    } cases[] = {
        {1, 1, 1, 0, 0, -1, NULL},        {1024, 1024, 3, most, most, most, NULL},
        {0, 7, 3, 0, 0, -1, "height"},    {1025, 7, 3, 0, 0, -1, "height"},
        {5, 0, 3, 0, 0, -1, "width"},     {5, 1025, 3, 0, 0, -1, "width"},
        {5, 7, 0, 0, 0, -1, "channels"},  {5, 7, 4, 0, 0, -1, "channels"},
        {5, 7, 3, -1, 0, -1, "seed"},     {5, 7, 3, most + 1, 0, -1, "seed"},
        {5, 7, 3, 0, -1, -1, "epoch"},    {5, 7, 3, 0, most + 1, -1, "epoch"},
        {5, 7, 3, 0, 0, -2, "best_step"}, {5, 7, 3, 0, 0, most + 1, "best_step"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_checkpoint_meta meta = some_meta(1), back;
        meta.image = (lws_shape){cases[i].h, cases[i].w, cases[i].c};
        meta.seed = cases[i].seed, meta.epoch = cases[i].epoch, meta.best_step = cases[i].best;
        lws_status status = lws_checkpoint_write(*state, &meta, config, &tensors, &data, written);
        if (cases[i].refused) { /* already when it is verified: no such file is left */
            assert_int_equal(status, LWS_ERR_FORMAT);
            check_mentions(lws_message(), path_of(" %s is ", cases[i].refused));
            assert_false(file_exists(written));
            continue;
        }
        assert_int_equal(status, LWS_OK);
        assert_int_equal(lws_checkpoint_read_meta(written, &back, &text), LWS_OK);
        assert_int_equal(back.seed, cases[i].seed);
        assert_int_equal(back.best_step, cases[i].best);
        free(text);
        unlink(written);
    }
}

/* A digest that is too long would pass for another if it were cut off. */
static void texts_that_are_too_long(void **state)
{
    static const char *const names[] = {"dataset_digest", "valid_digest", "digest", "kind"};
    char *text, *path = writes_step(*state, 1), *other = path_of("%s/other.h5", (char *)*state), longer[80];
    lws_checkpoint_meta meta;
    lws_h5 *file;
    for (int i = 0; i < 4; i++) {
        file_copy(path, other);
        assert_int_equal(lws_h5_edit(other, &file), LWS_OK);
        assert_int_equal(lws_h5_get_text(file, "/", names[i], &text), LWS_OK);
        snprintf(longer, sizeof longer, "%s%*s", text, 64 - (int)strlen(text), "0");
        free(text);
        assert_int_equal(lws_h5_put_text(file, "/", names[i], longer), LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        assert_int_equal(lws_checkpoint_read_meta(other, &meta, &text), LWS_ERR_FORMAT);
        check_mentions(lws_message(), path_of("the attribute %s is too long", names[i]));
        assert_null(text);
    }
}

/* Files of the first schema have no valid_digest, and are read. */
static void the_first_schema(void **state)
{
    char *text, *path = writes_step(*state, 1);
    lws_checkpoint_meta meta;
    lws_h5 *file;
    for (int schema = -1; schema <= 4; schema++) {
        assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
        assert_int_equal(lws_h5_put_i64(file, "/", "schema", schema), LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        lws_status status = lws_checkpoint_read_meta(path, &meta, &text);
        if (schema < 1 || schema > 2) {
            assert_int_equal(status, LWS_ERR_MISMATCH);
            check_mentions(lws_message(), path_of("schema %d; this version reads 1 to 2", schema));
        } else {
            assert_int_equal(status, schema == 2 ? LWS_OK : LWS_ERR_FORMAT); /* the digest is of the second */
        }
        free(text);
    }
    numbers n;
    fill(&n, 1);
    meta = some_meta(7);
    meta.valid_digest[0] = 0;
    path = writes(*state, &meta, &n);
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "schema", 1), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "valid_digest", "not of this schema, and longer than a digest is"),
                     LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_checkpoint_read_meta(path, &meta, &text), LWS_OK);
    assert_string_equal(meta.valid_digest, "");
    assert_int_equal(meta.step, 7);
    free(text);
}

/* Whichever bit of an array flips: an array's last byte as its first. */
static void flipped_numbers(void **state)
{
    numbers n, back;
    lws_tensors tensors = some_tensors();
    lws_checkpoint_data to = data_of(&back);
    char *path = writes_step(*state, 500);
    fill(&n, 500);
    const float *arrays[] = {n.params, n.buffers, n.m, n.v};
    static const char *const names[] = {"/model/b/weight", "/state/b/variance", "/optimizer/m/b/weight",
                                        "/optimizer/v/b/weight"};
    for (int a = 0; a < 4; a++) {
        const lws_tensor *tensor = &tensors.item[a == 1 ? 4 : 3];
        size_t bytes = tensor->count * sizeof(float), at = file_find(path, arrays[a] + tensor->offset, bytes);
        for (int end = 0; end < 2; end++) {
            file_flip(path, at + (end ? bytes - 1 : 0), 1);
            assert_int_equal(lws_checkpoint_verify(path), LWS_ERR_FORMAT);
            check_mentions(lws_message(), path_of("%s does not match its digest", names[a]));
            assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_ERR_FORMAT);
            file_flip(path, at + (end ? bytes - 1 : 0), 1);
        }
    }
    assert_int_equal(lws_checkpoint_verify(path), LWS_OK);
}

/* Three arrays of parameters, the statistics, and a megabyte for the rest: to the byte. */
static void room_on_the_disk(void **state)
{
    numbers n;
    char path[LWS_PATH];
    lws_tensors tensors = some_tensors();
    tensors.params = 1 << 20, tensors.buffers = 1 << 18;
    lws_checkpoint_meta meta = some_meta(1);
    lws_checkpoint_data data = data_of(&n);
    int64_t need = 4 * (3 * (int64_t)tensors.params + (int64_t)tensors.buffers) + (1 << 20);
    fill(&n, 1);
    disk_free = need - 4096;
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_ERR_IO);
    check_mentions(lws_message(), "the disk is full: a checkpoint in");
    check_mentions(lws_message(), "needs 14680.1 kB, and 14676.0 kB are free");
    assert_false(file_exists(path));
    disk_free = need;
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_OK);
    disk_free = -1;
}

/* What stands in the way and cannot be looked at may be good: it is left alone. */
static void way_that_cannot_be_made(void **state)
{
    numbers n;
    char path[LWS_PATH];
    lws_tensors tensors = some_tensors();
    lws_checkpoint_meta meta = some_meta(1);
    lws_checkpoint_data data = data_of(&n);
    char *there = path_of("%s/step-000000001.h5", (char *)*state);
    fill(&n, 1);
    assert_int_equal(mkdir(there, 0777), 0);
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_ERR_IO);
    check_mentions(lws_message(), path_of("cannot open %s: not a regular file but a folder", there));
    assert_int_equal(rmdir(there), 0);
    assert_int_equal(rmdir(*state), 0); /* there is nothing else */
    assert_int_equal(mkdir(*state, 0777), 0);
}

static void limit_open_files(rlim_t most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most > 0 && most < limit.rlim_max ? most : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* However few files may be open: whole, or an error that says so and nothing in the folder. */
static void few_open_files(void **state)
{
    numbers n;
    char path[LWS_PATH];
    lws_tensors tensors = some_tensors();
    lws_checkpoint_meta meta = some_meta(1);
    lws_checkpoint_data data = data_of(&n);
    lws_status status = LWS_ERR_IO;
    fill(&n, 1);
    int next = open("/dev/null", O_RDONLY), refused = 0;
    close(next);
    for (int more = 0; more < 8 && status != LWS_OK; more++) {
        limit_open_files((rlim_t)(next + more));
        status = lws_checkpoint_write(*state, &meta, config, &tensors, &data, path);
        limit_open_files(0);
        if (status == LWS_OK)
            break;
        refused++;
        assert_int_equal(status, LWS_ERR_IO);
        check_mentions(lws_message(), strerror(EMFILE));
        assert_int_equal(rmdir(*state), 0);
        assert_int_equal(mkdir(*state, 0777), 0);
    }
    assert_int_equal(status, LWS_OK);
    assert_true(refused >= 2); /* the temporary file; HDF5's own look at it */
    assert_int_equal(lws_checkpoint_verify(path), LWS_OK);
}

/* The digest of a checkpoint without looking at the rest. */
static void digest_of_a_file(void **state)
{
    char *path = writes_step(*state, 1), digest[LWS_DIGEST_TEXT] = "", *other = path_of("%s/a", (char *)*state), *text;
    lws_h5 *file;
    assert_int_equal(lws_checkpoint_digest(path, digest), LWS_OK);
    assert_int_equal(lws_h5_open(path, &file), LWS_OK);
    assert_int_equal(lws_h5_get_text(file, "/", "digest", &text), LWS_OK);
    assert_string_equal(digest, text);
    free(text);
    lws_h5_close(file);
    assert_int_equal(lws_checkpoint_digest(other, digest), LWS_ERR_IO);
    check_mentions(lws_message(), other);
    file_text(other, "a text");
    assert_int_equal(lws_checkpoint_digest(other, digest), LWS_ERR_FORMAT);
    check_mentions(lws_message(), other);
}

/* ---- a folder of them -------------------------------------------------------------------------- */

static void is_there(const char *folder, const char *name, bool wanted)
{
    if (file_exists(path_of("%s/%s", folder, name)) == wanted)
        return;
    print_error("%s is%s there\n", name, wanted ? " not" : "");
    fail();
}

static void lists_by_step(void **state)
{
    static const char *const others[] = {
        "step-12.h5",        "step-000000012.h5.damaged", ".step-000000012.h5.1.partial",
        "step-00000000a.h5", "step--00000001.h5",         "xstep-000000012.h5",
        "step-000000012.h",  "step-0000000012.h5",        "step-+00000012.h5"};
    static const int64_t named[] = {30, 0, 1234567890, 999999999, 7};
    static const int64_t sorted[] = {1234567890, 999999999, 30, 7, 0};
    char path[LWS_PATH];
    int64_t *steps, count;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        file_text(path_of("%s/%s", (char *)*state, others[i]), "");
    assert_int_equal(lws_checkpoint_count(*state), 0);
    for (int i = 0; i < 5; i++) {
        lws_checkpoint_path(*state, named[i], path);
        file_text(path, "");
    }
    assert_int_equal(lws_checkpoint_list(*state, &steps, &count), LWS_OK);
    assert_int_equal(count, 5);
    check_same_bits(steps, sorted, sizeof sorted);
    free(steps);
    for (int i = 0; i < 40; i++) /* more than the list first has room for */
        file_text(path_of("%s/step-%09d.h5", (char *)*state, 100 + i), "");
    assert_int_equal(lws_checkpoint_list(*state, &steps, &count), LWS_OK);
    assert_int_equal(count, 45);
    for (int i = 1; i < 45; i++)
        assert_true(steps[i - 1] > steps[i]);
    free(steps);
    assert_int_equal(lws_checkpoint_count(path_of("%s/nowhere", (char *)*state)), -1);
    assert_int_equal(lws_checkpoint_list(path_of("%s/nowhere", (char *)*state), &steps, &count), LWS_ERR_IO);
}

static void finds_the_newest_that_is_whole(void **state)
{
    char *folder = *state, path[LWS_PATH];
    int64_t step;
    lws_log_set_root(false);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_IO);
    for (step = 10; step <= 40; step += 10)
        writes_step(folder, step);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_OK);
    assert_string_equal(path, path_of("%s/step-000000040.h5", folder));
    assert_int_equal(lws_checkpoint_peek(path, &step), LWS_OK);
    assert_int_equal(step, 40);
    file_flip(path, 600, 0xff);                                                                  /* damaged */
    file_copy(path_of("%s/step-000000010.h5", folder), path_of("%s/step-000000050.h5", folder)); /* misnamed */
    file_text(path_of("%s/step-000000060.h5", folder), "no checkpoint");
    for (int resume = 0; resume < 2; resume++) {
        assert_int_equal(resume ? lws_checkpoint_find_to_resume(folder, path) : lws_checkpoint_find(folder, -1, path),
                         LWS_OK);
        assert_string_equal(path, path_of("%s/step-000000030.h5", folder));
    }
    assert_int_equal(lws_checkpoint_find(folder, 20, path), LWS_OK);
    assert_string_equal(path, path_of("%s/step-000000020.h5", folder));
    assert_int_equal(lws_checkpoint_find(folder, 40, path), LWS_ERR_FORMAT);
    assert_int_equal(lws_checkpoint_find(folder, 50, path), LWS_ERR_MISMATCH);
    check_mentions(lws_message(), "holds the state of step 10, not of the step in its name");
    assert_int_equal(lws_checkpoint_find(folder, 55, path), LWS_ERR_IO);

    /* Going on steps over no file that may be good: of another version, or that cannot be opened. */
    lws_h5 *file;
    char *newer = path_of("%s/step-000000070.h5", folder);
    file_copy(path_of("%s/step-000000030.h5", folder), newer);
    assert_int_equal(lws_h5_edit(newer, &file), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "schema", 3), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_checkpoint_find_to_resume(folder, path), LWS_ERR_MISMATCH);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_OK);
    unlink(newer);
    assert_int_equal(mkdir(newer, 0777), 0);
    assert_int_equal(lws_checkpoint_find_to_resume(folder, path), LWS_ERR_IO);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_OK);
    assert_string_equal(path, path_of("%s/step-000000030.h5", folder));

    for (step = 10; step <= 30; step += 10)
        unlink(path_of("%s/step-%09d.h5", folder, (int)step));
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_IO); /* which is no advice to start again */
    check_mentions(lws_message(), "none of the 4 checkpoints");
    check_mentions(lws_message(), "step-000000070.h5: not a regular file but a folder");
    rmdir(newer);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "none of the 3 checkpoints");
    lws_log_set_root(true);
}

/* Only later ones that are damaged make way. */
static void sets_aside(void **state)
{
    char *folder = *state;
    lws_log_set_root(false);
    for (int step = 10; step <= 40; step += 10)
        writes_step(folder, step);
    file_flip(path_of("%s/step-000000010.h5", folder), 600, 0xff);
    file_flip(path_of("%s/step-000000020.h5", folder), 600, 0xff);
    file_flip(path_of("%s/step-000000040.h5", folder), 600, 0xff);
    file_text(path_of("%s/step-000000040.h5.damaged", folder), "from before");
    assert_int_equal(lws_checkpoint_set_aside(folder, 20), LWS_OK);
    is_there(folder, "step-000000010.h5", true);
    is_there(folder, "step-000000020.h5", true);
    is_there(folder, "step-000000030.h5", true);
    is_there(folder, "step-000000040.h5", false);
    is_there(folder, "step-000000040.h5.damaged-2", true);
    blob before = file_read(path_of("%s/step-000000040.h5.damaged", folder));
    assert_string_equal((char *)before.data, "from before");
    free(before.data);
    lws_log_set_root(true);
}

/* The newest `keep` up to the step, and the best; neither what is no checkpoint nor what is newer. */
static void prunes(void **state)
{
    char *folder = *state;
    for (int step = 10; step <= 80; step += 10)
        writes_step(folder, step);
    file_copy(path_of("%s/step-000000010.h5", folder), path_of("%s/step-000000055.h5", folder)); /* misnamed */
    file_text(path_of("%s/step-000000045.h5", folder), "no checkpoint");
    lws_checkpoint_prune(folder, 70, 20, -1); /* as many as there are, and more */
    assert_int_equal(lws_checkpoint_count(folder), 10);
    lws_checkpoint_prune(folder, 70, 2, 30);
    static const int there[] = {30, 45, 55, 60, 70, 80}, gone[] = {10, 20, 40, 50};
    for (int i = 0; i < 6; i++)
        is_there(folder, path_of("step-%09d.h5", there[i]), true);
    for (int i = 0; i < 4; i++)
        is_there(folder, path_of("step-%09d.h5", gone[i]), false);
    lws_checkpoint_prune(folder, 70, 1, 70);
    assert_int_equal(lws_checkpoint_count(folder), 4);
    is_there(folder, "step-000000070.h5", true);
    is_there(folder, "step-000000080.h5", true);
    is_there(folder, "step-000000030.h5", false);
}

/* What holds another step, or nothing of ours, is never written over. */
static void makes_way(void **state)
{
    char *folder = *state;
    lws_log_set_root(false);
    char *other = path_of("%s/step-000000020.h5", folder);
    file_copy(writes_step(folder, 10), other);
    writes_step(folder, 20);
    is_there(folder, "step-000000020.h5.misnamed", true);
    assert_true(same_files(path_of("%s/step-000000010.h5", folder), path_of("%s/step-000000020.h5.misnamed", folder)));
    assert_int_equal(lws_checkpoint_verify_name(other), LWS_OK);
    assert_int_equal(lws_checkpoint_verify_name(path_of("%s/step-000000020.h5.misnamed", folder)),
                     LWS_OK); /* no such name */
    file_text(other, "a user's notes");
    writes_step(folder, 20);
    is_there(folder, "step-000000020.h5.damaged", true);
    writes_step(folder, 20); /* its own is replaced */
    is_there(folder, "step-000000020.h5.misnamed-2", false);
    is_there(folder, "step-000000020.h5.damaged-2", false);

    file_copy(path_of("%s/step-000000010.h5", folder), path_of("%s/step-000000030.h5", folder));
    assert_int_equal(lws_checkpoint_remove_all(folder), LWS_OK);
    assert_int_equal(lws_checkpoint_count(folder), 0);
    is_there(folder, "step-000000030.h5.misnamed", true);
    is_there(folder, "step-000000020.h5.misnamed", true);
    lws_log_set_root(true);
}

/* Without the rename that spares what is there, it is looked at first. */
static void on_a_plain_file_system(void **state)
{
    char *folder = *state;
    is_plain = true;
    lws_log_set_root(false);
    for (int i = 0; i < 3; i++) {
        file_text(path_of("%s/step-000000020.h5", folder), path_of("notes %d", i));
        writes_step(folder, 20);
    }
    static const char *const names[] = {"damaged", "damaged-2", "damaged-3"};
    for (int i = 0; i < 3; i++) {
        blob kept = file_read(path_of("%s/step-000000020.h5.%s", folder, names[i]));
        assert_string_equal((char *)kept.data, path_of("notes %d", i));
        free(kept.data);
    }
    lws_log_set_root(true);
    is_plain = false;
}

/* Half a listing would hide the newest. */
static void half_a_listing(void **state)
{
    char *folder = *state, path[LWS_PATH];
    int64_t *steps, count;
    for (int step = 10; step <= 30; step += 10)
        writes_step(folder, step);
    for (int entries = 0; entries < 5; entries++) {
        given = entries;
        assert_int_equal(lws_checkpoint_list(folder, &steps, &count), LWS_ERR_IO);
        assert_null(steps);
        assert_int_equal(count, 0);
        given = entries;
        assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_IO);
        given = entries;
        assert_int_equal(lws_checkpoint_count(folder), -1);
        given = entries;
        lws_checkpoint_prune(folder, 30, 1, -1); /* takes nothing away */
        given = -1;
        assert_int_equal(lws_checkpoint_count(folder), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_field_comes_back),
        scratch_test(every_array_comes_back),
        scratch_test(arrays_have_their_names),
        scratch_test(the_digest_covers_all),
        scratch_test(every_number_counts),
        scratch_test(moments_may_be_left_out),
        scratch_test(another_model),
        scratch_test(limits_of_numbers),
        scratch_test(texts_that_are_too_long),
        scratch_test(the_first_schema),
        scratch_test(flipped_numbers),
        scratch_test(room_on_the_disk),
        scratch_test(way_that_cannot_be_made),
        scratch_test(few_open_files),
        scratch_test(digest_of_a_file),
        scratch_test(lists_by_step),
        scratch_test(finds_the_newest_that_is_whole),
        scratch_test(sets_aside),
        scratch_test(prunes),
        scratch_test(makes_way),
        scratch_test(on_a_plain_file_system),
        scratch_test(half_a_listing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
