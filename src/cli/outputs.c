/* An output file is none of the files that a command reads, whatever their names: links and relative paths do not hide
 * one. */
#include "cli.h"

#include "base/folder.h"
#include "data/run_names.h"
#include "datasets/decode/image.h"
#include "report/picture.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *extension(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    return dot ? dot + 1 : "";
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list && strcasecmp(text, *list) != 0)
        list++;
    return *list != NULL;
}

/* What commands read of a folder: shards, checkpoints, configuration, log, images. */
static bool is_read(const char *name)
{
    static const char *const kinds[] = {"h5", "ini", "jsonl", NULL};
    return is_one_of(extension(name), kinds) || lws_image_is_name(name);
}

/* What other files of this program are called. */
static bool is_of_a_run(const char *name)
{
    static const char *const kinds[] = {"h5", "ini", "jsonl", "txt", NULL};
    return is_one_of(extension(name), kinds);
}

typedef struct search {
    struct stat output;
    char name[LWS_PATH]; /* of the input that is this file; "": none so far */
} search;

static bool is_same(const search *s, const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_dev == s->output.st_dev && info.st_ino == s->output.st_ino;
}

static lws_status look_at(void *user, const char *folder, const char *name)
{
    search *s = user;
    char path[LWS_PATH];
    bool fits = snprintf(path, sizeof path, "%s/%s", folder, name) < LWS_PATH;
    if (!s->name[0] && fits && is_read(name) && is_same(s, path))
        memcpy(s->name, path, sizeof path);
    return LWS_OK;
}

/* Is it, or is it in, the input? */
static lws_status look_in(search *s, const char *input)
{
    struct stat info;
    if (!input[0] || stat(input, &info) != 0)
        return LWS_OK;
    if (S_ISDIR(info.st_mode))
        return lws_folder_each(input, look_at, s);
    if (is_same(s, input))
        snprintf(s->name, sizeof s->name, "%s", input);
    return LWS_OK;
}

static lws_status refuse_other(const char *option, const char *output)
{
    return lws_fail(LWS_ERR_USAGE, "%s %s: that file is there and is of another kind: choose another name", option,
                    output);
}

lws_status cli_check_own(const char *option, const char *output, bool is_own)
{
    struct stat info;
    if (is_own || !output[0] || stat(output, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
        return LWS_OK;
    return refuse_other(option, output);
}

lws_status cli_check_output(const char *option, const char *output, const char *const *inputs)
{
    search s = {0};
    char checkpoints[LWS_PATH];
    if (!output[0] || stat(output, &s.output) != 0 || !S_ISREG(s.output.st_mode)) /* not there yet, or a pipe */
        return LWS_OK;
    if (is_of_a_run(output))
        return refuse_other(option, output);
    for (; *inputs && !s.name[0]; inputs++) {
        lws_run_checkpoints(*inputs, checkpoints);
        LWS_TRY(look_in(&s, *inputs));
        LWS_TRY(s.name[0] ? LWS_OK : look_in(&s, checkpoints));
    }
    if (!s.name[0])
        return LWS_OK;
    return lws_fail(LWS_ERR_USAGE, "%s %s would write over %s, which is read: choose another file", option, output,
                    s.name);
}

lws_status cli_check_png(const char *option, const char *output)
{
    static const char *const others[] = {"webp", "tif",  "tiff", "pbm", "pam", "heic", "heif",        "avif", "jp2",
                                         "jxl",  "ico",  "svg",  "pdf", "eps", "ps",   "exr",         "hdr",  "psd",
                                         "csv",  "json", "html", "tex", "txt", "h5",   "safetensors", NULL};
    const char *kind = extension(output);
    bool is_other = is_one_of(kind, others) || (lws_image_is_name(output) && strcasecmp(kind, "png") != 0);
    if (is_other)
        return lws_fail(LWS_ERR_USAGE, "%s %s: the picture is a PNG, so give it a name that ends in .png", option,
                        output);
    return cli_check_own(option, output, lws_picture_is_own(output));
}
