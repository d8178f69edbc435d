/* Every instruction set that this CPU has gives the bits of the portable code, in every kernel; and LWSSIM_ARCH chooses
 * one, or says why not. */
#include "adam_step.h"
#include "convolutions.h"
#include "loss_cases.h"

#include "base/digest.h"
#include "base/simd.h"
#include "kernels/activation.h"
#include "kernels/batchnorm.h"
#include "kernels/bias.h"
#include "kernels/finite.h"
#include "kernels/window.h"
#include "optim/norm.h"
#include <lwssim/metrics.h>

#include "arch.h"
#include "arch/micro_kernels.h"

static lws_arch usual; /* what was chosen as the program began */

/* What kernels write goes into one digest; its every input comes from a generator, in the same order each time. */
typedef struct digest {
    uint64_t bits;
} digest;

static void take(digest *d, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        d->bits = (d->bits ^ ((const unsigned char *)data)[i]) * 1099511628211u; /* FNV-1a */
}

static void take_floats(digest *d, float *p, size_t n)
{
    take(d, p, n * sizeof *p);
    check_free(p, n);
}

static void take_doubles(digest *d, double *p, size_t n)
{
    take(d, p, n * sizeof *p);
    check_free(p, n);
}

/* ---- matrix products: every number of rows that a kernel has, one block of columns and two ----------------------- */

/* Blocks of columns one after the other, with a gap between them. */
static size_t block_of(int rows)
{
    return (size_t)rows * TILE + TILE;
}

static void one_product(digest *d, check_rng *r, int m, int n, int k, bool add)
{
    size_t a_size = (size_t)(k / TILE) * block_of(m), b_size = (size_t)(n + PANEL) * (size_t)k;
    size_t c_size = (size_t)(n / TILE) * block_of(m);
    float *a = check_random_floats(r, a_size, -1, 1), *b = check_random_floats(r, b_size, -1, 1);
    float *c = check_random_floats(r, c_size, -1, 1);
    tile_gemm(m, n, k, (tile_matrix){a, TILE, block_of(m)}, b, (tile_result){c, TILE, block_of(m), add});
    take_floats(d, c, c_size);
    check_free(a, a_size), check_free(b, b_size);
}

static void one_transposed(digest *d, check_rng *r, int m, int n, int k, bool add)
{
    size_t row = (size_t)n + 3;
    size_t a_size = (size_t)(m / TILE) * block_of(k), b_size = (size_t)(n / TILE) * block_of(k);
    size_t c_size = (size_t)m * row;
    float *a = check_random_floats(r, a_size, -1, 1), *b = check_random_floats(r, b_size, -1, 1);
    float *c = check_random_floats(r, c_size, -1, 1);
    tile_gemm_transposed(m, n, k, (tile_matrix){a, TILE, block_of(k)}, (tile_matrix){b, TILE, block_of(k)},
                         (tile_result){c, row, TILE, add});
    take_floats(d, c, c_size);
    check_free(a, a_size), check_free(b, b_size);
}

static void products(digest *d, check_rng *r)
{
    for (int m = 1; m <= 15; m++)
        for (int n = TILE; n <= 3 * TILE; n += TILE)
            one_product(d, r, m, n, m % 2 ? TILE : 3 * TILE, m % 3 == 0);
    for (int i = 0; i < 4; i++)
        for (int n = TILE; n <= 3 * TILE; n += TILE)
            one_transposed(d, r, i < 2 ? TILE : 2 * TILE, n, 1 + 11 * i, i % 2);
}

/* ---- convolutions, by every algorithm that fits -------------------------------------------------------------------
 */

static void one_convolution(digest *d, check_rng *r, const lws_conv_algorithm *algorithm, const lws_conv2d *g, int n)
{
    size_t input = (size_t)n * (size_t)(g->in_h * g->in_w * g->in_c);
    size_t output = (size_t)n * (size_t)(g->out_h * g->out_w * g->out_c);
    size_t weights = (size_t)(g->kernel * g->kernel * g->in_c * g->out_c);
    float *x = check_random_floats(r, input, -1, 1), *dy = check_random_floats(r, output, -1, 1);
    float *w = check_random_floats(r, weights, -1, 1);
    float *y = check_floats(output), *dx = check_floats(input), *dw = check_floats(weights);
    convolution c = convolution_make(algorithm, g, n);
    convolution_forward(&c, x, w, y);
    convolution_backward_data(&c, dy, w, dx);
    convolution_backward_weight(&c, x, dy, dw);
    take_floats(d, y, output), take_floats(d, dx, input), take_floats(d, dw, weights);
    check_free(x, input), check_free(dy, output), check_free(w, weights);
    convolution_free(&c);
}

