/* Preparation as a whole: sources, splits, shards, the same bytes however it is done, and bad images. */
#include "flaky.h"
#include "prepared.h"

#include "data/h5.h"
#include "datasets/decode/image.h"

#include <omp.h>
#include <zip.h>

/* ---- sources --------------------------------------------------------------------------------- */

static const char *const tree[] = {"b.jpg",     "a/z.png", "a/b/c.JPG", "a-b.jpeg", "Z.bmp",
                                   "a.d/x.png", "c.jpg",   "d.jpg",     "e.jpg",    "f.jpg"};
enum { TREE = sizeof tree / sizeof *tree };

static blob tree_file(int i)
{
    const char *dot = strrchr(tree[i], '.');
    blob b = {0};
    if (strcmp(dot, ".png") == 0)
        return picture_png(40 + i, 30, i);
    if (strcmp(dot, ".bmp") != 0)
        return picture_jpeg(40 + i, 30, i);
    uint8_t *p = picture_pixels(40, 30, i);
    assert_true(stbi_write_bmp_to_func(picture_take, &b, 40, 30, 3, p));
    free(p);
    return b;
}

/* A folder of pictures, with other things in between. */
static char *make_tree(const char *folder)
{
    char *input = path_of("%s/in", folder);
    static const char *const folders[] = {"", "/a", "/a/b", "/a.d", "/.hidden"};
    for (int i = 0; i < 5; i++)
        assert_int_equal(mkdir(path_of("%s%s", input, folders[i]), 0777), 0);
    for (int i = 0; i < TREE; i++)
        picture_save(path_of("%s/%s", input, tree[i]), tree_file(i));
    picture_save(path_of("%s/.hidden/x.jpg", input), picture_jpeg(20, 20, 1));
    picture_save(path_of("%s/.y.jpg", input), picture_jpeg(20, 20, 1));
    file_text(path_of("%s/notes.txt", input), "a text");
    file_text(path_of("%s/a/README", input), "a text");
    return input;
}

/* The names in a split, in order, with a blank after each. The caller frees them. */
static char *names_in(const char *folder, lws_split split)
{
    lws_dataset *d = opened(folder, split);
    int shards = lws_dataset_get_info(d)->shards;
    char *all = calloc(1, 1);
    lws_dataset_close(d);
    for (int i = 0; i < shards; i++) {
        char name[LWS_SHARD_NAME], **names;
        int64_t count;
        lws_h5 *file;
        lws_shard_name(split, i, shards, name);
        assert_int_equal(lws_h5_open(path_of("%s/%s", folder, name), &file), LWS_OK);
        assert_int_equal(lws_h5_read_strings(file, "/names", &count, &names), LWS_OK);
        assert_int_equal(lws_h5_close(file), LWS_OK);
        for (int64_t k = 0; k < count; k++) {
            all = realloc(all, strlen(all) + strlen(names[k]) + 2);
            strcat(strcat(all, names[k]), " ");
        }
        lws_h5_free_strings(count, names);
    }
    return all;
}

static void has_names(const char *folder, lws_split split, const char *wanted)
{
    char *names = names_in(folder, split);
    assert_string_equal(names, wanted);
    free(names);
}

static void lists_a_folder(void **state)
{
    char *input = make_tree(*state), *output = path_of("%s/out/deep", (char *)*state);
    lws_prepare_options o = options_of("input", input, "output", output, "size", "16", "split", "1,0,0", NULL);
    prepares(&o);
    has_names(output, LWS_TRAIN, "Z.bmp a-b.jpeg a.d/x.png a/b/c.JPG a/z.png b.jpg c.jpg d.jpg e.jpg f.jpg ");
    assert_int_equal(rows_of(output, LWS_VALID), 0);
    reports(output, "Images listed: 10");
    reports(output, "Files of other kinds, not looked at: 2");
    reports(output, "No image was skipped.");
    reports(output, "train       10         0       1");
}

