/* The formats, rule by rule: for each rule of shard/shard_format.h, data/dataset.h and checkpoint/checkpoint_format.h a
 * file or folder that breaks it and, as far as that can be, nothing else, and who refuses it; and what only just keeps
 * it. The numbers are those of the headers. Links, filters and files that HDF5 cannot bear: cli-hostile_files. */
#include "scratch.h"

#include "checkpoint/checkpoint_format.h"
#include "data/dataset.h"
#include "data/path_kind.h"
#include "shard/shard_format.h"

enum { SIDE = 4, ROW = SIDE * SIDE * 3, ROWS = 3 };

/* ---- shards: written piece by piece, so that each may be another --------------------------------------------- */

typedef struct parts {
    int64_t schema, shard, shards, first_row, rows_in_split;      /* schema 0: not there */
    const char *split, *rows_by_split, *shards_by_split, *recipe; /* NULL: not there */
    const char *digest, *split_digest, *names_digest;             /* NULL: the right one */
    lws_h5_type images, digests;
    int rank;
    int64_t dims[5], digest_count, name_count;
    uint8_t first_pixel; /* sound: 0 */
} parts;

static parts sound_parts(void)
{
    return (parts){.schema = 1,
                   .shard = 1,
                   .shards = 2,
                   .first_row = 5,
                   .rows_in_split = 8,
                   .split = "valid",
                   .rows_by_split = "train:0,valid:8,test:0",
                   .shards_by_split = "train:0,valid:2,test:0",
                   .recipe = "r",
                   .images = LWS_H5_U8,
                   .digests = LWS_H5_U64,
                   .rank = 4,
                   .dims = {ROWS, SIDE, SIDE, 3},
                   .digest_count = ROWS,
                   .name_count = ROWS};
}

static void put_text(lws_h5 *file, const char *name, const char *text)
{
    if (text)
        assert_int_equal(lws_h5_put_text(file, "/", name, text), LWS_OK);
}

/* Digests are those of the pixels by rows as wide as they say, but for the first pixel. */
static void write_parts(const char *path, const parts *p)
{
    static uint8_t pixels[3 << 20];
    static const char *const names[] = {"a", "b", "c", "d"};
    uint64_t digests[8] = {0};
    char digest[LWS_DIGEST_TEXT], of_names[LWS_DIGEST_TEXT];
    size_t row = (size_t)(p->dims[1] * p->dims[2] * p->dims[3]);
    lws_h5 *file;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7);
    for (int64_t i = 0; i < p->dims[0]; i++)
        digests[i] = lws_digest64(pixels + (size_t)i * row, row);
    pixels[0] = (uint8_t)(pixels[0] + p->first_pixel);
    lws_digest(digests, (size_t)p->digest_count * sizeof *digests, digest);
    assert_int_equal(lws_shard_names_digest(p->name_count, names, of_names), LWS_OK);
    assert_int_equal(lws_h5_create(path, &file), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/images", p->images, p->rank, p->dims, pixels), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/digests", p->digests, 1, &p->digest_count, digests), LWS_OK);
    assert_int_equal(lws_h5_write_strings(file, "/names", p->name_count, names), LWS_OK);
    put_text(file, "names_digest", p->names_digest ? p->names_digest : of_names);
    put_text(file, "split", p->split);
    put_text(file, "rows_by_split", p->rows_by_split);
    put_text(file, "shards_by_split", p->shards_by_split);
    put_text(file, "recipe", p->recipe);
    put_text(file, "digest", p->digest ? p->digest : digest);
    put_text(file, "split_digest", p->split_digest ? p->split_digest : digest);
    assert_int_equal(lws_h5_put_i64(file, "/", "shard", p->shard), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "shards", p->shards), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "first_row", p->first_row), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "rows_in_split", p->rows_in_split), LWS_OK);
    if (p->schema)
        assert_int_equal(lws_h5_put_i64(file, "/", "schema", p->schema), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
}

/* The header is taken or not, and the whole file; with this in the message (NULL: taken). */
static void shard_is(const char *path, const char *header_says, const char *verify_says)
{
    lws_shard_header header;
    int64_t rows;
    lws_status status = lws_shard_header_read(path, &header);
    assert_int_equal(status, header_says ? LWS_ERR_FORMAT : LWS_OK);
    if (header_says)
        check_mentions(lws_message(), header_says);
    lws_shard_header_free(&header);
    status = lws_shard_verify(path, &rows);
    assert_int_equal(status, verify_says ? LWS_ERR_FORMAT : LWS_OK);
    if (verify_says)
        check_mentions(lws_message(), verify_says);
}

