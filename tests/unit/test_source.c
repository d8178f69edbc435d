/* Sources: what is listed of a folder or zip and in which order, and that each image's bytes are those of its name. */
#include "flaky.h"
#include "pictures.h"

#include "datasets/sources/source.h"

#include "datasets/decode/image.h"
#include "datasets/faces/face.h"

#include <sys/resource.h>
#include <zip.h>

static lws_source *source_of(const char *path, int threads)
{
    lws_source *source;
    lws_status status = lws_source_open(&(lws_source_args){.path = path, .threads = threads}, &source);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    return source;
}

static void lists(const lws_source *source, int count, const char *const *names)
{
    for (int i = 0; i < count && i < source->count; i++)
        assert_string_equal(source->entries[i].name, names[i]);
    assert_int_equal(source->count, count);
}

/* Entry i has these bytes. */
static void holds(lws_source *source, int64_t i, int thread, const char *text)
{
    lws_bytes bytes = {0};
    assert_int_equal(source->kind->read(source, i, thread, &bytes), LWS_OK);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, strlen(text));
    lws_bytes_free(&bytes);
}

/* ---- names ------------------------------------------------------------------------------------- */

static void every_extension(void **state)
{
    (void)state;
    static const char *const known[] = {"a.jpg",    "a.jpeg",  "a.jpe", "a.png",  "a.gif", "a.bmp",
                                        "a.tga",    "a.pgm",   "a.ppm", "a.pnm",  "a.JPG", "a.TGA",
                                        ".a/b.PnG", "a.b.gif", "a.pbm", "a.webp", "a.tif", "a.TIFF"};
    static const char *const unknown[] = {"a.jp",   "a.jpgs", "a.webm", "png",    "a.png/b", "a.",   "",
                                          "a.tift", "a.pbmx", "a.heic", "a.heif", "a.avif",  "a.jxl"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(lws_image_is_name(known[i]));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(lws_image_is_name(unknown[i]));
}

/* ---- kinds ------------------------------------------------------------------------------------- */

static void what_can_be_asked_for(void **state)
{
    (void)state;
    char text[LWS_SOURCE_PATHS];
    lws_source *source;
    assert_string_equal(lws_source_paths(text), "folder or zip");
    assert_int_equal(lws_source_open(&(lws_source_args){.threads = 1}, &source), LWS_ERR_USAGE);
    check_mentions(lws_message(), "no input");
    assert_null(source);
}

/* Drawn, at the size that is wanted, and named by their numbers. */
static void synthetic_faces(void **state)
{
    (void)state;
    enum { SIZE = 16, BYTES = SIZE * SIZE * 3 };
    lws_source *source;
    char name[LWS_SOURCE_NAME];
    uint8_t drawn[BYTES], want[BYTES];
    assert_int_equal(lws_source_open(&(lws_source_args){.faces = 1000000000, .seed = 7, .threads = 1}, &source),
                     LWS_OK);
    assert_int_equal(source->count, 1000000000);
    assert_null(source->entries); /* no memory for so many names */
    assert_null(source->kind->read);
    assert_string_equal(lws_source_name(source, 0, name), "face-000000000");
    assert_string_equal(lws_source_name(source, 999999999, name), "face-999999999");
    for (int64_t i = 41; i < 43; i++) {
        assert_int_equal(source->kind->draw(source, i, SIZE, 3, drawn), LWS_OK);
        assert_int_equal(lws_face_draw(7, (uint64_t)i, SIZE, 3, want), LWS_OK);
        check_same_bits(drawn, want, BYTES);
    }
    lws_source_close(source);
}

static void by_letter(const lws_source *source, int64_t index, char name[LWS_SOURCE_NAME])
{
    snprintf(name, LWS_SOURCE_NAME, "%c of %d", (char)('a' + index), (int)source->count);
}

static void what_is_drawn_is_named_by_its_kind(void **state)
{
    (void)state;
    static const lws_source_kind letters = {.write_name = by_letter};
    lws_source source = {.kind = &letters, .count = 26};
    char name[LWS_SOURCE_NAME];
    assert_string_equal(lws_source_name(&source, 2, name), "c of 26");
}

/* ---- folders ----------------------------------------------------------------------------------- */

static void a_folder(void **state)
{
    char *in = path_of("%s/in", (char *)*state), *other = path_of("%s/other", (char *)*state);
    static const char *const folders[] = {"in", "in/b", "in/a", "in/a/deep", "in/.h", "other"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(path_of("%s/%s", (char *)*state, folders[i]), 0777), 0);
    static const char *const files[] = {"in/b/1.png",  "in/a/2.jpg", "in/a/deep/3.gif", "in/a-b.jpg", "in/a/.4.png",
                                        "in/.h/5.png", "in/n.txt",   "in/a/README",     "other/6.tga"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        file_text(path_of("%s/%s", (char *)*state, files[i]), files[i]);
    assert_int_equal(symlink(other, path_of("%s/linked", in)), 0); /* a link to a folder is gone into */
    assert_int_equal(symlink(path_of("%s/6.tga", other), path_of("%s/z.tga", in)), 0);
    assert_int_equal(symlink("nowhere", path_of("%s/y.tga", in)), 0);
    assert_int_equal(mkfifo(path_of("%s/pipe.png", in), 0600), 0);
    static const char *const want[] = {"a-b.jpg",      "a/2.jpg", "a/deep/3.gif", "b/1.png",
                                       "linked/6.tga", "y.tga",   "z.tga"};
    for (int slash = 0; slash < 2; slash++) {
        lws_source *source = source_of(path_of("%s%s", in, slash ? "/" : ""), 1);
        lists(source, 7, want);
        assert_int_equal(source->others, 2);
        assert_int_equal(source->others_of[LWS_OTHER_TEXT], 1);
        assert_int_equal(source->others_of[LWS_OTHER_FILE], 1);
        assert_int_equal(source->repeats, 0);
        assert_int_equal(source->devices.count, 1);
        assert_string_equal(source->devices.first, "pipe.png");
        holds(source, 0, 0, "in/a-b.jpg");
        holds(source, 2, 0, "in/a/deep/3.gif");
        holds(source, 3, 0, "in/b/1.png");
        holds(source, 4, 0, "other/6.tga");
        holds(source, 6, 0, "other/6.tga");
        assert_int_equal(source->entries[0].mark, 10); /* the size */
        assert_int_equal(source->entries[2].mark, 15);
        lws_bytes bytes = {0};
        assert_int_equal(source->kind->read(source, 5, 0, &bytes), LWS_ERR_IO);
        check_mentions(lws_message(), "No such file");
        lws_bytes_free(&bytes);
        lws_source_close(source);
    }
}

/* What an unknown extension hides, its first bytes tell; where the extension says enough, they are not looked at. */
static void contents_decide(void **state)
{
    static const struct {
        const char *name;
        int is_image;
        lws_other other;
    } files[] = {
        {"a", 1, 0},
        {"b.jfif", 1, 0},
        {"c.JPG_large", 1, 0},
        {"d.webp", 1, 0}, /* a browser's name for what the server sent */
        {"e.v2", 1, 0},
        {"f.", 1, 0},
        {"g", 0, LWS_OTHER_FILE},
        {"h.heic", 0, LWS_OTHER_FORMAT},
        {"i.MP4", 0, LWS_OTHER_VIDEO},
        {"j.pdf", 0, LWS_OTHER_DOCUMENT},
        {"k.docx", 0, LWS_OTHER_DOCUMENT},
        {"l.h5", 0, LWS_OTHER_DATA},
        {"m.tar", 0, LWS_OTHER_ARCHIVE},
        {"n.flac", 0, LWS_OTHER_SOUND},
        {"o.c", 0, LWS_OTHER_TEXT},
        {"p.a b", 0, LWS_OTHER_FILE},
        {"q.mp", 0, LWS_OTHER_FILE}, /* no extension of a kind, though one begins so */
    };
    enum { N = sizeof files / sizeof *files };
    int64_t want[LWS_OTHER_KINDS] = {0}, images = 0;
    for (int i = 0; i < N; i++) {
        bool is_jpeg = files[i].is_image || files[i].other == LWS_OTHER_VIDEO;
        file_text(path_of("%s/%s", (char *)*state, files[i].name), is_jpeg ? "\xff\xd8\xff\xe0" : "text");
        images += files[i].is_image;
        want[files[i].other] += !files[i].is_image;
    }
    file_text(path_of("%s/.hidden", (char *)*state), "\xff\xd8\xff\xe0");
    lws_source *source = source_of(*state, 1);
    assert_int_equal(source->count, images);
    for (int i = 0; i < N && files[i].is_image; i++)
        assert_string_equal(source->entries[i].name, files[i].name);
    for (int kind = 0; kind < LWS_OTHER_KINDS; kind++)
        assert_int_equal(source->others_of[kind], want[kind]);
    assert_int_equal(source->others, N - images);
    lws_source_close(source);
}

/* Names of any bytes: shown as UTF-8, found by what they are. */
static void names_that_are_no_text(void **state)
{
    static const char *const names[] = {"gr\xfcn.png", "gr\xc3\xbcn.png", "a\nb.png", "\xff"};
    for (size_t i = 0; i < 4; i++)
        file_text(path_of("%s/%s", (char *)*state, names[i]), i < 3 ? names[i] : "GIF89a");
    lws_source *source = source_of(*state, 1);
    lists(source, 4, (const char *const[]){"\\xff", "a\\x0ab.png", "gr\\xfcn.png", "gr\xc3\xbcn.png"});
    holds(source, 0, 0, "GIF89a");
    holds(source, 1, 0, "a\nb.png");
    holds(source, 2, 0, "gr\xfcn.png");
    holds(source, 3, 0, "gr\xc3\xbcn.png");
    lws_source_close(source);
}

/* More than there is room for at first. */
static void many_files(void **state)
{
    enum { N = 2600 };
    for (int i = 0; i < N; i++)
        file_text(path_of("%s/%d.png", (char *)*state, (i * 1237 + 5) % N), "");
    lws_source *source = source_of(*state, 1);
    assert_int_equal(source->count, N);
    bool seen[N] = {false};
    for (int i = 0; i < N; i++) {
        int number = atoi(source->entries[i].name);
        assert_true(number >= 0 && number < N && !seen[number]);
        seen[number] = true;
        assert_true(i == 0 || strcmp(source->entries[i - 1].name, source->entries[i].name) < 0);
    }
    lws_source_close(source);
}

static void a_ring_of_links(void **state)
{
    char *in = path_of("%s/in", (char *)*state);
    lws_source *source;
    assert_int_equal(mkdir(in, 0777), 0);
    picture_save(path_of("%s/a.png", in), picture_png(4, 4, 1));
    assert_int_equal(symlink("..", path_of("%s/up", in)), 0);
    assert_int_equal(lws_source_open(&(lws_source_args){.path = in, .threads = 1}, &source), LWS_ERR_IO);
    check_mentions(lws_message(), "is a link to a folder that contains it");
    check_mentions(lws_message(), "up/in");
    assert_null(source);
}

static void too_large_a_file(void **state)
{
    char *path = path_of("%s/a.png", (char *)*state);
    lws_bytes bytes = {0};
    file_text(path, "x");
    assert_int_equal(truncate(path, LWS_FILE_MAX), 0); /* sparse */
    lws_source *source = source_of(*state, 1);
    assert_int_equal(truncate(path, (off_t)LWS_FILE_MAX + 1), 0);
    assert_int_equal(source->kind->read(source, 0, 0, &bytes), LWS_ERR_FORMAT);
    assert_string_equal(lws_message(), "a file of more than 256 MB");
    lws_bytes_free(&bytes);
    lws_source_close(source);
}

/* What may pass is tried again, and then is of the disk, not of the image; what is of the image is said at once. */
static void a_disk_that_fails(void **state)
{
    static const int passing[] = {EIO, EMFILE, ENFILE, ESTALE, EINTR};
    lws_bytes bytes = {0};
    file_text(path_of("%s/flaky.png", (char *)*state), "text");
    lws_source *source = source_of(*state, 1);
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        flaky_error = passing[i];
        flaky_times = LWS_FILE_TRIES - 1;
        holds(source, 0, 0, "text");
        assert_int_equal(flaky_times, 0);
    }
    flaky_times = 1000;
    assert_int_equal(source->kind->read(source, 0, 0, &bytes), LWS_ERR_USAGE);
    check_mentions(lws_message(), "Interrupted system call");
    assert_int_equal(flaky_times, 1000 - LWS_FILE_TRIES);
    flaky_error = EACCES;
    flaky_times = 1000;
    assert_int_equal(source->kind->read(source, 0, 0, &bytes), LWS_ERR_IO);
    assert_int_equal(flaky_times, 999);
    flaky_times = 0;
    lws_bytes_free(&bytes);
    lws_source_close(source);
}

/* While it is listed, too: what is in a file that cannot be read now is not known. */
static void a_disk_that_fails_while_listing(void **state)
{
    lws_source *source;
    file_text(path_of("%s/flaky", (char *)*state), "GIF89a");
    flaky_error = EIO;
    flaky_times = 1000;
    assert_int_equal(lws_source_open(&(lws_source_args){.path = *state, .threads = 1}, &source), LWS_ERR_IO);
    assert_string_equal(lws_message(), "flaky: cannot be opened: Input/output error");
    flaky_times = 2;
    source = source_of(*state, 1);
    assert_int_equal(source->count, 1);
    flaky_times = 0;
    lws_source_close(source);
}

/* ---- zips -------------------------------------------------------------------------------------- */

static void add(zip_t *zip, const char *name, const char *text, int method)
{
    zip_int64_t at = zip_file_add(zip, name, zip_source_buffer(zip, text, strlen(text), 0), 0);
    assert_true(at >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
}

static const char longer[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static char *make_zip(const char *folder)
{
    char *path = path_of("%s/in.zip", folder);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    add(zip, "d/b.png", "second", ZIP_CM_STORE);
    add(zip, "a.png", longer, ZIP_CM_DEFLATE);
    add(zip, "__MACOSX/a.png", "junk", ZIP_CM_STORE);
    add(zip, "d/.c.png", "hidden", ZIP_CM_STORE);
    add(zip, "x__MACOSX/d.png", "", ZIP_CM_STORE);
    add(zip, "n.txt", "text", ZIP_CM_STORE);
    assert_true(zip_dir_add(zip, "e.png", 0) >= 0); /* a folder, whatever its name */
    assert_int_equal(zip_close(zip), 0);
    return path;
}

static void a_zip(void **state)
{
    lws_source *source = source_of(make_zip(*state), 3);
    lists(source, 3, (const char *const[]){"a.png", "d/b.png", "x__MACOSX/d.png"});
    assert_int_equal(source->others, 1);
    for (int thread = 0; thread < 3; thread++) { /* each with a handle of its own */
        holds(source, 0, thread, longer);
        holds(source, 1, thread, "second");
        holds(source, 2, thread, "");
    }
    assert_int_equal(source->entries[1].mark, (uint64_t)picture_crc((const uint8_t *)"second", 6) << 32 ^ 6);
    assert_int_equal(source->entries[0].mark,
                     (uint64_t)picture_crc((const uint8_t *)longer, sizeof longer - 1) << 32 ^ (sizeof longer - 1));
    lws_source_close(source);
}

/* The same path twice, which libzip does not write: the second name is made the first's in the file. */
static void a_path_twice(void **state)
{
    char *path = path_of("%s/in.zip", (char *)*state);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    add(zip, "aa.png", "first", ZIP_CM_STORE);
    add(zip, "bb.png", "second", ZIP_CM_STORE);
    add(zip, "cc.png", "third", ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    blob b = file_read(path);
    for (size_t i = 0; i + 6 < b.size; i++) {
        if (memcmp(b.data + i, "bb.png", 6) == 0)
            memcpy(b.data + i, "aa.png", 6);
    }
    file_write(path, b.data, b.size);
    free(b.data);
    lws_source *source = source_of(path, 1);
    lists(source, 3, (const char *const[]){"aa.png", "aa.png", "cc.png"});
    assert_int_equal(source->repeats, 1);
    holds(source, 0, 0, "first"); /* in the order of the zip */
    holds(source, 1, 0, "second");
    lws_source_close(source);
}

/* The directory's sizes are not believed. */
static void sizes_that_are_not_so(void **state)
{
    for (int change = -1; change <= 1; change += 2) {
        char *path = make_zip(*state);
        blob b = file_read(path);
        for (size_t i = 0; i + 46 < b.size; i++) { /* in the directory's and in the file's own header */
            bool central = memcmp(b.data + i, "PK\1\2", 4) == 0 && memcmp(b.data + i + 46, "a.png", 5) == 0;
            bool local = memcmp(b.data + i, "PK\3\4", 4) == 0 && memcmp(b.data + i + 30, "a.png", 5) == 0;
            if (central || local)
                b.data[i + (central ? 24 : 22)] = (uint8_t)(b.data[i + (central ? 24 : 22)] + change);
        }
        file_write(path, b.data, b.size);
        free(b.data);
        lws_source *source = source_of(path, 1);
        lws_bytes bytes = {0};
        assert_int_equal(source->kind->read(source, 0, 0, &bytes), LWS_ERR_FORMAT);
        check_mentions(lws_message(), "damaged in the zip");
        holds(source, 1, 0, "second"); /* the others are fine */
        lws_bytes_free(&bytes);
        lws_source_close(source);
    }
}

/* A process that may open no more files: the zip is fine. */
static void no_file_left(void **state)
{
    struct rlimit limit, none;
    lws_bytes bytes = {0};
    lws_source *source = source_of(make_zip(*state), 2);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(source->kind->read(source, 1, 1, &bytes), LWS_ERR_USAGE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    check_mentions(lws_message(), "Too many open files");
    holds(source, 1, 1, "second");
    lws_bytes_free(&bytes);
    lws_source_close(source);
}

/* Names as archives have them, and the paths they are; NULL: left out. */
static void names_in_zips(void **state)
{
    static char deep[5000], just[LWS_SOURCE_PATH + 1];
    memset(deep, 'y', sizeof deep - 5);
    memset(just, 'z', sizeof just - 5);
    strcpy(deep + sizeof deep - 5, ".png");
    strcpy(just + sizeof just - 5, ".png");
    static const char *const names[][2] = {
        {"0\\a.png", "0/a.png"},
        {"0\\.thumbs\\a.png", NULL},
        {"./1.png", "1.png"},
        {"x/../2.png", "2.png"},
        {"x/.h/../../3.png", "3.png"},
        {"/4//e/./a.png", "4/e/a.png"},
        {"../5.png", NULL},
        {"x/../../5.png", NULL},
        {"..\\5.png", NULL},
        {"..6/a..png", NULL}, /* hidden, and no way up */
        {"7/..png", NULL},
        {"8\\", NULL},
        {"9", "9"},
        {deep, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…"},
        {just, just},
    };
    enum { N = sizeof names / sizeof *names };
    char *path = path_of("%s/in.zip", (char *)*state);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    const char *want[N];
    int count = 0;
    for (int i = 0; i < N; i++) {
        add(zip, names[i][0], "GIF89a", ZIP_CM_STORE);
        if (names[i][1])
            want[count++] = names[i][1];
    }
    assert_int_equal(zip_close(zip), 0);
    lws_source *source = source_of(path, 1);
    lists(source, count, want);
    for (int i = 0; i < count; i++) {
        holds(source, i, 0, "GIF89a");
        assert_int_equal(source->entries[i].is_long, i == count - 2);
    }
    assert_int_equal(source->outside.count, 3);
    assert_string_equal(source->outside.first, "../5.png");
    lws_source_close(source);
}

/* What is given for a zip, and is none. */
static void what_is_no_zip(void **state)
{
    static const char *const cases[][2] = {
        {"", "is empty"},
        {"\xef\xbb\xbf \n<!DOCTYPE html><html>", "is a web page"},
        {"<HTML>", "is a web page"},
        {"PK\3\4 and so on", "a download broke off"},
        {"PK\7\10PK\3\4", "one part of several"},
        {"7z\xbc\xaf\x27\x1c", "a 7z archive"},
        {"Rar!\x1a\7", "a RAR archive"},
        {"\x1f\x8b\10", "a gzip"},
        {"\xff\xd8\xff\xe0", "is one image"},
        {"a text", "images are in a folder or a zip"},
    };
    char *path = path_of("%s/in.zip", (char *)*state);
    lws_source *source;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file_text(path, cases[i][0]);
        assert_int_equal(lws_source_open(&(lws_source_args){.path = path, .threads = 1}, &source), LWS_ERR_FORMAT);
        check_mentions(lws_message(), cases[i][1]);
        check_mentions(lws_message(), path);
    }
    blob b = file_read(make_zip(*state));
    file_write(path, b.data, b.size - 30);
    free(b.data);
    assert_int_equal(lws_source_open(&(lws_source_args){.path = path, .threads = 1}, &source), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "a download broke off");
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lws_source_open(&(lws_source_args){.path = path, .threads = 1}, &source), LWS_ERR_IO);
    check_mentions(lws_message(), "neither a folder nor a file");
}

static void encrypted_images(void **state)
{
    char *path = path_of("%s/in.zip", (char *)*state);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    add(zip, "a.png", "first", ZIP_CM_STORE);
    add(zip, "b", "GIF89a", ZIP_CM_STORE);
    add(zip, "c.png", "third", ZIP_CM_STORE);
    for (zip_uint64_t i = 0; i < 2; i++)
        assert_int_equal(zip_file_set_encryption(zip, i, ZIP_EM_AES_256, "word"), 0);
    assert_int_equal(zip_close(zip), 0);
    lws_source *source = source_of(path, 1);
    lists(source, 2, (const char *const[]){"a.png", "c.png"});
    lws_bytes bytes = {0};
    assert_int_equal(source->kind->read(source, 0, 0, &bytes), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "encrypted in the zip");
    lws_bytes_free(&bytes);
    holds(source, 1, 0, "third");
    lws_source_close(source);
}

static void gone_meanwhile(void **state)
{
    char *path = make_zip(*state);
    lws_source *source = source_of(path, 2);
    lws_bytes bytes = {0};
    assert_int_equal(remove(path), 0);
    assert_int_equal(source->kind->read(source, 1, 1, &bytes), LWS_ERR_USAGE); /* of the zip, not of one image */
    check_mentions(lws_message(), "cannot open");
    check_mentions(lws_message(), path);
    lws_bytes_free(&bytes);
    lws_source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_extension),
        cmocka_unit_test(what_can_be_asked_for),
        cmocka_unit_test(synthetic_faces),
        cmocka_unit_test(what_is_drawn_is_named_by_its_kind),
        scratch_test(a_folder),
        scratch_test(contents_decide),
        scratch_test(names_that_are_no_text),
        scratch_test(many_files),
        scratch_test(a_ring_of_links),
        scratch_test(too_large_a_file),
        scratch_test(a_disk_that_fails),
        scratch_test(a_disk_that_fails_while_listing),
        scratch_test(a_zip),
        scratch_test(a_path_twice),
        scratch_test(sizes_that_are_not_so),
        scratch_test(no_file_left),
        scratch_test(names_in_zips),
        scratch_test(what_is_no_zip),
        scratch_test(encrypted_images),
        scratch_test(gone_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
