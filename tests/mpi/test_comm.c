/* Communicators: agreement on errors, gathers of uneven and empty parts, the cut of work into runs. */
#include "check.h"

#include "mpi_check.h"

#include "comm_internal.h"

#ifndef LWS_CHECK_COLLECTIVE /* whether the library was compiled so or not */
#define LWS_CHECK_COLLECTIVE
#endif
#include "comm/collective.h"

#include <unistd.h>

static lws_status status_of(int r)
{
    return (lws_status)(1 + r % (int)LWS_ERR_MISMATCH);
}

/* Every set of failing ranks: all leave with the status and the message of the lowest. */
static void agree_on_the_lowest(void **state)
{
    (void)state;
    for (unsigned failing = 1; failing < 1u << size; failing++) {
        int lowest = 0;
        while (!(failing >> lowest & 1))
            lowest++;
        lws_status mine = LWS_OK;
        lws_fail(LWS_OK, "a message of an earlier time");
        if (failing >> rank & 1)
            mine = lws_fail(status_of(rank), "trouble number %d", rank);
        assert_int_equal(lws_comm_agree(comm, mine), status_of(lowest));
        char text[64], where[64];
        snprintf(text, sizeof text, "trouble number %d", lowest);
        assert_memory_equal(lws_message(), text, strlen(text));
        /* Where only some failed, the reader needs to know on which machine. */
        snprintf(where, sizeof where, "(rank %d on %s)", lowest, lws_comm_host(comm));
        bool some = failing != (1u << size) - 1;
        if (some && lowest != 0)
            assert_non_null(strstr(lws_message(), where));
        if (!some)
            assert_string_equal(lws_message(), text);
    }
}

/* Texts that are the same but for one line on some ranks: the lowest of these, and that line on both sides. */
static void compare_texts(void **state)
{
    (void)state;
    assert_int_equal(lws_comm_compare(comm, "", "nothing"), LWS_OK);
    assert_int_equal(lws_comm_compare(comm, "a = 1\nb = 2\n", "nothing"), LWS_OK);
    for (int first = 1; first < size; first++) {
        char text[64], expected[256];
        snprintf(text, sizeof text, "a = 1\nb = %d\n%s", rank >= first ? rank : 0, rank > first ? "c = 3\n" : "");
        assert_int_equal(lws_comm_compare(comm, text, "start again"), LWS_ERR_RANKS);
        snprintf(expected, sizeof expected, "rank %d on %s has 'b = %d', rank 0 on %s has 'b = 0': start again", first,
                 lws_comm_host(comm), first, lws_comm_host(comm));
        assert_string_equal(lws_message(), expected);
        /* A text that only goes on for longer differs in its first line more. */
        snprintf(text, sizeof text, "a = 1\n%s", rank == first ? "b = 2\n" : "");
        assert_int_equal(lws_comm_compare(comm, text, "start again"), LWS_ERR_RANKS);
        snprintf(expected, sizeof expected, "rank %d on %s has 'b = 2', rank 0 on %s has ''", first,
                 lws_comm_host(comm), lws_comm_host(comm));
        assert_memory_equal(lws_message(), expected, strlen(expected));
    }
}

static lws_status takes(lws_comm *c, size_t rows, double rate, const char *name, bool is_last)
{
    LWS_LOGICALLY_COLLECTIVE(c, rows);
    LWS_LOGICALLY_COLLECTIVE(c, rate);
    LWS_LOGICALLY_COLLECTIVE(c, name);
    LWS_LOGICALLY_COLLECTIVE(c, is_last);
    return LWS_OK;
}

/* Arguments that must be the same on all ranks: the first that is not is named, with the function and both values. */
static void arguments_are_the_same(void **state)
{
    (void)state;
    int last = rank == size - 1;
    char expected[256];
    const char *const told[][2] = {{"rows = 8", "rows = 7"},
                                   {"rate = 0.10000000000000002", "rate = 0.10000000000000001"},
                                   {"name = other", "name = one"},
                                   {"is_last = 1", "is_last = 0"}};
    assert_int_equal(takes(comm, 7, .1, "one", false), LWS_OK);
    for (int i = 0; i < 4 && size > 1; i++) {
        size_t rows = i == 0 && last ? 8 : 7;
        double rate = i == 1 && last ? nextafter(.1, 1) : .1;
        assert_int_equal(takes(comm, rows, rate, i == 2 && last ? "other" : "one", i == 3 && last), LWS_ERR_RANKS);
        snprintf(expected, sizeof expected,
                 "rank %d on %s has '%s', rank 0 on %s has '%s': all ranks must give takes() the same", size - 1,
                 lws_comm_host(comm), told[i][0], lws_comm_host(comm), told[i][1]);
        assert_string_equal(lws_message(), expected);
    }
}