static const char other_digest[] = "0123456789abcdef0123456789abcdef";

/* Broken is what `field` of the parts names, in each of these ways. */
#define BREAK(rule_, field_, value_, says_)                                                                            \
    {                                                                                                                  \
        parts p = sound_parts();                                                                                       \
        p.field_ = value_;                                                                                             \
        write_parts(path, &p);                                                                                         \
        shard_is(path, (rule_) <= 8 ? (says_) : NULL, says_);                                                          \
    }

#define KEEP(field_, value_)                                                                                           \
    {                                                                                                                  \
        parts p = sound_parts();                                                                                       \
        p.field_ = value_;                                                                                             \
        write_parts(path, &p);                                                                                         \
        shard_is(path, NULL, NULL);                                                                                    \
    }

static void shard_rules_of_attributes(void **state)
{
    char *path = path_of("%s/shard.h5", (char *)*state);
    KEEP(schema, 1)
    /* (1) */
    file_text(path, "no HDF5");
    shard_is(path, "not an HDF5 file", "not an HDF5 file");
    /* (2) */
    BREAK(2, schema, 0, "no complete shard")
    BREAK(2, schema, 2, "schema 2")
    BREAK(2, schema, -1, "schema -1")
    /* (3) */
    BREAK(3, split, "dev", "unknown split")
    BREAK(3, split, "valid2", "unknown split")
    BREAK(3, split, NULL, "split")
    /* (4) */
    BREAK(4, rows_by_split, NULL, "rows_by_split")
    BREAK(4, rows_by_split, "train:0,valid:8", "rows_by_split is malformed")
    BREAK(4, rows_by_split, "train:0,valid:8,test:0,", "rows_by_split is malformed")
    BREAK(4, rows_by_split, "train:0,valid:8,test:-1", "rows_by_split is malformed")
    BREAK(4, rows_by_split, "valid:8,train:0,test:0", "rows_by_split is malformed")
    BREAK(4, rows_by_split, "train:,valid:8,test:0", "rows_by_split is malformed")
    BREAK(4, shards_by_split, "train:100000,valid:2,test:0", "shards_by_split is malformed")
    KEEP(shards_by_split, "train:99999,valid:2,test:0")
    /* (5) */
    BREAK(5, digest, other_digest + 1, "digest is no digest")
    BREAK(5, split_digest, "", "split_digest is no digest")
    BREAK(5, split_digest, "0123456789abcdef0123456789abcdef0", "split_digest is no digest")
    BREAK(5, recipe, NULL, "recipe")
    KEEP(split_digest, other_digest) /* of the others, which a file alone cannot tell */
    /* (7) */
    BREAK(7, shard, -1, "contradict")
    BREAK(7, shard, 2, "contradict")
    BREAK(7, shards, 3, "contradict")
    BREAK(7, shards_by_split, "train:0,valid:3,test:0", "contradict")
    BREAK(7, first_row, -1, "contradict")
    BREAK(7, first_row, 6, "contradict")
    BREAK(7, rows_in_split, 9, "contradict")
    BREAK(7, rows_by_split, "train:0,valid:9,test:0", "contradict")
    KEEP(first_row, 0)
    KEEP(shard, 0)
}

