/* The tree of stretches of a thread, its sums, and the timeline as a file. */
#include "base/profile.h"

#include "base/clock.h"
#include "base/input.h"
#include "base/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NODES_MAX = 1024, DEPTH_MAX = 32, NONE = -1 };

/* A stretch at its place in the nesting. Node 0 stands for the whole and is not shown. */
typedef struct node {
    lws_profile_entry sum;
    int parent, first_child, last_child, next;
} node;

typedef struct event {
    int node;
    double begin, end; /* seconds on lws_now(); end 0: still open */
} event;

typedef struct open_stretch {
    int node;      /* NONE: no room for it in the table */
    int64_t event; /* NONE: not in the timeline */
    double begin;
} open_stretch;

struct lws_profile {
    double start;
    int nodes, depth; /* depth may go beyond DEPTH_MAX: what lies deeper is not seen */
    node *node;       /* [NODES_MAX] */
    lws_profile_entry *listed;
    int64_t events, events_max;
    event *event;
    open_stretch open[DEPTH_MAX];
};

_Thread_local struct lws_profile *lws_profile_here;

lws_status lws_profile_start(int64_t events)
{
    lws_profile_stop();
    struct lws_profile *p = calloc(1, sizeof *p);
    lws_profile_here = p;
    if (p) {
        p->node = calloc(NODES_MAX, sizeof *p->node);
        p->listed = calloc(NODES_MAX, sizeof *p->listed);
        p->event = calloc((size_t)events + 1, sizeof *p->event);
    }
    if (!p || !p->node || !p->listed || !p->event) {
        lws_profile_stop();
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a profile of %lld events", (long long)events);
    }
    p->node[0] = (node){.parent = NONE, .first_child = NONE, .last_child = NONE, .next = NONE};
    p->nodes = 1;
    p->events_max = events;
    p->start = lws_now();
    return LWS_OK;
}

void lws_profile_stop(void)
{
    struct lws_profile *p = lws_profile_here;
    if (!p)
        return;
    free(p->node);
    free(p->listed);
    free(p->event);
    free(p);
    lws_profile_here = NULL;
}

/* The child of `parent` with this name, made when it is new. NONE when the table is full. */
static int child_of(struct lws_profile *all, int parent, const char *group, const char *name)
{
    int i = all->node[parent].first_child;
    while (i != NONE && strncmp(all->node[i].sum.name, name, LWS_PROFILE_NAME - 1) != 0)
        i = all->node[i].next;
    if (i != NONE || all->nodes == NODES_MAX)
        return i;
    i = all->nodes++;
    node *n = &all->node[i], *p = &all->node[parent];
    *n = (node){.parent = parent, .first_child = NONE, .last_child = NONE, .next = NONE};
    n->sum.depth = parent == 0 ? 0 : p->sum.depth + 1;
    snprintf(n->sum.name, sizeof n->sum.name, "%s", name);
    snprintf(n->sum.group, sizeof n->sum.group, "%s", group ? group : "");
    if (p->first_child == NONE)
        p->first_child = i;
    else
        all->node[p->last_child].next = i;
    p->last_child = i;
    return i;
}

void lws_profile_enter(const char *group, const char *name)
{
    struct lws_profile *p = lws_profile_here;
    if (!p || p->depth++ >= DEPTH_MAX)
        return;
    int parent = p->depth > 1 ? p->open[p->depth - 2].node : 0;
    open_stretch *open = &p->open[p->depth - 1];
    open->node = parent == NONE ? NONE : child_of(p, parent, group, name);
    open->event = NONE;
    open->begin = lws_now();
    /* The place in the timeline is taken at the beginning, so that a stretch is there whenever one inside it is. */
    if (open->node != NONE && p->events < p->events_max) {
        open->event = p->events++;
        p->event[open->event] = (event){.node = open->node, .begin = open->begin};
    }
}

void lws_profile_leave(void)
{
    struct lws_profile *p = lws_profile_here;
    if (!p || p->depth == 0 || p->depth-- > DEPTH_MAX)
        return;
    const open_stretch *open = &p->open[p->depth];
    if (open->node == NONE)
        return;
    double now = lws_now(), seconds = now - open->begin;
    node *n = &p->node[open->node];
    n->sum.calls++;
    n->sum.seconds += seconds;
    n->sum.self += seconds;
    p->node[n->parent].sum.self -= seconds;
    if (open->event != NONE)
        p->event[open->event].end = now;
}

int lws_profile_entries(const lws_profile_entry **entries)
{
    const struct lws_profile *p = lws_profile_here;
    int count = 0;
    *entries = p ? p->listed : NULL;
    for (int i = p && p->nodes > 1 ? p->node[0].first_child : NONE; i != NONE;) {
        p->listed[count++] = p->node[i].sum;
        if (p->node[i].first_child != NONE) {
            i = p->node[i].first_child;
            continue;
        }
        while (i != NONE && p->node[i].next == NONE)
            i = p->node[i].parent;
        i = i == NONE ? NONE : p->node[i].next;
    }
    return count;
}

static void write_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            putc(*text, out);
    }
    putc('"', out);
}

static void write_event(FILE *out, const struct lws_profile *p, const event *e, int process)
{
    const lws_profile_entry *sum = &p->node[e->node].sum;
    fprintf(out, ",\n{\"name\":");
    write_string(out, sum->name);
    if (sum->group[0]) {
        fprintf(out, ",\"cat\":");
        write_string(out, sum->group);
    }
    fprintf(out, ",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":%d,\"tid\":0}", 1e6 * (e->begin - p->start),
            1e6 * (e->end - e->begin), process);
}

static const char beginning[] = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";

bool lws_profile_is_timeline(const char *path)
{
    return lws_input_begins(path, beginning, sizeof beginning - 1);
}

lws_status lws_profile_write(const char *path, int process)
{
    lws_output out;
    struct stat there;
    const struct lws_profile *p = lws_profile_here;
    if (stat(path, &there) == 0 && S_ISREG(there.st_mode) && !lws_profile_is_timeline(path))
        return lws_fail(LWS_ERR_USAGE, "%s is not a timeline of this program: move it away", path);
    LWS_TRY(lws_output_open(path, &out));
    fprintf(out.file,
            "%s{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":0,"
            "\"args\":{\"name\":\"rank %d\"}}",
            beginning, process, process);
    for (int64_t i = 0; p && i < p->events; i++)
        if (p->event[i].end > 0)
            write_event(out.file, p, &p->event[i], process);
    fprintf(out.file, "\n]}\n");
    return lws_output_commit(&out);
}
