/* Which image goes to which split: partition files line by line, exact counts by fractions, and limits in proportion,
 * each against counting by hand. */
#include "scratch.h"

#include "datasets/prepare/partition.h"

/* ---- partition files --------------------------------------------------------------------------- */

/* A listing of these names, which must be in order; freed by the caller. */
static lws_source listing(int count, char **names)
{
    lws_source s = {.count = count, .entries = calloc((size_t)count + 1, sizeof *s.entries)};
    assert_non_null(s.entries);
    for (int i = 0; i < count; i++)
        s.entries[i].name = names[i];
    return s;
}

static void reads_each_line(void **state)
{
    char *names[] = {"0.jpg", "1.jpg", "10.jpg", "2.jpg", "a b.jpg", "x/0.jpg", "x/3.jpg", "y/z/4.jpg", "z.png"};
    enum { N = sizeof names / sizeof *names };
    static const lws_assignment want[N] = {LWS_TRAIN, LWS_VALID, LWS_TEST,  LWS_SPLITS, LWS_TEST,
                                           LWS_TRAIN, LWS_TRAIN, LWS_VALID, LWS_TEST};
    char *path = path_of("%s/list.txt", (char *)*state);
    lws_source source = listing(N, names);
    lws_assignment split[N];
    lws_partition_report r;
    /* Not in the order of the names; x/5.jpg is no image. */
    file_text(path, "4.jpg 1\n3.jpg 0\na b.jpg   2\n0.jpg 0\n  10.jpg\t2\t\r\n1.jpg 1\n0.jpg 0\n\nz.png 2\nx/5.jpg 2");
    assert_int_equal(lws_partition_read(path, &source, split, &r), LWS_OK);
    assert_memory_equal(split, want, N);
    assert_int_equal(r.lines, 9);
    assert_int_equal(r.repeated_lines, 1);
    assert_int_equal(r.repeated_images, 1);
    assert_int_equal(r.repeated_shown, 2);
    assert_string_equal(r.repeated_names[0], "0.jpg");
    assert_string_equal(r.repeated_names[1], "x/0.jpg");
    assert_int_equal(r.unlisted, 1);
    assert_string_equal(r.unlisted_names[0], "2.jpg");
    assert_int_equal(r.absent, 1);
    assert_string_equal(r.absent_names[0], "x/5.jpg");
    assert_int_equal(r.by_stem, 0);
    lws_partition_report_free(&r);
    assert_int_equal(r.lines, 0);
    free(source.entries);
}

/* The same list as other programs write it. */
static void reads_what_programs_write(void **state)
{
    static const char *const texts[] = {
        "a b.jpg 0\nb.jpg 1\nc.jpg 2\n",
        ("\xef\xbb\xbf"
         "a b.jpg 0\r\nb.jpg 1\r\n\r\nc.jpg 2"),
        "a b.jpg 0\rb.jpg 1\rc.jpg 2\r",
        "image_id,partition\na b.jpg,0\nb.jpg,1\nc.jpg,2\n",
        "\n\"image id\";\"partition\"\n\"a b.jpg\";\"0\"\n\"b.jpg\";1\nc.jpg;2\n",
        "image_id\tpartition \r\n  a b.jpg\t0\t \r\nb.jpg , 1\r\nc.jpg   2 \r\n",
        "./a b.jpg 0\nwhere\\it\\was\\b.jpg 1\nelse/c.jpg 2\n",
        "a b 0\nb.png 1\nc.JPG 2\n",
    };
    static const lws_assignment want[] = {LWS_TRAIN, LWS_VALID, LWS_TEST};
    char *names[] = {"a b.jpg", "b.jpg", "c.jpg"}, *path = path_of("%s/list.txt", (char *)*state);
    lws_source source = listing(3, names);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lws_assignment split[3];
        lws_partition_report r;
        file_text(path, texts[i]);
        if (lws_partition_read(path, &source, split, &r) != LWS_OK)
            fail_msg("%zu: %s", i, lws_message());
        assert_memory_equal(split, want, 3);
        assert_int_equal(r.lines, 3);
        assert_int_equal(r.unlisted + r.absent + r.repeated_lines, 0);
        lws_partition_report_free(&r);
    }
    free(source.entries);
}

