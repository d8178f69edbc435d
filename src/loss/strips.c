/* A row [w, c] is a matrix [STRIPS, columns], columns = length · c, and its strips are the transpose, in blocks of
 * STRIPS columns. A last block of fewer columns reaches into the next strip; what joining writes there by it is
 * overwritten, because blocks go from the last to the first and each goes from the first strip to the last. */
#include "strips.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef float floats __attribute__((vector_size(STRIPS * sizeof(float)), aligned(4), may_alias));

/* The elements of the vectors a and b with these numbers; b's follow a's. */
#if defined(__clang__)
#define shuffle(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t order __attribute__((vector_size(STRIPS * sizeof(int32_t))));
#define shuffle(a, b, ...) __builtin_shuffle(a, b, (order){__VA_ARGS__})
#endif

LWS_INLINE void transpose(floats *v)
{
    floats t[STRIPS];
    for (int i = 0; i < STRIPS; i += 2) {
        t[i] = shuffle(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = shuffle(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < STRIPS; i += 4) {
        for (int k = 0; k < 2; k++) {
            v[i + 2 * k] = shuffle(t[i + k], t[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            v[i + 2 * k + 1] = shuffle(t[i + k], t[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < STRIPS / 2; i++) {
        t[i] = shuffle(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        t[i + 4] = shuffle(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (int i = 0; i < STRIPS; i++)
        v[i] = t[i];
}

/* Whether rows can be read and written in whole blocks; else through a longer row in scratch. */
static bool whole_blocks(int w, int c)
{
    return w % STRIPS == 0 && w * c % (STRIPS * STRIPS) == 0;
}

size_t strips_scratch(int w, int c)
{
    return (size_t)(strips_length(w) * c + 1) * STRIPS;
}

LWS_VARIANTS(extern, void, strips_split, (int h, int w, int c, const float *image, float *planes, float *scratch),
             (h, w, c, image, planes, scratch))
{
    int length = strips_length(w), columns = length * c;
    size_t row = (size_t)w * c, plane = (size_t)h * length * STRIPS;
    bool whole = whole_blocks(w, c);
    memset(scratch, 0, strips_scratch(w, c) * sizeof *scratch);
    for (int r = 0; r < h; r++) {
        const float *from = image + r * row;
        if (!whole)
            from = memcpy(scratch, from, row * sizeof *scratch);
        int channel = 0;
        float *to = planes + (size_t)r * length * STRIPS;
        for (int at = 0; at < columns; at += STRIPS) {
            floats v[STRIPS];
            for (int k = 0; k < STRIPS; k++)
                v[k] = *(const floats *)(from + at + (size_t)k * columns);
            transpose(v);
            for (int i = 0; i < STRIPS && at + i < columns; i++) {
                *(floats *)(to + channel * plane) = v[i];
                channel = channel + 1 < c ? channel + 1 : 0;
                to += channel == 0 ? STRIPS : 0;
            }
        }
    }
}

LWS_VARIANTS(extern, void, strips_join, (int h, int w, int c, const float *planes, float *image, float *scratch),
             (h, w, c, planes, image, scratch))
{
    int length = strips_length(w), columns = length * c;
    size_t row = (size_t)w * c, plane = (size_t)h * length * STRIPS;
    bool whole = whole_blocks(w, c);
    for (int r = 0; r < h; r++) {
        float *to = whole ? image + r * row : scratch;
        for (int at = (columns - 1) / STRIPS * STRIPS; at >= 0; at -= STRIPS) {
            floats v[STRIPS] = {{0}};
            int channel = at % c;
            const float *from = planes + ((size_t)r * length + at / c) * STRIPS;
            for (int i = 0; i < STRIPS && at + i < columns; i++) {
                v[i] = *(const floats *)(from + channel * plane);
                channel = channel + 1 < c ? channel + 1 : 0;
                from += channel == 0 ? STRIPS : 0;
            }
            transpose(v);
            for (int k = 0; k < STRIPS; k++)
                *(floats *)(to + at + (size_t)k * columns) = v[k];
        }
        if (!whole)
            memcpy(image + r * row, scratch, row * sizeof *image);
    }
}
