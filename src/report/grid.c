/* Grids of images, enlarged where they are small, as one picture. */
#include "report/grid.h"

#include "report/canvas.h"

#include "base/input.h"

#include <stdbool.h>

enum { GAP = 2 }; /* pixels between images */

lws_status lws_grid_write(const char *path, int h, int w, int c, int rows, int columns, const float *const *image)
{
    int factor = lws_canvas_factor(h, w), tall = h * factor + GAP, wide = w * factor + GAP;
    lws_canvas canvas;
    LWS_TRY(lws_canvas_make(columns * wide + GAP, rows * tall + GAP, c, &canvas));
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < columns; k++)
            lws_canvas_image(&canvas, GAP + k * wide, GAP + r * tall, h, w, factor, image[r * columns + k]);
    lws_status status = lws_canvas_write(&canvas, path);
    lws_canvas_free(&canvas);
    return status;
}

bool lws_grid_is_picture(const char *path)
{
    return lws_input_begins(path, "\211PNG\r\n\032\n", 8);
}