/* The pixels are those of decoding, cropping and resizing by hand, in the order of the names. */
static void makes_the_right_pixels(void **state)
{
    char *input = make_tree(*state), *output = path_of("%s/out", (char *)*state);
    static const struct {
        const char *crop, *grey, *filter;
        int width, height;
    } cases[] = {{"", "false", "lanczos", 30, 30},
                 {"20", "false", "area", 20, 20},
                 {"25x18", "true", "lanczos", 25, 18},
                 {"none", "false", "lanczos", 45, 30}};
    for (int i = 0; i < 4; i++) {
        lws_prepare_options o =
            options_of("input", input, "output", output, "size", "24", "split", "0,0,1", "crop", cases[i].crop, "grey",
                       cases[i].grey, "filter", cases[i].filter, "overwrite", "true", NULL);
        prepares(&o);
        lws_image image; /* a-b.jpeg, 43 x 30; b.jpg, 40 x 30 */
        int channels = cases[i].grey[0] == 't' ? 1 : 3, width = cases[i].crop[0] == 'n' ? 43 : cases[i].width;
        uint8_t want[24 * 24 * 3];
        lws_resizer *r = lws_resizer_create();
        assert_int_equal(lws_image_read(path_of("%s/a-b.jpeg", input), channels, &image), LWS_OK);
        lws_crop crop = {(43 - width) / 2, (30 - cases[i].height) / 2, width, cases[i].height};
        assert_int_equal(lws_image_resize(r, &image, crop,
                                          cases[i].filter[0] == 'a' ? LWS_FILTER_AREA : LWS_FILTER_LANCZOS, 24, 24,
                                          want),
                         LWS_OK);
        lws_dataset *d = opened(output, LWS_TEST);
        assert_int_equal(lws_dataset_get_info(d)->channels, channels);
        check_same_bits(lws_dataset_row(d, 1), want, (size_t)(24 * 24 * channels));
        lws_dataset_close(d);
        lws_image_free(&image);
        lws_resizer_destroy(r);
    }
}

