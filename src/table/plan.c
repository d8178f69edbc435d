/* table.ini: compared with what is asked for, and written. */
#include "plan.h"

#include "list.h"

#include "base/log.h"
#include "base/output.h"
#include "data/dataset.h"
#include "inference/agree_images.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(table_plan, field)
#define TEXT(name, field, help)                                                                                        \
    {                                                                                                                  \
        name, LWS_CONFIG_STRING, AT(field), "", 0, 0, "", help, NULL                                                   \
    }

/* Append only: a table of an earlier version goes on. */
static const lws_config_key own_keys[] = {
    {"kind", LWS_CONFIG_CHOICE, AT(kind), "table1", 0, 0, "table1|sweep", "which command made it", "table"},
    TEXT("models", models, "rows of Table 1"),
    TEXT("losses", losses, "its columns"),
    TEXT("seeds", seeds, "of each cell"),
    TEXT("vary", vary, "what a sweep varies"),
    {"split", LWS_CONFIG_CHOICE, AT(split), "test", 0, 0, "train|valid|test", "the images to evaluate", NULL},
    {"images", LWS_CONFIG_INT, AT(images), "0", 0, 1L << 40, NULL, "of it at most; 0: all", NULL},
    TEXT("train-digest", train, "of the images"),
    TEXT("valid-digest", valid, "of the images"),
    TEXT("test-digest", test, "of the images"),
};

enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

/* Own keys, then those of training: *table is to be freed. LWS_ERR_MEMORY. */
static lws_status make_table(lws_config_table *table)
{
    const lws_config_table train = lws_train_table();
    const lws_config_part part[] = {{own_keys, OWN_KEYS, 0}, {train.keys, train.count, AT(options)}};
    size_t count = lws_config_compose(2, part, 0, NULL);
    lws_config_key *keys = malloc(count * sizeof *keys);
    *table = (lws_config_table){.keys = keys, .count = count};
    if (!keys)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the plan of a table");
    lws_config_compose(2, part, count, keys);
    return LWS_OK;
}

static void free_table(lws_config_table table)
{
    free((void *)(uintptr_t)table.keys);
}

/* ---- what the cells need ----------------------------------------------------------------------------------------- */

static lws_status open_all(const table_plan *plan, lws_dataset *dataset[LWS_SPLITS])
{
    for (int s = 0; s < LWS_SPLITS; s++)
        LWS_TRY(lws_dataset_open(plan->options.data, (lws_split)s, &dataset[s]));
    const lws_split split = (lws_split)plan->split;
    if (lws_dataset_get_info(dataset[split])->rows == 0)
        return lws_fail(LWS_ERR_MISMATCH, "%s has no images in its %s split, on which the cells are compared",
                        plan->options.data, lws_split_name[split]);
    return LWS_OK;
}

lws_status plan_look_at_data(lws_comm *comm, table_plan *plan, plan_images *images)
{
    static const lws_split splits[LWS_SPLITS] = {LWS_TRAIN, LWS_VALID, LWS_TEST};
    lws_dataset *dataset[LWS_SPLITS] = {NULL};
    lws_status status = lws_comm_agree(comm, open_all(plan, dataset));
    if (status == LWS_OK)
        status = lws_agree_on_images(comm, LWS_SPLITS, splits, (const lws_dataset *const *)dataset);
    if (status == LWS_OK) {
        char *digest[LWS_SPLITS] = {plan->train, plan->valid, plan->test};
        for (int s = 0; s < LWS_SPLITS; s++)
            snprintf(digest[s], LWS_CONFIG_TEXT, "%s", lws_dataset_get_info(dataset[s])->digest);
        const lws_dataset_info *info = lws_dataset_get_info(dataset[LWS_TRAIN]);
        *images = (plan_images){{info->height, info->width, info->channels}, info->rows};
    }
    for (int s = 0; s < LWS_SPLITS; s++)
        lws_dataset_close(dataset[s]);
    return status;
}

