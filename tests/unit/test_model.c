/* Every kind of model with every loss and preset: values against a forward pass in double, gradients against its
 * differences; the randomness of VAE and MMD-AE, evaluation, messages, sizes. */
#include "loss_cases.h"
#include "networks.h"

#include "base/rng.h"
#include "model/model.h"

enum { DCGAN64, WAE64, TINY16 };

static const char *const kind_name[] = {"ae", "vae", "mmd-ae"}, *const loss_name[] = {"mse", "ssim", "lwssim"};
static const char *const preset_name[] = {"dcgan64", "wae64", "tiny16"};

/* ---- a model and its double -------------------------------------------------------------------------------------- */

typedef struct problem {
    lws_model_spec spec;
    lws_model *model;
    const lws_tensors *tensors;
    network encoder, decoder;
    lws_micro_batch batch;
    size_t pixels, codes; /* values of the micro-batch; codes of the global batch */
    float *x, *params, *buffers, *dparams, *dbuffers, *all_codes, *prior, *dcode;
    double *wide; /* params */
    double *x_wide;
} problem;

/* Small windows where images are large: the losses have tests of their own. */
static lws_loss_spec loss_of(lws_loss_kind kind, bool small)
{
    lws_loss_spec loss = plain_loss(kind);
    if (kind == LWS_LOSS_LWSSIM) {
        loss.weight[0] = .5, loss.weight[1] = 2, loss.weight[2] = 1;
        if (!small)
            loss.levels = 2, loss.window[1] = 4;
    } else if (kind == LWS_LOSS_SSIM && !small) {
        loss.window[0] = 5;
    }
    return loss;
}

static lws_model_spec spec_of(int preset, int kind, int loss, int base)
{
    int side = preset == TINY16 ? 16 : 64;
    return (lws_model_spec){.kind = (lws_model_kind)kind,
                            .preset = preset,
                            .image = {side, side, preset == WAE64 && kind == LWS_MODEL_VAE ? 1 : 3},
                            .base_channels = base,
                            .latent = 5,
                            .loss = loss_of((lws_loss_kind)loss, preset == TINY16),
                            .recon_weight = 3.5,
                            .kl_weight = .7,
                            .mmd_weight = 20,
                            .prior_sigma = 1.3};
}

/* Initial weights, with scales, shifts and biases that are not 1 and 0. */
static void fill_params(problem *p, check_rng *r)
{
    p->params = check_floats(p->tensors->params);
    p->buffers = check_floats(p->tensors->buffers);
    memset(p->params, 0, p->tensors->params * sizeof *p->params); /* between tensors too */
    memset(p->buffers, 0, p->tensors->buffers * sizeof *p->buffers);
    lws_tensors_init(p->tensors, 7, p->params, p->buffers);
    for (int i = 0; i < p->tensors->count; i++) {
        const lws_tensor *t = &p->tensors->item[i];
        float *values = (t->is_buffer ? p->buffers : p->params) + t->offset;
        for (size_t k = 0; k < t->count && t->rank == 1; k++)
            values[k] += (float)check_uniform(r, -.3, .3);
    }
    p->wide = check_widen(p->params, p->tensors->params);
}

static problem make(lws_model_spec spec, int images, uint64_t seed)
{
    problem p = {.spec = spec};
    check_rng r = {seed};
    int head = spec.latent * (spec.kind == LWS_MODEL_VAE ? 2 : 1);
    if (spec.preset == WAE64)
        network_wae(spec.image, spec.base_channels, spec.latent, head, &p.encoder, &p.decoder);
    else
        network_dcgan(spec.image, spec.preset == TINY16 ? 2 : 4, spec.base_channels, spec.latent, head, &p.encoder,
                      &p.decoder);
    if (lws_model_create(&spec, images + 1, &p.model) != LWS_OK) /* a micro-batch may be smaller than planned */
        fail_msg("%s", lws_message());
    p.tensors = lws_model_tensors(p.model);
    p.pixels = (size_t)images * lws_shape_size(spec.image);
    p.x = check_random_floats(&r, p.pixels, 0, 1);
    p.x_wide = check_widen(p.x, p.pixels);
    p.batch = (lws_micro_batch){.n = images, .x = p.x, .first = 2, .total = 4 + images, .seed = seed, .step = 31};
    p.codes = (size_t)p.batch.total * (size_t)spec.latent;
    p.all_codes = check_random_floats(&r, p.codes, -2, 2);
    p.prior = check_floats(p.codes);
    p.dcode = check_floats((size_t)(images * spec.latent));
    fill_params(&p, &r);
    p.dparams = check_floats(p.tensors->params);
    p.dbuffers = check_floats(p.tensors->buffers);
    lws_model_transform_weights(p.model, p.params);
    return p;
}

