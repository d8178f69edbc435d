/* Arenas: aligned, zeroed, pieces that do not overlap, and the same plan twice: first counting, then real. */
#include "check.h"

#include "base/arena.h"

static void plan(lws_arena *arena, char *piece[], const size_t *bytes, int count)
{
    for (int i = 0; i < count; i++)
        piece[i] = lws_arena_take(arena, bytes[i]);
}

static void counts_then_gives(void **state)
{
    (void)state;
    static const size_t bytes[] = {1, 64, 65, 0, 4096, 3 << 20, 7};
    enum { COUNT = sizeof bytes / sizeof *bytes };
    char *piece[COUNT];
    lws_arena counting = {0}, arena;
    plan(&counting, piece, bytes, COUNT);
    size_t want = 64 + 64 + 128 + 0 + 4096 + (3 << 20) + 64;
    assert_int_equal(counting.used, want);
    for (int i = 0; i < COUNT; i++)
        assert_null(piece[i]);
    assert_int_equal(lws_arena_create(&arena, counting.used, "test"), LWS_OK);
    assert_int_equal(arena.size, want);
    plan(&arena, piece, bytes, COUNT);
    assert_int_equal(arena.used, want);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal((uintptr_t)piece[i] % 64, 0);
        for (size_t j = 0; j < bytes[i]; j++)
            assert_int_equal(piece[i][j], 0);
        memset(piece[i], i + 1, bytes[i]);
    }
    for (int i = 0; i < COUNT; i++) /* none of them was written over */
        for (size_t j = 0; j < bytes[i]; j++)
            assert_int_equal(piece[i][j], i + 1);
    assert_true(piece[COUNT - 1] + 64 == arena.base + arena.size);
    lws_arena_destroy(&arena);
    assert_null(arena.base);
    assert_int_equal(arena.size + arena.used, 0);
}

/* Huge pages need blocks that begin where one does; sizes around them, and none at all. */
static void sizes(void **state)
{
    (void)state;
    static const size_t bytes[] = {0, 1, 63, 64, 65, (2 << 20) - 64, 2 << 20, (2 << 20) + 1, 5 << 20};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        lws_arena arena;
        assert_int_equal(lws_arena_create(&arena, bytes[i], "test"), LWS_OK);
        assert_true(arena.size >= bytes[i] && arena.size % 64 == 0 && arena.size > 0 && arena.size < bytes[i] + 128);
        assert_int_equal((uintptr_t)arena.base % (bytes[i] >= 2 << 20 ? 2 << 20 : 64), 0);
        memset(arena.base, 1, arena.size);
        lws_arena_destroy(&arena);
        assert_int_equal(lws_arena_create(&arena, bytes[i], "test"), LWS_OK); /* the same memory again, it may be */
        for (size_t j = 0; j < arena.size; j++)
            assert_int_equal(arena.base[j], 0);
        lws_arena_destroy(&arena);
    }
}

static void out_of_memory(void **state)
{
    (void)state;
    lws_arena arena = {.base = "", .size = 1, .used = 1};
    assert_int_equal(lws_arena_create(&arena, (size_t)1 << 62, "the moon"), LWS_ERR_MEMORY);
    check_mentions(lws_message(), "out of memory: the moon needs 4611686018427.4 MB");
    assert_null(arena.base);
    lws_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_then_gives),
        cmocka_unit_test(sizes),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
