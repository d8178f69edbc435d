/* A dataset row by row: the pixels of each are those of the image that its name says, whichever split and shard it is
 * in and whatever was left out; and every shard says of itself what is so. */
#include "prepared.h"

#include "data/h5.h"
#include "datasets/decode/image.h"

#include <sys/statvfs.h>

#include "datasets/faces/face.h"

/* ---- shards as h5 files, without dataset.h ------------------------------------------------------ */

typedef struct shard {
    int64_t rows, first_row;
    int size, channels;
    uint8_t *pixels;
    uint64_t *digests;
    char **names;
} shard;

static int64_t number_of(lws_h5 *file, const char *name)
{
    int64_t value;
    assert_int_equal(lws_h5_get_i64(file, "/", name, &value), LWS_OK);
    return value;
}

static void has_text(lws_h5 *file, const char *name, const char *want)
{
    char *text;
    assert_int_equal(lws_h5_get_text(file, "/", name, &text), LWS_OK);
    assert_string_equal(text, want);
    free(text);
}

static void digest_is(lws_h5 *file, const char *name, const uint64_t *digests, int64_t count)
{
    char digest[LWS_DIGEST_TEXT];
    lws_digest(digests, (size_t)count * sizeof *digests, digest);
    has_text(file, name, digest);
}

static void read_arrays(lws_h5 *file, shard *s)
{
    lws_h5_info info;
    int64_t count;
    assert_int_equal(lws_h5_describe(file, "/images", &info), LWS_OK);
    assert_true(info.type == LWS_H5_U8 && info.rank == 4 && info.dims[1] == info.dims[2]);
    s->rows = info.dims[0];
    s->size = (int)info.dims[1];
    s->channels = (int)info.dims[3];
    size_t bytes = (size_t)s->rows * (size_t)(s->size * s->size * s->channels);
    s->pixels = malloc(bytes + 1);
    s->digests = calloc((size_t)s->rows + 1, sizeof *s->digests);
    assert_int_equal(lws_h5_read(file, "/images", LWS_H5_U8, (int64_t)bytes, s->pixels), LWS_OK);
    assert_int_equal(lws_h5_read(file, "/digests", LWS_H5_U64, s->rows, s->digests), LWS_OK);
    assert_int_equal(lws_h5_read_strings(file, "/names", &count, &s->names), LWS_OK);
    assert_int_equal(count, s->rows);
}

static void shard_free(shard *s)
{
    lws_h5_free_strings(s->rows, s->names);
    free(s->pixels);
    free(s->digests);
}

/* What the whole dataset is to be. */
typedef struct facts {
    const char *folder, *recipe;
    int64_t rows[LWS_SPLITS];
    int shards[LWS_SPLITS];
} facts;

static void says_what_is_so(lws_h5 *file, const facts *f, int split, int index, const shard *s)
{
    char text[128], digest[LWS_DIGEST_TEXT];
    assert_int_equal(number_of(file, "schema"), 1);
    has_text(file, "split", (const char *[]){"train", "valid", "test"}[split]);
    assert_int_equal(number_of(file, "shard"), index);
    assert_int_equal(number_of(file, "shards"), f->shards[split]);
    assert_int_equal(number_of(file, "first_row"), s->first_row);
    assert_int_equal(number_of(file, "rows_in_split"), f->rows[split]);
    snprintf(text, sizeof text, "train:%d,valid:%d,test:%d", (int)f->rows[0], (int)f->rows[1], (int)f->rows[2]);
    has_text(file, "rows_by_split", text);
    snprintf(text, sizeof text, "train:%d,valid:%d,test:%d", f->shards[0], f->shards[1], f->shards[2]);
    has_text(file, "shards_by_split", text);
    has_text(file, "recipe", f->recipe);
    digest_is(file, "digest", s->digests, s->rows);
    assert_int_equal(lws_shard_names_digest(s->rows, (const char *const *)s->names, digest), LWS_OK);
    has_text(file, "names_digest", digest);
    size_t bytes = (size_t)(s->size * s->size * s->channels);
    for (int64_t i = 0; i < s->rows; i++)
        assert_int_equal(s->digests[i], lws_digest64(s->pixels + (size_t)i * bytes, bytes));
}