static void release(problem *p)
{
    size_t params = p->tensors->params, buffers = p->tensors->buffers;
    check_free(p->params, params), check_free(p->dparams, params), check_free(p->wide, params);
    check_free(p->buffers, buffers), check_free(p->dbuffers, buffers);
    check_free(p->x, p->pixels), check_free(p->x_wide, p->pixels);
    check_free(p->all_codes, p->codes), check_free(p->prior, p->codes);
    check_free(p->dcode, (size_t)(p->batch.n * p->spec.latent));
    lws_model_destroy(p->model);
}

/* A pass of the program; returns the MMD. */
static double run(problem *p, lws_model_sums *sums)
{
    bool mmd = p->spec.kind == LWS_MODEL_MMD_AE;
    double value = 0;
    if (mmd) {
        const float *codes = lws_model_codes(p->model, p->params, &p->batch, p->dbuffers);
        memcpy(p->all_codes + p->batch.first * p->spec.latent, codes,
               (size_t)(p->batch.n * p->spec.latent) * sizeof *codes);
        value = lws_model_mmd(p->model, p->all_codes, &p->batch, p->prior, p->dcode);
    }
    lws_status status = lws_model_gradient(p->model, p->params, &p->batch, mmd ? p->dcode : NULL, mmd,
                                           (lws_model_gradients){p->dparams, p->dbuffers}, sums);
    if (status != LWS_OK)
        fail_msg("%s", lws_message());
    return value;
}

/* The same in double. */
typedef struct answer {
    double recon, kl, mmd, objective;
} answer;

/* From the encoder's output: the codes drawn, and the divergence. */
static double *draw_codes(const problem *p, const double *head, double *kl)
{
    size_t latent = (size_t)p->spec.latent;
    lws_rng_key key = lws_rng(p->batch.seed, LWS_RNG_LATENT, (uint64_t)p->batch.step);
    double *codes = check_doubles((size_t)p->batch.n * latent);
    *kl = 0;
    for (size_t i = 0; i < (size_t)p->batch.n; i++) {
        if (p->spec.kind == LWS_MODEL_VAE)
            *kl += ref_kl((int)latent, head + i * 2 * latent, NULL);
        for (size_t k = 0; k < latent; k++) {
            uint64_t place = ((uint64_t)p->batch.first + i) * latent + k;
            codes[i * latent + k] = p->spec.kind == LWS_MODEL_VAE
                                        ? head[i * 2 * latent + k] + exp(.5 * head[i * 2 * latent + latent + k]) *
                                                                         (float)lws_rng_normal(key, place)
                                        : head[i * latent + k];
        }
    }
    return codes;
}

/* The MMD with this micro-batch's codes among those of the others, which stay. */
static double mmd_of(const problem *p, const double *codes)
{
    lws_rng_key key = lws_rng(p->batch.seed, LWS_RNG_PRIOR, (uint64_t)p->batch.step);
    double *all = check_widen(p->all_codes, p->codes), *prior = check_doubles(p->codes);
    memcpy(all + p->batch.first * p->spec.latent, codes, (size_t)(p->batch.n * p->spec.latent) * sizeof *codes);
    for (size_t i = 0; i < p->codes; i++)
        prior[i] = (float)(1.3 * lws_rng_normal(key, i));
    double value = ref_mmd(p->batch.total, p->spec.latent, 1.3, all, prior, NULL);
    check_free(all, p->codes), check_free(prior, p->codes);
    return value;
}

