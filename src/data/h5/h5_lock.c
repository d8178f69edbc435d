/* The lock around HDF5. */
#include "h5_lock.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void h5_lock_take(void)
{
    pthread_mutex_lock(&lock);
}

lws_status h5_lock_give(lws_status status)
{
    pthread_mutex_unlock(&lock);
    return status;
}
