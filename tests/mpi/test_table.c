/* The engine of tables: how ranks are cut, who gets which cell, what the penalties on codes are, and that a group that
 * rests is not taken for one that hangs. What whole tables give is in tests/cli/table1.sh and sweep.sh. */
#include "prepared.h"

#include "mpi_folder.h"

#include "deal.h"
#include "groups.h"
#include "penalties.h"

#include "base/context.h"
#include "base/progress.h"
#include "base/rng.h"
#include "comm/watchdog.h"
#include "table/table.h"
#include "train/train.h"

#include <reference.h>

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static void ranks_in_groups(void **state)
{
    (void)state;
    static const struct {
        int ranks, cells, parts, wanted, count, size;
    } cases[] = {{1, 27, 4, 0, 1, 1},   {3, 27, 4, 0, 3, 1},   {27, 27, 4, 0, 27, 1}, {64, 27, 4, 0, 27, 2},
                 {64, 10, 4, 0, 10, 4}, {64, 2, 4, 0, 2, 4},   {7, 2, 4, 0, 2, 2},    {14, 2, 6, 0, 2, 6},
                 {5, 9, 8, 2, 2, 2},    {5, 1, 8, 2, 1, 2},    {3, 9, 8, 5, 1, 3},    {5, 0, 4, 0, 1, 4},
                 {8, 3, 5, 0, 3, 1},    {100, 1, 64, 0, 1, 64}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        groups g = groups_for(cases[i].ranks, cases[i].cells, cases[i].parts, cases[i].wanted);
        if (g.count != cases[i].count || g.size != cases[i].size)
            fail_msg("%d ranks, %d cells, %d parts: %d groups of %d", cases[i].ranks, cases[i].cells, cases[i].parts,
                     g.count, g.size);
        int members = 0;
        for (int r = 0; r < cases[i].ranks; r++) {
            int group = groups_of(g, r);
            assert_in_range(group + 1, 0, g.count);
            members += group >= 0;
        }
        assert_int_equal(members, g.count * g.size);
    }
}

/* ---- dealing ----------------------------------------------------------------------------------------------------- */

/* Every number is claimed once, whoever is faster; places in the order of ending too. */
static void each_cell_once(void **state)
{
    (void)state;
    enum { CELLS = 40 };
    deal d = deal_in(folder);
    for (int round = 0; round < 3; round++) { /* what the one before left is cleared */
        if (rank == 0)
            assert_int_equal(deal_begin(&d), LWS_OK);
        lws_comm_barrier(comm);
        int taken[CELLS] = {0}, places[CELLS + 1] = {0}, place, number;
        for (int next = 0;; next = number + 1) {
            assert_int_equal(deal_claim(&d, next, CELLS, &number), LWS_OK);
            if (number == CELLS)
                break;
            assert_in_range(number, next, CELLS - 1);
            taken[number]++;
            usleep(100 * (unsigned)(rank + 1));
            assert_int_equal(deal_count(&d, &place), LWS_OK);
            assert_in_range(place, 1, CELLS);
            places[place]++;
        }
        size_t *bytes_of = malloc((size_t)size * sizeof *bytes_of);
        int(*all)[CELLS] = malloc((size_t)size * sizeof *all),
        (*ended)[CELLS + 1] = malloc((size_t)size * sizeof *ended);
        for (int r = 0; r < size; r++)
            bytes_of[r] = sizeof *all;
        lws_comm_allgather(comm, taken, bytes_of, all);
        for (int r = 0; r < size; r++)
            bytes_of[r] = sizeof *ended;
        lws_comm_allgather(comm, places, bytes_of, ended);
        for (int i = 0; i < CELLS; i++) {
            int claims = 0, ends = 0;
            for (int r = 0; r < size; r++) {
                claims += all[r][i];
                ends += ended[r][i + 1];
            }
            assert_int_equal(claims, 1);
            assert_int_equal(ends, 1);
        }
        free(bytes_of), free(all), free(ended);
    }
    assert_false(deal_is_stopped(&d));
    lws_comm_barrier(comm);
    if (rank == size - 1)
        deal_stop(&d);
    lws_comm_barrier(comm);
    assert_true(deal_is_stopped(&d));
    lws_comm_barrier(comm);
    if (rank == 0) {
        deal_end(&d);
        assert_int_equal(access(d.folder, F_OK), -1);
    }
    lws_comm_barrier(comm);
    int number;
    assert_int_equal(deal_claim(&d, 0, 5, &number), LWS_ERR_IO); /* nothing to claim in */
}