static void add(zip_t *zip, const char *name, blob b, int method)
{
    zip_source_t *source = zip_source_buffer(zip, b.data, b.size, 1);
    zip_int64_t at = zip_file_add(zip, name, source, 0);
    assert_true(at >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
}

/* The same images as the tree, in another order, some stored and some compressed. */
static char *make_zip(const char *folder)
{
    char *path = path_of("%s/in.zip", folder);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    assert_true(zip_dir_add(zip, "a", 0) >= 0);
    for (int i = TREE - 1; i >= 0; i--)
        add(zip, tree[i], tree_file(i), i % 2 ? ZIP_CM_STORE : ZIP_CM_DEFLATE);
    add(zip, "__MACOSX/a/._z.png", picture_bytes("junk", 4), ZIP_CM_STORE);
    add(zip, "notes.txt", picture_bytes("text", 4), ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    return path;
}

static void a_zip_is_as_good_as_a_folder(void **state)
{
    char *a = path_of("%s/a", (char *)*state), *b = path_of("%s/b", (char *)*state);
    lws_prepare_options from_folder = options_of("input", make_tree(*state), "output", a, "size", "16", NULL);
    lws_prepare_options from_zip = options_of("input", make_zip(*state), "output", b, "size", "16", NULL);
    prepares(&from_folder);
    prepares(&from_zip);
    assert_true(same_datasets(a, b));
    reports(b, "Files of other kinds, not looked at: 1");
}

static void refuses_useless_input(void **state)
{
    char *folder = *state, *output = path_of("%s/out", folder), *zip = make_zip(folder);
    lws_prepare_options o = options_of("input", path_of("%s/nowhere", folder), "output", output, NULL);
    refuses(&o, LWS_ERR_IO, "No such file");
    char *empty = path_of("%s/empty", folder);
    assert_int_equal(mkdir(empty, 0777), 0);
    o = options_of("input", empty, "output", output, NULL);
    refuses(&o, LWS_ERR_USAGE, "holds no images");
    blob b = file_read(zip);
    file_write(zip, b.data, b.size / 2);
    free(b.data);
    o = options_of("input", zip, "output", output, NULL);
    refuses(&o, LWS_ERR_FORMAT, zip);
    file_text(zip, "no zip");
    refuses(&o, LWS_ERR_FORMAT, zip);
    assert_false(file_exists(output)); /* nothing is made before the plan stands */
}

static void refuses_contradicting_options(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *in = make_tree(*state);
    lws_prepare_options o = options_of("input", in, NULL);
    refuses(&o, LWS_ERR_USAGE, "--output");
    o = options_of("output", out, NULL);
    refuses(&o, LWS_ERR_USAGE, "--input");
    o = options_of("output", out, "input", in, "synthetic", "5", NULL);
    refuses(&o, LWS_ERR_USAGE, "either");
    o = options_of("output", out, "synthetic", "5", "crop", "20", NULL);
    refuses(&o, LWS_ERR_USAGE, "--crop");
    o = options_of("output", out, "synthetic", "5", "partition", "x", NULL);
    refuses(&o, LWS_ERR_USAGE, "--partition");
    o = options_of("output", out, "synthetic", "5", "recipe", "celeba", NULL);
    refuses(&o, LWS_ERR_USAGE, "--recipe");
    o = options_of("output", out, "input", in, "recipe", "synthetic", NULL);
    refuses(&o, LWS_ERR_USAGE, "--recipe");
    static const char *const splits[] = {"0.8,0.1", "0.8,0.1,0.2", "1,0,0,0", "a,b,c", "", "1.5,-0.5,0", "nan,0,1"};
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        o = options_of("output", out, "input", in, "split", splits[i], NULL);
        refuses(&o, LWS_ERR_USAGE, "--split");
    }
    static const char *const crops[] = {"0", "x", "20x", "20x30x4", "-5", "1e3", "99999"};
    for (size_t i = 0; i < sizeof crops / sizeof *crops; i++) {
        o = options_of("output", out, "input", in, "crop", crops[i], NULL);
        refuses(&o, LWS_ERR_USAGE, "--crop");
    }
}

/* ---- splits ---------------------------------------------------------------------------------- */

static void fractions_are_exact(void **state)
{
    char *output = path_of("%s/out", (char *)*state);
    static const struct {
        const char *n, *split;
        int64_t rows[LWS_SPLITS];
    } cases[] = {
        {"10", "0.8,0.1,0.1", {8, 1, 1}}, {"57", "0.5,0.25,0.25", {29, 14, 14}}, {"3", "0.8,0.1,0.1", {3, 0, 0}},
        {"1", "0,0,1", {0, 0, 1}},        {"7", "0,0.5,0.5", {0, 4, 3}},         {"20", "1,0,0", {20, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lws_prepare_options o = options_of("output", output, "synthetic", cases[i].n, "size", "16", "split",
                                           cases[i].split, "overwrite", "true", NULL);
        prepares(&o);
        for (int s = 0; s < LWS_SPLITS; s++)
            assert_int_equal(rows_of(output, (lws_split)s), cases[i].rows[s]);
    }
}

static void the_seed_decides_the_split(void **state)
{
    char *in = make_tree(*state), *names[3];
    for (int i = 0; i < 3; i++) {
        char *out = path_of("%s/out%d", (char *)*state, i);
        lws_prepare_options o = options_of("input", in, "output", out, "size", "16", "split", "0.5,0.5,0", "seed",
                                           i == 2 ? "6" : "5", NULL);
        prepares(&o);
        names[i] = names_in(out, LWS_VALID);
    }
    assert_string_equal(names[0], names[1]);
    assert_string_not_equal(names[0], names[2]);
    for (int i = 0; i < 3; i++)
        free(names[i]);
}

static void follows_a_partition(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state),
         *list = path_of("%s/list.txt", (char *)*state);
    file_text(list, "b.jpg 0\r\nz.png 1\n\n  c.JPG\t2 \na-b.jpeg 0\nmissing one.jpg 0\nx.png "
                    "2\nc.jpg 1\nx.png 2\nd.jpg 0");
    lws_prepare_options o = options_of("input", in, "output", out, "size", "16", "partition", list, "crop", "20", NULL);
    prepares(&o);
    has_names(out, LWS_TRAIN, "a-b.jpeg b.jpg d.jpg ");
    has_names(out, LWS_VALID, "a/z.png c.jpg ");
    has_names(out, LWS_TEST, "a.d/x.png a/b/c.JPG ");
    reports(out, path_of("Partition: %s, 9 names", list));
    reports(out, "Images that it does not name, left out: 3");
    reports(out, "    Z.bmp");
    reports(out, "    f.jpg");
    reports(out, "Names in it without an image: 1");
    reports(out, "    missing one.jpg");
    reports(out, "Names that occur twice, in it or among the images: 1");
    reports(out, "    x.png");
    lws_dataset *d = opened(out, LWS_TRAIN); /* a partition file makes no Celeb-A */
    check_mentions(lws_dataset_get_info(d)->recipe, "recipe=folder crop=20x20");
    check_mentions(lws_dataset_get_info(d)->recipe, "split=list.txt");
    lws_dataset_close(d);
}

static void refuses_a_bad_partition(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state),
         *list = path_of("%s/list.txt", (char *)*state);
    lws_prepare_options o = options_of("input", in, "output", out, "partition", list, NULL);
    refuses(&o, LWS_ERR_IO, list);
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"b.jpg 0\nc.jpg 3\n", ":2:"},
        {"b.jpg 0\n\nc.jpg\n", ":3:"},
        {"b.jpg0\n", ":1:"},
        {"b.jpg 0 extra\n", ":1:"},
        {"5\n", ":1:"},
        {"b.jpg 0\nc.jpg 1\nb.jpg 2\n", ":3:"},
        {"", "empty"},
        {"\n\n", "empty"},
        {"other.jpg 0\n", "none of the 10 images"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file_text(list, cases[i].text);
        lws_prepare *plan;
        lws_status status = lws_prepare_plan(&o, &plan);
        assert_true(status == LWS_ERR_FORMAT || status == LWS_ERR_USAGE);
        assert_null(plan);
        check_mentions(lws_message(), cases[i].message);
        check_mentions(lws_message(), list);
    }
}

