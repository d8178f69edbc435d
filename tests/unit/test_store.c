/* Which checkpoints a run's folder keeps, finds, sets aside and removes: small whole ones of chosen steps, damaged
 * ones, and ones whose name is another step's. */
#include "scratch.h"

#include "checkpoint/checkpoint_format.h"
#include "data/run_names.h"

#include "base/log.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/syscall.h>

/* ---- a file system that refuses -------------------------------------------------------------------------------- */

static int rename_error, listing_error, unlink_error; /* 0: none */
static int renames;                                   /* how many were tried */

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    renames++;
    if (rename_error == 0)
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    errno = rename_error;
    return -1;
}

struct dirent *readdir(DIR *dir)
{
    struct dirent *(*next)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
    struct dirent *entry = next(dir);
    if (listing_error == 0 || (entry && entry->d_name[0] == '.'))
        return entry;
    errno = listing_error; /* in place of the first entry */
    return NULL;
}

int unlink(const char *path)
{
    if (unlink_error == 0)
        return unlinkat(AT_FDCWD, path, 0);
    errno = unlink_error;
    return -1;
}

/* ---- a folder of checkpoints ----------------------------------------------------------------------------------- */

static lws_tensors tensors = {.count = 1, .params = 16, .item = {{.name = "w", .rank = 1, .dims = {5}, .count = 5}}};

static void write_step(const char *folder, int64_t step)
{
    float values[16] = {1, 2, 3, 4, (float)step};
    char path[LWS_PATH], wanted[LWS_PATH];
    lws_checkpoint_meta meta = {.image = {16, 16, 3}, .step = step, .best_step = -1, .best_ssim = -2};
    lws_checkpoint_data data = {.params = values};
    snprintf(meta.dataset_digest, sizeof meta.dataset_digest, "d");
    lws_status status = lws_checkpoint_write(folder, &meta, "text", &tensors, &data, path);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    snprintf(wanted, sizeof wanted, "%s/step-%09d.h5", folder, (int)step);
    assert_string_equal(path, wanted);
}

static void write_steps(const char *folder, int count, const int64_t *steps)
{
    for (int i = 0; i < count; i++)
        write_step(folder, steps[i]);
}

static char *step_path(const char *folder, int64_t step)
{
    return path_of("%s/step-%09d.h5", folder, (int)step);
}

/* A byte of the weights: the file still says what step it is of. */
static void damage(const char *folder, int64_t step)
{
    static const float values[] = {1, 2, 3, 4};
    char *path = step_path(folder, step);
    file_flip(path, file_find(path, values, sizeof values), 1);
}

/* Names in the folder in their order, "step-000000001.h5 step-000000002.h5.damaged" with the usual parts left out: "1
 * 2.damaged". */
static void check_files_(const char *folder, const char *want, const char *file, int line)
{
    struct dirent **entry;
    char text[4096] = "";
    int count = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entry[i]->d_name;
        int step, used;
        size_t at = strlen(text);
        if (sscanf(name, "step-%9d.h5%n", &step, &used) == 1 && strlen(name) >= 17)
            snprintf(text + at, sizeof text - at, "%s%d%s", at ? " " : "", step, name + 17);
        else if (name[0] != '.')
            snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", name);
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
    if (strcmp(text, want) == 0)
        return;
    print_error("'%s' in place of '%s'\n", text, want);
    _fail(file, line);
}

#define check_files(folder, want) check_files_(folder, want, __FILE__, __LINE__)

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t step;
    } of[] = {{"step-000000000.h5", 0},
              {"step-000000012.h5", 12},
              {"step-1234567890123.h5", 1234567890123},
              {"step-12.h5", -1},
              {"step-000000012.h5.damaged", -1},
              {"step-000000012.png", -1},
              {"step--00000012.h5", -1},
              {".step-000000012.h5", -1},
              {"step-0000000012.h5", -1},
              {"step- 00000012.h5", -1},
              {"step-+00000012.h5", -1},
              {"step-000000012.h5 ", -1},
              {"other-000000012.h5", -1},
              {"step-.h5", -1},
              {"", -1}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        assert_int_equal(lws_step_of_name(of[i].name, ".h5"), of[i].step);
    assert_int_equal(lws_step_of_name("step-000000012.png", ".png"), 12);
}

