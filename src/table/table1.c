/* The cells of Table 1. */
#include "table/table1.h"

#include "list.h"
#include "plan.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lws_status lws_table1_quick(lws_config_table table, void *fields)
{
    static const char *const pairs[][2] = {{"base-channels", "16"}, {"steps", "300"}, {"checkpoint-every", "0"},
                                           {"eval-every", "0"},     {"keep", "1"},    {"grid", "4"},
                                           {"test-images", "1000"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        LWS_TRY(lws_config_set(table, fields, pairs[i][0], pairs[i][1], "--quick"));
    return LWS_OK;
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

/* The words of an option, each once, of those that the key of training takes, to list. */
static lws_status read_words(const char *option, const char *key, const char *given, char list[LWS_CONFIG_TEXT])
{
    char word[64];
    lws_train_options *probe = malloc(sizeof *probe);
    lws_status status = probe ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", option);
    list[0] = 0;
    for (const char *at = given; status == LWS_OK && list_next(&at, ',', word, sizeof word);) {
        status = lws_config_set(lws_train_table(), probe, key, word, option);
        if (status == LWS_OK && !list_add(list, LWS_CONFIG_TEXT, ',', word))
            status = lws_fail(LWS_ERR_USAGE, "%s is too long", option);
    }
    free(probe);
    if (status == LWS_OK && !list[0])
        status = lws_fail(LWS_ERR_USAGE, "%s names none", option);
    return status;
}

/* "3" is 1,2,3. */
static lws_status read_seeds(const char *given, char list[LWS_CONFIG_TEXT])
{
    enum { SEEDS_MAX = 100 };
    char *end, word[16];
    if (strchr(given, ','))
        return read_words("--seeds", "seed", given, list);
    long count = strtol(given, &end, 10);
    if (end == given || *end || count < 1 || count > SEEDS_MAX)
        return lws_fail(LWS_ERR_USAGE, "--seeds = %s: how many (1 to %d), or seeds with commas between, are wanted",
                        given, SEEDS_MAX);
    list[0] = 0;
    for (long i = 1; i <= count; i++) {
        snprintf(word, sizeof word, "%ld", i);
        list_add(list, LWS_CONFIG_TEXT, ',', word);
    }
    return LWS_OK;
}

static lws_status make_plan(const lws_table1_request *r, table_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->kind = TABLE_OF_PAPER;
    plan->split = LWS_TEST;
    plan->images = r->images;
    plan->options = r->options;
    LWS_TRY(read_words("--models", "model", r->models, plan->models));
    LWS_TRY(read_words("--losses", "loss", r->losses, plan->losses));
    return read_seeds(r->seeds, plan->seeds);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static lws_status make_cell(const table_plan *plan, const char *model, const char *loss, const char *seed,
                            lws_table_cell *cell)
{
    const lws_config_table table = lws_train_table();
    cell->options = plan->options;
    snprintf(cell->name, sizeof cell->name, "%s-%s-%s", model, loss, seed);
    snprintf(cell->title, sizeof cell->title, "%s %s seed %s", model, loss, seed);
    LWS_TRY(lws_config_set(table, &cell->options, "model", model, "--models"));
    LWS_TRY(lws_config_set(table, &cell->options, "loss", loss, "--losses"));
    return lws_config_set(table, &cell->options, "seed", seed, "--seeds");
}

static int count_words(const char *list)
{
    char word[64];
    int count = 0;
    while (list_next(&list, ',', word, sizeof word))
        count++;
    return count;
}

/* One seed after the other, so that a table of fewer seeds is there early. *cells is to be freed. */
static lws_status make_cells(const table_plan *plan, lws_table_cell **cells, int *count)
{
    char model[64], loss[64], seed[64];
    *count = 0;
    *cells =
        calloc((size_t)count_words(plan->models) * (size_t)count_words(plan->losses) * (size_t)count_words(plan->seeds),
               sizeof **cells);
    if (!*cells)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a table");
    for (const char *s = plan->seeds; list_next(&s, ',', seed, sizeof seed);)
        for (const char *m = plan->models; list_next(&m, ',', model, sizeof model);)
            for (const char *l = plan->losses; list_next(&l, ',', loss, sizeof loss);)
                LWS_TRY(make_cell(plan, model, loss, seed, &(*cells)[(*count)++]));
    return LWS_OK;
}

static lws_status check_cells(const table_plan *plan, lws_shape image)
{
    lws_table_cell *cells = NULL;
    int count;
    lws_status status = make_cells(plan, &cells, &count);
    for (int i = 0; i < count && status == LWS_OK; i++)
        status = plan_check_cell(&cells[i], image);
    free(cells);
    return status;
}

static lws_status run(lws_comm *comm, const lws_table1_request *r, const table_plan *plan)
{
    lws_table_cell *cells = NULL;
    lws_table_state *state = NULL;
    int count = 0;
    lws_status status = make_cells(plan, &cells, &count);
    if (status == LWS_OK && !(state = calloc((size_t)count, sizeof *state)))
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a table");
    status = lws_comm_agree(comm, status);
    lws_table_job job = {.folder = r->folder,
                         .count = count,
                         .cells = cells,
                         .split = LWS_TEST,
                         .images = r->images,
                         .ranks_per_cell = r->ranks_per_cell,
                         .time_limit = r->options.time_limit};
    if (status == LWS_OK)
        status = lws_table_run(comm, &job, state);
    free(cells);
    free(state);
    return status;
}

lws_status lws_table1(lws_comm *comm, const lws_table1_request *request)
{
    lws_shape image;
    int lock;
    table_plan *plan = calloc(1, sizeof *plan);
    lws_status status = plan ? make_plan(request, plan) : lws_fail(LWS_ERR_MEMORY, "out of memory for a table");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        status = plan_look_at_data(comm, plan, &image);
    if (status == LWS_OK)
        status = lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? check_cells(plan, image) : LWS_OK);
    if (status == LWS_OK)
        status = plan_settle(comm, request->folder, plan, &lock);
    if (status == LWS_OK) {
        status = run(comm, request, plan);
        lws_folder_unlock(request->folder, lock);
    }
    free(plan);
    return status;
}
