/* The gradient reduction: bits that depend on the micro_batches alone, against a serial fold of the tree. */
#include "scratch.h"

#include "mpi_folder.h"

#include "base/clock.h"
#include "comm/reduction.h"

#include <unistd.h>

/* Value i of micro_batch `micro_batch` in step `step`: magnitudes from 2^-12 to 2^12, so that sums depend on their
 * order. */
static float value_of(int step, int64_t micro_batch, size_t i)
{
    check_rng r = {(uint64_t)step << 48 ^ (uint64_t)micro_batch << 32 ^ i};
    check_next(&r);
    return (float)ldexp(check_uniform(&r, -1, 1), check_int(&r, -12, 12));
}

/* The serial oracle: node (level, index) of the tree, added pair by pair in float. */
static float node_value(int step, int level, int64_t index, int64_t micro_batches, size_t i)
{
    if (level == 0)
        return value_of(step, index, i);
    float left = node_value(step, level - 1, 2 * index, micro_batches, i);
    if ((2 * index + 1) << (level - 1) >= micro_batches)
        return left;
    return left + node_value(step, level - 1, 2 * index + 1, micro_batches, i);
}

static float *serial_sum(int step, int64_t micro_batches, size_t count)
{
    float *sum = malloc(count * sizeof *sum);
    assert_non_null(sum);
    int level = 0;
    while ((int64_t)1 << level < micro_batches)
        level++;
    for (size_t i = 0; i < count; i++)
        sum[i] = node_value(step, level, 0, micro_batches, i);
    return sum;
}

/* A cut of the array: bucket sizes from below a block to above the array, with and without parts. */
typedef struct shape {
    size_t count, block, bucket;
    int parts;
    size_t starts[4];
    int pause;
} shape;

static const shape shapes[] = {
    {.count = 1, .block = 1, .bucket = 100},
    {.count = 7, .block = 1, .bucket = 1},
    {.count = 64, .block = 64, .bucket = 1},
    {.count = 1000, .block = 16, .bucket = 100, .pause = 50},
    {.count = 1000, .block = 64, .bucket = 300, .parts = 4, .starts = {0, 100, 101, 900}},
    {.count = 4099, .block = 64, .bucket = 700, .parts = 3, .starts = {0, 3000, 4090}, .pause = 50},
    {.count = 4099, .block = 1024, .bucket = 0},
    {.count = 200000, .block = 1024, .bucket = 30000, .parts = 2, .starts = {0, 150000}, .pause = 50},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGE = 100000 };

static lws_reduction *create(int64_t micro_batches, const shape *s)
{
    lws_reduction_layout layout = {.count = s->count,
                                   .block = s->block,
                                   .bucket = s->bucket,
                                   .parts = s->parts,
                                   .starts = s->starts,
                                   .pause = s->pause};
    lws_reduction *r;
    assert_int_equal(lws_reduction_create(comm, micro_batches, &layout, &r), LWS_OK);
    return r;
}

/* The caller: where a micro_batch is complete, when it looks for slices and how long it takes differ from rank to rank.
 */
typedef struct job {
    lws_reduction *reduction;
    const shape *shape;
    int step, taken;
    const float *expected; /* [count] */
    float *flat;           /* [count] what ranks share: the sums */
    bool *given;           /* [buckets] */
    check_rng random;
} job;

static void take(job *j, bool wait)
{
    lws_reduction_slice slice;
    while (lws_reduction_reduce_scatter_next(j->reduction, wait, &slice)) {
        size_t n = slice.end - slice.begin;
        assert_false(j->given[slice.bucket]);
        j->given[slice.bucket] = true;
        j->taken++;
        assert_memory_equal(slice.sum, j->expected + slice.begin, n * sizeof(float));
        memcpy(j->flat + slice.begin, slice.sum, n * sizeof(float));
        if (check_int(&j->random, 0, 3) == 0)
            usleep(100);
        lws_reduction_allgather(j->reduction, slice.bucket, j->flat);
    }
}