/* Looks at each shard in order, and calls check(user, split, row, name, pixels) for each row. */
static void each_row(const facts *f,
                     void (*check)(void *user, int split, int64_t row, const char *name, const shard *s,
                                   const uint8_t *pixels),
                     void *user)
{
    for (int split = 0; split < LWS_SPLITS; split++) {
        int64_t row = 0;
        uint64_t all[1024];
        for (int i = 0; i < f->shards[split]; i++) {
            lws_h5 *file;
            shard s = {.first_row = row};
            char name[LWS_SHARD_NAME];
            snprintf(name, sizeof name, "%s-%05d-of-%05d.h5", (const char *[]){"train", "valid", "test"}[split], i,
                     f->shards[split]);
            assert_int_equal(lws_h5_open(path_of("%s/%s", f->folder, name), &file), LWS_OK);
            read_arrays(file, &s);
            says_what_is_so(file, f, split, i, &s);
            for (int64_t k = 0; k < s.rows; k++, row++) {
                all[row] = s.digests[k];
                check(user, split, row, s.names[k], &s, s.pixels + k * s.size * s.size * s.channels);
            }
            if (i == f->shards[split] - 1)
                digest_is(file, "split_digest", all, row);
            lws_h5_close(file);
            shard_free(&s);
        }
        assert_int_equal(row, f->rows[split]);
    }
}

/* ---- synthetic faces --------------------------------------------------------------------------- */

typedef struct faces {
    uint64_t seed;
    bool seen[64];
    long last[LWS_SPLITS];
} faces;

static void is_its_face(void *user, int split, int64_t row, const char *name, const shard *s, const uint8_t *pixels)
{
    faces *f = user;
    uint8_t want[24 * 24 * 3];
    char again[32];
    (void)row;
    long index = atol(name + 5);
    snprintf(again, sizeof again, "face-%09ld", index);
    assert_string_equal(name, again);
    assert_true(index >= 0 && index < 64 && !f->seen[index] && index > f->last[split]);
    f->seen[index] = true;
    f->last[split] = index;
    assert_int_equal(lws_face_draw(f->seed, (uint64_t)index, s->size, s->channels, want), LWS_OK);
    check_same_bits(pixels, want, (size_t)(s->size * s->size * s->channels));
}

static void synthetic(const char *folder, const char *shards, const char *grey, const int *files)
{
    char *out = path_of("%s/out%s", folder, shards);
    lws_prepare_options o = options_of("synthetic", "50", "output", out, "size", "24", "seed", "6", "split",
                                       "0.6,0.3,0.1", "shards", shards, "grey", grey, NULL);
    prepares(&o);
    faces f = {6, {false}, {-1, -1, -1}};
    facts is = {out,
                path_of("recipe=synthetic crop=none filter=lanczos size=24 channels=%d split=0.6,0.3,0.1 seed=6",
                        grey[0] == 't' ? 1 : 3),
                {30, 15, 5},
                {files[0], files[1], files[2]}};
    each_row(&is, is_its_face, &f);
    for (int i = 0; i < 50; i++)
        assert_true(f.seen[i]);
}

/* Each face once, in the order of the numbers; files in proportion to the images, rounded, and never none. */
static void faces_by_number(void **state)
{
    synthetic(*state, "1", "false", (const int[]){1, 1, 1});
    synthetic(*state, "4", "true", (const int[]){4, 2, 1});
    synthetic(*state, "7", "false", (const int[]){7, 4, 1});
    synthetic(*state, "30", "false", (const int[]){30, 15, 5});
    synthetic(*state, "99", "false", (const int[]){30, 15, 5}); /* not more than images */
}

