/* What stands where in a checkpoint: its arrays, in the file and in memory, its description, and what its digest
 * covers. */
#include "checkpoint_format.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---------------------------------------------------------------------------------- */

#define GROUP_MODEL "model"
#define GROUP_STATE "state"
#define GROUP_OPTIMIZER "optimizer"

/* The arrays of one group: of parameters, or of running statistics. */
typedef struct group {
    char name[64];
    bool of_buffers;
    float *values; /* NULL: left out */
} group;

static lws_status each_of(const group *g, const lws_tensors *tensors, checkpoint_visit *visit, void *user)
{
    char name[sizeof g->name + sizeof tensors->item[0].name + 2];
    for (int t = 0; g->values && t < tensors->count; t++) {
        const lws_tensor *tensor = &tensors->item[t];
        if (tensor->is_buffer != g->of_buffers)
            continue;
        snprintf(name, sizeof name, "/%s/%s", g->name, tensor->name);
        LWS_TRY(visit(user, name, tensor, g->values + tensor->offset));
    }
    return LWS_OK;
}

lws_status checkpoint_each(const lws_tensors *tensors, const lws_checkpoint_data *data, checkpoint_visit *visit,
                           void *user)
{
    LWS_TRY(each_of(&(group){GROUP_MODEL, false, data->params}, tensors, visit, user));
    LWS_TRY(each_of(&(group){GROUP_STATE, true, data->buffers}, tensors, visit, user));
    for (int s = 0; s < data->slots; s++) {
        group g = {.values = data->slot[s]};
        snprintf(g.name, sizeof g.name, GROUP_OPTIMIZER "/%s", data->slot_name[s]);
        LWS_TRY(each_of(&g, tensors, visit, user));
    }
    return LWS_OK;
}

/* Where `name` is of that group: what follows. NULL: it is not. */
static const char *after_group(const char *name, const char *of)
{
    size_t n = strlen(of);
    return name[0] == '/' && strncmp(name + 1, of, n) == 0 && name[n + 1] == '/' ? name + n + 2 : NULL;
}

lws_checkpoint_group checkpoint_group_of(const char *name, char slot[LWS_CHECKPOINT_SLOT_NAME])
{
    slot[0] = 0;
    if (after_group(name, GROUP_MODEL))
        return LWS_CHECKPOINT_MODEL;
    if (after_group(name, GROUP_STATE))
        return LWS_CHECKPOINT_STATE;
    const char *rest = after_group(name, GROUP_OPTIMIZER), *end = rest ? strchr(rest, '/') : NULL;
    if (!end)
        return LWS_CHECKPOINT_OTHER;
    snprintf(slot, LWS_CHECKPOINT_SLOT_NAME, "%.*s", (int)(end - rest), rest);
    return LWS_CHECKPOINT_SLOT;
}

/* ---- the description ------------------------------------------------------------------------- */

lws_status checkpoint_write_meta(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config)
{
    LWS_TRY(lws_h5_put_text(file, "/", "kind", CHECKPOINT_KIND));
    LWS_TRY(lws_h5_put_i64(file, "/", "schema", CHECKPOINT_SCHEMA));
    LWS_TRY(lws_h5_put_text(file, "/", "config", config));
    LWS_TRY(lws_h5_put_i64(file, "/", "height", meta->image.h));
    LWS_TRY(lws_h5_put_i64(file, "/", "width", meta->image.w));
    LWS_TRY(lws_h5_put_i64(file, "/", "channels", meta->image.c));
    LWS_TRY(lws_h5_put_text(file, "/", "dataset_digest", meta->dataset_digest));
    LWS_TRY(lws_h5_put_text(file, "/", "valid_digest", meta->valid_digest));
    LWS_TRY(lws_h5_put_i64(file, "/", "seed", meta->seed));
    LWS_TRY(lws_h5_put_i64(file, "/", "epoch", meta->epoch));
    LWS_TRY(lws_h5_put_i64(file, "/", "step", meta->step));
    LWS_TRY(lws_h5_put_i64(file, "/", "best_step", meta->best_step));
    return lws_h5_put_f64(file, "/", "best_ssim", meta->best_ssim);
}

