/* Records to the letter, numbers to the last digit, the log cut where a run goes on, and pictures pixel by pixel. */
#include "scratch.h"

#include "datasets/decode/image.h"
#include "report/grid.h"
#include "report/metrics_log.h"

#include <stdio_ext.h>

/* ---- records ----------------------------------------------------------------------------------------------------- */

static lws_record *example(void)
{
    const int64_t rows[] = {3, 0, 4503599627370495, -2};
    lws_record *r = lws_record_new();
    lws_record_text(r, "type", "train");
    lws_record_number(r, "step", 1200);
    lws_record_number(r, "loss", .1);
    lws_record_number(r, "lr", 1e-8);
    lws_record_number(r, "third", 1. / 3);
    lws_record_number(r, "none", (double)NAN);
    lws_record_number(r, "more", (double)INFINITY);
    lws_record_number(r, "less", (double)-INFINITY);
    lws_record_integers(r, "rows", 4, rows);
    lws_record_integers(r, "nothing", 0, rows);
    lws_record *inside = lws_record_object(r, "mse");
    lws_record_number(inside, "mean", -.5);
    lws_record_text(inside, "note", "a \"b\"\n");
    lws_record_number(r, "last", 0);
    return r;
}

static void records_print_as_they_were_built(void **state)
{
    (void)state;
    lws_record *r = example();
    char *text = lws_record_print(r, false);
    assert_string_equal(text,
                        "{\"type\":\"train\",\"step\":1200,\"loss\":0.1,\"lr\":1e-08,\"third\":0.33333333333333331,"
                        "\"none\":null,\"more\":null,\"less\":null,\"rows\":[3,0,4503599627370495,-2],"
                        "\"nothing\":[],\"mse\":{\"mean\":-0.5,\"note\":\"a \\\"b\\\"\\n\"},\"last\":0}");
    free(text);
    text = lws_record_print(r, true);
    check_mentions(text, "{\n\t\"type\":\t\"train\",\n\t\"step\":\t1200,\n");
    check_mentions(text, "\t\"mse\":\t{\n\t\t\"mean\":\t-0.5,\n");
    free(text);
    lws_record_free(r);
    r = lws_record_new();
    text = lws_record_print(r, false);
    assert_string_equal(text, "{}");
    free(text);
    lws_record_free(r);
}

/* Whole numbers up to 2^52, as seeds are, to the last digit; others to the last bit but one. */
static void numbers_come_back(void **state)
{
    (void)state;
    check_rng r = {11};
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = check_next(&r);
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 3)
            value = (double)(bits >> 12);
        else if (i % 2)
            value = check_uniform(&r, -1, 1) * pow(10, check_int(&r, -12, 12));
        if (!isfinite(value))
            continue;
        lws_record *record = lws_record_new();
        lws_record_number(record, "v", value);
        char *text = lws_record_print(record, false);
        assert_memory_equal(text, "{\"v\":", 5);
        back = strtod(text + 5, NULL);
        check_near(back, value, i % 4 == 3 ? 0 : 0x1p-52 * fabs(value));
        assert_true(lws_record_get_number(record, "v", &back));
        check_same_bits(&back, &value, sizeof value);
        free(text);
        lws_record_free(record);
    }
}

