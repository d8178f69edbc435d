/* A sound HDF5 file is changed as an input says, by HDF5 itself: attributes and arrays of any type, shape and value,
 * links, groups, what is missing. So what is tested is this program's reading, not HDF5's own way with damaged bytes
 * (which h5_bytes.c tries, in the child process that is there for it). */
#ifndef LWS_FUZZ_H5_EDIT_H
#define LWS_FUZZ_H5_EDIT_H

#include "fuzz.h"

#include "data/h5.h"

#include <hdf5.h>

/* Reading in a child process costs milliseconds; here it is done in this one. The linker puts this in the place of
 * lws_h5_open (--wrap). */
lws_status __wrap_lws_h5_open(const char *path, lws_h5 **out);
lws_status __wrap_lws_h5_open(const char *path, lws_h5 **out)
{
    return lws_h5_open_own(path, out);
}

typedef struct h5_names {
    const char *const *objects, *const *attributes; /* each ends with NULL */
} h5_names;

static const char *pick(fuzz_input *in, const char *const *list)
{
    int count = 0;
    while (list[count])
        count++;
    return list[fuzz_byte(in) % count];
}

static hid_t pick_type(fuzz_input *in)
{
    const hid_t types[] = {H5T_IEEE_F32LE, H5T_STD_U8LE,    H5T_STD_U64LE,  H5T_STD_I64LE,  H5T_STD_I8LE,
                           H5T_STD_I32BE,  H5T_STD_U64BE,   H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_STD_U16LE,
                           H5T_STD_B8LE,   H5T_STD_REF_OBJ, H5T_UNIX_D32LE};
    return types[fuzz_byte(in) % (sizeof types / sizeof *types)];
}

/* What is likely to be at a limit. */
static int64_t pick_number(fuzz_input *in)
{
    static const int64_t special[] = {0,          1,
                                      2,          3,
                                      4,          -1,
                                      INT64_MAX,  INT64_MIN,
                                      INT32_MAX,  (int64_t)INT32_MAX + 1,
                                      UINT32_MAX, (int64_t)1 << 52,
                                      65535,      65536,
                                      65537,      99999,
                                      100000,     16};
    uint8_t which = fuzz_byte(in);
    return which < sizeof special / sizeof *special ? special[which] : (int64_t)fuzz_number(in, 1 + which % 8);
}

/* Fixed length, any padding and character set, or any length; the caller closes it. */
static hid_t string_type(fuzz_input *in, size_t size)
{
    uint8_t how = fuzz_byte(in);
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, how & 1 ? H5T_VARIABLE : size);
    H5Tset_strpad(type, (H5T_str_t)(how >> 1 & 3 ? (how >> 1 & 3) - 1 : 0));
    H5Tset_cset(type, how & 8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
    return type;
}

