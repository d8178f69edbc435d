/* Arrays and lists of strings in HDF5 files. */
#include "h5_array.h"

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

/* *is_plain: the elements lie in the file as in memory. */
static bool known_type(hid_t id, lws_h5_type *type, bool *is_plain)
{
    for (lws_h5_type t = LWS_H5_F32; t <= LWS_H5_I64; t++) {
        hid_t other = H5Tcopy(file_type(t));
        H5Tset_order(other, H5T_ORDER_BE);
        *is_plain = H5Tequal(id, file_type(t)) > 0;
        bool found = *is_plain || H5Tequal(id, other) > 0;
        H5Tclose(other);
        if (found) {
            *type = t;
            return true;
        }
    }
    return false;
}

/* UTF-8 of fixed length; the caller closes it. Not of variable length: HDF5 keeps no checksum on
 * the heap where those lie. */
static hid_t string_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t h5_text_in_memory(hid_t in_file)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    bool any_length = H5Tis_variable_str(in_file) > 0;
    H5Tset_size(type, any_length ? H5T_VARIABLE : H5Tget_size(in_file));
    H5Tset_strpad(type, any_length ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
    H5Tset_cset(type, H5Tget_cset(in_file));
    return type;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* HDF5 would create missing groups by itself, but with time stamps. */
static lws_status create_groups(h5_file *file, const char *name)
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
                status = h5_fail(file, LWS_ERR_IO, "cannot create the group", path);
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

static lws_status write_array(h5_file *file, const char *name, hid_t in_file, hid_t in_memory, int rank,
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
        status = h5_fail(file, LWS_ERR_IO, "cannot write", name);
    if (array >= 0 && H5Dclose(array) < 0 && status == LWS_OK)
        status = h5_fail(file, LWS_ERR_IO, "cannot write", name);
    H5Pclose(creation);
    H5Sclose(space);
    return status == LWS_OK ? h5_check_writes(file) : status;
}

lws_status h5_write(h5_file *file, const char *name, lws_h5_type type, int rank, const int64_t *dims, const void *data)
{
    hsize_t extent[LWS_H5_RANK] = {0};
    for (int i = 0; i < rank; i++)
        extent[i] = (hsize_t)dims[i];
    return write_array(file, name, file_type(type), memory_type(type), rank, extent, data);
}

lws_status h5_write_strings(h5_file *file, const char *name, int64_t count, const char *const *text)
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

/* ---- what an array may be -------------------------------------------------------------------- */

enum { COMPRESSION = 16 }; /* how much larger than its file an array may be, where it is compressed */

/* An array lies in its own file, and only HDF5's own filters are between. */
static lws_status check_storage(h5_file *file, const char *name, hid_t array, bool *is_filtered)
{
    hid_t creation = H5Dget_create_plist(array);
    int externals = H5Pget_external_count(creation), filters = H5Pget_nfilters(creation);
    bool is_elsewhere = externals != 0 || H5Pget_layout(creation) == H5D_VIRTUAL, is_foreign = filters < 0;
    for (int i = 0; i < filters; i++) {
        unsigned flags;
        size_t values = 0;
        is_foreign |=
            H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL) >= H5Z_FILTER_RESERVED;
    }
    H5Pclose(creation);
    *is_filtered = filters > 0;
    if (is_elsewhere)
        return lws_fail(LWS_ERR_FORMAT, "%s: the numbers of %s lie in other files, which are not read", file->path,
                        name);
    if (is_foreign)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is compressed in a way that HDF5 itself cannot read: h5repack -f NONE",
                        file->path, name);
    return LWS_OK;
}

/* What an array says of its size is believed as far as the file can hold it. */
static lws_status check_extent(h5_file *file, const char *name, hid_t array, hid_t type, hid_t space)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    uint64_t bytes = H5Tget_size(type), most = h5_driver_size(file->id);
    bool is_filtered, fits = H5Sget_simple_extent_type(space) != H5S_NULL;
    LWS_TRY(check_storage(file, name, array, &is_filtered));
    int rank = H5Sget_simple_extent_dims(space, extent, NULL);
    for (int i = 0; i < rank; i++)
        fits = fits && extent[i] <= INT64_MAX && !__builtin_mul_overflow(bytes, extent[i], &bytes);
    if (!file->writable)
        fits = fits && bytes / (is_filtered ? COMPRESSION : 1) <= most;
    if (rank < 0 || !fits)
        return lws_fail(LWS_ERR_FORMAT, "%s is damaged: %s says it is larger than the file can hold", file->path, name);
    return LWS_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The array is closed by the caller unless this fails. */
static lws_status open_array(h5_file *file, const char *name, hid_t *array)
{
    LWS_TRY(h5_check_links(file, name));
    *array = H5Dopen2(file->id, name, H5P_DEFAULT);
    if (*array < 0)
        return h5_fail(file, LWS_ERR_FORMAT, "has no readable array", name);
    return LWS_OK;
}

