/* lwssim prepare: deals the shards of a preparation to the ranks and brings their results together. The preparation
 * itself knows no ranks (datasets/prepare). */
#include "cli.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/status_line.h"
#include "comm/comm.h"
#include "datasets/prepare/prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: lwssim prepare --input DIR|ARCHIVE --output DIR [OPTIONS]\n"
                            "       lwssim prepare --synthetic N --output DIR [OPTIONS]\n"
                            "       mpirun -n RANKS lwssim prepare …\n"
                            "The input is %s.\n";

typedef struct job {
    lws_comm *comm;
    lws_prepare *plan;
    int shards;
    int *owner;                  /* [shards] the rank that makes it */
    lws_prepare_result *results; /* [shards], of all ranks after the exchange */
    char **problems;             /* [shards] */
    uint64_t *digests;           /* of all shards in order */
    char *packed;                /* this rank's part of the exchange */
    size_t packed_bytes;
    int64_t share, done; /* images of this rank: listed, and done in finished shards */
    double start, shown;
} job;

/* Shards go, in order, to the rank with the least work so far: the same on every rank. */
static lws_status deal(job *j)
{
    int size = lws_comm_size(j->comm), rank = lws_comm_rank(j->comm);
    int64_t *load = calloc((size_t)size, sizeof *load);
    j->shards = lws_prepare_shards(j->plan);
    j->owner = calloc((size_t)j->shards + 1, sizeof *j->owner);
    j->results = calloc((size_t)j->shards + 1, sizeof *j->results);
    j->problems = calloc((size_t)j->shards + 1, sizeof *j->problems);
    if (!load || !j->owner || !j->results || !j->problems) {
        free(load);
        return lws_fail(LWS_ERR_MEMORY, "out of memory planning the shards");
    }
    for (int s = 0; s < j->shards; s++) {
        for (int r = 1; r < size; r++)
            if (load[r] < load[j->owner[s]])
                j->owner[s] = r;
        load[j->owner[s]] += lws_prepare_images(j->plan, s);
    }
    j->share = load[rank];
    free(load);
    return LWS_OK;
}

static void show(void *user, int64_t done_here)
{
    job *j = user;
    double now = lws_now();
    int64_t done = j->done + done_here;
    if (now - j->shown < lws_status_pause(lws_log_is_terminal(), now - j->start) || done == 0)
        return;
    j->shown = now;
    double rate = (double)done / (now - j->start);
    int size = lws_comm_size(j->comm);
    lws_log_status("%s%3.0f%%  %lld of %lld images%s  %.0f images/s  %s left", size > 1 ? "rank 0: " : "",
                   100 * (double)done / (double)j->share, (long long)done, (long long)j->share,
                   size > 1 ? " of its share" : "", rate, lws_duration((double)(j->share - done) / rate));
}

/* What travels of one shard, followed by its digests and its problems. */
typedef struct parcel {
    int64_t shard, text_bytes;
    lws_prepare_result result;
} parcel;

static lws_status pack(job *j, int shard, const lws_prepare_result *result, const uint64_t *digests,
                       const char *problems)
{
    parcel p = {shard, (int64_t)strlen(problems) + 1, *result};
    size_t digest_bytes = (size_t)result->rows * sizeof *digests;
    size_t total = j->packed_bytes + sizeof p + digest_bytes + (size_t)p.text_bytes;
    char *grown = realloc(j->packed, total);
    if (!grown)
        return lws_fail(LWS_ERR_MEMORY, "out of memory collecting the results");
    j->packed = grown;
    char *to = grown + j->packed_bytes;
    memcpy(to, &p, sizeof p);
    if (digest_bytes > 0)
        memcpy(to + sizeof p, digests, digest_bytes);
    memcpy(to + sizeof p + digest_bytes, problems, (size_t)p.text_bytes);
    j->packed_bytes = total;
    return LWS_OK;
}

static lws_status make_shards(job *j)
{
    j->start = lws_now();
    for (int s = 0; s < j->shards; s++) {
        if (j->owner[s] != lws_comm_rank(j->comm))
            continue;
        lws_prepare_result result;
        uint64_t *digests = NULL;
        char *problems = NULL;
        lws_status status = lws_prepare_shard(j->plan, s, show, j, &result, &digests, &problems);
        if (status == LWS_OK)
            status = pack(j, s, &result, digests, problems);
        free(digests);
        free(problems);
        LWS_TRY(status);
        j->done += lws_prepare_images(j->plan, s);
    }
    return LWS_OK;
}

static lws_status unpack(job *j, const char *all, size_t bytes)
{
    const char **digests_of = calloc((size_t)j->shards + 1, sizeof *digests_of);
    int64_t rows = 0, at = 0;
    if (!digests_of)
        return lws_fail(LWS_ERR_MEMORY, "out of memory collecting the results");
    for (const char *from = all; from < all + bytes;) {
        parcel p;
        memcpy(&p, from, sizeof p);
        digests_of[p.shard] = from + sizeof p;
        size_t digest_bytes = (size_t)p.result.rows * sizeof(uint64_t);
        j->results[p.shard] = p.result;
        j->problems[p.shard] = strdup(from + sizeof p + digest_bytes);
        rows += p.result.rows;
        from += sizeof p + digest_bytes + (size_t)p.text_bytes;
    }
    j->digests = malloc((size_t)rows * sizeof *j->digests + 1);
    lws_status status = LWS_OK;
    for (int s = 0; s < j->shards; s++) {
        if (!j->digests || !j->problems[s]) {
            status = lws_fail(LWS_ERR_MEMORY, "out of memory collecting the results");
            break;
        }
        size_t count = (size_t)j->results[s].rows;
        memcpy(j->digests + at, digests_of[s], count * sizeof *j->digests);
        at += (int64_t)count;
    }
    free(digests_of);
    return status;
}

