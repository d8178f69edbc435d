/* Dataset folders: reading, and everything that may be wrong with them. */
#include "datasets.h"

#include "data/h5.h"

#include <sys/mman.h>

/* The parts of memory that the kernel was asked for. */
static struct {
    uintptr_t begin, end;
} asked[64];
static int asks;

int madvise(void *begin, size_t bytes, int advice)
{
    if (advice == MADV_WILLNEED && asks < 64) {
        asked[asks].begin = (uintptr_t)begin;
        asked[asks++].end = (uintptr_t)begin + bytes;
    }
    return 0;
}

static bool was_asked_for(const uint8_t *from, size_t bytes)
{
    uintptr_t begin = (uintptr_t)from, end = begin + bytes;
    for (int i = 0; i < asks; i++)
        if (begin >= asked[i].begin && end <= asked[i].end)
            return true;
    return false;
}

typedef struct fixture {
    char folder[256], train[SHARDS][300], test[300];
    split_data train_data, test_data;
} fixture;

static void set_up(fixture *f, void **state)
{
    const char *folder = *state;
    snprintf(f->folder, sizeof f->folder, "%s", folder);
    for (int i = 0; i < SHARDS; i++)
        snprintf(f->train[i], sizeof f->train[i], "%s/train-%05d-of-%05d.h5", folder, i, SHARDS);
    snprintf(f->test, sizeof f->test, "%s/test-00000-of-00001.h5", folder);
    make_dataset(f->folder, 1, "recipe=a", &f->train_data, &f->test_data);
}

static void opens_as(const fixture *f, lws_split split, lws_status wanted, const char *part)
{
    lws_dataset *d;
    lws_status status = lws_dataset_open(f->folder, split, &d);
    if (status != wanted)
        print_error("%s\n", lws_message());
    assert_int_equal(status, wanted);
    if (wanted != LWS_OK) {
        assert_null(d);
        check_mentions(lws_message(), part);
    }
    lws_dataset_close(d);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void reads_rows(void **state)
{
    static fixture f;
    lws_dataset *d;
    set_up(&f, state);
    assert_int_equal(lws_dataset_open(f.folder, LWS_TRAIN, &d), LWS_OK);
    const lws_dataset_info *info = lws_dataset_get_info(d);
    char digest[LWS_DIGEST_TEXT];
    lws_digest(f.train_data.digests, sizeof f.train_data.digests, digest);
    assert_int_equal(info->height, SIDE);
    assert_int_equal(info->width, SIDE);
    assert_int_equal(info->channels, 3);
    assert_int_equal(info->rows, 8);
    assert_int_equal(info->shards, SHARDS);
    assert_int_equal(info->rows_by_split[LWS_TEST], 8);
    assert_string_equal(info->recipe, "recipe=a");
    assert_string_equal(info->digest, digest);
    for (int64_t i = 0; i < 8; i++)
        check_same_bits(lws_dataset_row(d, i), f.train_data.pixels[i], ROW);

    int64_t rows[] = {7, 0, 4, 5, 5};
    float *out = check_floats(5 * ROW);
    assert_int_equal(lws_dataset_read(d, rows, 5, out), LWS_OK);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < ROW; j++)
            check_near(out[i * ROW + j], (float)(f.train_data.pixels[rows[i]][j] / 255.), 0);
    check_free(out, 5 * ROW);
    lws_dataset_close(d);
}

static void refuses_rows_that_are_not_there(void **state)
{
    static fixture f;
    static const int64_t rows[][2] = {{0, 8}, {-1, 0}, {INT64_MAX, 0}, {7, INT64_MIN}};
    float *out = check_floats(2 * ROW);
    lws_dataset *d;
    set_up(&f, state);
    assert_int_equal(lws_dataset_open(f.folder, LWS_TRAIN, &d), LWS_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lws_dataset_read(d, rows[i], 2, out), LWS_ERR_USAGE);
        check_mentions(lws_message(), "among the 8 of the split train");
    }
    check_free(out, 2 * ROW);
    lws_dataset_close(d);
}

