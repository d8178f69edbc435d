/* Which images of a split are looked at. */
#include "view_internal.h"

view_images view_choose(const lws_dataset *dataset)
{
    int64_t rows = lws_dataset_get_info(dataset)->rows;
    return (view_images){dataset, rows, rows < VIEW_IMAGES ? rows : VIEW_IMAGES};
}

lws_status view_read(const view_images *images, int64_t first, int n, float *x)
{
    int64_t row[VIEW_IMAGES];
    for (int i = 0; i < n; i++)
        row[i] = (first + i) * images->rows / images->images;
    return lws_dataset_read(images->dataset, row, n, x);
}
