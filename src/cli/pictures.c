/* Images that a command is given: a file, a folder of files, or the first of a dataset's test split. */
#include "pictures.h"

#include "cli.h"

#include "base/log.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "data/path_kind.h"
#include "datasets/decode/image.h"
#include "datasets/sources/source.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void widen(size_t n, const uint8_t *from, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)from[i] / 255;
}

static lws_status allocate(pictures *p, int count, lws_shape shape)
{
    *p = (pictures){.shape = shape};
    p->pixels = malloc((size_t)count * lws_shape_size(shape) * sizeof *p->pixels + 1);
    return p->pixels ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for %d images", count);
}

void pictures_free(pictures *p)
{
    for (int i = 0; p->name && i < p->count; i++)
        free(p->name[i]);
    free(p->name);
    free(p->pixels);
    *p = (pictures){0};
}

/* Crops and resizes an image to the end of p. */
static lws_status append_image(const char *path, const lws_image *image, int crop, pictures *p)
{
    size_t size = lws_shape_size(p->shape);
    int side = image->width < image->height ? image->width : image->height;
    side = crop > 0 ? crop : side;
    lws_resizer *resizer = lws_resizer_create();
    uint8_t *bytes = malloc(size);
    lws_status status = LWS_OK;
    lws_crop part = {(image->width - side) / 2, (image->height - side) / 2, side, side};
    if (!resizer || !bytes)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    else if (side > image->width || side > image->height) /* a margin of -1 is no half of a pixel */
        status =
            lws_fail(LWS_ERR_MISMATCH, "%s is %d × %d: too small to crop %d", path, image->width, image->height, side);
    else
        status = lws_image_resize(resizer, image, part, LWS_FILTER_LANCZOS, p->shape.w, p->shape.h, bytes);
    if (status == LWS_OK)
        widen(size, bytes, p->pixels + (size_t)p->count++ * size);
    free(bytes);
    lws_resizer_destroy(resizer);
    return status;
}

/* Decodes, crops and resizes one file to the end of p. */
static lws_status append_file(const char *path, int crop, pictures *p)
{
    lws_image image;
    LWS_TRY(lws_image_read(path, p->shape.c, &image));
    lws_status status = append_image(path, &image, crop, p);
    lws_image_free(&image);
    return status;
}

static int is_image(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && lws_image_is_name(entry->d_name);
}

