/* Whose are the files in the output folder? What is in them tells, where it can. */
#include "target.h"

#include "base/files.h"
#include "base/folder.h"
#include "base/input.h"
#include "base/output.h"
#include "data/shard.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- names ----------------------------------------------------------------------------------- */

/* Of a shard or the report. */
static bool is_product(const char *name)
{
    return lws_shard_is_name(name) || strcmp(name, LWS_PREPARE_REPORT) == 0;
}

/* ".train-00000-of-00008.h5.partial" */
static bool is_partial(const char *name)
{
    char inner[LWS_SHARD_NAME];
    return lws_shard_parse_partial(name, inner) && is_product(inner);
}

/* What a preparation leaves where it is killed, or cannot even tidy up: a file in the making, or what was to become
 * one, or its marker. */
static bool is_leftover(const char *name)
{
    char inner[256];
    if (is_partial(name))
        return true;
    return lws_output_is_temporary(name, inner) &&
           (is_partial(inner) || strcmp(inner, LWS_TARGET_PREPARING) == 0 || strcmp(inner, LWS_DATASET_REPLACING) == 0);
}

/* ---- contents -------------------------------------------------------------------------------- */

/* By its attributes; a damaged one has at least the beginning of an HDF5 file. */
static lws_status is_shard(const char *path, bool *is_own)
{
    static const unsigned char signature[] = "\211HDF\r\n\032\n";
    lws_status status = lws_shard_peek(path, is_own);
    return status == LWS_ERR_FORMAT ? lws_input_look(path, signature, sizeof signature - 1, is_own) : status;
}

static lws_status look_at(const char *path, const char *name, lws_target_contents *c)
{
    bool is_own = true;
    if (lws_shard_is_name(name)) {
        LWS_TRY(is_shard(path, &is_own));
        if (is_own && !c->has_dataset)
            strcpy(c->shard, name); /* such a name fits */
        c->has_dataset |= is_own;
    } else if (strcmp(name, LWS_PREPARE_REPORT) == 0) {
        LWS_TRY(lws_input_look(path, LWS_TARGET_REPORT_BEGINS, sizeof LWS_TARGET_REPORT_BEGINS - 1, &is_own));
    } else if (strcmp(name, LWS_TARGET_PREPARING) == 0) {
        LWS_TRY(lws_input_look(path, LWS_TARGET_MARKER_BEGINS, sizeof LWS_TARGET_MARKER_BEGINS - 1, &is_own));
        c->has_marker |= is_own;
    } else if (is_partial(name)) {
        snprintf(c->partial, sizeof c->partial, "%s", name);
    } else if (name[0] != '.' && !c->foreign[0]) {
        snprintf(c->foreign, sizeof c->foreign, "%s", name);
    }
    if (!is_own && !c->in_the_way[0])
        snprintf(c->in_the_way, sizeof c->in_the_way, "%s", name);
    return LWS_OK;
}

lws_status lws_target_look(const char *folder, lws_target_contents *contents)
{
    struct dirent **entry;
    *contents = (lws_target_contents){0};
    int count = scandir(folder, &entry, NULL, alphasort);
    if (count < 0)
        return lws_fail(LWS_ERR_IO, "cannot read the folder %s: %m", folder);
    lws_status status = LWS_OK;
    for (int i = 0; i < count; i++) {
        char *path = status == LWS_OK ? lws_path(folder, "", entry[i]->d_name, "") : NULL;
        if (path)
            status = look_at(path, entry[i]->d_name, contents);
        else if (status == LWS_OK)
            status = lws_fail(LWS_ERR_MEMORY, "out of memory looking at %s", folder);
        free(path);
        free(entry[i]);
    }
    free(entry);
    return status;
}

static lws_status clear_one(void *unused, const char *folder, const char *name)
{
    (void)unused;
    return is_leftover(name) || strcmp(name, LWS_TARGET_PREPARING) == 0 ? lws_target_remove(folder, name) : LWS_OK;
}

lws_status lws_target_clear(const char *folder)
{
    return lws_folder_each(folder, clear_one, NULL);
}

lws_status lws_target_remove(const char *folder, const char *name)
{
    char *path = lws_path(folder, "", name, "");
    lws_status status = LWS_OK;
    if (!path)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory clearing %s", folder);
    else if (unlink(path) != 0)
        status = lws_fail(LWS_ERR_IO, "cannot remove %s: %m. Run lwssim prepare again to finish.", path);
    free(path);
    return status;
}