/* Any rows in any order, on the same page and on others, none, twice, and some that are not there. */
static void prefetching_changes_nothing(void **state)
{
    enum { SIDE_BIG = 50, BYTES = SIDE_BIG * SIDE_BIG * 3, COUNT = 20 };
    static const int64_t rows[] = {0, 1, 2, 19, 7, 6, 5, 12, 12, 18, -1, COUNT, 3, INT64_MAX, INT64_MIN, 14};
    char *folder = path_of("%s/big", (char *)*state), digest[LWS_DIGEST_TEXT];
    const char *names[COUNT];
    uint64_t digests[COUNT];
    uint8_t *pixels = malloc(COUNT * BYTES);
    float *before = malloc(COUNT * BYTES * sizeof *before), *after = malloc(COUNT * BYTES * sizeof *after);
    int64_t all[COUNT];
    assert_non_null(pixels);
    check_rng r = {4};
    for (int i = 0; i < COUNT * BYTES; i++)
        pixels[i] = (uint8_t)check_next(&r);
    for (int i = 0; i < COUNT; i++) {
        names[i] = "a";
        all[i] = i;
        digests[i] = lws_digest64(pixels + i * BYTES, BYTES);
    }
    lws_digest(digests, sizeof digests, digest);
    lws_shard_facts facts = {.recipe = "r",
                             .rows_by_split = {COUNT, 0, 0},
                             .shards_by_split = {1, 0, 0},
                             .digest = digest,
                             .split_digest = digest};
    assert_int_equal(mkdir(folder, 0700), 0);
    char *path = path_of("%s/train-00000-of-00001.h5", folder);
    assert_int_equal(lws_shard_write(path, &(lws_shard_images){COUNT, SIDE_BIG, 3, pixels, digests, names}), LWS_OK);
    assert_int_equal(lws_shard_complete(path, &facts), LWS_OK);
    lws_dataset *d;
    assert_int_equal(lws_dataset_open(folder, LWS_TRAIN, &d), LWS_OK);
    lws_dataset_prefetch(d, rows, 0);
    lws_dataset_prefetch(d, all, COUNT); /* before anything is read */
    assert_int_equal(lws_dataset_read(d, all, COUNT, before), LWS_OK);
    asks = 0;
    lws_dataset_prefetch(d, (const int64_t[]){3, 4, 12, -1, COUNT}, 5);
    assert_int_equal(asks, 2);     /* neighbours at once */
    for (int i = 0; i < asks; i++) /* whole pages */
        assert_true(asked[i].begin % 4096 == 0 && asked[i].end % 4096 == 0 &&
                    asked[i].end - asked[i].begin <= 2 * BYTES + 8192);
    for (int64_t row = 0; row < COUNT; row++)
        assert_int_equal(was_asked_for(lws_dataset_row(d, row), BYTES), row == 3 || row == 4 || row == 12);
    lws_dataset_prefetch(d, rows, sizeof rows / sizeof *rows);
    for (int64_t i = 0; i < (int64_t)(sizeof rows / sizeof *rows); i++)
        if (rows[i] >= 0 && rows[i] < COUNT)
            assert_true(was_asked_for(lws_dataset_row(d, rows[i]), BYTES));
    assert_int_equal(lws_dataset_read(d, all, COUNT, after), LWS_OK);
    check_same_bits(before, after, COUNT * BYTES * sizeof *after);
    for (int i = 0; i < COUNT * BYTES; i++)
        assert_true(after[i] == (float)pixels[i] / 255.0f);
    lws_dataset_close(d);
    free(pixels);
    free(before);
    free(after);
}

static void prefetches_of_an_empty_split(void **state)
{
    fixture f;
    lws_dataset *d;
    set_up(&f, state);
    assert_int_equal(lws_dataset_open(f.folder, LWS_VALID, &d), LWS_OK);
    lws_dataset_prefetch(d, (const int64_t[]){0}, 1);
    lws_dataset_close(d);
}

static void opens_an_empty_split(void **state)
{
    static fixture f;
    lws_dataset *d;
    set_up(&f, state);
    assert_int_equal(lws_dataset_open(f.folder, LWS_VALID, &d), LWS_OK);
    assert_int_equal(lws_dataset_get_info(d)->rows, 0);
    assert_int_equal(lws_dataset_get_info(d)->shards, 0);
    assert_int_equal(lws_dataset_get_info(d)->height, SIDE);
    lws_dataset_close(d);
}

