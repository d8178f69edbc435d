/* Separable resizing. Both passes are the same loop, a weighted sum of rows that runs along the row; the horizontal
 * pass works on the transposed image. A pixel is 1 byte, or 4 (RGB and padding) so that transposing moves words.
 *
 * The rules are Pillow's: a filter widened by the scale, weights normalised over the pixels inside the image, 22-bit
 * fixed point, and rounding to bytes between the passes. */
#include "datasets/decode/image.h"

#include "base/files.h"
#include "base/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRACTION = 22, BLOCK = 32, TILE = 16 };

/* One axis: output i is the sum over t < taps[i] of weight[i * most + t] × input first[i] + t. */
typedef struct axis {
    int in, out, most;
    lws_filter filter;
    int *first, *taps;
    int32_t *weight;
} axis;

struct lws_resizer {
    axis x, y;
    lws_bytes a, b, wide;
};

/* ---- weights --------------------------------------------------------------------------------- */

static double sinc(double x)
{
    return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

static double filter_value(lws_filter filter, double x)
{
    if (filter == LWS_FILTER_AREA)
        return x > -.5 && x <= .5;
    return x > -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static void axis_free(axis *a)
{
    free(a->first);
    free(a->taps);
    free(a->weight);
    *a = (axis){0};
}

/* The weights of one output pixel, whose centre lies at `centre` on the input. */
static void fill(axis *a, int i, double centre, double scale, double support, double *w)
{
    int first = (int)(centre - support + .5), end = (int)(centre + support + .5);
    first = first < 0 ? 0 : first;
    end = end > a->in ? a->in : end;
    double sum = 0;
    for (int t = 0; t < end - first; t++) {
        w[t] = filter_value(a->filter, (first + t - centre + .5) / scale);
        sum += w[t];
    }
    a->first[i] = first;
    a->taps[i] = end - first;
    for (int t = 0; t < end - first; t++) {
        double unit = (sum != 0 ? w[t] / sum : w[t]) * (1 << FRACTION);
        a->weight[i * a->most + t] = (int32_t)(unit < 0 ? unit - .5 : unit + .5);
    }
}

static lws_status axis_set(axis *a, int in, int out, lws_filter filter)
{
    if (a->weight && a->in == in && a->out == out && a->filter == filter)
        return LWS_OK;
    axis_free(a);
    double scale = (double)in / out, stretch = scale < 1 ? 1 : scale;
    double support = (filter == LWS_FILTER_AREA ? .5 : 3.) * stretch;
    *a = (axis){.in = in, .out = out, .filter = filter, .most = 2 * (int)ceil(support) + 1};
    a->first = calloc((size_t)out, sizeof *a->first);
    a->taps = calloc((size_t)out, sizeof *a->taps);
    a->weight = calloc((size_t)out * (size_t)a->most, sizeof *a->weight);
    double *w = calloc((size_t)a->most, sizeof *w);
    bool ready = a->first && a->taps && a->weight && w;
    for (int i = 0; ready && i < out; i++)
        fill(a, i, (i + .5) * scale, stretch, support, w);
    free(w);
    if (ready)
        return LWS_OK;
    axis_free(a);
    return lws_fail(LWS_ERR_MEMORY, "out of memory resizing an image");
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* One block of columns: wide [a->in, BLOCK] -> out [a->out, stride]. */
LWS_INLINE void weigh_block(const axis *a, const int32_t *restrict wide, size_t stride, uint8_t *restrict out)
{
    for (int i = 0; i < a->out; i++) {
        const int32_t *weight = a->weight + (size_t)i * (size_t)a->most;
        const int32_t *row = wide + (size_t)a->first[i] * BLOCK;
        int32_t sum[BLOCK];
        for (int j = 0; j < BLOCK; j++)
            sum[j] = 1 << (FRACTION - 1);
        for (int t = 0; t < a->taps[i]; t++, row += BLOCK) {
            int32_t w = weight[t];
            for (int j = 0; j < BLOCK; j++)
                sum[j] += w * row[j];
        }
        for (int j = 0; j < BLOCK; j++) {
            int32_t v = sum[j] >> FRACTION;
            v = v < 0 ? 0 : v;
            out[(size_t)i * stride + (size_t)j] = (uint8_t)(v > 255 ? 255 : v);
        }
    }
}

/* in [a->in, stride] -> out [a->out, stride]; stride is a multiple of BLOCK. Every row counts for several rows of `out`
 * and is widened once for all, to wide [a->in, BLOCK]. */
LWS_VARIANTS(static, void, weigh_rows,
             (const axis *a, size_t stride, const uint8_t *restrict in, int32_t *restrict wide, uint8_t *restrict out),
             (a, stride, in, wide, out))
{
    for (size_t x = 0; x < stride; x += BLOCK) {
        for (int y = 0; y < a->in; y++) {
            for (int j = 0; j < BLOCK; j++)
                wide[y * BLOCK + j] = in[(size_t)y * stride + x + (size_t)j];
        }
        weigh_block(a, wide, stride, out + x);
    }
}

/* ---- transposing ----------------------------------------------------------------------------- */

static size_t padded(size_t bytes)
{
    return (bytes + BLOCK - 1) / BLOCK * BLOCK;
}

/* in [h, in_stride bytes] of w pixels -> out [w, out_stride bytes] of h pixels; by tiles, for the cache. */
static void transpose1(const uint8_t *in, size_t in_stride, int h, int w, uint8_t *out, size_t out_stride)
{
    for (int y0 = 0; y0 < h; y0 += TILE)
        for (int x0 = 0; x0 < w; x0 += TILE)
            for (int x = x0; x < x0 + TILE && x < w; x++)
                for (int y = y0; y < y0 + TILE && y < h; y++)
                    out[(size_t)x * out_stride + (size_t)y] = in[(size_t)y * in_stride + (size_t)x];
}

typedef uint32_t quad __attribute__((vector_size(16)));

/* 4 x 4 pixels. */
LWS_INLINE void transpose_quads(const uint8_t *in, size_t in_stride, uint8_t *out, size_t out_stride)
{
    quad row[4], low[2], high[2];
    for (size_t y = 0; y < 4; y++)
        memcpy(&row[y], in + y * in_stride, sizeof *row);
    for (int i = 0; i < 2; i++) {
        low[i] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 0, 4, 1, 5);
        high[i] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 2, 6, 3, 7);
    }
    row[0] = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
    row[1] = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
    row[2] = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
    row[3] = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
    for (size_t x = 0; x < 4; x++)
        memcpy(out + x * out_stride, &row[x], sizeof *row);
}

static void transpose4(const uint8_t *in, size_t in_stride, int h, int w, uint8_t *out, size_t out_stride)
{
    int quads_high = h / 4 * 4, quads_wide = w / 4 * 4;
    for (int x = 0; x < quads_wide; x += 4) {
        for (int y = 0; y < quads_high; y += 4)
            transpose_quads(in + (size_t)y * in_stride + 4 * (size_t)x, in_stride,
                            out + (size_t)x * out_stride + 4 * (size_t)y, out_stride);
    }
    for (int x = 0; x < w; x++) { /* what is left at the right and below */
        for (int y = x < quads_wide ? quads_high : 0; y < h; y++)
            memcpy(out + (size_t)x * out_stride + 4 * (size_t)y, in + (size_t)y * in_stride + 4 * (size_t)x, 4);
    }
}

/* The same from RGB without padding. */
static void transpose3(const uint8_t *in, size_t in_stride, int h, int w, uint8_t *out, size_t out_stride)
{
    for (int y0 = 0; y0 < h; y0 += TILE)
        for (int x0 = 0; x0 < w; x0 += TILE)
            for (int x = x0; x < x0 + TILE && x < w; x++)
                for (int y = y0; y < y0 + TILE && y < h; y++)
                    memcpy(out + (size_t)x * out_stride + 4 * (size_t)y, in + (size_t)y * in_stride + 3 * (size_t)x, 3);
}

/* ---- resizing -------------------------------------------------------------------------------- */

lws_resizer *lws_resizer_create(void)
{
    return calloc(1, sizeof(lws_resizer));
}

void lws_resizer_destroy(lws_resizer *resizer)
{
    if (!resizer)
        return;
    axis_free(&resizer->x);
    axis_free(&resizer->y);
    lws_bytes_free(&resizer->a);
    lws_bytes_free(&resizer->b);
    lws_bytes_free(&resizer->wide);
    free(resizer);
}

/* Rows of `stride` bytes to out [height, width, 1 or 3]. */
static void pack(const uint8_t *in, size_t stride, int width, int height, int pixel, uint8_t *out)
{
    for (int y = 0; y < height; y++, in += stride) {
        if (pixel == 1) {
            memcpy(out, in, (size_t)width);
            out += width;
            continue;
        }
        for (int x = 0; x < width; x++, out += 3) {
            out[0] = in[4 * x];
            out[1] = in[4 * x + 1];
            out[2] = in[4 * x + 2];
        }
    }
}

lws_status lws_image_resize(lws_resizer *r, const lws_image *image, lws_crop crop, lws_filter filter, int width,
                            int height, uint8_t *out)
{
    int pixel = image->channels == 1 ? 1 : 4;
    size_t tall = padded((size_t)crop.height * (size_t)pixel); /* row of a transposed image */
    size_t wide = padded((size_t)width * (size_t)pixel);
    size_t most_a = tall * (size_t)crop.width, most_b = tall * (size_t)width;
    most_a = most_a > wide * (size_t)crop.height ? most_a : wide * (size_t)crop.height;
    most_b = most_b > wide * (size_t)height ? most_b : wide * (size_t)height;
    LWS_TRY(axis_set(&r->x, crop.width, width, filter));
    LWS_TRY(axis_set(&r->y, crop.height, height, filter));
    LWS_TRY(lws_bytes_reserve(&r->a, most_a));
    LWS_TRY(lws_bytes_reserve(&r->b, most_b));
    int rows = crop.width > crop.height ? crop.width : crop.height;
    LWS_TRY(lws_bytes_reserve(&r->wide, (size_t)rows * BLOCK * sizeof(int32_t)));
    int32_t *wide_rows = (int32_t *)(void *)r->wide.data;

    size_t stride = (size_t)image->width * (size_t)image->channels;
    const uint8_t *in = image->pixels + (size_t)crop.top * stride + (size_t)crop.left * (size_t)image->channels;
    void (*transpose)(const uint8_t *, size_t, int, int, uint8_t *, size_t) = image->channels == 1   ? transpose1
                                                                              : image->channels == 3 ? transpose3
                                                                                                     : transpose4;
    transpose(in, stride, crop.height, crop.width, r->a.data, tall);
    weigh_rows(&r->x, tall, r->a.data, wide_rows, r->b.data);
    (pixel == 1 ? transpose1 : transpose4)(r->b.data, tall, width, crop.height, r->a.data, wide);
    weigh_rows(&r->y, wide, r->a.data, wide_rows, r->b.data);
    pack(r->b.data, wide, width, height, pixel, out);
    return LWS_OK;
}
