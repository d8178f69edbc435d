/* The configuration table filled from files and from the command line. */
#include "config_cases.h"

#include "scratch.h"

static void reads_text(void **state)
{
    (void)state;
    options o = fresh();
    assert_int_equal(read_text(&o, "# a comment\n"
                                   "[Anything]\n"
                                   "batch-size = 12\n"
                                   "\n"
                                   "; another\n"
                                   "rate=0.5\n"
                                   "[Something else]\n"
                                   "  data = /data/celeb a \n"
                                   "windows = 3, 5\n"
                                   "rate = 0.25"),
                     LWS_OK);
    assert_int_equal(o.batch_size, 12);
    check_near(o.rate, .25, 0); /* the later line holds */
    assert_string_equal(o.data, "/data/celeb a");
    assert_int_equal(o.windows.count, 2);
    assert_int_equal(read_text(&o, ""), LWS_OK);
}

static void text_errors(void **state)
{
    (void)state;
    options o = fresh();
    assert_int_equal(read_text(&o, "rate = 0.5\n\nbatch-sise = 12\n"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "run.ini");
    check_mentions(lws_message(), "3"); /* the line */
    check_mentions(lws_message(), "batch-sise");
    check_mentions(lws_message(), "'batch-size'");
    assert_int_equal(read_text(&o, "rate = 7\n"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "rate");
    check_mentions(lws_message(), "7");
    assert_int_equal(read_text(&o, "rate = 0.5\nthis is no line\n"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "run.ini");
    check_mentions(lws_message(), "2");
    assert_int_equal(read_text(&o, "fast\n"), LWS_ERR_USAGE);
}

static void reads_files(void **state)
{
    (void)state;
    options o = fresh();
    char path[] = "/tmp/lws-config-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    static const char text[] = "[Data]\nbatch-size = 9\n";
    assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
    close(file);
    assert_int_equal(lws_config_read_file(table, &o, path), LWS_OK);
    assert_int_equal(o.batch_size, 9);
    unlink(path);
    assert_int_equal(lws_config_read_file(table, &o, path), LWS_ERR_IO);
    check_mentions(lws_message(), path);
}

static lws_status read_bytes(void **state, const void *bytes, size_t size, options *o)
{
    char *path = path_of("%s/run.ini", (char *)*state);
    *o = fresh();
    file_write(path, bytes, size);
    return lws_config_read_file(table, o, path);
}

#define READ(text) read_bytes(state, text, sizeof(text) - 1, &o)

/* As editors of other systems save them. */
static void other_encodings(void **state)
{
    options o;
    assert_int_equal(READ("\xef\xbb\xbf"
                          "batch-size = 9\r\n\r\nrate = 0.25\r\n"),
                     LWS_OK);
    assert_int_equal(o.batch_size, 9);
    check_near(o.rate, .25, 0);
    assert_int_equal(READ("\xef\xbb\xbf"), LWS_OK);
    assert_int_equal(READ(""), LWS_OK);
    assert_int_equal(READ("\xff\xfe"
                          "b\0a\0"),
                     LWS_ERR_USAGE);
    check_mentions(lws_message(), "UTF-16");
    assert_int_equal(READ("\xfe\xff\0b\0a"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "UTF-16");
}

/* Nothing that follows a zero byte is dropped in silence. */
static void zero_bytes(void **state)
{
    options o;
    assert_int_equal(READ("rate = 0.5\nbatch-size = 9\0\nrate = 0.25\n"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "run.ini:2");
    assert_int_equal(READ("\0"), LWS_ERR_USAGE);
    check_mentions(lws_message(), "run.ini:1");
}

/* A pipe, as of a shell's <(command): whoever writes may come late, in pieces, or have left already. */
static void reads_pipes(void **state)
{
    options o;
    int ends[2];
    char *path = path_of("%s/pipe", (char *)*state);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        usleep(100000);
        int fd = open(path, O_WRONLY);
        bool good = write(fd, "batch-size ", 11) == 11;
        usleep(50000);
        _exit(good && write(fd, "= 9\n", 4) == 4 ? 0 : 1);
    }
    o = fresh();
    assert_int_equal(lws_config_read_file(table, &o, path), LWS_OK);
    assert_int_equal(o.batch_size, 9);
    int status;
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "batch-size = 8\n", 15), 15);
    close(ends[1]);
    assert_int_equal(lws_config_read_file(table, &o, path_of("/dev/fd/%d", ends[0])), LWS_OK);
    assert_int_equal(o.batch_size, 8);
    close(ends[0]);
    assert_int_equal(lws_config_read_file(table, &o, *state), LWS_ERR_IO);
    check_mentions(lws_message(), "folder");
}

enum { MOST = 16 };

/* The words after the program's name, separated by '|'. */
static lws_status parse(options *o, const char *line, const char **rest, int *count, int *help)
{
    static char copy[512];
    char *argv[MOST] = {"lwssim"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *save, *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
        argv[argc++] = word;
    return lws_config_parse(table, o, argc, argv, "lwssim train", rest, count, help);
}

static void command_line(void **state)
{
    (void)state;
    options o = fresh();
    const char *rest[MOST];
    int count = -1, help = -1;
    lws_status status = parse(&o,
                              "one|--batch-size|12|--rate=0.5|--fast|two|--data=|--decay|-1.5|-|"
                              "--windows|3,5|--model=ae",
                              rest, &count, &help);
    if (status != LWS_OK)
        fail_msg("%s", lws_message());
    assert_int_equal(o.batch_size, 12);
    check_near(o.rate, .5, 0);
    check_near(o.decay, -1.5, 0);
    assert_true(o.fast);
    assert_string_equal(o.data, "");
    assert_int_equal(o.model, 0);
    assert_int_equal(o.windows.count, 2);
    assert_int_equal(help, 0);
    assert_int_equal(count, 3);
    assert_string_equal(rest[0], "one");
    assert_string_equal(rest[1], "two");
    assert_string_equal(rest[2], "-");
}

static void command_line_again(void **state)
{
    (void)state;
    options o = fresh();
    const char *rest[MOST];
    int count, help;
    assert_int_equal(parse(&o, "", rest, &count, &help), LWS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(parse(&o, "--rate|0.5|--help", rest, &count, &help), LWS_OK);
    assert_int_equal(help, 1);
    assert_int_equal(parse(&o, "-h", NULL, NULL, &help), LWS_OK);
    assert_int_equal(help, 1);
    assert_int_equal(parse(&o, "--batch-size|7", NULL, NULL, &help), LWS_OK);
    assert_int_equal(help, 0);
    assert_int_equal(o.batch_size, 7);
}

/* After "--", what looks like an option is an argument. */
static void double_dash(void **state)
{
    (void)state;
    options o = fresh();
    const char *rest[MOST];
    int count, help;
    assert_int_equal(parse(&o, "--rate|0.5|one|--|--fast|two", rest, &count, &help), LWS_OK);
    assert_false(o.fast);
    assert_int_equal(count, 3);
    assert_string_equal(rest[0], "one");
    assert_string_equal(rest[1], "--fast");
    assert_string_equal(rest[2], "two");
    assert_int_equal(parse(&o, "--|two", NULL, NULL, &help), LWS_ERR_USAGE);
}

static void wrong(const char *line, const char *mention)
{
    options o = fresh();
    int help;
    if (parse(&o, line, NULL, NULL, &help) != LWS_ERR_USAGE)
        fail_msg("'%s' was accepted", line);
    check_mentions(lws_message(), "lwssim train");
    check_mentions(lws_message(), mention);
}

static void command_line_errors(void **state)
{
    (void)state;
    wrong("stray", "stray");
    wrong("--batchsize|3", "'batch-size'");
    wrong("--batchsize=3", "'batch-size'");
    wrong("--nonsense", "nonsense");
    wrong("-x", "x");
    wrong("--batch-size", "batch-size");
    wrong("--batch-size|0", "1000000");
    wrong("--batch-size=ten", "ten");
    wrong("--model=gan", "ae|vae|mmd-ae");
    wrong("--rate|0.5|--rate|2", "0 to 1");
}

/* Half a key is an unknown key: what it means must not depend on which keys there are. */
static void no_abbreviations(void **state)
{
    (void)state;
    wrong("--batch|3", "batch");
    wrong("--mod=ae", "mod");
}

static void tells_what_was_given(void **state)
{
    (void)state;
    options o = fresh();
    bool given[sizeof keys / sizeof *keys] = {false};
    const lws_config_table marked = {keys, sizeof keys / sizeof *keys, given};
    char *argv[] = {"test", "--batch-size", "64", "--fast"}; /* the first is the default */
    int help;
    assert_int_equal(lws_config_parse(marked, &o, 4, argv, "test", NULL, NULL, &help), LWS_OK);
    assert_true(lws_config_is_given(marked, "batch-size"));
    assert_true(lws_config_is_given(marked, "fast"));
    assert_false(lws_config_is_given(marked, "seed"));
    assert_false(lws_config_is_given(marked, "nonsense"));
    assert_int_equal(lws_config_read_text(marked, &o, "seed = 1\n", "run.ini"), LWS_OK);
    assert_true(lws_config_is_given(marked, "seed"));
    assert_int_equal(lws_config_set(marked, &o, "rate", "7", "here"), LWS_ERR_USAGE);
    assert_false(lws_config_is_given(marked, "rate")); /* refused */
    assert_false(lws_config_is_given(table, "seed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text),
        cmocka_unit_test(text_errors),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(command_line),
        cmocka_unit_test(command_line_again),
        cmocka_unit_test(double_dash),
        cmocka_unit_test(command_line_errors),
        cmocka_unit_test(no_abbreviations),
        cmocka_unit_test(tells_what_was_given),
        scratch_test(other_encodings),
        scratch_test(zero_bytes),
        scratch_test(reads_pipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
