/* What threads keep of their work: who speaks, phase and progress of each context, a profile of each thread. */
#include "check.h"

#include "base/context.h"
#include "base/log.h"
#include "base/profile.h"
#include "base/progress.h"

#include <pthread.h>
#include <unistd.h>

static unsigned progress_of(const lws_context *c)
{
    return atomic_load(&c->progress);
}

static void enter_and_leave(void **state)
{
    (void)state;
    lws_context outer, inner;
    lws_context *own = lws_context_own();
    assert_ptr_equal(lws_context_current(), own);
    lws_context_init(&outer, own, true);
    lws_context_init(&inner, &outer, false);
    assert_ptr_equal(lws_context_enter(&inner), own);
    assert_ptr_equal(lws_context_current(), &inner);
    assert_int_equal(atomic_load(&own->guests), 1);
    assert_int_equal(atomic_load(&outer.guests), 1);
    assert_int_equal(atomic_load(&inner.guests), 0);
    assert_ptr_equal(lws_context_enter(&outer), &inner);
    assert_int_equal(atomic_load(&own->guests), 1);
    assert_int_equal(atomic_load(&outer.guests), 0);
    assert_ptr_equal(lws_context_enter(NULL), &outer);
    assert_ptr_equal(lws_context_current(), own);
    assert_int_equal(atomic_load(&own->guests), 0);
}

/* All that this context says goes to its file; the loud half of it to standard error, too, with the name. */
static void lines_to_a_file(void **state)
{
    (void)state;
    lws_context part;
    char said[256] = "", kept[256] = "";
    FILE *file = tmpfile(), *standard = tmpfile();
    assert_true(file && standard);
    lws_log_file log = {file, "vae-mse-1"};
    int before = dup(STDERR_FILENO);
    dup2(fileno(standard), STDERR_FILENO);
    lws_context_init(&part, NULL, true);
    lws_context *caller = lws_context_enter(&part);
    lws_log_set_file(&log);
    lws_info("step %d", 1);
    lws_warn("the disk is %s", "full");
    lws_log_status("step 2");
    lws_error("over");
    lws_log_set_root(false);
    lws_warn("unheard");
    lws_log_set_root(true);
    lws_context_enter(caller);
    lws_info("of another");
    lws_context_enter(&part);
    lws_log_set_file(NULL);
    lws_info("done");
    lws_context_enter(caller);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file), rewind(standard);
    assert_true(fread(kept, 1, sizeof kept - 1, file) > 0 && fread(said, 1, sizeof said - 1, standard) > 0);
    assert_string_equal(kept, "step 1\nlwssim: warning: the disk is full\nstep 2\nlwssim: error: over\n");
    assert_string_equal(said, "lwssim: warning: vae-mse-1: the disk is full\nlwssim: error: vae-mse-1: over\n"
                              "of another\ndone\n");
    fclose(file), fclose(standard);
}

/* What is said and done in one is not said and done in the other. */
static void each_its_own(void **state)
{
    (void)state;
    lws_context part;
    bool waits;
    lws_context_init(&part, NULL, false);
    unsigned before = progress_of(lws_context_own());
    assert_true(lws_log_is_root());
    lws_context *caller = lws_context_enter(&part);
    assert_false(lws_log_is_root());
    lws_progress();
    lws_progress();
    lws_progress_wait();
    assert_int_equal(lws_progress_count(&waits), 2);
    assert_true(waits);
    lws_context_enter(caller);
    assert_true(lws_log_is_root());
    assert_int_equal(lws_progress_count(&waits), before);
    assert_false(waits);
    lws_log_set_root(false);
    lws_context_enter(&part);
    lws_log_set_root(true);
    assert_true(lws_log_is_root());
    lws_context_enter(NULL);
    assert_false(lws_log_is_root());
    lws_log_set_root(true);
    assert_int_equal(progress_of(&part), 2);
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

enum { ROUNDS = 2000 };

typedef struct worker {
    pthread_t thread;
    lws_context context;
    const char *name;
    int stretches, calls; /* in its profile */
    bool began_in_own;
} worker;

static void *work(void *user)
{
    worker *w = user;
    const lws_profile_entry *entries;
    w->began_in_own = lws_context_current() == lws_context_own() && !lws_profile_here;
    lws_context_enter(&w->context);
    if (lws_profile_start(ROUNDS) != LWS_OK)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        LWS_PROFILE(w->name);
        lws_progress();
        lws_log_set_root(i % 2 == 0);
    }
    w->stretches = lws_profile_entries(&entries);
    if (w->stretches == 1 && strcmp(entries[0].name, w->name) == 0)
        w->calls = (int)entries[0].calls;
    lws_profile_stop();
    lws_context_enter(NULL);
    return NULL;
}

static void threads_side_by_side(void **state)
{
    (void)state;
    worker w[3] = {{.name = "one"}, {.name = "two"}, {.name = "three"}};
    assert_int_equal(lws_profile_start(10), LWS_OK);
    unsigned before = progress_of(lws_context_own());
    for (int i = 0; i < 3; i++) {
        lws_context_init(&w[i].context, lws_context_own(), true);
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(w[i].thread, NULL);
    for (int i = 0; i < 3; i++) {
        assert_true(w[i].began_in_own);
        assert_int_equal(w[i].stretches, 1);
        assert_int_equal(w[i].calls, ROUNDS);
        assert_int_equal(progress_of(&w[i].context), ROUNDS);
        assert_false(atomic_load(&w[i].context.is_root));
    }
    const lws_profile_entry *entries;
    assert_int_equal(lws_profile_entries(&entries), 0); /* this thread did nothing */
    lws_profile_stop();
    assert_int_equal(progress_of(lws_context_own()), before);
    assert_true(lws_log_is_root());
    assert_int_equal(atomic_load(&lws_context_own()->guests), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enter_and_leave),
        cmocka_unit_test(lines_to_a_file),
        cmocka_unit_test(each_its_own),
        cmocka_unit_test(threads_side_by_side),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