static lws_status take_shape(h5_file *file, const char *name, hid_t array, hid_t type, hid_t space, lws_h5_info *info)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    bool is_plain;
    *info = (lws_h5_info){.rank = H5Sget_simple_extent_dims(space, extent, NULL), .offset = -1};
    if (!known_type(type, &info->type, &is_plain))
        return lws_fail(LWS_ERR_FORMAT, "%s: %s has an element type that is not in use here", file->path, name);
    if (info->rank < 0 || info->rank > LWS_H5_RANK)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s has more than %d dimensions", file->path, name, LWS_H5_RANK);
    LWS_TRY(check_extent(file, name, array, type, space));
    for (int i = 0; i < info->rank; i++)
        info->dims[i] = (int64_t)extent[i];
    haddr_t offset = H5Dget_offset(array);
    if (is_plain && offset != HADDR_UNDEF && offset <= INT64_MAX)
        info->offset = (int64_t)offset;
    return LWS_OK;
}

static lws_status describe(h5_file *file, const char *name, hid_t array, lws_h5_info *info)
{
    hid_t type = H5Dget_type(array), space = H5Dget_space(array);
    lws_status status = take_shape(file, name, array, type, space, info);
    H5Eclear2(H5E_DEFAULT);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

lws_status h5_describe(h5_file *file, const char *name, lws_h5_info *info)
{
    hid_t array;
    LWS_TRY(open_array(file, name, &array));
    lws_status status = describe(file, name, array, info);
    H5Dclose(array);
    return status;
}

lws_status h5_check_shape(const h5_file *file, const char *name, const lws_h5_info *info, lws_h5_type type,
                          int64_t count)
{
    int64_t found = 1;
    bool fits = true;
    for (int i = 0; i < info->rank; i++)
        fits = fits && !__builtin_mul_overflow(found, info->dims[i], &found);
    if (fits && info->type == type && found == count)
        return LWS_OK;
    return lws_fail(LWS_ERR_FORMAT, "%s: %s is not of the type or size expected here (%lld elements)", file->path, name,
                    (long long)count);
}

lws_status h5_read(h5_file *file, const char *name, lws_h5_type type, int64_t count, void *data)
{
    hid_t array;
    lws_h5_info info;
    LWS_TRY(open_array(file, name, &array));
    lws_status status = describe(file, name, array, &info);
    if (status == LWS_OK)
        status = h5_check_shape(file, name, &info, type, count);
    if (status == LWS_OK && count && H5Dread(array, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = h5_fail(file, LWS_ERR_FORMAT, "cannot read", name);
    H5Dclose(array);
    return status;
}

/* ---- reading strings ------------------------------------------------------------------------- */

/* Cuts `cells` [count, size], padded with zeros, into strings. */
static bool cut_strings(int64_t count, size_t size, const char *cells, char **list)
{
    for (int64_t i = 0; i < count; i++) {
        list[i] = strndup(cells + (size_t)i * size, size);
        if (!list[i])
            return false;
    }
    return true;
}

static bool copy_strings(int64_t count, char *const *cells, char **list)
{
    for (int64_t i = 0; i < count; i++) {
        list[i] = strdup(cells[i] ? cells[i] : "");
        if (!list[i])
            return false;
    }
    return true;
}

/* `type` is that of strings in memory. */
static lws_status read_strings(h5_file *file, const char *name, hid_t array, hid_t type, hid_t space, int64_t count,
                               char **list)
{
    size_t size = H5Tget_size(type), bytes;
    bool any_length = H5Tis_variable_str(type) > 0;
    char *cells = __builtin_mul_overflow((size_t)count + 1, size, &bytes) ? NULL : calloc(bytes, 1);
    if (!cells)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    lws_status status = LWS_OK;
    if (count && H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) < 0)
        status = h5_fail(file, LWS_ERR_FORMAT, "cannot read", name);
    else if (any_length ? !copy_strings(count, (char **)(void *)cells, list) : !cut_strings(count, size, cells, list))
        status = lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    if (any_length && count)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, cells);
    free(cells);
    return status;
}

static lws_status list_strings(h5_file *file, const char *name, hid_t array, hid_t in_file, hid_t space, int64_t count,
                               char ***text)
{
    if (H5Tget_class(in_file) != H5T_STRING || count < 0)
        return lws_fail(LWS_ERR_FORMAT, "%s: %s is not a list of strings", file->path, name);
    LWS_TRY(check_extent(file, name, array, in_file, space));
    char **list = calloc((size_t)count + 1, sizeof *list);
    if (!list)
        return lws_fail(LWS_ERR_MEMORY, "%s: out of memory reading %s", file->path, name);
    hid_t type = h5_text_in_memory(in_file);
    lws_status status = read_strings(file, name, array, type, space, count, list);
    H5Tclose(type);
    if (status == LWS_OK)
        *text = list;
    else
        lws_h5_free_strings(count, list);
    return status;
}

lws_status h5_read_strings(h5_file *file, const char *name, int64_t *count, char ***text)
{
    hid_t array;
    *count = 0;
    *text = NULL;
    LWS_TRY(open_array(file, name, &array));
    hid_t type = H5Dget_type(array), space = H5Dget_space(array);
    *count = H5Sget_simple_extent_npoints(space);
    lws_status status = list_strings(file, name, array, type, space, *count, text);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(array);
    return status;
}