/* The published layout is recognised by itself, and its partition found beside it. */
static void recognises_celeba(void **state)
{
    char *folder = *state, *out = path_of("%s/out", folder), *in = path_of("%s/data", folder);
    assert_int_equal(mkdir(in, 0777), 0);
    assert_int_equal(mkdir(path_of("%s/img_align_celeba", in), 0777), 0);
    for (int i = 1; i <= 4; i++)
        picture_save(path_of("%s/img_align_celeba/%06d.jpg", in, i), picture_jpeg(178, 218, i));
    file_text(path_of("%s/list_eval_partition.txt", in), "000001.jpg 0\n000002.jpg 0\n000003.jpg 1\n000004.jpg 2\n");
    const char *const inputs[] = {in, path_of("%s/img_align_celeba", in), path_of("%s/img_align_celeba/", in)};
    for (int i = 0; i < 3; i++) {
        lws_prepare_options o = options_of("input", inputs[i], "output", out, "overwrite", "true", NULL);
        prepares(&o);
        assert_int_equal(rows_of(out, LWS_TRAIN), 2);
        assert_int_equal(rows_of(out, LWS_TEST), 1);
        lws_dataset *d = opened(out, LWS_TRAIN);
        check_mentions(lws_dataset_get_info(d)->recipe, "recipe=celeba crop=140x140 filter=lanczos size=64 channels=3 "
                                                        "split=list_eval_partition.txt");
        lws_dataset_close(d);
    }
    lws_prepare_options o = options_of("input", in, "output", out, "overwrite", "true", "recipe", "folder", NULL);
    prepares(&o); /* asked for, another recipe takes another split */
    lws_dataset *d = opened(out, LWS_TRAIN);
    check_mentions(lws_dataset_get_info(d)->recipe, "recipe=folder crop=square");
    lws_dataset_close(d);
}

