/* Writing a file of codes. */
#include "codes_format.h"

#include "base/output.h"

static lws_status put_array(lws_h5 *file, const char *name, const lws_codes_file *c, const float *values,
                            const char *digest)
{
    LWS_TRY(lws_h5_write(file, name, LWS_H5_F32, 2, (int64_t[]){c->n, c->latent}, values));
    return lws_h5_put_text(file, name, CODES_DIGEST, digest);
}

static lws_status put_all(lws_h5 *file, const lws_codes_file *c)
{
    codes_digests d;
    LWS_TRY(codes_digest(c, &d));
    LWS_TRY(put_array(file, CODES_CODES, c, c->code, d.code));
    if (c->log_variance)
        LWS_TRY(put_array(file, CODES_LOG_VARIANCE, c, c->log_variance, d.log_variance));
    LWS_TRY(lws_h5_write_strings(file, CODES_NAMES, c->n, (const char *const *)c->name));
    LWS_TRY(lws_h5_put_text(file, "/", CODES_NAMES_DIGEST, d.names));
    LWS_TRY(lws_h5_put_text(file, "/", "kind", CODES_KIND));
    LWS_TRY(lws_h5_put_i64(file, "/", "schema", CODES_SCHEMA));
    LWS_TRY(lws_h5_put_text(file, "/", "model", c->model));
    LWS_TRY(lws_h5_put_i64(file, "/", "height", c->image.h));
    LWS_TRY(lws_h5_put_i64(file, "/", "width", c->image.w));
    LWS_TRY(lws_h5_put_i64(file, "/", "channels", c->image.c));
    LWS_TRY(lws_h5_put_text(file, "/", "checkpoint_digest", c->checkpoint));
    LWS_TRY(lws_h5_put_text(file, "/", "dataset_digest", c->dataset));
    return lws_h5_put_text(file, "/", CODES_DIGEST, d.root);
}

static lws_status verify(const char *path)
{
    lws_h5 *file;
    lws_codes_file read;
    LWS_TRY(lws_h5_open_own(path, &file));
    lws_status status = codes_read_open(file, path, false, &read);
    lws_h5_close(file);
    if (status == LWS_OK)
        lws_codes_file_free(&read);
    return status;
}

static lws_status write_temporary(const char *path, const lws_codes_file *codes)
{
    lws_h5 *file;
    LWS_TRY(lws_h5_create(path, &file));
    lws_status status = put_all(file, codes), closed = lws_h5_close(file);
    LWS_TRY(status);
    LWS_TRY(closed);
    return verify(path);
}

lws_status lws_codes_write(const char *path, const lws_codes_file *codes)
{
    lws_output out;
    LWS_TRY(lws_output_open(path, &out));
    lws_status status = write_temporary(out.path, codes);
    if (status == LWS_OK)
        return lws_output_commit(&out);
    lws_output_discard(&out);
    return status;
}
