/* Passes that have their images produced and show their results, as batch norms between convolutions have them: the
 * bits of plain arrays, and every image seen once, whole. */
#include "convolutions.h"

#include "conv_algorithms.h"

#include <string.h>

typedef struct images {
    const float *at; /* what produce() copies, or where watch() expects its images */
    size_t size;     /* of one */
    int seen[64];
    bool wrong;
} images;

static void produce(void *user, int image, float *to)
{
    const images *all = user;
    memcpy(to, all->at + (size_t)image * all->size, all->size * sizeof *to);
}

static void watch(void *user, int image, const float *pixels)
{
    images *all = user;
    all->seen[image]++; /* each image has one thread */
    if (pixels != all->at + (size_t)image * all->size)
        all->wrong = true;
    for (size_t i = 0; i < all->size; i++)
        if (isnan(pixels[i]))
            all->wrong = true;
}

/* Either result with the weights' gradient, from arrays and from images that are produced. */
static void compare(check_rng *r, lws_conv2d g, const lws_conv_algorithm *algorithm, int n, bool to_input)

{
    size_t input = (size_t)g.in_h * (size_t)g.in_w * (size_t)g.in_c;
    size_t output = (size_t)g.out_h * (size_t)g.out_w * (size_t)g.out_c, result = to_input ? input : output;
    size_t nw = (size_t)g.kernel * (size_t)g.kernel * (size_t)g.in_c * (size_t)g.out_c, count = (size_t)n;
    float *x = check_random_floats(r, count * input, -1, 1), *dy = check_random_floats(r, count * output, -1, 1);
    float *w = check_random_floats(r, nw, -1, 1);
    float *out[2] = {check_floats(count * result), check_floats(count * result)};
    float *dw[2] = {check_floats(nw), check_floats(nw)};
    images from_input = {.at = x, .size = input}, from_output = {.at = dy, .size = output};
    images watched = {.at = out[1], .size = result};
    convolution c = convolution_make(algorithm, &g, n);
    assert_true(c.algorithm->fuses);
    for (int hooked = 0; hooked < 2; hooked++) {
        lws_conv2d_args args = {.input = {.at = x}, .output = {.at = dy}, .dw = dw[hooked]};
        lws_image_sink sink = {.at = out[hooked]};
        if (hooked) {
            args.input = (lws_image_source){.producer = produce, .user = &from_input};
            args.output = (lws_image_source){.producer = produce, .user = &from_output};
            sink = (lws_image_sink){out[hooked], watch, &watched};
        }
        *(to_input ? &args.to_input : &args.to_output) = sink;
        convolution_run(&c, args, w);
    }
    check_same_bits(out[1], out[0], count * result * sizeof(float));
    check_same_bits(dw[1], dw[0], nw * sizeof(float));
    assert_false(watched.wrong);
    for (int i = 0; i < n; i++)
        assert_int_equal(watched.seen[i], 1);
    convolution_free(&c);
    check_free(x, count * input), check_free(dy, count * output), check_free(w, nw);
    for (int i = 0; i < 2; i++)
        check_free(out[i], count * result), check_free(dw[i], nw);
}

static void on_threads(void (*test)(check_rng *))
{
    int before = omp_get_max_threads();
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        check_rng r = {91};
        test(&r);
    }
    omp_set_num_threads(before);
}

static void small_channels_cases(check_rng *r)
{
    for (int i = 0; i < 30; i++) {
        lws_conv2d g = {.kernel = check_int(r, 1, 5), .stride = check_int(r, 1, 2), .in_c = check_int(r, 1, 4)};
        g.pad = (g.kernel - 1) / 2;
        g.in_h = check_int(r, 6, 14);
        g.in_w = check_int(r, 6, 14);
        g.out_h = (g.in_h + 2 * g.pad - g.kernel) / g.stride + 1;
        g.out_w = (g.in_w + 2 * g.pad - g.kernel) / g.stride + 1;
        g.out_c = 16 * check_int(r, 1, 3);
        compare(r, g, &conv_small_channels, check_int(r, 1, 20), i % 2);
    }
}

static void winograd_cases(check_rng *r)
{
    for (int i = 0; i < 16; i++) {
        int out_h = check_int(r, 1, 9), out_w = check_int(r, 1, 9);
        lws_conv2d g = {2 * out_h, 2 * out_w, 16 * check_int(r, 1, 3), out_h, out_w, 16 * check_int(r, 1, 3), 4, 2, 1};
        compare(r, g, i / 2 % 2 ? &conv_winograd_2 : &conv_winograd_4, check_int(r, 1, 40), i % 2);
    }
}

static void small_channels(void **state)
{
    (void)state;
    on_threads(small_channels_cases);
}

static void winograd(void **state)
{
    (void)state;
    on_threads(winograd_cases);
}

static void others_take_none(void **state)
{
    (void)state;
    static const lws_conv2d many_inputs = {8, 8, 16, 4, 4, 16, 3, 2, 1}, odd_outputs = {8, 8, 3, 4, 4, 20, 4, 2, 1};
    assert_false(lws_conv_choose(&many_inputs)->fuses);
    assert_false(lws_conv_choose(&odd_outputs)->fuses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_channels),
        cmocka_unit_test(winograd),
        cmocka_unit_test(others_take_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
