/* Checkpoints with anything in them that HDF5 can write: refused with a reason, or read to the very arrays whose
 * digests they bear. Input: a byte that says whether the digest of all is put right afterwards, then the changes
 * (h5_edit.h). */
#include "h5_edit.h"

#include "checkpoint/checkpoint_format.h"

static const char *const objects[] = {"/model/a",       "/model/b", "/state/s", "/optimizer/m/a",
                                      "/optimizer/v/b", "/",        "/model",   "/optimizer",
                                      "/model/a/b",     "/other",   NULL};
static const char *const attributes[] = {"kind",     "schema",         "config",       "height", "width",
                                         "channels", "dataset_digest", "valid_digest", "seed",   "epoch",
                                         "step",     "best_step",      "best_ssim",    "digest", NULL};

enum { PARAMS = 32, BUFFERS = 16 };

static const lws_tensors tensors = {.count = 3,
                                    .item = {{.name = "a", .rank = 2, .dims = {2, 3}, .count = 6, .offset = 0},
                                             {.name = "b", .rank = 1, .dims = {5}, .count = 5, .offset = 16},
                                             {.name = "s", .rank = 1, .dims = {4}, .count = 4, .is_buffer = true}},
                                    .params = PARAMS,
                                    .buffers = BUFFERS};

typedef struct arrays {
    float params[PARAMS], buffers[BUFFERS], m[PARAMS], v[PARAMS];
} arrays;

static lws_checkpoint_data data_of(arrays *a)
{
    static const char *const names[] = {"m", "v"};
    return (lws_checkpoint_data){
        .params = a->params, .buffers = a->buffers, .slots = 2, .slot_name = names, .slot = {a->m, a->v}};
}

static uint8_t *sound;
static size_t sound_size;

static void make_sound(char *path)
{
    static arrays a;
    lws_checkpoint_meta meta = {.image = {16, 16, 3},
                                .seed = 1,
                                .epoch = 2,
                                .step = 3,
                                .best_step = 3,
                                .best_ssim = .5,
                                .dataset_digest = "30e861e939412a0165b9b767c3194cd6"};
    for (int i = 0; i < PARAMS; i++)
        a.params[i] = a.m[i] = a.v[i] = (float)i / 7;
    lws_checkpoint_data data = data_of(&a);
    FUZZ_CHECK(lws_checkpoint_write(fuzz_folder(), &meta, "model = ae\n", &tensors, &data, path) == LWS_OK);
    sound = fuzz_read(path, &sound_size);
}

/* The digest of what the file says now, so that what lies behind its check is reached. */
static void repair(const char *path)
{
    lws_h5 *file;
    lws_checkpoint_meta meta;
    char *config = NULL, digest[LWS_DIGEST_TEXT];
    if (lws_h5_edit(path, &file) != LWS_OK)
        return;
    if (checkpoint_read_meta(file, path, &meta, &config) == LWS_OK &&
        checkpoint_root_digest(file, &meta, config, digest) == LWS_OK)
        lws_h5_put_text(file, "/", "digest", digest);
    free(config);
    lws_h5_close(file);
}

static void check_meta(const lws_checkpoint_meta *m, const char *config)
{
    FUZZ_CHECK(config && m->image.h > 0 && m->image.w > 0 && m->image.c >= 1 && m->image.c <= 3);
    FUZZ_CHECK(m->seed >= 0 && m->epoch >= 0 && m->step >= 0 && m->best_step >= -1);
    FUZZ_CHECK(memchr(m->dataset_digest, 0, LWS_DIGEST_TEXT) && memchr(m->valid_digest, 0, LWS_DIGEST_TEXT));
}

static void check(lws_status status)
{
    if (status != LWS_OK)
        fuzz_failed_well(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[LWS_PATH];
    static arrays a;
    fuzz_input in = {data, data + size};
    if (!sound)
        make_sound(path);
    fuzz_write_file(path, sound, sound_size);
    uint8_t how = fuzz_byte(&in);
    h5_edit(&in, path, &(h5_names){objects, attributes});
    if (how & 1)
        repair(path);
    lws_checkpoint_meta meta;
    char *config, digest[LWS_DIGEST_TEXT];
    int64_t step;
    lws_status status = lws_checkpoint_read_meta(path, &meta, &config), verified = lws_checkpoint_verify(path);
    if (status == LWS_OK) {
        check_meta(&meta, config);
        FUZZ_CHECK(lws_checkpoint_peek(path, &step) == LWS_OK && step == meta.step);
        FUZZ_CHECK(lws_checkpoint_digest(path, digest) == LWS_OK);
    } else {
        fuzz_failed_well(status);
        FUZZ_CHECK(!config && verified != LWS_OK);
        check(lws_checkpoint_peek(path, &step));
        check(lws_checkpoint_digest(path, digest));
    }
    free(config);
    lws_checkpoint_data into = data_of(&a);
    lws_status read = lws_checkpoint_read(path, &tensors, &into);
    FUZZ_CHECK(read != LWS_OK || status == LWS_OK);
    check(read);
    return 0;
}
