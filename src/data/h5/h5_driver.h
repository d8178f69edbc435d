/* The driver through which HDF5 reaches files, in place of its own.
 *
 * HDF5 cannot close a file that it cannot flush: on a full disk its own driver leaves the file open
 * for ever, and the library crashes or loops at exit. This driver notes the first write that fails
 * and lets HDF5 believe that it and all later ones went well; whoever writes or closes asks it. It
 * takes no file locks, which cluster file systems refuse. */
#ifndef LWSSIM_H5_DRIVER_H
#define LWSSIM_H5_DRIVER_H

#include <hdf5.h>
#include <stdint.h>

/* Sets the driver in a file access property list; negative on failure, as in HDF5. */
herr_t h5_driver_set(hid_t access);

/* The errno of the first write to the file that failed; 0 for none. */
int h5_driver_error(hid_t file);

/* Bytes of the file, when it was opened or last extended. */
uint64_t h5_driver_size(hid_t file);

/* The file gets an fsync before it is closed: HDF5 writes to the last. 0, or the errno of a write that has failed. */
int h5_driver_sync(hid_t file);

/* From now on `told` is called after each piece that the disk has given; NULL: nobody is told. */
void h5_driver_tell(void (*told)(void));

/* The errno of this thread's latest failure to open or read a file, or of the first write to the
 * file that it closed last; 0 for none. Resets it. */
int h5_driver_take_errno(void);

#endif