static void do_leaf(job *j, int64_t micro_batch)
{
    float *gradient = lws_reduction_micro_batch(j->reduction);
    size_t at = j->shape->count;
    while (at > 0) {
        size_t n = (size_t)check_int(&j->random, 1, (int)(j->shape->count + 1) / 2);
        size_t begin = n < at ? at - n : 0;
        for (size_t i = begin; i < at; i++)
            gradient[i] = value_of(j->step, micro_batch, i);
        at = begin;
        if (check_int(&j->random, 0, 5) == 0)
            break; /* what is left comes with the push */
        lws_reduction_ready(j->reduction, at);
        if (check_int(&j->random, 0, 1))
            take(j, false);
    }
    for (size_t i = 0; i < at; i++)
        gradient[i] = value_of(j->step, micro_batch, i);
    lws_reduction_push(j->reduction);
}

/* One step; what others share is looked at from the beginning of the array to its end, as a forward pass would. */
static void do_step(job *j)
{
    const lws_reduction_part *part = lws_reduction_get_part(j->reduction);
    memset(j->given, 0, (size_t)part->buckets * sizeof *j->given);
    j->taken = 0;
    for (int64_t micro_batch = part->first_micro_batch; micro_batch < part->first_micro_batch + part->micro_batches;
         micro_batch++)
        do_leaf(j, micro_batch);
    take(j, true);
    assert_int_equal(j->taken, part->buckets);
    if (j->step % 2 == 0)
        lws_comm_barrier(comm); /* any wait in between must let the messages through */
    for (size_t end = 1; end <= j->shape->count; end += j->shape->count / 3 + 1) {
        lws_reduction_await(j->reduction, end);
        assert_true(lws_reduction_is_here(j->reduction, end));
        assert_memory_equal(j->flat, j->expected, end * sizeof(float));
    }
    lws_reduction_await(j->reduction, j->shape->count);
    assert_memory_equal(j->flat, j->expected, j->shape->count * sizeof(float));
    for (int b = 0; b < part->buckets; b++) { /* values of this step would pass for those of the next */
        lws_reduction_slice own = lws_reduction_get_slice(j->reduction, b, rank);
        size_t first = lws_reduction_get_slice(j->reduction, b, 0).begin;
        size_t last = lws_reduction_get_slice(j->reduction, b, size - 1).end;
        memset(j->flat + first, 0xff, (own.begin - first) * sizeof(float));
        memset(j->flat + own.end, 0xff, (last - own.end) * sizeof(float));
    }
}

/* All micro_batch counts from 1 to 16 that this job can take, several steps with the same reduction. */
static void same_bits_as_serial(void **state)
{
    (void)state;
    for (int64_t micro_batches = size; micro_batches <= 16; micro_batches++) {
        for (int s = 0; s < SHAPES; s++) {
#ifdef __SANITIZE_THREAD__
            if (micro_batches != size && micro_batches != 11) /* for the threads, which all take the same course */
                continue;
#endif
            if (shapes[s].count > LARGE && micro_batches != size && micro_batches != 11)
                continue;
            job j = {.reduction = create(micro_batches, &shapes[s]), .shape = &shapes[s]};
            j.random = (check_rng){(uint64_t)(1000 * rank + 100 * s) + (uint64_t)micro_batches};
            j.flat = malloc(shapes[s].count * sizeof(float));
            j.given = malloc((size_t)lws_reduction_get_part(j.reduction)->buckets * sizeof(bool));
            assert_true(j.flat && j.given);
            for (j.step = 0; j.step < 3; j.step++) {
                float *expected = serial_sum(j.step, micro_batches, shapes[s].count);
                j.expected = expected;
                do_step(&j);
                free(expected);
            }
            lws_reduction_destroy(j.reduction);
            free(j.flat);
            free(j.given);
        }
    }
}

/* One rank is away, outside all calls, while the others share and go on to the next step; it then finds its own
 * parameters still unsent and the others' gradients waiting for them. */
static void a_rank_comes_late(void **state)
{
    (void)state;
    enum { BUCKETS = 8, BUCKET = 200000, STEPS = 4 };
    for (int pause = 0; pause <= 50; pause += 50) {
        shape s = {.count = (size_t)BUCKETS * BUCKET, .block = 1000, .bucket = BUCKET, .pause = pause};
        lws_reduction *r = create(size, &s);
        float *flat = calloc(s.count, sizeof *flat);
        assert_non_null(flat);
        for (int step = 0; step < STEPS; step++) {
            float *gradient = lws_reduction_micro_batch(r);
            for (size_t i = 0; i < s.count; i++)
                gradient[i] = (float)(step + 1);
            lws_reduction_push(r);
            lws_reduction_slice slice;
            while (lws_reduction_reduce_scatter_next(r, true, &slice))
                for (size_t i = slice.begin; i < slice.end; i++)
                    flat[i] = slice.sum[i - slice.begin];
            lws_comm_barrier(comm);
            for (int b = 0; b < lws_reduction_get_part(r)->buckets; b++)
                lws_reduction_allgather(r, b, flat);
            if (rank == step % size)
                usleep(60000);
            lws_reduction_await(r, s.count);
            for (size_t i = 0; i < s.count; i++)
                assert_true(flat[i] == (float)(size * (step + 1)));
        }
        lws_reduction_destroy(r);
        free(flat);
    }
}

