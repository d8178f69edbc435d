/* Parts of a job: their communicators know nothing of each other, and trainings on them, side by side or in threads of
 * one process, give the bits, the lines and the files of a training alone. */
#include "prepared.h"

#include "mpi_folder.h"

#include "comm_internal.h"
#include "judge.h"

#include "base/context.h"
#include "base/log.h"
#include "base/profile.h"
#include "comm/watchdog.h"
#include "train/train.h"

#include <pthread.h>

/* ---- communicators ----------------------------------------------------------------------------------------------- */

static lws_comm *part_of(int color, int key)
{
    lws_comm *part;
    assert_int_equal(lws_comm_split(comm, color, key, &part), LWS_OK);
    return part;
}

static void who_is_in_which_part(void **state)
{
    (void)state;
    lws_comm *part = part_of(rank % 2, -rank); /* the later rank comes first */
    int here = 0, members = 0;
    for (int r = rank % 2; r < size; r += 2) {
        members++;
        here += r > rank;
    }
    assert_int_equal(lws_comm_size(part), members);
    assert_int_equal(lws_comm_rank(part), here);
    assert_int_equal(lws_comm_nodes(part), 1);
    assert_string_equal(lws_comm_host(part), lws_comm_host(comm));
    int first = rank; /* of part rank 0 */
    lws_comm_broadcast(part, &first, sizeof first);
    assert_int_equal(first % 2, rank % 2);
    assert_true(first + 2 >= size);
    lws_comm *half;
    assert_int_equal(lws_comm_split(part, lws_comm_rank(part) == 0 ? 5 : -1, 0, &half), LWS_OK); /* a part of a part */
    assert_true((half != NULL) == (here == 0));
    if (half)
        assert_int_equal(lws_comm_size(half), 1);
    lws_comm_destroy(half);
    lws_comm_destroy(part);
    part = part_of(rank == 0 ? -1 : 7, rank);
    assert_true((part == NULL) == (rank == 0));
    if (part)
        assert_int_equal(lws_comm_size(part), size - 1);
    lws_comm_destroy(part);
}

/* Errors of one part are not those of another; threads are shared out over the whole machine. */
static void agreement_in_parts(void **state)
{
    (void)state;
    lws_comm *part = part_of(rank % 2, rank);
    lws_comm_node all, mine;
    for (int i = 0; i < 20; i++) {
        lws_status status = rank == 0 ? lws_fail(LWS_ERR_IO, "trouble in part 0") : LWS_OK;
        assert_int_equal(lws_comm_agree(part, status), rank % 2 == 0 ? LWS_ERR_IO : LWS_OK);
        if (rank % 2 == 0)
            assert_string_equal(lws_message(), "trouble in part 0");
    }
    assert_int_equal(lws_comm_threads(part, 0, &mine), lws_comm_threads(comm, 0, &all));
    assert_int_equal(mine.ranks, all.ranks);
    assert_int_equal(lws_comm_threads(part, 3 + rank, &mine), 3 + rank);
    lws_comm_destroy(part);
}

/* Parts that come and go while they are watched: what one's ranks still told each other does not reach the next, whose
 * communicators may get the same numbers. */
static void parts_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(lws_watchdog_set((lws_watch){300, NULL}, NULL), LWS_OK);
    for (int i = 0; i < 12; i++) {
        lws_comm *part = part_of((rank + i) % 2, i % 3 ? rank : -rank);
        lws_context *before = lws_comm_enter(part);
        assert_int_equal(lws_watchdog_set((lws_watch){2 + 100 * (i % 2), NULL}, NULL), LWS_OK);
        for (int k = 0; k < 10; k++) {
            usleep(10000);
            lws_watchdog_phase("round", k);
            lws_comm_barrier(part);
        }
        assert_string_equal(lws_watchdog_where(), "round 9");
        lws_context_enter(before);
        lws_comm_destroy(part); /* watched to the end */
        assert_string_not_equal(lws_watchdog_where(), "round 9");
    }
    lws_comm_barrier(comm);
    assert_int_equal(lws_watchdog_set((lws_watch){0, NULL}, NULL), LWS_OK);
}