static void listing(void **state)
{
    const char *folder = *state;
    int64_t *steps, count;
    assert_int_equal(lws_checkpoint_count(folder), 0);
    for (int step = 0; step < 40; step++) /* more than fit at first, in no order */
        file_text(step_path(folder, step * 7 % 40), "x");
    file_text(path_of("%s/step-5.h5", folder), "x");
    file_text(path_of("%s/notes", folder), "x");
    assert_int_equal(lws_checkpoint_count(folder), 40);
    assert_int_equal(lws_checkpoint_list(folder, &steps, &count), LWS_OK);
    assert_int_equal(count, 40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(steps[i], 39 - i);
    free(steps);
    assert_int_equal(lws_checkpoint_list(path_of("%s/none", folder), &steps, &count), LWS_ERR_IO);
    assert_null(steps);
    assert_int_equal(count, 0);
    assert_int_equal(lws_checkpoint_count(path_of("%s/none", folder)), -1);
}

/* Half a listing is none: it would hide checkpoints. */
static void broken_listing(void **state)
{
    const char *folder = *state;
    int64_t *steps, count;
    write_steps(folder, 2, (const int64_t[]){10, 20});
    listing_error = EIO;
    lws_status status = lws_checkpoint_list(folder, &steps, &count);
    int64_t counted = lws_checkpoint_count(folder);
    lws_checkpoint_prune(folder, 20, 1, -1); /* leaves all */
    lws_status removed = lws_checkpoint_remove_all(folder), aside = lws_checkpoint_set_aside(folder, 0);
    listing_error = 0;
    assert_int_equal(status, LWS_ERR_IO);
    assert_null(steps);
    assert_int_equal(count, 0);
    assert_int_equal(counted, -1);
    assert_int_equal(removed, LWS_ERR_IO);
    assert_int_equal(aside, LWS_ERR_IO);
    check_files(folder, "10 20");
}

/* ---- pruning --------------------------------------------------------------------------------------------------- */

static void pruning(void **state)
{
    const char *folder = *state;
    write_steps(folder, 6, (const int64_t[]){10, 20, 30, 40, 50, 60});
    lws_checkpoint_prune(folder, 60, 6, -1);
    check_files(folder, "10 20 30 40 50 60");
    lws_checkpoint_prune(folder, 60, 4, -1); /* the newest four */
    check_files(folder, "30 40 50 60");
    lws_checkpoint_prune(folder, 60, 2, 30); /* and the best */
    check_files(folder, "30 50 60");
    lws_checkpoint_prune(folder, 60, 2, 60); /* which may be among them: it counts as one of them */
    check_files(folder, "50 60");
    write_steps(folder, 3, (const int64_t[]){10, 20, 70});
    lws_checkpoint_prune(folder, 20, 1,
                         -1); /* of a run that went back: what is beyond is left alone, and does not count */
    check_files(folder, "20 50 60 70");
    lws_checkpoint_prune(folder, 55, 1, 20); /* no file of that step */
    check_files(folder, "20 50 60 70");
    lws_checkpoint_prune(folder, 19, 0, -1); /* all are beyond */
    check_files(folder, "20 50 60 70");
    lws_checkpoint_prune(folder, INT64_MAX, 0, 50); /* all but one */
    check_files(folder, "50");
    lws_checkpoint_prune(folder, INT64_MAX, 0, -1);
    check_files(folder, "");
    lws_checkpoint_prune(path_of("%s/none", folder), 60, 1, -1); /* nothing to do is no failure */
}

/* A file counts only where it is the checkpoint of its name. */
static void pruning_others(void **state)
{
    const char *folder = *state;
    write_steps(folder, 3, (const int64_t[]){10, 20, 30});
    file_copy(step_path(folder, 10), step_path(folder, 25));
    file_text(step_path(folder, 27), "a text");
    lws_checkpoint_prune(folder, 30, 2, -1);
    check_files(folder, "20 25 27 30");
    lws_checkpoint_prune(folder, 30, 1, -1);
    check_files(folder, "25 27 30");
    damage(folder, 30); /* of the weights, which nobody reads for this */
    write_step(folder, 40);
    lws_checkpoint_prune(folder, 40, 1, -1);
    check_files(folder, "25 27 40");
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static void finds(const char *folder, int64_t step, int64_t want)
{
    char path[LWS_PATH];
    lws_status status = lws_checkpoint_find(folder, step, path);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    assert_string_equal(path, step_path(folder, want));
    if (step >= 0)
        return;
    assert_int_equal(lws_checkpoint_find_to_resume(folder, path), LWS_OK);
    assert_string_equal(path, step_path(folder, want));
}

static void finding(void **state)
{
    const char *folder = *state;
    char path[LWS_PATH];
    lws_log_set_root(false);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_IO);
    assert_non_null(strstr(lws_message(), "there is no checkpoint in"));
    write_steps(folder, 4, (const int64_t[]){0, 10, 20, 30});
    finds(folder, -1, 30);
    finds(folder, 10, 10);
    finds(folder, 0, 0); /* a step, too */
    damage(folder, 30);
    finds(folder, -1, 20);
    assert_int_equal(lws_checkpoint_find(folder, 30, path), LWS_ERR_FORMAT);
    assert_int_equal(lws_checkpoint_find(folder, 40, path), LWS_ERR_IO);
    file_copy(step_path(folder, 10), step_path(folder, 40)); /* whole, but not what its name says */
    finds(folder, -1, 20);
    assert_int_equal(lws_checkpoint_find(folder, 40, path), LWS_ERR_MISMATCH);
    assert_non_null(strstr(lws_message(), "holds the state of step 10"));
    assert_int_equal(lws_checkpoint_verify(step_path(folder, 40)), LWS_OK);
    assert_int_equal(lws_checkpoint_verify_name(step_path(folder, 40)), LWS_ERR_MISMATCH);
    file_copy(step_path(folder, 10), path_of("%s/any.h5", folder)); /* no step in the name: none to hold */
    assert_int_equal(lws_checkpoint_verify_name(path_of("%s/any.h5", folder)), LWS_OK);

    /* One that cannot be opened may be good: a run must not go on without it. */
    mkdir(step_path(folder, 50), 0777);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_OK);
    assert_string_equal(path, step_path(folder, 20));
    lws_status status = lws_checkpoint_find_to_resume(folder, path);
    assert_int_equal(status, LWS_ERR_IO);
    rmdir(step_path(folder, 50));

    damage(folder, 20), damage(folder, 10), damage(folder, 0);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_FORMAT);
    assert_non_null(strstr(lws_message(), "none of the 5 checkpoints in"));

    mkdir(step_path(folder, 5), 0777), mkdir(step_path(folder, 50), 0777), mkdir(step_path(folder, 60), 0777);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_ERR_IO); /* of several, the newest is named */
    assert_non_null(strstr(lws_message(), "none of the 8 checkpoints in"));
    assert_non_null(strstr(lws_message(), path_of("the newest that may be good: cannot open %s: not a regular file",
                                                  step_path(folder, 60))));
    lws_log_set_root(true);
}

