/* The figures of the paper's Table 1. */
#include "paper.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *model, *loss;
    double ssim, mse;
} rows[] = {
    {"ae", "mse", .80, .0042},     {"ae", "ssim", .86, .0057},     {"ae", "lwssim", .89, .0054},
    {"vae", "mse", .53, .0235},    {"vae", "ssim", .60, .0244},    {"vae", "lwssim", .59, .0206},
    {"mmd-ae", "mse", .81, .0034}, {"mmd-ae", "ssim", .86, .0062}, {"mmd-ae", "lwssim", .88, .0033},
};

double paper_figure(const char *model, const char *loss, table_value which)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].model, model) != 0 || strcmp(rows[i].loss, loss) != 0)
            continue;
        if (which == VALUE_SSIM_G11 || which == VALUE_SSIM_U7)
            return rows[i].ssim;
        if (which == VALUE_MSE)
            return rows[i].mse;
    }
    return (double)NAN;
}
