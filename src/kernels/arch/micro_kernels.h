/* Kernels that are written for the registers of one instruction set: private to this folder.
 *
 * An algorithm that only needs its loops compiled for each instruction set is a plain function under LWS_VARIANTS
 * (base/simd.h). One whose shape follows the number and width of the registers is taken apart: what is the same
 * everywhere stays in the folder above, and its innermost part, the micro-kernel, stands here, a folder for each
 * instruction set and a row of a table that LWS_VARIANTS' own variable, lws_arch_in_use, picks. What folders share is a
 * template (arch/NAME_template.h) that each includes with its own vectors. All give the same bits.
 *
 * An instruction set more: a row in LWS_EACH_ARCH (base/simd.h) and in lws_arch_is_there() (base/arch.c); a folder
 * here; a row in micro_kernels.c, of which the parts not yet written can be the portable ones. */
#ifndef LWS_MICRO_KERNELS_H
#define LWS_MICRO_KERNELS_H

#include "tile_gemm.h"
#include "winograd_domain.h"

#include "kernels/box_plane.h"
#include "kernels/gauss_plane.h"

enum { LINE = 16 }; /* floats in a cache line */

/* A few rows and one or two blocks of columns of a product C, and where their operands begin. */
typedef struct tile_part {
    const float *a, *b;
    float *c;
    size_t a_row, a_block, b_row, b_block, c_row, c_block;
    const float *ahead; /* A · B: what will be read next from memory, ... */
    int ahead_lines;    /* ... and how many cache lines of it to fetch every TILE steps */
} tile_part;

/* The sums of a part, over k. */
typedef void tile_kernel(int k, bool add, const tile_part *t);

typedef struct tile_kernels {
    int rows_max;                  /* of A · B: most rows at once */
    tile_kernel *const *by_rows;   /* of A · B: [rows - 1], PANEL columns */
    tile_kernel *const *by_rows_1; /* of A · B: [rows - 1], TILE columns */
    int columns;                   /* of Aᵀ · B: columns of A at once, a divisor of TILE */
    tile_kernel *by_columns, *by_columns_1;
} tile_kernels;

/* A whole plane; a template needs no part of it to be the same everywhere. */
typedef void box_plane_kernel(const lws_box_plane *p);
typedef void gauss_plane_kernel(lws_gauss_plane *p);

typedef struct micro_kernels {
    const tile_kernels *tile;                  /* matrix products: tile_gemm.h */
    winograd_weights_kernel *winograd_weights; /* see winograd_domain.h */
    box_plane_kernel *box_plane;               /* structural losses: kernels/box_plane.h */
    gauss_plane_kernel *gauss_plane;           /* the same: kernels/gauss_plane.h */
} micro_kernels;

/* Those of the instruction set in use. */
const micro_kernels *micro_kernels_in_use(void);

extern const tile_kernels tile_kernels_portable, tile_kernels_avx2, tile_kernels_avx512;
winograd_weights_kernel winograd_weights_portable, winograd_weights_avx2, winograd_weights_avx512;
box_plane_kernel box_plane_portable, box_plane_avx2, box_plane_avx512;
gauss_plane_kernel gauss_plane_portable, gauss_plane_avx2, gauss_plane_avx512;

#endif
