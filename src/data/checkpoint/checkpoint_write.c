/* Writing a checkpoint: under a temporary name, flushed, verified, renamed. */
#include "checkpoint_format.h"

#include "base/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

static lws_status write_array(void *user, const char *name, const lws_tensor *tensor, float *values)
{
    lws_h5 *file = user;
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(lws_h5_write(file, name, LWS_H5_F32, tensor->rank, tensor->dims, values));
    lws_digest(values, tensor->count * sizeof *values, digest);
    return lws_h5_put_text(file, name, CHECKPOINT_DIGEST, digest);
}

static lws_status write_digest(lws_h5 *file, const lws_checkpoint_meta *meta, const char *config)
{
    char digest[LWS_DIGEST_TEXT];
    LWS_TRY(checkpoint_root_digest(file, meta, config, digest));
    return lws_h5_put_text(file, "/", CHECKPOINT_DIGEST, digest);
}

/* Two numbers of bytes in the largest unit that tells them apart. */
static void amounts(double a, double b, char text_a[32], char text_b[32])
{
    static const char *const units[] = {"GB", "MB", "kB", "bytes"};
    double factor = 1e9;
    for (int u = 0; u < 4; u++, factor /= 1000) {
        snprintf(text_a, 32, "%.*f %s", u < 3, a / factor, units[u]);
        snprintf(text_b, 32, "%.*f %s", u < 3, b / factor, units[u]);
        if (a >= factor && strcmp(text_a, text_b) != 0)
            return;
    }
}

/* HDF5 reports a full disk late and badly, so the room is looked at first. */
static lws_status check_room(const char *folder, const lws_tensors *tensors, int slots)
{
    struct statvfs disk;
    char needed[32], found[32];
    double need = 4.0 * ((1 + slots) * (double)tensors->params + (double)tensors->buffers) + (1 << 20);
    if (statvfs(folder, &disk) != 0 || (double)disk.f_bavail * (double)disk.f_frsize >= need)
        return LWS_OK;
    amounts(need, (double)disk.f_bavail * (double)disk.f_frsize, needed, found);
    return lws_fail(LWS_ERR_IO, "the disk is full: a checkpoint in %s needs %s, and %s are free", folder, needed,
                    found);
}

static lws_status write_temporary(const char *path, const lws_checkpoint_meta *meta, const char *config,
                                  const lws_tensors *tensors, const lws_checkpoint_data *data)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_create(path, &file));
    lws_status status = checkpoint_each(tensors, data, write_array, file);
    if (status == LWS_OK)
        status = checkpoint_write_meta(file, meta, config);
    if (status == LWS_OK)
        status = write_digest(file, meta, config);
    lws_status closed = lws_h5_close(file);
    LWS_TRY(status);
    LWS_TRY(closed);
    return checkpoint_verify_own(path);
}

lws_status lws_checkpoint_write(const char *folder, const lws_checkpoint_meta *meta, const char *config,
                                const lws_tensors *tensors, const lws_checkpoint_data *data, char *path)
{
    lws_output out;
    lws_checkpoint_path(folder, meta->step, path);
    LWS_TRY(check_room(folder, tensors, data->slots));
    LWS_TRY(checkpoint_make_way(path, meta->step));
    LWS_TRY(lws_output_open(path, &out));
    lws_status status = write_temporary(out.path, meta, config, tensors, data);
    if (status == LWS_OK)
        return lws_output_commit(&out);
    lws_output_discard(&out);
    return status;
}