static void verifies(void **state)
{
    static fixture f;
    int64_t rows = -1;
    set_up(&f, state);
    for (int i = 0; i < SHARDS; i++) {
        assert_int_equal(lws_shard_verify(f.train[i], &rows), LWS_OK);
        assert_int_equal(rows, train_rows[i]);
    }
}

static void tells_shard_names(void **state)
{
    (void)state;
    static const char *const good[] = {"train-00000-of-00008.h5", "test-12345-of-99999.h5"};
    static const char *const bad[] = {"train-0-of-8.h5",
                                      ".train-00000-of-00008.h5.partial",
                                      "train-00000-of-00008.h5.bak",
                                      "dev-00000-of-00008.h5",
                                      "train-",
                                      "",
                                      "xtrain-00000-of-00008.h5"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(lws_shard_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lws_shard_is_name(bad[i]));
    char name[LWS_SHARD_NAME];
    lws_shard_name(LWS_VALID, 3, 12, name);
    assert_string_equal(name, "valid-00003-of-00012.h5");
}

/* ---- what is missing ------------------------------------------------------------------------- */

static void no_dataset(void **state)
{
    static fixture f;
    set_up(&f, state);
    for (int i = 0; i < SHARDS; i++)
        remove(f.train[i]);
    remove(f.test);
    opens_as(&f, LWS_TRAIN, LWS_ERR_IO, "holds no dataset");
    file_text(path_of("%s/.train-00000-of-00001.h5.partial", f.folder), "");
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "interrupted");
    snprintf(f.folder, sizeof f.folder, "/no/such/folder");
    opens_as(&f, LWS_TRAIN, LWS_ERR_IO, "No such file");
}

/* Whatever shard is missing, no split opens, not even an empty one. */
static void missing_shards(void **state)
{
    static fixture f;
    set_up(&f, state);
    char *aside = path_of("%s/aside", f.folder);
    const char *const all[] = {f.train[0], f.train[1], f.train[2], f.test};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rename(all[i], aside), 0);
        for (int split = 0; split < LWS_SPLITS; split++) {
            opens_as(&f, (lws_split)split, LWS_ERR_MISMATCH, strrchr(all[i], '/') + 1);
            check_mentions(lws_message(), "interrupted");
        }
        assert_int_equal(rename(aside, all[i]), 0);
    }
    opens_as(&f, LWS_TRAIN, LWS_OK, "");
}

static void a_shard_without_its_facts(void **state)
{
    static fixture f;
    static const char *const names[] = {"n"};
    set_up(&f, state);
    assert_int_equal(lws_shard_write(f.train[2], &(lws_shard_images){1, SIDE, 3, f.train_data.pixels[0],
                                                                     f.train_data.digests, names}),
                     LWS_OK);
    opens_as(&f, LWS_TRAIN, LWS_ERR_FORMAT, "no complete shard");
    check_mentions(lws_message(), f.train[2]);
}

/* ---- what changes while it is in use ---------------------------------------------------------- */

/* What a child that reads row `row` of the split says, after `path` has become empty; its exit status is returned. */
static int read_after_truncation(const fixture *f, const char *path, int64_t row, char said[1024])
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        lws_dataset *d;
        dup2(ends[1], STDERR_FILENO);
        if (lws_dataset_open(f->folder, LWS_TRAIN, &d) != LWS_OK || truncate(path, 0) != 0)
            _exit(77);
        uint8_t sum = 0;
        for (int i = 0; i < ROW; i++)
            sum = (uint8_t)(sum + lws_dataset_row(d, row)[i]);
        _exit(sum ? 0 : 2);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], said, 1023);
    said[n < 0 ? 0 : n] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void truncated_in_use(void **state)
{
    static fixture f;
    char said[1024];
    set_up(&f, state);
    file_copy(f.train[2], path_of("%s/kept", f.folder));
    assert_int_equal(read_after_truncation(&f, f.train[2], 0, said), 0); /* of another shard */
    file_copy(path_of("%s/kept", f.folder), f.train[2]);
    assert_int_equal(read_after_truncation(&f, f.train[2], 6, said), 1);
    check_mentions(said, "lwssim: error: ");
    check_mentions(said, f.train[2]);
    check_mentions(said, "truncated");
    check_mentions(said, "--resume");
    assert_null(strchr(strchr(said, '\n') + 1, '\n')); /* that line alone */
}

