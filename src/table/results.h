/* The figures of finished cells, in memory: private to this folder.
 *
 * A cell is a folder below DIR/cells; it is finished when it has a test.json, which is written last. test.json says
 * which cell it is ("model", "loss", "seed") and has "kl" or "mmd"; test.csv has the values of every test image, a line
 * each, under the heading RESULTS_HEADING. Not collective. */
#ifndef LWS_TABLE_RESULTS_H
#define LWS_TABLE_RESULTS_H

#include "base/digest.h"
#include <lwssim/status.h>

#include <stdint.h>

#define RESULTS_HEADING                                                                                                \
    "row,name,ssim_g11,ssim_u7,ms_ssim3,mse,psnr,delta_e,colour_n,colour_o,colour_r,colour_oo,colour_or,colour_rr"

/* The values of a cell, in the order of the table's columns. The first IMAGE_VALUES are means over images. */
typedef enum table_value {
    VALUE_SSIM_G11,
    VALUE_SSIM_U7,
    VALUE_MS_SSIM3,
    VALUE_MSE,
    VALUE_PSNR,
    VALUE_DELTA_E,
    IMAGE_VALUES,
    VALUE_SLOPE = IMAGE_VALUES, /* of the opponent colours of all images together */
    VALUE_CORRELATION,
    VALUE_KL,
    VALUE_MMD,
    TABLE_VALUES
} table_value;

/* Sums over the opponent colours of an image, two a pixel: how many; of the original, of the reconstruction; of
 * products. */
enum { SUM_N, SUM_O, SUM_R, SUM_OO, SUM_OR, SUM_RR, COLOUR_SUMS };

typedef struct cell_result {
    char *folder;
    char model[64], loss[64];
    int64_t seed, images;
    double kl, mmd;               /* NaN where there is none */
    double *value[IMAGE_VALUES];  /* [images] each */
    double (*sums)[COLOUR_SUMS];  /* [images] */
    char digest[LWS_DIGEST_TEXT]; /* of the rows and names of the images */
} cell_result;

typedef struct table_results {
    int count;
    cell_result *cell; /* [count], by the names of their folders */
} table_results;

/* Reads all finished cells; results_free() in any case. LWS_ERR_IO, LWS_ERR_MEMORY; LWS_ERR_FORMAT for a damaged file;
 * LWS_ERR_MISMATCH where two are of one model, loss and seed, or not of the same images. */
lws_status results_read(const char *folder, table_results *out);
void results_free(table_results *results);

/* NULL: none that is finished. */
const cell_result *results_find(const table_results *results, const char *model, const char *loss, int64_t seed);

/* Values [images] whose mean is the slope or the correlation of the colours of all images together, and whose scatter
 * is that of the jackknife: what the figure would gain by each image. NaN where there are no colours. 2 images at least
 * (Efron and Stein, Annals of Statistics 9, 1981). */
void results_colour_values(const cell_result *cell, table_value which, double *value);

#endif