/* Of a version that this one does not know: it may be good, and is none to go on from. */
static void newer_version(void **state)
{
    const char *folder = *state;
    char path[LWS_PATH];
    lws_h5 *file;
    lws_log_set_root(false);
    write_steps(folder, 2, (const int64_t[]){10, 20});
    assert_int_equal(lws_h5_create(step_path(folder, 30), &file), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "kind", CHECKPOINT_KIND), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "schema", CHECKPOINT_SCHEMA + 1), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "step", 30), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_checkpoint_find(folder, -1, path), LWS_OK);
    assert_string_equal(path, step_path(folder, 20));
    assert_int_equal(lws_checkpoint_find_to_resume(folder, path), LWS_ERR_MISMATCH);
    assert_non_null(strstr(lws_message(), "The run would lose what is in it"));
    assert_int_equal(lws_checkpoint_set_aside(folder, 20), LWS_OK); /* it is not damaged */
    check_files(folder, "10 20 30");
    lws_log_set_root(true);
}

static void peeking(void **state)
{
    const char *folder = *state;
    int64_t step = 0;
    write_step(folder, 123);
    assert_int_equal(lws_checkpoint_peek(step_path(folder, 123), &step), LWS_OK);
    assert_int_equal(step, 123);
    file_text(step_path(folder, 5), "a text");
    assert_int_equal(lws_checkpoint_peek(step_path(folder, 5), &step), LWS_ERR_FORMAT);
    assert_int_equal(lws_checkpoint_peek(step_path(folder, 6), &step), LWS_ERR_IO);
    lws_h5 *file; /* HDF5, and of another kind */
    assert_int_equal(lws_h5_create(step_path(folder, 7), &file), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "kind", "something else"), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "step", 7), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_checkpoint_peek(step_path(folder, 7), &step), LWS_ERR_FORMAT);
    assert_non_null(strstr(lws_message(), "is not a checkpoint of this program"));
}

/* ---- moving ---------------------------------------------------------------------------------------------------- */