static void catch_bus_error(int number)
{
    (void)number;
    _exit(42);
}

/* SIGBUS for any other reason is for whoever cared for it before. */
static void other_bus_errors(void **state)
{
    static fixture f;
    set_up(&f, state);
    for (int cares = 0; cares < 2; cares++) {
        pid_t child = fork();
        int status;
        if (child == 0) {
            lws_dataset *d;
            struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            signal(SIGBUS, cares ? catch_bus_error : SIG_DFL);
            if (lws_dataset_open(f.folder, LWS_TRAIN, &d) != LWS_OK)
                _exit(77);
            raise(SIGBUS);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (cares)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
        else
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    }
}

/* ---- what is damaged ------------------------------------------------------------------------- */

static void truncated(void **state)
{
    static fixture f;
    set_up(&f, state);
    blob b = file_read(f.train[2]);
    for (size_t size = 0; size < b.size; size += 1 + b.size / 61) {
        file_write(f.train[2], b.data, size);
        opens_as(&f, LWS_TRAIN, LWS_ERR_FORMAT, f.train[2]);
    }
    free(b.data);
}

static void flipped_pixel(void **state)
{
    static fixture f;
    int64_t rows;
    set_up(&f, state);
    size_t at = file_find(f.train[2], f.train_data.pixels[6], ROW);
    file_flip(f.train[2], at + 5, 0x10);
    opens_as(&f, LWS_TRAIN, LWS_OK, ""); /* pixels are not read when opening */
    assert_int_equal(lws_shard_verify(f.train[2], &rows), LWS_ERR_FORMAT);
    check_mentions(lws_message(), f.train[2]);
    check_mentions(lws_message(), "image-6.jpg");
    check_mentions(lws_message(), "image 1 ");
}

/* Read: the first image that has changed is named, before the dataset was opened or since; the others are read. */
static void reads_no_flipped_pixel(void **state)
{
    static fixture f;
    static float out[8 * ROW];
    lws_dataset *d;
    static const int64_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};
    set_up(&f, state);
    for (int64_t row = 0; row < 8; row++) {
        int shard = row < train_rows[0] ? 0 : 2; /* the one between is empty */
        int64_t place = shard == 0 ? row : row - train_rows[0];
        size_t at = file_find(f.train[shard], f.train_data.pixels[row], ROW) + (size_t)(37 * row % ROW);
        assert_int_equal(lws_dataset_open(f.folder, LWS_TRAIN, &d), LWS_OK);
        assert_int_equal(lws_dataset_read(d, all, 8, out), LWS_OK);
        for (int again = 0; again < 2; again++) { /* while it is mapped, and when it is opened anew */
            if (again) {
                lws_dataset_close(d);
                assert_int_equal(lws_dataset_open(f.folder, LWS_TRAIN, &d), LWS_OK);
            } else {
                file_flip(f.train[shard], at, (uint8_t)(1 << row));
            }
            char words[64];
            snprintf(words, sizeof words, ": image %d is no longer", (int)place);
            assert_int_equal(lws_dataset_read(d, all, 8, out), LWS_ERR_FORMAT);
            check_mentions(lws_message(), words);
            check_mentions(lws_message(), f.train[shard]);
            for (int64_t i = 0; i < 8; i++)
                assert_int_equal(lws_dataset_read(d, &i, 1, out), i == row ? LWS_ERR_FORMAT : LWS_OK);
        }
        lws_dataset_close(d);
        file_flip(f.train[shard], at, (uint8_t)(1 << row));
    }
}

static void flipped_digest(void **state)
{
    static fixture f;
    set_up(&f, state);
    file_flip(f.train[0], file_find(f.train[0], &f.train_data.digests[3], 8), 1);
    opens_as(&f, LWS_TRAIN, LWS_ERR_FORMAT, "damaged");
}

static void flipped_name(void **state)
{
    static fixture f;
    int64_t rows;
    set_up(&f, state);
    file_flip(f.train[0], file_find(f.train[0], "image-2.jpg", 11) + 6, 1);
    assert_int_equal(lws_shard_verify(f.train[0], &rows), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "/names");
}

/* Any bit, anywhere: verification notices, unless the bit is in padding, and then nothing has
 * changed. */
