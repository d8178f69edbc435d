/* The table for a paper: LaTeX with booktabs, to be read by \input. */
#include "formats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_escaped(lws_text *out, const char *text)
{
    static const char *const special[][2] = {{"\\", "\\textbackslash{}"},
                                             {"~", "\\textasciitilde{}"},
                                             {"^", "\\textasciicircum{}"},
                                             {"_", "\\_"},
                                             {"&", "\\&"},
                                             {"%", "\\%"},
                                             {"$", "\\$"},
                                             {"#", "\\#"},
                                             {"{", "\\{"},
                                             {"}", "\\}"},
                                             {"<", "$<$"},
                                             {">", "$>$"}};
    for (const char *at = text; *at; at++) {
        char one[2] = {*at, 0};
        const char *as = one;
        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            if (*at == special[i][0][0])
                as = special[i][1];
        lws_text_add(out, "%s", as);
    }
}

static void add_value(lws_text *out, const summary_value *v, int decimals)
{
    lws_text_add(out, " & ");
    if (isnan(v->mean)) {
        lws_text_add(out, "--");
        return;
    }
    lws_text_add(out, v->is_best ? "\\textbf{%.*f}" : "%.*f", decimals, v->mean);
    if (!isnan(v->error))
        lws_text_add(out, " {\\scriptsize $\\pm$ %.*f}", decimals + 1, v->error);
}

static void add_model(lws_text *out, const char *model, int losses, const summary_row *row)
{
    table_value penalty = table_penalty(losses, row);
    lws_text_add(out, "\\midrule\n\\multicolumn{10}{l}{");
    add_escaped(out, summary_model_title(model));
    lws_text_add(out, "} \\\\\n");
    for (int k = 0; k < losses; k++) {
        const summary_value *v = row[k].value;
        lws_text_add(out, "\\quad ");
        add_escaped(out, row[k].loss);
        for (int c = 0; c < VALUE_KL; c++)
            add_value(out, &v[c], table_columns[c].decimals);
        table_value last = penalty == TABLE_VALUES ? VALUE_KL : penalty;
        add_value(out, &v[last], table_columns[last].decimals);
        lws_text_add(out, " \\\\\n");
        if (!isnan(v[VALUE_SSIM_G11].paper))
            lws_text_add(out, "\\quad\\quad paper & %.2f & & & %.4f & & & & & \\\\\n", v[VALUE_SSIM_G11].paper,
                         v[VALUE_MSE].paper);
    }
}

static void add_claims(lws_text *out, const claims *all)
{
    lws_text_add(out,
                 "\n\\medskip\n\\begin{tabular}{llrrrl}\n\\toprule\nmodel & claim & difference & 95\\,\\%% interval "
                 "& $p$ & \\\\\n\\midrule\n");
    for (int k = 0; k < all->count; k++) {
        const claim *c = &all->item[k];
        int decimals = table_columns[c->which].decimals;
        add_escaped(out, summary_model_title(c->model));
        lws_text_add(out, " & ");
        add_escaped(out, c->text);
        lws_text_add(out, " & $%.*f$ & $[%.*f, %.*f]$ & %s%.4f & %s \\\\\n", decimals, c->difference, decimals, c->low,
                     decimals, c->high, c->p < .0001 ? "$<$ " : "", c->p < .0001 ? .0001 : c->p,
                     claim_verdict_text[c->verdict]);
    }
    lws_text_add(out, "\\bottomrule\n\\end{tabular}\n");
}

char *table_tex(const table_document *d)
{
    const summary *s = d->summary;
    lws_text out = {0};
    lws_text_add(&out, "%% Written by lwssim. In the preamble: \\usepackage{booktabs}\n\\begin{table}\n\\centering\n"
                       "\\footnotesize\n\\setlength{\\tabcolsep}{3pt}\n\\caption{");
    add_escaped(&out, d->names->title);
    lws_text_add(&out, ". Means over %lld test image%s; $\\pm$: standard error over %s.}\n", (long long)s->images,
                 lws_plural(s->images),
                 s->seeds_most == 1   ? "images, of one seed"
                 : s->seeds_least > 1 ? "seeds"
                                      : "seeds, of one seed over images");
    lws_text_add(&out, "\\begin{tabular}{lrrrrrrrrr}\n\\toprule\n");
    for (int c = 0; c < VALUE_KL; c++)
        lws_text_add(&out, " & %s", c == VALUE_DELTA_E ? "$\\Delta E_{00}$" : table_columns[c].title);
    lws_text_add(&out, " & KL/MMD \\\\\n");
    for (int m = 0; m < d->names->models; m++)
        add_model(&out, d->names->model[m], d->names->losses, &s->row[m * d->names->losses]);
    lws_text_add(&out, "\\bottomrule\n\\end{tabular}\n");
    if (d->claims->count > 0)
        add_claims(&out, d->claims);
    lws_text_add(&out, "\\end{table}\n");
    return lws_text_take(&out, NULL);
}
