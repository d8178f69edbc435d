/* Structural losses over uniform windows, row by row and all levels at once, so that what is in use stays in the L1
 * cache. Included with LANES defined: the LWS_STRIPS lanes are worked on LANES at a time, each by itself, so that the
 * width does not show in the bits.
 *
 * Forward: `integral` holds for the last rows the sums over all pixels above and, within the strip, to the left, of
 * e = y - x, y, e² and x² + y². What a window needs is differences of four of them; what is made of it stands in
 * score_template.h.
 *
 * The sums grow with the image, 256 rows of 32 pixels in a strip, and with them what a difference loses: some 1e-13 of
 * a pixel's square, next to C2 of 1e-3.
 *
 * Backward: ∂/∂y = e · Σ a - y · Σ b + Σ r over the windows around a pixel. What a window adds to these sums is the
 * integral over rows and columns of four impulses: + at its upper left corner, - right of the upper right one, - below
 * the lower left one, + beyond the lower right one. So the impulses of all levels add up first, and the integral is
 * taken once a row: `leaving` keeps impulses of rows to come, those below windows, `column` is the integral over rows,
 * and finish_row integrates along the row. */
#ifndef LWS_BOX_PLANE_TEMPLATE_H
#define LWS_BOX_PLANE_TEMPLATE_H

#include "kernels/box_plane.h"

#include "arch/score_template.h"

/* An object as seen from `lane` lanes on. */
#define FROM(pointer, lane) ((__typeof__(pointer))((double *)(pointer) + (lane)))

LWS_INLINE lws_box_sums *integral_row(const lws_box_plane *p, int row)
{
    return p->integral + (ptrdiff_t)(row % (p->longest + 2)) * (p->length + 1);
}

LWS_INLINE lws_box_coefficients *leaving_row(const lws_box_plane *p, int row)
{
    return p->leaving + (ptrdiff_t)(row % p->longest) * p->length;
}

/* Row `row` + 1 of the integral from the one above and row `row` of the images. */
LWS_INLINE void integrate_row(const lws_box_plane *p, int row)
{
    int length = p->length;
    const float *x32 = p->x + (ptrdiff_t)row * length * LWS_STRIPS, *y32 = p->y + (ptrdiff_t)row * length * LWS_STRIPS;
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        const lws_box_sums *above = FROM(integral_row(p, row) + 1, lane);
        lws_box_sums *below = FROM(integral_row(p, row + 1) + 1, lane);
        vec sum_e = {0}, sum_y = {0}, sum_e2 = {0}, sum_x2y2 = {0};
        for (int j = 0; j < length; j++) {
            vec x = WIDE(x32[j * LWS_STRIPS + lane]), y = WIDE(y32[j * LWS_STRIPS + lane]), e = y - x;
            sum_e += e;
            sum_y += y;
            sum_e2 += e * e;
            sum_x2y2 += x * x + y * y;
            V(below[j].e) = V(above[j].e) + sum_e;
            V(below[j].y) = V(above[j].y) + sum_y;
            V(below[j].e2) = V(above[j].e2) + sum_e2;
            V(below[j].x2y2) = V(above[j].x2y2) + sum_x2y2;
        }
    }
}

/* The right edges of windows: `lanes` strips further right, after `at` of the strip's pixels; and what the integral
 * leaves out there, the strips in between. Lanes beyond the last strip hold other numbers of the row, finite ones:
 * those windows would stick out of the image and are masked. */
typedef struct box_edge {
    const lws_box_sums *top, *bottom;
    int at, lanes;
    struct {
        vec e, y, e2, x2y2;
    } between;
} box_edge;

LWS_INLINE void next_strip(box_edge *edge, int length)
{
    const lws_box_sums *top = FROM(edge->top + length, edge->lanes), *bottom = FROM(edge->bottom + length, edge->lanes);
    edge->between.e += V(bottom->e) - V(top->e);
    edge->between.y += V(bottom->y) - V(top->y);
    edge->between.e2 += V(bottom->e2) - V(top->e2);
    edge->between.x2y2 += V(bottom->x2y2) - V(top->x2y2);
    edge->lanes++;
}

#define BOX(map) ((V(bottom->map) - V(top->map)) - (V(edge->bottom[j].map) - V(edge->top[j].map)) + edge->between.map)

