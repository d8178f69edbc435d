/* Reading a file of codes: rule by rule, as codes_format.h numbers them. */
#include "codes_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A text attribute of the root of at most size - 1 characters. */
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

static lws_status read_number(lws_h5 *file, const char *path, const char *name, int max, int *to)
{
    int64_t value;
    LWS_TRY(lws_h5_get_i64(file, "/", name, &value));
    if (value < 1 || value > max)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is %lld, which no file of codes has", path, name, (long long)value);
    *to = (int)value;
    return LWS_OK;
}

/* (2) */
lws_status codes_is_marked(lws_h5 *file, bool *is_marked)
{
    bool has_kind;
    char *kind;
    *is_marked = false;
    LWS_TRY(lws_h5_has(file, "/", "kind", &has_kind));
    if (!has_kind)
        return LWS_OK;
    LWS_TRY(lws_h5_get_text(file, "/", "kind", &kind));
    *is_marked = strcmp(kind, CODES_KIND) == 0;
    free(kind);
    return LWS_OK;
}

/* (2), (3) and (4) */
static lws_status read_description(lws_h5 *file, const char *path, lws_codes_file *c)
{
    bool is_marked;
    int64_t schema;
    LWS_TRY(codes_is_marked(file, &is_marked));
    if (!is_marked)
        return lws_fail(LWS_ERR_FORMAT, "%s is no file of codes that 'lwssim encode' has written", path);
    LWS_TRY(lws_h5_get_i64(file, "/", "schema", &schema));
    if (schema != CODES_SCHEMA)
        return lws_fail(LWS_ERR_MISMATCH, "%s has schema %lld of codes; this version reads %d", path, (long long)schema,
                        CODES_SCHEMA);
    LWS_TRY(read_text(file, path, "model", c->model, sizeof c->model));
    LWS_TRY(read_number(file, path, "height", LWS_SIDE_MAX, &c->image.h));
    LWS_TRY(read_number(file, path, "width", LWS_SIDE_MAX, &c->image.w));
    LWS_TRY(read_number(file, path, "channels", 3, &c->image.c));
    LWS_TRY(read_text(file, path, "checkpoint_digest", c->checkpoint, sizeof c->checkpoint));
    LWS_TRY(read_text(file, path, "dataset_digest", c->dataset, sizeof c->dataset));
    size_t dataset = strlen(c->dataset);
    if (strlen(c->checkpoint) != LWS_DIGEST_TEXT - 1 || (dataset != 0 && dataset != LWS_DIGEST_TEXT - 1))
        return lws_fail(LWS_ERR_FORMAT, "%s: a digest in it is none", path);
    return LWS_OK;
}

/* (5) or (6), and (9) */
static lws_status read_array(lws_h5 *file, const char *path, const char *name, const lws_codes_file *c, float **out)
{
    size_t numbers = (size_t)c->n * (size_t)c->latent;
    *out = malloc(numbers * sizeof **out);
    if (!*out)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the codes of %s", path);
    LWS_TRY(lws_h5_read(file, name, LWS_H5_F32, (int64_t)numbers, *out));
    for (size_t i = 0; i < numbers; i++)
        if (!isfinite((*out)[i]))
            return lws_fail(LWS_ERR_NUMERIC, "%s: row %zu of %s is not finite", path, i / (size_t)c->latent, name);
    return LWS_OK;
}

static lws_status read_shape(lws_h5 *file, const char *path, const char *name, int64_t *n, int64_t *latent)
{
    lws_h5_info info;
    bool exists;
    LWS_TRY(lws_h5_exists(file, name, &exists));
    if (!exists)
        return lws_fail(LWS_ERR_FORMAT, "%s has no array %s", path, name);
    LWS_TRY(lws_h5_describe(file, name, &info));
    if (info.rank == 2 && info.dims[0] == 0)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is empty: there is no code in it", path, name);
    if (info.type != LWS_H5_F32 || info.rank != 2 || info.dims[0] < 1 || info.dims[1] < 1 ||
        info.dims[1] > CODES_LATENT_MAX)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is not a float32 array [codes, numbers in one]", path, name);
    *n = info.dims[0];
    *latent = info.dims[1];
    return LWS_OK;
}