/* Keys of the record itself, not of an object in it, and told apart by case. */
static void records_are_asked(void **state)
{
    (void)state;
    lws_record *r = example();
    double number = 5;
    assert_string_equal(lws_record_get_text(r, "type"), "train");
    assert_null(lws_record_get_text(r, "Type"));
    assert_null(lws_record_get_text(r, "note"));
    assert_null(lws_record_get_text(r, "step"));
    assert_true(lws_record_get_number(r, "step", &number));
    check_near(number, 1200, 0);
    assert_false(lws_record_get_number(r, "STEP", &number));
    assert_false(lws_record_get_number(r, "mean", &number));
    check_near(number, 1200, 0);
    assert_true(lws_record_get_number(lws_record_get_object(r, "mse"), "mean", &number));
    check_near(number, -.5, 0);
    assert_null(lws_record_get_object(r, "type"));
    assert_null(lws_record_get_object(r, "MSE"));
    lws_record_free(r);
    /* one that could not be allocated */
    lws_record_text(NULL, "a", "b");
    lws_record_number(NULL, "a", 1);
    lws_record_integers(NULL, "a", 1, (const int64_t[]){1});
    lws_record_texts(NULL, "a", 1, (const char *const[]){"b"});
    assert_null(lws_record_item(NULL, "a"));
    assert_null(lws_record_object(NULL, "a"));
    assert_null(lws_record_print(NULL, false));
    assert_int_equal(lws_record_save(NULL, "-"), LWS_ERR_MEMORY);
    lws_record_free(NULL);
}

static void lists_in_records(void **state)
{
    (void)state;
    lws_record *r = lws_record_new();
    lws_record_texts(r, "names", 2, (const char *const[]){"a", "\"b\""});
    lws_record_texts(r, "none", 0, NULL);
    lws_record_number(lws_record_item(r, "rows"), "x", 1);
    lws_record_number(lws_record_item(r, "rows"), "x", 2);
    char *line = lws_record_print(r, false);
    assert_string_equal(line, "{\"names\":[\"a\",\"\\\"b\\\"\"],\"none\":[],\"rows\":[{\"x\":1},{\"x\":2}]}");
    free(line);
    lws_record_free(r);
}

static void files_hold_records(void **state)
{
    char *path = path_of("%s/a.json", (char *)*state);
    lws_record *r = example(), *back;
    assert_int_equal(lws_record_save(r, path), LWS_OK);
    char *text = lws_record_print(r, true);
    blob b = file_read(path);
    assert_int_equal(b.size, strlen(text) + 1);
    assert_memory_equal(b.data, text, strlen(text));
    assert_int_equal(b.data[b.size - 1], '\n');
    free(b.data);
    assert_int_equal(lws_record_load(path, &back), LWS_OK);
    char *again = lws_record_print(back, true);
    assert_string_equal(again, text);
    free(text), free(again);
    lws_record_free(r), lws_record_free(back);
    static const char *const bad[] = {"", "[1, 2]", "{\"a\": 1", "{\"a\": 1} {", "\"text\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file_text(path, bad[i]);
        assert_int_equal(lws_record_load(path, &back), LWS_ERR_FORMAT);
        assert_null(back);
        check_mentions(lws_message(), path);
    }
    r = lws_record_new();
    assert_int_equal(lws_record_save(r, path_of("%s/none/a.json", (char *)*state)), LWS_ERR_IO);
    lws_record_free(r);
}

/* "-" is standard output. */
static void standard_output_gets_records(void **state)
{
    char *path = path_of("%s/out", (char *)*state);
    lws_record *r = lws_record_new();
    lws_record_number(r, "v", 2);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT, 0666);
    dup2(fd, STDOUT_FILENO);
    lws_status status = lws_record_save(r, "-");
    dup2(kept, STDOUT_FILENO);
    close(fd), close(kept);
    assert_int_equal(status, LWS_OK);
    blob b = file_read(path);
    assert_string_equal((char *)b.data, "{\n\t\"v\":\t2\n}\n");
    free(b.data);
    lws_record_free(r);
}

/* Standard output is a full disk: that shows when it is flushed, or before, where there is more than its buffer holds.
 */
static void standard_output_is_full(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t length = i == 0 ? 10 : 1 << 20;
        char *text = calloc(length + 1, 1);
        assert_non_null(text);
        memset(text, 'x', length);
        lws_record *r = lws_record_new();
        lws_record_text(r, "text", text);
        free(text);
        fflush(stdout);
        int kept = dup(STDOUT_FILENO), fd = open("/dev/full", O_WRONLY);
        dup2(fd, STDOUT_FILENO);
        lws_status status = lws_record_save(r, "-");
        __fpurge(stdout);
        clearerr(stdout);
        dup2(kept, STDOUT_FILENO);
        close(fd), close(kept);
        assert_int_equal(status, LWS_ERR_IO);
        check_mentions(lws_message(), "cannot write to standard output: ");
        check_mentions(lws_message(), strerror(ENOSPC));
        lws_record_free(r);
    }
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