/* The windows that begin at pixel j of the strips; j goes up by one from call to call. */
LWS_INLINE void measure(const lws_box_level *lv, score_kind kind, int length, int j, box_edge *edge, score_moments *out)
{
    if (edge->at == length) {
        next_strip(edge, length);
        edge->at = 0;
    }
    edge->at++;
    const lws_box_sums *top = FROM(edge->top + edge->at, edge->lanes),
                       *bottom = FROM(edge->bottom + edge->at, edge->lanes);
    score_measure(&lv->score, kind, BOX(e), BOX(y), BOX(e2), BOX(x2y2), out);
}

/* What is made of the windows that begin at pixel j. */
LWS_INLINE void judge(const lws_box_level *lv, int lane, int j, score_kind kind, score_parts parts, const vec *slope,
                      vec *loss)
{
    lws_box_padded *to = FROM(lv->window + j, lane);
    score_judge(&lv->score, kind, parts, slope, *(const mask *)&lv->valid[j * LWS_STRIPS + lane], loss,
                (score_target){&V(to->a), &V(to->b), &V(to->r)});
}

LWS_INLINE box_edge first_edge(const lws_box_plane *p, const lws_box_level *lv, int row, int lane)
{
    int ahead = lv->side - 1;
    box_edge edge = {.top = FROM(integral_row(p, row), lane),
                     .bottom = FROM(integral_row(p, row + lv->side), lane),
                     .at = ahead % p->length};
    edge.between.e = edge.between.y = edge.between.e2 = edge.between.x2y2 = (vec){0};
    while (edge.lanes < ahead / p->length)
        next_strip(&edge, p->length);
    return edge;
}

/* A window is judged while the next one is measured: either alone waits for its own results. */
LWS_INLINE void plain_row(const lws_box_plane *p, lws_box_level *level, int row, score_kind kind)
{
    const lws_box_level lv = *level;
    int length = p->length;
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        box_edge edge = first_edge(p, &lv, row, lane);
        score_moments now, next;
        vec loss = V(lv.loss[lane]);
        measure(&lv, kind, length, 0, &edge, &now);
        for (int j = 0; j < length - 1; j++) {
            measure(&lv, kind, length, j + 1, &edge, &next);
            judge(&lv, lane, j, kind, score_take_apart(kind, &now), NULL, &loss);
            now = next;
        }
        judge(&lv, lane, length - 1, kind, score_take_apart(kind, &now), NULL, &loss);
        V(level->loss[lane]) = loss;
    }
}

/* With an exponent: all are measured, then all powers taken, then all judged. */
LWS_INLINE void power_row(const lws_box_plane *p, lws_box_level *level, int row, score_kind kind)
{
    const lws_box_level lv = *level;
    int length = p->length;
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        box_edge edge = first_edge(p, &lv, row, lane);
        for (int j = 0; j < length; j++) {
            score_moments now;
            measure(&lv, kind, length, j, &edge, &now);
            score_store(kind, score_take_apart(kind, &now), p->row + j, lane);
        }
    }
    score_raise(lv.score.power, p->row, length);
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        vec loss = V(lv.loss[lane]);
        for (int j = 0; j < length; j++)
            judge(&lv, lane, j, kind, score_load(kind, p->row + j, lane), &V(p->row[j].slope[lane]), &loss);
        V(level->loss[lane]) = loss;
    }
}

/* Row `row` of a level's windows. */
LWS_INLINE void window_row(const lws_box_plane *p, lws_box_level *level, int row, score_kind kind)
{
    if (kind.power)
        power_row(p, level, row, kind);
    else
        plain_row(p, level, row, kind);
}

/* The impulses of a row of windows, those at its lower edge for later, those at its upper edge added to what earlier
 * rows left for this one, and integrated over rows. `sum` gets the sum over the row. */