lws_status checkpoint_is_marked(lws_h5 *file, bool *is_marked)
{
    return lws_h5_has(file, "/", "kind", is_marked);
}

lws_status checkpoint_read_text(lws_h5 *file, const char *path, const char *name, char *to, size_t size)
{
    char *text;
    LWS_TRY(lws_h5_get_text(file, "/", name, &text));
    bool fits = strlen(text) < size;
    if (fits)
        strcpy(to, text);
    free(text);
    return fits ? LWS_OK : lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is too long", path, name);
}

/* (4) */
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

lws_status checkpoint_check_kind(lws_h5 *file, const char *path)
{
    char kind[64] = "";
    bool has_kind;
    LWS_TRY(checkpoint_is_marked(file, &has_kind));
    if (has_kind)
        LWS_TRY(checkpoint_read_text(file, path, "kind", kind, sizeof kind));
    return strcmp(kind, CHECKPOINT_KIND) == 0
               ? LWS_OK
               : lws_fail(LWS_ERR_FORMAT, "%s is not a checkpoint of this program", path);
}

/* (3) */
static lws_status read_schema(lws_h5 *file, const char *path, int64_t *schema)
{
    LWS_TRY(lws_h5_get_i64(file, "/", "schema", schema));
    if (*schema < 1 || *schema > CHECKPOINT_SCHEMA)
        return lws_fail(LWS_ERR_MISMATCH, "%s has checkpoint schema %" PRId64 "; this version reads 1 to %d", path,
                        *schema, CHECKPOINT_SCHEMA);
    return LWS_OK;
}

lws_status checkpoint_read_meta(lws_h5 *file, const char *path, lws_checkpoint_meta *meta, char **config)
{
    int64_t schema, h, w, c;
    *config = NULL;
    LWS_TRY(checkpoint_check_kind(file, path));
    LWS_TRY(read_schema(file, path, &schema));
    LWS_TRY(read_number(file, path, "height", 1, LWS_SIDE_MAX, &h));
    LWS_TRY(read_number(file, path, "width", 1, LWS_SIDE_MAX, &w));
    LWS_TRY(read_number(file, path, "channels", 1, 3, &c));
    meta->image = (lws_shape){(int)h, (int)w, (int)c};
    LWS_TRY(checkpoint_read_text(file, path, "dataset_digest", meta->dataset_digest, LWS_DIGEST_TEXT));
    meta->valid_digest[0] = 0;
    if (schema > 1)
        LWS_TRY(checkpoint_read_text(file, path, "valid_digest", meta->valid_digest, LWS_DIGEST_TEXT));
    LWS_TRY(read_number(file, path, "seed", 0, MOST, &meta->seed));
    LWS_TRY(read_number(file, path, "epoch", 0, MOST, &meta->epoch));
    LWS_TRY(read_number(file, path, "step", 0, MOST, &meta->step));
    LWS_TRY(read_number(file, path, "best_step", -1, MOST, &meta->best_step));
    LWS_TRY(lws_h5_get_f64(file, "/", "best_ssim", &meta->best_ssim));
    return lws_h5_get_text(file, "/", "config", config);
}

/* ---- the digest of all ----------------------------------------------------------------------- */

typedef struct listing {
    lws_h5 *file;
    lws_text out;
} listing;

/* (5) */
static lws_status list_array(void *user, const char *name, const lws_h5_info *info)
{
    (void)info;
    listing *l = user;
    char *digest;
    LWS_TRY(lws_h5_get_text(l->file, name, CHECKPOINT_DIGEST, &digest));
    lws_text_add(&l->out, "%s %s\n", name, digest);
    free(digest);
    return LWS_OK;
}

/* Everything that the digest covers; the caller frees *text. */
static lws_status contents_of(lws_h5 *file, const lws_checkpoint_meta *m, const char *config, char **text)
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

lws_status checkpoint_root_digest(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config,
                                  char digest[LWS_DIGEST_TEXT])
{
    char *contents;
    LWS_TRY(contents_of(file, meta, config, &contents));
    lws_digest(contents, strlen(contents), digest);
    free(contents);
    return LWS_OK;
}
