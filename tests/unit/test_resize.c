/* Resizing: the same bytes as Pillow, a reference in double precision, and what must hold for any
 * filter. */
#include "check.h"

#include "datasets/decode/image.h"

#include "resize_golden.h"

static void resize(const lws_image *image, lws_crop crop, lws_filter filter, int width, int height, uint8_t *out)
{
    lws_resizer *r = lws_resizer_create();
    assert_non_null(r);
    assert_int_equal(lws_image_resize(r, image, crop, filter, width, height, out), LWS_OK);
    lws_resizer_destroy(r);
}

/* ---- Pillow ---------------------------------------------------------------------------------- */

/* The pattern of resize_pillow.py; with `stride` 4 a byte of padding after RGB. */
static uint8_t *pattern(int width, int height, int channels, int stride)
{
    uint8_t *p = malloc((size_t)width * (size_t)height * (size_t)stride);
    assert_non_null(p);
    memset(p, 0xEE, (size_t)width * (size_t)height * (size_t)stride);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < channels; c++) {
                uint64_t mixed = (uint64_t)(x * 7919 + y * 104729 + c * 1299709) * 2654435761u;
                int64_t noise = (int64_t)((mixed & 0xffffffffu) >> 27);
                int64_t edges = (x / 9 + y / 7 + c) % 2 * 150;
                int64_t v = (x * 3 + y * 2) % 256 / 3 + edges + noise - 8;
                p[(y * width + x) * stride + c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
    return p;
}

static void agrees_with_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_resize / sizeof *golden_resize; i++) {
        const struct golden_resize *g = &golden_resize[i];
        size_t bytes = (size_t)g->to_width * (size_t)g->to_height * (size_t)g->channels;
        lws_crop crop = {g->left, g->top, g->crop_width, g->crop_height};
        for (int stride = g->channels; stride <= (g->channels == 3 ? 4 : 1); stride++) {
            lws_image image = {pattern(g->width, g->height, g->channels, stride), g->width, g->height, stride};
            uint8_t *out = malloc(bytes);
            resize(&image, crop, g->area ? LWS_FILTER_AREA : LWS_FILTER_LANCZOS, g->to_width, g->to_height, out);
            check_same_bits(out, g->want, bytes);
            free(out);
            free(image.pixels);
        }
    }
}

/* ---- a reference ----------------------------------------------------------------------------- */

static double lanczos(double x)
{
    double a = M_PI * x;
    return x == 0 ? 1 : fabs(x) < 3 ? 3 * sin(a) * sin(a / 3) / (a * a) : 0;
}

/* The value of an output pixel from all pixels of the crop at once, unrounded. */
static double reference(const uint8_t *in, int w, int h, int ow, int oh, int ox, int oy)
{
    double sx = (double)w / ow, sy = (double)h / oh, sum = 0, weights = 0;
    double wide = sx > 1 ? sx : 1, high = sy > 1 ? sy : 1;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double k = lanczos((x + .5 - (ox + .5) * sx) / wide) * lanczos((y + .5 - (oy + .5) * sy) / high);
            sum += k * in[y * w + x];
            weights += k;
        }
    return sum / weights;
}

static void agrees_with_the_definition(void **state)
{
    (void)state;
    check_rng r = {5};
    for (int round = 0; round < 12; round++) {
        int w = check_int(&r, 1, 60), h = check_int(&r, 1, 60), ow = check_int(&r, 1, 30), oh = check_int(&r, 1, 30);
        lws_image image = {malloc((size_t)(w * h)), w, h, 1};
        for (int i = 0; i < w * h; i++)
            image.pixels[i] = (uint8_t)check_int(&r, 60, 200); /* away from the limits, where rounding clips */
        uint8_t *out = malloc((size_t)(ow * oh));
        resize(&image, (lws_crop){0, 0, w, h}, LWS_FILTER_LANCZOS, ow, oh, out);
        for (int y = 0; y < oh; y++)
            for (int x = 0; x < ow; x++) {
                /* Half a level of rounding between the passes, weighted, and half at the end. */
                check_near(out[y * ow + x], reference(image.pixels, w, h, ow, oh, x, y), 1.3);
            }
        free(out);
        free(image.pixels);
    }
}

/* ---- properties ------------------------------------------------------------------------------ */

static void keeps_flat_images_and_equal_sizes(void **state)
{
    (void)state;
    check_rng r = {6};
    for (int round = 0; round < 60; round++) {
        int w = check_int(&r, 1, 100), h = check_int(&r, 1, 100), ow = check_int(&r, 1, 100),
            oh = check_int(&r, 1, 100);
        lws_filter filter = round % 2 ? LWS_FILTER_AREA : LWS_FILTER_LANCZOS;
        size_t bytes = (size_t)(w * h * 3);
        lws_image image = {malloc(bytes), w, h, 3};
        uint8_t *out = malloc((size_t)(ow * oh * 3)), *same = malloc(bytes);
        memset(image.pixels, round * 4 + 3, bytes);
        resize(&image, (lws_crop){0, 0, w, h}, filter, ow, oh, out);
        for (int i = 0; i < ow * oh * 3; i++)
            assert_int_equal(out[i], round * 4 + 3);
        for (size_t i = 0; i < bytes; i++)
            image.pixels[i] = (uint8_t)check_next(&r);
        resize(&image, (lws_crop){0, 0, w, h}, filter, w, h, same);
        check_same_bits(same, image.pixels, bytes);
        free(same);
        free(out);
        free(image.pixels);
    }
}

/* What lies outside the crop does not show. */
static void sees_the_crop_alone(void **state)
{
    (void)state;
    lws_crop crop = {11, 5, 30, 40};
    uint8_t *pixels = pattern(60, 50, 3, 3), alone[30 * 40 * 3], a[16 * 20 * 3], b[16 * 20 * 3];
    for (int y = 0; y < 40; y++)
        memcpy(alone + y * 90, pixels + ((y + 5) * 60 + 11) * 3, 90);
    lws_image whole = {pixels, 60, 50, 3}, part = {alone, 30, 40, 3};
    resize(&whole, crop, LWS_FILTER_LANCZOS, 16, 20, a);
    resize(&part, (lws_crop){0, 0, 30, 40}, LWS_FILTER_LANCZOS, 16, 20, b);
    check_same_bits(a, b, sizeof a);
    free(pixels);
}

/* One resizer for images of many sizes gives what a fresh one gives. */
static void a_resizer_may_be_used_again(void **state)
{
    (void)state;
    check_rng r = {7};
    lws_resizer *used = lws_resizer_create();
    for (int round = 0; round < 50; round++) {
        int w = check_int(&r, 1, 90), h = check_int(&r, 1, 90), size = check_int(&r, 1, 3) * 16;
        lws_image image = {pattern(w, h, 1, 1), w, h, 1};
        uint8_t a[48 * 48], b[48 * 48];
        lws_filter filter = round % 3 ? LWS_FILTER_LANCZOS : LWS_FILTER_AREA;
        assert_int_equal(lws_image_resize(used, &image, (lws_crop){0, 0, w, h}, filter, size, size, a), LWS_OK);
        resize(&image, (lws_crop){0, 0, w, h}, filter, size, size, b);
        check_same_bits(a, b, (size_t)(size * size));
        free(image.pixels);
    }
    lws_resizer_destroy(used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pillow),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(keeps_flat_images_and_equal_sizes),
        cmocka_unit_test(sees_the_crop_alone),
        cmocka_unit_test(a_resizer_may_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
