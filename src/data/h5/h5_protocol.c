/* Sending between the two processes. */
#include "h5_protocol.h"

#include <errno.h>
#include <sys/socket.h>

bool h5_send(int socket, const void *data, size_t bytes)
{
    const char *from = data;
    while (bytes > 0) {
        ssize_t n = send(socket, from, bytes, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        bytes -= (size_t)n;
    }
    return true;
}
