/* Synthetic faces: pure functions of their number, the same on every machine, and varied. */
#include "check.h"

#include "base/digest.h"
#include "base/rng.h"

#include "datasets/faces/face.h"
#include "datasets/faces/traits.h"

enum { SIDE = 32, BYTES = SIDE * SIDE * 3, COUNT = 300 };

static void draw(uint64_t seed, uint64_t index, int size, int channels, uint8_t *out)
{
    assert_int_equal(lws_face_draw(seed, index, size, channels, out), LWS_OK);
}

/* These bytes must not change with the compiler, its options or the machine. Whoever changes how
 * faces are drawn puts the new digest here. */
static void the_same_bytes_everywhere(void **state)
{
    (void)state;
    static uint8_t faces[40][BYTES];
    char digest[LWS_DIGEST_TEXT];
    for (uint64_t i = 0; i < 40; i++)
        draw(1, i, SIDE, 3, faces[i]);
    lws_digest(faces, sizeof faces, digest);
    assert_string_equal(digest, "30e861e939412a0165b9b767c3194cd6");
}

/* The same for as many faces as it takes to see the rarest of their traits, small; and for large ones, whose lines are
 * thin. */
static void the_same_bytes_of_rare_faces(void **state)
{
    (void)state;
    enum { SMALL = 16 * 16 * 3, FEW = 24 };
    static uint8_t small[4000][SMALL], large[FEW][128 * 128];
    char digest[LWS_DIGEST_TEXT];
    for (uint64_t i = 0; i < 4000; i++)
        draw(2, i, 16, 3, small[i]);
    lws_digest(small, sizeof small, digest);
    assert_string_equal(digest, "6e2666749bf17cb4b7b84e806e57006f");
    for (uint64_t i = 0; i < FEW; i++)
        draw(3, i, 128, 1, large[i]);
    lws_digest(large, sizeof large, digest);
    assert_string_equal(digest, "d590d39403177cc6592ff66b7d356859");
}

static void a_pure_function(void **state)
{
    (void)state;
    uint8_t a[BYTES], b[BYTES];
    draw(7, 5, SIDE, 3, a);
    draw(7, 6, SIDE, 3, b);
    assert_memory_not_equal(a, b, BYTES);
    draw(8, 5, SIDE, 3, b);
    assert_memory_not_equal(a, b, BYTES);
    draw(7, 5, SIDE, 3, b);
    check_same_bits(a, b, BYTES);
}

static void grey_is_the_luma(void **state)
{
    (void)state;
    uint8_t rgb[BYTES], grey[SIDE * SIDE];
    for (uint64_t k = 0; k < 20; k++) {
        draw(1, k, SIDE, 3, rgb);
        draw(1, k, SIDE, 1, grey);
        for (int i = 0; i < SIDE * SIDE; i++)
            check_near(grey[i], .299 * rgb[3 * i] + .587 * rgb[3 * i + 1] + .114 * rgb[3 * i + 2], .51);
    }
}

/* The same face at any size: large ones averaged down look like small ones. */
static void any_size_is_the_same_face(void **state)
{
    (void)state;
    static uint8_t small[64 * 64], large[256 * 256];
    for (uint64_t k = 0; k < 20; k++) {
        draw(1, k, 64, 1, small);
        draw(1, k, 256, 1, large);
        double error = 0;
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 64; x++) {
                double sum = 0;
                for (int j = 0; j < 16; j++)
                    sum += large[(4 * y + j / 4) * 256 + 4 * x + j % 4] / 16.;
                error += fabs(sum - small[y * 64 + x]) / (64 * 64);
            }
        assert_true(error < 6);
    }
    uint8_t tiny[16 * 16 * 3];
    draw(1, 0, 16, 3, tiny);
}

/* What an auto-encoder has to learn: pixels that vary from face to face, everywhere, and more than
 * noise. */
static void faces_vary(void **state)
{
    (void)state;
    static uint8_t faces[COUNT][BYTES];
    for (uint64_t i = 0; i < COUNT; i++)
        draw(2, i, SIDE, 3, faces[i]);
    for (int j = 0; j < BYTES; j++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < COUNT; i++) {
            sum += faces[i][j];
            squares += (double)faces[i][j] * faces[i][j];
        }
        double deviation = sqrt(squares / COUNT - sum / COUNT * sum / COUNT);
        assert_true(deviation > 20);
    }
}

static void every_trait_occurs(void **state)
{
    (void)state;
    int hair[LWS_HAIRS] = {0}, hat[4] = {0}, beard[5] = {0}, glasses[4] = {0}, backdrop[5] = {0}, collar[4] = {0};
    int freckles = 0, open = 0;
    float dark = 1, pale = 0, left = 0, right = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        lws_face f;
        lws_face_traits(3, i, &f);
        hair[f.hair]++;
        hat[f.hat]++;
        beard[f.beard]++;
        glasses[f.glasses]++;
        backdrop[f.backdrop]++;
        collar[f.collar]++;
        freckles += f.freckles;
        open += f.open > 0;
        dark = f.skin.g < dark ? f.skin.g : dark;
        pale = f.skin.g > pale ? f.skin.g : pale;
        left = f.yaw < left ? f.yaw : left;
        right = f.yaw > right ? f.yaw : right;
    }
    for (int i = 0; i < LWS_HAIRS; i++)
        assert_true(hair[i] > 30);
    for (int i = 0; i < 4; i++)
        assert_true(hat[i] > 30 && glasses[i] > 30 && collar[i] > 30);
    for (int i = 0; i < 5; i++)
        assert_true(beard[i] > 30 && backdrop[i] > 30);
    assert_true(freckles > 30 && open > 300);
    assert_true(dark < .25f && pale > .8f && left < -.2f && right > .2f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_everywhere), cmocka_unit_test(the_same_bytes_of_rare_faces),
        cmocka_unit_test(a_pure_function),           cmocka_unit_test(grey_is_the_luma),
        cmocka_unit_test(any_size_is_the_same_face), cmocka_unit_test(faces_vary),
        cmocka_unit_test(every_trait_occurs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
