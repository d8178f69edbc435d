/* Memory and constants for kernels/box_plane.h, which does the work. */
#include "structural_box.h"

#include "base/arena.h"
#include "kernels/box_plane.h"
#include <lwssim/loss.h>

#include <string.h>

_Static_assert((int)LWS_LOSS_LEVELS <= (int)LWS_BOX_LEVELS, "all windows of a loss go through at once");

typedef struct box_image {
    lws_box_plane plane;
    float *x, *y, *dy; /* [c, h, length, LWS_STRIPS] */
    float *strips;     /* scratch of the conversions */
    char *zeros;       /* what a plane wants cleared */
    size_t zeros_size;
} box_image;

/* Without memory at the arena it only counts. */
static void lay_out(lws_arena *arena, int levels, const level *lv, int h, int w, int c, box_image *image)
{
    size_t length = (size_t)lws_strips_length(w), pixels = (size_t)c * h * length * LWS_STRIPS;
    lws_box_plane *p = &image->plane;
    p->h = h;
    p->length = (int)length;
    p->levels = levels;
    p->longest = 0;
    for (int l = 0; l < levels; l++)
        p->longest = lv[l].window.side > p->longest ? lv[l].window.side : p->longest;
    image->x = lws_arena_take(arena, pixels * sizeof *image->x);
    image->y = lws_arena_take(arena, pixels * sizeof *image->y);
    image->dy = lws_arena_take(arena, pixels * sizeof *image->dy);
    image->strips = lws_arena_take(arena, lws_strips_scratch(w, c) * sizeof *image->strips);
    p->level = lws_arena_take(arena, (size_t)levels * sizeof *p->level);
    p->row = lws_arena_take(arena, length * sizeof *p->row);
    size_t before = arena->used;
    p->column = lws_arena_take(arena, length * sizeof *p->column);
    p->leaving = lws_arena_take(arena, (size_t)p->longest * length * sizeof *p->leaving);
    p->integral = lws_arena_take(arena, (size_t)(p->longest + 2) * (length + 1) * sizeof *p->integral +
                                            LWS_STRIPS * sizeof(double));
    image->zeros = (char *)p->column;
    image->zeros_size = arena->used - before;
}

static void lay_out_level(lws_arena *arena, size_t length, lws_box_padded **window, int64_t **valid, ptrdiff_t **behind)
{
    *window = lws_arena_take(arena, length * sizeof **window);
    *valid = lws_arena_take(arena, length * LWS_STRIPS * sizeof **valid);
    *behind = lws_arena_take(arena, length * sizeof **behind);
}

/* See lws_box_level. */
static ptrdiff_t behind_pixel(int side, int length, int j)
{
    int strips = j < side ? (side - j + length - 1) / length : 0, from = j - side + strips * length;
    return from * (ptrdiff_t)(sizeof(lws_box_padded) / sizeof(double)) - strips;
}

static void make_level(lws_arena *arena, const level *from, double scale, int h, int w, int c, lws_box_level *to)
{
    int side = from->window.side, length = lws_strips_length(w);
    double windows = (double)(h - side + 1) * (w - side + 1) * c;
    *to = (lws_box_level){.side = side, .rows = h - side + 1};
    to->score = structural_score(from, (double)side * side, scale, windows);
    int64_t *valid;
    ptrdiff_t *behind;
    lay_out_level(arena, (size_t)length, &to->window, &valid, &behind);
    memset(to->window, 0, (size_t)length * sizeof *to->window);
    for (int j = 0; j < length; j++) {
        behind[j] = behind_pixel(side, length, j);
        for (int k = 0; k < LWS_STRIPS; k++)
            valid[j * LWS_STRIPS + k] = k * length + j <= w - side ? -1 : 0;
    }
    to->valid = valid;
    to->behind = behind;
}

/* The levels' places, longest window first. */
static void order_levels(int levels, const level *lv, int *order)
{
    for (int l = 0; l < levels; l++) {
        int i = l;
        for (; i > 0 && lv[order[i - 1]].window.side < lv[l].window.side; i--)
            order[i] = order[i - 1];
        order[i] = l;
    }
}

size_t structural_box_size(int levels, const level *lv, int h, int w, int c)
{
    lws_arena count = {0};
    box_image image;
    lay_out(&count, levels, lv, h, w, c, &image);
    for (int l = 0; l < levels; l++) {
        lws_box_padded *window;
        int64_t *valid;
        ptrdiff_t *behind;
        lay_out_level(&count, (size_t)lws_strips_length(w), &window, &valid, &behind);
    }
    return count.used;
}

double structural_box(int levels, const level *lv, const loss_image *given)
{
    int h = given->h, w = given->w, c = given->c;
    const float *x = given->x, *y = given->y;
    float *dy = given->dy;
    lws_arena arena = {.base = given->scratch, .size = structural_box_size(levels, lv, h, w, c)};
    box_image image;
    lws_box_plane *p = &image.plane;
    int order[LWS_LOSS_LEVELS];
    lay_out(&arena, levels, lv, h, w, c, &image);
    order_levels(levels, lv, order);
    for (int l = 0; l < levels; l++)
        make_level(&arena, &lv[order[l]], given->scale, h, w, c, &p->level[l]);
    lws_strips_split(h, w, c, x, image.x, image.strips);
    lws_strips_split(h, w, c, y, image.y, image.strips);
    for (int k = 0; k < c; k++) {
        ptrdiff_t at = (ptrdiff_t)k * h * p->length * LWS_STRIPS;
        memset(image.zeros, 0, image.zeros_size);
        p->x = image.x + at;
        p->y = image.y + at;
        p->dy = dy ? image.dy + at : NULL;
        lws_box_plane_run(p);
    }
    if (dy)
        lws_strips_join(h, w, c, image.dy, dy, image.strips);
    double value = 0;
    for (int l = 0; l < levels; l++) {
        const lws_box_level *from = &p->level[l];
        double sum = 0;
        for (int k = 0; k < LWS_STRIPS; k++)
            sum += from->loss[k];
        value += lv[order[l]].weight * sum / ((double)from->rows * (w - from->side + 1) * c);
    }
    return value;
}