/* A header is two words, and stands first. */
static void what_is_no_header(void **state)
{
    static const char *const texts[] = {"a.jpg 0\nimage_id,partition\n", "image_id,partition\nimage_id,partition\n",
                                        "image_id,7\na.jpg 0\n",         "image.id,partition\na.jpg 0\n",
                                        "partition\na.jpg 0\n",          "a.jpg,partition\n"};
    char *names[] = {"a.jpg"}, *path = path_of("%s/list.txt", (char *)*state);
    lws_source source = listing(1, names);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lws_assignment split;
        lws_partition_report r;
        file_text(path, texts[i]);
        assert_int_equal(lws_partition_read(path, &source, &split, &r), LWS_ERR_FORMAT);
        check_mentions(lws_message(), i < 2 ? ":2: 'image_id,partition' is not of the form" : ":1:");
        lws_partition_report_free(&r);
    }
    free(source.entries);
}

/* What a row means: its whole path, or its end; without folders and extension only where that is one image's and one
 * row's. */
static void names_that_nearly_fit(void **state)
{
    char *names[] = {"cat/1.jpg", "cat/2.png", "deep/dog/1.jpg", "dog/3.png", "fox/4.gif", "fox/4.png", "fox/6.png"};
    enum { N = sizeof names / sizeof *names };
    static const lws_assignment want[N] = {LWS_VALID,  LWS_TRAIN,  LWS_TEST,  LWS_TEST,
                                           LWS_SPLITS, LWS_SPLITS, LWS_SPLITS};
    char *path = path_of("%s/list.txt", (char *)*state);
    lws_source source = listing(N, names);
    lws_assignment split[N];
    lws_partition_report r;
    /* 2 and 3 by their stems; two images have the stem 4, two rows the stem 6; 1 is not looked for by its stem, as both
     * rows and both images have found each other. */
    file_text(path, "cat/1.jpg 1\ndog/1.jpg 2\n2.jpg 0\n3 2\nfox/4.jpg 0\n6.jpg 0\n6.gif 1\n");
    assert_int_equal(lws_partition_read(path, &source, split, &r), LWS_OK);
    assert_memory_equal(split, want, N);
    assert_int_equal(r.by_stem, 2);
    assert_int_equal(r.unlisted, 3);
    assert_int_equal(r.absent, 3);
    lws_partition_report_free(&r);
    free(source.entries);
}

/* Long lists: every name finds its line, and the report shows the first so many of each kind. */
static void finds_every_name(void **state)
{
    enum { N = 1200 };
    static char text[N][16];
    char *names[N], *path = path_of("%s/list.txt", (char *)*state);
    lws_assignment split[N];
    lws_partition_report r;
    for (int i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "%06d.jpg", i);
        names[i] = text[i];
    }
    lws_source source = listing(N, names);
    FILE *out = fopen(path, "w");
    for (int i = N + 29; i >= 50;
         i--) /* backwards; fifty images are not in it, and thirty of its names are no images */
        fprintf(out, "%06d.jpg %d\n", i, i * 7 % 11 % 3);
    fclose(out);
    assert_int_equal(lws_partition_read(path, &source, split, &r), LWS_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(split[i], i < 50 ? LWS_SPLITS : i * 7 % 11 % 3);
    assert_int_equal(r.lines, N - 20);
    assert_int_equal(r.unlisted, 50);
    assert_int_equal(r.absent, 30);
    for (int i = 0; i < LWS_PARTITION_SHOWN; i++) {
        assert_string_equal(r.unlisted_names[i], names[i]);
        assert_int_equal(atoi(r.absent_names[i]), N + i);
    }
    lws_partition_report_free(&r);
    free(source.entries);
}

static void contradictions_name_both_lines(void **state)
{
    char *names[] = {"a"}, *path = path_of("%s/list.txt", (char *)*state);
    lws_source source = listing(1, names);
    lws_assignment split;
    lws_partition_report r;
    file_text(path, "\nb 0\na 1\na 1\na 2\nb 0\n");
    assert_int_equal(lws_partition_read(path, &source, &split, &r), LWS_ERR_FORMAT);
    check_mentions(lws_message(), path);
    check_mentions(lws_message(), ":5: a is put into another split than on line 3");
    lws_partition_report_free(&r);
    free(source.entries);
}

/* ---- fractions --------------------------------------------------------------------------------- */

static void counts_are_rounded(void **state)
{
    (void)state;
    static const double fractions[][LWS_SPLITS] = {{.8, .1, .1}, {.6, .3, .1}, {.1, .2, .7}, {0, .5, .5},
                                                   {0, 1, 0},    {1, 0, 0},    {0, 0, 1},    {.985, .005, .01}};
    lws_assignment split[600];
    for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
        for (int n = 1; n <= 600; n += 1 + n / 9) {
            int64_t in[LWS_SPLITS], valid = llround(fractions[f][LWS_VALID] * n),
                                    test = llround(fractions[f][LWS_TEST] * n);
            lws_partition_random(7, n, fractions[f], split);
            lws_partition_count(n, split, in);
            test = valid + test > n ? n - valid : test; /* two halves that are both rounded up */
            assert_int_equal(in[LWS_VALID], valid);
            assert_int_equal(in[LWS_TEST], test);
            assert_int_equal(in[LWS_TRAIN], n - valid - test);
        }
    }
}

