/* The cells of Table 1. */
#include "table/table1.h"

#include "list.h"
#include "plan.h"
#include "table/report_table.h"

#include "base/clock.h"
#include "base/input.h"
#include "base/log.h"
#include "base/text.h"
#include "comm/watchdog.h"
#include "model/model.h"

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
    char *end, word[32];
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

static lws_status check_cells(const table_plan *plan, plan_images images)
{
    lws_table_cell *cells = NULL;
    int count;
    lws_status status = make_cells(plan, &cells, &count);
    for (int i = 0; i < count && status == LWS_OK; i++)
        status = plan_check_cell(&cells[i], images);
    free(cells);
    return status;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

enum { WORDS = 64, WORD = 64, FACES = 8 }; /* FACES: in the pictures */

typedef struct words {
    int count;
    char text[WORDS][WORD];
    const char *word[WORDS];
} words;

static void split_words(const char *list, words *w)
{
    for (w->count = 0; w->count < WORDS && list_next(&list, ',', w->text[w->count], WORD); w->count++)
        w->word[w->count] = w->text[w->count];
}

static lws_status print_file(const char *folder, const char *name)
{
    char path[LWS_PATH], *text;
    size_t length;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    LWS_TRY(lws_input_read_text(path, "table", &text, &length));
    printf("%s", text);
    free(text);
    return LWS_OK;
}

/* Of the cells that are finished, if any. One process. */
static lws_status tell(const lws_table1_request *r, const table_plan *plan, const lws_table_job *job,
                       const lws_table_state *state, double seconds)
{
    words models, losses;
    char title[256];
    int finished = 0;
    for (int i = 0; i < job->count; i++)
        finished += state[i] == LWS_TABLE_FINISHED;
    if (finished == 0)
        return LWS_OK;
    split_words(plan->models, &models);
    split_words(plan->losses, &losses);
    const lws_train_options *o = &plan->options;
    int64_t length = o->steps > 0 ? o->steps : o->epochs;
    snprintf(title, sizeof title, "Table 1: preset %s, batches of %lld, %lld %s%s, seeds %.100s",
             lws_preset_name(o->preset), (long long)o->batch_size, (long long)length, o->steps > 0 ? "step" : "epoch",
             lws_plural(length), plan->seeds);
    const lws_table_names names = {.title = title,
                                   .models = models.count,
                                   .losses = losses.count,
                                   .model = models.word,
                                   .loss = losses.word,
                                   .command = r->command,
                                   .machine = r->machine,
                                   .seconds = seconds,
                                   .data = o->data,
                                   .faces = FACES};
    LWS_TRY(lws_table_report(r->folder, &names));
    return print_file(r->folder, "table.txt");
}

/* However the cells have ended, which is what is returned, what is finished is told. Collective. Agreed. */
static lws_status run_and_tell(lws_comm *comm, const lws_table1_request *r, const table_plan *plan,
                               const lws_table_job *job, lws_table_state *state, bool is_new)
{
    char message[2048];
    double start = lws_now();
    lws_status status = lws_table_run(comm, job, state), told = LWS_OK;
    snprintf(message, sizeof message, "%s", lws_message());
    lws_watchdog_phase("table of the cells", -1);
    if (lws_comm_rank(comm) == 0)
        told = tell(r, plan, job, state, is_new ? lws_now() - start : -1); /* else others had their part in it */
    told = lws_comm_agree(comm, told);
    if (status == LWS_OK)
        return told;
    if (told != LWS_OK)
        lws_warn("%s", lws_message());
    return lws_fail(status, "%s", message);
}

static lws_status run(lws_comm *comm, const lws_table1_request *r, const table_plan *plan, bool is_new)
{
    lws_table_cell *cells = NULL;
    lws_table_state *state = NULL;
    int count = 0;
    lws_status status = make_cells(plan, &cells, &count);
    if (status == LWS_OK && !(state = calloc((size_t)count, sizeof *state)))
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a table");
    status = lws_comm_agree(comm, status);
    const lws_table_job job = {.folder = r->folder,
                               .count = count,
                               .cells = cells,
                               .split = LWS_TEST,
                               .images = r->images,
                               .ranks_per_cell = r->ranks_per_cell,
                               .time_limit = r->options.time_limit};
    if (status == LWS_OK)
        status = run_and_tell(comm, r, plan, &job, state, is_new);
    free(cells);
    free(state);
    return status;
}

lws_status lws_table1(lws_comm *comm, const lws_table1_request *request)
{
    plan_images images;
    int lock;
    bool is_new;
    table_plan *plan = calloc(1, sizeof *plan);
    lws_status status = plan ? make_plan(request, plan) : lws_fail(LWS_ERR_MEMORY, "out of memory for a table");
    status = lws_comm_agree(comm, status);
    if (status == LWS_OK)
        status = plan_look_at_data(comm, plan, &images);
    if (status == LWS_OK)
        status = lws_comm_agree(comm, lws_comm_rank(comm) == 0 ? check_cells(plan, images) : LWS_OK);
    if (status == LWS_OK)
        status = plan_settle(comm, request->folder, plan, &lock, &is_new);
    if (status == LWS_OK) {
        status = run(comm, request, plan, is_new);
        lws_folder_unlock(request->folder, lock);
    }
    free(plan);
    return status;
}