/* Names and sizes both: what is taken for Celeb-A of pictures of this size under these names. */
static void what_looks_like_celeba(void **state)
{
    static const struct {
        const char *folder, *name;
        int width, height;
        const char *recipe, *split;
    } cases[] = {
        {"img_align_celeba", "%06d.png", 178, 218, "celeba crop=140x140", "list_eval_partition.txt"},
        {"img_align_celeba_png", "x%d.png", 178, 218, "celeba crop=140x140", "list_eval_partition.txt"},
        {"photos", "%06d.png", 178, 218, "celeba crop=140x140", "list_eval_partition.txt"},
        {"photos", "%06d.png", 218, 178, "folder crop=square", "0.8,"},
        {"photos", "%06d.png", 177, 218, "folder crop=square", "0.8,"},
        {"photos", "%07d.png", 178, 218, "folder crop=square", "0.8,"},
        {"photos", "3%05d.png", 178, 218, "folder crop=square", "0.8,"}, /* past the last of Celeb-A */
        {"img_align_celeba", "%06d.png", 64, 64, "folder crop=square", "list_eval_partition.txt"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = path_of("%s/out", (char *)*state), *above = path_of("%s/%zu", (char *)*state, i),
             *in = path_of("%s/%s", above, cases[i].folder);
        assert_int_equal(mkdir(above, 0777), 0);
        assert_int_equal(mkdir(in, 0777), 0);
        FILE *list = fopen(path_of("%s/list_eval_partition.txt", above), "w");
        for (int n = 0; n < 10; n++) {
            char name[64];
            snprintf(name, sizeof name, cases[i].name, n + 1);
            picture_save(path_of("%s/%s", in, name), picture_png(cases[i].width, cases[i].height, n));
            fprintf(list, "%s %d\n", name, n % 3);
        }
        fclose(list);
        lws_prepare_options o = options_of("input", in, "output", out, "size", "16", "overwrite", "true", NULL);
        prepares(&o);
        lws_dataset *d = opened(out, LWS_TRAIN);
        check_mentions(lws_dataset_get_info(d)->recipe, cases[i].recipe);
        check_mentions(lws_dataset_get_info(d)->recipe, path_of("split=%s", cases[i].split));
        lws_dataset_close(d);
    }
}

/* One image of another size among those that are looked at, and it is not Celeb-A; one that is none says nothing. */
static void one_of_another_size(void **state)
{
    char *out = path_of("%s/out", (char *)*state), *in = path_of("%s/img_align_celeba", (char *)*state);
    assert_int_equal(mkdir(in, 0777), 0);
    for (int n = 0; n < 8; n++)
        picture_save(path_of("%s/%06d.png", in, n + 1), picture_png(178, 218, n));
    for (int bad = 0; bad < 2; bad++) {
        file_text(path_of("%s/000008.png", in), "text");
        if (bad)
            picture_save(path_of("%s/000008.png", in), picture_png(218, 178, 1));
        lws_prepare_options o = options_of("input", in, "output", out, "size", "16", "overwrite", "true", NULL);
        prepares(&o);
        lws_dataset *d = opened(out, LWS_TRAIN);
        check_mentions(lws_dataset_get_info(d)->recipe, bad ? "recipe=folder" : "recipe=celeba");
        lws_dataset_close(d);
    }
}

static void limits_in_proportion(void **state)
{
    char *out = path_of("%s/out", (char *)*state);
    lws_prepare_options o = options_of("output", out, "synthetic", "100", "size", "16", "limit", "20", NULL);
    prepares(&o);
    assert_int_equal(rows_of(out, LWS_TRAIN), 16);
    assert_int_equal(rows_of(out, LWS_VALID), 2);
    assert_int_equal(rows_of(out, LWS_TEST), 2);
    char *names = names_in(out, LWS_TRAIN);
    check_mentions(names, "face-00000000"); /* the first ones */
    assert_null(strstr(names, "face-00000009"));
    free(names);
}

/* ---- shards ---------------------------------------------------------------------------------- */

static void same_bytes_however_it_is_done(void **state)
{
    char *in = make_zip(*state), *out[3];
    int threads = omp_get_max_threads();
    for (int i = 0; i < 3; i++) {
        out[i] = path_of("%s/out%d", (char *)*state, i);
        lws_prepare_options o = options_of("input", in, "output", out[i], "size", "16", "shards", "3", NULL);
        omp_set_num_threads(i == 1 ? 4 : 1);
        assert_int_equal(prepare(&o, i == 2, NULL), LWS_OK);
    }
    omp_set_num_threads(threads);
    assert_true(same_datasets(out[0], out[1]));
    assert_true(same_datasets(out[0], out[2]));
    assert_true(same_files(path_of("%s/%s", out[0], LWS_PREPARE_REPORT), path_of("%s/%s", out[1], LWS_PREPARE_REPORT)));
}

static void shards_do_not_change_the_rows(void **state)
{
    char digest[3][LWS_DIGEST_TEXT];
    static const char *const counts[] = {"1", "3", "7"};
    for (int i = 0; i < 3; i++) {
        char *out = path_of("%s/out%d", (char *)*state, i);
        lws_prepare_options o = options_of("output", out, "synthetic", "40", "size", "16", "shards", counts[i], "split",
                                           "0.7,0.2,0.1", NULL);
        prepares(&o);
        lws_dataset *d = opened(out, LWS_TRAIN);
        assert_int_equal(lws_dataset_get_info(d)->shards, atoi(counts[i]));
        memcpy(digest[i], lws_dataset_get_info(d)->digest, LWS_DIGEST_TEXT);
        lws_dataset_close(d);
        d = opened(out, LWS_VALID); /* in proportion: 8 rows where train has 28 */
        assert_int_equal(lws_dataset_get_info(d)->shards, i == 2 ? 2 : 1);
        lws_dataset_close(d);
    }
    assert_string_equal(digest[0], digest[1]);
    assert_string_equal(digest[0], digest[2]);
}

static void refuses_shards_beyond_memory(void **state)
{
    lws_prepare_options o = options_of("output", *state, "synthetic", "200000", "size", "128", "shards", "1", NULL);
    refuses(&o, LWS_ERR_USAGE, "--shards");
    lws_prepare *plan;
    o = options_of("output", *state, "synthetic", "200000", "size", "128", NULL);
    assert_int_equal(lws_prepare_plan(&o, &plan), LWS_OK);
    int64_t images = 0;
    for (int i = 0; i < lws_prepare_shards(plan); i++) {
        assert_true(lws_prepare_images(plan, i) * 128 * 128 * 3 <= 64 << 20);
        images += lws_prepare_images(plan, i);
    }
    assert_int_equal(images, 200000);
    lws_prepare_free(plan);
}

static void synthetic_faces_follow_the_seed(void **state)
{
    char *a = path_of("%s/a", (char *)*state), *b = path_of("%s/b", (char *)*state),
         *c = path_of("%s/c", (char *)*state);
    lws_prepare_options o = options_of("output", a, "synthetic", "12", "size", "16", "seed", "3", NULL);
    prepares(&o);
    o = options_of("output", b, "synthetic", "12", "size", "16", "seed", "3", NULL);
    prepares(&o);
    o = options_of("output", c, "synthetic", "12", "size", "16", "seed", "4", NULL);
    prepares(&o);
    assert_true(same_datasets(a, b));
    assert_false(same_datasets(a, c));
}

/* ---- bad images ------------------------------------------------------------------------------ */

static void make_bad_images(const char *in)
{
    blob b = picture_jpeg(40, 40, 1);
    b.size = b.size * 2 / 3;
    picture_save(path_of("%s/bad-cut.jpg", in), b);
    picture_save(path_of("%s/bad-cmyk.jpg", in), picture_cmyk());
    picture_save(path_of("%s/bad-deep.png", in), picture_png_header(20, 20, 16));
    picture_save(path_of("%s/bad-small.png", in), picture_png(19, 40, 1));
    file_text(path_of("%s/bad-empty.jpg", in), "");
    file_text(path_of("%s/bad-text.jpg", in), "404 not found");
    assert_int_equal(symlink("nowhere", path_of("%s/bad-link.jpg", in)), 0);
}

static void leaves_bad_images_out(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state),
         *clean = path_of("%s/clean", (char *)*state);
    lws_prepare_options o =
        options_of("input", in, "output", clean, "size", "16", "crop", "20", "split", "1,0,0", NULL);
    prepares(&o);
    make_bad_images(in);
    o = options_of("input", in, "output", out, "size", "16", "crop", "20", "split", "1,0,0", "shards", "4", NULL);
    prepares(&o);
    lws_dataset *with = opened(out, LWS_TRAIN), *without = opened(clean, LWS_TRAIN);
    assert_int_equal(lws_dataset_get_info(with)->rows, TREE);
    assert_string_equal(lws_dataset_get_info(with)->digest, lws_dataset_get_info(without)->digest);
    lws_dataset_close(with);
    lws_dataset_close(without);
    reports(out, "train       10         7       4");
    reports(out, "Images skipped, and why:");
    reports(out, "bad-cut.jpg: truncated JPEG");
    reports(out, "bad-cmyk.jpg: damaged JPEG");
    reports(out, "bad-deep.png: damaged PNG");
    reports(out, "bad-empty.jpg: empty file");
    reports(out, "bad-text.jpg: not an image");
    reports(out, "bad-small.png: the crop of 20x20 is larger than the image, 19x40");
    reports(out, "bad-link.jpg: cannot be opened: No such file");
}