static void aside(void **state)
{
    const char *folder = *state;
    lws_log_set_root(false);
    write_steps(folder, 5, (const int64_t[]){10, 20, 30, 40, 50});
    damage(folder, 10), damage(folder, 30), damage(folder, 40);
    assert_int_equal(lws_checkpoint_set_aside(folder, 30), LWS_OK); /* later steps' alone, and whole ones stay */
    check_files(folder, "10 20 30 40.damaged 50");
    assert_int_equal(lws_checkpoint_set_aside(folder, 20), LWS_OK);
    check_files(folder, "10 20 30.damaged 40.damaged 50");
    write_step(folder, 40);
    damage(folder, 40);
    assert_int_equal(lws_checkpoint_set_aside(folder, 20), LWS_OK); /* over no other */
    check_files(folder, "10 20 30.damaged 40.damaged 40.damaged-2 50");
    write_step(folder, 40);
    damage(folder, 40);
    assert_int_equal(lws_checkpoint_set_aside(folder, 20), LWS_OK);
    check_files(folder, "10 20 30.damaged 40.damaged 40.damaged-2 40.damaged-3 50");
    assert_int_equal(lws_checkpoint_set_aside(folder, 9), LWS_OK); /* all are later */
    check_files(folder, "10.damaged 20 30.damaged 40.damaged 40.damaged-2 40.damaged-3 50");
    lws_log_set_root(true);
}

/* What stands where a checkpoint is to be written. */
static void way(void **state)
{
    const char *folder = *state;
    lws_log_set_root(false);
    assert_int_equal(checkpoint_make_way(step_path(folder, 10), 10), LWS_OK);
    write_step(folder, 10);
    assert_int_equal(checkpoint_make_way(step_path(folder, 10), 10), LWS_OK); /* it is replaced */
    check_files(folder, "10");
    file_copy(step_path(folder, 10), step_path(folder, 20));
    write_step(folder, 20);
    check_files(folder, "10 20 20.misnamed");
    assert_true(same_files(step_path(folder, 10), path_of("%s/step-000000020.h5.misnamed", folder)));
    file_text(step_path(folder, 30), "a text");
    write_step(folder, 30);
    check_files(folder, "10 20 20.misnamed 30 30.damaged");
    lws_log_set_root(true);
}

/* On a file system that knows only the plain rename, and on one that refuses. */
static void moving(void **state)
{
    const char *folder = *state;
    lws_log_set_root(false);
    write_steps(folder, 2, (const int64_t[]){10, 20});
    file_text(path_of("%s/step-000000020.h5.damaged", folder), "before");
    damage(folder, 20);
    rename_error = EINVAL;
    assert_int_equal(lws_checkpoint_set_aside(folder, 10), LWS_OK);
    check_files(folder, "10 20.damaged 20.damaged-2");
    write_step(folder, 30);
    damage(folder, 30);
    rename_error = ENOSYS; /* nor does the kernel know the other */
    assert_int_equal(lws_checkpoint_set_aside(folder, 10), LWS_OK);
    check_files(folder, "10 20.damaged 20.damaged-2 30.damaged");
    blob kept = file_read(path_of("%s/step-000000020.h5.damaged", folder));
    assert_string_equal((char *)kept.data, "before");
    free(kept.data);
    rename_error = 0;
    write_step(folder, 20);
    damage(folder, 20);
    write_step(folder, 30);
    damage(folder, 30);
    rename_error = EACCES;
    renames = 0;
    assert_int_equal(lws_checkpoint_set_aside(folder, 10), LWS_ERR_IO);
    assert_non_null(strstr(lws_message(), path_of("cannot rename %s", step_path(folder, 30))));
    assert_int_equal(renames, 1); /* the first failure is the end */
    rename_error = 0;
    check_files(folder, "10 20 20.damaged 20.damaged-2 30 30.damaged");
    unlink_error = EACCES;
    assert_int_equal(lws_checkpoint_remove_all(folder), LWS_ERR_IO);
    assert_non_null(strstr(lws_message(), "cannot remove"));
    unlink_error = 0;
    check_files(folder, "10 20 20.damaged 20.damaged-2 30 30.damaged");
    lws_log_set_root(true);
}

static void removing(void **state)
{
    const char *folder = *state;
    lws_log_set_root(false);
    write_steps(folder, 3, (const int64_t[]){10, 20, 30});
    damage(folder, 20); /* it is the run's all the same */
    file_copy(step_path(folder, 10), step_path(folder, 40));
    file_text(step_path(folder, 50), "a text");
    file_text(path_of("%s/notes", folder), "mine");
    assert_int_equal(lws_checkpoint_remove_all(folder), LWS_OK);
    check_files(folder, "notes 40.misnamed 50.damaged");
    assert_int_equal(lws_checkpoint_remove_all(path_of("%s/none", folder)), LWS_ERR_IO);
    lws_log_set_root(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), scratch_test(listing),       scratch_test(pruning), scratch_test(pruning_others),
        scratch_test(finding),   scratch_test(newer_version), scratch_test(peeking), scratch_test(aside),
        scratch_test(way),       scratch_test(removing),      scratch_test(moving),  scratch_test(broken_listing),
    };
    return cmocka_run_group_tests_name("checkpoint store", tests, NULL, NULL);
}
