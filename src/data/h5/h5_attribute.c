/* Attributes in HDF5 files. */
#include "h5_attribute.h"

#include "h5_array.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing --------------------------------------------------------------------------------- */

static lws_status put(h5_file *file, const char *object, const char *name, hid_t in_file, hid_t in_memory,
                      const void *value)
{
    lws_status status = LWS_OK;
    hid_t owner = H5Oopen(file->id, object, H5P_DEFAULT);
    if (owner < 0)
        return h5_fail(file, LWS_ERR_FORMAT, "has no object", object);
    if (H5Aexists(owner, name) > 0)
        H5Adelete(owner, name);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(owner, name, in_file, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, in_memory, value) < 0)
        status = h5_fail(file, LWS_ERR_IO, "cannot write the attribute", name);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == LWS_OK)
        status = h5_fail(file, LWS_ERR_IO, "cannot write the attribute", name);
    H5Sclose(space);
    H5Oclose(owner);
    return status == LWS_OK ? h5_check_writes(file) : status;
}

lws_status h5_put_text(h5_file *file, const char *object, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    lws_status status = put(file, object, name, type, type, text);
    H5Tclose(type);
    return status;
}

lws_status h5_put_i64(h5_file *file, const char *object, const char *name, int64_t value)
{
    return put(file, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

lws_status h5_put_f64(h5_file *file, const char *object, const char *name, double value)
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

lws_status h5_has(h5_file *file, const char *object, const char *name, bool *has)
{
    LWS_TRY(h5_check_links(file, object));
    htri_t found = H5Aexists_by_name(file->id, object, name, H5P_DEFAULT);
    *has = found > 0;
    return found < 0 ? h5_fail(file, LWS_ERR_FORMAT, "cannot read the attributes of", object) : LWS_OK;
}

/* Opens a scalar attribute. The caller closes it unless this fails. */
static lws_status open_attribute(h5_file *file, const char *object, const char *name, attribute *a)
{
    bool has;
    *a = (attribute){H5I_INVALID_HID, H5I_INVALID_HID};
    LWS_TRY(h5_has(file, object, name, &has));
    if (!has)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s has no attribute %s", file->path, object, name);
    a->id = H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (a->id < 0)
        return h5_fail(file, LWS_ERR_FORMAT, "cannot open the attribute", name);
    a->type = H5Aget_type(a->id);
    hid_t space = a->type < 0 ? H5I_INVALID_HID : H5Aget_space(a->id);
    lws_status status = LWS_OK;
    if (space < 0)
        status = h5_fail(file, LWS_ERR_FORMAT, "cannot read the attribute", name);
    else if (H5Sget_simple_extent_npoints(space) != 1)
        status = lws_fail(LWS_ERR_FORMAT, "%s: not a single value in the attribute %s", file->path, name);
    H5Sclose(space);
    if (status != LWS_OK)
        close_attribute(a);
    return status;
}

static lws_status read_attribute(h5_file *file, const char *name, const attribute *a, hid_t in_memory, void *value)
{
    return H5Aread(a->id, in_memory, value) < 0 ? h5_fail(file, LWS_ERR_FORMAT, "cannot read the attribute", name)
                                                : LWS_OK;
}

static lws_status read_whole(h5_file *file, const char *name, const attribute *a, int64_t *value)
{
    if (H5Tget_class(a->type) != H5T_INTEGER)
        return lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is not a whole number", file->path, name);
    if (H5Tget_sign(a->type) != H5T_SGN_NONE)
        return read_attribute(file, name, a, H5T_NATIVE_INT64, value);
    uint64_t positive;
    LWS_TRY(read_attribute(file, name, a, H5T_NATIVE_UINT64, &positive));
    *value = (int64_t)positive;
    return positive <= INT64_MAX
               ? LWS_OK
               : lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is too large a number", file->path, name);
}

lws_status h5_get_i64(h5_file *file, const char *object, const char *name, int64_t *value)
{
    attribute a;
    LWS_TRY(open_attribute(file, object, name, &a));
    lws_status status = read_whole(file, name, &a, value);
    close_attribute(&a);
    return status;
}

lws_status h5_get_f64(h5_file *file, const char *object, const char *name, double *value)
{
    attribute a;
    LWS_TRY(open_attribute(file, object, name, &a));
    H5T_class_t class = H5Tget_class(a.type);
    lws_status status = class == H5T_INTEGER || class == H5T_FLOAT
                            ? read_attribute(file, name, &a, H5T_NATIVE_DOUBLE, value)
                            : lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is not a number", file->path, name);
    close_attribute(&a);
    return status;
}

static lws_status read_fixed(h5_file *file, const char *name, const attribute *a, hid_t type, char **text)
{
    size_t size = H5Tget_size(type);
    if (!file->writable && size > h5_driver_size(file->id))
        return lws_fail(LWS_ERR_FORMAT, "%s is damaged: the attribute %s says it is larger than the file", file->path,
                        name);
    *text = calloc(size + 1, 1);
    if (!*text)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    return read_attribute(file, name, a, type, *text);
}

static lws_status read_any_length(h5_file *file, const char *name, const attribute *a, hid_t type, char **text)
{
    char *value = NULL;
    LWS_TRY(read_attribute(file, name, a, type, &value));
    *text = strdup(value ? value : "");
    hid_t space = H5Aget_space(a->id);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, &value);
    H5Sclose(space);
    return *text ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
}

lws_status h5_get_text(h5_file *file, const char *object, const char *name, char **text)
{
    attribute a;
    *text = NULL;
    LWS_TRY(open_attribute(file, object, name, &a));
    lws_status status;
    if (H5Tget_class(a.type) != H5T_STRING) {
        status = lws_fail(LWS_ERR_FORMAT, "%s: the attribute %s is not a text", file->path, name);
    } else {
        hid_t type = h5_text_in_memory(a.type);
        status = H5Tis_variable_str(type) > 0 ? read_any_length(file, name, &a, type, text)
                                              : read_fixed(file, name, &a, type, text);
        H5Tclose(type);
    }
    close_attribute(&a);
    if (status != LWS_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}
