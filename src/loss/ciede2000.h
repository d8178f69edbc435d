/* From sRGB to CIE Lab, and the difference of two colours that people see, CIEDE2000: private to this folder.
 *
 * Both as scikit-image has them: rgb2lab with the white of D65 and 2°, deltaE_ciede2000 with kL = kC = kH = 1. Sharma,
 * Wu & Dalal 2005, "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
 * mathematical observations". Only +, -, *, / and the square root are used, which every machine rounds alike, so no
 * digit depends on the C library; powers and angles are good to about 1e-12. */
#ifndef LWS_CIEDE2000_H
#define LWS_CIEDE2000_H

enum { LAB_MOST = 64 }; /* colours at once */

typedef struct lab_colours {
    double l[LAB_MOST], a[LAB_MOST], b[LAB_MOST];
} lab_colours;

/* n <= LAB_MOST colours: red, green and blue, [n, 3]; values outside [0, 1] count as 0 or 1. */
void lab_of_rgb(int n, const double *rgb, lab_colours *lab);

/* difference [n] of n <= LAB_MOST pairs of colours. */
void ciede2000(int n, const lab_colours *x, const lab_colours *y, double *difference);

#endif
