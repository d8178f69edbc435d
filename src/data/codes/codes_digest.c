/* What the digests of a file of codes are of. */
#include "codes_format.h"

#include "base/text.h"
#include "data/shard.h"

#include <stdlib.h>

lws_status codes_digest(const lws_codes_file *c, codes_digests *d)
{
    size_t bytes = (size_t)c->n * (size_t)c->latent * sizeof *c->code, length;
    lws_text text = {0};
    lws_digest(c->code, bytes, d->code);
    LWS_TRY(lws_shard_names_digest(c->n, (const char *const *)c->name, d->names));
    lws_text_add(&text, "%s %d %d %d %s %s\n%s %s\n", c->model, c->image.h, c->image.w, c->image.c, c->checkpoint,
                 c->dataset, CODES_CODES, d->code);
    if (c->log_variance) {
        lws_digest(c->log_variance, bytes, d->log_variance);
        lws_text_add(&text, "%s %s\n", CODES_LOG_VARIANCE, d->log_variance);
    }
    lws_text_add(&text, "%s %s\n", CODES_NAMES, d->names);
    char *all = lws_text_take(&text, &length);
    if (!all)
        return lws_fail(LWS_ERR_MEMORY, "out of memory digesting codes");
    lws_digest(all, length, d->root);
    free(all);
    return LWS_OK;
}
