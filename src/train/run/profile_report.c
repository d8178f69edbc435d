/* The table and the timelines of a profile. */
#include "run/profile_report.h"

#include "base/folder.h"
#include "base/log.h"
#include "base/profile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMELINE_STEPS = 200, /* about; more would only make the file slow to open */
    EVENTS_OF_STEP = 16,  /* phases, with a few to spare */
    EVENTS_OF_MICRO = 60, /* of a micro-batch: layers in both directions, the encoder's thrice under MMD-AE */
    GROUPS_MAX = 16,
};

lws_status profile_begin(const train_context *c)
{
    if (!c->options->profile)
        return LWS_OK;
    int64_t micro_batches = own_part(c)->micro_batches;
    lws_status status = lws_profile_start(TIMELINE_STEPS * (EVENTS_OF_STEP + EVENTS_OF_MICRO * micro_batches));
    status = lws_comm_agree(c->comm, status);
    lws_comm_barrier(c->comm); /* timelines of ranks count from here: they can be laid side by side */
    return status;
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void print_entry(const lws_profile_entry *e, double steps)
{
    char name[2 * LWS_PROFILE_NAME];
    snprintf(name, sizeof name, "%*s%s", 2 * e->depth, "", e->name);
    printf("  %-34s %10.3f %10.1f %9lld %11.3f\n", name, e->seconds, percent(e->seconds, steps), (long long)e->calls,
           1e3 * e->seconds / (double)e->calls);
}

/* The sums of a kind of work over all layers and directions. */
typedef struct share {
    const char *group;
    double seconds;
} share;

static void add_share(share *shares, int *count, const lws_profile_entry *e)
{
    int i = 0;
    while (i < *count && strcmp(shares[i].group, e->group) != 0)
        i++;
    if (i == GROUPS_MAX)
        return;
    if (i == *count)
        shares[(*count)++] = (share){e->group, 0};
    shares[i].seconds += e->seconds;
}

/* Kinds of work within the steps. Stretches of a group hold none of another, so that the shares add up. */
static void print_shares(const lws_profile_entry *entry, int entries, double steps)
{
    share shares[GROUPS_MAX];
    int count = 0;
    double rest = steps, convolutions = 0;
    bool in_step = false;
    for (int i = 0; i < entries; i++) {
        if (entry[i].depth == 0)
            in_step = strcmp(entry[i].name, "step") == 0;
        if (in_step && entry[i].group[0])
            add_share(shares, &count, &entry[i]);
    }
    printf("\n  of the steps, by kind of work\n");
    for (int i = 0; i < count; i++) {
        printf("  %-34s %10.3f %10.1f\n", shares[i].group, shares[i].seconds, percent(shares[i].seconds, steps));
        rest -= shares[i].seconds;
        if (strcmp(shares[i].group, "convolution") == 0)
            convolutions = shares[i].seconds;
    }
    printf("  %-34s %10.3f %10.1f\n", "everything else", rest, percent(rest, steps));
    printf("  %-34s %10.3f %10.1f\n", "all but convolutions", steps - convolutions,
           percent(steps - convolutions, steps));
}

static void print_table(int ranks)
{
    const lws_profile_entry *entry;
    int entries = lws_profile_entries(&entry);
    double steps = 0;
    for (int i = 0; i < entries; i++)
        if (entry[i].depth == 0 && strcmp(entry[i].name, "step") == 0)
            steps = entry[i].seconds;
    flockfile(stdout); /* that trainings in other threads do not write between */
    printf("\n  profile of %-23s %10s %10s %9s %11s\n", ranks > 1 ? "rank 0" : "this run", "seconds", "% of steps",
           "calls", "ms a call");
    bool in_step = false;
    for (int i = 0; i < entries; i++) {
        if (entry[i].depth == 0)
            in_step = strcmp(entry[i].name, "step") == 0;
        if (in_step || entry[i].depth <= 1) /* layers only where training spends its time */
            print_entry(&entry[i], steps);
    }
    print_shares(entry, entries, steps);
    fflush(stdout);
    funlockfile(stdout);
}

static lws_status write_timeline(const train_context *c, const char *run)
{
    char path[LWS_PATH + 32];
    snprintf(path, sizeof path, "%s/" PROFILE_FILE, run, lws_comm_rank(c->comm));
    lws_status status = lws_profile_write(path, lws_comm_rank(c->comm));
    /* What an earlier run on more ranks left would pass for part of this one. */
    for (int r = lws_comm_size(c->comm); c->is_root; r++) {
        snprintf(path, sizeof path, "%s/" PROFILE_FILE, run, r);
        if (!lws_profile_is_timeline(path) || unlink(path) != 0)
            break;
    }
    return status;
}

lws_status profile_end(const train_context *c, const char *run, lws_status status)
{
    if (!c->options->profile)
        return status;
    if (status == LWS_OK || status == LWS_STOPPED) {
        char kept[2048]; /* the message of an early stop outlives what goes wrong here */
        snprintf(kept, sizeof kept, "%s", lws_message());
        if (c->is_root)
            print_table(lws_comm_size(c->comm));
        if (lws_comm_agree(c->comm, write_timeline(c, run)) != LWS_OK)
            lws_warn("the profile is lost: %s", lws_message());
        else
            lws_info("timeline of the first steps in %s/profile-RANK.json, for ui.perfetto.dev", run);
        if (status != LWS_OK)
            lws_fail(status, "%s", kept);
    }
    lws_profile_stop();
    return status;
}