static lws_status load_folder(const char *path, int crop, int limit, pictures *p)
{
    struct dirent **entry;
    int found = scandir(path, &entry, is_image, alphasort);
    if (found < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", path);
    for (int i = 0; i < found; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (p->count < limit && append_file(file, crop, p) != LWS_OK)
            lws_warn("%s; left out", lws_message());
        free(entry[i]);
    }
    free(entry);
    if (p->count == 0)
        return lws_fail(LWS_ERR_FORMAT, "%s holds no image that can be read", path);
    return LWS_OK;
}

static lws_status load_dataset(const char *path, int limit, pictures *p)
{
    lws_dataset *dataset;
    LWS_TRY(lws_dataset_open(path, LWS_TEST, &dataset));
    const lws_dataset_info *info = lws_dataset_get_info(dataset);
    lws_status status = LWS_OK;
    if (info->rows == 0)
        status = lws_fail(LWS_ERR_MISMATCH, "%s has no images in its test split", path);
    else if (info->height != p->shape.h || info->width != p->shape.w || info->channels != p->shape.c)
        status = lws_fail(LWS_ERR_MISMATCH,
                          "%s holds images of %d × %d × %d, the model takes "
                          "%d × %d × %d",
                          path, info->height, info->width, info->channels, p->shape.h, p->shape.w, p->shape.c);
    for (int64_t i = 0; status == LWS_OK && i < info->rows && p->count < limit; i++)
        status = lws_dataset_read(dataset, &i, 1, p->pixels + (size_t)p->count++ * lws_shape_size(p->shape));
    lws_dataset_close(dataset);
    return status;
}

lws_status pictures_load(const char *path, lws_shape shape, int crop, int limit, pictures *p)
{
    struct stat info;
    lws_path_kind kind;
    LWS_TRY(allocate(p, limit, shape));
    lws_status status;
    if (stat(path, &info) != 0)
        status = lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    else if (!S_ISDIR(info.st_mode))
        status = append_file(path, crop, p);
    else if (lws_path_identify(path, &kind) == LWS_OK && kind == LWS_PATH_DATASET)
        status = load_dataset(path, limit, p);
    else
        status = load_folder(path, crop, limit, p);
    if (status != LWS_OK)
        pictures_free(p);
    return status;
}

/* ---- all of a folder or an archive, with names --------------------------------------------------- */

static lws_status keep_name(pictures *p, const char *name)
{
    p->name[p->count - 1] = strdup(name);
    if (p->name[p->count - 1])
        return LWS_OK;
    p->count--;
    return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", name);
}

/* LWS_ERR_FORMAT and others where this image cannot be had; LWS_ERR_MEMORY. */
static lws_status append_entry(lws_source *source, int64_t index, int crop, lws_bytes *bytes, pictures *p)
{
    const char *name = source->entries[index].name;
    lws_image image;
    lws_status status = source->kind->read(source, index, 0, bytes);
    if (status == LWS_OK)
        status = lws_image_decode(bytes->data, bytes->size, name, p->shape.c, &image);
    if (status != LWS_OK)
        return lws_fail(status, "%s: %s", name, lws_message());
    status = append_image(name, &image, crop, p);
    lws_image_free(&image);
    return status == LWS_OK ? keep_name(p, name) : status;
}

static lws_status load_source(lws_source *source, const char *path, lws_shape shape, int crop, pictures *p)
{
    lws_bytes bytes = {0};
    if (source->count > INT32_MAX)
        return lws_fail(LWS_ERR_USAGE, "%s: too many images: prepare them, and give --data", path);
    LWS_TRY(allocate(p, (int)source->count, shape));
    p->name = calloc((size_t)source->count + 1, sizeof *p->name);
    lws_status status = p->name ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory for the images of %s", path);
    for (int64_t i = 0; i < source->count && status == LWS_OK; i++) {
        lws_progress();
        lws_status read = append_entry(source, i, crop, &bytes, p);
        if (read == LWS_ERR_MEMORY)
            status = read;
        else if (read != LWS_OK)
            lws_warn("%s; left out", lws_message());
    }
    lws_bytes_free(&bytes);
    if (status == LWS_OK && p->count == 0)
        status = lws_fail(LWS_ERR_FORMAT, "%s holds no image that can be read", path);
    return status;
}

static lws_status load_file(const char *path, lws_shape shape, int crop, pictures *p)
{
    const char *slash = strrchr(path, '/');
    LWS_TRY(allocate(p, 1, shape));
    p->name = calloc(1, sizeof *p->name);
    if (!p->name)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", path);
    LWS_TRY(append_file(path, crop, p));
    return keep_name(p, slash ? slash + 1 : path);
}

lws_status pictures_load_all(const char *path, lws_shape shape, int crop, pictures *p)
{
    lws_source *source;
    lws_status status;
    struct stat info;
    *p = (pictures){0};
    if (stat(path, &info) != 0)
        return lws_fail(LWS_ERR_IO, "cannot open %s: %m", path);
    if (lws_image_is_name(path) && !S_ISDIR(info.st_mode)) {
        status = load_file(path, shape, crop, p);
    } else {
        status = lws_source_open(&(lws_source_args){.path = path, .threads = 1}, &source);
        if (status == LWS_OK) {
            status = load_source(source, path, shape, crop, p);
            lws_source_close(source);
        }
    }
    if (status != LWS_OK)
        pictures_free(p);
    return status;
}

lws_status pictures_read(const char *path, pictures *p)
{
    lws_image image;
    *p = (pictures){0};
    LWS_TRY(lws_image_read(path, 3, &image));
    lws_status status = allocate(p, 1, (lws_shape){image.height, image.width, 3});
    if (status == LWS_OK) {
        widen(lws_shape_size(p->shape), image.pixels, p->pixels);
        p->count = 1;
    }
    lws_image_free(&image);
    return status;
}
