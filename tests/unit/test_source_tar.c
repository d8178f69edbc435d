/* Tars as sources: what is listed, that bytes are those of their names, and what is refused. */
#include "pictures.h"

#include "datasets/sources/source.h"

static const char *run(char *command)
{
    assert_int_equal(system(command), 0);
    return command;
}

static lws_source *source_of(const char *path, int threads)
{
    lws_source *source;
    lws_status status = lws_source_open(&(lws_source_args){.path = path, .threads = threads}, &source);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    assert_string_equal(source->kind->name, "tar");
    return source;
}

static lws_status read_status(lws_source *source, int64_t i, int thread, const char *text)
{
    lws_bytes bytes = {0};
    lws_status status = source->kind->read(source, i, thread, &bytes);
    if (status == LWS_OK) {
        assert_int_equal(bytes.size, strlen(text));
        assert_memory_equal(bytes.data, text, bytes.size);
    }
    lws_bytes_free(&bytes);
    return status;
}

static void refuses(const char *path, const char *reason)
{
    lws_source *source;
    assert_int_equal(lws_source_open(&(lws_source_args){.path = path, .threads = 1}, &source), LWS_ERR_FORMAT);
    check_mentions(lws_message(), reason);
    check_mentions(lws_message(), path);
    assert_null(source);
}

/* A folder with what matters; returns its path. */
static char *make_folder(const char *scratch)
{
    char *in = path_of("%s/in", scratch), name[151] = {0};
    memset(name, 'n', 150);
    run(path_of("mkdir -p %s/a/.h %s/e.png", in, in));
    static const char *const files[] = {"b.png", "a/c.jpg", "a/.h/d.png", ".e.png", "f.txt"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        file_text(path_of("%s/%s", in, files[i]), files[i]);
    file_text(path_of("%s/a/%s.png", in, name), "a long name");
    file_text(path_of("%s/z\xc3\xa9.png", in), "an accent");
    return in;
}

static void lists_and_reads(void **state)
{
    char *in = make_folder(*state), *tar = path_of("%s/in.tar", (char *)*state);
    static const char *const formats[] = {"gnu", "posix", "ustar"};
    static const char *const roots[] = {".", "a b.png f.txt z*", "./a b.png f.txt z*"};
    for (int i = 0; i < 9; i++) {
        run(path_of("cd %s && tar %s --format=%s -cf %s %s", in, i % 3 == 2 ? "--exclude='nnnnnn*'" : "",
                    formats[i % 3], tar, roots[i / 3]));
        lws_source *source = source_of(tar, 3);
        int more = i % 3 < 2; /* the name that ustar has no room for */
        assert_int_equal(source->count, 3 + more);
        assert_int_equal(source->others, 1);
        assert_string_equal(source->entries[0].name, "a/c.jpg");
        assert_string_equal(source->entries[1 + more].name, "b.png");
        assert_string_equal(source->entries[2 + more].name, "z\xc3\xa9.png");
        assert_int_equal(source->entries[0].mark, 7);
        for (int thread = 0; thread < 3; thread++) {
            assert_int_equal(read_status(source, 2 + more, thread, "an accent"), LWS_OK);
            assert_int_equal(read_status(source, 0, thread, "a/c.jpg"), LWS_OK);
            assert_int_equal(read_status(source, 1 + more, thread, "b.png"), LWS_OK);
            if (more)
                assert_int_equal(read_status(source, 1, thread, "a long name"), LWS_OK);
        }
        lws_source_close(source);
    }
}

/* Names that lead out of it are not listed; links are, and cannot be read. */
static void names_above_and_links(void **state)
{
    char *in = make_folder(*state), *tar = path_of("%s/in.tar", (char *)*state);
    run(path_of("cd %s && ln -s /etc/passwd l.png && ln b.png m.png", in));
    run(path_of("cd %s && tar -P -cf %s ../in/b.png --transform='s,^f.txt,/abs.png,' f.txt l.png m.png b.png", in,
                tar));
    lws_source *source = source_of(tar, 1);
    assert_int_equal(source->count, 4);
    static const char *const want[] = {"abs.png", "b.png", "l.png", "m.png"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(source->entries[i].name, want[i]);
    assert_int_equal(read_status(source, 0, 0, "f.txt"), LWS_OK);
    for (int i = 1; i < 4; i++) { /* b.png and m.png are linked to ../in/b.png, as tar sees it */
        assert_int_equal(read_status(source, i, 0, ""), LWS_ERR_FORMAT);
        check_mentions(lws_message(), "a link in the tar");
    }
    lws_source_close(source);
}

static void damaged(void **state)
{
    char *in = make_folder(*state), *tar = path_of("%s/in.tar", (char *)*state);
    run(path_of("cd %s && tar -b 1 --format=ustar -cf %s b.png a/c.jpg", in, tar));
    blob whole = file_read(tar); /* header, block, header, block, two blocks of zeros */
    assert_int_equal(whole.size, 6 * 512);
    file_write(tar, whole.data, 2 * 512 + 300); /* in the second header */
    refuses(tar, "as a tar");
    file_write(tar, whole.data, 2 * 512); /* before it */
    refuses(tar, "as a tar");
    whole.data[2 * 512 + 3] ^= 1; /* the second header */
    file_write(tar, whole.data, whole.size);
    refuses(tar, "as a tar");
    whole.data[2 * 512 + 3] ^= 1;
    file_write(tar, whole.data, whole.size);
    lws_source *source = source_of(tar, 1);
    assert_int_equal(truncate(tar, 3 * 512), 0); /* meanwhile */
    assert_int_equal(read_status(source, 0, 0, ""), LWS_ERR_FORMAT);
    check_mentions(lws_message(), "damaged in the tar");
    assert_int_equal(read_status(source, 1, 0, "b.png"), LWS_OK);
    lws_source_close(source);
    free(whole.data);
}

static void compressed(void **state)
{
    char *in = make_folder(*state), *tar = path_of("%s/in.tar.gz", (char *)*state);
    run(path_of("tar -czf %s -C %s .", tar, in));
    refuses(tar, "is compressed (gzip)");
}

static void empty(void **state)
{
    char *tar = path_of("%s/in.tar", (char *)*state);
    lws_source *source;
    run(path_of("tar -cf %s -T /dev/null", tar));
    assert_int_equal(lws_source_open(&(lws_source_args){.path = tar, .threads = 1}, &source), LWS_ERR_USAGE);
    check_mentions(lws_message(), "holds no images");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(lists_and_reads), scratch_test(names_above_and_links),
        scratch_test(damaged),         scratch_test(compressed),
        scratch_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