/* ---- images of files --------------------------------------------------------------------------- */

enum { FILES = 23 };

static bool is_bad(int i)
{
    return i % 6 == 4 || i == FILES - 1 || i == 0;
}

/* Images of many sizes, some unusable: among them the first, the last, and the first and the last of a shard. */
static void make_files(const char *folder)
{
    assert_int_equal(mkdir(folder, 0777), 0);
    for (int i = 0; i < FILES; i++) {
        blob b = i % 2 ? picture_png(30 + i, 41 - i % 7, i) : picture_jpeg(29 + i % 5, 33 + i, i);
        if (is_bad(i))
            b.size = b.size * 3 / 4;
        picture_save(path_of("%s/%02d.%s", folder, i, i % 2 ? "png" : "jpg"), b);
    }
}

typedef struct by_hand {
    const char *folder;
    int width, height; /* of the crop */
    lws_filter filter;
    int next[LWS_SPLITS]; /* the number that a name must be beyond */
    int split_of[FILES];
} by_hand;

/* Decoded whole, cropped by copying, resized. */
static void is_its_image(void *user, int split, int64_t row, const char *name, const shard *s, const uint8_t *pixels)
{
    by_hand *h = user;
    lws_image image;
    uint8_t want[20 * 20 * 3];
    (void)row;
    int number = atoi(name), c = s->channels;
    assert_true(number >= h->next[split] && !is_bad(number));
    assert_int_equal(h->split_of[number], split);
    h->next[split] = number + 1;
    assert_int_equal(lws_image_read(path_of("%s/%s", h->folder, name), c, &image), LWS_OK);
    int left = (image.width - h->width) / 2, top = (image.height - h->height) / 2;
    uint8_t *part = malloc((size_t)(h->width * h->height * c));
    for (int y = 0; y < h->height; y++)
        memcpy(part + y * h->width * c, image.pixels + ((top + y) * image.width + left) * c, (size_t)(h->width * c));
    lws_image cut = {part, h->width, h->height, c};
    lws_resizer *r = lws_resizer_create();
    assert_int_equal(
        lws_image_resize(r, &cut, (lws_crop){0, 0, h->width, h->height}, h->filter, s->size, s->size, want), LWS_OK);
    check_same_bits(pixels, want, (size_t)(s->size * s->size * c));
    lws_resizer_destroy(r);
    free(part);
    lws_image_free(&image);
}

static void files_by_name(void **state)
{
    char in[256], list[256]; /* path_of's buffers do not last so long */
    snprintf(in, sizeof in, "%s/in", (char *)*state);
    snprintf(list, sizeof list, "%s/list.txt", (char *)*state);
    make_files(in);
    by_hand h = {.folder = in, .width = 21, .height = 28};
    FILE *out = fopen(list, "w");
    int64_t good[LWS_SPLITS] = {0}, bad[LWS_SPLITS] = {0};
    for (int i = 0; i < FILES; i++) {
        int split = h.split_of[i] = i * i % 7 % 3;
        fprintf(out, "%02d.%s %d\n", i, i % 2 ? "png" : "jpg", split);
        (is_bad(i) ? bad : good)[split]++;
    }
    fclose(out);
    for (int grey = 0; grey < 2; grey++) {
        h.filter = grey ? LWS_FILTER_AREA : LWS_FILTER_LANCZOS;
        memset(h.next, 0, sizeof h.next);
        lws_prepare_options o =
            options_of("input", in, "output", path_of("%s/out", (char *)*state), "size", "20", "crop", "21x28",
                       "partition", list, "shards", "4", "grey", grey ? "true" : "false", "filter",
                       grey ? "area" : "lanczos", "overwrite", "true", NULL);
        prepares(&o);
        facts is = {o.output,
                    path_of("recipe=folder crop=21x28 filter=%s size=20 channels=%d split=list.txt",
                            grey ? "area" : "lanczos", grey ? 1 : 3),
                    {good[0], good[1], good[2]},
                    {1, 4, 2}};
        each_row(&is, is_its_image, &h);
        for (int s = 0; s < LWS_SPLITS; s++)
            reports(o.output, path_of("%-5s %8d  %8d  %6d", (const char *[]){"train", "valid", "test"}[s], (int)good[s],
                                      (int)bad[s], is.shards[s]));
        for (int i = 0; i < FILES; i++) {
            if (is_bad(i))
                reports(o.output, path_of("%02d.%s: truncated", i, i % 2 ? "png" : "jpg"));
        }
        reports(o.output, "Images listed: 23");
    }
}