static void shard_rules_of_arrays(void **state)
{
    char *path = path_of("%s/shard.h5", (char *)*state);
    lws_shard_header header;
    lws_shard_map map;
    /* (6) */
    BREAK(6, images, LWS_H5_F32, "/images is not a uint8 array")
    BREAK(6, rank, 5, "/images is not a uint8 array")
    BREAK(6, rank, 3, "/images is not a uint8 array")
    BREAK(6, dims[1], 0, "/images is not a uint8 array")
    BREAK(6, dims[2], 0, "/images is not a uint8 array")
    BREAK(6, dims[1], 65537, "/images is not a uint8 array")
    BREAK(6, dims[3], 2, "/images is not a uint8 array")
    BREAK(6, dims[3], 4, "/images is not a uint8 array")
    KEEP(dims[3], 1)
    parts widest = sound_parts();
    widest.dims[1] = 1, widest.dims[2] = 65536, widest.dims[3] = 1;
    write_parts(path, &widest);
    shard_is(path, NULL, NULL);
    /* (8) */
    BREAK(8, digest_count, ROWS - 1, "/digests does not have one value per image")
    BREAK(8, digest_count, ROWS + 1, "/digests does not have one value per image")
    BREAK(8, digests, LWS_H5_I64, "/digests")
    BREAK(8, digest, other_digest, "/digests does not match its own digest")
    /* (9): HDF5 itself refuses a file that is short when it is opened */
    parts sound = sound_parts();
    write_parts(path, &sound);
    assert_int_equal(lws_shard_header_read(path, &header), LWS_OK);
    int64_t end = header.offset + ROWS * ROW;
    assert_int_equal(truncate(path, end), 0);
    assert_int_equal(lws_shard_map_open(path, &header, &map), LWS_OK);
    lws_shard_map_close(&map);
    assert_int_equal(truncate(path, end - 1), 0);
    assert_int_equal(lws_shard_map_open(path, &header, &map), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "truncated");
    assert_null(map.base);
    lws_shard_header_free(&header);
    /* (10) */
    BREAK(10, name_count, ROWS - 1, "/names does not have one name per image")
    BREAK(10, name_count, ROWS + 1, "/names does not have one name per image")
    BREAK(10, names_digest, other_digest, "/names does not match its digest")
    /* (11) */
    BREAK(11, first_pixel, 1, "image 0 (a) does not match its digest")
}

/* ---- datasets ------------------------------------------------------------------------------------------------ */

static parts dataset_parts[2]; /* of the two shards of valid */

static void write_dataset(const char *folder)
{
    for (int i = 0; i < 2; i++)
        write_parts(path_of("%s/valid-%05d-of-00002.h5", folder, i), &dataset_parts[i]);
}

static void sound_dataset(const char *folder)
{
    static char split_digest[LWS_DIGEST_TEXT];
    uint64_t digests[2 * ROWS];
    lws_shard_header header;
    for (int i = 0; i < 2; i++) {
        dataset_parts[i] = sound_parts();
        dataset_parts[i].shard = i;
        dataset_parts[i].first_row = i * ROWS;
        dataset_parts[i].rows_in_split = 2 * ROWS;
        dataset_parts[i].rows_by_split = "train:0,valid:6,test:0";
    }
    write_dataset(folder);
    assert_int_equal(lws_shard_header_read(path_of("%s/valid-00000-of-00002.h5", folder), &header), LWS_OK);
    memcpy(digests, header.digests, sizeof digests / 2);
    memcpy(digests + ROWS, header.digests, sizeof digests / 2); /* their pixels are the same */
    lws_shard_header_free(&header);
    lws_digest(digests, sizeof digests, split_digest);
    dataset_parts[0].split_digest = dataset_parts[1].split_digest = split_digest;
    write_dataset(folder);
}

/* Opening valid; with this in the message (NULL: it opens, as do all splits). */
static void dataset_is(const char *folder, lws_status wanted, const char *says)
{
    lws_dataset *d;
    for (int s = 0; s < LWS_SPLITS; s++) {
        lws_status status = lws_dataset_open(folder, (lws_split)s, &d);
        if (s == LWS_VALID || !says)
            assert_int_equal(status, wanted);
        if (s == LWS_VALID && says)
            check_mentions(lws_message(), says);
        lws_dataset_close(d);
    }
}

#define BREAK_DATASET(field_, value_, says_)                                                                           \
    {                                                                                                                  \
        sound_dataset(folder);                                                                                         \
        dataset_parts[1].field_ = value_;                                                                              \
        write_dataset(folder);                                                                                         \
        dataset_is(folder, LWS_ERR_MISMATCH, says_);                                                                   \
    }