/* ---- what goes on while a rank is away --------------------------------------------------------------------------- */

/* Signs outside of MPI: files in the folder that all ranks know. */
static char *sign_of(const char *name, int r)
{
    return path_of("%s/%s-%d", folder, name, r);
}

static void give_sign(const char *name, int r)
{
    file_text(sign_of(name, r), "");
}

/* Takes no step in MPI meanwhile. False where the sign does not come. */
static bool wait_for_sign(const char *name, int r, double seconds)
{
    const char *path = sign_of(name, r);
    for (double start = lws_now(); access(path, F_OK) != 0; usleep(1000))
        if (lws_now() - start > seconds)
            return false;
    return true;
}

static void write_constant(lws_reduction *r, size_t count, float value)
{
    float *gradient = lws_reduction_micro_batch(r);
    for (size_t i = 0; i < count; i++)
        gradient[i] = value;
}

static void push_constant(lws_reduction *r, size_t count, float value)
{
    write_constant(r, count, value);
    lws_reduction_push(r);
}

/* The own slices, which all must be `sum`, to flat. */
static void take_constant(lws_reduction *r, float *flat, float sum)
{
    lws_reduction_slice slice;
    while (lws_reduction_reduce_scatter_next(r, true, &slice))
        for (size_t i = slice.begin; i < slice.end; i++) {
            assert_true(slice.sum[i - slice.begin] == sum);
            flat[i] = sum;
        }
}

static void share_all(lws_reduction *r, float *flat)
{
    for (int b = 0; b < lws_reduction_get_part(r)->buckets; b++)
        lws_reduction_allgather(r, b, flat);
}

static void await_constant(lws_reduction *r, size_t count, const float *flat, float sum)
{
    lws_reduction_await(r, count);
    for (size_t i = 0; i < count; i++)
        assert_true(flat[i] == sum);
}

/* A rank that computes for long, outside all calls, still gives what the others wait for: they tell it that they have
 * got all. More buckets than are on their way at once. */
static void a_thread_moves_messages(void **state)
{
    (void)state;
    enum { BUCKETS = 8, BUCKET = 50000, COUNT = BUCKETS * BUCKET };
    shape s = {.count = COUNT, .block = 1000, .bucket = BUCKET, .pause = 50};
    lws_reduction *r = create(size, &s);
    float *flat = calloc(COUNT, sizeof *flat);
    assert_non_null(flat);
    for (int away = 0; away < size && size > 1; away++) {
        push_constant(r, COUNT, 1);
        take_constant(r, flat, (float)size);
        lws_comm_barrier(comm);
        share_all(r, flat);
        char name[32];
        snprintf(name, sizeof name, "got-%d", away);
        for (int q = 0; q < size && rank == away; q++)
            assert_true(q == away || wait_for_sign(name, q, 30));
        await_constant(r, COUNT, flat, (float)size);
        if (rank != away)
            give_sign(name, rank);
        lws_comm_barrier(comm);
    }
    lws_reduction_destroy(r);
    free(flat);
}

/* Without the thread, any wait for the other ranks does it: here one rank has gone on to a barrier that the others come
 * to only when they have got its parameters. */
static void a_wait_moves_messages(void **state)
{
    (void)state;
    enum { BUCKETS = 8, BUCKET = 50000, COUNT = BUCKETS * BUCKET };
    shape s = {.count = COUNT, .block = 1000, .bucket = BUCKET};
    lws_reduction *r = create(size, &s);
    float *flat = calloc(COUNT, sizeof *flat);
    assert_non_null(flat);
    for (int early = 0; early < size; early++) {
        push_constant(r, COUNT, 1);
        take_constant(r, flat, (float)size);
        share_all(r, flat);
        if (rank != early)
            await_constant(r, COUNT, flat, (float)size);
        lws_comm_barrier(comm);
        await_constant(r, COUNT, flat, (float)size);
    }
    lws_reduction_destroy(r);
    free(flat);
}

