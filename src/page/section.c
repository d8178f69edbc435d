/* How every section begins and ends. */
#include "html.h"
#include "sections.h"

void section_begin(page *p, const char *anchor, const char *title)
{
    lws_text_add(&p->out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", anchor, anchor,
                 anchor);
    html_text_short(&p->out, title, 120);
    lws_text_add(&p->out, "</h2>\n");
}

void section_end(page *p)
{
    lws_text_add(&p->out, "</section>\n");
}