/* ---- penalties --------------------------------------------------------------------------------------------------- */

enum { BATCH = 6, BLOCK = 3, LATENT = 5, SEED = 11 };

static lws_inference_model model_of(int kind, lws_shape image)
{
    lws_inference_model t = {.block = BLOCK};
    lws_model_spec spec;
    lws_config_defaults(lws_train_table(), &t.options);
    assert_int_equal(lws_config_set(lws_train_table(), &t.options, "preset", "tiny16", "test"), LWS_OK);
    t.options.model = kind;
    t.options.latent = LATENT;
    t.options.batch_size = BATCH;
    t.options.micro_batches = BATCH / BLOCK;
    t.options.seed = SEED;
    t.options.prior_sigma = 1.5;
    assert_int_equal(lws_train_options_model(&t.options, image, &spec), LWS_OK);
    assert_int_equal(lws_model_create(&spec, BLOCK, &t.model), LWS_OK);
    const lws_tensors *tensors = lws_model_tensors(t.model);
    t.params = calloc(tensors->params + tensors->buffers, sizeof *t.params);
    t.buffers = t.params + tensors->params;
    lws_tensors_init(tensors, 3, t.params, t.buffers);
    lws_model_transform_weights(t.model, t.params);
    return t;
}

/* The codes (or a VAE's means) of images [first, first + n), n <= BATCH, in blocks as the evaluation makes them. */
static void encode(const lws_inference_model *t, const lws_dataset *d, int64_t first, int n, double *codes)
{
    const lws_dataset_info *info = lws_dataset_get_info(d);
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    float *x = malloc(BATCH * pixels * sizeof *x), out[BATCH * LATENT];
    int64_t rows[BATCH];
    for (int i = 0; i < n; i++)
        rows[i] = first + i;
    assert_int_equal(lws_dataset_read(d, rows, n, x), LWS_OK);
    for (int at = 0; at < n; at += BLOCK)
        lws_model_encode(t->model, t->params, t->buffers, n - at < BLOCK ? n - at : BLOCK, x + (size_t)at * pixels,
                         out + at * LATENT);
    for (int i = 0; i < n * LATENT; i++)
        codes[i] = (double)out[i];
    free(x);
}

/* Over whole batches, each against draws of its own: those of training steps from 2^52 on. */
static double plain_mmd(const lws_inference_model *t, const lws_dataset *d, int64_t images)
{
    double codes[BATCH * LATENT], prior[BATCH * LATENT], sum = 0;
    int64_t batches = images / BATCH > 0 ? images / BATCH : 1;
    for (int64_t b = 0; b < batches; b++) {
        int n = images < BATCH ? (int)images : BATCH;
        encode(t, d, b * BATCH, n, codes);
        lws_rng_key key = lws_rng(SEED, LWS_RNG_PRIOR, (uint64_t)((INT64_C(1) << 52) + b));
        for (int i = 0; i < n * LATENT; i++)
            prior[i] = 1.5 * lws_rng_normal(key, (uint64_t)i);
        sum += ref_mmd(n, LATENT, 1.5, codes, prior, NULL);
    }
    return sum / (double)batches;
}

/* Of each image by itself; the means must be those that _encode gives. */
static double plain_kl(const lws_inference_model *t, const lws_dataset *d, int64_t images)
{
    const lws_dataset_info *info = lws_dataset_get_info(d);
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    float *x = malloc(pixels * sizeof *x);
    double sum = 0, value;
    for (int64_t i = 0; i < images; i++) {
        assert_int_equal(lws_dataset_read(d, &i, 1, x), LWS_OK);
        lws_model_kl(t->model, t->params, t->buffers, 1, x, &value);
        double mu[LATENT], half = 0;
        encode(t, d, i, 1, mu);
        for (int k = 0; k < LATENT; k++)
            half += mu[k] * mu[k] / 2;
        assert_true(value > half); /* the rest of it is of the variances, and not below 0 */
        sum += value;
    }
    free(x);
    return sum / (double)images;
}

