/* Reading a map of a file that was truncated meanwhile, or whose disk fails, ends a process with SIGBUS. For the maps
 * named here it ends with a message that names the file, and with exit code 1. */
#ifndef LWSSIM_MAP_GUARD_H
#define LWSSIM_MAP_GUARD_H

#include <lwssim/status.h>

#include <stddef.h>

/* Guards [base, base + bytes), a map of the file `path`, until map_guard_remove. Takes over SIGBUS; what happens
 * outside of guarded maps goes to the handler that was there before. LWS_ERR_MEMORY. */
lws_status map_guard_add(const void *base, size_t bytes, const char *path);

/* To be called before the map goes; NULL is fine. */
void map_guard_remove(const void *base);

#endif
