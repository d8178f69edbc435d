/* An output file is none of the files that a command reads, whatever their names: links and relative paths do not hide
 * one. */
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <lwssim/folder.h>
#include <lwssim/image.h>
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

/* Is it, or is it in, the input? `name` [LWS_PATH] gets the file's. */
static bool is_among(const struct stat *output, const char *input, char *name)
{
    struct stat info;
    if (!input[0] || stat(input, &info) != 0)
        return false;
    snprintf(name, LWS_PATH, "%s", input);
    if (!S_ISDIR(info.st_mode))
        return info.st_dev == output->st_dev && info.st_ino == output->st_ino;
    DIR *dir = opendir(input);
    bool found = false;
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        found = is_read(entry->d_name) && fstatat(dirfd(dir), entry->d_name, &info, 0) == 0 &&
                info.st_dev == output->st_dev && info.st_ino == output->st_ino;
        if (found)
            snprintf(name, LWS_PATH, "%s/%s", input, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

lws_status cli_check_output(const char *option, const char *output, const char *const *inputs)
{
    struct stat info;
    char name[LWS_PATH], checkpoints[LWS_PATH];
    if (!output[0] || stat(output, &info) != 0 || !S_ISREG(info.st_mode)) /* not there yet, or a pipe */
        return LWS_OK;
    for (; *inputs; inputs++) {
        snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", *inputs);
        if (is_among(&info, *inputs, name) || is_among(&info, checkpoints, name))
            return lws_fail(LWS_ERR_USAGE, "%s %s would write over %s, which is read: choose another file", option,
                            output, name);
    }
    return LWS_OK;
}

lws_status cli_check_png(const char *option, const char *output)
{
    static const char *const others[] = {"webp", "tif", "tiff", "pbm", "pam", "heic", "heif", "avif", "jp2", "jxl",
                                         "ico",  "svg", "pdf",  "eps", "ps",  "exr",  "hdr",  "psd",  NULL};
    const char *kind = extension(output);
    bool is_other = is_one_of(kind, others) || (lws_image_is_name(output) && strcasecmp(kind, "png") != 0);
    if (is_other)
        return lws_fail(LWS_ERR_USAGE, "%s %s: the picture is a PNG, so give it a name that ends in .png", option,
                        output);
    return LWS_OK;
}