/* Buckets of one block are rank 1's of two: rank 0 gives its gradients, and waits for nothing but parameters. */
enum { ONE_SIDED_BLOCK = 50000, ONE_SIDED_BUCKETS = 8, ONE_SIDED = ONE_SIDED_BLOCK * ONE_SIDED_BUCKETS };

static lws_reduction *create_one_sided(void)
{
    shape s = {.count = ONE_SIDED, .block = ONE_SIDED_BLOCK, .bucket = ONE_SIDED_BLOCK};
    lws_reduction *r = create(2, &s);
    assert_int_equal(lws_reduction_get_part(r)->buckets, ONE_SIDED_BUCKETS);
    assert_int_equal(lws_reduction_get_part(r)->own, rank == 1 ? ONE_SIDED : 0);
    return r;
}

/* Rank 0 goes on to its next micro_batch while rank 1 looks away: that must not overwrite what rank 1 has not fetched.
 * (Rank 0 would be done in less time than rank 1 sleeps.) */
static void a_gradient_leaves_before_its_memory_is_reused(void **state)
{
    (void)state;
    float *flat = calloc(ONE_SIDED, sizeof *flat);
    assert_non_null(flat);
    for (int trial = 0; trial < 3 && size == 2; trial++) {
        lws_reduction *r = create_one_sided();
        write_constant(r, ONE_SIDED, 1);
        if (rank == 0)
            assert_true(wait_for_sign("pushed", trial, 30));
        lws_reduction_push(r);
        if (rank == 1) {
            give_sign("pushed", trial);
            assert_true(wait_for_sign("next", trial, 30));
            usleep(50000);
        }
        take_constant(r, flat, 2);
        share_all(r, flat);
        if (rank == 0)
            give_sign("next", trial);
        push_constant(r, ONE_SIDED, 5);
        take_constant(r, flat, 10);
        share_all(r, flat);
        await_constant(r, ONE_SIDED, flat, 10);
        lws_reduction_destroy(r);
    }
    free(flat);
}

/* Rank 1 goes on to its next gradients while most of its parameters are still here, as rank 0 looks away. Rank 0 waits
 * for them before it has gradients to give: they must not wait for these. */
static void parameters_leave_before_the_next_gradients(void **state)
{
    (void)state;
    float *flat = calloc(ONE_SIDED, sizeof *flat);
    assert_non_null(flat);
    for (int trial = 0; trial < 3 && size == 2; trial++) {
        lws_reduction *r = create_one_sided();
        push_constant(r, ONE_SIDED, 1);
        take_constant(r, flat, 2);
        lws_comm_barrier(comm);
        share_all(r, flat);
        if (rank == 0)
            assert_true(wait_for_sign("ahead", trial, 30));
        await_constant(r, ONE_SIDED, flat, 2);
        push_constant(r, ONE_SIDED, 5);
        if (rank == 1)
            give_sign("ahead", trial);
        take_constant(r, flat, 10);
        share_all(r, flat);
        await_constant(r, ONE_SIDED, flat, 10);
        lws_reduction_destroy(r);
    }
    free(flat);
}

/* Whoever ends a reduction waits for what is in flight: parameters have then come, and left. Another one beside it goes
 * on. */
static void ends_when_all_is_through(void **state)
{
    (void)state;
    enum { BUCKETS = 8, BUCKET = 50000, COUNT = BUCKETS * BUCKET };
    for (int pause = 0; pause <= 50; pause += 50) {
        shape s = {.count = COUNT, .block = 1000, .bucket = BUCKET, .pause = pause};
        for (int first = 0; first < 2; first++) {
            lws_reduction *r[2] = {create(size, &s), create(size, &s)};
            for (int i = 0; i < 2; i++) {
                lws_reduction *now = r[i ? !first : first];
                float *flat = calloc(COUNT, sizeof *flat);
                assert_non_null(flat);
                push_constant(now, COUNT, 1);
                take_constant(now, flat, (float)size);
                share_all(now, flat);
                lws_reduction_destroy(now);
                for (size_t k = 0; k < COUNT; k++)
                    assert_true(flat[k] == (float)size);
                free(flat);
                lws_comm_barrier(comm); /* what the ended one left behind would be looked at here */
            }
        }
    }
}