static void convolutions(digest *d, check_rng *r)
{
    static const lws_conv2d geometry[] = {
        {8, 8, 16, 4, 4, 32, 4, 2, 1},   {12, 4, 48, 6, 2, 16, 4, 2, 1},  {32, 32, 16, 16, 16, 16, 4, 2, 1},
        {16, 16, 3, 8, 8, 16, 4, 2, 1},  {10, 10, 1, 10, 10, 5, 5, 1, 2}, {7, 9, 20, 5, 7, 24, 3, 1, 0},
        {16, 16, 32, 8, 8, 32, 5, 2, 2},
    };
    for (size_t i = 0; i < sizeof geometry / sizeof *geometry; i++)
        for (int k = 0; lws_conv_algorithms[k]; k++)
            if (lws_conv_algorithms[k]->fits(&geometry[i]))
                one_convolution(d, r, lws_conv_algorithms[k], &geometry[i], 3);
}

/* ---- the other kernels ------------------------------------------------------------------------------------------- */

static void normalisation(digest *d, check_rng *r)
{
    static const int rows[] = {1, 7, 300}, channels[] = {1, 5, 8, 31, 32, 77};
    for (int i = 0; i < 36; i++) {
        int n = rows[i % 3], c = channels[i / 3 % 6], relu = i >= 18;
        size_t size = (size_t)(n * c), s = lws_batchnorm_scratch(n, c), C = (size_t)c;
        float *x = check_random_floats(r, size, -1, 3), *dy = check_random_floats(r, size, -1, 1);
        float *gamma = check_random_floats(r, C, -1, 2), *beta = check_random_floats(r, C, -1, 1);
        float *y = check_floats(size), *dx = check_floats(size), *scratch = check_floats(s);
        float *at = check_floats(8 * C);
        lws_batchnorm bn = {c,          relu,       gamma,      beta,       at,         at + C,
                            at + 2 * C, at + 3 * C, at + 4 * C, at + 5 * C, at + 6 * C, at + 7 * C};
        lws_batchnorm_forward(&bn, n, x, y, scratch);
        lws_batchnorm_backward(&bn, n, x, dy, dx, scratch);
        take_floats(d, y, size), take_floats(d, dx, size), take_floats(d, at, 8 * C);
        check_free(x, size), check_free(dy, size), check_free(gamma, C), check_free(beta, C);
        check_free(scratch, s);
    }
}

/* Lengths with and without a rest after whole vectors. */
static void flat_arrays(digest *d, check_rng *r)
{
    static const size_t lengths[] = {1, 15, 16, 33, 1000, 9001};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i];
        float *x = check_random_floats(r, n, -100, 100), *dy = check_random_floats(r, n, -1, 1), *y = check_floats(n);
        float *theta = check_random_floats(r, n, -1, 1), *m = check_random_floats(r, n, -1, 1);
        float *v = check_random_floats(r, n, 0, 1);
        lws_relu_forward(n, x, y), take(d, y, n * sizeof *y);
        lws_relu_backward(n, y, dy, y), take(d, y, n * sizeof *y);
        lws_sigmoid_forward(n, x, y), take(d, y, n * sizeof *y);
        lws_sigmoid_backward(n, y, dy, y), take(d, y, n * sizeof *y);
        uint32_t bits = lws_bit_sum(n, x);
        take(d, &bits, sizeof bits);
        lws_update_bits sums =
            adam_step(&(adam_keys){.9, .999, 1e-8, .01}, 3, .01, .5, n, theta, (float *[]){m, v}, dy);
        take(d, &sums, sizeof sums);
        double squares[8] = {0};
        lws_norm_blocks(n, x, squares), take(d, squares, sizeof squares);
        assert_int_equal(lws_first_not_finite(n, x), n);
        x[n / 2] = INFINITY;
        assert_int_equal(lws_first_not_finite(n, x), n / 2);
        take_floats(d, theta, n), take_floats(d, m, n), take_floats(d, v, n);
        check_free(x, n), check_free(dy, n), check_free(y, n);
    }
}

