/* Files of codes with anything in them that HDF5 can write: refused with a reason, or read to the very numbers whose
 * digests they bear. Input: the changes (h5_edit.h). */
#include "h5_edit.h"

#include "codes/codes_format.h"

#include "base/folder.h"

static const char *const objects[] = {"/codes", "/log_variance", "/names", "/", "/other", NULL};
static const char *const attributes[] = {
    "kind",           "schema", "model",        "height", "width", "channels", "checkpoint_digest",
    "dataset_digest", "digest", "names_digest", NULL};

enum { CODES = 3, LATENT = 4 };

static uint8_t *sound;
static size_t sound_size;

static void make_sound(char *path)
{
    static float code[CODES * LATENT], log_variance[CODES * LATENT];
    static char first[] = "a.png", second[] = "folder/b.png", third[] = "c";
    char *names[CODES] = {first, second, third};
    lws_codes_file codes = {.n = CODES,
                            .latent = LATENT,
                            .code = code,
                            .log_variance = log_variance,
                            .name = names,
                            .image = {16, 16, 3},
                            .model = "vae",
                            .checkpoint = "30e861e939412a0165b9b767c3194cd6"};
    for (int i = 0; i < CODES * LATENT; i++)
        code[i] = log_variance[i] = (float)i / 7;
    snprintf(path, LWS_PATH, "%s/codes.h5", fuzz_folder());
    FUZZ_CHECK(lws_codes_write(path, &codes) == LWS_OK);
    sound = fuzz_read(path, &sound_size);
}

static void check_finite(const lws_codes_file *c, const float *values)
{
    for (int64_t i = 0; i < c->n * c->latent; i++)
        FUZZ_CHECK(values[i] - values[i] == 0);
}

/* What was read is what the file says that it holds. */
static void check_own(const lws_codes_file *c)
{
    codes_digests digests;
    FUZZ_CHECK(c->n >= 1 && c->latent >= 1 && c->name && c->image.h >= 1 && c->image.w >= 1 && c->image.c >= 1);
    FUZZ_CHECK(memchr(c->model, 0, sizeof c->model) && strlen(c->checkpoint) == LWS_DIGEST_TEXT - 1);
    for (int64_t i = 0; i < c->n; i++)
        FUZZ_CHECK(strlen(c->name[i]) < SIZE_MAX);
    FUZZ_CHECK(codes_digest(c, &digests) == LWS_OK);
    check_finite(c, c->code);
    if (c->log_variance)
        check_finite(c, c->log_variance);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[LWS_PATH];
    fuzz_input in = {data, data + size};
    lws_codes_file codes, foreign;
    bool is_codes;
    if (!sound)
        make_sound(path);
    fuzz_write_file(path, sound, sound_size);
    h5_edit(&in, path, &(h5_names){objects, attributes});
    lws_status status = lws_codes_read(path, false, &codes), as_foreign = lws_codes_read(path, true, &foreign);
    if (as_foreign == LWS_OK)
        check_finite(&foreign, foreign.code);
    if (status == LWS_OK) {
        FUZZ_CHECK(as_foreign == LWS_OK && codes.n == foreign.n && codes.latent == foreign.latent);
        FUZZ_CHECK(lws_codes_peek(path, &is_codes) == LWS_OK && is_codes);
        check_own(&codes);
        lws_codes_file_free(&codes);
    } else {
        FUZZ_CHECK(!codes.code && !codes.log_variance && !codes.name);
    }
    lws_codes_file_free(&foreign);
    return 0;
}
