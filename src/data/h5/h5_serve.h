/* The child that reads a file for h5_reader.c. */
#ifndef LWSSIM_H5_SERVE_H
#define LWSSIM_H5_SERVE_H

#include <stdbool.h>
#include <stdint.h>

/* To be called before a child is started: begins with HDF5 once for all of them. */
void h5_serve_prepare(void);

/* The child's life: opens `path`, says how that went, answers until the other end of `socket` closes, and ends the
 * process. size: of the file; it limits what the child may take. */
_Noreturn void h5_serve(int socket, const char *path, int64_t size);

/* A signal that a process brings upon itself. */
bool h5_is_crash(int number);

#endif