static answer answer_of(const problem *p, const double *params, double *batch_states)
{
    answer a = {0};
    size_t heads, pixels, image = lws_shape_size(p->spec.image);
    network_values v = {p->tensors, params, NULL, batch_states};
    double *head = network_forward(&p->encoder, &v, p->batch.n, p->x_wide, &heads);
    double *codes = draw_codes(p, head, &a.kl);
    double *y = network_forward(&p->decoder, &v, p->batch.n, codes, &pixels);
    assert_int_equal(pixels, p->pixels);
    for (int i = 0; i < p->batch.n; i++)
        a.recon += ref_loss_value(&p->spec.loss, p->spec.image.h, p->spec.image.w, p->spec.image.c,
                                  p->x_wide + (size_t)i * image, y + (size_t)i * image);
    a.mmd = p->spec.kind == LWS_MODEL_MMD_AE ? mmd_of(p, codes) : 0;
    a.objective = (3.5 * a.recon + .7 * a.kl) / (double)p->batch.total + 20 * a.mmd;
    check_free(head, heads), check_free(y, pixels), check_free(codes, (size_t)(p->batch.n * p->spec.latent));
    return a;
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

/* The objective's change along `direction`, by central differences in double. */
static double difference(const problem *p, const double *direction, double step)
{
    size_t n = p->tensors->params;
    double *at = check_doubles(n), value[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            at[i] = p->wide[i] + (side ? -step : step) * direction[i];
        value[side] = answer_of(p, at, NULL).objective;
    }
    check_free(at, n);
    return (value[0] - value[1]) / (2 * step);
}

/* Along such a direction every tensor of parameters changes the objective at the same rate, 1, if its gradient is
 * right: a wrong factor, sign or part of a single tensor shows in the sum as much as that of any other. With `random`,
 * the tensors' parts are turned out of their gradients, by 60 degrees. Returns the rate by the program's gradient. */
static double make_direction(const problem *p, int only, bool random, check_rng *r, double *direction)
{
    double rate = 0;
    memset(direction, 0, p->tensors->params * sizeof *direction);
    for (int t = 0; t < p->tensors->count; t++) {
        const lws_tensor *tensor = &p->tensors->item[t];
        if (tensor->is_buffer || (only >= 0 && t != only))
            continue;
        const float *g = p->dparams + tensor->offset;
        double *d = direction + tensor->offset, norm2 = 0;
        for (size_t i = 0; i < tensor->count; i++)
            norm2 += (double)g[i] * g[i];
        if (norm2 == 0)
            fail_msg("%s has no gradient", tensor->name);
        double side = sqrt(3 * norm2 / (double)tensor->count) * sqrt(3);
        for (size_t i = 0; i < tensor->count; i++) {
            d[i] = (g[i] + (random ? check_uniform(r, -side, side) : 0)) / norm2;
            rate += g[i] * d[i];
        }
    }
    return rate;
}

/* The rate along `direction`. The step changes the objective by about 1e-9: doubles leave that six digits, and next to
 * no ReLU switches within it. The program's gradient is that of floats. */
static void check_direction(const problem *p, const double *direction, double want, const char *what)
{
    const double tolerance = 5e-4; /* of the part of one tensor */
    double got = difference(p, direction, 1e-9);
    if (fabs(got - want) <= tolerance)
        return;
    fail_msg("%s, %s, %s: along %s the objective changes by %.6f, the gradient says %.6f", preset_name[p->spec.preset],
             kind_name[p->spec.kind], loss_name[p->spec.loss.kind], what, got, want);
}

static void check_gradient(const problem *p, bool each_tensor)
{
    check_rng r = {99};
    double *direction = check_doubles(p->tensors->params);
    double want = make_direction(p, -1, false, &r, direction);
    check_direction(p, direction, want, "all gradients");
    want = make_direction(p, -1, true, &r, direction);
    check_direction(p, direction, want, "a random direction");
    for (int t = 0; each_tensor && t < p->tensors->count; t++) {
        if (p->tensors->item[t].is_buffer)
            continue;
        want = make_direction(p, t, false, &r, direction);
        check_direction(p, direction, want, p->tensors->item[t].name);
        want = make_direction(p, t, true, &r, direction);
        check_direction(p, direction, want, p->tensors->item[t].name);
    }
    check_free(direction, p->tensors->params);
}

static void check_model(lws_model_spec spec, int images, bool each_tensor)
{
    problem p = make(spec, images, 500 + (uint64_t)(spec.preset * 9 + (int)spec.kind * 3 + (int)spec.loss.kind));
    lws_model_sums sums = {(double)NAN, (double)NAN};
    double mmd = run(&p, &sums), *buffers = check_doubles(p.tensors->buffers);
    memset(buffers, 0, p.tensors->buffers * sizeof *buffers);
    answer a = answer_of(&p, p.wide, buffers);
    check_near(sums.recon, a.recon, 1e-5 * a.recon);
    check_near(sums.kl, a.kl, 1e-5 * a.kl);
    check_near(mmd, a.mmd, 2e-5 * fabs(a.mmd));
    for (int t = 0; t < p.tensors->count; t++) {
        const lws_tensor *tensor = &p.tensors->item[t];
        if (tensor->is_buffer)
            check_floats_near(p.dbuffers + tensor->offset, buffers + tensor->offset, tensor->count, 2e-5);
    }
    check_gradient(&p, each_tensor);
    check_free(buffers, p.tensors->buffers);
    release(&p);
}

static void gradients_of_tiny16(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int loss = 0; loss < 3; loss++)
            check_model(spec_of(TINY16, kind, loss, 3), 3, true);
}

