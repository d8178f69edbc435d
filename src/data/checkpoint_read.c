/* Reading a checkpoint: its description, its arrays, and whether they are what was written. */
#include "checkpoint_file.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct listing {
    lws_h5 *file;
    lws_text out;
} listing;

static lws_status list_array(void *user, const char *name, const lws_h5_info *info)
{
    (void)info;
    listing *l = user;
    char *digest;
    LWS_TRY(lws_h5_get_text(l->file, name, "digest", &digest));
    lws_text_add(&l->out, "%s %s\n", name, digest);
    free(digest);
    return LWS_OK;
}

lws_status checkpoint_contents(lws_h5 *file, const lws_checkpoint_meta *m, const char *config, char **text)
{
    listing l = {.file = file};
    lws_text_add(&l.out, "%d %d %d %s%s%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %a\n%s\n", m->image.h,
                 m->image.w, m->image.c, m->dataset_digest, m->valid_digest[0] ? " " : "", m->valid_digest, m->seed,
                 m->epoch, m->step, m->best_step, m->best_ssim, config);
    lws_status status = lws_h5_visit(file, list_array, &l);
    *text = lws_text_take(&l.out, NULL);
    if (status == LWS_OK && !*text)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory digesting a checkpoint");
    if (status != LWS_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

/* The attribute must fit: what is cut off could pass for another. */
static lws_status read_text(lws_h5 *file, const char *path, const char *name, char *to, size_t size)
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", name, &text));
    bool fits = strlen(text) < size;
    if (fits)
        strcpy(to, text);
    free(text);
    return fits ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is too long", path, name);
}

static lws_status read_number(lws_h5 *file, const char *path, const char *name, int64_t min, int64_t max,
                              int64_t *value)
{
    LWS_TRY(lws_h5_get_i64(file, "/", name, value));
    if (*value < min || *value > max)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is %" PRId64 ", which no checkpoint of this program has", path, name,
                        *value);
    return LWS_OK;
}

/* 2^52, the largest seed; more steps than any run has. */
#define MOST ((int64_t)1 << 52)

lws_status checkpoint_read_meta(lws_h5 *file, const char *path, lws_checkpoint_meta *meta, char **config)
{
    char kind[64] = "";
    bool has_kind;
    int64_t schema, h, w, c;
    *config = NULL;
    LWS_TRY(lws_h5_has(file, "/", "kind", &has_kind));
    if (has_kind)
        LWS_TRY(read_text(file, path, "kind", kind, sizeof kind));
    if (strcmp(kind, CHECKPOINT_KIND) != 0)
        return lws_fail(LWS_ERR_FORMAT, "%s is not a checkpoint of this program", path);
    LWS_TRY(lws_h5_get_i64(file, "/", "schema", &schema));
    if (schema < 1 || schema > LWS_CHECKPOINT_SCHEMA)
        return lws_fail(LWS_ERR_MISMATCH, "%s has checkpoint schema %" PRId64 "; this version reads 1 to %d", path,
                        schema, LWS_CHECKPOINT_SCHEMA);
    LWS_TRY(read_number(file, path, "height", 1, LWS_SIDE_MAX, &h));
    LWS_TRY(read_number(file, path, "width", 1, LWS_SIDE_MAX, &w));
    LWS_TRY(read_number(file, path, "channels", 1, 3, &c));
    meta->image = (lws_shape){(int)h, (int)w, (int)c};
    LWS_TRY(read_text(file, path, "dataset_digest", meta->dataset_digest, LWS_DIGEST_TEXT));
    meta->valid_digest[0] = 0;
    if (schema > 1)
        LWS_TRY(read_text(file, path, "valid_digest", meta->valid_digest, LWS_DIGEST_TEXT));
    LWS_TRY(read_number(file, path, "seed", 0, MOST, &meta->seed));
    LWS_TRY(read_number(file, path, "epoch", 0, MOST, &meta->epoch));
    LWS_TRY(read_number(file, path, "step", 0, MOST, &meta->step));
    LWS_TRY(read_number(file, path, "best_step", -1, MOST, &meta->best_step));
    LWS_TRY(lws_h5_get_f64(file, "/", "best_ssim", &meta->best_ssim));
    return lws_h5_get_text(file, "/", "config", config);
}

