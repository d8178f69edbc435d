/* A row [w, c] is a matrix [LWS_STRIPS, columns], columns = length · c, and its strips are the transpose, in blocks of
 * LWS_STRIPS columns. A last block of fewer columns reaches into the next strip; what joining writes there by it is
 * overwritten, because blocks go from the last to the first and each goes from the first strip to the last. */
#include "kernels/strips.h"

#include <stdbool.h>
#include <string.h>

typedef float floats __attribute__((vector_size(LWS_STRIPS * sizeof(float)), aligned(4), may_alias));

LWS_INLINE void transpose(floats *v)
{
    floats t[LWS_STRIPS];
    for (int i = 0; i < LWS_STRIPS; i += 2) {
        t[i] = __builtin_shufflevector(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = __builtin_shufflevector(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < LWS_STRIPS; i += 4) {
        for (int k = 0; k < 2; k++) {
            v[i + 2 * k] = __builtin_shufflevector(t[i + k], t[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            v[i + 2 * k + 1] = __builtin_shufflevector(t[i + k], t[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < LWS_STRIPS / 2; i++) {
        t[i] = __builtin_shufflevector(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        t[i + 4] = __builtin_shufflevector(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (int i = 0; i < LWS_STRIPS; i++)
        v[i] = t[i];
}

/* Whether rows can be read and written in whole blocks; else through a longer row in scratch. */
static bool whole_blocks(int w, int c)
{
    return w % LWS_STRIPS == 0 && w * c % (LWS_STRIPS * LWS_STRIPS) == 0;
}

size_t lws_strips_scratch(int w, int c)
{
    return (size_t)(lws_strips_length(w) * c + 1) * LWS_STRIPS;
}

LWS_VARIANTS(extern, void, lws_strips_split, (int h, int w, int c, const float *image, float *planes, float *scratch),
             (h, w, c, image, planes, scratch))
{
    int length = lws_strips_length(w), columns = length * c;
    size_t row = (size_t)w * c, plane = (size_t)h * length * LWS_STRIPS;
    bool whole = whole_blocks(w, c);
    memset(scratch, 0, lws_strips_scratch(w, c) * sizeof *scratch);
    for (int r = 0; r < h; r++) {
        const float *from = image + r * row;
        if (!whole)
            from = memcpy(scratch, from, row * sizeof *scratch);
        int channel = 0;
        float *to = planes + (size_t)r * length * LWS_STRIPS;
        for (int at = 0; at < columns; at += LWS_STRIPS) {
            floats v[LWS_STRIPS];
            for (int k = 0; k < LWS_STRIPS; k++)
                v[k] = *(const floats *)(from + at + (size_t)k * columns);
            transpose(v);
            for (int i = 0; i < LWS_STRIPS && at + i < columns; i++) {
                *(floats *)(to + channel * plane) = v[i];
                channel = channel + 1 < c ? channel + 1 : 0;
                to += channel == 0 ? LWS_STRIPS : 0;
            }
        }
    }
}

LWS_VARIANTS(extern, void, lws_strips_join, (int h, int w, int c, const float *planes, float *image, float *scratch),
             (h, w, c, planes, image, scratch))
{
    int length = lws_strips_length(w), columns = length * c;
    size_t row = (size_t)w * c, plane = (size_t)h * length * LWS_STRIPS;
    bool whole = whole_blocks(w, c);
    for (int r = 0; r < h; r++) {
        float *to = whole ? image + r * row : scratch;
        for (int at = (columns - 1) / LWS_STRIPS * LWS_STRIPS; at >= 0; at -= LWS_STRIPS) {
            floats v[LWS_STRIPS] = {{0}};
            int channel = at % c;
            const float *from = planes + ((size_t)r * length + at / c) * LWS_STRIPS;
            for (int i = 0; i < LWS_STRIPS && at + i < columns; i++) {
                v[i] = *(const floats *)(from + channel * plane);
                channel = channel + 1 < c ? channel + 1 : 0;
                from += channel == 0 ? LWS_STRIPS : 0;
            }
            transpose(v);
            for (int k = 0; k < LWS_STRIPS; k++)
                *(floats *)(to + at + (size_t)k * columns) = v[k];
        }
        if (!whole)
            memcpy(image + r * row, scratch, row * sizeof *image);
    }
}
