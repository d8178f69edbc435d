/* HDF5 files: arrays, strings, attributes; damaged files; several threads; full disks. */
#include "scratch.h"

#include "data/h5.h"

#include <pthread.h>

static lws_h5 *create(const char *path)
{
    lws_h5 *file;
    assert_int_equal(lws_h5_create(path, &file), LWS_OK);
    return file;
}

static lws_h5 *open_file(const char *path)
{
    lws_h5 *file;
    assert_int_equal(lws_h5_open(path, &file), LWS_OK);
    return file;
}

/* ---- round trips ----------------------------------------------------------------------------- */

static void arrays(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    static const char *const names[] = {"/f32", "/group/f64", "/group/deeper/u8", "/u64", "/i64"};
    static const size_t sizes[] = {4, 8, 1, 8, 8};
    int64_t dims[4] = {3, 1, 5, 2}, offset[5];
    uint8_t data[5][240], back[240];
    check_rng r = {1};
    for (size_t i = 0; i < sizeof data; i++)
        data[i / 240][i % 240] = (uint8_t)check_next(&r);
    lws_h5 *file = create(path);
    for (int t = 0; t < 5; t++)
        assert_int_equal(lws_h5_write(file, names[t], (lws_h5_type)t, 4, dims, data[t]), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);

    file = open_file(path);
    for (int t = 0; t < 5; t++) {
        lws_h5_info info;
        assert_int_equal(lws_h5_describe(file, names[t], &info), LWS_OK);
        assert_int_equal(info.type, t);
        assert_int_equal(info.rank, 4);
        for (int i = 0; i < 4; i++)
            assert_int_equal(info.dims[i], dims[i]);
        offset[t] = info.offset;
        assert_int_equal(lws_h5_read(file, names[t], (lws_h5_type)t, 30, back), LWS_OK);
        check_same_bits(back, data[t], 30 * sizes[t]);
        assert_int_equal(lws_h5_read(file, names[t], (lws_h5_type)t, 29, back), LWS_ERR_FORMAT);
        assert_int_equal(lws_h5_read(file, names[t], (lws_h5_type)((t + 1) % 5), 30, back), LWS_ERR_FORMAT);
        check_mentions(lws_message(), names[t]);
    }
    assert_int_equal(lws_h5_read(file, "/none", LWS_H5_U8, 1, back), LWS_ERR_FORMAT);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    blob b = file_read(path);
    for (int t = 0; t < 5; t++) /* the offset is that of the bytes in the file */
        check_same_bits(b.data + offset[t], data[t], 30 * sizes[t]);
    free(b.data);
}