static lws_status read_codes(lws_h5 *file, const char *path, lws_codes_file *c)
{
    int64_t latent = 0;
    LWS_TRY(read_shape(file, path, CODES_CODES, &c->n, &latent));
    c->latent = (int)latent;
    return read_array(file, path, CODES_CODES, c, &c->code);
}

static lws_status read_log_variance(lws_h5 *file, const char *path, lws_codes_file *c)
{
    int64_t n = 0, latent = 0;
    bool exists;
    LWS_TRY(lws_h5_exists(file, CODES_LOG_VARIANCE, &exists));
    if (!exists)
        return LWS_OK;
    LWS_TRY(read_shape(file, path, CODES_LOG_VARIANCE, &n, &latent));
    if (n != c->n || latent != c->latent)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s and %s are not of the same shape", path, CODES_CODES,
                        CODES_LOG_VARIANCE);
    return read_array(file, path, CODES_LOG_VARIANCE, c, &c->log_variance);
}

/* (7) */
static lws_status read_names(lws_h5 *file, const char *path, lws_codes_file *c)
{
    int64_t count;
    char **names;
    LWS_TRY(lws_h5_read_strings(file, CODES_NAMES, &count, &names));
    if (count != c->n) {
        lws_h5_free_strings(count, names);
        return lws_fail(LWS_ERR_FORMAT, "%s: %s does not have one name per code", path, CODES_NAMES);
    }
    c->name = names;
    return LWS_OK;
}

static lws_status check_digest(lws_h5 *file, const char *path, const char *object, const char *name,
                               const char *expected)
{
    char *stored;
    LWS_TRY(lws_h5_get_text(file, object, name, &stored));
    bool differs = strcmp(stored, expected) != 0;
    free(stored);
    return differs ? lws_fail(LWS_ERR_FORMAT, "%s: %s does not match the attribute %s: the file was altered", path,
                              object, name)
                   : LWS_OK;
}

/* (8) */
static lws_status check_digests(lws_h5 *file, const char *path, const lws_codes_file *c)
{
    codes_digests d;
    LWS_TRY(codes_digest(c, &d));
    LWS_TRY(check_digest(file, path, CODES_CODES, CODES_DIGEST, d.code));
    if (c->log_variance)
        LWS_TRY(check_digest(file, path, CODES_LOG_VARIANCE, CODES_DIGEST, d.log_variance));
    LWS_TRY(check_digest(file, path, "/", CODES_NAMES_DIGEST, d.names));
    return check_digest(file, path, "/", CODES_DIGEST, d.root);
}

static lws_status read_all(lws_h5 *file, const char *path, lws_codes_file *c)
{
    LWS_TRY(read_description(file, path, c));
    LWS_TRY(read_codes(file, path, c));
    LWS_TRY(read_log_variance(file, path, c));
    LWS_TRY(read_names(file, path, c));
    return check_digests(file, path, c);
}

lws_status codes_read_open(lws_h5 *file, const char *path, bool is_foreign, lws_codes_file *out)
{
    *out = (lws_codes_file){0};
    lws_status status = is_foreign ? read_codes(file, path, out) : read_all(file, path, out);
    if (status != LWS_OK)
        lws_codes_file_free(out);
    return status;
}

lws_status lws_codes_read(const char *path, bool is_foreign, lws_codes_file *out)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = codes_read_open(file, path, is_foreign, out);
    lws_h5_close(file);
    return status;
}

void lws_codes_file_free(lws_codes_file *codes)
{
    free(codes->code);
    free(codes->log_variance);
    if (codes->name)
        lws_h5_free_strings(codes->n, codes->name);
    *codes = (lws_codes_file){0};
}

lws_status lws_codes_peek(const char *path, bool *is_codes)
{
    lws_h5 *file;
    *is_codes = false;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = codes_is_marked(file, is_codes);
    lws_h5_close(file);
    return status;
}