static void gradients_of_dcgan64(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int loss = 0; loss < 3; loss++)
            check_model(spec_of(DCGAN64, kind, loss, 3), 2, kind == LWS_MODEL_VAE && loss == LWS_LOSS_LWSSIM);
}

static void gradients_of_wae64(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int loss = 0; loss < 3; loss++)
            check_model(spec_of(WAE64, kind, loss, 2), 2, kind == LWS_MODEL_MMD_AE && loss == LWS_LOSS_SSIM);
}

/* Channels in sixteens take other convolutions, and batch norms within them. */
static void gradients_of_wide_layers(void **state)
{
    (void)state;
    check_model(spec_of(TINY16, LWS_MODEL_VAE, LWS_LOSS_LWSSIM, 16), 5, false);
    check_model(spec_of(DCGAN64, LWS_MODEL_MMD_AE, LWS_LOSS_MSE, 16), 2, false);
}

/* ---- randomness -------------------------------------------------------------------------------------------------- */

/* All images equal, and running on the very same codes: what differs is the noise. */
static problem make_equal_images(void)
{
    problem p = make(spec_of(TINY16, LWS_MODEL_VAE, LWS_LOSS_MSE, 3), 4, 61);
    size_t image = p.pixels / 4;
    for (size_t i = image; i < p.pixels; i++)
        p.x[i] = p.x[i - image];
    return p;
}

static double recon_at(problem *p, uint64_t seed, int64_t step, int64_t first, int n)
{
    lws_model_sums sums;
    p->batch.seed = seed, p->batch.step = step, p->batch.first = first, p->batch.n = n;
    run(p, &sums);
    return sums.recon;
}

static void noise_is_keyed(void **state)
{
    (void)state;
    problem p = make_equal_images();
    double base = recon_at(&p, 61, 31, 2, 4);
    assert_true(base == recon_at(&p, 61, 31, 2, 4));
    const double others[] = {recon_at(&p, 62, 31, 2, 4), recon_at(&p, 61, 32, 2, 4), recon_at(&p, 61, 31, 6, 4),
                             recon_at(&p, 61, 31, 3, 4)};
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(others[i] - base) > 1e-6);
        for (int k = 0; k < i; k++)
            assert_true(fabs(others[i] - others[k]) > 1e-6);
    }
    release(&p);
}

/* The draws from the prior are those of seed and step, normal with its deviation, the same for whoever asks. */
static void prior_is_keyed(void **state)
{
    (void)state;
    enum { TOTAL = 400, LATENT = 5, N = TOTAL * LATENT };
    problem p = make(spec_of(TINY16, LWS_MODEL_MMD_AE, LWS_LOSS_MSE, 3), 2, 62);
    check_rng r = {63};
    float *codes = check_random_floats(&r, N, -1, 1), *prior[4], dcode[2 * LATENT];
    static const struct {
        uint64_t seed;
        int64_t step, first;
    } ask[4] = {{9, 5, 0}, {9, 5, 100}, {9, 6, 0}, {10, 5, 0}};
    for (int k = 0; k < 4; k++) {
        prior[k] = check_floats(N);
        lws_micro_batch part = {
            .n = 2, .first = ask[k].first, .total = TOTAL, .seed = ask[k].seed, .step = ask[k].step};
        lws_model_mmd(p.model, codes, &part, prior[k], dcode);
        lws_rng_key key = lws_rng(ask[k].seed, LWS_RNG_PRIOR, (uint64_t)ask[k].step);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < N; i++) {
            assert_true(prior[k][i] == (float)(1.3 * lws_rng_normal(key, i)));
            sum += prior[k][i], squares += (double)prior[k][i] * prior[k][i];
        }
        check_near(sum / N, 0, 5 * 1.3 / sqrt(N));
        check_near(sqrt(squares / N), 1.3, 5 * 1.3 / sqrt(2. * N));
    }
    check_same_bits(prior[1], prior[0], N * sizeof(float));
    for (int k = 2; k < 4; k++)
        for (int i = 0; i < N; i++)
            assert_true(prior[k][i] != prior[0][i]);
    for (int k = 0; k < 4; k++)
        check_free(prior[k], N);
    check_free(codes, N);
    release(&p);
}

