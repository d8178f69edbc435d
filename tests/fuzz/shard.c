/* Shards with anything in them that HDF5 can write: refused with a reason, or read with nothing out of bounds and every
 * digest right. Input: a byte that says whether digests are put right afterwards, then the changes (h5_edit.h). */
#include "h5_edit.h"

#include "data/shard.h"

#include "data/dataset.h"

enum { ROWS = 3, SIDE = 4, CHANNELS = 3, PIXELS = ROWS * SIDE * SIDE * CHANNELS };

static const char *const objects[] = {"/images", "/digests", "/names", "/", "/other", NULL};
static const char *const attributes[] = {"schema",    "split",         "shard",         "shards",
                                         "first_row", "rows_in_split", "rows_by_split", "shards_by_split",
                                         "recipe",    "digest",        "split_digest",  "names_digest",
                                         NULL};

static uint8_t *sound;
static size_t sound_size;

/* The bytes of a whole shard, the only one of its dataset. */
static void make_sound(const char *path)
{
    uint8_t pixels[PIXELS];
    uint64_t digests[ROWS];
    static const char *const names[ROWS] = {"a.jpg", "b/c.png", "d.jpg"};
    char digest[LWS_DIGEST_TEXT];
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)(i * 7);
    for (int i = 0; i < ROWS; i++)
        digests[i] = lws_digest64(pixels + i * (PIXELS / ROWS), PIXELS / ROWS);
    lws_digest(digests, sizeof digests, digest);
    lws_shard_facts facts = {.split = LWS_TRAIN,
                             .rows_by_split = {ROWS},
                             .shards_by_split = {1},
                             .recipe = "r",
                             .digest = digest,
                             .split_digest = digest};
    FUZZ_CHECK(lws_shard_write(path, &(lws_shard_images){ROWS, SIDE, CHANNELS, pixels, digests, names}) == LWS_OK);
    FUZZ_CHECK(lws_shard_complete(path, &facts) == LWS_OK);
    sound = fuzz_read(path, &sound_size);
}

/* Digests of /digests as it is now, so that what lies behind their check is reached. */
static void repair(const char *path)
{
    lws_h5 *file;
    lws_h5_info info;
    char digest[LWS_DIGEST_TEXT];
    if (lws_h5_edit(path, &file) != LWS_OK)
        return;
    if (lws_h5_describe(file, "/digests", &info) == LWS_OK && info.type == LWS_H5_U64 && info.rank == 1 &&
        info.dims[0] <= 1 << 16) {
        uint64_t *values = calloc((size_t)info.dims[0] + 1, sizeof *values);
        FUZZ_CHECK(values);
        if (lws_h5_read(file, "/digests", LWS_H5_U64, info.dims[0], values) == LWS_OK) {
            lws_digest(values, (size_t)info.dims[0] * sizeof *values, digest);
            lws_h5_put_text(file, "/", "digest", digest);
            lws_h5_put_text(file, "/", "split_digest", digest);
        }
        free(values);
    }
    lws_h5_close(file);
}

static void read_rows(const lws_dataset *d, bool is_verified)
{
    const lws_dataset_info *info = lws_dataset_get_info(d);
    size_t size = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    FUZZ_CHECK(info->height > 0 && info->width > 0 && (info->channels == 1 || info->channels == 3));
    FUZZ_CHECK(info->rows == info->rows_by_split[LWS_TRAIN] && info->rows >= 0);
    if (size > 1 << 20)
        return;
    float *out = malloc(size * sizeof *out);
    FUZZ_CHECK(out);
    for (int64_t i = 0; i < info->rows && i < 64; i++) {
        lws_dataset_prefetch(d, &i, 1);
        lws_status status = lws_dataset_read(d, &i, 1, out);
        if (status != LWS_OK) {
            FUZZ_CHECK(!is_verified);
            fuzz_failed_well(status);
            continue;
        }
        for (size_t k = 0; k < size; k++)
            FUZZ_CHECK(out[k] >= 0 && out[k] <= 1);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[300];
    fuzz_input in = {data, data + size};
    if (!sound) {
        snprintf(path, sizeof path, "%s/train-00000-of-00001.h5", fuzz_folder());
        make_sound(path);
    }
    fuzz_write_file(path, sound, sound_size);
    uint8_t how = fuzz_byte(&in);
    h5_edit(&in, path, &(h5_names){objects, attributes});
    if (how & 1)
        repair(path);
    int64_t rows;
    lws_dataset *d;
    lws_status verified = lws_shard_verify(path, &rows);
    if (verified != LWS_OK) {
        fuzz_failed_well(verified);
        FUZZ_CHECK(verified == LWS_ERR_MEMORY || strstr(lws_message(), path));
    }
    lws_status opened = lws_dataset_open(fuzz_folder(), LWS_TRAIN, &d);
    if (opened == LWS_OK) {
        read_rows(d, verified == LWS_OK);
        FUZZ_CHECK(verified != LWS_OK || lws_dataset_get_info(d)->rows == rows);
        lws_dataset_close(d);
    } else {
        fuzz_failed_well(opened);
        FUZZ_CHECK(!d);
    }
    return 0;
}
