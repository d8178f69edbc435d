/* Attributes in HDF5 files. */
#include "h5_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing --------------------------------------------------------------------------------- */

static lws_status put(lws_h5 *file, const char *object, const char *name, hid_t in_file, hid_t in_memory,
                      const void *value)
{
    lws_status status = LWS_OK;
    hid_t owner = H5Oopen(file->id, object, H5P_DEFAULT);
    if (owner < 0)
        return lws_h5_fail(file, LWS_ERR_FORMAT, "has no object", object);
    if (H5Aexists(owner, name) > 0)
        H5Adelete(owner, name);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(owner, name, in_file, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, in_memory, value) < 0)
        status = lws_h5_fail(file, LWS_ERR_IO, "cannot write the attribute", name);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == LWS_OK)
        status = lws_h5_fail(file, LWS_ERR_IO, "cannot write the attribute", name);
    H5Sclose(space);
    H5Oclose(owner);
    return status == LWS_OK ? lws_h5_check(file) : status;
}

lws_status lws_h5_put_text(lws_h5 *file, const char *object, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    lws_status status = put(file, object, name, type, type, text);
    H5Tclose(type);
    return status;
}

lws_status lws_h5_put_i64(lws_h5 *file, const char *object, const char *name, int64_t value)
{
    return put(file, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

lws_status lws_h5_put_f64(lws_h5 *file, const char *object, const char *name, double value)
{
    return put(file, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct attribute {
    hid_t id, type;
} attribute;

static void close_attribute(attribute *a)
{
    H5Tclose(a->type);
    H5Aclose(a->id);
}

/* Opens a scalar attribute. The caller closes it unless this fails. */
static lws_status open_attribute(lws_h5 *file, const char *object, const char *name, attribute *a)
{
    a->id = H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (a->id < 0) {
        H5Eclear2(H5E_DEFAULT);
        return lws_fail(LWS_ERR_FORMAT, "%s: %s has no attribute %s", file->path, object, name);
    }
    a->type = H5Aget_type(a->id);
    hid_t space = H5Aget_space(a->id);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (a->type < 0 || count != 1) {
        close_attribute(a);
        return lws_h5_fail(file, LWS_ERR_FORMAT, "not a single value in the attribute", name);
    }
    return LWS_OK;
}

static lws_status get_number(lws_h5 *file, const char *object, const char *name, bool whole, hid_t in_memory,
                             void *value)
{
    attribute a;
    LWS_TRY(open_attribute(file, object, name, &a));
    lws_status status = LWS_OK;
    H5T_class_t class = H5Tget_class(a.type);
    if (class != H5T_INTEGER && (whole || class != H5T_FLOAT))
        status =
            lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is not a %snumber", file->path, name, whole ? "whole " : "");
    else if (H5Aread(a.id, in_memory, value) < 0)
        status = lws_h5_fail(file, LWS_ERR_FORMAT, "cannot read the attribute", name);
    close_attribute(&a);
    return status;
}

lws_status lws_h5_get_i64(lws_h5 *file, const char *object, const char *name, int64_t *value)
{
    return get_number(file, object, name, true, H5T_NATIVE_INT64, value);
}

lws_status lws_h5_get_f64(lws_h5 *file, const char *object, const char *name, double *value)
{
    return get_number(file, object, name, false, H5T_NATIVE_DOUBLE, value);
}

lws_status lws_h5_get_text(lws_h5 *file, const char *object, const char *name, char **text)
{
    attribute a;
    *text = NULL;
    LWS_TRY(open_attribute(file, object, name, &a));
    lws_status status = LWS_OK;
    size_t size = H5Tget_size(a.type);
    char *copy = NULL;
    if (H5Tget_class(a.type) != H5T_STRING || H5Tis_variable_str(a.type) > 0)
        status = lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is not a text of fixed length", file->path, name);
    else if (!(copy = calloc(size + 1, 1)))
        status = lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    else if (H5Aread(a.id, a.type, copy) < 0)
        status = lws_h5_fail(file, LWS_ERR_FORMAT, "cannot read the attribute", name);
    close_attribute(&a);
    if (status == LWS_OK)
        *text = copy;
    else
        free(copy);
    return status;
}
