/* The folder that a preparation writes to: an old dataset is replaced whole or not at all, whenever it is stopped, and
 * nothing of others is touched. */
#include "prepared.h"

#include <sys/syscall.h>

#include <omp.h>

/* ---- the output folder ----------------------------------------------------------------------- */

static void does_not_open(const char *folder, const char *part)
{
    lws_dataset *d;
    for (int s = 0; s < LWS_SPLITS; s++) {
        assert_int_not_equal(lws_dataset_open(folder, (lws_split)s, &d), LWS_OK);
        check_mentions(lws_message(), part);
    }
}

/* Stopped before anything is put in place: never a dataset that opens, and the next run is not disturbed. */
static void interrupted(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *clean = path_of("%s/clean", (char *)*state);
    lws_prepare_options o = options_of("output", clean, "synthetic", "9", "size", "16", "shards", "2", NULL);
    prepares(&o);
    strcpy(o.output, out);
    prepared p;
    for (int completed = 0; completed <= 4; completed++) {
        assert_int_equal(prepared_write(&o, false, &p), LWS_OK);
        assert_int_equal(p.shards, 4);
        for (int i = 0; i < completed; i++)
            assert_int_equal(lws_prepare_complete(p.plan, i, p.results, p.digests), LWS_OK);
        does_not_open(out, "interrupted");
        prepared_free(&p);
    }
    prepares(&o);
    assert_true(same_datasets(out, clean));
    assert_int_equal(prepared_write(&(lws_prepare_options){0}, false, &p), LWS_ERR_USAGE);
    prepared_free(&p);
}

/* A new file that has gone meanwhile: an old one of the same name must not stay among the new ones. */
static void lost_before_publishing(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *old = path_of("%s/old", (char *)*state);
    lws_prepare_options o = options_of("output", old, "synthetic", "9", "size", "16", "shards", "2", NULL);
    prepares(&o);
    strcpy(o.output, out);
    prepares(&o);
    o.overwrite = true;
    o.seed = 2;
    prepared p;
    assert_int_equal(prepared_write(&o, false, &p), LWS_OK);
    for (int i = 0; i < p.shards; i++)
        assert_int_equal(lws_prepare_complete(p.plan, i, p.results, p.digests), LWS_OK);
    assert_int_equal(unlink(path_of("%s/.train-00001-of-00002.h5.partial", out)), 0);
    assert_int_equal(lws_prepare_publish(p.plan, p.results, (const char *const *)p.problems), LWS_ERR_IO);
    check_mentions(lws_message(), ".train-00001-of-00002.h5.partial");
    lws_prepare_discard(p.plan);
    prepared_free(&p);
    assert_true(same_datasets(out, old));
}

/* The process ends before its change number `changes_left` to a folder; the functions stand before those of the C
 * library. */
static int changes_left = -1;

static void before_a_change(void)
{
    if (changes_left == 0)
        _exit(99);
    changes_left -= changes_left > 0;
}

int rename(const char *from, const char *to)
{
    before_a_change();
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int folder, const char *name, int flags)
{
    before_a_change();
    return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

/* A child publishes, and is killed before its change number `at`; whether it was. */
static bool killed_when_publishing(prepared *p, int at)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        changes_left = at;
        _exit(lws_prepare_publish(p->plan, p->results, (const char *const *)p->problems) == LWS_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0));
    return WEXITSTATUS(status) == 99;
}

enum { OLD, NEITHER, NEW, BUFFERS };

static int state_of(const char *folder, const char *old, const char *new)
{
    lws_dataset *d;
    if (lws_dataset_open(folder, LWS_TRAIN, &d) != LWS_OK) {
        does_not_open(folder, "interrupted");
        return NEITHER;
    }
    lws_dataset_close(d);
    if (same_datasets(folder, old))
        return OLD;
    assert_true(same_datasets(folder, new));
    return NEW;
}

/* At every moment of the change there is the old dataset, or the new one, or one that is known to be neither and that
 * the next run repairs. */