static void penalties_of_codes(void **state)
{
    (void)state;
    static const int64_t bounds[] = {1000, 7, 4, 1}; /* more than there are; a batch and one more; less than one */
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        lws_dataset *d = opened(path_of("%s/data", folder), LWS_TEST);
        lws_dataset_keep_first(d, bounds[i]);
        const lws_dataset_info *info = lws_dataset_get_info(d);
        int64_t images = info->rows;
        assert_int_equal(images, bounds[i] < 15 ? bounds[i] : 15);
        for (int kind = LWS_MODEL_AE; kind <= LWS_MODEL_MMD_AE; kind++) {
            lws_inference_model t = model_of(kind, (lws_shape){info->height, info->width, info->channels});
            penalties all, alone;
            lws_comm *self;
            assert_int_equal(penalties_of(comm, &t, d, &all), LWS_OK);
            assert_int_equal(lws_comm_split(comm, rank, 0, &self), LWS_OK);
            assert_int_equal(penalties_of(self, &t, d, &alone), LWS_OK);
            lws_comm_destroy(self);
            assert_memory_equal(&all, &alone, sizeof all); /* to the bit */
            assert_true(isnan(all.kl) == (kind != LWS_MODEL_VAE));
            assert_true(isnan(all.mmd) == (kind != LWS_MODEL_MMD_AE));
            if (kind == LWS_MODEL_VAE)
                check_near(all.kl, plain_kl(&t, d, images), 1e-6);
            if (kind == LWS_MODEL_MMD_AE && images > 1)
                check_near(all.mmd, plain_mmd(&t, d, images), 1e-6);
            lws_model_destroy(t.model);
            free(t.params);
        }
        lws_dataset_close(d);
    }
}

/* A batch that no memory would hold, of a split that has a few images: they are one batch, whatever its size. */
static void penalties_of_a_huge_batch(void **state)
{
    (void)state;
    lws_dataset *d = opened(path_of("%s/data", folder), LWS_TEST);
    const lws_dataset_info *info = lws_dataset_get_info(d);
    for (int kind = LWS_MODEL_VAE; kind <= LWS_MODEL_MMD_AE; kind++) {
        lws_inference_model t = model_of(kind, (lws_shape){info->height, info->width, info->channels});
        penalties all, huge;
        t.options.batch_size = info->rows;
        assert_int_equal(penalties_of(comm, &t, d, &all), LWS_OK);
        t.options.batch_size = INT64_C(1) << 45;
        if (penalties_of(comm, &t, d, &huge) != LWS_OK)
            fail_msg("%s", lws_message());
        assert_memory_equal(&all, &huge, sizeof all);
        lws_model_destroy(t.model);
        free(t.params);
    }
    lws_dataset_close(d);
}

/* ---- resting ----------------------------------------------------------------------------------------------------- */

static void count_look(void *user)
{
    ++*(int *)user;
}

/* Rank 0 works for a part, longer than the deadline; the others wait for it, and look about. */
static void rest_is_no_fault(void **state)
{
    (void)state;
    lws_comm *part;
    int looks = 0;
    assert_int_equal(lws_watchdog_set((lws_watch){.3, NULL}, NULL), LWS_OK);
    assert_int_equal(lws_comm_split(comm, rank == 0 ? 0 : -1, 0, &part), LWS_OK);
    if (part) {
        lws_context *before = lws_comm_enter(part);
        assert_int_equal(lws_watchdog_set((lws_watch){30, NULL}, NULL), LWS_OK);
        for (int i = 0; i < 20; i++) {
            usleep(100000);
            lws_progress();
        }
        lws_context_enter(before);
    }
    lws_watchdog_phase("wait for the cells of other groups", -1);
    lws_comm_barrier_at_rest(comm, count_look, &looks);
    assert_true(rank == 0 || looks > 5);
    lws_comm_destroy(part);
    lws_comm_barrier(comm);
    assert_int_equal(lws_watchdog_set((lws_watch){0, NULL}, NULL), LWS_OK);
}