/* The weight is in the gradient and not in the value; what stood in dcode is overwritten. */
static void mmd_against_reference(void **state)
{
    (void)state;
    problem p = make(spec_of(TINY16, LWS_MODEL_MMD_AE, LWS_LOSS_MSE, 3), 3, 64);
    double *all = check_widen(p.all_codes, p.codes), *want = check_doubles(p.codes);
    size_t own = (size_t)(p.batch.n * p.spec.latent);
    double got = lws_model_mmd(p.model, p.all_codes, &p.batch, p.prior, p.dcode);
    double *prior = check_widen(p.prior, p.codes);
    check_near(got, ref_mmd(p.batch.total, p.spec.latent, 1.3, all, prior, want), 1e-12);
    for (size_t i = 0; i < p.codes; i++)
        want[i] *= 20;
    check_floats_near(p.dcode, want + (size_t)(2 * p.spec.latent), own, 1e-6);
    check_free(all, p.codes), check_free(want, p.codes), check_free(prior, p.codes);
    release(&p);
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* Whoever has the codes already gets the same bits. */
static void codes_serve_the_gradient(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        problem p = make(spec_of(TINY16, kind, LWS_LOSS_LWSSIM, 3), 3, 65);
        size_t params = p.tensors->params, buffers = p.tensors->buffers;
        float *dparams = check_floats(params), *dbuffers = check_floats(buffers);
        lws_model_sums first, second;
        memset(p.dparams, 0, params * sizeof(float)), memset(dparams, 0, params * sizeof(float));
        memset(p.dbuffers, 0, buffers * sizeof(float)), memset(dbuffers, 0, buffers * sizeof(float));
        assert_int_equal(lws_model_gradient(p.model, p.params, &p.batch, NULL, false,
                                            (lws_model_gradients){p.dparams, p.dbuffers}, &first),
                         LWS_OK);
        lws_model_codes(p.model, p.params, &p.batch, dbuffers);
        assert_int_equal(lws_model_gradient(p.model, p.params, &p.batch, NULL, true,
                                            (lws_model_gradients){dparams, dbuffers}, &second),
                         LWS_OK);
        assert_true(first.recon == second.recon && first.kl == second.kl);
        check_same_bits(dparams, p.dparams, params * sizeof(float));
        check_same_bits(dbuffers, p.dbuffers, buffers * sizeof(float));
        check_free(dparams, params), check_free(dbuffers, buffers);
        release(&p);
    }
}

/* Codes and images with running statistics, against the double; the VAE's codes are its means. */
static void evaluation(void **state)
{
    (void)state;
    for (int preset = 0; preset <= 3; preset++)
        for (int kind = 0; kind < 3; kind++) { /* the last: with channels in sixteens */
            problem p = make(spec_of(preset < 3 ? preset : TINY16, kind, LWS_LOSS_MSE, preset < 3 ? 3 : 16), 3, 66);
            size_t latent = (size_t)p.spec.latent, n = 3 * latent, heads, pixels;
            double *buffers = check_widen(p.buffers, p.tensors->buffers);
            network_values v = {p.tensors, p.wide, buffers, NULL};
            double *head = network_forward(&p.encoder, &v, 3, p.x_wide, &heads), *want = check_doubles(n);
            for (size_t i = 0; i < 3; i++)
                memcpy(want + i * latent, head + i * (heads / 3), latent * sizeof *want);
            float *codes = check_floats(n);
            lws_model_encode(p.model, p.params, p.buffers, 3, p.x, codes);
            check_floats_near(codes, want, n, 1e-5);
            double *codes_wide = check_widen(codes, n), *y = network_forward(&p.decoder, &v, 3, codes_wide, &pixels);
            assert_int_equal(pixels, p.pixels);
            check_floats_near(lws_model_decode(p.model, p.params, p.buffers, 3, codes), y, pixels, 1e-5);
            check_free(head, heads), check_free(want, n), check_free(codes, n), check_free(codes_wide, n);
            check_free(buffers, p.tensors->buffers), check_free(y, pixels);
            release(&p);
        }
}

/* With the statistics of the very batch for running ones, evaluation gives the codes of training. */
static void encode_is_codes(void **state)
{
    (void)state;
    problem p = make(spec_of(TINY16, LWS_MODEL_MMD_AE, LWS_LOSS_MSE, 3), 4, 67);
    size_t n = (size_t)(4 * p.spec.latent);
    float *codes = check_floats(n);
    memset(p.dbuffers, 0, p.tensors->buffers * sizeof(float));
    double *want = check_widen(lws_model_codes(p.model, p.params, &p.batch, p.dbuffers), n);
    for (int t = 0; t < p.tensors->count; t++) {
        const lws_tensor *tensor = &p.tensors->item[t];
        int norm = 0, rows = sscanf(tensor->name, "encoder/bn%d/running_var", &norm) == 1 ? 4 * 256 >> 2 * norm : 0;
        for (size_t i = 0; i < tensor->count && rows && strstr(tensor->name, "running_var"); i++)
            p.dbuffers[tensor->offset + i] *= (float)(rows - 1) / (float)rows; /* as the batch was normalised */
    }
    lws_model_encode(p.model, p.params, p.dbuffers, 4, p.x, codes);
    check_floats_near(codes, want, n, 1e-5);
    check_free(codes, n), check_free(want, n);
    release(&p);
}