/* A disk that fails for good loses nothing: no dataset is made without the image. */
static void a_failing_disk_ends_it(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state);
    picture_save(path_of("%s/flaky.png", in), picture_png(40, 30, 1));
    lws_prepare_options o = options_of("input", in, "output", out, "size", "16", NULL);
    flaky_error = EIO;
    flaky_times = 1000;
    refuses(&o, LWS_ERR_IO, "flaky.png: cannot be opened: Input/output error");
    assert_false(file_exists(path_of("%s/%s", out, LWS_PREPARE_REPORT)));
    flaky_times = 3;
    prepares(&o);
    reports(out, "No image was skipped.");
    flaky_times = 0;
}

static void strict_names_the_first_bad_image(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state);
    make_bad_images(in);
    /* Takes long to be found bad, so that its failure comes after that of an earlier one. */
    picture_save(path_of("%s/bad-cz.png", in), picture_png(16000, 10, 1));
    int threads = omp_get_max_threads();
    for (int n = 1; n <= 4; n++) {
        lws_prepare_options o = options_of("input", in, "output", out, "size", "16", "crop", "20", "split", "1,0,0",
                                           "strict", "true", NULL);
        omp_set_num_threads(n);
        refuses(&o, LWS_ERR_FORMAT, "bad-cmyk.jpg: damaged JPEG");
        assert_false(file_exists(path_of("%s/.train-00000-of-00001.h5.partial", out)));
    }
    omp_set_num_threads(threads);
}