#define UP_TO_5                                                                                                        \
    "{\"type\":\"train\",\"step\":1,\"loss\":0.5}\n"                                                                   \
    "{\"type\":\"train\",\"step\":5,\"loss\":0.4}\n"                                                                   \
    "{ \"step\" : 5 , \"type\":\"evaluation\" }\n"
#define BEYOND                                                                                                         \
    "{\"type\":\"train\",\"step\":6,\"loss\":0.3}\n"                                                                   \
    "{\"type\":\"train\",\"step\":50}\n"

static void cut_at(const char *folder, const char *before, int64_t step, const char *after)
{
    char *path = path_of("%s/metrics.jsonl", folder);
    lws_metrics_log *log;
    file_text(path, before);
    assert_int_equal(lws_metrics_log_open(folder, step, true, &log), LWS_OK);
    blob b = file_read(path);
    assert_string_equal((char *)b.data, after);
    free(b.data);
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
}

static void log_is_cut_at_the_step(void **state)
{
    cut_at(*state, UP_TO_5 BEYOND, 5, UP_TO_5);
    cut_at(*state, UP_TO_5 BEYOND, 49, UP_TO_5 "{\"type\":\"train\",\"step\":6,\"loss\":0.3}\n");
    cut_at(*state, UP_TO_5 BEYOND, 50, UP_TO_5 BEYOND);
    cut_at(*state, UP_TO_5 BEYOND, 0, "");
    cut_at(*state, BEYOND UP_TO_5, 5, UP_TO_5); /* wherever they stand */
    cut_at(*state, UP_TO_5 "{\"type\":\"tr", 9, UP_TO_5);
    cut_at(*state, UP_TO_5 "{\"step\":5}", 9, UP_TO_5); /* whole, but may have been longer */
    cut_at(*state, UP_TO_5 "{\"step\":\"5\"}\nno JSON\n{\"type\":\"x\"}\n", 9, UP_TO_5);
    cut_at(*state, "", 9, "");
}