static void agree_that_all_is_well(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(lws_comm_agree(comm, LWS_OK), LWS_OK);
}

/* A message as long as messages can be travels whole. */
static void agree_on_a_long_message(void **state)
{
    (void)state;
    char expected[4000];
    lws_fail(LWS_ERR_IO, "%01999d", 7);
    snprintf(expected, sizeof expected, "%s", lws_message());
    if (rank != 0)
        lws_fail(LWS_OK, "-");
    assert_int_equal(lws_comm_agree(comm, rank == 0 ? LWS_ERR_IO : LWS_OK), LWS_ERR_IO);
    assert_memory_equal(lws_message(), expected, 1900);
}

/* Runs are contiguous, in rank order, cover everything once, and differ by one at most. */
static void runs(void **state)
{
    (void)state;
    static const int64_t totals[] = {0, 1, 2, 3, 5, 7, 8, 16, 17, 64, 1000, 202599, (int64_t)1 << 40};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        for (int parts = 1; parts <= 130; parts++) {
            int64_t at = 0, least = INT64_MAX, most = 0;
            for (int r = 0; r < parts; r++) {
                int64_t first, count;
                lws_comm_run(totals[i], parts, r, &first, &count);
                assert_int_equal(first, at);
                at += count;
                least = count < least ? count : least;
                most = count > most ? count : most;
            }
            assert_int_equal(at, totals[i]);
            assert_true(most - least <= 1);
        }
    }
}

static unsigned char byte_of(int r, size_t i)
{
    return (unsigned char)(31 * r + 7 * (int)(i % 97) + 1);
}

/* Lengths of the parts: `kind` 0 has empty ones at the ends and in the middle, 1 only the last rank's is not empty, 2
 * all are empty, 3 are larger than what MPI sends eagerly. */
static size_t bytes_of_rank(int kind, int r)
{
    switch (kind) {
    case 0:
        return r % 3 == 0 ? 0 : (size_t)(5 * r + 1);
    case 1:
        return r == size - 1 ? 13 : 0;
    case 2:
        return 0;
    default:
        return (size_t)100003 * (size_t)(1 + (size - r) % 3);
    }
}

static unsigned char *part_of(int kind, int r)
{
    size_t bytes = bytes_of_rank(kind, r);
    unsigned char *part = malloc(bytes + 1);
    assert_non_null(part);
    for (size_t i = 0; i < bytes; i++)
        part[i] = byte_of(r, i);
    return part;
}

static void check_parts(int kind, const unsigned char *all)
{
    for (int r = 0; r < size; r++)
        for (size_t i = 0; i < bytes_of_rank(kind, r); i++)
            assert_int_equal(*all++, byte_of(r, i));
}

/* Blocks beyond 1 GiB go in chunks; these have that happen to some bytes. The last kind of lengths would be too many
 * chunks of the least size. */
static const size_t chunks[] = {(size_t)1 << 30, 4096, 5};
enum { CHUNKS = sizeof chunks / sizeof *chunks };

static int kinds_with(size_t chunk)
{
    comm_chunk = chunk;
    return chunk < 100 ? 3 : 4;
}

static void join_in(size_t chunk)
{
    int kinds = kinds_with(chunk);
    for (int kind = 0; kind < kinds; kind++) {
        for (int root_only = 0; root_only < 2; root_only++) {
            unsigned char *mine = part_of(kind, rank);
            char *all;
            size_t bytes_of[64];
            lws_status status = lws_comm_gatherv(comm, mine, bytes_of_rank(kind, rank), root_only, &all, bytes_of);
            assert_int_equal(status, LWS_OK);
            for (int r = 0; r < size; r++)
                assert_int_equal(bytes_of[r], bytes_of_rank(kind, r));
            if (root_only && rank != 0)
                assert_null(all);
            else
                check_parts(kind, (unsigned char *)all);
            free(all);
            free(mine);
        }
    }
}

static void join(void **state)
{
    (void)state;
    for (int i = CHUNKS - 1; i >= 0; i--)
        join_in(chunks[i]);
}