/* ---- a table ----------------------------------------------------------------------------------------------------- */

static lws_table_cell cell_of(const char *loss, const char *lr)
{
    const char *const pairs[][2] = {{"preset", "tiny16"},
                                    {"batch-size", "16"},
                                    {"micro-batches", "8"},
                                    {"threads", "1"},
                                    {"deadline", "300"},
                                    {"steps", "4"},
                                    {"windows", "3"},
                                    {"eval-every", "0"},
                                    {"model", "vae"},
                                    {"loss", loss},
                                    {"lr", lr}};
    lws_table_cell cell = {0};
    lws_config_defaults(lws_train_table(), &cell.options);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_int_equal(lws_config_set(lws_train_table(), &cell.options, pairs[i][0], pairs[i][1], "test"), LWS_OK);
    snprintf(cell.options.data, sizeof cell.options.data, "%s/data", folder);
    snprintf(cell.name, sizeof cell.name, "%s-%s", loss, lr);
    snprintf(cell.title, sizeof cell.title, "%s %s", loss, lr);
    return cell;
}

/* All ranks know of each cell how it ended; what has failed does not come again, or does, as it failed. */
static void states_of_cells(void **state)
{
    (void)state;
    lws_table_cell cells[4] = {cell_of("mse", "0.001"), cell_of("mse", "1000"), cell_of("ssim", "0.001"),
                               cell_of("mae", "0.001")};
    lws_table_state got[4];
    char table[300], *way = path_of("%s/table/cells/ssim-0.001", folder);
    snprintf(table, sizeof table, "%s/table", folder);
    lws_table_job job = {.folder = table, .count = 4, .cells = cells, .split = LWS_TEST};
    if (rank == 0) {
        assert_int_equal(mkdir(table, 0777), 0);
        assert_int_equal(mkdir(path_of("%s/table/cells", folder), 0777), 0);
        close(open(way, O_CREAT | O_WRONLY, 0666)); /* where a folder should be */
    }
    lws_comm_barrier(comm);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(lws_table_run(comm, &job, got), LWS_ERR_NUMERIC);
        assert_non_null(strstr(lws_message(), "2 of 4 cells failed: mse-1000, ssim-0.001."));
        assert_int_equal(got[0], LWS_TABLE_FINISHED);
        assert_int_equal(got[1], LWS_TABLE_DIVERGED);
        assert_int_equal(got[2], LWS_TABLE_BROKEN);
        assert_int_equal(got[3], LWS_TABLE_FINISHED);
    }
    if (rank == 0)
        unlink(way);
    lws_comm_barrier(comm);
    assert_int_equal(lws_table_run(comm, &job, got), LWS_ERR_NUMERIC);
    assert_non_null(strstr(lws_message(), "1 of 4 cells failed: mse-1000."));
    assert_int_equal(got[2], LWS_TABLE_FINISHED);
    job.time_limit = 1e-9; /* nothing is left to be stopped */
    assert_int_equal(lws_table_run(comm, &job, got), LWS_ERR_NUMERIC);
    cells[0] = cell_of("lwssim", "0.01");
    assert_int_equal(lws_table_run(comm, &job, got), LWS_STOPPED);
    assert_int_equal(got[0], LWS_TABLE_OPEN);
}

static int prepare_data(void **state)
{
    (void)state;
    if (rank == 0) {
        lws_prepare_options o = options_of("synthetic", "60", "size", "16", "split", "0.5,0.25,0.25", "output",
                                           path_of("%s/data", folder), NULL);
        prepares(&o);
    }
    lws_comm_barrier(comm);
    return 0;
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_in_groups),    cmocka_unit_test(each_cell_once),
        cmocka_unit_test(penalties_of_codes), cmocka_unit_test(penalties_of_a_huge_batch),
        cmocka_unit_test(rest_is_no_fault),   cmocka_unit_test(states_of_cells),
    };
    return cmocka_run_group_tests_name("table", tests, prepare_data, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
