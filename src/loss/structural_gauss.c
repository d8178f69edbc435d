/* Memory and constants for kernels/gauss_plane.h, which does the work. */
#include "structural_gauss.h"

#include "base/arena.h"
#include "base/simd.h"
#include "kernels/gauss_plane.h"
#include <lwssim/loss.h>

#include <string.h>

typedef struct gauss_image {
    lws_gauss_plane plane; /* what all windows and channels share */
    float *x, *y, *dy;     /* [c, h, columns] */
    int64_t *valid;        /* [levels, columns] */
    double *total;         /* [h, LWS_GAUSS_SUMS, columns] */
} gauss_image;

/* Without memory at the arena it only counts. */
static void lay_out(lws_arena *arena, int levels, const level *lv, int h, int w, int c, gauss_image *image)
{
    lws_gauss_plane *p = &image->plane;
    int longest = 0, columns = lws_gauss_columns(w);
    for (int l = 0; l < levels; l++)
        longest = lv[l].window.side > longest ? lv[l].window.side : longest;
    size_t row = (size_t)columns, plane = (size_t)h * row, rows = (size_t)(longest - 1) + LWS_GAUSS_KEPT;
    size_t maps = (size_t)lws_gauss_stride(columns, LWS_GAUSS_MAPS);
    size_t sums = (size_t)lws_gauss_stride(columns, LWS_GAUSS_SUMS);
    *p = (lws_gauss_plane){.h = h, .w = w, .columns = columns};
    image->x = lws_arena_take(arena, (size_t)c * plane * sizeof *image->x);
    image->y = lws_arena_take(arena, (size_t)c * plane * sizeof *image->y);
    image->dy = lws_arena_take(arena, (size_t)c * plane * sizeof *image->dy);
    image->valid = lws_arena_take(arena, (size_t)levels * row * sizeof *image->valid);
    image->total = lws_arena_take(arena, (levels > 1 ? LWS_GAUSS_SUMS * plane : 0) * sizeof *image->total);
    p->maps = lws_arena_take(arena, rows * maps * sizeof *p->maps);
    p->spread = lws_arena_take(arena, rows * sums * sizeof *p->spread);
    p->coefficient =
        lws_arena_take(arena, LWS_GAUSS_SUMS * (size_t)lws_gauss_padded(columns, longest) * sizeof *p->coefficient);
    p->filtered = lws_arena_take(arena, LWS_GAUSS_ROWS * maps * sizeof *p->filtered);
    p->mean = lws_arena_take(arena, LWS_GAUSS_MAPS * row * sizeof *p->mean);
    p->row = lws_arena_take(arena, row / LWS_SCORE_LANES * sizeof *p->row);
}

size_t structural_gauss_size(int levels, const level *lv, int h, int w, int c)
{
    lws_arena count = {0};
    gauss_image image;
    lay_out(&count, levels, lv, h, w, c, &image);
    return count.used;
}

/* A row of an image [w, c] and of its planes, `plane` floats apart. With a constant c the compiler makes vectors of
 * it. */
LWS_INLINE void split_row(int w, int c, size_t plane, const float *restrict row, float *restrict planes)
{
    for (int j = 0; j < w; j++)
        for (int k = 0; k < c; k++)
            planes[(size_t)k * plane + (size_t)j] = row[j * c + k];
}

LWS_INLINE void join_row(int w, int c, size_t plane, const float *restrict planes, float *restrict row)
{
    for (int j = 0; j < w; j++)
        for (int k = 0; k < c; k++)
            row[j * c + k] = planes[(size_t)k * plane + (size_t)j];
}

/* An image [h, w, c] to planes [c, h, columns], zeros from w on, and back. */
LWS_VARIANTS(static, void, split, (int h, int w, int c, const float *restrict image, float *restrict planes),
             (h, w, c, image, planes))
{
    int columns = lws_gauss_columns(w);
    size_t plane = (size_t)h * columns;
    for (int r = 0; r < h; r++) {
        const float *from = image + (size_t)r * w * c;
        float *to = planes + (size_t)r * columns;
        if (c == 3)
            split_row(w, 3, plane, from, to);
        else
            split_row(w, c, plane, from, to);
        for (int k = 0; k < c; k++)
            for (int j = w; j < columns; j++)
                to[k * plane + j] = 0;
    }
}

LWS_VARIANTS(static, void, join, (int h, int w, int c, const float *restrict planes, float *restrict image),
             (h, w, c, planes, image))
{
    int columns = lws_gauss_columns(w);
    size_t plane = (size_t)h * columns;
    for (int r = 0; r < h; r++) {
        const float *from = planes + (size_t)r * columns;
        float *to = image + (size_t)r * w * c;
        if (c == 3)
            join_row(w, 3, plane, from, to);
        else
            join_row(w, c, plane, from, to);
    }
}

/* A level's plane, whatever channel. */
static void make_level(const gauss_image *image, const level *lv, const loss_image *given, int l,
                       lws_gauss_plane *plane)
{
    int side = lv->window.side, columns = image->plane.columns;
    int64_t *valid = image->valid + (size_t)l * columns;
    double windows = (double)(given->h - side + 1) * (given->w - side + 1) * given->c;
    for (int j = 0; j < columns; j++)
        valid[j] = j <= given->w - side ? -1 : 0;
    *plane = image->plane;
    plane->side = side;
    plane->tap = lv->window.tap;
    plane->valid = valid;
    plane->score = structural_score(lv, 1, given->scale, windows);
}

double structural_gauss(int levels, const level *lv, const loss_image *given)
{
    int h = given->h, w = given->w, c = given->c;
    lws_arena arena = {.base = given->scratch, .size = structural_gauss_size(levels, lv, h, w, c)};
    gauss_image image;
    lws_gauss_plane plane[LWS_LOSS_LEVELS];
    double value = 0;
    lay_out(&arena, levels, lv, h, w, c, &image);
    for (int l = 0; l < levels; l++)
        make_level(&image, &lv[l], given, l, &plane[l]);
    split(h, w, c, given->x, image.x);
    split(h, w, c, given->y, image.y);
    for (int k = 0; k < c; k++)
        for (int l = 0; l < levels; l++) {
            lws_gauss_plane *p = &plane[l];
            size_t at = (size_t)k * h * p->columns;
            p->x = image.x + at;
            p->y = image.y + at;
            p->dy = given->dy ? image.dy + at : NULL;
            p->from = l > 0 ? image.total : NULL;
            p->to = l < levels - 1 ? image.total : NULL;
            lws_gauss_plane_run(p);
        }
    if (given->dy)
        join(h, w, c, image.dy, given->dy);
    for (int l = 0; l < levels; l++) {
        double sum = 0, windows = (double)(h - plane[l].side + 1) * (w - plane[l].side + 1) * c;
        for (int k = 0; k < LWS_SCORE_LANES; k++)
            sum += plane[l].loss[k];
        value += lv[l].weight * sum / windows;
    }
    return value;
}
