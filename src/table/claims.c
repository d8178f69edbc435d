/* The claims, each a comparison of two losses in one value. */
#include "claims.h"

#include "paper.h"
#include "stats.h"
#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const claim_verdict_text[] = {"holds", "does not", "undecided"};

static const struct {
    table_value which;
    const char *loss, *sign, *other; /* sign: ">" or "<" */
} claimed[] = {
    {VALUE_SSIM_G11, "lwssim", ">", "mse"}, {VALUE_SSIM_G11, "lwssim", ">", "ssim"},
    {VALUE_SSIM_U7, "lwssim", ">", "mse"},  {VALUE_SSIM_U7, "lwssim", ">", "ssim"},
    {VALUE_MSE, "lwssim", "<", "ssim"},     {VALUE_MSE, "lwssim", "<", "mse"},
    {VALUE_SLOPE, "lwssim", ">", "ssim"},
};
enum { CLAIMED = sizeof claimed / sizeof *claimed };

/* value [images] of one cell, with the mean that the table shows. */
static void values_of(const cell_result *cell, table_value which, double *value)
{
    if (which < IMAGE_VALUES)
        memcpy(value, cell->value[which], (size_t)cell->images * sizeof *value);
    else
        results_colour_values(cell, which, value);
}

/* Differences [seeds, images] of the seeds that both have; returns how many seeds. */
static int differences(const table_results *r, const claim *c, const char *loss, const char *other, double *d)
{
    int seeds = 0;
    for (int k = 0; k < r->count; k++) {
        const cell_result *first = &r->cell[k], *second = results_find(r, c->model, other, first->seed);
        if (strcmp(first->model, c->model) != 0 || strcmp(first->loss, loss) != 0 || !second)
            continue;
        int64_t n = first->images;
        double *of_seed = d + seeds++ * n, *subtracted = of_seed + n; /* the room for the next seed */
        values_of(first, c->which, of_seed);
        values_of(second, c->which, subtracted);
        for (int64_t i = 0; i < n; i++)
            of_seed[i] -= subtracted[i];
    }
    return seeds;
}

static claim_paper ask_paper(const claim *c, const char *loss, const char *other, double sign)
{
    if (c->which == VALUE_SLOPE) /* its Figure 1, without a number */
        return isnan(paper_figure(c->model, loss, VALUE_MSE)) ? PAPER_SAYS_NOTHING : PAPER_SAYS_SO;
    double difference = paper_figure(c->model, loss, c->which) - paper_figure(c->model, other, c->which);
    if (isnan(difference))
        return PAPER_SAYS_NOTHING;
    return sign * difference > 0 ? PAPER_SAYS_SO : PAPER_SAYS_OTHERWISE;
}

/* Fills the claim but its verdict; *p is not corrected. False where it cannot be looked at. */
static bool test_claim(const table_results *r, int number, claim *c, double *room, double *p)
{
    const char *loss = claimed[number].loss, *other = claimed[number].other, *sign = claimed[number].sign;
    c->which = claimed[number].which;
    snprintf(c->text, sizeof c->text, "%s: %s %s %s",
             c->which == VALUE_SLOPE ? "colour slope" : table_columns[c->which].title, loss, sign, other);
    c->seeds = differences(r, c, loss, other, room);
    if (c->seeds == 0)
        return false;
    stats_difference s = stats_paired(c->seeds, r->cell[0].images, room);
    c->difference = s.mean, c->low = s.low, c->high = s.high;
    *p = s.p;
    c->paper = ask_paper(c, loss, other, *sign == '>' ? 1 : -1);
    /* for now: what its sign says */
    c->verdict = (s.mean > 0) == (*sign == '>') ? CLAIM_HOLDS : CLAIM_DOES_NOT;
    return isfinite(s.mean);
}

static void correct(claims *all, double *p)
{
    stats_holm(all->count, p);
    for (int k = 0; k < all->count; k++) {
        claim *c = &all->item[k];
        c->p = p[k];
        if (!(p[k] < .05))
            c->verdict = CLAIM_UNDECIDED;
    }
}

lws_status claims_make(const table_results *results, const lws_table_names *names, claims *out)
{
    int64_t images = results->count ? results->cell[0].images : 0;
    size_t most = (size_t)names->models * CLAIMED;
    /* a row for each seed, and one to work in */
    double *room = malloc((size_t)(images + 1) * ((size_t)results->count + 1) * sizeof *room);
    double *p = malloc((most + 1) * sizeof *p);
    *out = (claims){0, calloc(most + 1, sizeof *out->item)};
    lws_status status = LWS_OK;
    if (!room || !p || !out->item)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for the statistics of a table");
    for (int m = 0; status == LWS_OK && m < names->models && images > 1; m++) {
        for (int k = 0; k < CLAIMED; k++) {
            out->item[out->count] = (claim){.model = names->model[m]};
            if (test_claim(results, k, &out->item[out->count], room, &p[out->count]))
                out->count++;
        }
    }
    if (status == LWS_OK)
        correct(out, p);
    free(room);
    free(p);
    return status;
}