static void put_attribute(hid_t file, const char *object, const char *name, hid_t type, hid_t space, const void *value,
                          hid_t in_memory)
{
    H5Adelete_by_name(file, object, name, H5P_DEFAULT);
    hid_t a = H5Acreate_by_name(file, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (a >= 0) {
        H5Awrite(a, in_memory, value);
        H5Aclose(a);
    }
}

static hid_t attribute_space(fuzz_input *in)
{
    uint8_t how = fuzz_byte(in);
    hsize_t extent[2] = {how % 5, 1};
    return how < 200   ? H5Screate(H5S_SCALAR)
           : how < 220 ? H5Screate(H5S_NULL)
                       : H5Screate_simple(1 + how % 2, extent, NULL);
}

static void edit_number(fuzz_input *in, hid_t file, const h5_names *names)
{
    const char *object = pick(in, names->objects), *name = pick(in, names->attributes);
    hid_t type = pick_type(in), space = attribute_space(in);
    int64_t value[8] = {pick_number(in)};
    double real[8] = {(double)value[0]};
    bool is_real = H5Tget_class(type) == H5T_FLOAT;
    if (is_real)
        memcpy(real, value, sizeof(double)); /* any bits */
    hid_t in_memory = is_real ? H5T_NATIVE_DOUBLE : H5Tget_class(type) == H5T_INTEGER ? H5T_NATIVE_INT64 : type;
    put_attribute(file, object, name, type, space, is_real ? (const void *)real : value, in_memory);
    H5Sclose(space);
}

static void edit_text(fuzz_input *in, hid_t file, const h5_names *names)
{
    char text[8][257] = {{0}};
    const char *object = pick(in, names->objects), *name = pick(in, names->attributes);
    size_t length = fuzz_bytes(in, 256, text[0]);
    hid_t type = string_type(in, length + fuzz_byte(in) % 2 + !length), space = attribute_space(in);
    const char *pointers[8] = {text[0], text[0], text[0], text[0], text[0], text[0], text[0], text[0]};
    bool any = H5Tis_variable_str(type) > 0;
    put_attribute(file, object, name, type, space, any ? (const void *)pointers : text, type);
    H5Sclose(space);
    H5Tclose(type);
}

/* How its numbers are kept: as they are, in pieces, compressed, in other files, or not at all. */
static hid_t creation_of(fuzz_input *in, int rank)
{
    uint8_t how = fuzz_byte(in);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t piece[32] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                         2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    if (how % 8 == 1)
        H5Pset_layout(creation, H5D_COMPACT);
    if (how % 8 >= 2 && how % 8 <= 4)
        H5Pset_chunk(creation, rank, piece);
    if (how % 8 == 3)
        H5Pset_deflate(creation, 1);
    if (how % 8 == 4)
        H5Pset_fletcher32(creation);
    if (how % 8 == 5)
        H5Pset_external(creation, "/dev/zero", 0, 1 << 20);
    return creation;
}

static void fill_array(fuzz_input *in, hid_t array, hid_t type, const hsize_t *extent, int rank)
{
    uint8_t values[4096] = {0};
    hsize_t bytes = H5Tget_size(type);
    for (int i = 0; i < rank; i++)
        bytes = extent[i] && bytes > sizeof values ? bytes : bytes * extent[i];
    if (bytes > sizeof values || H5Tis_variable_str(type) > 0)
        return;
    for (size_t i = 0; i < 64; i++)
        values[i * 61 % sizeof values] = fuzz_byte(in);
    H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static void edit_array(fuzz_input *in, hid_t file, const h5_names *names)
{
    const char *name = pick(in, names->objects);
    hsize_t extent[32] = {0};
    uint8_t how = fuzz_byte(in);
    int rank = how % 11;
    bool is_text = how >= 200;
    for (int i = 0; i < rank; i++) {
        int64_t n = pick_number(in);
        extent[i] = n < 0 ? 3 : (hsize_t)n;
    }
    hid_t type = is_text ? string_type(in, 1 + fuzz_byte(in) % 40) : H5Tcopy(pick_type(in));
    hid_t space = rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(how & 1 ? H5S_NULL : H5S_SCALAR);
    hid_t creation = creation_of(in, rank);
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (array >= 0) {
        fill_array(in, array, type, extent, rank);
        H5Dclose(array);
    }
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static void edit_link(fuzz_input *in, hid_t file, const h5_names *names)
{
    const char *name = pick(in, names->objects), *to = pick(in, names->objects);
    uint8_t how = fuzz_byte(in);
    if (how % 5 < 4)
        H5Ldelete(file, name, H5P_DEFAULT);
    if (how % 5 == 0)
        H5Lcreate_soft(to, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 1)
        H5Lcreate_external("other.h5", to, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 2)
        H5Lcreate_hard(file, to, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 4)
        H5Adelete_by_name(file, to, pick(in, names->attributes), H5P_DEFAULT);
}

static void edit_group(fuzz_input *in, hid_t file)
{
    char name[65] = "/";
    fuzz_bytes(in, 60, name + 1);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group >= 0)
        H5Gclose(group);
}

/* Changes the file as the input says, to its end. */
FUZZ_UNUSED static void h5_edit(fuzz_input *in, const char *path, const h5_names *names)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
    FUZZ_CHECK(file >= 0);
    for (int i = 0; i < 12 && in->at < in->end; i++) {
        switch (fuzz_byte(in) % 6) {
        case 0:
        case 1:
            edit_number(in, file, names);
            break;
        case 2:
            edit_text(in, file, names);
            break;
        case 3:
            edit_array(in, file, names);
            break;
        case 4:
            edit_link(in, file, names);
            break;
        default:
            edit_group(in, file);
        }
    }
    H5Fclose(file);
    H5Pclose(access);
    H5Eclear2(H5E_DEFAULT);
}

#endif
