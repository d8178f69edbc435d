/* Reading a checkpoint: its description, its arrays, and whether they are what was written. */
#include "checkpoint_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a checkpoint and checks (1) to (6). is_own: this process has just written it. */
static lws_status open_checkpoint(const char *path, bool is_own, lws_h5 **file, lws_checkpoint_meta *meta,
                                  char **config)
{
    char digest[LWS_DIGEST_TEXT], expected[LWS_DIGEST_TEXT];
    *config = NULL;
    LWS_TRY(is_own ? lws_h5_open_own(path, file) : lws_h5_open(path, file));
    lws_status status = checkpoint_read_meta(*file, path, meta, config);
    if (status == LWS_OK)
        status = checkpoint_read_text(*file, path, CHECKPOINT_DIGEST, expected, sizeof expected);
    if (status == LWS_OK)
        status = checkpoint_root_digest(*file, meta, *config, digest);
    if (status == LWS_OK && strcmp(digest, expected) != 0)
        status = lws_fail(LWS_ERR_FORMAT, "%s: its description does not match its digest: the file was altered", path);
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
    LWS_TRY(open_checkpoint(path, false, &file, meta, config));
    return lws_h5_close(file);
}

/* (7) */
static lws_status check_digest(lws_h5 *file, const char *path, const char *name, const float *values, size_t count)
{
    char digest[LWS_DIGEST_TEXT], *expected;
    LWS_TRY(lws_h5_get_text(file, name, CHECKPOINT_DIGEST, &expected));
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
    const lws_tensors *tensors; /* of the model that is read into */
} reading;

/* (9) */
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

/* (9) again: an array that the model has no tensor for is of another, larger one. */
static lws_status know_array(void *user, const char *name, const lws_h5_info *info)
{
    (void)info;
    const reading *r = user;
    char slot[LWS_CHECKPOINT_SLOT_NAME];
    lws_checkpoint_group group = checkpoint_group_of(name, slot);
    if (group != LWS_CHECKPOINT_MODEL && group != LWS_CHECKPOINT_STATE)
        return LWS_OK;
    const char *tensor = strchr(name + 1, '/') + 1; /* /model/TENSOR */
    for (int i = 0; i < r->tensors->count; i++)
        if (strcmp(r->tensors->item[i].name, tensor) == 0)
            return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH, "%s holds another model: this one has no %s", r->path, name);
}

lws_status lws_checkpoint_read(const char *path, const lws_tensors *tensors, const lws_checkpoint_data *data)
{
    reading r = {.path = path, .tensors = tensors};
    lws_checkpoint_meta meta;
    char *config;
    LWS_TRY(open_checkpoint(path, false, &r.file, &meta, &config));
    free(config);
    lws_status status = checkpoint_each(tensors, data, read_array, &r);
    if (status == LWS_OK)
        status = lws_h5_visit(r.file, know_array, &r);
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
    LWS_TRY(open_checkpoint(path, is_own, &v.file, &meta, &config));
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

lws_status lws_checkpoint_peek(const char *path, int64_t *step)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = checkpoint_check_kind(file, path);
    if (status == LWS_OK)
        status = lws_h5_get_i64(file, "/", "step", step);
    lws_h5_close(file);
    return status;
}

lws_status lws_checkpoint_digest(const char *path, char digest[LWS_DIGEST_TEXT])
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = checkpoint_read_text(file, path, CHECKPOINT_DIGEST, digest, LWS_DIGEST_TEXT);
    lws_h5_close(file);
    return status;
}

/* ---- looking at arrays ------------------------------------------------------------------------- */

typedef struct visitor {
    lws_checkpoint_visit_array *visit;
    void *user;
} visitor;

static lws_status visit_array(void *user, const char *name, const lws_h5_info *info)
{
    const visitor *v = user;
    lws_checkpoint_array array = {.name = name, .rank = info->rank, .dims = info->dims, .count = 1};
    array.group = checkpoint_group_of(name, array.slot);
    for (int i = 0; i < info->rank; i++)
        array.count *= info->dims[i]; /* no more than the file can hold */
    return v->visit(v->user, &array);
}

lws_status lws_checkpoint_visit(const char *path, lws_checkpoint_visit_array *visit, void *user)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = lws_h5_visit(file, visit_array, &(visitor){visit, user});
    lws_h5_close(file);
    return status;
}