static void scalars_and_empty_arrays(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    int64_t dims[2] = {0, 7};
    double one = -1.5, back = 0;
    lws_h5_info info;
    lws_h5 *file = create(path);
    assert_int_equal(lws_h5_write(file, "/one", LWS_H5_F64, 0, NULL, &one), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/none", LWS_H5_U8, 2, dims, NULL), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    file = open_file(path);
    assert_int_equal(lws_h5_read(file, "/one", LWS_H5_F64, 1, &back), LWS_OK);
    check_near(back, -1.5, 0);
    assert_int_equal(lws_h5_describe(file, "/none", &info), LWS_OK);
    assert_int_equal(info.dims[0], 0);
    assert_int_equal(info.dims[1], 7);
    assert_int_equal(info.offset, -1);
    assert_int_equal(lws_h5_read(file, "/none", LWS_H5_U8, 0, NULL), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

static void strings(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    static const char *const text[] = {"plain", "", "Grün 日本", "a b\tc", "x"};
    float number = 1;
    int64_t count, dim = 1;
    char **back;
    lws_h5 *file = create(path);
    assert_int_equal(lws_h5_write_strings(file, "/names", 5, text), LWS_OK);
    assert_int_equal(lws_h5_write_strings(file, "/none", 0, NULL), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/number", LWS_H5_F32, 1, &dim, &number), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    file = open_file(path);
    assert_int_equal(lws_h5_read_strings(file, "/names", &count, &back), LWS_OK);
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(back[i], text[i]);
    lws_h5_free_strings(count, back);
    assert_int_equal(lws_h5_read_strings(file, "/none", &count, &back), LWS_OK);
    assert_int_equal(count, 0);
    lws_h5_free_strings(count, back);
    assert_int_equal(lws_h5_read_strings(file, "/number", &count, &back), LWS_ERR_FORMAT);
    assert_null(back);
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

static void attributes(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state), *text;
    int64_t whole, dim = 1;
    double real;
    float x = 0;
    size_t size = 200000; /* as a long configuration: more than HDF5 keeps in an object's header */
    char *lengthy = calloc(size + 1, 1);
    memset(lengthy, 'x', size);
    lws_h5 *file = create(path);
    assert_int_equal(lws_h5_write(file, "/g/a", LWS_H5_F32, 1, &dim, &x), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "t", "first"), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "t", "Zweite größer"), LWS_OK); /* replaces */
    assert_int_equal(lws_h5_put_text(file, "/", "empty", ""), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "long", lengthy), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/g", "n", INT64_MIN), LWS_OK);
    assert_int_equal(lws_h5_put_f64(file, "/g/a", "r", 0.1), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/nowhere", "n", 1), LWS_ERR_FORMAT);
    assert_int_equal(lws_h5_close(file), LWS_OK);

    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "later", 7), LWS_OK);
    assert_int_equal(lws_h5_sync(file), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);

    file = open_file(path);
    assert_int_equal(lws_h5_get_text(file, "/", "t", &text), LWS_OK);
    assert_string_equal(text, "Zweite größer");
    free(text);
    assert_int_equal(lws_h5_get_text(file, "/", "empty", &text), LWS_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(lws_h5_get_text(file, "/", "long", &text), LWS_OK);
    assert_string_equal(text, lengthy);
    free(text);
    assert_int_equal(lws_h5_get_i64(file, "/g", "n", &whole), LWS_OK);
    assert_true(whole == INT64_MIN);
    assert_int_equal(lws_h5_get_i64(file, "/", "later", &whole), LWS_OK);
    assert_int_equal(whole, 7);
    assert_int_equal(lws_h5_get_f64(file, "/g/a", "r", &real), LWS_OK);
    check_near(real, 0.1, 0);
    assert_int_equal(lws_h5_get_i64(file, "/", "t", &whole), LWS_ERR_FORMAT);
    assert_int_equal(lws_h5_get_i64(file, "/g/a", "r", &whole), LWS_ERR_FORMAT);
    assert_int_equal(lws_h5_get_text(file, "/g", "n", &text), LWS_ERR_FORMAT);
    assert_null(text);
    assert_int_equal(lws_h5_get_f64(file, "/", "missing", &real), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "missing");
    check_mentions(lws_message(), path);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    free(lengthy);
}

typedef struct seen {
    char names[256];
    int left;
} seen;

static lws_status see(void *user, const char *name, const lws_h5_info *info)
{
    seen *s = user;
    snprintf(s->names + strlen(s->names), sizeof s->names - strlen(s->names), "%s:%lld ", name,
             (long long)info->dims[0]);
    return --s->left ? LWS_OK : lws_fail(LWS_ERR_NUMERIC, "enough");
}

static void visits_in_order(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    static const char *const names[] = {"/z", "/m/b/y", "/a", "/m/b/x", "/m/a"}, *const text[] = {"t"};
    float data[5] = {0};
    lws_h5 *file = create(path);
    for (int64_t i = 0; i < 5; i++) {
        int64_t dim = i + 1;
        assert_int_equal(lws_h5_write(file, names[i], LWS_H5_F32, 1, &dim, data), LWS_OK);
    }
    assert_int_equal(lws_h5_write_strings(file, "/m/text", 1, text), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    file = open_file(path);
    seen all = {.left = 100}, some = {.left = 2};
    assert_int_equal(lws_h5_visit(file, see, &all), LWS_OK);
    assert_string_equal(all.names, "/a:3 /m/a:5 /m/b/x:4 /m/b/y:2 /z:1 ");
    assert_int_equal(lws_h5_visit(file, see, &some), LWS_ERR_NUMERIC);
    assert_string_equal(some.names, "/a:3 /m/a:5 ");
    assert_string_equal(lws_message(), "enough");
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

static void write_sample(const char *path)
{
    static const char *const text[] = {"one", "two"};
    int64_t dims[2] = {40, 50};
    static uint8_t data[2000];
    for (int i = 0; i < 2000; i++)
        data[i] = (uint8_t)(i * 7);
    lws_h5 *file = create(path);
    assert_int_equal(lws_h5_write(file, "/group/array", LWS_H5_U8, 2, dims, data), LWS_OK);
    assert_int_equal(lws_h5_write_strings(file, "/group/text", 2, text), LWS_OK);
    for (int i = 0; i < 12; i++) {
        char name[2] = {(char)('a' + i), 0};
        assert_int_equal(lws_h5_put_i64(file, "/", name, i), LWS_OK);
    }
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

static void equal_contents_give_equal_bytes(void **state)
{
    char *a = path_of("%s/a.h5", (char *)*state), *b = path_of("%s/b.h5", (char *)*state);
    write_sample(a);
    usleep(1100000); /* time stamps would count seconds */
    write_sample(b);
    assert_true(same_files(a, b));
}

/* ---- what is no good ------------------------------------------------------------------------- */

static void refuses_other_files(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    lws_h5 *file;
    assert_int_equal(lws_h5_open(path, &file), LWS_ERR_IO);
    assert_null(file);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), "No such file");
    assert_int_equal(lws_h5_open(*state, &file), LWS_ERR_IO);
    check_mentions(lws_message(), "not a regular file");
    file_text(path, "");
    assert_int_equal(lws_h5_open(path, &file), LWS_ERR_FORMAT);
    file_text(path, "This is a text and not a file of numbers.");
    assert_int_equal(lws_h5_open(path, &file), LWS_ERR_FORMAT);
    check_mentions(lws_message(), path);
    assert_int_equal(lws_h5_create(path_of("%s/no/such/folder/a.h5", (char *)*state), &file), LWS_ERR_IO);
    check_mentions(lws_message(), "No such file");
}

static void refuses_truncated_files(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    write_sample(path);
    blob b = file_read(path);
    for (size_t size = 0; size < b.size; size += 1 + b.size / 97) {
        lws_h5 *file;
        file_write(path, b.data, size);
        assert_int_equal(lws_h5_open(path, &file), LWS_ERR_FORMAT);
    }
    free(b.data);
}

/* One bit flipped, anywhere: either an error, or what was read is right but for the flipped
 * element. */
static void notices_flipped_bits(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    static uint8_t data[2000], back[2000];
    int64_t dims[2] = {40, 50};
    for (int i = 0; i < 2000; i++)
        data[i] = (uint8_t)(i * 7);
    lws_h5 *file = create(path);
    assert_int_equal(lws_h5_write(file, "/group/array", LWS_H5_U8, 2, dims, data), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    int64_t start = (int64_t)file_find(path, data, sizeof data), refused = 0;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    for (int64_t i = 0; i < st.st_size; i++) {
        uint8_t bit = (uint8_t)(1 << i % 8);
        file_flip(path, (size_t)i, bit);
        lws_status status = lws_h5_open_own(path, &file);
        if (status == LWS_OK) {
            status = lws_h5_read(file, "/group/array", LWS_H5_U8, 2000, back);
            lws_h5_close(file);
        }
        file_flip(path, (size_t)i, bit);
        refused += status != LWS_OK;
        if (status == LWS_OK && i >= start && i < start + 2000)
            back[i - start] ^= bit;
        if (status == LWS_OK)
            check_same_bits(back, data, sizeof data);
    }
    assert_true(refused > 200); /* headers have checksums */
}

/* ---- the process that reads -------------------------------------------------------------------- */

/* This process's only child. */
static pid_t reader(void)
{
    char *path = path_of("/proc/self/task/%d/children", (int)getpid());
    FILE *in = fopen(path, "r");
    int child = 0, more = 0;
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%d %d", &child, &more), 1);
    fclose(in);
    return child;
}

static void no_children_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Whatever ends the child that reads a file, this process goes on, and knows why. */
static void survives_its_reader(void **state)
{
    static const struct {
        int signal;
        lws_status status;
        const char *words;
    } ends[] = {
        {SIGSEGV, LWS_ERR_FORMAT, "damaged: the HDF5 library fails on it"},
        {SIGABRT, LWS_ERR_FORMAT, "damaged: the HDF5 library fails on it"},
        {SIGXCPU, LWS_ERR_FORMAT, "damaged: the HDF5 library does not come to an end with it"},
        {SIGKILL, LWS_ERR_MEMORY, "memory"},
    };
    char *path = path_of("%s/a.h5", (char *)*state), *text;
    uint8_t data[2000];
    write_sample(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        lws_h5 *file = open_file(path);
        int64_t value;
        assert_int_equal(lws_h5_get_i64(file, "/", "d", &value), LWS_OK);
        assert_int_equal(value, 3);
        assert_int_equal(kill(reader(), ends[i].signal), 0);
        assert_int_equal(lws_h5_read(file, "/group/array", LWS_H5_U8, 2000, data), ends[i].status);
        check_mentions(lws_message(), path);
        check_mentions(lws_message(), ends[i].words);
        assert_int_equal(lws_h5_get_text(file, "/", "d", &text), LWS_ERR_FORMAT); /* and from then on */
        assert_null(text);
        lws_h5_close(file);
        no_children_left();
    }
    lws_h5 *file = open_file(path);
    assert_int_equal(lws_h5_read(file, "/group/array", LWS_H5_U8, 2000, data), LWS_OK);
    lws_h5_close(file);
    no_children_left();
    signal(SIGCHLD, SIG_IGN); /* as some programs do */
    file = open_file(path);
    assert_int_equal(kill(reader(), SIGSEGV), 0);
    assert_int_equal(lws_h5_read(file, "/group/array", LWS_H5_U8, 2000, data), LWS_ERR_FORMAT);
    lws_h5_close(file);
    file = open_file(path);
    assert_int_equal(lws_h5_read(file, "/group/array", LWS_H5_U8, 2000, data), LWS_OK);
    lws_h5_close(file);
    signal(SIGCHLD, SIG_DFL);
}

/* Any number of files at once, closed in any order. */
static void several_files(void **state)
{
    enum { FILES = 20 };
    lws_h5 *file[FILES];
    char *path = path_of("%s/a.h5", (char *)*state);
    write_sample(path);
    for (int i = 0; i < FILES; i++)
        file[i] = open_file(path);
    for (int i = 0; i < FILES; i++) {
        int64_t value;
        int k = (7 * i + 3) % FILES;
        assert_int_equal(lws_h5_get_i64(file[k], "/", "d", &value), LWS_OK);
        assert_int_equal(value, 3);
        assert_int_equal(lws_h5_close(file[k]), LWS_OK);
    }
    no_children_left();
}

/* ---- threads ----------------------------------------------------------------------------------- */

enum { SIDE_BY_SIDE = 4, ROUNDS = 50, ARRAYS = 20, VALUES = 100 };

typedef struct worker {
    char path[4096];
    int number, round;
    int64_t values[ARRAYS][VALUES];
    lws_h5 *file;    /* that is visited */
    const char *bad; /* what went wrong first */
    char message[4096];
} worker;

static void note(worker *w, bool is_good, const char *what)
{
    if (is_good || w->bad)
        return;
    w->bad = what;
    snprintf(w->message, sizeof w->message, "%s", lws_message());
}

static void write_file(worker *w)
{
    char name[32];
    lws_h5 *file;
    note(w, lws_h5_create(w->path, &file) == LWS_OK, "create");
    for (int i = 0; i < ARRAYS && file; i++) {
        for (int j = 0; j < VALUES; j++)
            w->values[i][j] = ((int64_t)w->number << 32) + w->round * ARRAYS * VALUES + i * VALUES + j;
        snprintf(name, sizeof name, "/g%d/a%d", i % 3, i);
        note(w, lws_h5_write(file, name, LWS_H5_I64, 1, &(int64_t){VALUES}, w->values[i]) == LWS_OK, "write");
        note(w, lws_h5_put_i64(file, name, "i", i) == LWS_OK, "put");
    }
    note(w, lws_h5_close(file) == LWS_OK, "close");
}

static lws_status compare_array(void *user, const char *name, const lws_h5_info *info)
{
    worker *w = user;
    int64_t i = -1, back[VALUES];
    LWS_TRY(lws_h5_get_i64(w->file, name, "i", &i));
    LWS_TRY(lws_h5_read(w->file, name, LWS_H5_I64, VALUES, back));
    note(w, info->dims[0] == VALUES && memcmp(back, w->values[i], sizeof back) == 0, "values");
    return LWS_OK;
}

static void read_file(worker *w, lws_status (*open)(const char *path, lws_h5 **out), const char *how)
{
    note(w, open(w->path, &w->file) == LWS_OK, how);
    if (w->file)
        note(w, lws_h5_visit(w->file, compare_array, w) == LWS_OK, "visit");
    note(w, lws_h5_close(w->file) == LWS_OK, "close what was read");
}

static void *write_and_read(void *user)
{
    worker *w = user;
    for (w->round = 0; w->round < ROUNDS && !w->bad; w->round++) {
        write_file(w);
        read_file(w, lws_h5_open_own, "open own");
        read_file(w, lws_h5_open, "open");
    }
    return NULL;
}

/* A child that is forked while another thread is inside HDF5 would hang. */
static void threads_side_by_side(void **state)
{
    static worker all[SIDE_BY_SIDE];
    pthread_t thread[SIDE_BY_SIDE];
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 120;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        all[i].number = i;
        snprintf(all[i].path, sizeof all[i].path, "%s/%d.h5", (char *)*state, i);
        assert_int_equal(pthread_create(&thread[i], NULL, write_and_read, &all[i]), 0);
    }
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        assert_int_equal(pthread_timedjoin_np(thread[i], NULL, &end), 0);
        if (all[i].bad)
            fail_msg("thread %d, round %d, %s: %s", i, all[i].round, all[i].bad, all[i].message);
    }
    no_children_left();
}

/* ---- full disks ------------------------------------------------------------------------------ */

/* 0: every failure came as a status, the last one when closing. */
static int fill(void *user)
{
    lws_h5 *file;
    static float data[200000];
    int64_t dim = 200000;
    if (lws_h5_create(user, &file) != LWS_OK)
        return lws_h5_create(user, &file) == LWS_ERR_IO ? 0 : 1;
    lws_status wrote = lws_h5_write(file, "/a/b", LWS_H5_F32, 1, &dim, data);
    lws_status put = lws_h5_put_text(file, "/", "text", "some text");
    lws_status synced = lws_h5_sync(file);
    lws_status closed = lws_h5_close(file);
    bool all = wrote == LWS_OK && put == LWS_OK && synced == LWS_OK && closed == LWS_OK;
    if (all || !strstr(lws_message(), user) || !strstr(lws_message(), "too large"))
        return 2;
    /* The library must be in working order afterwards. */
    if (lws_h5_open("/dev/null", &file) != LWS_ERR_IO)
        return 3;
    return 0;
}

/* Small contents stay in HDF5's memory until the file is closed. */
static int fill_at_close(void *user)
{
    lws_h5 *file;
    if (lws_h5_create(user, &file) != LWS_OK)
        return 1;
    for (int i = 0; i < 20; i++) {
        char name[2] = {(char)('a' + i), 0};
        if (lws_h5_put_i64(file, "/", name, i) != LWS_OK)
            break;
    }
    return lws_h5_close(file) == LWS_ERR_LIMIT && strstr(lws_message(), "too large") ? 0 : 2;
}

static void full_disk(void **state)
{
    char *path = path_of("%s/a.h5", (char *)*state);
    static const rlim_t limits[] = {0, 1, 100, 1000, 4096, 100000, 799000, 800500};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int status = with_full_disk(limits[i], fill, path);
        if (status)
            print_error("limit %d\n", (int)limits[i]);
        assert_int_equal(status, 0);
        remove(path);
    }
    assert_int_equal(with_full_disk(200, fill_at_close, path), 0);
    assert_int_equal(with_full_disk(600, fill_at_close, path), 0);
    assert_int_equal(with_full_disk(10000000, fill, path), 2); /* the disk was the reason */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(arrays),
        scratch_test(scalars_and_empty_arrays),
        scratch_test(strings),
        scratch_test(attributes),
        scratch_test(visits_in_order),
        scratch_test(equal_contents_give_equal_bytes),
        scratch_test(refuses_other_files),
        scratch_test(refuses_truncated_files),
        scratch_test(notices_flipped_bits),
        scratch_test(survives_its_reader),
        scratch_test(several_files),
        scratch_test(threads_side_by_side),
        scratch_test(full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
