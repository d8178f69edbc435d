/* Files and folders, and memory to read them into. */
#ifndef LWSSIM_FILES_H
#define LWSSIM_FILES_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that grows and is used again. Starts zeroed. */
typedef struct lws_bytes {
    uint8_t *data;
    size_t size, capacity;
} lws_bytes;

/* Room for `size` bytes and sets the size; what was in it may be lost. LWS_ERR_MEMORY. */
lws_status lws_bytes_reserve(lws_bytes *bytes, size_t size);
void lws_bytes_free(lws_bytes *bytes);

enum { LWS_FILE_MAX = 1 << 28 }; /* bytes of an image file; more is no image that is wanted here */

/* Reads a whole regular file below the folder descriptor. LWS_ERR_IO or LWS_ERR_FORMAT (too large) with the reason
 * alone, without the name; LWS_ERR_MEMORY. What may pass is tried again for about a second. With LWS_ERR_IO errno is
 * what the last try ended with, 0 for what is no regular file. */
lws_status lws_file_read(int folder, const char *path, lws_bytes *bytes);

/* The same for the first `most` bytes, or all where there are fewer, of a file of any size. */
lws_status lws_file_peek(int folder, const char *path, size_t most, lws_bytes *bytes);

/* True for an error number that says nothing about the file: a disk or a network that fails, too many open files. */
bool lws_file_may_pass(int error);

/* Waits before the next try: `tries` have been made, of at most LWS_FILE_TRIES. False: they are used up. */
enum { LWS_FILE_TRIES = 5 };
bool lws_file_wait(int tries);

/* "FOLDER/PREFIXnameSUFFIX", malloc()ed; NULL when out of memory. */
char *lws_path(const char *folder, const char *prefix, const char *name, const char *suffix);

#endif
