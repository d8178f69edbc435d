/* Against other programs: scikit-image, pytorch-msssim and PyTorch. tests/golden has the script
 * that made the values; the inputs are rebuilt here by the same integer formulas. */
#include "adam_step.h"
#include "convolutions.h"
#include "loss_cases.h"

#include "kernels/activation.h"
#include "kernels/batchnorm.h"
#include "kernels/bias.h"
#include <lwssim/latent.h>
#include <lwssim/loss.h>
#include <lwssim/metrics.h>

#include <golden.h>
#include <reference.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const double layer_tolerance = 3e-6; /* of the largest: float products, sums of up to 128 terms */

static void metrics(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(golden_metrics); i += 9) {
        const double *row = golden_metrics + i;
        int h = (int)row[0], w = (int)row[1], c = (int)row[2];
        size_t n = (size_t)(h * w * c);
        float *x = check_floats(n), *y = check_floats(n);
        double got[LWS_METRICS];
        ref_golden_pair(h, w, c, (uint32_t)row[3], x, y);
        assert_int_equal(lws_metrics_image(h, w, c, x, y, got), LWS_OK);
        check_near(got[LWS_METRIC_SSIM_G11], row[4], 1e-9);
        check_near(got[LWS_METRIC_SSIM_U7], row[5], 1e-9);
        if (row[6] >= 0)
            check_near(got[LWS_METRIC_MS_SSIM3], row[6], 1e-9);
        else
            assert_true(isnan(got[LWS_METRIC_MS_SSIM3]));
        check_near(got[LWS_METRIC_MSE], row[7], 1e-15);
        check_near(got[LWS_METRIC_PSNR], row[8], 1e-10);
        check_free(x, n), check_free(y, n);
    }
}

/* The primary metric and the loss are the same function where nothing is clipped. */
static void loss_is_one_minus_metric(void **state)
{
    (void)state;
    const double *row = golden_metrics;
    enum { N = 64 * 64 * 3 };
    float *x = check_floats(N), *y = check_floats(N);
    lws_loss_spec spec = lws_loss_defaults(LWS_LOSS_SSIM);
    lws_loss *loss;
    double value;
    ref_golden_pair(64, 64, 3, (uint32_t)row[3], x, y);
    assert_int_equal(lws_loss_create(&spec, 64, 64, 3, &loss), LWS_OK);
    assert_int_equal(lws_loss_eval(loss, 1, x, y, 1, &value, NULL), LWS_OK);
    check_near(value, 1 - row[4], 1e-9);
    lws_loss_destroy(loss);
    check_free(x, N), check_free(y, N);
}

static void check_loss(const lws_loss_spec *spec, double want, const double *gradient)
{
    enum { H = 12, W = 11, C = 2, N = H * W * C };
    float x[N], y[N], dy[N];
    double value;
    lws_loss *loss;
    ref_golden_pair(H, W, C, 21, x, y);
    assert_int_equal(lws_loss_create(spec, H, W, C, &loss), LWS_OK);
    assert_int_equal(lws_loss_eval(loss, 1, x, y, 1, &value, dy), LWS_OK);
    lws_loss_destroy(loss);
    check_near(value, want, 1e-12);
    check_floats_near(dy, gradient, N, 1e-7);
}

static void losses(void **state)
{
    (void)state;
    lws_loss_spec s = lws_loss_defaults(LWS_LOSS_SSIM);
    check_loss(&s, golden_ssim_value[0], golden_ssim_gradient);
    s = plain_loss(LWS_LOSS_LWSSIM);
    check_loss(&s, golden_lwssim_value[0], golden_lwssim_gradient);
    s.levels = 2;
    s.window[0] = 3, s.window[1] = 8;
    s.weight[0] = 2, s.weight[1] = .5;
    s.alpha = 1.5, s.beta = .5, s.gamma = 2;
    check_loss(&s, golden_lwssim_powers_value[0], golden_lwssim_powers_gradient);
}

static float *values(uint32_t seed, size_t n, float factor, float offset)
{
    float *v = check_floats(n);
    ref_golden_values(seed, n, v);
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] * factor + offset;
    return v;
}

static const lws_conv2d geometry = {8, 8, 3, 4, 4, 4, 4, 2, 1};

enum { INPUT = 2 * 8 * 8 * 3, OUTPUT = 2 * 4 * 4 * 4, WEIGHTS = 4 * 4 * 3 * 4 };

