/* Names and texts of shards, built and read back. */
#include "shard_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lws_split_name[LWS_SPLITS] = {"train", "valid", "test"};

/* ---- names of files -------------------------------------------------------------------------- */

void lws_shard_name(lws_split split, int shard, int shards, char name[LWS_SHARD_NAME])
{
    snprintf(name, LWS_SHARD_NAME, "%s-%05d-of-%05d.h5", lws_split_name[split], shard, shards);
}

bool lws_shard_parse_name(const char *name, lws_shard_place *place)
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        int shard, shards;
        char again[LWS_SHARD_NAME];
        size_t n = strlen(lws_split_name[s]);
        if (strncmp(name, lws_split_name[s], n) == 0 && sscanf(name + n, "-%d-of-%d.h5", &shard, &shards) == 2) {
            *place = (lws_shard_place){(lws_split)s, shard, shards};
            lws_shard_name((lws_split)s, shard, shards, again);
            return strcmp(name, again) == 0;
        }
    }
    return false;
}

bool lws_shard_is_name(const char *name)
{
    lws_shard_place unused;
    return lws_shard_parse_name(name, &unused);
}

bool lws_shard_parse_partial(const char *name, char inner[LWS_SHARD_NAME])
{
    size_t n = strlen(name), end = sizeof LWS_SHARD_PARTIAL - 1;
    if (name[0] != '.' || n <= end + 1 || n - end > LWS_SHARD_NAME || strcmp(name + n - end, LWS_SHARD_PARTIAL) != 0)
        return false;
    snprintf(inner, LWS_SHARD_NAME, "%.*s", (int)(n - end - 1), name + 1);
    return true;
}

/* ---- texts in files -------------------------------------------------------------------------- */

lws_split shard_parse_split(const char *text)
{
    int s = 0;
    while (s < LWS_SPLITS && strcmp(text, lws_split_name[s]) != 0)
        s++;
    return (lws_split)s;
}

void lws_shard_by_split(const int64_t value[LWS_SPLITS], char text[LWS_SHARD_BY_SPLIT])
{
    size_t used = 0;
    for (int s = 0; s < LWS_SPLITS; s++)
        used += (size_t)snprintf(text + used, LWS_SHARD_BY_SPLIT - used, "%s%s:%lld", s ? "," : "", lws_split_name[s],
                                 (long long)value[s]);
}

bool shard_parse_by_split(const char *text, int64_t value[LWS_SPLITS])
{
    for (int s = 0; s < LWS_SPLITS; s++) {
        size_t n = strlen(lws_split_name[s]);
        if (strncmp(text, lws_split_name[s], n) != 0 || text[n] != ':')
            return false;
        char *end;
        value[s] = strtoll(text + n + 1, &end, 10);
        if (end == text + n + 1 || value[s] < 0 || *end != (s + 1 < LWS_SPLITS ? ',' : 0))
            return false;
        text = end + 1;
    }
    return true;
}

lws_status lws_shard_names_digest(int64_t rows, const char *const *names, char digest[LWS_DIGEST_TEXT])
{
    size_t bytes = 0, used = 0;
    for (int64_t i = 0; i < rows; i++)
        bytes += strlen(names[i]) + 1;
    char *joined = malloc(bytes + 1);
    if (!joined)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the names of %lld images", (long long)rows);
    for (int64_t i = 0; i < rows; i++) {
        size_t n = strlen(names[i]) + 1;
        memcpy(joined + used, names[i], n);
        used += n;
    }
    lws_digest(joined, bytes, digest);
    free(joined);
    return LWS_OK;
}

/* ---- marks ----------------------------------------------------------------------------------- */

lws_status shard_is_marked(lws_h5 *file, bool *is_marked)
{
    return lws_h5_has(file, "/", SHARD_SPLIT, is_marked);
}

lws_status lws_shard_peek(const char *path, bool *is_shard)
{
    lws_h5 *file;
    *is_shard = false;
    LWS_TRY(lws_h5_open(path, &file));
    lws_status status = shard_is_marked(file, is_shard);
    lws_h5_close(file);
    return status == LWS_ERR_FORMAT ? LWS_OK : status; /* what it cannot say it is not */
}