/* ---- the flow of parameters and gradients ------------------------------------------------------------------------ */

typedef struct watcher {
    problem *p;
    int waits, readies;
    size_t wait[64], ready[64];
    float *seen; /* what each grad_ready() vouched for */
} watcher;

static void note_wait(void *user, size_t end)
{
    watcher *w = user;
    w->wait[w->waits++] = end;
}

static void note_ready(void *user, size_t begin)
{
    watcher *w = user;
    size_t before = w->readies ? w->ready[w->readies - 1] : w->p->tensors->params;
    assert_true(begin < before);
    memcpy(w->seen + begin, w->p->dparams + begin, (before - begin) * sizeof(float));
    w->ready[w->readies++] = begin;
}

/* Invalidated parameters are waited for layer by layer on the way forward and take effect; gradients are given layer by
 * layer on the way back, and what was given does not change any more. */
static void flow(void **state)
{
    (void)state;
    problem p = make(spec_of(TINY16, LWS_MODEL_VAE, LWS_LOSS_LWSSIM, 16), 3, 68);
    size_t params = p.tensors->params, ends[64];
    watcher w = {.p = &p, .seen = check_floats(params)};
    const lws_flow follow = {&w, note_wait, note_ready};
    int layers = 0;
    for (int t = 0; t < p.tensors->count; t++) { /* tensors of a layer stand together */
        const lws_tensor *a = &p.tensors->item[t];
        size_t prefix = (size_t)(strrchr(a->name, '/') - a->name) + 1;
        if (a->is_buffer)
            continue;
        bool same = layers > 0 && strncmp(a->name, p.tensors->item[t - 1].name, prefix) == 0;
        layers += !same;
        ends[layers - 1] = (a->offset + a->count + 15) / 16 * 16;
    }
    assert_int_equal(layers, 5 + 5);
    assert_int_equal(ends[layers - 1], params);
    check_rng r = {69};
    float *other = check_random_floats(&r, params, -.2, .2);
    lws_model_sums before, after;
    memset(p.dparams, 0, params * sizeof(float)), memset(w.seen, 0, params * sizeof(float));
    run(&p, &before);
    lws_model_follow(p.model, &follow);
    lws_model_transform_weights(p.model, other); /* what becomes invalid */
    lws_model_invalidate(p.model);
    memset(p.dparams, 0, params * sizeof(float)); /* what is given too early */
    run(&p, &after);
    assert_true(after.recon == before.recon && after.kl == before.kl);
    check_free(other, params);
    assert_int_equal(w.waits, layers);
    assert_memory_equal(w.wait, ends, (size_t)layers * sizeof *ends);
    int batch_norms_within = 0;
    for (int k = 0; k < w.readies; k++) {
        int layer = layers - 1 - k - batch_norms_within;
        while (layer > 0 && ends[layer - 1] != w.ready[k]) /* a batch norm computed by its neighbours comes with one */
            layer--, batch_norms_within++;
        assert_int_equal(w.ready[k], layer > 0 ? ends[layer - 1] : 0);
    }
    assert_int_equal(w.ready[w.readies - 1], 0);
    assert_true(w.readies + batch_norms_within == layers && w.readies >= 8);
    check_same_bits(w.seen, p.dparams, params * sizeof(float));
    w.readies = 0;
    run(&p, &after); /* nothing is invalid any more */
    assert_int_equal(w.waits, layers);
    assert_int_equal(w.ready[w.readies - 1], 0);
    lws_model_follow(p.model, NULL);
    lws_model_invalidate(p.model);
    run(&p, &after);
    assert_int_equal(w.waits, layers);
    check_free(w.seen, params);
    release(&p);
}

/* ---- what is not finite ------------------------------------------------------------------------------------------ */

static float *parameter(problem *p, const char *name)
{
    for (int t = 0; t < p->tensors->count; t++)
        if (strcmp(p->tensors->item[t].name, name) == 0)
            return p->params + p->tensors->item[t].offset;
    fail_msg("no tensor %s", name);
    return NULL;
}