static lws_status exchange(job *j)
{
    char *all = NULL;
    int size = lws_comm_size(j->comm);
    size_t *bytes_of = calloc((size_t)size, sizeof *bytes_of), bytes = 0;
    lws_status status = bytes_of ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory collecting the results");
    status = lws_comm_agree(j->comm, status);
    if (status == LWS_OK)
        status = lws_comm_gatherv(j->comm, j->packed, j->packed_bytes, false, &all, bytes_of);
    for (int r = 0; r < size && status == LWS_OK; r++)
        bytes += bytes_of[r];
    if (status == LWS_OK)
        status = unpack(j, all, bytes);
    free(all);
    free(bytes_of);
    return lws_comm_agree(j->comm, status);
}

static lws_status complete_shards(job *j)
{
    for (int s = 0; s < j->shards; s++)
        if (j->owner[s] == lws_comm_rank(j->comm))
            LWS_TRY(lws_prepare_complete(j->plan, s, j->results, j->digests));
    return LWS_OK;
}

/* Rank 0 makes the output folder ready, and all see to it that they see the same. */
static lws_status begin(job *j)
{
    char token[LWS_PREPARE_TOKEN] = "";
    bool root = lws_comm_rank(j->comm) == 0;
    LWS_TRY(lws_comm_agree(j->comm, root ? lws_prepare_begin(j->plan) : LWS_OK));
    if (root)
        snprintf(token, sizeof token, "%s", lws_prepare_token(j->plan));
    lws_comm_broadcast(j->comm, token, sizeof token);
    return lws_comm_agree(j->comm, root ? LWS_OK : lws_prepare_join(j->plan, token));
}

static void report(const job *j, const lws_prepare_options *options)
{
    int64_t rows = 0, skipped = 0;
    for (int s = 0; s < j->shards; s++) {
        rows += j->results[s].rows;
        skipped += j->results[s].skipped;
    }
    double seconds = lws_now() - j->start;
    lws_info("%lld images in %s (%.0f a second); dataset in %s", (long long)rows, lws_duration(seconds),
             (double)rows / seconds, options->output);
    if (skipped > 0)
        lws_warn("%lld images could not be used; %s/%s names them", (long long)skipped, options->output,
                 LWS_PREPARE_REPORT);
}

static lws_status agree_on_plan(job *j)
{
    char *plan = lws_prepare_describe(j->plan);
    lws_status status = plan ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "out of memory comparing the plans of ranks");
    status = lws_comm_agree(j->comm, status);
    if (status == LWS_OK)
        status = lws_comm_compare(j->comm, plan, "all machines must see the same images; use a shared file system");
    free(plan);
    return status;
}

static lws_status run(job *j, const lws_prepare_options *options)
{
    bool root = lws_comm_rank(j->comm) == 0;
    lws_status status = lws_prepare_plan(options, &j->plan);
    if (status == LWS_OK)
        status = deal(j);
    LWS_TRY(lws_comm_agree(j->comm, status));
    LWS_TRY(agree_on_plan(j));
    if (root)
        lws_prepare_tell(j->plan);
    status = begin(j);
    if (status == LWS_OK)
        status = lws_comm_agree(j->comm, make_shards(j));
    if (status == LWS_OK)
        status = exchange(j);
    if (status == LWS_OK)
        status = lws_comm_agree(j->comm, complete_shards(j));
    if (status == LWS_OK && root)
        status = lws_prepare_publish(j->plan, j->results, (const char *const *)j->problems);
    status = lws_comm_agree(j->comm, status);
    if (status == LWS_OK && root) {
        report(j, options);
    } else if (root) {
        char kept[2048]; /* discarding must not replace the message of what went wrong */
        snprintf(kept, sizeof kept, "%s", lws_message());
        lws_prepare_discard(j->plan);
        lws_fail(status, "%s", kept);
    }
    return status;
}

lws_status cmd_prepare(int argc, char **argv)
{
    job j = {0};
    lws_prepare_options options;
    bool done = false;
    char inputs[LWS_PREPARE_INPUTS], help[sizeof usage + sizeof inputs];
    snprintf(help, sizeof help, usage, lws_prepare_inputs(inputs));
    LWS_TRY(cli_enter(&j.comm));
    lws_status status = cli_parse(lws_prepare_table, &options, argc, argv, help, NULL, NULL, &done);
    status = cli_agree(j.comm, status, argv[0], done, lws_prepare_table, &options, NULL);
    if (status == LWS_OK && !done) {
        int threads;
        status = cli_start_threads(j.comm, 0, &threads);
        if (status == LWS_OK)
            status = run(&j, &options);
    }
    for (int s = 0; s < j.shards && j.problems; s++)
        free(j.problems[s]);
    free(j.problems);
    free(j.owner);
    free(j.results);
    free(j.digests);
    free(j.packed);
    lws_prepare_free(j.plan);
    return cli_leave(j.comm, status);
}
