/* Drawings in SVG: curves over steps, points with their line. They need no script: what a pointer over them shows are
 * titles. Colours are classes of the style (style.c). Private to this folder. */
#ifndef PAGE_PLOT_H
#define PAGE_PLOT_H

#include "series.h"

#include "base/text.h"

typedef struct plot_line {
    const char *name;
    int style;       /* of STYLES (differ.h); -1: grey */
    const point *at; /* [count], x ascending */
    int count;
} plot_line;

typedef struct plot {
    const char *title;
    const char *note; /* said beside the title; "": nothing */
    int lines;
    const plot_line *line; /* [lines] */
} plot;

/* A figure with its caption. What has no finite value is left out; without any there is no figure, and false. */
bool plot_draw(lws_text *out, const plot *p);

/* Points (x, y) in [-1, 1]², the diagonal, and the line y = meanY + slope · (x - meanX). */
typedef struct plot_cloud {
    const char *title, *note, *x_title, *y_title;
    int count;
    const point *at; /* [count], owned by the caller */
    double mean_x, mean_y, slope;
} plot_cloud;
void plot_draw_cloud(lws_text *out, const plot_cloud *p);

#endif