static void biases(digest *d, check_rng *r)
{
    static const int channels[] = {1, 3, 16, 40, 65};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        size_t c = (size_t)channels[i], n = 37 * c;
        float *y = check_random_floats(r, n, -1, 1), *b = check_random_floats(r, c, -1, 1), *db = check_floats(c);
        lws_bias_forward(37, channels[i], b, y);
        lws_bias_backward(37, channels[i], y, db);
        take_floats(d, y, n), take_floats(d, db, c);
        check_free(b, c);
    }
}

static void windows(digest *d, check_rng *r)
{
    enum { H = 19, W = 23, C = 3, N = H * W * C };
    for (int side = 1; side <= 17; side += 4) {
        lws_window box = lws_window_box(side), gaussian = lws_window_gaussian(side, 1.5);
        for (int k = 0; k < 2; k++) {
            size_t scratch = lws_window_scratch(H, W, C), small = (size_t)((H - side + 1) * (W - side + 1) * C);
            double *x = check_random_doubles(r, N, 0, 1), *s = check_doubles(scratch);
            double *mean = check_doubles(small), *adjoint = check_doubles(N);
            lws_window_mean(k ? &gaussian : &box, H, W, C, x, mean, s);
            lws_window_adjoint(k ? &gaussian : &box, H, W, C, mean, adjoint, s);
            take_doubles(d, mean, small), take_doubles(d, adjoint, N);
            check_free(x, N), check_free(s, scratch);
        }
    }
}

static void losses(digest *d, check_rng *r)
{
    enum { H = 21, W = 34, C = 3, N = H * W * C };
    lws_loss_spec cases[CASES];
    int count = loss_cases(cases);
    float *x = check_floats(N), *y = check_floats(N), *dy = check_floats(N);
    for (int i = 0; i < count; i++) {
        random_pair(r, N, .5, x, y);
        double value = evaluate(&cases[i], H, W, C, x, y, .5, dy);
        take(d, &value, sizeof value);
        take(d, dy, N * sizeof *dy);
        value = evaluate(&cases[i], H, W, C, x, y, .5, NULL);
        take(d, &value, sizeof value);
    }
    double metric[LWS_METRICS];
    x[5] = 0, y[7] = 1;
    check_free(dy, N);
    float *a = check_random_floats(r, 48 * 48, 0, 1), *b = check_random_floats(r, 48 * 48, 0, 1);
    assert_int_equal(lws_metrics_image(48, 48, 1, a, b, metric), LWS_OK);
    take(d, metric, sizeof metric);
    check_free(a, 48 * 48), check_free(b, 48 * 48), check_free(x, N), check_free(y, N);
}

/* ---- the comparison ---------------------------------------------------------------------------------------------- */

static uint64_t with(lws_arch arch, void (*kernels)(digest *d, check_rng *r))
{
    digest d = {14695981039346656037u};
    check_rng r = {2024};
    lws_arch_in_use = arch;
    kernels(&d, &r);
    lws_arch_in_use = usual;
    return d.bits;
}

static void same_bits(void (*kernels)(digest *d, check_rng *r))
{
    omp_set_num_threads(1);
    uint64_t want = with(LWS_ARCH_PORTABLE, kernels);
    for (int arch = LWS_ARCH_PORTABLE + 1; arch < LWS_ARCHS; arch++)
        if (lws_arch_is_there((lws_arch)arch) && with((lws_arch)arch, kernels) != want)
            fail_msg("instruction set %d gives other bits than the portable code", arch);
}

#define SAME_BITS(kernels)                                                                                             \
    static void same_##kernels(void **state)                                                                           \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        same_bits(kernels);                                                                                            \
    }
SAME_BITS(products)
SAME_BITS(convolutions)
SAME_BITS(normalisation)
SAME_BITS(flat_arrays)
SAME_BITS(biases)
SAME_BITS(windows)
SAME_BITS(losses)

/* ---- the choice -------------------------------------------------------------------------------------------------- */

/* The widest that the CPU has is in use, or the one that the environment names. */
static void is_chosen_at_the_start(void **state)
{
    (void)state;
    const char *name = getenv("LWSSIM_ARCH");
    assert_true(lws_arch_is_there(LWS_ARCH_PORTABLE) && lws_arch_is_there(usual));
    if (name) {
        assert_string_equal(lws_arch_name(), name);
        return;
    }
    for (int wider = (int)usual + 1; wider < LWS_ARCHS; wider++)
        assert_false(lws_arch_is_there((lws_arch)wider));
}