static void a_wrong_checksum_in_the_zip(void **state)
{
    char *path = make_zip(*state), *out = path_of("%s/out", (char *)*state);
    blob stored = tree_file(7); /* d.jpg, stored as it is */
    file_flip(path, file_find(path, stored.data, stored.size) + stored.size / 2, 1);
    free(stored.data);
    lws_prepare_options o = options_of("input", path, "output", out, "size", "16", "split", "1,0,0", NULL);
    prepares(&o);
    assert_int_equal(rows_of(out, LWS_TRAIN), TREE - 1);
    reports(out, "d.jpg: damaged in the zip: CRC error");
}

/* A split that loses all its images has no files; where all splits do, there is no dataset. */
static void nothing_but_bad_images(void **state)
{
    char *folder = *state, *in = path_of("%s/in", folder), *out = path_of("%s/out", folder),
         *list = path_of("%s/list", folder);
    assert_int_equal(mkdir(in, 0777), 0);
    picture_save(path_of("%s/a.png", in), picture_png(89, 109, 1));
    picture_save(path_of("%s/b.png", in), picture_png(89, 109, 2));
    file_text(path_of("%s/c.png", in), "text");
    file_text(list, "a.png 0\nb.png 0\nc.png 1\n");
    lws_prepare_options o = options_of("input", in, "output", out, "partition", list, "recipe", "celeba", NULL);
    refuses(&o, LWS_ERR_FORMAT, "none of the 3 images can be used");
    check_mentions(lws_message(), "a.png: the crop of 140x140 is larger than the image, 89x109");
    check_mentions(lws_message(), "--crop");
    o = options_of("input", in, "output", out, "partition", list, "crop", "70", NULL);
    prepares(&o);
    assert_int_equal(rows_of(out, LWS_TRAIN), 2);
    assert_int_equal(rows_of(out, LWS_VALID), 0);
    assert_false(file_exists(path_of("%s/valid-00000-of-00001.h5", out)));
    assert_false(file_exists(path_of("%s/.valid-00000-of-00001.h5.partial", out)));
    reports(out, "valid        0         1       0");
}