lws_status checkpoint_open(const char *path, bool is_own, lws_h5 **file, lws_checkpoint_meta *meta, char **config)
{
    char digest[LWS_DIGEST_TEXT], expected[LWS_DIGEST_TEXT], *contents = NULL;
    *config = NULL;
    LWS_TRY(is_own ? lws_h5_open_own(path, file) : lws_h5_open(path, file));
    lws_status status = checkpoint_read_meta(*file, path, meta, config);
    if (status == LWS_OK)
        status = read_text(*file, path, "digest", expected, sizeof expected);
    if (status == LWS_OK)
        status = checkpoint_contents(*file, meta, *config, &contents);
    if (status == LWS_OK) {
        lws_digest(contents, strlen(contents), digest);
        if (strcmp(digest, expected) != 0)
            status = lws_fail(LWS_ERR_FORMAT,
                              "%s: its description does not match its digest: the file "
                              "was altered",
                              path);
    }
    free(contents);
    if (status != LWS_OK) {
        free(*config);
        *config = NULL;
        lws_h5_close(*file);
        *file = NULL;
    }
    return status;
}

lws_status lws_checkpoint_read_meta(const char *path, lws_checkpoint_meta *meta, char **config)
{
    lws_h5 *file;
    LWS_TRY(checkpoint_open(path, false, &file, meta, config));
    return lws_h5_close(file);
}

static lws_status check_digest(lws_h5 *file, const char *path, const char *name, const float *values, size_t count)
{
    char digest[LWS_DIGEST_TEXT], *expected;
    LWS_TRY(lws_h5_get_text(file, name, "digest", &expected));
    lws_digest(values, count * sizeof *values, digest);
    int differs = strcmp(digest, expected);
    free(expected);
    if (differs)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s does not match its digest: the file was altered", path, name);
    return LWS_OK;
}

typedef struct reading {
    lws_h5 *file;
    const char *path;
} reading;

static lws_status read_array(void *user, const char *name, const lws_tensor *tensor, float *values)
{
    lws_h5 *file = ((reading *)user)->file;
    const char *path = ((reading *)user)->path;
    lws_h5_info info;
    bool exists;
    LWS_TRY(lws_h5_exists(file, name, &exists));
    if (!exists)
        return lws_fail(LWS_ERR_MISMATCH, "%s holds another model: it has no %s", path, name);
    LWS_TRY(lws_h5_describe(file, name, &info));
    bool same = info.type == LWS_H5_F32 && info.rank == tensor->rank;
    for (int i = 0; same && i < info.rank; i++)
        same = info.dims[i] == tensor->dims[i];
    if (!same)
        return lws_fail(LWS_ERR_MISMATCH, "%s holds another model: the shape of %s differs", path, name);
    LWS_TRY(lws_h5_read(file, name, LWS_H5_F32, (int64_t)tensor->count, values));
    return check_digest(file, path, name, values, tensor->count);
}

lws_status lws_checkpoint_read(const char *path, const lws_tensors *tensors, const lws_checkpoint_data *data)
{
    reading r = {.path = path};
    lws_checkpoint_meta meta;
    char *config;
    LWS_TRY(checkpoint_open(path, false, &r.file, &meta, &config));
    free(config);
    lws_status status = checkpoint_each(tensors, data, read_array, &r);
    lws_h5_close(r.file);
    return status;
}

static lws_status verify_array(void *user, const char *name, const lws_h5_info *info)
{
    reading *v = user;
    size_t count = 1;
    for (int i = 0; i < info->rank; i++)
        count *= (size_t)info->dims[i]; /* no more than the file can hold */
    float *values = malloc(count * sizeof *values + 1);
    if (!values)
        return lws_fail(LWS_ERR_MEMORY, "out of memory verifying %s", v->path);
    lws_status status = lws_h5_read(v->file, name, LWS_H5_F32, (int64_t)count, values);
    if (status == LWS_OK)
        status = check_digest(v->file, v->path, name, values, count);
    free(values);
    return status;
}

static lws_status verify(const char *path, bool is_own)
{
    reading v = {.path = path};
    lws_checkpoint_meta meta;
    char *config;
    LWS_TRY(checkpoint_open(path, is_own, &v.file, &meta, &config));
    free(config);
    lws_status status = lws_h5_visit(v.file, verify_array, &v);
    lws_h5_close(v.file);
    return status;
}

lws_status lws_checkpoint_verify(const char *path)
{
    return verify(path, false);
}

lws_status checkpoint_verify_own(const char *path)
{
    return verify(path, true);
}

lws_status lws_checkpoint_digest(const char *path, char digest[LWS_DIGEST_TEXT])
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = read_text(file, path, "digest", digest, LWS_DIGEST_TEXT);
    lws_h5_close(file);
    return status;
}
