/* Files that are read may be anything: a pipe that nobody writes to, a device, a folder. Opening one never waits. */
#ifndef LWSSIM_INPUT_H
#define LWSSIM_INPUT_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a regular file for reading; the caller closes *fd, which is -1 on failure. size (may be NULL) gets its bytes.
 * LWS_ERR_IO, also for whatever is no regular file. */
lws_status lws_input_open(const char *path, int *fd, int64_t *size);

/* *begins: whether it is a regular file that begins with these `count` bytes, at most 64. LWS_ERR_IO where it cannot be
 * read, which says nothing about what it holds. _begins: the same, false where it cannot be read. */
lws_status lws_input_look(const char *path, const void *bytes, size_t count, bool *begins);
bool lws_input_begins(const char *path, const void *bytes, size_t count);

/* As _begins, of the bytes from offset `at`. */
bool lws_input_holds(const char *path, int64_t at, const void *bytes, size_t count);

/* Reads a text of at most 256 MB whole, from a file or from a pipe such as a shell's <(command), which must bring
 * something within 10 s. *text, the caller's to free(), is ended by a zero that *length does not count; a UTF-8 byte
 * order mark is left out. `what` names it in messages ("configuration file"). LWS_ERR_IO; LWS_ERR_MEMORY;
 * LWS_ERR_FORMAT for UTF-16 and for zero bytes, naming the line. */
lws_status lws_input_read_text(const char *path, const char *what, char **text, size_t *length);

/* The same of bytes [count] that are in memory already. */
lws_status lws_input_take_text(const char *path, const char *what, const void *bytes, size_t count, char **text,
                               size_t *length);

#endif
