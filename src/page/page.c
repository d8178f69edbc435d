/* A report, from its first line to its last. */
#include "page/page.h"

#include "html.h"
#include "sections.h"
#include "style.h"

#include "base/input.h"
#include "base/output.h"
#include <lwssim/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How every report begins. */
static const char beginning[] = "<!DOCTYPE html>\n<!-- lwssim report -->\n";

enum { ROOM_FOR_PICTURES = 3200000 };

bool lws_page_is_own(const char *path)
{
    return lws_input_begins(path, beginning, sizeof beginning - 1);
}

static void add_name(page *p)
{
    const page_runs *runs = &p->runs;
    if (runs->tables == 1) {
        const char *slash = strrchr(runs->table[0], '/');
        html_text_short(&p->out, slash && slash[1] ? slash + 1 : runs->table[0], 120);
    } else if (runs->count == 1) {
        html_text_short(&p->out, runs->run[0].name, 120);
    } else {
        lws_text_add(&p->out, "%d runs", runs->count);
    }
}

static void add_head(page *p)
{
    lws_text_add(&p->out,
                 "%s<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                 "content=\"width=device-width, initial-scale=1\">\n<meta name=\"generator\" content=\"lwssim %s\">\n",
                 beginning, LWS_VERSION);
    if (p->request->refresh > 0)
        lws_text_add(&p->out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", p->request->refresh);
    lws_text_add(&p->out, "<link rel=\"icon\" href=\"data:,\">\n<title>");
    add_name(p);
    lws_text_add(&p->out, " – lwssim</title>\n<style>\n%s</style>\n</head>\n<body>\n", page_style);
}

/* The model and the loss of a run, in a line below its name. */
static void add_lead(page *p)
{
    static const char *const keys[] = {"model", "loss", "preset", "optimizer", "batch-size", "seed"};
    static const char *const before[] = {"", "trained by ", "preset ", "", "batches of ", "seed "};
    if (p->runs.count != 1)
        return;
    lws_text_add(&p->out, "<p class=\"lead\">");
    for (size_t i = 0, shown = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = config_file_get(&p->runs.run[0].config, keys[i]);
        if (!value)
            continue;
        lws_text_add(&p->out, "%s%s", shown++ ? ", " : "", before[i]);
        html_text_short(&p->out, value, 60);
    }
    lws_text_add(&p->out, p->request->refresh > 0 ? " – training goes on</p>\n" : "</p>\n");
}

/* Links to the sections that are there: they have been written to `body`. */
static void add_nav(page *p, const char *body)
{
    static const struct {
        const char *anchor, *name;
    } link[] = {{"table1", "Table"},  {"runs", "Runs"},
                {"curves", "Curves"}, {"reconstructions", "Reconstructions"},
                {"model", "Model"},   {"configuration", "Configuration"},
                {"speed", "Speed"}};
    char anchor[64];
    lws_text_add(&p->out, "<nav aria-label=\"Sections\">");
    for (size_t i = 0; i < sizeof link / sizeof *link; i++) {
        snprintf(anchor, sizeof anchor, "<section id=\"%s\"", link[i].anchor);
        if (strstr(body, anchor))
            lws_text_add(&p->out, "<a href=\"#%s\">%s</a>", link[i].anchor, link[i].name);
    }
    lws_text_add(&p->out, "</nav>\n");
}

static void add_body(page *p)
{
    section_failures(p);
    section_headline(p);
    section_tables(p);
    section_runs(p);
    section_curves(p);
    section_pictures(p);
    section_models(p);
    section_config(p);
    section_speed(p);
}

static lws_status build(page *p, char **text, size_t *length)
{
    add_body(p);
    char *body = lws_text_take(&p->out, NULL);
    if (!body)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", p->request->output);
    add_head(p);
    lws_text_add(&p->out, "<header>\n<h1>");
    add_name(p);
    lws_text_add(&p->out, "</h1>\n");
    add_lead(p);
    add_nav(p, body);
    lws_text_add(&p->out, "</header>\n<main>\n");
    lws_text_add_bytes(&p->out, body, strlen(body));
    lws_text_add(&p->out,
                 "</main>\n<footer>Written by lwssim %s. This file holds all that it shows.</footer>\n</body>\n"
                 "</html>\n",
                 LWS_VERSION);
    free(body);
    *text = lws_text_take(&p->out, length);
    return *text ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", p->request->output);
}

static lws_status check_output(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || lws_page_is_own(path)) /* a pipe is written to */
        return LWS_OK;
    return lws_fail(LWS_ERR_USAGE, "%s is there and is no report of lwssim: it stays. Choose another --output", path);
}

lws_status lws_page_write(const lws_page_request *request)
{
    char *text = NULL;
    size_t length = 0;
    LWS_TRY(check_output(request->output));
    page *p = calloc(1, sizeof *p);
    if (!p)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", request->output);
    p->request = request;
    p->room.left = ROOM_FOR_PICTURES;
    lws_status status = page_runs_read(request->paths, request->path, &p->runs);
    if (status == LWS_OK) {
        p->differ = differ_find(&p->runs);
        p->styles = styles_choose(&p->runs, &p->differ);
        status = build(p, &text, &length);
    }
    if (status == LWS_OK)
        status = lws_output_write(request->output, text, length);
    page_runs_free(&p->runs);
    free(text);
    free(p->out.bytes);
    free(p);
    return status;
}