static void dataset_rules(void **state)
{
    const char *folder = *state;
    char *first = path_of("%s/valid-00000-of-00002.h5", folder),
         *second = path_of("%s/valid-00001-of-00002.h5", folder),
         *replacing = path_of("%s/" LWS_DATASET_REPLACING, folder), *aside = path_of("%s/aside", folder);
    /* (1) */
    dataset_is(folder, LWS_ERR_IO, "holds no dataset");
    sound_dataset(folder);
    dataset_is(folder, LWS_OK, NULL);
    file_text(replacing, "");
    dataset_is(folder, LWS_ERR_MISMATCH, "not complete");
    unlink(replacing);
    /* (2) */
    assert_int_equal(rename(second, aside), 0);
    dataset_is(folder, LWS_ERR_MISMATCH, "valid-00001-of-00002.h5 is missing");
    assert_int_equal(rename(aside, second), 0);
    assert_int_equal(rename(first, aside), 0);
    dataset_is(folder, LWS_ERR_MISMATCH, "valid-00000-of-00002.h5 is missing");
    /* (3) */
    sound_dataset(folder);
    file_copy(first, second);
    dataset_is(folder, LWS_ERR_MISMATCH, "its contents belong under another name");
    BREAK_DATASET(shard, 0, "its contents belong under another name")
    /* (4) */
    BREAK_DATASET(rows_by_split, "train:1,valid:6,test:0", "counts other rows and shards")
    BREAK_DATASET(shards_by_split, "train:0,valid:2,test:1", "counts other rows and shards")
    BREAK_DATASET(dims[3], 1, "its images have another size")
    BREAK_DATASET(dims[1], 3, "its images have another size")
    BREAK_DATASET(dims[2], 3, "its images have another size")
    BREAK_DATASET(recipe, "s", "another recipe")
    /* (5) */
    BREAK_DATASET(first_row, ROWS - 1, "do not follow")
    /* (6) */
    BREAK_DATASET(split_digest, other_digest, "has another digest in valid-00001-of-00002.h5")
    sound_dataset(folder);
    dataset_parts[0].split_digest = dataset_parts[1].split_digest = other_digest;
    write_dataset(folder);
    dataset_is(folder, LWS_ERR_MISMATCH, "do not add up");
    sound_dataset(folder);
    dataset_is(folder, LWS_OK, NULL);
}

/* ---- checkpoints --------------------------------------------------------------------------------------------- */

static const char config[] = "[model]\nmodel = ae\n";
static float values[32] = {1, 2, 3, 4, 5, 6};
static lws_tensors tensors = {
    .count = 2,
    .params = 16,
    .buffers = 16,
    .item = {{.name = "w", .rank = 2, .dims = {2, 3}, .count = 6},
             {.name = "s", .rank = 1, .dims = {2}, .count = 2, .offset = 0, .is_buffer = true}}};

static lws_checkpoint_meta sound_meta(void)
{
    return (lws_checkpoint_meta){.image = {5, 7, 3},
                                 .dataset_digest = "0123456789abcdef0123456789abcdef",
                                 .valid_digest = "fedcba9876543210fedcba9876543210",
                                 .seed = 1,
                                 .epoch = 2,
                                 .step = 3,
                                 .best_step = -1};
}

static char *sound_checkpoint(const char *folder)
{
    static char path[LWS_PATH];
    lws_checkpoint_meta meta = sound_meta();
    lws_checkpoint_data data = {.params = values, .buffers = values + 16};
    if (lws_checkpoint_write(folder, &meta, config, &tensors, &data, path) != LWS_OK)
        fail_msg("%s", lws_message());
    return path;
}

/* The digest of all, of what this description and the arrays' digests say. */
static void put_right(lws_h5 *file, const lws_checkpoint_meta *meta)
{
    char digest[LWS_DIGEST_TEXT];
    assert_int_equal(checkpoint_root_digest(file, meta, config, digest), LWS_OK);
    assert_int_equal(lws_h5_put_text(file, "/", "digest", digest), LWS_OK);
}

/* What the description says, what verification, and what reading, each with its status; LWS_OK: nothing. */
static void checkpoint_is(const char *path, lws_status meta_status, lws_status verify_status, const char *says)
{
    lws_checkpoint_meta meta;
    char *text;
    float all[32];
    lws_checkpoint_data data = {.params = all, .buffers = all + 16};
    assert_int_equal(lws_checkpoint_verify(path), verify_status);
    if (verify_status != LWS_OK)
        check_mentions(lws_message(), says);
    assert_int_equal(lws_checkpoint_read_meta(path, &meta, &text), meta_status);
    if (meta_status != LWS_OK) {
        check_mentions(lws_message(), says);
        assert_int_equal(lws_checkpoint_read(path, &tensors, &data), meta_status);
    }
    free(text);
}

