/* Images to PNGs, pixel for pixel. */
#include "report/picture.h"

#include "png.h"

#include "report/canvas.h"
#include "report/grid.h"

#include "base/input.h"

unsigned char *lws_picture_png(int h, int w, int c, const float *image, int *bytes)
{
    lws_canvas canvas;
    if (lws_canvas_make(w, h, c, &canvas) != LWS_OK)
        return NULL;
    lws_canvas_image(&canvas, 0, 0, h, w, 1, image);
    unsigned char *png = png_encode(canvas.pixels, w * c, w, h, c, bytes);
    lws_canvas_free(&canvas);
    return png;
}

lws_status lws_picture_write(const char *path, int h, int w, int c, const float *image)
{
    lws_canvas canvas;
    LWS_TRY(lws_canvas_make(w, h, c, &canvas));
    lws_canvas_image(&canvas, 0, 0, h, w, 1, image);
    lws_status status = lws_canvas_write(&canvas, path);
    lws_canvas_free(&canvas);
    return status;
}

bool lws_picture_is_own(const char *path)
{
    return lws_grid_is_picture(path) && lws_input_holds(path, PNG_MARK_AT, PNG_MARK, sizeof PNG_MARK - 1);
}
