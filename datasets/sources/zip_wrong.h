/* Why a file cannot be opened as a zip. */
#ifndef LWSSIM_ZIP_WRONG_H
#define LWSSIM_ZIP_WRONG_H

/* For people, by how the file begins: a download that broke off, a web page, another archive. NULL: it does not say. */
const char *lws_zip_wrong(const char *path);

#endif
