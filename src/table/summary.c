/* The rows of the table: means over seeds, standard errors, and which is best. */
#include "summary.h"

#include "paper.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const table_column table_columns[TABLE_VALUES] = {
    [VALUE_SSIM_G11] = {"ssim_g11", "SSIM-G11", BETTER_MORE, 4},
    [VALUE_SSIM_U7] = {"ssim_u7", "SSIM-U7", BETTER_MORE, 4},
    [VALUE_MS_SSIM3] = {"ms_ssim3", "MS-SSIM-3", BETTER_MORE, 4},
    [VALUE_MSE] = {"mse", "MSE", BETTER_LESS, 5},
    [VALUE_PSNR] = {"psnr", "PSNR", BETTER_MORE, 2},
    [VALUE_DELTA_E] = {"delta_e", "dE2000", BETTER_LESS, 2},
    [VALUE_SLOPE] = {"colour_slope", "slope", BETTER_NEAR_ONE, 3},
    [VALUE_CORRELATION] = {"colour_correlation", "corr.", BETTER_MORE, 3},
    [VALUE_KL] = {"kl", "KL", BETTER_NEITHER, 3},
    [VALUE_MMD] = {"mmd", "MMD", BETTER_NEITHER, 5},
};

const char *summary_model_title(const char *model)
{
    static const char *const titles[][2] = {{"ae", "AE"}, {"vae", "VAE"}, {"mmd-ae", "MMD-AE"}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(model, titles[i][0]) == 0)
            return titles[i][1];
    return model;
}

/* One cell's figure, and its standard error over images. `room` [images] is for the work. */
static void cell_figure(const cell_result *cell, table_value which, double *room, double *mean, double *error)
{
    *error = (double)NAN;
    if (which == VALUE_KL || which == VALUE_MMD) {
        *mean = which == VALUE_KL ? cell->kl : cell->mmd;
    } else if (which < IMAGE_VALUES) {
        stats_mean(cell->images, cell->value[which], mean, error);
    } else {
        results_colour_values(cell, which, room);
        stats_mean(cell->images, room, mean, error);
    }
}

/* room: [images], and behind it [seeds] */
static void fill_row(const table_results *results, summary_row *row, double *room)
{
    const cell_result *cell = NULL;
    for (int v = 0; v < TABLE_VALUES; v++) {
        summary_value *value = &row->value[v];
        *value = (summary_value){(double)NAN, (double)NAN, (double)NAN, false};
        if (v != VALUE_SSIM_U7)
            value->paper = paper_figure(row->model, row->loss, (table_value)v);
        row->seeds = 0;
        for (int k = 0; k < results->count; k++) {
            cell = &results->cell[k];
            if (strcmp(cell->model, row->model) != 0 || strcmp(cell->loss, row->loss) != 0)
                continue;
            if (!row->shown || cell->seed < row->shown->seed)
                row->shown = cell;
            cell_figure(cell, (table_value)v, room, &room[cell->images + row->seeds], &value->error);
            row->seeds++;
        }
        if (row->seeds > 1)
            stats_mean(row->seeds, room + row->shown->images, &value->mean, &value->error);
        else if (row->seeds == 1)
            value->mean = room[row->shown->images];
    }
}

static double badness(better_side better, double value)
{
    return better == BETTER_MORE ? -value : better == BETTER_LESS ? value : fabs(value - 1);
}

/* Among `count` rows of a model, where there are two to choose from. */
static void mark_best(int count, summary_row *row)
{
    for (int v = 0; v < TABLE_VALUES; v++) {
        int best = -1, found = 0;
        better_side better = table_columns[v].better;
        if (better == BETTER_NEITHER)
            continue;
        for (int k = 0; k < count; k++) {
            if (isnan(row[k].value[v].mean))
                continue;
            found++;
            if (best < 0 || badness(better, row[k].value[v].mean) < badness(better, row[best].value[v].mean))
                best = k;
        }
        if (found > 1)
            row[best].value[v].is_best = true;
    }
}

lws_status summary_make(const table_results *results, const lws_table_names *names, summary *out)
{
    size_t rows = (size_t)names->models * (size_t)names->losses;
    int64_t images = results->count ? results->cell[0].images : 0;
    double *room = malloc(((size_t)images + (size_t)results->count + 1) * sizeof *room);
    *out = (summary){.images = images, .count = (int)rows, .row = calloc(rows + 1, sizeof *out->row)};
    if (!room || !out->row) {
        free(room);
        return lws_fail(LWS_ERR_MEMORY, "out of memory for a table of %zu rows", rows);
    }
    for (int k = 0; k < out->count; k++) {
        summary_row *row = &out->row[k];
        row->model = names->model[k / names->losses];
        row->loss = names->loss[k % names->losses];
        fill_row(results, row, room);
        if (row->seeds > 0 && (out->seeds_least == 0 || row->seeds < out->seeds_least))
            out->seeds_least = row->seeds;
        if (row->seeds > out->seeds_most)
            out->seeds_most = row->seeds;
    }
    for (int m = 0; m < names->models; m++)
        mark_best(names->losses, out->row + m * names->losses);
    free(room);
    return out->seeds_most > 0
               ? LWS_OK
               : lws_fail(LWS_ERR_MISMATCH, "no cell of the table is finished: there is nothing to show");
}