/* What is said once `name`[0] is `value`, or nothing is changed (NULL), and the pass gave `sums`. */
static void finds(int kind, const char *name, size_t at, float value, const double sums[2], const char *want)
{
    problem p = make(spec_of(TINY16, kind, LWS_LOSS_MSE, 3), 3, 69);
    char text[128] = "nothing";
    lws_model_sums given = {1, 1};
    if (name)
        parameter(&p, name)[at] = value;
    lws_model_transform_weights(p.model, p.params);
    lws_status status = lws_model_gradient(p.model, p.params, &p.batch, NULL, false,
                                           (lws_model_gradients){p.dparams, p.dbuffers}, &given);
    assert_int_equal(status, name ? LWS_ERR_NUMERIC : LWS_OK);
    if (sums)
        given = (lws_model_sums){sums[0], sums[1]};
    assert_int_equal(lws_model_first_not_finite(p.model, p.params, &p.batch, &given, text, sizeof text), want != NULL);
    assert_string_equal(text, want ? want : "nothing");
    release(&p);
}

static void first_not_finite(void **state)
{
    (void)state;
    const double nan = (double)NAN, inf = (double)INFINITY;
    for (int kind = 0; kind < 3; kind++) {
        finds(kind, NULL, 0, 0, NULL, NULL);
        finds(kind, "encoder/conv2/weight", 0, (float)NAN, NULL,
              "encoder/conv2: its output is not finite, from finite input");
        finds(kind, "encoder/dense/bias", 1, INFINITY, NULL,
              "encoder/dense: its output is not finite, from finite input");
        finds(kind, "decoder/bn1/beta", 0, (float)NAN, NULL,
              "decoder/bn1: its output is not finite, from finite input");
        finds(kind, NULL, 0, 0, (const double[]){nan, inf},
              "the reconstruction loss is not finite, of finite reconstructions");
        finds(kind, NULL, 0, 0, (const double[]){1, inf}, "the KL divergence is not finite, of finite codes");
    }
    finds(LWS_MODEL_VAE, "encoder/dense/bias", 5, 200, NULL, /* the logarithm of a variance: exp(100) is no float */
          "the codes drawn are not finite, from a finite output of the encoder");
}

/* ---- what a model says of its layers ------------------------------------------------------------------------------
 */

static double attribute(const lws_layer_info *l, const char *name)
{
    for (int i = 0; i < l->attribute_count; i++)
        if (strcmp(l->attributes[i].name, name) == 0)
            return l->attributes[i].value;
    fail_msg("%s has no %s", l->name, name);
    return 0;
}

static void check_listed(const lws_net *net, const network *n, int *tensor)
{
    static const char *const kinds[] = {"conv", "conv_transpose", "dense", "batchnorm", "relu", "sigmoid"};
    static const int tensors[] = {1, 1, 1, 4, 0, 0}, attributes[] = {3, 3, 0, 2, 0, 0};
    lws_shape in = n->in;
    assert_int_equal(lws_net_count(net), n->count);
    for (int i = 0; i < n->count; i++) {
        const network_layer *want = &n->layer[i];
        lws_layer_info l = lws_net_layer(net, i);
        char name[64];
        snprintf(name, sizeof name, "%s/%s", n->prefix, want->name);
        assert_string_equal(l.name, name);
        assert_string_equal(l.kind, kinds[want->op]);
        assert_memory_equal(&l.in, &in, sizeof in);
        in = (lws_shape){want->h, want->w, want->c};
        assert_memory_equal(&l.out, &in, sizeof in);
        assert_int_equal(l.branch_count, 0);
        assert_int_equal(l.attribute_count, attributes[want->op]);
        assert_int_equal(l.tensor_count, tensors[want->op] + want->bias);
        for (int t = 0; t < l.tensor_count; t++)
            assert_memory_equal(l.tensors[t].name, name, strlen(name));
        *tensor += l.tensor_count;
        if (want->op == OP_CONV || want->op == OP_DECONV) {
            assert_true(attribute(&l, "kernel") == want->kernel);
            assert_true(attribute(&l, "stride") == want->stride);
            assert_true(attribute(&l, "pad") == want->pad);
        } else if (want->op == OP_NORM) {
            assert_true(attribute(&l, "relu") == 1);
            assert_true(attribute(&l, "epsilon") == 1e-5);
        }
    }
}

/* Every layer with all that it takes to compute it elsewhere, and every tensor once. */
static void layers_are_listed(void **state)
{
    (void)state;
    for (int preset = 0; preset < 3; preset++) {
        problem p = make(spec_of(preset, LWS_MODEL_VAE, LWS_LOSS_MSE, 3), 1, 71);
        int tensors = 0;
        check_listed(lws_model_encoder(p.model), &p.encoder, &tensors);
        check_listed(lws_model_decoder(p.model), &p.decoder, &tensors);
        assert_int_equal(tensors, p.tensors->count);
        release(&p);
    }
}

/* ---- sizes and refusals ------------------------------------------------------------------------------------------ */

