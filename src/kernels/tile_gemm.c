/* Matrix products: how they are cut into the parts that the micro-kernels in arch/ compute. */
#include "tile_gemm.h"

#include "arch/micro_kernels.h"

void tile_gemm(int m, int n, int k, tile_matrix a, const float *panels, tile_result c)
{
    const tile_kernels *set = micro_kernels_in_use()->tile;
    int runs = (m + set->rows_max - 1) / set->rows_max; /* of nearly equal rows: few rows are slow */
    /* The first run over a panel would wait for memory: while one panel is multiplied, the next is fetched. Behind the
     * last one lies what is multiplied next, or nothing that could be hurt by a fetch. */
    int ahead_lines = (PANEL * TILE / LINE + runs - 1) / runs;
    for (int j = 0; j < n; j += PANEL) {
        tile_kernel *const *kernels = n - j >= PANEL ? set->by_rows : set->by_rows_1;
        for (int run = 0; run < runs; run++) {
            int first = (int)((long)m * run / runs), rows = (int)((long)m * (run + 1) / runs) - first;
            kernels[rows - 1](k, c.add,
                              &(tile_part){.a = a.at + (size_t)first * a.row,
                                           .a_row = a.row,
                                           .a_block = a.block,
                                           .b = panels + (size_t)j * k,
                                           .b_row = PANEL,
                                           .b_block = TILE,
                                           .c = c.at + (size_t)first * c.row + (size_t)(j / TILE) * c.block,
                                           .c_row = c.row,
                                           .c_block = c.block,
                                           .ahead = panels + ((size_t)j + PANEL) * k + (size_t)run * ahead_lines * k,
                                           .ahead_lines = run * ahead_lines < PANEL * TILE / LINE ? ahead_lines : 0});
        }
    }
}

void tile_gemm_transposed(int m, int n, int k, tile_matrix a, tile_matrix b, tile_result c)
{
    const tile_kernels *set = micro_kernels_in_use()->tile;
    for (int j = 0; j < n; j += PANEL) {
        tile_kernel *columns = n - j >= PANEL ? set->by_columns : set->by_columns_1;
        for (int i = 0; i < m; i += set->columns)
            columns(k, c.add,
                    &(tile_part){.a = a.at + (size_t)(i / TILE) * a.block + i % TILE,
                                 .a_row = a.row,
                                 .b = b.at + (size_t)(j / TILE) * b.block,
                                 .b_row = b.row,
                                 .b_block = b.block,
                                 .c = c.at + (size_t)i * c.row + (size_t)(j / TILE) * c.block,
                                 .c_row = c.row,
                                 .c_block = c.block});
    }
}