/* Lines come behind those that are there, in their order, and not before they are flushed. */
static void log_is_appended_to(void **state)
{
    char *path = path_of("%s/metrics.jsonl", (char *)*state);
    lws_metrics_log *log;
    file_text(path, UP_TO_5 BEYOND);
    assert_int_equal(lws_metrics_log_open(*state, 5, true, &log), LWS_OK);
    for (int step = 6; step <= 8; step++) {
        lws_record *r = lws_record_new();
        lws_record_number(r, "step", step);
        assert_int_equal(lws_metrics_log_add(log, r), LWS_OK);
        blob b = file_read(path);
        assert_string_equal((char *)b.data, step < 8 ? UP_TO_5 : UP_TO_5 "{\"step\":6}\n{\"step\":7}\n");
        free(b.data);
        if (step == 7)
            assert_int_equal(lws_metrics_log_flush(log), LWS_OK);
    }
    assert_int_equal(lws_metrics_log_close(log), LWS_OK);
    blob b = file_read(path);
    assert_string_equal((char *)b.data, UP_TO_5 "{\"step\":6}\n{\"step\":7}\n{\"step\":8}\n");
    free(b.data);
    assert_int_equal(lws_metrics_log_open(path_of("%s/none", (char *)*state), 0, true, &log), LWS_ERR_IO);
    assert_null(log);
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* What a picture of the grid shows at a pixel, by the description alone: white gaps of two pixels around images that
 * are enlarged by a whole factor. */
static int expected(int x, int y, int k, int h, int w, int c, int factor, int columns, const float *const *images)
{
    int pitch_x = w * factor + 2, pitch_y = h * factor + 2;
    if (x % pitch_x < 2 || y % pitch_y < 2)
        return 255;
    const float *image = images[y / pitch_y * columns + x / pitch_x];
    double value = image[((y % pitch_y - 2) / factor * w + (x % pitch_x - 2) / factor) * c + k];
    return (int)lround(255 * fmin(fmax(value, 0), 1));
}

static void check_grid(const char *folder, int h, int w, int c, int rows, int columns, int factor)
{
    char *path = path_of("%s/grid.png", folder);
    size_t image = (size_t)(h * w * c), all = image * (size_t)(rows * columns);
    check_rng r = {(uint64_t)(h * 1000 + w)};
    float *values = check_floats(all);
    const float *images[16];
    for (size_t i = 0; i < all; i++) /* bytes, and some that lie beside white and black */
        values[i] = i % 7 == 0   ? (float)check_uniform(&r, -1, 0)
                    : i % 7 == 1 ? (float)check_uniform(&r, 1, 3)
                                 : (float)check_int(&r, 0, 255) / 255;
    for (int i = 0; i < rows * columns; i++)
        images[i] = values + (size_t)i * image;
    assert_int_equal(lws_grid_write(path, h, w, c, rows, columns, images), LWS_OK);
    assert_true(lws_grid_is_picture(path));
    lws_image got;
    assert_int_equal(lws_image_read(path, c, &got), LWS_OK);
    assert_int_equal(got.width, columns * (w * factor + 2) + 2);
    assert_int_equal(got.height, rows * (h * factor + 2) + 2);
    for (int y = 0; y < got.height; y++)
        for (int x = 0; x < got.width; x++)
            for (int k = 0; k < c; k++) {
                int is = got.pixels[(y * got.width + x) * c + k];
                int should = expected(x, y, k, h, w, c, factor, columns, images);
                if (is != should)
                    fail_msg("%d × %d × %d, %d × %d images: %d in place of %d at %d, %d, channel %d", h, w, c, rows,
                             columns, is, should, x, y, k);
            }
    lws_image_free(&got);
    check_free(values, all);
}

static void grids_pixel_by_pixel(void **state)
{
    check_grid(*state, 5, 3, 3, 2, 3, 25); /* 128 / 5 */
    check_grid(*state, 3, 5, 1, 3, 2, 25);
    check_grid(*state, 16, 16, 3, 2, 8, 8);
    check_grid(*state, 16, 16, 1, 1, 1, 8);
    check_grid(*state, 64, 64, 3, 2, 2, 2);
    check_grid(*state, 65, 64, 3, 1, 2, 1);
    check_grid(*state, 128, 100, 1, 2, 1, 1);
    check_grid(*state, 130, 129, 3, 1, 1, 1);
    check_grid(*state, 127, 1, 1, 1, 3, 1);
}

static void grids_are_written_or_refused(void **state)
{
    const float pixel[3] = {1, .5f, 0}, *images[] = {pixel};
    char *other = path_of("%s/text.png", (char *)*state);
    assert_int_equal(lws_grid_write(path_of("%s/none/a.png", (char *)*state), 1, 1, 3, 1, 1, images), LWS_ERR_IO);
    file_text(other, "\211PNG\r\n\032");
    assert_false(lws_grid_is_picture(other));
    file_text(other, "no picture");
    assert_false(lws_grid_is_picture(other));
    assert_false(lws_grid_is_picture(path_of("%s/nothing", (char *)*state)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_print_as_they_were_built),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(records_are_asked),
        cmocka_unit_test(lists_in_records),
        scratch_test(files_hold_records),
        scratch_test(standard_output_gets_records),
        cmocka_unit_test(standard_output_is_full),
        scratch_test(log_is_cut_at_the_step),
        scratch_test(log_is_appended_to),
        scratch_test(grids_pixel_by_pixel),
        scratch_test(grids_are_written_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