static void check_replacing(const char *folder, lws_prepare_options was, lws_prepare_options is)
{
    char old[256], new[256], out[256]; /* path_of's buffers do not last so long */
    snprintf(old, sizeof old, "%s/old", folder);
    snprintf(new, sizeof new, "%s/new", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    strcpy(was.output, old);
    strcpy(is.output, new);
    prepares(&was);
    prepares(&is);
    strcpy(was.output, out);
    strcpy(is.output, out);
    int seen[BUFFERS] = {0}, latest = OLD;
    bool killed = true;
    for (int at = 0; killed; at++) {
        remove_tree(out);
        prepares(&was);
        file_text(path_of("%s/notes.txt", out), "mine");
        prepared p;
        is.overwrite = true;
        assert_int_equal(prepared_write(&is, false, &p), LWS_OK);
        for (int i = 0; i < p.shards; i++)
            assert_int_equal(lws_prepare_complete(p.plan, i, p.results, p.digests), LWS_OK);
        killed = killed_when_publishing(&p, at);
        prepared_free(&p);
        int now = state_of(out, old, new);
        assert_true(now >= latest);
        latest = now;
        seen[now]++;
        is.overwrite = now != NEITHER;
        prepares(&is);
        assert_int_equal(state_of(out, old, new), NEW);
        reports(out, path_of("Source: %lld synthetic faces", (long long)is.synthetic));
        assert_true(file_exists(path_of("%s/notes.txt", out)));
        assert_false(file_exists(path_of("%s/.lwssim-preparing", out)));
    }
    assert_true(seen[OLD] > 0 && seen[NEITHER] >= 4 && seen[NEW] > 0);
}

static void killed_while_replacing(void **state)
{
    check_replacing(*state, options_of("synthetic", "40", "size", "16", "shards", "3", NULL),
                    options_of("synthetic", "44", "size", "16", "shards", "2", "split", "0.5,0.5,0", NULL));
}

/* Old and new files have the same names, and would do for each other. */
static void killed_while_replacing_likes(void **state)
{
    check_replacing(*state, options_of("synthetic", "40", "size", "16", "shards", "2", NULL),
                    options_of("synthetic", "40", "size", "16", "shards", "2", "seed", "2", NULL));
}

static void discards(void **state)
{
    char *out = path_of("%s/out", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "9", "size", "16", NULL);
    prepared p;
    assert_int_equal(prepared_write(&o, false, &p), LWS_OK);
    assert_true(file_exists(path_of("%s/.train-00000-of-00001.h5.partial", out)));
    lws_prepare_discard(p.plan);
    prepared_free(&p);
    assert_int_equal(rmdir(out), 0); /* empty */
}

static void respects_what_stands_there(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *mine = path_of("%s/out/my notes.txt", (char *)*state);
    char *stale = path_of("%s/out/.test-00003-of-00009.h5.partial", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "20", "size", "16", "shards", "3", NULL);
    prepares(&o);
    file_text(mine, "mine");
    file_text(stale, "old"); /* in a folder that holds a dataset, such a name is left of a preparation */
    refuses(&o, LWS_ERR_USAGE, "--overwrite");
    assert_int_equal(rows_of(out, LWS_TRAIN), 16); /* untouched */
    assert_true(file_exists(stale));
    reports(out, "Source: 20 synthetic faces");
    o = options_of("output", out, "synthetic", "10", "size", "16", "overwrite", "true", NULL);
    prepares(&o);
    assert_int_equal(rows_of(out, LWS_TRAIN), 8);
    assert_false(file_exists(path_of("%s/train-00002-of-00003.h5", out)));
    assert_false(file_exists(stale));
    assert_true(file_exists(mine));
}

/* Files are told by what is in them, whatever they are called. */
static void takes_nothing_of_others(void **state)
{
    static const struct {
        const char *name, *part;
    } cases[] = {
        {"notes.txt", "holds notes.txt, and no dataset"},
        {"train-00000-of-00001.h5", "out/train-00000-of-00001.h5 has a name that lwssim prepare gives"},
        {"test-00003-of-00009.h5", "out/test-00003-of-00009.h5 has a name"},
        {"prepare-report.txt", "out/prepare-report.txt has a name"},
        {".train-00000-of-00001.h5.partial", "out/.train-00000-of-00001.h5.partial has a name"},
        {".prepare-report.txt.partial", "out/.prepare-report.txt.partial has a name"},
        {".lwssim-preparing", "out/.lwssim-preparing has a name"},
        {".lwssim-replacing", "out/.lwssim-replacing is not a file of lwssim prepare"},
    };
    char *out = path_of("%s/out", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "9", "size", "16", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int round = 0; round < 2; round++) {
            remove_tree(out);
            mkdir(out, 0777);
            char *mine = path_of("%s/%s", out, cases[i].name);
            file_text(mine, "mine");
            o.overwrite = round == 1;
            refuses(&o, LWS_ERR_USAGE, cases[i].part);
            blob b = file_read(mine);
            assert_string_equal((char *)b.data, "mine");
            free(b.data);
            remove(mine);
            assert_int_equal(rmdir(out), 0); /* and nothing else is left */
        }
    }
    /* Of a dataset that is there, all of it stays as well. */
    remove_tree(out);
    o.overwrite = false;
    prepares(&o);
    o.overwrite = true;
    file_text(path_of("%s/test-00003-of-00009.h5", out), "mine");
    refuses(&o, LWS_ERR_USAGE, "out/test-00003-of-00009.h5 has a name");
    remove(path_of("%s/test-00003-of-00009.h5", out));
    assert_int_equal(rows_of(out, LWS_TRAIN), 7);
    /* A damaged shard is one of ours still. */
    assert_int_equal(truncate(path_of("%s/train-00000-of-00001.h5", out), 1000), 0);
    prepares(&o);
    assert_int_equal(rows_of(out, LWS_TRAIN), 7);
    /* Names with a dot are in nobody's way. */
    remove_tree(out);
    mkdir(out, 0777);
    file_text(path_of("%s/.gitkeep", out), "");
    prepares(&o);
    assert_true(file_exists(path_of("%s/.gitkeep", out)));
}