/* Bytes for an image more are at least those of its values between layers, and not many times as many. */
static void memory(void **state)
{
    (void)state;
    for (int preset = 0; preset < 3; preset++) {
        lws_model_spec spec = spec_of(preset, LWS_MODEL_AE, LWS_LOSS_MSE, 8);
        problem p = make(spec, 1, 70);
        size_t values = 0, bytes[3];
        for (int i = 0; i < p.encoder.count + p.decoder.count; i++) {
            const network_layer *l = i < p.encoder.count ? &p.encoder.layer[i] : &p.decoder.layer[i - p.encoder.count];
            values += l->op == OP_NORM ? 0 : (size_t)(l->h * l->w * l->c); /* may be computed by its neighbours */
        }
        for (int k = 0; k < 3; k++) {
            lws_model *model;
            assert_int_equal(lws_model_create(&spec, 32 * (k + 1), &model), LWS_OK);
            bytes[k] = lws_model_memory(model);
            lws_model_destroy(model);
        }
        assert_true(bytes[1] - bytes[0] >= 32 * values * sizeof(float));
        assert_true(bytes[2] - bytes[1] >= 32 * values * sizeof(float));
        assert_true(bytes[2] - bytes[1] <= 32 * 8 * values * sizeof(float));
        release(&p);
    }
}

static void refuses(lws_model_spec spec, const char *part, const char *also)
{
    lws_model *model = (lws_model *)1;
    lws_status status = lws_model_create(&spec, 4, &model);
    if (status != LWS_ERR_USAGE)
        fail_msg("status %d in place of a refusal with '%s'", (int)status, part);
    assert_null(model);
    check_mentions(lws_message(), part);
    check_mentions(lws_message(), also);
}

static void refusals(void **state)
{
    (void)state;
    lws_model_spec spec = spec_of(TINY16, LWS_MODEL_AE, LWS_LOSS_LWSSIM, 3), bad = spec;
    bad.image.h = 0;
    refuses(bad, "0 × 16", "1 to 1024");
    bad = spec, bad.image.w = -3;
    refuses(bad, "16 × -3", "1 to 1024");
    bad = spec, bad.image.h = 1025;
    refuses(bad, "1025 × 16", "1 to 1024");
    bad = spec, bad.image.w = 2048;
    refuses(bad, "16 × 2048", "1 to 1024");
    bad = spec, bad.latent = 4097;
    refuses(bad, "4097", "4096");
    bad = spec, bad.loss.window[2] = 17;
    refuses(bad, "17", "16 × 16");
    lws_model *model;
    spec.latent = 4096;
    assert_int_equal(lws_model_create(&spec, 1, &model), LWS_OK);
    assert_int_equal(lws_model_get_spec(model)->latent, 4096);
    lws_model_destroy(model);
    lws_model_destroy(NULL);
}

/* wae64 leaves one pixel of an image of 16 × 16: a batch norm of one image alone has nothing to go by. */
static void training_needs_two_values(void **state)
{
    (void)state;
    lws_model_spec spec = spec_of(WAE64, LWS_MODEL_AE, LWS_LOSS_MSE, 2);
    lws_model *model;
    spec.image.h = spec.image.w = 16;
    assert_int_equal(lws_model_create(&spec, 1, &model), LWS_OK);
    assert_int_equal(lws_model_check_training(model), LWS_ERR_USAGE);
    check_mentions(lws_message(), "encoder/bn4");
    check_mentions(lws_message(), "micro-batch of 1 image");
    lws_model_destroy(model);
    assert_int_equal(lws_model_create(&spec, 2, &model), LWS_OK);
    assert_int_equal(lws_model_check_training(model), LWS_OK);
    lws_model_destroy(model);
    spec.image.h = spec.image.w = 32;
    assert_int_equal(lws_model_create(&spec, 1, &model), LWS_OK);
    assert_int_equal(lws_model_check_training(model), LWS_OK);
    lws_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_tiny16),
        cmocka_unit_test(gradients_of_dcgan64),
        cmocka_unit_test(gradients_of_wae64),
        cmocka_unit_test(gradients_of_wide_layers),
        cmocka_unit_test(noise_is_keyed),
        cmocka_unit_test(prior_is_keyed),
        cmocka_unit_test(mmd_against_reference),
        cmocka_unit_test(codes_serve_the_gradient),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(encode_is_codes),
        cmocka_unit_test(flow),
        cmocka_unit_test(first_not_finite),
        cmocka_unit_test(layers_are_listed),
        cmocka_unit_test(memory),
        cmocka_unit_test(refusals),
        cmocka_unit_test(training_needs_two_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