static void flipped_anywhere(void **state)
{
    static fixture f;
    int64_t rows, noticed = 0, tried = 0;
    set_up(&f, state);
    struct stat st;
    assert_int_equal(stat(f.train[2], &st), 0);
    for (off_t i = 0; i < st.st_size; i += 11) {
        lws_dataset *d = NULL;
        uint8_t bit = (uint8_t)(1 << i % 8);
        file_flip(f.train[2], (size_t)i, bit);
        tried++;
        if (lws_shard_verify(f.train[2], &rows) != LWS_OK || lws_dataset_open(f.folder, LWS_TRAIN, &d) != LWS_OK) {
            noticed++;
        } else {
            for (int64_t k = 0; k < 8; k++)
                check_same_bits(lws_dataset_row(d, k), f.train_data.pixels[k], ROW);
            assert_string_equal(lws_dataset_get_info(d)->recipe, "recipe=a");
        }
        lws_dataset_close(d);
        file_flip(f.train[2], (size_t)i, bit);
    }
    assert_true(noticed * 4 > tried);
}

/* ---- what does not belong -------------------------------------------------------------------- */

static void foreign_shards(void **state)
{
    static fixture f;
    static split_data train, test;
    set_up(&f, state);
    char *other = path_of("%s/other", f.folder),
         *theirs = path_of("%s/other/%s", f.folder, strrchr(f.train[2], '/') + 1);
    assert_int_equal(mkdir(other, 0777), 0);
    char *ours = path_of("%s/ours", f.folder);
    file_copy(f.train[2], ours);

    make_dataset(other, 1, "recipe=b", &train, &test);
    file_copy(theirs, f.train[2]);
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "another recipe");

    make_dataset(other, 2, "recipe=a", &train, &test); /* alike in all but the pixels */
    file_copy(theirs, f.train[2]);
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "not all of the same dataset");

    file_copy(f.train[0], f.train[2]); /* under another's name */
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "under another name");
    file_copy(f.test, f.train[2]);
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "under another name");

    file_text(f.train[2], "no HDF5");
    opens_as(&f, LWS_TRAIN, LWS_ERR_FORMAT, f.train[2]);
    file_copy(ours, f.train[2]);
    opens_as(&f, LWS_TRAIN, LWS_OK, "");
}

static void put(const char *path, const char *name, int64_t whole, const char *text)
{
    lws_h5 *file;
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(text ? lws_h5_put_text(file, "/", name, text) : lws_h5_put_i64(file, "/", name, whole), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

static void contradictions(void **state)
{
    static fixture f;
    set_up(&f, state);
    static const struct {
        const char *name;
        int64_t whole;
        const char *text, *message;
    } cases[] = {
        {"schema", 2, NULL, "schema 2"},
        {"split", 0, "dev", "unknown split"},
        {"shard", 5, NULL, "contradict"},
        {"shards", 4, NULL, "contradict"},
        {"first_row", -1, NULL, "contradict"},
        {"first_row", 6, NULL, "contradict"},
        {"rows_in_split", 9, NULL, "contradict"},
        {"rows_by_split", 0, "train:8,valid:-1,test:8", "rows_by_split"},
        {"rows_by_split", 0, "train:8,valid:0", "rows_by_split"},
        {"rows_by_split", 0, "train:8,valid:0,test:9", "counts other rows"},
        {"shards_by_split", 0, "train:3,valid:0,test:9999999999", "shards_by_split"},
        {"digest", 0, "00000000000000000000000000000000", "damaged"},
        {"digest", 0, "0000", "no digest"},
        {"first_row", 4, NULL, "do not follow"},
    };
    char *aside = path_of("%s/aside", f.folder);
    file_copy(f.train[2], aside);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(f.train[2], cases[i].name, cases[i].whole, cases[i].text);
        lws_dataset *d;
        assert_int_not_equal(lws_dataset_open(f.folder, LWS_TRAIN, &d), LWS_OK);
        check_mentions(lws_message(), cases[i].message);
        file_copy(aside, f.train[2]);
    }
    opens_as(&f, LWS_TRAIN, LWS_OK, "");
}

/* Digests of shards and of the split that are of another dataset, all being well formed. */
static void digests_of_others(void **state)
{
    static fixture f;
    static const char other[] = "0123456789abcdef0123456789abcdef";
    int64_t rows;
    set_up(&f, state);
    put(f.train[2], "split_digest", 0, other);
    assert_int_equal(lws_shard_verify(f.train[2], &rows), LWS_OK); /* which knows of itself alone */
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "has another digest in train-00002-of-00003.h5 than in the first");
    put(f.train[0], "split_digest", 0, other);
    put(f.train[1], "split_digest", 0, other);
    opens_as(&f, LWS_TRAIN, LWS_ERR_MISMATCH, "do not add up");
    opens_as(&f, LWS_TEST, LWS_OK, "");
    put(f.test, "names_digest", 0, other);
    opens_as(&f, LWS_TEST, LWS_OK, ""); /* names are for people */
    assert_int_equal(lws_shard_verify(f.test, &rows), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "/names does not match its digest");
}