static void one_at_a_time(void **state)
{
    char *out = path_of("%s/out", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "20", "size", "16", NULL);
    prepared p;
    assert_int_equal(prepared_write(&o, false, &p), LWS_OK);
    refuses(&o, LWS_ERR_IO, "in use by another job: wait for it, stop it, or choose another --output");
    assert_int_equal(prepared_finish(&p, false), LWS_OK);
    assert_int_equal(rows_of(out, LWS_TRAIN), 16);
    prepared_free(&p);
}

/* Each process of a job must see the folder that the first has made ready. */
static void others_see_the_same_folder(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *other = path_of("%s/other", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "9", "size", "16", NULL);
    lws_prepare *first, *second;
    assert_int_equal(lws_prepare_plan(&o, &first), LWS_OK);
    assert_int_equal(lws_prepare_begin(first), LWS_OK);
    assert_int_equal(lws_prepare_plan(&o, &second), LWS_OK);
    assert_int_equal(lws_prepare_join(second, lws_prepare_token(first)), LWS_OK);
    lws_prepare_free(second);
    strcpy(o.output, other); /* as if it were of this name on another host: first not there, then one of its own */
    assert_int_equal(lws_prepare_plan(&o, &second), LWS_OK);
    assert_int_equal(lws_prepare_join(second, lws_prepare_token(first)), LWS_ERR_IO);
    check_mentions(lws_message(), "not the same folder");
    assert_int_equal(lws_prepare_begin(second), LWS_OK);
    assert_int_equal(lws_prepare_join(second, lws_prepare_token(first)), LWS_ERR_IO);
    lws_prepare_free(second);
    lws_prepare_free(first);
}

static void unusable_output(void **state)
{
    char *file = path_of("%s/file", (char *)*state);
    file_text(file, "");
    lws_prepare_options o = options_of("output", file, "synthetic", "5", NULL);
    refuses(&o, LWS_ERR_IO, "is not a folder");
    o = options_of("output", path_of("%s/below", file), "synthetic", "5", NULL);
    refuses(&o, LWS_ERR_IO, file);
    o = options_of("output", "/proc/none", "synthetic", "5", NULL);
    refuses(&o, LWS_ERR_IO, "/proc/none");
}

/* 0: the failure came as a status that says why, and no file was left. */
static int fill(void *user)
{
    lws_prepare_options o = options_of("output", user, "synthetic", "100", "size", "32", "split", "1,0,0", NULL);
    prepared p;
    lws_status status = prepared_write(&o, false, &p);
    bool right = status == LWS_ERR_LIMIT && strstr(lws_message(), "too large") && strstr(lws_message(), user);
    bool gone = !file_exists(path_of("%s/.train-00000-of-00001.h5.partial", (char *)user));
    prepared_free(&p);
    return status == LWS_OK ? 3 : !right ? 1 : !gone ? 2 : 0;
}

static int fill_when_completing(void *user)
{
    lws_prepare_options o = options_of("output", user, "synthetic", "100", "size", "32", "split", "1,0,0", NULL);
    prepared p;
    struct rlimit limit;
    if (prepared_write(&o, false, &p) != LWS_OK)
        return 1;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_FSIZE, &limit);
    lws_status status = prepared_finish(&p, false);
    bool right = status == LWS_ERR_LIMIT && strstr(lws_message(), "too large");
    bool gone = !file_exists(path_of("%s/.train-00000-of-00001.h5.partial", (char *)user));
    prepared_free(&p);
    return !right ? 2 : !gone ? 3 : 0;
}

static void full_disk(void **state)
{
    omp_set_num_threads(1); /* the threads of this process are not in its children */
    char *out = path_of("%s/out", (char *)*state);
    static const rlim_t limits[] = {0, 500, 50000, 307000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        assert_int_equal(with_full_disk(limits[i], fill, out), 0);
    assert_int_equal(with_full_disk(1000000, fill, out), 3); /* the disk was the reason */
    assert_int_equal(with_full_disk(1000000, fill_when_completing, out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(full_disk), /* first: before OpenMP has threads */
        scratch_test(interrupted),
        scratch_test(lost_before_publishing),
        scratch_test(killed_while_replacing),
        scratch_test(killed_while_replacing_likes),
        scratch_test(discards),
        scratch_test(respects_what_stands_there),
        scratch_test(takes_nothing_of_others),
        scratch_test(one_at_a_time),
        scratch_test(others_see_the_same_folder),
        scratch_test(unusable_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
