/* Little memory: what cannot be kept is an error, and never a record, a log or a picture that lacks a part. */
#include "scratch.h"

#include "report/grid.h"
#include "report/metrics_log.h"

#include <malloc.h>

enum { MB = 1 << 20 };

/* From now on the process gets so many more bytes of memory; -1: as many as there are. */
static void limit_memory(long more)
{
    struct rlimit limit;
    unsigned long long pages = 0;
    FILE *in = fopen("/proc/self/statm", "r");
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%llu", &pages), 1);
    fclose(in);
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = more < 0 ? limit.rlim_max : pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)more;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static char *long_text(size_t bytes)
{
    char *text = malloc(bytes + 1);
    assert_non_null(text);
    memset(text, 'x', bytes);
    text[bytes] = 0;
    return text;
}

static void records(void **state)
{
    char *path = path_of("%s/x.json", (char *)*state), *text = long_text(200 * MB), *line;
    lws_record *record = lws_record_new();
    lws_record_number(record, "first", 1);
    limit_memory(20 * MB);
    lws_record_text(record, "second", text);
    limit_memory(-1);
    lws_record_number(record, "third", 3);
    assert_int_equal(lws_record_save(record, path), LWS_ERR_MEMORY);
    check_mentions(lws_message(), "out of memory");
    assert_false(file_exists(path));
    lws_record_free(record);
    free(text);

    record = lws_record_new(); /* which has nothing to do with that */
    lws_record_number(record, "first", 1);
    line = lws_record_print(record, false);
    assert_string_equal(line, "{\"first\":1}");
    free(line);
    lws_record_free(record);
}

/* A line for which there is no memory is not left out of the log when a run goes on. */
static void the_log(void **state)
{
    char *path = path_of("%s/metrics.jsonl", (char *)*state), *text = long_text(100 * MB);
    lws_metrics_log *log;
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "{\"step\":1,\"text\":\"%s\"}\n{\"step\":2}\n", text);
    assert_int_equal(fclose(out), 0);
    free(text);
    static const struct {
        long room;
        lws_status status;
    } of[] = {
        {20, LWS_ERR_MEMORY}, {180, LWS_ERR_MEMORY}, {500, LWS_OK}}; /* none; for the line; for what it says, too */
    for (int i = 0; i < 3; i++) {
        limit_memory(of[i].room * MB);
        lws_status status = lws_metrics_log_open(*state, 9, true, &log);
        limit_memory(-1);
        if (status == LWS_OK)
            lws_metrics_log_close(log);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 100 * MB + 21 + 11);
        assert_int_equal(status, of[i].status);
    }
}

/* Nor is a record read that lacks a part. */
static void a_record_read(void **state)
{
    char *path = path_of("%s/x.json", (char *)*state), *text = long_text(100 * MB);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "{\"number\":1,\"text\":\"%s\"}", text);
    assert_int_equal(fclose(out), 0);
    free(text);
    static const long rooms[] = {20, 180, 500}; /* not for the file; for the file, but not for what it says; for all */
    for (int i = 0; i < 3; i++) {
        lws_record *record = NULL;
        limit_memory(rooms[i] * MB);
        lws_status status = lws_record_load(path, &record);
        limit_memory(-1);
        assert_int_equal(status, i < 2 ? LWS_ERR_MEMORY : LWS_OK);
        if (status != LWS_OK) {
            assert_null(record);
            check_mentions(lws_message(), path);
            continue;
        }
        assert_int_equal(strlen(lws_record_get_text(record, "text")), 100 * MB);
        lws_record_free(record);
    }
}

static void pictures(void **state)
{
    enum { SIDE = 512 };
    char *path = path_of("%s/x.png", (char *)*state);
    float *pixels = malloc((size_t)SIDE * SIDE * 3 * sizeof *pixels);
    assert_non_null(pixels);
    check_rng r = {1};
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++)
        pixels[i] = (float)check_uniform(&r, 0, 1);
    int failures = 0;
    for (long room = 0; room < 8; room++) { /* it runs out later and later */
        limit_memory(room * MB / 2);
        lws_status status = lws_grid_write(path, SIDE, SIDE, 3, 1, 1, (const float *const[]){pixels});
        limit_memory(-1);
        assert_true(status == LWS_OK || status == LWS_ERR_MEMORY);
        assert_int_equal(file_exists(path), status == LWS_OK);
        failures += status == LWS_ERR_MEMORY;
        unlink(path);
    }
    assert_true(failures > 0);
    assert_int_equal(lws_grid_write(path, SIDE, SIDE, 3, 1, 1, (const float *const[]){pixels}), LWS_OK);
    free(pixels);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    /* It takes its memory in another way, and ends the process where it gets none. */
    puts("note: not under the address sanitizer");
    return 0;
#endif
    mallopt(M_MMAP_THRESHOLD, 1 << 14); /* nothing in reserve */
    mallopt(M_TRIM_THRESHOLD, 0);
    const struct CMUnitTest tests[] = {
        scratch_test(records),
        scratch_test(the_log),
        scratch_test(a_record_read),
        scratch_test(pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