/* ---- plans ------------------------------------------------------------------------------------- */

static lws_prepare *planned(const lws_prepare_options *o)
{
    lws_prepare *plan;
    assert_int_equal(lws_prepare_plan(o, &plan), LWS_OK);
    return plan;
}

/* Runs as equal as can be; automatic ones hold at most 64 MiB. */
static void shards_are_cut_evenly(void **state)
{
    lws_prepare_options o =
        options_of("output", *state, "synthetic", "11", "size", "16", "split", "1,0,0", "shards", "4", NULL);
    static const int64_t four[] = {2, 3, 3, 3};
    lws_prepare *plan = planned(&o);
    assert_int_equal(lws_prepare_shards(plan), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(lws_prepare_images(plan, i), four[i]);
    lws_prepare_free(plan);
    o = options_of("output", *state, "synthetic", "1365", "size", "128", "split", "1,0,0", NULL);
    plan = planned(&o); /* 1365 × 49152 bytes are 64 MiB less 16 KiB */
    assert_int_equal(lws_prepare_shards(plan), 1);
    lws_prepare_free(plan);
    o.synthetic = 1366;
    plan = planned(&o);
    assert_int_equal(lws_prepare_shards(plan), 2);
    lws_prepare_free(plan);
}

static void the_least_number_of_shards_is_right(void **state)
{
    lws_prepare *plan;
    lws_prepare_options o =
        options_of("output", *state, "synthetic", "70000", "size", "128", "split", "1,0,0", "shards", "3", NULL);
    assert_int_equal(lws_prepare_plan(&o, &plan), LWS_ERR_USAGE); /* 21845 of 49152 bytes fit in 1 GiB */
    check_mentions(lws_message(), "--shards 3 would make files of more than 1024 MB");
    check_mentions(lws_message(), "use --shards 4 or more");
    o.shards = 4;
    lws_prepare_free(planned(&o));
    o.synthetic = 3 * 21845;
    o.shards = 3;
    lws_prepare_free(planned(&o));
    o.synthetic++;
    assert_int_equal(lws_prepare_plan(&o, &plan), LWS_ERR_USAGE);
}

static char *described(const lws_prepare_options *o)
{
    lws_prepare *plan = planned(o);
    char *text = lws_prepare_describe(plan);
    assert_non_null(text);
    lws_prepare_free(plan);
    return text;
}

/* What ranks compare: equal for equal plans, and different for each thing that would change a byte. */
static void a_plan_says_what_it_does(void **state)
{
    char *in = path_of("%s/in", (char *)*state);
    make_files(in);
    lws_prepare_options o = options_of("input", in, "output", *state, "size", "16", "limit", "20", "seed", "3", NULL);
    char *first = described(&o), *other = described(&o);
    assert_string_equal(first, other);
    check_mentions(first,
                   "recipe=folder crop=square filter=lanczos size=16 channels=3 split=0.8,0.1,0.1 seed=3 limit=20\n"
                   "images listed = 23\nimages for train = 16 in 1 files\nimages for valid = 2 in 1 files\n"
                   "images for test = 2 in 1 files\nnames = digest ");
    free(other);
    for (int change = 0; change < 4; change++) {
        lws_prepare_options p = o;
        if (change == 0)
            p.seed = 4;
        else if (change == 1)
            p.shards = 2;
        else if (change == 2)
            assert_int_equal(rename(path_of("%s/05.png", in), path_of("%s/05x.png", in)), 0);
        else
            file_text(path_of("%s/07.png", in), "another length");
        other = described(&p);
        assert_string_not_equal(first, other);
        assert_int_equal(strcmp(strstr(first, "names ="), strstr(other, "names =")) != 0, change != 1);
        if (change == 2)
            rename(path_of("%s/05x.png", in), path_of("%s/05.png", in));
        free(other);
    }
    free(first);
}

/* ---- reports ----------------------------------------------------------------------------------- */

static void a_report_shows_twenty(void **state)
{
    char in[256], out[256], list[256];
    snprintf(in, sizeof in, "%s/in", (char *)*state);
    snprintf(out, sizeof out, "%s/out", (char *)*state);
    snprintf(list, sizeof list, "%s/list.txt", (char *)*state);
    assert_int_equal(mkdir(in, 0777), 0);
    for (int i = 0; i < 23; i++)
        picture_save(path_of("%s/%02d.png", in, i), picture_png(20, 20, i));
    FILE *to = fopen(list, "w");
    for (int i = 0; i < 45; i++) /* 22 is the only one of both; the names of 23 and 24 are there twice */
        fprintf(to, "%02d.png 0\n", 22 + i % 43);
    fclose(to);
    lws_prepare_options o =
        options_of("input", in, "output", out, "size", "16", "crop", "none", "partition", list, NULL);
    prepares(&o);
    reports(out, "Recipe: recipe=folder crop=none");
    reports(out, path_of("Source: %s", in));
    reports(out, path_of("Partition: %s, 45 names", list));
    reports(out, "Images that it does not name, left out: 22");
    reports(out, "    00.png");
    reports(out, "    19.png");
    reports(out, "    … and 2 more");
    reports(out, "Names in it without an image: 42");
    reports(out, "    23.png");
    reports(out, "    42.png");
    reports(out, "    … and 22 more");
    reports(out, "Names that occur twice, in it or among the images: 2");
    reports(out, "train        1         0       1");
    reports(out, "valid        0         0       0");
    reports(out, "No image was skipped.");
    blob b = file_read(path_of("%s/%s", out, LWS_PREPARE_REPORT));
    assert_null(strstr((char *)b.data, "20.png"));
    assert_null(strstr((char *)b.data, "same path"));
    assert_null(strstr((char *)b.data, "0 more"));
    free(b.data);
}

/* ---- room on the disk -------------------------------------------------------------------------- */

static int64_t free_bytes = -1; /* what the disk is said to have; -1: what it has */

int statvfs(const char *restrict path, struct statvfs *restrict fs)
{
    int fd = open(path, O_RDONLY);
    int result = fstatvfs(fd, fs);
    close(fd);
    if (free_bytes >= 0) {
        fs->f_frsize = 512;
        fs->f_bavail = (fsblkcnt_t)(free_bytes / 512);
    }
    return result;
}

static void a_disk_without_room(void **state)
{
    char *out = path_of("%s/out", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "4000", "size", "16", "grey", "true", NULL);
    lws_prepare *plan = planned(&o);
    free_bytes = 1279488; /* of the 4000 × (256 + 64) that are wanted; all but one block of 512 */
    assert_int_equal(lws_prepare_begin(plan), LWS_ERR_IO);
    check_mentions(lws_message(), "the dataset takes about 1.3 MB and the disk has 1.3 MB left");
    check_mentions(lws_message(), out);
    free_bytes = 1280000;
    assert_int_equal(lws_prepare_begin(plan), LWS_OK);
    free_bytes = -1;
    lws_prepare_discard(plan);
    lws_prepare_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(faces_by_number),          scratch_test(files_by_name),
        scratch_test(shards_are_cut_evenly),    scratch_test(the_least_number_of_shards_is_right),
        scratch_test(a_plan_says_what_it_does), scratch_test(a_report_shows_twenty),
        scratch_test(a_disk_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