LWS_INLINE void spread_row(const lws_box_plane *p, int row, lws_box_coefficients *sum)
{
    int length = p->length, levels = 0;
    struct {
        const lws_box_padded *window;
        const ptrdiff_t *behind;
        lws_box_coefficients *below;
    } level[LWS_BOX_LEVELS];
    for (const lws_box_level *lv = p->level; lv < p->level + p->levels; lv++) {
        if (row >= lv->rows)
            continue;
        level[levels].window = lv->window;
        level[levels].behind = lv->behind;
        level[levels++].below = leaving_row(p, row + lv->side);
    }
    /* What the longest window leaves takes this row's place. */
    int replaces = row < p->level[0].rows ? 1 : 0;
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        lws_box_coefficients *leaving = FROM(leaving_row(p, row), lane), *column = FROM(p->column, lane);
        vec sum_a = {0}, sum_b = {0}, sum_r = {0};
        for (int j = 0; j < length; j++) {
            vec here_a = V(column[j].a) + V(leaving[j].a), here_b = V(column[j].b) + V(leaving[j].b);
            vec here_r = V(column[j].r) + V(leaving[j].r);
            for (int l = 0; l < levels; l++) {
                const lws_box_padded *left = FROM(level[l].window + j, lane);
                const lws_box_padded *right = FROM(level[l].window, level[l].behind[j] + lane);
                lws_box_coefficients *below = FROM(level[l].below + j, lane);
                vec a = V(left->a) - V(right->a), b = V(left->b) - V(right->b), r = V(left->r) - V(right->r);
                here_a += a;
                here_b += b;
                here_r += r;
                vec keep_a = {0}, keep_b = {0}, keep_r = {0};
                if (l >= replaces) {
                    keep_a = V(below->a);
                    keep_b = V(below->b);
                    keep_r = V(below->r);
                }
                V(below->a) = keep_a - a;
                V(below->b) = keep_b - b;
                V(below->r) = keep_r - r;
            }
            V(column[j].a) = here_a;
            V(column[j].b) = here_b;
            V(column[j].r) = here_r;
            sum_a += here_a;
            sum_b += here_b;
            sum_r += here_r;
        }
        V(sum->a[lane]) = sum_a;
        V(sum->b[lane]) = sum_b;
        V(sum->r[lane]) = sum_r;
    }
}

/* From sums over strips to sums over all strips before. */
LWS_INLINE void sum_strips_before(double *sum)
{
    double before = 0;
    for (int k = 0; k < LWS_STRIPS; k++) {
        double strip = sum[k];
        sum[k] = before;
        before += strip;
    }
}

/* A row of dy: the integral along the row; `sum`: of spread_row. */
LWS_INLINE void finish_row(const lws_box_plane *p, int row, lws_box_coefficients *sum)
{
    int length = p->length;
    ptrdiff_t at = (ptrdiff_t)row * length * LWS_STRIPS;
    sum_strips_before(sum->a);
    sum_strips_before(sum->b);
    sum_strips_before(sum->r);
    for (int lane = 0; lane < LWS_STRIPS; lane += LANES) {
        const lws_box_coefficients *column = FROM(p->column, lane);
        const float *x32 = p->x + at + lane, *y32 = p->y + at + lane;
        float *dy = p->dy + at + lane;
        vec a = V(sum->a[lane]), b = V(sum->b[lane]), r = V(sum->r[lane]);
        for (int j = 0; j < length; j++) {
            vec x = WIDE(x32[j * LWS_STRIPS]), y = WIDE(y32[j * LWS_STRIPS]);
            a += V(column[j].a);
            b += V(column[j].b);
            r += V(column[j].r);
            *(floats *)&dy[j * LWS_STRIPS] = __builtin_convertvector((y - x) * a - y * b + r, floats);
        }
    }
}

LWS_INLINE void run(const lws_box_plane *p, bool gradient)
{
    for (int row = 0; row < p->longest; row++)
        integrate_row(p, row);
    for (int row = 0; row < p->h; row++) {
        for (lws_box_level *level = p->level; level < p->level + p->levels; level++)
            if (row < level->rows)
                SCORE_SWITCH(level->score, gradient, window_row, p, level, row)
        if (row + p->longest < p->h)
            integrate_row(p, row + p->longest);
        if (gradient) {
            lws_box_coefficients sum;
            spread_row(p, row, &sum);
            finish_row(p, row, &sum);
        }
    }
}

LWS_INLINE void run_plane(const lws_box_plane *p)
{
    if (p->dy)
        run(p, true);
    else
        run(p, false);
}

#endif
