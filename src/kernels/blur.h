/* Gaussian sums around every pixel of one plane, in double: a window stands at each pixel, and what of it lies outside
 * of the image is left out. Divided by the weight that is left of it (lws_blur_inside), the sums are means.
 *
 * Sums go along columns, the plane is turned over, and they go along its columns once more. So a plane [h, w] comes out
 * as [w, h], and what is made of it goes back through the same function: the sums are symmetric, their own adjoint.
 * Bits depend on the shape alone. Pure functions that check nothing. */
#ifndef LWSSIM_BLUR_H
#define LWSSIM_BLUR_H

enum { LWS_BLUR_RADIUS = 192 }; /* the largest */

typedef struct lws_blur {
    int radius;                            /* the window has 2 · radius + 1 pixels a side */
    double tap[2 * LWS_BLUR_RADIUS + 1];   /* 1-D weights, sum 1 */
    double below[2 * LWS_BLUR_RADIUS + 2]; /* sums of the first 0, 1, 2, … of them */
} lws_blur;

/* Standard deviation sigma > 0 in pixels; radius 0 to LWS_BLUR_RADIUS. */
lws_blur lws_blur_gaussian(double sigma, int radius);

/* inside [n]: of windows at 0 … n - 1 in a line of n pixels the weight that lies inside. In a plane it is the product
 * over both directions. */
void lws_blur_inside(const lws_blur *blur, int n, double *inside);

/* x [h, w] to out [w, h], overwritten. scratch: 2 · h · w doubles. x and out may be the same. */
void lws_blur_sums(const lws_blur *blur, int h, int w, const double *x, double *out, double *scratch);

#endif
