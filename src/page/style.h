/* The style of a report. Private to this folder. */
#ifndef PAGE_STYLE_H
#define PAGE_STYLE_H

/* CSS: one column on a phone, light and dark as the reader has it, without what paper has no use for in print. */
extern const char page_style[];

#endif
