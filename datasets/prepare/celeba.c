/* Celeb-A by its names, its sizes, and the places where people have its list. */
#include "celeba.h"

#include "datasets/decode/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 178, /* of the images that are aligned and cropped */
    HEIGHT = 218,
    LOOKS = 8, /* images looked at: enough that no other collection passes by chance */
};

const int64_t lws_celeba_split[LWS_SPLITS] = {[LWS_TRAIN] = 162770, [LWS_VALID] = 19867, [LWS_TEST] = 19962};

/* ---- names ----------------------------------------------------------------------------------- */

/* The `i`th of a few places that are spread over a listing. */
static int64_t place_of(const lws_source *source, int i)
{
    return (source->count - 1) * i / (LOOKS - 1);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "000001.jpg" */
static bool is_numbered(const char *name)
{
    const char *base = base_of(name);
    size_t digits = strspn(base, "0123456789");
    long number = strtol(base, NULL, 10);
    return digits == 6 && base[6] == '.' && number >= 1 && number <= LWS_CELEBA_IMAGES;
}

/* The input without slashes at its end. */
static void trim(const char *input, char trimmed[LWS_CONFIG_TEXT])
{
    snprintf(trimmed, LWS_CONFIG_TEXT, "%s", input);
    for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/';)
        trimmed[--n] = 0;
}

lws_celeba_names lws_celeba_look(const char *input, const lws_source *source)
{
    static const char folder[] = "img_align_celeba";
    char trimmed[LWS_CONFIG_TEXT];
    trim(input, trimmed);
    bool numbered = true, in_folder = strncmp(base_of(trimmed), folder, sizeof folder - 1) == 0;
    for (int i = 0; i < LOOKS; i++) {
        const char *name = source->entries[place_of(source, i)].name;
        numbered = numbered && is_numbered(name);
        in_folder = in_folder || strstr(name, folder);
    }
    return in_folder ? LWS_CELEBA_FOLDER : numbered ? LWS_CELEBA_NUMBERS : LWS_CELEBA_OTHER;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

typedef struct size_seen {
    int *width, *height;
} size_seen;

/* Ends the decoding of an image as soon as its header is read. */
static lws_status see_size(const void *user, int width, int height, lws_crop *crop)
{
    const size_seen *seen = user;
    *seen->width = width;
    *seen->height = height;
    *crop = (lws_crop){0, 0, 1, 1};
    return LWS_ERR_USAGE;
}

/* *width is 0 where the image cannot be read. */
static lws_status look_at(lws_source *source, int64_t index, lws_bytes *bytes, int *width, int *height)
{
    lws_image image;
    lws_crop crop;
    *width = *height = 0;
    lws_status status = source->kind->read(source, index, 0, bytes);
    if (status == LWS_ERR_MEMORY || status == LWS_ERR_USAGE)
        return lws_source_failed(status, source->entries[index].name);
    if (status != LWS_OK)
        return LWS_OK;
    size_seen seen = {width, height};
    lws_decode_args args = {.data = bytes->data,
                            .bytes = bytes->size,
                            .name = source->entries[index].name,
                            .channels = 4,
                            .choose = see_size,
                            .user = &seen};
    if (lws_image_decode_part(&args, &image, &crop) == LWS_OK)
        lws_image_free(&image);
    return LWS_OK;
}

lws_status lws_celeba_fits(lws_source *source, bool *fits)
{
    lws_bytes bytes = {0};
    lws_status status = LWS_OK;
    int seen = 0, other = 0;
    for (int i = 0; i < LOOKS && status == LWS_OK; i++) {
        int width, height;
        status = look_at(source, place_of(source, i), &bytes, &width, &height);
        bool whole = width == WIDTH && height == HEIGHT, half = width == WIDTH / 2 && height == HEIGHT / 2;
        seen += width > 0;
        other += width > 0 && !whole && !half;
    }
    lws_bytes_free(&bytes);
    *fits = seen > 0 && other == 0;
    return status;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Is there a list in the folder? Then path is it. */
static lws_status look_in(const char *folder, const char *below, char path[LWS_CONFIG_TEXT])
{
    static const char *const names[] = {"list_eval_partition.txt", "list_eval_partition.csv"};
    for (int i = 0; i < 2 && !path[0]; i++) {
        char *at = NULL;
        if (asprintf(&at, "%s%s%s", folder, below, names[i]) < 0)
            return lws_fail(LWS_ERR_MEMORY, "out of memory looking for %s", names[i]);
        if (access(at, F_OK) == 0 && strlen(at) < LWS_CONFIG_TEXT)
            strcpy(path, at);
        free(at);
    }
    return LWS_OK;
}

/* The folder above one that ends with a slash, or is "", which is the current one. */
static void go_up(char *folder)
{
    size_t n = strlen(folder);
    while (n > 0 && folder[n - 1] == '/')
        n--;
    size_t end = n;
    while (n > 0 && folder[n - 1] != '/')
        n--;
    bool is_dots = end - n <= 2 && strspn(folder + n, ".") >= end - n; /* "", "./", "../" */
    if (!is_dots)
        folder[n] = 0;
    else if (!(folder[0] == '/' && end == 0) && strlen(folder) + 5 <= LWS_CONFIG_TEXT)
        strcat(folder, end > 0 && folder[end] != '/' ? "/../" : "../");
}

lws_status lws_celeba_find_list(const char *input, const lws_source *source, char path[LWS_CONFIG_TEXT],
                                bool *is_inside)
{
    static const char *const folders[] = {"Eval/", "eval/", ""};
    char input_folder[LWS_CONFIG_TEXT], folder[LWS_CONFIG_TEXT];
    path[0] = 0;
    *is_inside = false;
    trim(input, input_folder);
    strcpy(folder, input_folder);
    LWS_TRY(look_in(folder, "/", path));
    go_up(folder);
    LWS_TRY(look_in(folder, "", path));
    if (!path[0] && source->list.name && strlen(input_folder) + strlen(source->list.name) + 2 <= LWS_CONFIG_TEXT) {
        strcat(strcat(strcpy(path, input_folder), "/"), source->list.name);
        *is_inside = true;
    }
    for (int i = 0; i < 2; i++)
        LWS_TRY(look_in(folder, folders[i], path));
    go_up(folder);
    for (int i = 0; i < 3; i++)
        LWS_TRY(look_in(folder, folders[i], path));
    return LWS_OK;
}