static void checkpoint_rules_of_the_root(void **state)
{
    char *path, *text = path_of("%s/text.h5", (char *)*state);
    lws_h5 *file;
    /* (1) */
    file_text(text, "no HDF5");
    checkpoint_is(text, LWS_ERR_FORMAT, LWS_ERR_FORMAT, "not an HDF5 file");
    checkpoint_is(sound_checkpoint(*state), LWS_OK, LWS_OK, NULL);
    /* (2) and (3) are not part of what is digested */
    static const struct {
        const char *name, *text;
        int64_t whole;
        lws_status status;
        const char *says;
    } marks[] = {
        {"kind", "lwssim", 0, LWS_ERR_FORMAT, "not a checkpoint"},
        {"kind", "lwssim checkpoint2", 0, LWS_ERR_FORMAT, "not a checkpoint"},
        {"schema", NULL, 0, LWS_ERR_MISMATCH, "schema 0"},
        {"schema", NULL, 3, LWS_ERR_MISMATCH, "schema 3"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        path = sound_checkpoint(*state);
        assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
        assert_int_equal(marks[i].text ? lws_h5_put_text(file, "/", marks[i].name, marks[i].text)
                                       : lws_h5_put_i64(file, "/", marks[i].name, marks[i].whole),
                         LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        checkpoint_is(path, marks[i].status, marks[i].status, marks[i].says);
    }
    /* (3) the first schema, which has no valid_digest */
    lws_checkpoint_meta meta = sound_meta();
    meta.valid_digest[0] = 0;
    path = sound_checkpoint(*state);
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "schema", 1), LWS_OK);
    put_right(file, &meta);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    checkpoint_is(path, LWS_OK, LWS_OK, NULL);
}

/* (4) Each number at its limits and beyond, the digest of all being right. */
static void checkpoint_rules_of_numbers(void **state)
{
    static lws_checkpoint_meta m;
    static int64_t side[3];
    const int64_t most = (int64_t)1 << 52;
    const struct {
        const char *name;
        int64_t least, most, *of;
    } numbers[] = {{"height", 1, 1024, &side[0]},        {"width", 1, 1024, &side[1]}, {"channels", 1, 3, &side[2]},
                   {"seed", 0, most, &m.seed},           {"epoch", 0, most, &m.epoch}, {"step", 0, most, &m.step},
                   {"best_step", -1, most, &m.best_step}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const int64_t tried[] = {numbers[i].least, numbers[i].most, numbers[i].least - 1, numbers[i].most + 1};
        for (int k = 0; k < 4; k++) {
            lws_h5 *file;
            char *path = sound_checkpoint(*state);
            m = sound_meta();
            side[0] = 5, side[1] = 7, side[2] = 3;
            *numbers[i].of = tried[k];
            m.image = (lws_shape){(int)side[0], (int)side[1], (int)side[2]};
            assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
            assert_int_equal(lws_h5_put_i64(file, "/", numbers[i].name, tried[k]), LWS_OK);
            put_right(file, &m);
            assert_int_equal(lws_h5_close(file), LWS_OK);
            lws_status wanted = k < 2 ? LWS_OK : LWS_ERR_FORMAT;
            checkpoint_is(path, wanted, wanted, path_of(" %s is ", numbers[i].name));
        }
    }
}

