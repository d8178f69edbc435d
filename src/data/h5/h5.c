/* One interface to two ways of having a file: in this process, where the program has written it itself, and in a child
 * process, where anybody may have. */
#include "data/h5.h"

#include "h5_array.h"
#include "h5_attribute.h"
#include "h5_lock.h"
#include "h5_reader.h"
#include "h5_visit.h"

#include <stdlib.h>

struct lws_h5 {
    h5_file *here;    /* one of the two, the other is NULL */
    h5_reader *apart; /* only to read */
};

/* ---- files ----------------------------------------------------------------------------------- */

typedef lws_status open_here(const char *path, h5_file **out);

static lws_status wrap(const char *path, open_here *open, lws_h5 **out)
{
    *out = NULL;
    lws_h5 *file = calloc(1, sizeof *file);
    if (!file)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", path);
    lws_status status;
    if (open) {
        h5_lock_take();
        status = h5_lock_give(open(path, &file->here));
    } else {
        status = h5_reader_start(path, &file->apart);
    }
    if (status == LWS_OK)
        *out = file;
    else
        free(file);
    return status;
}

lws_status lws_h5_create(const char *path, lws_h5 **out)
{
    return wrap(path, h5_create, out);
}

lws_status lws_h5_open(const char *path, lws_h5 **out)
{
    return wrap(path, NULL, out);
}

lws_status lws_h5_open_own(const char *path, lws_h5 **out)
{
    return wrap(path, h5_open, out);
}

lws_status lws_h5_edit(const char *path, lws_h5 **out)
{
    return wrap(path, h5_edit, out);
}

lws_status lws_h5_sync(lws_h5 *file)
{
    h5_lock_take();
    return h5_lock_give(h5_sync(file->here));
}

lws_status lws_h5_close(lws_h5 *file)
{
    if (!file)
        return LWS_OK;
    lws_status status = LWS_OK;
    if (file->apart) {
        h5_reader_end(file->apart);
    } else {
        h5_lock_take();
        status = h5_lock_give(h5_close(file->here));
    }
    free(file);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

lws_status lws_h5_write(lws_h5 *file, const char *name, lws_h5_type type, int rank, const int64_t *dims,
                        const void *data)
{
    h5_lock_take();
    return h5_lock_give(h5_write(file->here, name, type, rank, dims, data));
}

lws_status lws_h5_write_strings(lws_h5 *file, const char *name, int64_t count, const char *const *text)
{
    h5_lock_take();
    return h5_lock_give(h5_write_strings(file->here, name, count, text));
}

lws_status lws_h5_put_text(lws_h5 *file, const char *object, const char *name, const char *text)
{
    h5_lock_take();
    return h5_lock_give(h5_put_text(file->here, object, name, text));
}

lws_status lws_h5_put_i64(lws_h5 *file, const char *object, const char *name, int64_t value)
{
    h5_lock_take();
    return h5_lock_give(h5_put_i64(file->here, object, name, value));
}

lws_status lws_h5_put_f64(lws_h5 *file, const char *object, const char *name, double value)
{
    h5_lock_take();
    return h5_lock_give(h5_put_f64(file->here, object, name, value));
}

/* ---- reading --------------------------------------------------------------------------------- */

lws_status lws_h5_exists(lws_h5 *file, const char *name, bool *exists)
{
    if (file->apart)
        return h5_reader_exists(file->apart, name, exists);
    h5_lock_take();
    return h5_lock_give(h5_exists(file->here, name, exists));
}

lws_status lws_h5_describe(lws_h5 *file, const char *name, lws_h5_info *info)
{
    if (file->apart)
        return h5_reader_describe(file->apart, name, info);
    h5_lock_take();
    return h5_lock_give(h5_describe(file->here, name, info));
}

lws_status lws_h5_read(lws_h5 *file, const char *name, lws_h5_type type, int64_t count, void *data)
{
    if (file->apart)
        return h5_reader_read(file->apart, name, type, count, data);
    h5_lock_take();
    return h5_lock_give(h5_read(file->here, name, type, count, data));
}

lws_status lws_h5_read_strings(lws_h5 *file, const char *name, int64_t *count, char ***text)
{
    if (file->apart)
        return h5_reader_strings(file->apart, name, count, text);
    h5_lock_take();
    return h5_lock_give(h5_read_strings(file->here, name, count, text));
}

lws_status lws_h5_has(lws_h5 *file, const char *object, const char *name, bool *has)
{
    if (file->apart)
        return h5_reader_has(file->apart, object, name, has);
    h5_lock_take();
    return h5_lock_give(h5_has(file->here, object, name, has));
}

lws_status lws_h5_get_text(lws_h5 *file, const char *object, const char *name, char **text)
{
    if (file->apart)
        return h5_reader_text(file->apart, object, name, text);
    h5_lock_take();
    return h5_lock_give(h5_get_text(file->here, object, name, text));
}

lws_status lws_h5_get_i64(lws_h5 *file, const char *object, const char *name, int64_t *value)
{
    if (file->apart)
        return h5_reader_i64(file->apart, object, name, value);
    h5_lock_take();
    return h5_lock_give(h5_get_i64(file->here, object, name, value));
}

lws_status lws_h5_get_f64(lws_h5 *file, const char *object, const char *name, double *value)
{
    if (file->apart)
        return h5_reader_f64(file->apart, object, name, value);
    h5_lock_take();
    return h5_lock_give(h5_get_f64(file->here, object, name, value));
}

lws_status lws_h5_visit(lws_h5 *file, lws_h5_visitor *visit, void *user)
{
    if (file->apart)
        return h5_reader_visit(file->apart, visit, user);
    h5_lock_take();
    return h5_lock_give(h5_visit(file->here, visit, user));
}
