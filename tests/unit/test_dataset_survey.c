/* What people are told of a dataset: means and deviations of its channels, and which images are equal. */
#include "datasets.h"

#include "data/dataset_survey.h"

#include <math.h>

static void means_and_deviations(void **state)
{
    static split_data train, test;
    lws_dataset *d;
    lws_channel_stats got;
    make_dataset(*state, 1, "recipe=a", &train, &test);
    assert_int_equal(lws_dataset_open(*state, LWS_TRAIN, &d), LWS_OK);
    assert_int_equal(lws_dataset_channels(d, &got), LWS_OK);
    for (int c = 0; c < 3; c++) {
        double mean = 0, square = 0, n = 8. * ROW / 3;
        for (int i = 0; i < 8 * ROW; i++)
            mean += i % 3 == c ? train.pixels[i / ROW][i % ROW] / 255. / n : 0;
        for (int i = 0; i < 8 * ROW; i++) {
            double e = train.pixels[i / ROW][i % ROW] / 255. - mean;
            square += i % 3 == c ? e * e / n : 0;
        }
        assert_true(fabs(got.mean[c] - mean) < 1e-12);
        assert_true(fabs(got.deviation[c] - sqrt(square)) < 1e-12);
    }
    lws_dataset_close(d);
}

static void copy_image(split_data *to, int row, const split_data *from, int other)
{
    memcpy(to->pixels[row], from->pixels[other], ROW);
    to->digests[row] = from->digests[other];
}

static void finds_equal_images(void **state)
{
    static split_data train, test;
    static const lws_dataset_repeat wanted[] = {{{LWS_TRAIN, 6}, {LWS_TRAIN, 2}},
                                                {{LWS_TRAIN, 7}, {LWS_TRAIN, 2}},
                                                {{LWS_TEST, 0}, {LWS_TRAIN, 2}},
                                                {{LWS_TEST, 5}, {LWS_TEST, 1}}};
    lws_dataset *of[LWS_SPLITS];
    lws_dataset_repeat *got;
    int64_t count;
    fill(&train, 1);
    fill(&test, 2);
    copy_image(&train, 7, &train, 2);
    copy_image(&train, 6, &train, 2);
    copy_image(&test, 5, &test, 1);
    copy_image(&test, 0, &train, 2);
    write_dataset(*state, "recipe=a", &train, &test);
    for (int s = 0; s < LWS_SPLITS; s++)
        assert_int_equal(lws_dataset_open(*state, (lws_split)s, &of[s]), LWS_OK);
    const lws_dataset *const read[LWS_SPLITS] = {of[0], of[1], of[2]};
    assert_int_equal(lws_dataset_repeats(read, &got, &count), LWS_OK);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(got[i].image.split == wanted[i].image.split && got[i].image.row == wanted[i].image.row);
        assert_true(got[i].first.split == wanted[i].first.split && got[i].first.row == wanted[i].first.row);
    }
    free(got);
    for (int s = 0; s < LWS_SPLITS; s++)
        lws_dataset_close(of[s]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(means_and_deviations),
        scratch_test(finds_equal_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
