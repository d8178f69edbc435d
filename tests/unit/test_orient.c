/* Orientation: what EXIF says of the first row and the first column comes true, in parts as in whole images. */
#include "pictures.h"

#include "datasets/decode/image.h"

#include "datasets/decode/decoder.h"

enum { WIDTH = 37, HEIGHT = 22 };

/* Where the first row and the first column of what is stored are to be seen. */
static const struct {
    char row, column;
} sides[9] = {{0, 0}, {'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'}, {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};

/* EXIF data with this orientation: the byte order, one entry of SHORT. */
static int exif_of(int orientation, bool is_big, uint8_t out[26])
{
    static const uint8_t big[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t little[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                     0,   1,   0,  0, 0, 0, 0, 0, 0, 0, 0,    0, 0};
    memcpy(out, is_big ? big : little, sizeof big);
    out[is_big ? 19 : 18] = (uint8_t)orientation;
    return (int)sizeof big;
}

static blob jpeg_of(int orientation, bool is_big)
{
    blob plain = picture_jpeg(WIDTH, HEIGHT, 3), b = {0};
    uint8_t head[36] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
    int size = exif_of(orientation, is_big, head + 10);
    picture_take(&b, plain.data, 2);
    picture_take(&b, head, 10 + size);
    picture_take(&b, plain.data + 2, (int)plain.size - 2);
    free(plain.data);
    return b;
}

static blob png_of(int orientation, bool is_big)
{
    blob plain = picture_png(WIDTH, HEIGHT, 3), b = {0};
    uint8_t chunk[12 + 26] = {0, 0, 0, 26, 'e', 'X', 'I', 'f'};
    exif_of(orientation, is_big, chunk + 8);
    picture_big_endian(chunk + 34, picture_crc(chunk + 4, 30));
    picture_take(&b, plain.data, 33);
    picture_take(&b, chunk, sizeof chunk);
    picture_take(&b, plain.data + 33, (int)plain.size - 33);
    free(plain.data);
    return b;
}

/* Turns what is stored [HEIGHT, WIDTH, 3] pixel by pixel to where it is seen. */
static void show(const uint8_t *stored, int orientation, int width, int height, uint8_t *seen)
{
    for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++) {
            int x = 0, y = 0;
            for (int i = 0; i < 2; i++) {
                char side = i ? sides[orientation].column : sides[orientation].row;
                int far = i ? column : row;
                if (side == 't' || side == 'b')
                    y = side == 't' ? far : height - 1 - far;
                else
                    x = side == 'l' ? far : width - 1 - far;
            }
            memcpy(seen + (y * width + x) * 3, stored + (row * WIDTH + column) * 3, 3);
        }
    }
}

static lws_status choose(const void *user, int width, int height, lws_crop *crop)
{
    *crop = *(const lws_crop *)user;
    assert_true(crop->left + crop->width <= width && crop->top + crop->height <= height);
    return LWS_OK;
}

static void check_part(blob b, const uint8_t *seen, int width, lws_crop wanted, int channels)
{
    lws_image image;
    lws_crop at;
    assert_int_equal(
        lws_image_decode_part(&(lws_decode_args){b.data, b.size, "a", channels, choose, &wanted, NULL}, &image, &at),
        LWS_OK);
    assert_true(at.width == wanted.width && at.height == wanted.height);
    for (int y = 0; y < at.height; y++) {
        for (int x = 0; x < at.width; x++)
            check_same_bits(image.pixels + ((at.top + y) * image.width + at.left + x) * channels,
                            seen + ((wanted.top + y) * width + wanted.left + x) * 3, 3);
    }
    lws_image_free(&image);
}

static void all_eight(void **state)
{
    (void)state;
    uint8_t seen[WIDTH * HEIGHT * 3];
    for (int i = 0; i < 8 * 4; i++) {
        int orientation = i / 4 + 1, width = orientation < 5 ? WIDTH : HEIGHT, height = WIDTH + HEIGHT - width;
        bool is_png = i & 1, is_big = i & 2;
        lws_image stored;
        blob b = is_png ? picture_png(WIDTH, HEIGHT, 3) : picture_jpeg(WIDTH, HEIGHT, 3);
        assert_int_equal(lws_image_decode(b.data, b.size, "a", 3, &stored), LWS_OK);
        free(b.data);
        show(stored.pixels, orientation, width, height, seen);
        lws_image_free(&stored);
        b = is_png ? png_of(orientation, is_big) : jpeg_of(orientation, is_big);
        check_part(b, seen, width, (lws_crop){0, 0, width, height}, 3);
        check_part(b, seen, width, (lws_crop){3, 2, 11, 13}, 4);
        check_part(b, seen, width, (lws_crop){width - 1, height - 1, 1, 1}, 3);
        free(b.data);
    }
}

/* What is cut, of another type, without sense or a value beyond eight turns nothing. */
static void damaged_data(void **state)
{
    (void)state;
    uint8_t data[26];
    int size = exif_of(6, true, data);
    assert_int_equal(lws_exif_orientation(data, (size_t)size), 6);
    for (size_t n = 0; n < 20; n++)
        assert_int_equal(lws_exif_orientation(data, n), 1);
    exif_of(9, true, data);
    assert_int_equal(lws_exif_orientation(data, (size_t)size), 1);
    for (int i = 0; i < 14; i++) {
        exif_of(6, true, data);
        data[i] ^= 0x80;
        assert_int_equal(lws_exif_orientation(data, (size_t)size),
                         i == 8 || i == 9 ? 6 : 1); /* more entries than there are */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_eight), cmocka_unit_test(damaged_data)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