static void allgather_in(size_t chunk)
{
    int kinds = kinds_with(chunk);
    for (int kind = 0; kind < kinds; kind++) {
        size_t bytes_of[64], total = 0;
        for (int r = 0; r < size; r++)
            total += bytes_of[r] = bytes_of_rank(kind, r);
        unsigned char *mine = part_of(kind, rank), *all = malloc(total + 1);
        assert_non_null(all);
        memset(all, 0, total + 1);
        all[total] = 0xa5; /* not written */
        lws_comm_allgather(comm, mine, bytes_of, all);
        check_parts(kind, all);
        assert_int_equal(all[total], 0xa5);
        free(all);
        free(mine);
    }
}

static void allgather(void **state)
{
    (void)state;
    for (int i = CHUNKS - 1; i >= 0; i--)
        allgather_in(chunks[i]);
}

static void broadcast_in(size_t chunk)
{
    static const size_t lengths[] = {0, 1, 4, 5, 6, 4096, 8193, 1000003};
    comm_chunk = chunk;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        if (lengths[k] / chunk > 2000)
            continue;
        unsigned char *data = calloc(1, lengths[k] + 1);
        assert_non_null(data);
        for (size_t i = 0; i < lengths[k] && rank == 0; i++)
            data[i] = byte_of(5, i);
        lws_comm_broadcast(comm, data, lengths[k]);
        for (size_t i = 0; i < lengths[k]; i++)
            assert_int_equal(data[i], byte_of(5, i));
        assert_int_equal(data[lengths[k]], 0);
        free(data);
    }
}

static void broadcast(void **state)
{
    (void)state;
    for (int i = CHUNKS - 1; i >= 0; i--)
        broadcast_in(chunks[i]);
}

/* All on this machine; each knows itself. */
static void who_is_where(void **state)
{
    (void)state;
    char host[MPI_MAX_PROCESSOR_NAME] = "", first[MPI_MAX_PROCESSOR_NAME];
    assert_int_equal(lws_comm_nodes(comm), 1);
    assert_true(rank >= 0 && rank < size);
    snprintf(host, sizeof host, "%s", lws_comm_host(comm));
    assert_true(host[0] != 0);
    memcpy(first, host, sizeof first);
    lws_comm_broadcast(comm, first, sizeof first);
    assert_string_equal(first, host);
    int mine[2] = {rank, (int)getpid()}, all[2 * 64];
    size_t bytes_of[64];
    for (int r = 0; r < size; r++)
        bytes_of[r] = sizeof mine;
    lws_comm_allgather(comm, mine, bytes_of, all);
    for (int r = 0; r < size; r++) {
        assert_int_equal(all[2 * r], r);
        for (int q = 0; q < r; q++)
            assert_int_not_equal(all[2 * r + 1], all[2 * q + 1]);
    }
}

/* The usual chunk is 1 GiB, which MPI's counts can still tell. */
static void largest_chunk(void **state)
{
    (void)state;
    assert_true(comm_chunk == (size_t)1 << 30);
}

/* Together the ranks of a node are never given more threads than there are cores, except one each. */
static void threads(void **state)
{
    (void)state;
    lws_comm_node node;
    unsetenv("OMP_NUM_THREADS");
    int mine = lws_comm_threads(comm, 0, &node), of[64];
    size_t bytes_of[64];
    for (int r = 0; r < size; r++)
        bytes_of[r] = sizeof mine;
    lws_comm_allgather(comm, &mine, bytes_of, of);
    int sum = 0;
    for (int r = 0; r < size; r++) {
        assert_true(of[r] >= 1);
        sum += of[r];
    }
    assert_int_equal(node.ranks, size); /* mpirun on this machine alone */
    assert_true(node.cores >= 1);
    assert_true(sum <= (node.cores > size ? node.cores : size));
    assert_int_equal(lws_comm_threads(comm, 3 + rank, &node), 3 + rank);
    setenv("OMP_NUM_THREADS", "5,2", 1);
    assert_int_equal(lws_comm_threads(comm, 0, &node), 5);
}

static int all_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest_chunk),
        cmocka_unit_test(who_is_where),
        cmocka_unit_test(agree_on_the_lowest),
        cmocka_unit_test(agree_that_all_is_well),
        cmocka_unit_test(compare_texts),
        cmocka_unit_test(arguments_are_the_same),
        cmocka_unit_test(agree_on_a_long_message),
        cmocka_unit_test(runs),
        cmocka_unit_test(join),
        cmocka_unit_test(allgather),
        cmocka_unit_test(broadcast),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests_name("comm", tests, NULL, NULL);
}

int main(void)
{
    return mpi_run(all_tests);
}