/* The test above would pass any order if the order did not matter for these values. */
static void order_matters(void **state)
{
    (void)state;
    float *tree = serial_sum(0, 8, 1000);
    int differ = 0;
    for (size_t i = 0; i < 1000; i++) {
        float running = 0;
        for (int64_t micro_batch = 0; micro_batch < 8; micro_batch++)
            running += value_of(0, micro_batch, i);
        differ += running != tree[i];
    }
    free(tree);
    assert_true(differ > 100);
}

/* Pieces cover the array once, ascending, cut at whole blocks; what an owner keeps of them has no gaps. Buckets end
 * where parts do, and are of about the size asked for. */
static void cut(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        lws_reduction *r = create(16, &shapes[s]);
        const lws_reduction_part *part = lws_reduction_get_part(r);
        size_t at = 0, kept[64] = {0};
        for (int b = 0; b < part->buckets; b++) {
            size_t first = at;
            for (int q = 0; q < size; q++) {
                lws_reduction_slice slice = lws_reduction_get_slice(r, b, q);
                assert_int_equal(slice.begin, at);
                assert_true(slice.begin <= slice.end);
                assert_true(slice.begin % shapes[s].block == 0 || slice.begin == slice.end);
                assert_int_equal(slice.at, kept[q]);
                kept[q] += slice.end - slice.begin;
                at = slice.end;
            }
            assert_true(at > first);
            size_t most = shapes[s].bucket + shapes[s].bucket / 2 + shapes[s].block;
            assert_true(shapes[s].bucket == 0 || at - first <= most);
        }
        assert_int_equal(at, shapes[s].count);
        assert_int_equal(part->own, kept[rank]);
        int64_t first, count;
        lws_comm_run(16, size, rank, &first, &count);
        assert_int_equal(first, part->first_micro_batch);
        assert_int_equal(count, part->micro_batches);
        lws_reduction_destroy(r);
    }
}

/* As in a network: small layers join, large ones are cut, and none waits for a part of the one before. */
static void cut_at_parts(void **state)
{
    (void)state;
    shape s = {.count = 10000, .block = 10, .bucket = 1000, .parts = 4, .starts = {0, 304, 900, 7001}};
    lws_reduction *r = create(16, &s);
    size_t begins[16];
    int n = lws_reduction_get_part(r)->buckets;
    assert_true(n <= 16);
    bool is_cut[4] = {false};
    for (int b = 0; b < n; b++) {
        begins[b] = lws_reduction_get_slice(r, b, 0).begin;
        is_cut[0] |= begins[b] == 0;
        is_cut[2] |= begins[b] == 900;
        is_cut[3] |= begins[b] == 7010;
        assert_true(begins[b] != 310); /* joined */
    }
    assert_true(is_cut[0] && is_cut[2] && is_cut[3]);
    assert_int_equal(n, 1 + 6 + 3);
    lws_reduction_destroy(r);
}