/* Images and digests of other kinds, all attributes being those of a shard. */
static void arrays_of_other_kinds(void **state)
{
    static fixture f;
    static uint8_t pixels[8 * ROW * 8];
    static const struct {
        lws_h5_type type;
        int rank;
        int64_t dims[5];
    } images[] = {
        {LWS_H5_U8, 4, {8, SIDE, SIDE, 3}}, /* as it should be */
        {LWS_H5_U8, 4, {8, SIDE, SIDE, 1}},    {LWS_H5_U8, 4, {8, SIDE, SIDE, 2}},  {LWS_H5_U8, 4, {8, SIDE, SIDE, 4}},
        {LWS_H5_U8, 4, {8, 0, SIDE, 3}},       {LWS_H5_U8, 4, {8, SIDE, 0, 3}},     {LWS_H5_U8, 3, {8, SIDE, SIDE}},
        {LWS_H5_U8, 5, {8, SIDE, SIDE, 3, 1}}, {LWS_H5_F32, 4, {8, SIDE, SIDE, 3}}, {LWS_H5_U8, 4, {7, SIDE, SIDE, 3}}};
    int64_t rows;
    set_up(&f, state);
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        lws_h5 *old, *new;
        char *text, *path = path_of("%s/kind-%d.h5", f.folder, (int)i);
        static const char *const words[] = {"split",  "rows_by_split", "shards_by_split", "recipe",
                                            "digest", "split_digest",  "names_digest"};
        static const char *const numbers[] = {"schema", "shard", "shards", "first_row", "rows_in_split"};
        const char *names[8];
        for (int k = 0; k < 8; k++)
            names[k] = f.test_data.names[k];
        for (int k = 0; k < 8 && i < 2; k++) {
            size_t bytes = (size_t)(SIDE * SIDE * images[i].dims[3]);
            memcpy(pixels + (size_t)k * bytes, f.test_data.pixels[k], bytes);
        }
        assert_int_equal(lws_h5_open_own(f.test, &old), LWS_OK);
        assert_int_equal(lws_h5_create(path, &new), LWS_OK);
        assert_int_equal(lws_h5_write(new, "/images", images[i].type, images[i].rank, images[i].dims, pixels), LWS_OK);
        assert_int_equal(lws_h5_write(new, "/digests", LWS_H5_U64, 1, (const int64_t[]){8}, f.test_data.digests),
                         LWS_OK);
        assert_int_equal(lws_h5_write_strings(new, "/names", 8, names), LWS_OK);
        for (int k = 0; k < 7; k++) {
            assert_int_equal(lws_h5_get_text(old, "/", words[k], &text), LWS_OK);
            assert_int_equal(lws_h5_put_text(new, "/", words[k], text), LWS_OK);
            free(text);
        }
        for (int k = 0; k < 5; k++) {
            int64_t value;
            assert_int_equal(lws_h5_get_i64(old, "/", numbers[k], &value), LWS_OK);
            assert_int_equal(lws_h5_put_i64(new, "/", numbers[k], value), LWS_OK);
        }
        assert_int_equal(lws_h5_close(old), LWS_OK);
        assert_int_equal(lws_h5_close(new), LWS_OK);
        lws_status status = lws_shard_verify(path, &rows);
        assert_int_equal(status, i == 0 ? LWS_OK : LWS_ERR_FORMAT);
        if (i == 1) /* grey images of that size are good; these are no images that were digested */
            check_mentions(lws_message(), "image 0 (image-0.jpg) does not match its digest");
        else if (i == 9)
            check_mentions(lws_message(), "/digests does not have one value per image");
        else if (i > 1)
            check_mentions(lws_message(), "/images is not a uint8 array [n, H, W, 1 or 3]");
    }
}

