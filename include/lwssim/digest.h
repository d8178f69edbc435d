/* Digests of data: XXH3, 64 or 128 bits. They prove that bytes are what was written; they are no defence
 * against somebody who alters them on purpose. */
#ifndef LWSSIM_DIGEST_H
#define LWSSIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { LWS_DIGEST_TEXT = 33 }; /* 32 hexadecimal digits and the end */

/* The 128-bit digest of `bytes` bytes as text. */
void lws_digest(const void *data, size_t bytes, char text[LWS_DIGEST_TEXT]);

/* The 64-bit digest, for one image or one row. */
uint64_t lws_digest64(const void *data, size_t bytes);

#endif