/* What owners keep to rank 0 and back. */
static void collect_and_deal(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        size_t count = shapes[s].count;
        lws_reduction *r = create(16, &shapes[s]);
        const lws_reduction_part *part = lws_reduction_get_part(r);
        float *own = malloc(part->own * sizeof *own + 1);
        float *full = rank == 0 ? malloc(count * sizeof *full) : NULL;
        assert_true(own && (full || rank != 0));
        for (int b = 0; b < part->buckets; b++) {
            lws_reduction_slice slice = lws_reduction_get_slice(r, b, rank);
            for (size_t i = slice.begin; i < slice.end; i++)
                own[slice.at + i - slice.begin] = value_of(4, 0, i);
        }
        lws_reduction_gather(r, own, full);
        for (size_t i = 0; i < count && rank == 0; i++) {
            assert_true(full[i] == value_of(4, 0, i));
            full[i] = value_of(5, 0, i);
        }
        lws_reduction_scatter(r, full, own);
        for (int b = 0; b < part->buckets; b++) {
            lws_reduction_slice slice = lws_reduction_get_slice(r, b, rank);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(own[slice.at + i - slice.begin] == value_of(5, 0, i));
        }
        free(own);
        free(full);
        lws_reduction_destroy(r);
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One micro_batch has one value that is not finite: its owner finds out whose it is. */
static void traces_what_is_not_finite(void **state)
{
    (void)state;
    enum { LEAVES = 11, COUNT = 1000 };
    const shape s = {.count = COUNT, .block = 16, .bucket = 100};
    lws_reduction *r = create(LEAVES, &s);
    const lws_reduction_part *part = lws_reduction_get_part(r);
    float *flat = malloc(COUNT * sizeof *flat);
    assert_non_null(flat);
    for (int64_t bad = 0; bad < LEAVES; bad++) {
        size_t at = (size_t)(bad * 97 + 5) % COUNT;
        for (int64_t micro_batch = part->first_micro_batch; micro_batch < part->first_micro_batch + part->micro_batches;
             micro_batch++) {
            float *gradient = lws_reduction_micro_batch(r);
            for (size_t i = 0; i < COUNT; i++)
                gradient[i] = micro_batch == bad && i == at ? (float)NAN : value_of(1, micro_batch, i);
            lws_reduction_push(r);
        }
        for (lws_reduction_slice slice; lws_reduction_reduce_scatter_next(r, true, &slice);) {
            int64_t first, micro_batches, of_rank, count;
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(i == at || isfinite(slice.sum[i - slice.begin]));
            if (at >= slice.begin && at < slice.end) {
                int whose = lws_reduction_trace(r, &slice, at, &first, &micro_batches);
                assert_in_range(whose, 0, size - 1);
                lws_comm_run(LEAVES, size, whose, &of_rank, &count);
                assert_true(first >= of_rank && first + micro_batches <= of_rank + count);
                assert_true(bad >= first && bad < first + micro_batches);
                int level = 0; /* the largest whole subtree of the rank's run */
                while (level < 4 && bad >> (level + 1) << (level + 1) >= of_rank &&
                       least((((bad >> (level + 1)) + 1) << (level + 1)), LEAVES) <= of_rank + count)
                    level++;
                assert_int_equal(first, bad >> level << level);
                assert_int_equal(first + micro_batches, least(((bad >> level) + 1) << level, LEAVES));
                size_t other = at > slice.begin ? at - 1 : at + 1;
                assert_true(other >= slice.end || lws_reduction_trace(r, &slice, other, &first, &micro_batches) == -1);
            }
            lws_reduction_allgather(r, slice.bucket, flat);
        }
        lws_reduction_await(r, COUNT);
    }
    lws_reduction_destroy(r);
    free(flat);
}

static void too_many_ranks(void **state)
{
    (void)state;
    lws_reduction *r = (lws_reduction *)&state;
    for (int64_t micro_batches = 1; micro_batches < size; micro_batches++) {
        char ranks[32], parts_text[32];
        snprintf(ranks, sizeof ranks, "%d ranks", size);
        snprintf(parts_text, sizeof parts_text, "%d micro-batches", (int)micro_batches);
        lws_reduction_layout layout = {.count = 100, .block = 1};
        assert_int_equal(lws_reduction_create(comm, micro_batches, &layout, &r), LWS_ERR_USAGE);
        assert_null(r);
        assert_non_null(strstr(lws_message(), ranks));
        assert_non_null(strstr(lws_message(), parts_text));
    }
    /* An array too long for MPI's counts is refused as well. */
    lws_reduction_layout layout = {.count = (size_t)1 << 31, .block = 1};
    assert_int_equal(lws_reduction_create(comm, 16, &layout, &r), LWS_ERR_USAGE);
    assert_null(r);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rank_comes_late),
        cmocka_unit_test(order_matters),
        cmocka_unit_test(same_bits_as_serial),
        cmocka_unit_test(cut),
        cmocka_unit_test(cut_at_parts),
        cmocka_unit_test(collect_and_deal),
        cmocka_unit_test(too_many_ranks),
        cmocka_unit_test(traces_what_is_not_finite),
        cmocka_unit_test(a_wait_moves_messages),
        cmocka_unit_test(a_thread_moves_messages),
        cmocka_unit_test(a_gradient_leaves_before_its_memory_is_reused),
        cmocka_unit_test(parameters_leave_before_the_next_gradients),
        cmocka_unit_test(ends_when_all_is_through),
    };
    return cmocka_run_group_tests_name("reduction", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run_in_folder(all_tests);
}
