/* Runs are read: each part that is there, and a word on each that is damaged. */
#include "run.h"

#include "page/page.h"

#include "base/input.h"
#include "data/path_kind.h"
#include "data/run_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one run --------------------------------------------------------------------------------- */

static void note(page_run *r)
{
    size_t used = strlen(r->trouble);
    snprintf(r->trouble + used, sizeof r->trouble - used, "%s%s", used ? "; " : "", lws_message());
}

static lws_record *load(page_run *r, const char *name)
{
    char path[LWS_PATH + 32];
    lws_record *record = NULL;
    snprintf(path, sizeof path, "%s/%s", r->path, name);
    if (access(path, F_OK) == 0 && lws_record_load(path, &record) != LWS_OK)
        note(r);
    return record;
}

static lws_status add_picture(void *user, const char *folder, const char *name)
{
    page_run *r = user;
    int64_t step = lws_step_of_name(name, LWS_PICTURE_SUFFIX);
    (void)folder;
    if (step < 0)
        return LWS_OK;
    if (r->pictures % 64 == 0) {
        int64_t *grown = realloc(r->picture_step, (size_t)(r->pictures + 64) * sizeof *grown);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory listing pictures");
        r->picture_step = grown;
    }
    r->picture_step[r->pictures++] = step;
    return LWS_OK;
}

static int by_step(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void read_run(page_run *r)
{
    char folder[LWS_PATH + 16];
    if (config_file_read(r->path, &r->config) != LWS_OK)
        note(r);
    if (run_log_read(r->path, &r->log) != LWS_OK)
        note(r);
    r->test = load(r, "test.json");
    r->failure = load(r, "failure/failure.json");
    snprintf(folder, sizeof folder, "%s/" LWS_RUN_PICTURES, r->path);
    if (access(folder, F_OK) == 0 && lws_folder_each(folder, add_picture, r) != LWS_OK)
        note(r);
    if (r->pictures > 0)
        qsort(r->picture_step, (size_t)r->pictures, sizeof *r->picture_step, by_step);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void strip_slashes(char *path)
{
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
        path[end - 1] = 0;
}

static lws_status add_run(page_runs *runs, const char *path)
{
    if (runs->count == LWS_PAGE_RUNS)
        return lws_fail(LWS_ERR_USAGE, "report: more than %d runs: give fewer", LWS_PAGE_RUNS);
    if (runs->count == runs->room) {
        int room = 2 * runs->room + 4;
        page_run *grown = realloc(runs->run, (size_t)room * sizeof *grown);
        if (!grown)
            return lws_fail(LWS_ERR_MEMORY, "out of memory reading %d runs", room);
        runs->run = grown;
        runs->room = room;
    }
    page_run *r = &runs->run[runs->count++];
    memset(r, 0, sizeof *r);
    snprintf(r->path, sizeof r->path, "%s", path);
    strip_slashes(r->path);
    read_run(r);
    return LWS_OK;
}

typedef struct names {
    char (*name)[256];
    int count;
} names;

static lws_status add_name(void *user, const char *folder, const char *name)
{
    names *n = user;
    char path[LWS_PATH];
    bool fits = snprintf(path, sizeof path, "%s/%s/" LWS_RUN_CONFIG, folder, name) < LWS_PATH;
    if (!fits || name[0] == '.' || access(path, F_OK) != 0)
        return LWS_OK;
    char(*grown)[256] = realloc(n->name, (size_t)(n->count + 1) * sizeof *grown);
    if (!grown)
        return lws_fail(LWS_ERR_MEMORY, "out of memory listing %s", folder);
    n->name = grown;
    snprintf(n->name[n->count++], sizeof *n->name, "%s", name);
    return LWS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static lws_status add_table(page_runs *runs, const char *path)
{
    char(*grown)[LWS_PATH] = realloc(runs->table, (size_t)(runs->tables + 1) * sizeof *grown), cells[LWS_PATH];
    names n = {0};
    if (!grown)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    runs->table = grown;
    snprintf(runs->table[runs->tables], LWS_PATH, "%s", path);
    strip_slashes(runs->table[runs->tables++]);
    if (snprintf(cells, sizeof cells, "%s/cells", path) >= LWS_PATH || access(cells, F_OK) != 0)
        return LWS_OK;
    lws_status status = lws_folder_each(cells, add_name, &n);
    if (n.count > 0)
        qsort(n.name, (size_t)n.count, sizeof *n.name, by_name);
    for (int i = 0; i < n.count && status == LWS_OK; i++) {
        char cell[2 * LWS_PATH];
        snprintf(cell, sizeof cell, "%s/%s", cells, n.name[i]);
        status = strlen(cell) < LWS_PATH ? add_run(runs, cell) : LWS_OK;
    }
    free(n.name);
    return status;
}

static bool holds(const char *folder, const char *name)
{
    char path[LWS_PATH];
    return snprintf(path, sizeof path, "%s/%s", folder, name) < LWS_PATH && access(path, F_OK) == 0;
}

static lws_status add_path(page_runs *runs, const char *path)
{
    lws_path_kind kind;
    if (!holds(path, LWS_RUN_CONFIG) && (holds(path, "table.json") || holds(path, "cells")))
        return add_table(runs, path);
    if (lws_path_identify(path, &kind) != LWS_OK || kind != LWS_PATH_RUN)
        return lws_fail(LWS_ERR_USAGE,
                        "%s is neither the folder of a run (config.ini, checkpoints) nor that of a table (table.json, "
                        "cells): give report what train --run has made",
                        path);
    return add_run(runs, path);
}

/* The last part of each path, or from where all of them are the same on. */
static void name_runs(page_runs *runs)
{
    size_t common = runs->count > 0 ? strlen(runs->run[0].path) : 0;
    for (int i = 1; i < runs->count; i++) {
        size_t same = 0;
        while (same < common && runs->run[i].path[same] == runs->run[0].path[same])
            same++;
        common = same;
    }
    for (int i = 0; i < runs->count; i++) {
        page_run *r = &runs->run[i];
        size_t at = common;
        const char *slash = strrchr(r->path, '/');
        while (at > 0 && r->path[at - 1] != '/')
            at--;
        r->name = runs->count == 1 ? (slash && slash[1] ? slash + 1 : r->path) : r->path + at;
    }
}

lws_status page_runs_read(int paths, const char *const *path, page_runs *runs)
{
    *runs = (page_runs){0};
    for (int i = 0; i < paths; i++)
        LWS_TRY(add_path(runs, path[i]));
    name_runs(runs);
    return LWS_OK;
}

void page_runs_free(page_runs *runs)
{
    for (int i = 0; i < runs->count; i++) {
        page_run *r = &runs->run[i];
        config_file_free(&r->config);
        run_log_free(&r->log);
        lws_record_free(r->test);
        lws_record_free(r->failure);
        free(r->picture_step);
    }
    free(runs->run);
    free(runs->table);
    *runs = (page_runs){0};
}

const char *page_run_value(const page_run *run, const char *key)
{
    const char *value = config_file_get(&run->config, key);
    return value ? value : "–";
}