/* Part of what a seed promises: a dataset that is prepared again has the same splits. */
static void a_seed_is_for_ever(void **state)
{
    (void)state;
    lws_assignment split[40];
    char text[2][41] = {{0}};
    for (int seed = 1; seed <= 2; seed++) {
        lws_partition_random((uint64_t)seed, 40, (double[]){.5, .3, .2}, split);
        for (int i = 0; i < 40; i++)
            text[seed - 1][i] = "tvx"[split[i]];
    }
    assert_string_equal(text[0], "xtttvtttxvvvtxvxxvvxvttttvxttvvtttxtvttt");
    assert_string_equal(text[1], "xtvvtxxvtttvttxtvvttvtxttxvvtxtvtvtxvttt");
}

/* No place in the listing prefers a split. */
static void places_are_alike(void **state)
{
    (void)state;
    enum { N = 40, SEEDS = 2000 };
    static int hits[N][LWS_SPLITS];
    lws_assignment split[N];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        lws_partition_random(seed, N, (double[]){.5, .3, .2}, split);
        for (int i = 0; i < N; i++)
            hits[i][split[i]]++;
    }
    for (int i = 0; i < N; i++) {
        check_near(hits[i][LWS_TRAIN], .5 * SEEDS, 120); /* five standard deviations */
        check_near(hits[i][LWS_VALID], .3 * SEEDS, 110);
        check_near(hits[i][LWS_TEST], .2 * SEEDS, 100);
    }
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void limits_take_the_first(void **state)
{
    (void)state;
    enum { N = 60 };
    check_rng r = {3};
    for (int round = 0; round < 400; round++) {
        lws_assignment before[N], after[N];
        int64_t in[LWS_SPLITS], left[LWS_SPLITS], all = 0, kept = 0;
        for (int i = 0; i < N; i++)
            after[i] = before[i] = (lws_assignment)check_int(&r, 0, round % 2 ? 3 : 2);
        int limit = check_int(&r, 1, N);
        lws_partition_count(N, before, in);
        lws_partition_limit(N, limit, after);
        lws_partition_count(N, after, left);
        for (int s = 0; s < LWS_SPLITS; s++) {
            all += in[s];
            kept += left[s];
        }
        assert_int_equal(kept, limit < all ? limit : all);
        for (int s = 0; s < LWS_SPLITS; s++) {
            if (limit < all)
                check_near((double)left[s], (double)limit * (double)in[s] / (double)all, 1);
            int64_t seen = 0;
            for (int i = 0; i < N; i++) { /* those that stay are the first of their split */
                if (before[i] == s)
                    assert_int_equal(after[i], seen++ < left[s] ? s : LWS_SPLITS);
            }
        }
        for (int i = 0; i < N; i++)
            assert_true(before[i] < LWS_SPLITS || after[i] == LWS_SPLITS);
    }
}

static void no_limit(void **state)
{
    (void)state;
    static const int64_t none[] = {0, 5, 6, 1000000};
    for (int k = 0; k < 4; k++) {
        lws_assignment split[7] = {0, 1, 2, 3, 0, 3, 0}, same[7] = {0, 1, 2, 3, 0, 3, 0};
        lws_partition_limit(7, none[k], split);
        assert_memory_equal(split, same, sizeof split);
    }
    lws_assignment split[7] = {2, 2, 1, 1, 2, 0, 0};
    static const lws_assignment four[7] = {2, 2, 1, 3, 3, 0, 3};
    lws_partition_limit(7, 4, split); /* 2/7 and 3/7 of four are 1.1 and 1.7 */
    assert_memory_equal(split, four, sizeof split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reads_each_line),        scratch_test(reads_what_programs_write),
        scratch_test(what_is_no_header),      scratch_test(names_that_nearly_fit),
        scratch_test(finds_every_name),       scratch_test(contradictions_name_both_lines),
        cmocka_unit_test(counts_are_rounded), cmocka_unit_test(a_seed_is_for_ever),
        cmocka_unit_test(places_are_alike),   cmocka_unit_test(limits_take_the_first),
        cmocka_unit_test(no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