/* ---- trainings --------------------------------------------------------------------------------------------------- */

static const struct system {
    const char *name, *model, *loss, *seed;
} systems[] = {{"ae", "ae", "mse", "1"}, {"vae", "vae", "ssim", "2"}, {"mmd", "mmd-ae", "lwssim", "3"}};
enum { SYSTEMS = sizeof systems / sizeof *systems };

/* Any thread. */
static lws_status train_on(lws_comm *part, const struct system *s, const char *run, bool profile)
{
    const char *const pairs[][2] = {{"preset", "tiny16"},
                                    {"batch-size", "16"},
                                    {"micro-batches", "8"},
                                    {"threads", "1"},
                                    {"deadline", "300"},
                                    {"log-every", "1"},
                                    {"grid", "1"},
                                    {"keep", "100"},
                                    {"checkpoint-every", "3"},
                                    {"eval-every", "3"},
                                    {"steps", "6"},
                                    {"ssim-window", "7"},
                                    {"model", s->model},
                                    {"loss", s->loss},
                                    {"seed", s->seed},
                                    {"profile", profile ? "true" : "false"}};
    lws_train_options *o = malloc(sizeof *o);
    lws_train_request request = {.run = run};
    lws_config_defaults(lws_train_table(), o);
    lws_status status = LWS_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && status == LWS_OK; i++)
        status = lws_config_set(lws_train_table(), o, pairs[i][0], pairs[i][1], "test");
    snprintf(o->data, sizeof o->data, "%s/data", folder);
    if (status == LWS_OK)
        status = lws_train(part, o, &request);
    free(o);
    return status;
}

static void trains(lws_comm *part, int system, const char *run)
{
    lws_status status = train_on(part, &systems[system], run, false);
    if (status != LWS_OK)
        print_error("rank %d, %s: %s\n", rank, run, lws_message());
    assert_int_equal(status, LWS_OK);
}

static char *run_of(const char *what, int system)
{
    return path_of("%s/%s-%s", folder, what, systems[system].name);
}

/* All ranks, when the run is over. */
static void is_as_alone(const char *what, int system)
{
    lws_comm_barrier(comm);
    for (int step = 3; step <= 6 && rank == 0; step += 3) {
        char *name = path_of("checkpoints/step-%09d.h5", step);
        if (!same_files(path_of("%s/%s", run_of("alone", system), name), path_of("%s/%s", run_of(what, system), name)))
            fail_msg("%s-%s differs from the training alone in step %d", what, systems[system].name, step);
    }
}

static int prepare_and_train_alone(void **state)
{
    (void)state;
    if (rank == 0) {
        lws_prepare_options o = options_of("synthetic", "58", "size", "16", "split", "0.86,0.14,0", "output",
                                           path_of("%s/data", folder), NULL);
        prepares(&o);
    }
    lws_comm_barrier(comm);
    for (int s = 0; s < SYSTEMS; s++)
        trains(comm, s, run_of("alone", s));
    return 0;
}

static void one_after_the_other(void **state)
{
    (void)state;
    for (int s = SYSTEMS - 1; s >= 0; s--) {
        trains(comm, s, run_of("again", s));
        is_as_alone("again", s);
    }
}

/* As many parts as ranks allow, up to one a system; each trains another one. */
static void groups_side_by_side(void **state)
{
    (void)state;
    int parts = size < SYSTEMS ? size : SYSTEMS;
    lws_comm *part = part_of(rank % parts, -rank);
    trains(part, rank % parts, run_of("group", rank % parts));
    assert_true(lws_log_is_root() == (rank == 0)); /* as before */
    for (int s = 0; s < parts; s++)
        is_as_alone("group", s);
    lws_comm_destroy(part);
}

/* ---- two threads a process --------------------------------------------------------------------------------------- */

typedef struct work {
    lws_comm *part;
    int system;
    char run[512];
    lws_status status;
    char message[512];
} work;

