/* Arrays and lists of strings in HDF5 files. */
#include "h5_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ----------------------------------------------------------------------------------- */

static hid_t memory_type(lws_h5_type type)
{
    switch (type) {
    case LWS_H5_F32:
        return H5T_NATIVE_FLOAT;
    case LWS_H5_F64:
        return H5T_NATIVE_DOUBLE;
    case LWS_H5_U8:
        return H5T_NATIVE_UINT8;
    case LWS_H5_U64:
        return H5T_NATIVE_UINT64;
    default:
        return H5T_NATIVE_INT64;
    }
}

static hid_t file_type(lws_h5_type type)
{
    switch (type) {
    case LWS_H5_F32:
        return H5T_IEEE_F32LE;
    case LWS_H5_F64:
        return H5T_IEEE_F64LE;
    case LWS_H5_U8:
        return H5T_STD_U8LE;
    case LWS_H5_U64:
        return H5T_STD_U64LE;
    default:
        return H5T_STD_I64LE;
    }
}

static bool known_type(hid_t id, lws_h5_type *type)
{
    for (lws_h5_type t = LWS_H5_F32; t <= LWS_H5_I64; t++) {
        if (H5Tequal(id, file_type(t)) > 0) {
            *type = t;
            return true;
        }
    }
    return false;
}

/* UTF-8 of fixed length; the caller closes it. Not of variable length: HDF5 keeps no checksum on
 * the heap where those lie, and crashes where it is damaged. */
static hid_t string_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* HDF5 would create missing groups by itself, but with time stamps. */
static lws_status create_groups(lws_h5 *file, const char *name)
{
    lws_status status = LWS_OK;
    char *path = strdup(name);
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(creation, false);
    for (char *slash = path ? strchr(path + 1, '/') : NULL; slash && status == LWS_OK; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (H5Lexists(file->id, path, H5P_DEFAULT) <= 0) {
            hid_t group = H5Gcreate2(file->id, path, H5P_DEFAULT, creation, H5P_DEFAULT);
            if (group < 0)
                status = lws_h5_fail(file, LWS_ERR_IO, "cannot create the group", path);
            else
                H5Gclose(group);
        }
        *slash = '/';
    }
    H5Pclose(creation);
    if (!path)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory", file->path);
    free(path);
    return status;
}

