/* Whole preparations in one process, as the command line makes them over several. */
#ifndef LWS_PREPARED_H
#define LWS_PREPARED_H

#include "pictures.h"

#include "datasets/prepare/prepare.h"

/* Defaults, then KEY, VALUE pairs up to NULL. */
CHECK_UNUSED static lws_prepare_options options_of(const char *first, ...)
{
    lws_prepare_options o;
    va_list args;
    lws_config_defaults(lws_prepare_table, &o);
    va_start(args, first);
    for (const char *key = first; key; key = va_arg(args, const char *)) {
        lws_status status = lws_config_set(lws_prepare_table, &o, key, va_arg(args, const char *), "test");
        if (status != LWS_OK)
            print_error("%s\n", lws_message());
        assert_int_equal(status, LWS_OK);
    }
    va_end(args);
    return o;
}

/* What is known after the shards are written. */
typedef struct prepared {
    lws_prepare *plan;
    int shards;
    lws_prepare_result results[64];
    char *problems[64];
    uint64_t *digests; /* of all shards in order */
    int64_t rows, skipped;
} prepared;

CHECK_UNUSED static void prepared_free(prepared *p)
{
    for (int i = 0; i < 64; i++)
        free(p->problems[i]);
    free(p->digests);
    lws_prepare_free(p->plan);
    *p = (prepared){0};
}

/* Plan, begin, and the shards, from the last to the first if `backwards`. */
CHECK_UNUSED static lws_status prepared_write(const lws_prepare_options *o, bool backwards, prepared *p)
{
    uint64_t *digests[64] = {0};
    *p = (prepared){0};
    LWS_TRY(lws_prepare_plan(o, &p->plan));
    LWS_TRY(lws_prepare_begin(p->plan));
    p->shards = lws_prepare_shards(p->plan);
    assert_in_range(p->shards, 1, 64);
    lws_status status = LWS_OK;
    for (int i = 0; i < p->shards && status == LWS_OK; i++) {
        int s = backwards ? p->shards - 1 - i : i;
        status = lws_prepare_shard(p->plan, s, NULL, NULL, &p->results[s], &digests[s], &p->problems[s]);
        p->rows += p->results[s].rows;
        p->skipped += p->results[s].skipped;
    }
    p->digests = calloc((size_t)p->rows + 1, sizeof *p->digests);
    int64_t at = 0;
    for (int s = 0; s < p->shards; s++) {
        if (status == LWS_OK && p->results[s].rows)
            memcpy(p->digests + at, digests[s], (size_t)p->results[s].rows * sizeof **digests);
        at += p->results[s].rows;
        free(digests[s]);
    }
    return status;
}

CHECK_UNUSED static lws_status prepared_finish(prepared *p, bool backwards)
{
    for (int i = 0; i < p->shards; i++)
        LWS_TRY(lws_prepare_complete(p->plan, backwards ? p->shards - 1 - i : i, p->results, p->digests));
    return lws_prepare_publish(p->plan, p->results, (const char *const *)p->problems);
}

/* All of it; *p may be NULL. */
CHECK_UNUSED static lws_status prepare(const lws_prepare_options *o, bool backwards, prepared *p)
{
    prepared own;
    prepared *to = p ? p : &own;
    lws_status status = prepared_write(o, backwards, to);
    if (status == LWS_OK)
        status = prepared_finish(to, backwards);
    if (!p)
        prepared_free(to);
    return status;
}

CHECK_UNUSED static void prepares_(const lws_prepare_options *o, const char *file, int line)
{
    lws_status status = prepare(o, false, NULL);
    if (status == LWS_OK)
        return;
    print_error("status %d: %s\n", (int)status, lws_message());
    _fail(file, line);
}

#define prepares(o) prepares_(o, __FILE__, __LINE__)

/* Fails with this status and a message that has `part` in it. */
CHECK_UNUSED static void refuses_(const lws_prepare_options *o, lws_status wanted, const char *part, const char *file,
                                  int line)
{
    lws_status status = prepare(o, false, NULL);
    if (status == wanted && strstr(lws_message(), part))
        return;
    print_error("status %d instead of %d with '%s': %s\n", (int)status, (int)wanted, part, lws_message());
    _fail(file, line);
}

#define refuses(o, wanted, part) refuses_(o, wanted, part, __FILE__, __LINE__)

CHECK_UNUSED static lws_dataset *opened(const char *folder, lws_split split)
{
    lws_dataset *d;
    lws_status status = lws_dataset_open(folder, split, &d);
    if (status != LWS_OK)
        print_error("%s\n", lws_message());
    assert_int_equal(status, LWS_OK);
    return d;
}

CHECK_UNUSED static int64_t rows_of(const char *folder, lws_split split)
{
    lws_dataset *d = opened(folder, split);
    int64_t rows = lws_dataset_get_info(d)->rows;
    lws_dataset_close(d);
    return rows;
}

/* Are the same shards in both folders, with the same bytes? Fails where there are none. */
CHECK_UNUSED static bool same_datasets(const char *a, const char *b)
{
    int64_t found = 0;
    for (int split = 0; split < LWS_SPLITS; split++) {
        lws_dataset *x = opened(a, (lws_split)split), *y = opened(b, (lws_split)split);
        int shards = lws_dataset_get_info(x)->shards;
        bool same = shards == lws_dataset_get_info(y)->shards;
        lws_dataset_close(x);
        lws_dataset_close(y);
        for (int i = 0; i < shards && same; i++, found++) {
            char name[LWS_SHARD_NAME];
            lws_shard_name((lws_split)split, i, shards, name);
            same = same_files(path_of("%s/%s", a, name), path_of("%s/%s", b, name));
        }
        if (!same)
            return false;
    }
    assert_true(found > 0);
    return true;
}

/* Does the report hold this line, from its start? */
CHECK_UNUSED static void reports(const char *folder, const char *line)
{
    blob b = file_read(path_of("%s/%s", folder, LWS_PREPARE_REPORT));
    char *with = path_of("\n%s", line);
    bool found = strstr((char *)b.data, with) || strncmp((char *)b.data, line, strlen(line)) == 0;
    if (!found)
        print_error("no line '%s' in the report:\n%s\n", line, (char *)b.data);
    free(b.data);
    assert_true(found);
}

#endif
