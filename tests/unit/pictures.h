/* Image files made by the tests themselves, good and bad. Whoever gets one frees its data. */
#ifndef LWS_PICTURES_H
#define LWS_PICTURES_H

#include "scratch.h"

#include <stb_image_write.h>

/* A picture that differs with the seed: uint8 [height, width, 3]. The caller frees it. */
CHECK_UNUSED static uint8_t *picture_pixels(int width, int height, int seed)
{
    uint8_t *p = malloc((size_t)width * (size_t)height * 3), *at = p;
    assert_non_null(p);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            *at++ = (uint8_t)((x * 255 / width + seed * 37) % 256);
            *at++ = (uint8_t)((y * 255 / height + seed * 91) % 256);
            *at++ = (uint8_t)((x / 5 + y / 4 + seed) % 2 * 128 + 60);
        }
    }
    return p;
}

CHECK_UNUSED static void picture_take(void *user, void *data, int size)
{
    blob *b = user;
    b->data = realloc(b->data, b->size + (size_t)size);
    assert_non_null(b->data);
    memcpy(b->data + b->size, data, (size_t)size);
    b->size += (size_t)size;
}

CHECK_UNUSED static blob picture_jpeg(int width, int height, int seed)
{
    blob b = {0};
    uint8_t *p = picture_pixels(width, height, seed);
    assert_true(stbi_write_jpg_to_func(picture_take, &b, width, height, 3, p, 92));
    free(p);
    return b;
}

CHECK_UNUSED static blob picture_png(int width, int height, int seed)
{
    blob b = {0};
    uint8_t *p = picture_pixels(width, height, seed);
    assert_true(stbi_write_png_to_func(picture_take, &b, width, height, 3, p, width * 3));
    free(p);
    return b;
}

CHECK_UNUSED static blob picture_bytes(const void *data, size_t size)
{
    blob b = {malloc(size + 1), size};
    assert_non_null(b.data);
    memcpy(b.data, data, size);
    return b;
}

/* A JPEG whose frame header says four channels. */
CHECK_UNUSED static blob picture_cmyk(void)
{
    static const uint8_t head[] = {0xFF, 0xD8, 0xFF, 0xEE, 0, 14, 'A',  'd', 'o',  'b',  'e', 0,    100, 0,    0, 0,
                                   0,    2,    0xFF, 0xC0, 0, 20, 8,    0,   64,   0,    64,  4,    1,   0x11, 0, 2,
                                   0x11, 0,    3,    0x11, 0, 4,  0x11, 0,   0xFF, 0xDA, 0,   14,   4,   1,    0, 2,
                                   0,    3,    0,    4,    0, 0,  63,   0,   1,    2,    3,   0xFF, 0xD9};
    return picture_bytes(head, sizeof head);
}

/* The checksum of PNG, bit by bit. */
CHECK_UNUSED static uint32_t picture_crc(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

CHECK_UNUSED static void picture_big_endian(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A PNG with another header than its picture has; the checksum of the header is right. */
CHECK_UNUSED static blob picture_png_header(uint32_t width, uint32_t height, uint8_t depth)
{
    blob b = picture_png(20, 20, 1);
    picture_big_endian(b.data + 16, width);
    picture_big_endian(b.data + 20, height);
    b.data[24] = depth;
    picture_big_endian(b.data + 29, picture_crc(b.data + 12, 17));
    return b;
}

/* A GIF of so many frames of one pixel. */
CHECK_UNUSED static blob picture_gif(int frames)
{
    static const uint8_t head[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 200, 100, 50, 0, 0, 0};
    static const uint8_t frame[] = {0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0};
    blob b = {malloc(sizeof head + (size_t)frames * sizeof frame + 1), 0};
    assert_non_null(b.data);
    memcpy(b.data, head, sizeof head);
    b.size = sizeof head;
    for (int i = 0; i < frames; i++) {
        memcpy(b.data + b.size, frame, sizeof frame);
        b.size += sizeof frame;
    }
    b.data[b.size++] = 0x3B;
    return b;
}

/* Writes a picture to a file and frees it. */
CHECK_UNUSED static void picture_save(const char *path, blob b)
{
    file_write(path, b.data, b.size);
    free(b.data);
}

#endif