/* (4) The texts and the rest. */
static void checkpoint_rules_of_texts(void **state)
{
    static const char *const names[] = {"dataset_digest", "valid_digest", "config", "best_ssim"};
    for (int i = 0; i < 4; i++) {
        lws_h5 *file;
        char *path = sound_checkpoint(*state);
        assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
        assert_int_equal(i < 2    ? lws_h5_put_text(file, "/", names[i], "0123456789abcdef0123456789abcdef0")
                         : i == 2 ? lws_h5_put_i64(file, "/", names[i], 1)
                                  : lws_h5_put_text(file, "/", names[i], ".5"),
                         LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        checkpoint_is(path, LWS_ERR_FORMAT, LWS_ERR_FORMAT, names[i]);
    }
}

/* One more array, with this digest (NULL: none; "": its own), the digest of all being right. */
static char *with_array(const char *folder, lws_h5_type type, const char *digest)
{
    const int64_t count = 4;
    const lws_checkpoint_meta meta = sound_meta();
    char own[LWS_DIGEST_TEXT], *path = sound_checkpoint(folder);
    lws_h5 *file;
    lws_digest(values, (size_t)count * lws_h5_size_of(type), own);
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/other/x", type, 1, &count, values), LWS_OK);
    if (digest) {
        assert_int_equal(lws_h5_put_text(file, "/other/x", "digest", digest[0] ? digest : own), LWS_OK);
        put_right(file, &meta);
    }
    assert_int_equal(lws_h5_close(file), LWS_OK);
    return path;
}

static void checkpoint_rules_of_arrays(void **state)
{
    lws_h5 *file;
    checkpoint_is(with_array(*state, LWS_H5_F32, ""), LWS_OK, LWS_OK, NULL);
    /* (5) */
    checkpoint_is(with_array(*state, LWS_H5_F32, NULL), LWS_ERR_FORMAT, LWS_ERR_FORMAT,
                  "/other/x has no attribute digest");
    /* (6) */
    char *path = sound_checkpoint(*state);
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_put_i64(file, "/", "epoch", 3), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    checkpoint_is(path, LWS_ERR_FORMAT, LWS_ERR_FORMAT, "description does not match its digest");
    /* (7) */
    checkpoint_is(with_array(*state, LWS_H5_U8, ""), LWS_OK, LWS_ERR_FORMAT, "/other/x is not of the type");
    checkpoint_is(with_array(*state, LWS_H5_F64, ""), LWS_OK, LWS_ERR_FORMAT, "/other/x is not of the type");
    checkpoint_is(with_array(*state, LWS_H5_F32, other_digest), LWS_OK, LWS_ERR_FORMAT, "/other/x does not match");
    path = sound_checkpoint(*state);
    file_flip(path, file_find(path, values, 6 * sizeof *values), 1);
    checkpoint_is(path, LWS_OK, LWS_ERR_FORMAT, "/model/w does not match its digest");
}

static void checkpoint_rule_of_its_name(void **state)
{
    char *path = sound_checkpoint(*state);
    static const char *const names[] = {"step-000000004.h5", "step-000000003.h5", "step-3.h5", "best.h5"};
    for (int i = 0; i < 4; i++) {
        char *other = path_of("%s/%s", (char *)*state, names[i]);
        assert_int_equal(rename(path, other), 0);
        path = other;
        assert_int_equal(lws_checkpoint_verify(path), LWS_OK);
        assert_int_equal(lws_checkpoint_verify_name(path), i == 0 ? LWS_ERR_MISMATCH : LWS_OK); /* (8) */
    }
}

static void checkpoint_rule_of_a_model(void **state)
{
    char *path = sound_checkpoint(*state);
    float all[32];
    lws_checkpoint_data data = {.params = all, .buffers = all + 16};
    lws_tensors other;
    assert_int_equal(lws_checkpoint_read(path, &tensors, &data), LWS_OK);
    for (int i = 0; i < 5; i++) { /* (9) */
        other = tensors;
        if (i == 0)
            strcpy(other.item[0].name, "x");
        else if (i == 1)
            other.item[0].dims[0] = 3, other.item[0].dims[1] = 2;
        else if (i == 2)
            other.item[0].rank = 3, other.item[0].dims[2] = 1;
        else if (i == 3)
            other.item[1].is_buffer = false;
        else
            other.count--; /* a smaller model, of which all is there */
        assert_int_equal(lws_checkpoint_read(path, &other, &data), LWS_ERR_MISMATCH);
        check_mentions(lws_message(), "holds another model");
    }
}

/* Whatever an optimizer keeps, by the names that it gives; what it does not have at hand is left out. */
static void slots_of_another_optimizer(void **state)
{
    static const char *const names[] = {"momentum", "m", "trust"};
    static const char *const held[] = {"/optimizer/momentum/w", "/optimizer/trust/w", "/optimizer/m",
                                       "/optimizer/v",          "/optimizer/trust/s", "/state"};
    float momentum[16] = {11, 12, 13, 14, 15, 16}, trust[16] = {21, 22, 23, 24, 25, 26}, back[16] = {0};
    char path[LWS_PATH];
    bool exists;
    lws_h5 *file;
    lws_checkpoint_meta meta = sound_meta();
    lws_checkpoint_data data = {.params = values, .slots = 3, .slot_name = names, .slot = {momentum, NULL, trust}};
    lws_checkpoint_data to = {.slots = 1, .slot_name = names + 2, .slot = {back}};
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_OK);
    assert_int_equal(lws_checkpoint_verify(path), LWS_OK);
    assert_int_equal(lws_h5_open(path, &file), LWS_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lws_h5_exists(file, held[i], &exists), LWS_OK);
        assert_int_equal(exists, i < 2);
    }
    lws_h5_close(file);
    assert_int_equal(lws_checkpoint_read(path, &tensors, &to), LWS_OK); /* one alone, and nothing else */
    check_same_bits(back, trust, sizeof back);
}

