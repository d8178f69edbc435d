/* The sections of a report, each in a file of its own (section_NAME.c): they add HTML to `out`, or nothing where they
 * have nothing to say. Private to this folder. */
#ifndef PAGE_SECTIONS_H
#define PAGE_SECTIONS_H

#include "differ.h"
#include "image.h"
#include "page/page.h"
#include "run.h"
#include "view.h"

typedef struct page {
    lws_text out;
    const lws_page_request *request;
    page_runs runs;
    differ differ;
    styles styles;
    image_room room; /* for pictures */
} page;

/* How much runs show: of one all, of some less, of many what fits. */
enum { PAGE_FEW = 4, PAGE_SOME = 12 };

/* <h2> with an anchor. */
void section_begin(page *p, const char *anchor, const char *title);
void section_end(page *p);

void section_failures(page *p);
void section_headline(page *p);
void section_tables(page *p);
void section_runs(page *p);
void section_curves(page *p);
void section_pictures(page *p);
void section_models(page *p);
void section_config(page *p);
void section_speed(page *p);

#endif
