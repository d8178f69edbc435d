/* The lock around HDF5, which the threads of this process enter one at a time: not every HDF5 is built for several
 * threads, and a child that is forked while another thread is inside one that is would wait for that thread for ever.
 *
 * It is held for one call of h5.h, never from one to the next: threads that work on one run with other processes may
 * wait for those in between. A thread may take it again, as one does that reads while it visits. */
#ifndef LWSSIM_H5_LOCK_H
#define LWSSIM_H5_LOCK_H

#include <lwssim/status.h>

void h5_lock_take(void);

/* Returns `status`. */
lws_status h5_lock_give(lws_status status);

#endif