static lws_status write_array(lws_h5 *file, const char *name, hid_t in_file, hid_t in_memory, int rank,
                              const hsize_t *dims, const void *data)
{
    LWS_TRY(create_groups(file, name));
    hsize_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= dims[i];
    hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, false);
    hid_t array = H5Dcreate2(file->id, name, in_file, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    lws_status status = LWS_OK;
    if (array < 0 || (count && H5Dwrite(array, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        status = lws_h5_fail(file, LWS_ERR_IO, "cannot write", name);
    if (array >= 0 && H5Dclose(array) < 0 && status == LWS_OK)
        status = lws_h5_fail(file, LWS_ERR_IO, "cannot write", name);
    H5Pclose(creation);
    H5Sclose(space);
    return status == LWS_OK ? lws_h5_check(file) : status;
}

lws_status lws_h5_write(lws_h5 *file, const char *name, lws_h5_type type, int rank, const int64_t *dims,
                        const void *data)
{
    hsize_t extent[LWS_H5_RANK] = {0};
    for (int i = 0; i < rank; i++)
        extent[i] = (hsize_t)dims[i];
    return write_array(file, name, file_type(type), memory_type(type), rank, extent, data);
}

lws_status lws_h5_write_strings(lws_h5 *file, const char *name, int64_t count, const char *const *text)
{
    hsize_t extent = (hsize_t)count;
    size_t longest = 1;
    for (int64_t i = 0; i < count; i++) {
        size_t length = strlen(text[i]);
        longest = length > longest ? length : longest;
    }
    char *cells = calloc((size_t)count + 1, longest);
    if (!cells)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory writing %s", file->path, name);
    for (int64_t i = 0; i < count; i++)
        memcpy(cells + (size_t)i * longest, text[i], strlen(text[i]));
    hid_t type = string_type(longest);
    lws_status status = write_array(file, name, type, type, 1, &extent, cells);
    H5Tclose(type);
    free(cells);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The array is closed by the caller unless this fails. */
static lws_status open_array(lws_h5 *file, const char *name, hid_t *array)
{
    *array = H5Dopen2(file->id, name, H5P_DEFAULT);
    if (*array < 0)
        return lws_h5_fail(file, LWS_ERR_FORMAT, "has no readable array", name);
    return LWS_OK;
}

static lws_status describe(lws_h5 *file, const char *name, hid_t array, lws_h5_info *info)
{
    hid_t type = H5Dget_type(array), space = H5Dget_space(array);
    hsize_t extent[H5S_MAX_RANK] = {0};
    lws_status status = LWS_OK;
    *info = (lws_h5_info){.rank = H5Sget_simple_extent_ndims(space)};
    if (!known_type(type, &info->type)) {
        status = lws_fail(LWS_ERR_FORMAT, "%s: %s has an element type that is not in use here", file->path, name);
    } else if (info->rank < 0 || info->rank > LWS_H5_RANK || H5Sget_simple_extent_dims(space, extent, NULL) < 0) {
        status = lws_fail(LWS_ERR_FORMAT, "%s: %s has more than %d dimensions", file->path, name, LWS_H5_RANK);
    } else {
        for (int i = 0; i < info->rank; i++)
            info->dims[i] = (int64_t)extent[i];
        haddr_t offset = H5Dget_offset(array);
        info->offset = offset == HADDR_UNDEF ? -1 : (int64_t)offset;
    }
    H5Eclear2(H5E_DEFAULT);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

lws_status lws_h5_describe(lws_h5 *file, const char *name, lws_h5_info *info)
{
    hid_t array;
    LWS_TRY(open_array(file, name, &array));
    lws_status status = describe(file, name, array, info);
    H5Dclose(array);
    return status;
}

static bool holds(const lws_h5_info *info, lws_h5_type type, int64_t count)
{
    int64_t found = 1;
    for (int i = 0; i < info->rank; i++) {
        if (__builtin_mul_overflow(found, info->dims[i], &found))
            return false;
    }
    return info->type == type && found == count;
}

lws_status lws_h5_read(lws_h5 *file, const char *name, lws_h5_type type, int64_t count, void *data)
{
    hid_t array;
    lws_h5_info info;
    LWS_TRY(open_array(file, name, &array));
    lws_status status = describe(file, name, array, &info);
    if (status == LWS_OK && !holds(&info, type, count))
        status = lws_fail(LWS_ERR_FORMAT,
                          "%s: %s is not of the type or size expected here (%lld "
                          "elements)",
                          file->path, name, (long long)count);
    if (status == LWS_OK && count && H5Dread(array, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = lws_h5_fail(file, LWS_ERR_FORMAT, "cannot read", name);
    H5Dclose(array);
    return status;
}

/* Cuts `cells` [count, size], padded with zeros, into strings. */
static lws_status cut_strings(lws_h5 *file, const char *name, int64_t count, size_t size, const char *cells,
                              char ***text)
{
    char **list = calloc((size_t)count + 1, sizeof *list);
    bool complete = list != NULL;
    for (int64_t i = 0; complete && i < count; i++) {
        list[i] = strndup(cells + (size_t)i * size, size);
        complete = list[i] != NULL;
    }
    if (!complete) {
        lws_h5_free_strings(count, list);
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    }
    *text = list;
    return LWS_OK;
}

static lws_status read_strings(lws_h5 *file, const char *name, hid_t array, hid_t type, int64_t count, char ***text)
{
    size_t size = H5Tget_size(type), bytes;
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || count < 0)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is not a list of strings of fixed length", file->path, name);
    char *cells = __builtin_mul_overflow((size_t)count + 1, size, &bytes) ? NULL : malloc(bytes);
    if (!cells)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    lws_status status;
    if (count && H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) < 0)
        status = lws_h5_fail(file, LWS_ERR_FORMAT, "cannot read", name);
    else
        status = cut_strings(file, name, count, size, cells, text);
    free(cells);
    return status;
}

lws_status lws_h5_read_strings(lws_h5 *file, const char *name, int64_t *count, char ***text)
{
    hid_t array;
    *count = 0;
    *text = NULL;
    LWS_TRY(open_array(file, name, &array));
    hid_t type = H5Dget_type(array), space = H5Dget_space(array);
    *count = H5Sget_simple_extent_npoints(space);
    lws_status status = read_strings(file, name, array, type, *count, text);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(array);
    return status;
}

void lws_h5_free_strings(int64_t count, char **text)
{
    if (!text)
        return;
    for (int64_t i = 0; i < count; i++)
        free(text[i]);
    free(text);
}

/* ---- visiting -------------------------------------------------------------------------------- */

enum { MAX_DEPTH = 16 }; /* groups may be linked in a ring */

typedef struct visitor {
    lws_h5 *file;
    lws_status (*visit)(void *user, const char *name, const lws_h5_info *info);
    void *user;
    lws_status status;
    int depth;
    char path[1024];
} visitor;

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *link, void *user);

static lws_status visit_group(visitor *v, hid_t group)
{
    if (v->depth == MAX_DEPTH)
        return lws_fail(LWS_ERR_FORMAT, "%s: groups nested more than %d deep", v->file->path, MAX_DEPTH);
    v->depth++;
    herr_t done = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, on_link, v);
    v->depth--;
    if (done < 0 && v->status == LWS_OK)
        return lws_h5_fail(v->file, LWS_ERR_FORMAT, "cannot list the group", v->path);
    return v->status;
}

static lws_status visit_array(visitor *v, hid_t array)
{
    lws_h5_info info;
    hid_t type = H5Dget_type(array);
    bool is_text = H5Tget_class(type) == H5T_STRING;
    H5Tclose(type);
    if (is_text)
        return LWS_OK;
    LWS_TRY(describe(v->file, v->path, array, &info));
    return v->visit(v->user, v->path, &info);
}

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *link, void *user)
{
    (void)link;
    visitor *v = user;
    size_t length = strlen(v->path);
    if (length + strlen(name) + 2 > sizeof v->path) {
        v->status = lws_fail(LWS_ERR_FORMAT, "%s: a name of more than %zu bytes", v->file->path, sizeof v->path);
        return -1;
    }
    v->path[length] = '/';
    strcpy(v->path + length + 1, name);
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        v->status = lws_h5_fail(v->file, LWS_ERR_FORMAT, "cannot open", v->path);
    else if (H5Iget_type(object) == H5I_GROUP)
        v->status = visit_group(v, object);
    else if (H5Iget_type(object) == H5I_DATASET)
        v->status = visit_array(v, object);
    if (object >= 0)
        H5Oclose(object);
    v->path[length] = 0;
    return v->status == LWS_OK ? 0 : -1;
}

lws_status lws_h5_visit(lws_h5 *file, lws_status (*visit)(void *user, const char *name, const lws_h5_info *info),
                        void *user)
{
    visitor v = {.file = file, .visit = visit, .user = user};
    return visit_group(&v, file->id);
}