static void down_layer(void **state)
{
    (void)state;
    convolution c = convolution_make(NULL, &geometry, 2);
    size_t norm_size = lws_batchnorm_scratch(32, 4);
    float *x = values(31, INPUT, 1, 0), *w = values(32, WEIGHTS, .25f, 0), *gamma = values(33, 4, 1, 1);
    float *beta = values(36, 4, 1, 0), *dy = values(35, OUTPUT, 1, 0);
    float *conv = check_floats(OUTPUT), *out = check_floats(OUTPUT), *dx = check_floats(INPUT);
    float *norm = check_floats(norm_size);
    float stats[4][4], own[2][4], dgamma[4] = {0}, dbeta[4] = {0}, dw[WEIGHTS] = {0};
    lws_batchnorm bn = {4, true, gamma, beta, stats[0], stats[1], stats[2], stats[3], own[0], own[1], dgamma, dbeta};
    convolution_forward(&c, x, w, conv);
    lws_batchnorm_forward(&bn, 32, conv, out, norm);
    lws_batchnorm_backward(&bn, 32, conv, dy, dy, norm);
    convolution_backward_weight(&c, x, dy, dw);
    convolution_backward_data(&c, dy, w, dx);
    check_floats_near(conv, golden_down_conv, COUNT(golden_down_conv), layer_tolerance);
    check_floats_near(out, golden_down_out, COUNT(golden_down_out), layer_tolerance);
    check_floats_near(dx, golden_down_dx, COUNT(golden_down_dx), layer_tolerance);
    check_floats_near(dw, golden_down_dw, COUNT(golden_down_dw), layer_tolerance);
    check_floats_near(dgamma, golden_down_dgamma, 4, layer_tolerance);
    check_floats_near(dbeta, golden_down_dbeta, 4, layer_tolerance);
    check_free(x, INPUT), check_free(w, WEIGHTS), check_free(gamma, 4), check_free(beta, 4);
    check_free(dy, OUTPUT), check_free(conv, OUTPUT), check_free(out, OUTPUT), check_free(dx, INPUT);
    check_free(norm, norm_size);
    convolution_free(&c);
}

/* The transposed convolution is the adjoint: forward is _backward_data, backward is _forward. */
static void up_layer(void **state)
{
    (void)state;
    convolution c = convolution_make(NULL, &geometry, 2);
    float *z = values(41, OUTPUT, 1, 0), *u = values(42, WEIGHTS, .25f, 0), *bias = values(43, 3, 1, 0);
    float *dy = values(44, INPUT, 1, 0), *out = check_floats(INPUT), *dz = check_floats(OUTPUT);
    float du[WEIGHTS] = {0}, dbias[3] = {0};
    convolution_backward_data(&c, z, u, out);
    lws_bias_forward(2 * 8 * 8, 3, bias, out);
    lws_sigmoid_forward(INPUT, out, out);
    lws_sigmoid_backward(INPUT, out, dy, dy);
    lws_bias_backward(2 * 8 * 8, 3, dy, dbias);
    convolution_backward_weight(&c, dy, z, du);
    convolution_forward(&c, dy, u, dz);
    check_floats_near(out, golden_up_out, COUNT(golden_up_out), layer_tolerance);
    check_floats_near(dz, golden_up_dz, COUNT(golden_up_dz), layer_tolerance);
    check_floats_near(du, golden_up_dw, COUNT(golden_up_dw), layer_tolerance);
    check_floats_near(dbias, golden_up_dbias, 3, layer_tolerance);
    check_free(z, OUTPUT), check_free(u, WEIGHTS), check_free(bias, 3), check_free(dy, INPUT);
    check_free(out, INPUT), check_free(dz, OUTPUT);
    convolution_free(&c);
}

static void five_steps(const adam_keys *a, const double *want)
{
    float theta[8], m[8] = {0}, v[8] = {0}, g[8];
    ref_golden_values(51, 8, theta);
    for (int step = 0; step < 5; step++) {
        ref_golden_values(52 + (uint32_t)step, 8, g);
        adam_step(a, step + 1, .01, 1, 8, theta, (float *[]){m, v}, g);
        check_floats_near(theta, want + 8 * step, 8, 2e-7);
    }
}

static void adam(void **state)
{
    (void)state;
    five_steps(&(adam_keys){.5, .999, 1e-8, 0}, golden_adam);
    five_steps(&(adam_keys){.9, .999, 1e-8, .1}, golden_adamw);
}

static void latent(void **state)
{
    (void)state;
    float head[30], dhead[30] = {0}, codes[18], prior[18], dcodes[18] = {0};
    double kl[3];
    ref_golden_values(61, 30, head);
    lws_kl(3, 5, head, 1, kl, dhead);
    check_doubles_near(kl, golden_kl, 3, 1e-13);
    check_floats_near(dhead, golden_kl_gradient, 30, 1e-7);
    ref_golden_values(62, 18, codes);
    ref_golden_values(63, 18, prior);
    for (int i = 0; i < 18; i++)
        codes[i] *= 2, prior[i] *= 2;
    check_near(lws_mmd(6, 3, 1, codes, prior, 0, 6, 1, dcodes), golden_mmd[0], 1e-13);
    check_floats_near(dcodes, golden_mmd_gradient, 18, 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics),  cmocka_unit_test(loss_is_one_minus_metric),
        cmocka_unit_test(losses),   cmocka_unit_test(down_layer),
        cmocka_unit_test(up_layer), cmocka_unit_test(adam),
        cmocka_unit_test(latent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
