/* A disk that fails for a while: opening files whose names hold "flaky" does not work, so many times. In the one source
 * that includes it. */
#ifndef LWS_FLAKY_H
#define LWS_FLAKY_H

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int flaky_times; /* it fails before it works again */
static int flaky_error;        /* with this errno */

int openat(int folder, const char *path, int flags, ...)
{
    if (strstr(path, "flaky") && flaky_times > 0) {
        flaky_times--;
        errno = flaky_error;
        return -1;
    }
    return (int)syscall(SYS_openat, folder, path, flags, 0);
}

#endif
