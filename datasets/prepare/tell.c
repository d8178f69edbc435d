/* What was inferred of the images, and what was left out, for the person at the terminal. */
#include "plan.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>

enum { NUMBER = 32, LINE = 512 };

/* "202,599" */
static const char *grouped(char text[NUMBER], int64_t n)
{
    char digits[NUMBER];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    return text;
}

/* "7,000 of the 202,599 images of Celeb-A" */
static void tell_what(const lws_prepare *plan, char text[LINE])
{
    char there[NUMBER], whole[NUMBER];
    grouped(there, plan->listed);
    grouped(whole, LWS_CELEBA_IMAGES);
    if (plan->source->kind->draw)
        snprintf(text, LINE, "%s %s", there, plan->source->kind->name);
    else if (plan->recipe.kind != LWS_RECIPE_CELEBA || plan->listed > LWS_CELEBA_IMAGES)
        snprintf(text, LINE, "%s image%s", there, lws_plural(plan->listed));
    else if (plan->listed == LWS_CELEBA_IMAGES)
        snprintf(text, LINE, "all %s images of Celeb-A", whole);
    else
        snprintf(text, LINE, "%s of the %s images of Celeb-A", there, whole);
}

static void tell_split(const lws_prepare *plan, char text[LINE])
{
    const double *f = plan->recipe.fraction;
    if (!plan->partition[0])
        snprintf(text, LINE, "random split %.15g,%.15g,%.15g, seed %lld", f[0], f[1], f[2],
                 (long long)plan->options.seed);
    else
        snprintf(text, LINE, "%s by %.400s", plan->is_official ? "official split" : "split", plan->partition);
}

/* Celeb-A whose split is not the published one. */
static void warn_of_split(const lws_prepare *plan)
{
    const int64_t *in = plan->images_in_split, *want = lws_celeba_split;
    bool differs = false;
    for (int s = 0; s < LWS_SPLITS; s++)
        differs = differs || in[s] != want[s];
    if (!plan->partition[0] && plan->is_celeba)
        lws_warn("these look like images of Celeb-A, and their split is random, not the official one: there is no "
                 "list_eval_partition.txt or .csv in %s, beside it, or in a folder Eval there; --partition FILE gives "
                 "one",
                 plan->options.input);
    else if (plan->is_official && plan->listed == LWS_CELEBA_IMAGES && !plan->options.limit && differs)
        lws_warn("the official split of Celeb-A has %lld, %lld and %lld images, and %s gives %lld, %lld and %lld",
                 (long long)want[0], (long long)want[1], (long long)want[2], plan->partition, (long long)in[0],
                 (long long)in[1], (long long)in[2]);
}

/* Where images and list do not fit. Names without an image are no fault where a part of Celeb-A is meant. */
static void warn_of_partition(const lws_prepare *plan)
{
    const lws_partition_report *p = &plan->partition_report;
    char count[NUMBER], of[NUMBER];
    if (p->unlisted)
        lws_warn("%s of %s images are left out, for %s does not name them: %.200s%s", grouped(count, p->unlisted),
                 grouped(of, plan->listed), plan->partition, p->unlisted_names[0] ? p->unlisted_names[0] : "?",
                 p->unlisted > 1 ? ", …" : "");
    if (p->absent)
        (plan->is_official ? lws_info : lws_warn)(
            "%s of %s names in %s are of no image: %.200s%s", grouped(count, p->absent), grouped(of, p->lines),
            plan->partition, p->absent_names[0] ? p->absent_names[0] : "?", p->absent > 1 ? ", …" : "");
}

/* "2 videos, 1 text" */
static void tell_others(const lws_source *source)
{
    static const char *const words[LWS_OTHER_KINDS] = {[LWS_OTHER_FORMAT] = "picture%s of formats that are not read",
                                                       [LWS_OTHER_VIDEO] = "video%s",
                                                       [LWS_OTHER_SOUND] = "sound%s",
                                                       [LWS_OTHER_TEXT] = "text%s",
                                                       [LWS_OTHER_DOCUMENT] = "document%s",
                                                       [LWS_OTHER_ARCHIVE] = "archive%s",
                                                       [LWS_OTHER_DATA] = "file%s of data",
                                                       [LWS_OTHER_FILE] = "other file%s"};
    char text[LINE] = "";
    for (int kind = 0, at = 0; kind < LWS_OTHER_KINDS; kind++) {
        int64_t n = source->others_of[kind];
        char word[64];
        snprintf(word, sizeof word, words[kind], lws_plural(n));
        if (n > 0)
            at += snprintf(text + at, sizeof text - (size_t)at, "%s%lld %s", at ? ", " : "", (long long)n, word);
    }
    if (source->others)
        (source->others_of[LWS_OTHER_FORMAT] ? lws_warn : lws_info)("not taken, for they are no images: %s", text);
}

static void warn_of_odd(const lws_source_odd *odd, const char *what)
{
    if (odd->count)
        lws_warn("left out: %lld %s: %.200s%s", (long long)odd->count, what, odd->first, odd->count > 1 ? ", …" : "");
}

void lws_prepare_tell(const lws_prepare *plan)
{
    char what[LINE], split[LINE], crop[LWS_RECIPE_CROP], n[LWS_SPLITS][NUMBER];
    for (int s = 0; s < LWS_SPLITS; s++)
        grouped(n[s], plan->images_in_split[s]);
    tell_what(plan, what);
    tell_split(plan, split);
    lws_info("prepare: %s: recipe %s%s, crop %s, %s: %s to train, %s valid, %s test", what,
             lws_recipe_name(plan->recipe.kind), plan->is_inferred ? " by names and sizes" : "",
             lws_recipe_crop_text(&plan->recipe, crop), split, n[0], n[1], n[2]);
    tell_others(plan->source);
    warn_of_odd(&plan->source->devices, "of pipes, sockets and devices, which are not opened");
    warn_of_odd(&plan->source->outside, "whose names lead out of the archive");
    warn_of_split(plan);
    warn_of_partition(plan);
}