static lws_status note_array(void *user, const lws_checkpoint_array *array)
{
    char *text = user;
    snprintf(text + strlen(text), 256 - strlen(text), "%s %d %s %d %d;", array->name, (int)array->group, array->slot,
             array->rank, (int)array->count);
    return LWS_OK;
}

/* Each array is told by its name, those of nobody as well. */
static void arrays_by_name(void **state)
{
    static const char *const names[] = {"momentum"};
    char path[LWS_PATH], said[256] = "";
    const int64_t count = 4;
    lws_h5 *file;
    lws_checkpoint_meta meta = sound_meta();
    lws_checkpoint_data data = {
        .params = values, .buffers = values + 16, .slots = 1, .slot_name = names, .slot = {values}};
    assert_int_equal(lws_checkpoint_write(*state, &meta, config, &tensors, &data, path), LWS_OK);
    assert_int_equal(lws_h5_edit(path, &file), LWS_OK);
    assert_int_equal(lws_h5_write(file, "/optimizer/x", LWS_H5_F32, 1, &count, values), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_checkpoint_visit(path, note_array, said), LWS_OK);
    assert_string_equal(said,
                        "/model/w 0  2 6;/optimizer/momentum/w 2 momentum 2 6;/optimizer/x 3  1 4;/state/s 1  1 2;");
}

/* ---- what a path is ------------------------------------------------------------------------------------------ */

static void path_is(const char *path, lws_path_kind wanted)
{
    lws_path_kind kind = (lws_path_kind)-1;
    if (lws_path_identify(path, &kind) != LWS_OK)
        fail_msg("%s", lws_message());
    assert_int_equal(kind, wanted);
}

static void what_a_path_is(void **state)
{
    lws_path_kind kind;
    lws_h5 *file;
    char *folder = path_of("%s/folder", (char *)*state), *checkpoints = path_of("%s/checkpoints", folder),
         *other = path_of("%s/other.h5", (char *)*state);
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(lws_path_identify(path_of("%s/none", folder), &kind), LWS_ERR_IO);
    assert_int_equal(lws_path_identify(folder, &kind), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "neither a dataset");
    static const char *const strays[] = {"train-0-of-2.h5", ".train-00000-of-00002.h5", "x-00000-of-00002.h5",
                                         "config"};
    for (int i = 0; i < 4; i++)
        file_text(path_of("%s/%s", folder, strays[i]), "");
    assert_int_equal(lws_path_identify(folder, &kind), LWS_ERR_FORMAT);
    sound_dataset(folder);
    path_is(folder, LWS_PATH_DATASET);
    path_is(path_of("%s/valid-00001-of-00002.h5", folder), LWS_PATH_SHARD);
    assert_int_equal(mkdir(checkpoints, 0777), 0);
    path_is(folder, LWS_PATH_DATASET);
    path_is(sound_checkpoint(checkpoints), LWS_PATH_CHECKPOINT);
    path_is(folder, LWS_PATH_RUN); /* by its checkpoint alone */
    remove_tree(checkpoints);
    path_is(folder, LWS_PATH_DATASET);
    file_text(path_of("%s/config.ini", folder), "");
    path_is(folder, LWS_PATH_RUN);
    assert_int_equal(lws_h5_create(other, &file), LWS_OK);
    assert_int_equal(lws_h5_close(file), LWS_OK);
    assert_int_equal(lws_path_identify(other, &kind), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "neither a shard nor a checkpoint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(shard_rules_of_attributes),
        scratch_test(shard_rules_of_arrays),
        scratch_test(dataset_rules),
        scratch_test(checkpoint_rules_of_the_root),
        scratch_test(checkpoint_rules_of_numbers),
        scratch_test(checkpoint_rules_of_texts),
        scratch_test(checkpoint_rules_of_arrays),
        scratch_test(checkpoint_rule_of_its_name),
        scratch_test(checkpoint_rule_of_a_model),
        scratch_test(slots_of_another_optimizer),
        scratch_test(arrays_by_name),
        scratch_test(what_a_path_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