static void the_old_one_stays_when_it_fails(void **state)
{
    char *in = make_tree(*state), *out = path_of("%s/out", (char *)*state), *kept = path_of("%s/kept", (char *)*state);
    lws_prepare_options o = options_of("output", kept, "synthetic", "20", "size", "16", NULL);
    prepares(&o);
    strcpy(o.output, out);
    prepares(&o);
    make_bad_images(in);
    o = options_of("input", in, "output", out, "size", "16", "strict", "true", "overwrite", "true", NULL);
    prepared p;
    assert_int_equal(prepared_write(&o, false, &p), LWS_ERR_FORMAT);
    lws_prepare_discard(p.plan);
    prepared_free(&p);
    assert_true(same_datasets(out, kept));
    assert_true(same_files(path_of("%s/%s", out, LWS_PREPARE_REPORT), path_of("%s/%s", kept, LWS_PREPARE_REPORT)));
    o = options_of("input", in, "output", out, "crop", "300x300", "overwrite", "true", NULL);
    refuses(&o, LWS_ERR_FORMAT, "can be used");
    assert_true(same_datasets(out, kept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(lists_a_folder),
        scratch_test(makes_the_right_pixels),
        scratch_test(a_zip_is_as_good_as_a_folder),
        scratch_test(refuses_useless_input),
        scratch_test(refuses_contradicting_options),
        scratch_test(fractions_are_exact),
        scratch_test(the_seed_decides_the_split),
        scratch_test(follows_a_partition),
        scratch_test(refuses_a_bad_partition),
        scratch_test(recognises_celeba),
        scratch_test(what_looks_like_celeba),
        scratch_test(one_of_another_size),
        scratch_test(limits_in_proportion),
        scratch_test(same_bytes_however_it_is_done),
        scratch_test(shards_do_not_change_the_rows),
        scratch_test(refuses_shards_beyond_memory),
        scratch_test(synthetic_faces_follow_the_seed),
        scratch_test(leaves_bad_images_out),
        scratch_test(a_failing_disk_ends_it),
        scratch_test(strict_names_the_first_bad_image),
        scratch_test(a_wrong_checksum_in_the_zip),
        scratch_test(nothing_but_bad_images),
        scratch_test(the_old_one_stays_when_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
