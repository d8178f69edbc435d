/* CRC-32C, the checksum of event files: private to this folder. */
#ifndef LWS_CRC32C_H
#define LWS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of `count` bytes: the polynomial of Castagnoli, reflected, 0x82f63b78, as in RFC 3720, appendix B.4. */
uint32_t crc32c(const void *bytes, size_t count);

#endif