/* For CPUs of all three kinds. */
static void names(void **state)
{
    (void)state;
    static const char *const name[] = {"portable", "avx2", "avx512"};
    for (int widest = 0; widest < 3; widest++) {
        lws_arch arch = LWS_ARCH_AVX512;
        assert_int_equal(arch_choose(NULL, (lws_arch)widest, &arch), LWS_OK);
        assert_int_equal(arch, widest);
        assert_int_equal(arch_choose("", (lws_arch)widest, &arch), LWS_OK);
        assert_int_equal(arch, widest);
        for (int i = 0; i < 3; i++) {
            bool fits = i <= widest;
            assert_int_equal(arch_choose(name[i], (lws_arch)widest, &arch), fits ? LWS_OK : LWS_ERR_USAGE);
            assert_int_equal(arch, fits ? i : widest);
            if (fits)
                continue;
            check_mentions(lws_message(), "LWSSIM_ARCH");
            check_mentions(lws_message(), name[i]);
            check_mentions(lws_message(), name[widest]);
        }
        static const char *const wrong[] = {"AVX2", "avx", "avx5122", " ", "sse"};
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            assert_int_equal(arch_choose(wrong[i], (lws_arch)widest, &arch), LWS_ERR_USAGE);
            assert_int_equal(arch, widest);
            check_mentions(lws_message(), "portable, avx2 or avx512");
        }
    }
}

/* A program of one's own hears of it where it makes a loss. */
static void a_wrong_name_is_refused(void **state)
{
    (void)state;
    const char *before = getenv("LWSSIM_ARCH");
    char *kept = before ? strdup(before) : NULL;
    lws_loss *loss = NULL;
    lws_loss_spec spec = lws_loss_defaults(LWS_LOSS_LWSSIM);
    setenv("LWSSIM_ARCH", "mmx", 1);
    assert_int_equal(lws_arch_check(), LWS_ERR_USAGE);
    assert_int_equal(lws_loss_create(&spec, 16, 16, 1, &loss), LWS_ERR_USAGE);
    check_mentions(lws_message(), "LWSSIM_ARCH = mmx");
    assert_null(loss);
    setenv("LWSSIM_ARCH", "portable", 1);
    assert_int_equal(lws_arch_check(), LWS_OK);
    unsetenv("LWSSIM_ARCH");
    assert_int_equal(lws_arch_check(), LWS_OK);
    if (kept)
        setenv("LWSSIM_ARCH", kept, 1);
    free(kept);
}

/* A table whose rows were those of another instruction set would give the same bits, slower. */
static void each_has_its_own_micro_kernels(void **state)
{
    (void)state;
    const micro_kernels *row[LWS_ARCHS];
    for (int arch = 0; arch < LWS_ARCHS; arch++) {
        lws_arch_in_use = (lws_arch)arch;
        row[arch] = micro_kernels_in_use();
    }
    lws_arch_in_use = usual;
    for (int arch = 0; arch < LWS_ARCHS; arch++) {
        assert_true(row[arch]->tile && row[arch]->winograd_weights && row[arch]->box_plane && row[arch]->gauss_plane);
        for (int other = 0; other < arch; other++) {
            assert_ptr_not_equal(row[arch]->tile, row[other]->tile);
            assert_true(row[arch]->winograd_weights != row[other]->winograd_weights);
            assert_true(row[arch]->box_plane != row[other]->box_plane);
            assert_true(row[arch]->gauss_plane != row[other]->gauss_plane);
        }
    }
    for (int arch = 0; arch < LWS_ARCHS; arch++) {
        const tile_kernels *tile = row[arch]->tile;
        assert_int_equal(TILE % tile->columns, 0);
        for (int rows = 0; rows < tile->rows_max; rows++)
            for (int fewer = 0; fewer < rows; fewer++) {
                assert_true(tile->by_rows[rows] != tile->by_rows[fewer]);
                assert_true(tile->by_rows_1[rows] != tile->by_rows_1[fewer]);
            }
    }
}

int main(void)
{
    usual = lws_arch_in_use;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_chosen_at_the_start),
        cmocka_unit_test(names),
        cmocka_unit_test(a_wrong_name_is_refused),
        cmocka_unit_test(each_has_its_own_micro_kernels),
        cmocka_unit_test(same_products),
        cmocka_unit_test(same_convolutions),
        cmocka_unit_test(same_normalisation),
        cmocka_unit_test(same_flat_arrays),
        cmocka_unit_test(same_biases),
        cmocka_unit_test(same_windows),
        cmocka_unit_test(same_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