static void *train_in_thread(void *user)
{
    work *w = user;
    w->status = train_on(w->part, &systems[w->system], w->run, true);
    if (w->status != LWS_OK)
        snprintf(w->message, sizeof w->message, "%s", lws_message());
    return NULL;
}

/* What both say goes to FOLDER/said-RANK. */
static void train_both(work w[2])
{
    pthread_t thread[2];
    int before = dup(STDERR_FILENO);
    int said = open(path_of("%s/said-%d", folder, rank), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
    assert_true(before >= 0 && said >= 0);
    dup2(said, STDERR_FILENO);
    close(said);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, train_in_thread, &w[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    dup2(before, STDERR_FILENO);
    close(before);
    for (int i = 0; i < 2; i++) {
        if (w[i].status != LWS_OK)
            print_error("rank %d, %s: %s\n", rank, w[i].run, w[i].message);
        assert_int_equal(w[i].status, LWS_OK);
    }
}

static char *text_of(const char *path)
{
    blob b = file_read(path);
    char *text = malloc(b.size + 1);
    assert_non_null(text);
    memcpy(text, b.data, b.size);
    text[b.size] = 0;
    free(b.data);
    return text;
}

/* Each training's rank 0 has said once, in whole lines, how it ended; nobody else has said anything of it. */
static void check_said(const work *w)
{
    char *said = text_of(path_of("%s/said-%d", folder, rank));
    const char *first = strstr(said, path_of("; the run is in %s\n", w->run));
    bool speaks = lws_comm_rank(w->part) == 0;
    if ((first != NULL) != speaks)
        fail_msg("rank %d of the job, which is %d of its part, has said: %s", rank, lws_comm_rank(w->part), said);
    if (first)
        assert_null(strstr(first + 1, path_of("; the run is in %s\n", w->run)));
    for (const char *line = said; *line; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        const char *const begins[] = {"model: ", "step ", "done: ", "timeline of ", "lwssim: warning: "};
        bool is_known = false;
        for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
            is_known = is_known || strncmp(line, begins[i], strlen(begins[i])) == 0;
        if (!is_known)
            fail_msg("a line that nobody says: %.200s", line);
    }
    free(said);
}

/* The timeline of this rank has the stretches of its own training: the first pass of an MMD-AE, or none. */
static void check_profile(const work *w)
{
    char *trace = text_of(path_of("%s/profile-%d.json", w->run, lws_comm_rank(w->part)));
    assert_non_null(strstr(trace, "\"name\":\"fold\""));
    bool has_mmd = strstr(trace, "\"name\":\"MMD") != NULL;
    if (has_mmd != (strcmp(systems[w->system].model, "mmd-ae") == 0))
        fail_msg("the timeline of %s %s an MMD", w->run, has_mmd ? "has" : "lacks");
    free(trace);
}

static void two_threads(void **state)
{
    (void)state;
    /* All ranks are in both, in opposite orders. */
    work w[2] = {{.part = part_of(0, rank), .system = 0}, {.part = part_of(0, -rank), .system = 2}};
    for (int i = 0; i < 2; i++)
        snprintf(w[i].run, sizeof w[i].run, "%s", run_of("thread", w[i].system));
    lws_watchdog_phase("the tests themselves", 4);
    assert_null(lws_profile_here);
    train_both(w);
    assert_string_equal(lws_watchdog_where(), "the tests themselves 4");
    assert_null(lws_profile_here);
    for (int i = 0; i < 2; i++) {
        char where[96];
        judge_tell_where(w[i].part->context, where, sizeof where);
        assert_null(strstr(where, "the tests"));
        assert_string_not_equal(where, "setup");
        check_said(&w[i]);
        check_profile(&w[i]);
        is_as_alone("thread", w[i].system);
    }
    lws_comm_destroy(w[0].part);
    lws_comm_destroy(w[1].part);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_in_which_part), cmocka_unit_test(agreement_in_parts),
        cmocka_unit_test(parts_come_and_go),    cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(groups_side_by_side),  cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests_name("parts", tests, prepare_and_train_alone, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
