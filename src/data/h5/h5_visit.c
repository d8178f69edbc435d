/* All arrays of an HDF5 file, one after the other. */
#include "h5_visit.h"

#include "h5_array.h"

#include <string.h>

enum { MAX_DEPTH = 16, MAX_OBJECTS = 1 << 16 }; /* groups may be linked in rings */

typedef struct visitor {
    h5_file *file;
    lws_h5_visitor *visit;
    void *user;
    lws_status status;
    int depth, objects;
    char path[H5_NAME];
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
        return h5_fail(v->file, LWS_ERR_FORMAT, "cannot list the group", v->path);
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
    LWS_TRY(h5_describe(v->file, v->path, &info));
    return v->visit(v->user, v->path, &info);
}

/* That of v->path, which `link` of this name leads to. */
static lws_status visit_object(visitor *v, hid_t group, const char *name, const H5L_info_t *link)
{
    if (link->type != H5L_TYPE_HARD)
        return h5_check_links(v->file, v->path);
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return h5_fail(v->file, LWS_ERR_FORMAT, "cannot open", v->path);
    lws_status status = LWS_OK;
    if (H5Iget_type(object) == H5I_GROUP)
        status = visit_group(v, object);
    else if (H5Iget_type(object) == H5I_DATASET)
        status = visit_array(v, object);
    H5Oclose(object);
    return status;
}

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *link, void *user)
{
    visitor *v = user;
    size_t length = strlen(v->path);
    if (++v->objects > MAX_OBJECTS) {
        v->status = lws_fail(LWS_ERR_FORMAT, "%s: more than %d arrays and groups", v->file->path, MAX_OBJECTS);
        return -1;
    }
    if (length + strlen(name) + 2 > sizeof v->path) {
        v->status = lws_fail(LWS_ERR_FORMAT, "%s: a name of more than %zu bytes", v->file->path, sizeof v->path);
        return -1;
    }
    v->path[length] = '/';
    strcpy(v->path + length + 1, name);
    v->status = visit_object(v, group, name, link);
    v->path[length] = 0;
    return v->status == LWS_OK ? 0 : -1;
}

lws_status h5_visit(h5_file *file, lws_h5_visitor *visit, void *user)
{
    visitor v = {.file = file, .visit = visit, .user = user};
    return visit_group(&v, file->id);
}