lws_status plan_check_cell(const lws_table_cell *cell, plan_images images)
{
    lws_train_options o = cell->options;
    lws_model_spec spec;
    lws_model *model = NULL;
    lws_status status = lws_train_options_check(&o);
    if (status == LWS_OK)
        status = lws_train_options_check_rows(&o, images.rows);
    if (status == LWS_OK)
        status = lws_train_options_model(&o, images.shape, &spec);
    if (status == LWS_OK)
        status = lws_model_create(&spec, (int)(o.batch_size / o.micro_batches), &model);
    if (status == LWS_OK)
        status = lws_model_check_training(model);
    lws_model_destroy(model);
    return status == LWS_OK ? status : lws_fail(status, "%s: %s", cell->title, lws_message());
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* Of a list before, and what is asked for now: first what was there, then what is new. */
static lws_status join_lists(const char *before, char *now)
{
    char joined[LWS_CONFIG_TEXT] = "", word[256];
    bool fits = true;
    const char *const lists[] = {before, now};
    for (int i = 0; i < 2; i++)
        for (const char *at = lists[i]; fits && list_next(&at, ',', word, sizeof word);)
            fits = list_add(joined, sizeof joined, ',', word);
    memcpy(now, joined, sizeof joined);
    return fits ? LWS_OK : lws_fail(LWS_ERR_USAGE, "a list of the table's is longer than %d bytes", LWS_CONFIG_TEXT);
}

/* The line of `text` at *at; moves on to the next. False at the end, and where the group "run" begins. */
static bool next_line(const char **at, const char **line, int *length)
{
    *line = *at;
    *length = (int)strcspn(*at, "\n");
    *at += *length + ((*at)[*length] == '\n');
    return *length > 0 || **at ? strncmp(*line, "[run]", 5) != 0 : false;
}

static lws_status compare(const char *folder, const char *was, const char *is)
{
    const char *old, *new;
    int m, n;
    while (next_line(&was, &old, &m) && next_line(&is, &new, &n))
        if (m != n || memcmp(old, new, (size_t)m) != 0)
            return lws_fail(LWS_ERR_MISMATCH,
                            "%s was made with '%.*s'; it cannot go on with '%.*s': give the same, or choose another "
                            "--output",
                            folder, m, old, n, new);
    return LWS_OK;
}

/* What may differ is taken over from `now` into a copy of what was; the rest is compared. */
static lws_status go_on(const char *folder, lws_config_table table, const table_plan *before, table_plan *now)
{
    table_plan old = *before;
    LWS_TRY(join_lists(before->models, now->models));
    LWS_TRY(join_lists(before->losses, now->losses));
    LWS_TRY(join_lists(before->seeds, now->seeds));
    memcpy(old.models, now->models, sizeof old.models);
    memcpy(old.losses, now->losses, sizeof old.losses);
    memcpy(old.seeds, now->seeds, sizeof old.seeds);
    memcpy(old.vary, now->vary, sizeof old.vary);
    char *was = lws_config_text(table, &old), *is = lws_config_text(table, now);
    lws_status status =
        was && is ? compare(folder, was, is) : lws_fail(LWS_ERR_MEMORY, "out of memory comparing the plans of a table");
    free(was);
    free(is);
    return status;
}

static lws_status refuse_foreign(const char *folder)
{
    char found[256] = "";
    DIR *dir = opendir(folder);
    if (!dir)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    for (const struct dirent *entry; !found[0] && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            snprintf(found, sizeof found, "%s", entry->d_name);
    closedir(dir);
    if (!found[0])
        return LWS_OK;
    return lws_fail(LWS_ERR_USAGE, "%s holds %s, and no table: choose another --output", folder, found);
}

static lws_status write_plan(const char *path, lws_config_table table, const table_plan *plan)
{
    char *text = lws_config_text(table, plan);
    if (!text)
        return lws_fail(LWS_ERR_MEMORY, "out of memory writing %s", path);
    lws_status status = lws_output_write(path, text, strlen(text));
    free(text);
    return status;
}

static lws_status read_and_write(const char *folder, lws_config_table table, table_plan *plan, bool *is_new)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%s/" LWS_TABLE_PLAN, folder);
    *is_new = access(path, F_OK) != 0;
    if (*is_new) {
        LWS_TRY(refuse_foreign(folder));
        return write_plan(path, table, plan);
    }
    table_plan *before = malloc(sizeof *before);
    if (!before)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    lws_config_defaults(table, before);
    lws_status status = lws_config_read_file(table, before, path);
    if (status == LWS_OK)
        status = go_on(folder, table, before, plan);
    free(before);
    return status == LWS_OK ? write_plan(path, table, plan) : status;
}

static lws_status settle(const char *folder, table_plan *plan, int *lock, bool *is_new)
{
    lws_config_table table;
    LWS_TRY(lws_folder_make(folder));
    LWS_TRY(lws_folder_lock(folder, "--output", lock));
    lws_status status = make_table(&table);
    if (status == LWS_OK)
        status = read_and_write(folder, table, plan, is_new);
    free_table(table);
    if (status != LWS_OK) {
        lws_folder_unlock(folder, *lock);
        *lock = -1;
    }
    return status;
}

lws_status plan_settle(lws_comm *comm, const char *folder, table_plan *plan, int *lock, bool *is_new)
{
    *lock = -1;
    *is_new = false;
    LWS_TRY(lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? settle(folder, plan, lock, is_new) : LWS_OK));
    const lws_train_options own = plan->options; /* which may name another place of the data, and other threads */
    lws_comm_broadcast(comm, plan, sizeof *plan);
    plan->options = own;
    return LWS_OK;
}