static void digest_of_names(void **state)
{
    (void)state;
    char digest[LWS_DIGEST_TEXT], want[LWS_DIGEST_TEXT];
    assert_int_equal(lws_shard_names_digest(3, (const char *const[]){"a.png", "", "bc"}, digest), LWS_OK);
    lws_digest("a.png\0\0bc", 10, want);
    assert_string_equal(digest, want);
    assert_int_equal(lws_shard_names_digest(0, NULL, digest), LWS_OK);
    lws_digest("", 0, want);
    assert_string_equal(digest, want);
}

/* Of an image of several pages, every part counts: to those who verify and to those who read. */
static void every_byte_counts(void **state)
{
    enum { SIDE_BIG = 70, BYTES = SIDE_BIG * SIDE_BIG * 3, COUNT = 3 };
    char *folder = path_of("%s/big", (char *)*state), *path = path_of("%s/train-00000-of-00001.h5", folder);
    char digest[LWS_DIGEST_TEXT];
    static uint8_t pixels[COUNT][BYTES];
    static float out[BYTES];
    uint64_t digests[COUNT];
    int64_t rows;
    check_rng r = {5};
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < BYTES; j++)
            pixels[i][j] = (uint8_t)check_next(&r);
        digests[i] = lws_digest64(pixels[i], BYTES);
    }
    lws_digest(digests, sizeof digests, digest);
    lws_shard_facts facts = {.recipe = "r",
                             .rows_by_split = {COUNT, 0, 0},
                             .shards_by_split = {1, 0, 0},
                             .digest = digest,
                             .split_digest = digest};
    assert_int_equal(mkdir(folder, 0700), 0);
    const char *const names[] = {"a", "b", "c"};
    assert_int_equal(lws_shard_write(path, &(lws_shard_images){COUNT, SIDE_BIG, 3, pixels[0], digests, names}), LWS_OK);
    assert_int_equal(lws_shard_complete(path, &facts), LWS_OK);
    lws_dataset *d;
    assert_int_equal(lws_dataset_open(folder, LWS_TRAIN, &d), LWS_OK);
    size_t first = file_find(path, pixels[0], BYTES);
    for (int i = 0; i < COUNT * 8; i++) { /* from the first byte to the last */
        size_t byte = (size_t)(i / 8 * BYTES + i % 8 * (BYTES - 1) / 7);
        file_flip(path, first + byte, 1);
        assert_int_equal(lws_shard_verify(path, &rows), LWS_ERR_FORMAT);
        check_mentions(lws_message(), path_of("image %d ", (int)(byte / BYTES)));
        for (int64_t row = 0; row < COUNT; row++) {
            bool is_changed = row == (int64_t)(byte / BYTES);
            assert_int_equal(lws_dataset_read(d, &row, 1, out), is_changed ? LWS_ERR_FORMAT : LWS_OK);
        }
        file_flip(path, first + byte, 1);
    }
    assert_int_equal(lws_shard_verify(path, &rows), LWS_OK);
    lws_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reads_rows),
        scratch_test(refuses_rows_that_are_not_there),
        scratch_test(prefetching_changes_nothing),
        scratch_test(prefetches_of_an_empty_split),
        scratch_test(opens_an_empty_split),
        scratch_test(verifies),
        cmocka_unit_test(tells_shard_names),
        scratch_test(no_dataset),
        scratch_test(missing_shards),
        scratch_test(a_shard_without_its_facts),
        scratch_test(truncated_in_use),
        scratch_test(other_bus_errors),
        scratch_test(truncated),
        scratch_test(flipped_pixel),
        scratch_test(reads_no_flipped_pixel),
        scratch_test(flipped_digest),
        scratch_test(flipped_name),
        scratch_test(flipped_anywhere),
        scratch_test(foreign_shards),
        scratch_test(contradictions),
        scratch_test(digests_of_others),
        scratch_test(arrays_of_other_kinds),
        cmocka_unit_test(digest_of_names),
        scratch_test(every_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
