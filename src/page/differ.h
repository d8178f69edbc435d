/* What runs differ in, and the colours that tell them apart. Private to this folder. */
#ifndef PAGE_DIFFER_H
#define PAGE_DIFFER_H

#include "run.h"

enum { DIFFER_KEYS = 64, STYLE_COLOURS = 6, STYLE_DASHES = 3, STYLES = STYLE_COLOURS * STYLE_DASHES };

typedef struct differ {
    int count;
    const char *key[DIFFER_KEYS]; /* whose values are not the same in all runs; owned by the runs */
} differ;

/* In the order of config.ini. `data`, where images lie, comes last. */
differ differ_find(const page_runs *runs);

/* How curves are drawn: one style a run where there are few; else one a value of a key. */
typedef struct styles {
    const char *key; /* NULL: one a run */
    int count;
    const char *name[STYLES]; /* what a style stands for; owned by the runs */
} styles;

styles styles_choose(const page_runs *runs, const differ *d);

/* The style of a run; -1: it shares none. */
int styles_of(const styles *s, const page_runs *runs, int run);

#endif
