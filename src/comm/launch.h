/* Who has started this process, and what MPI must know of it before it starts: private to this folder. */
#ifndef LWS_LAUNCH_H
#define LWS_LAUNCH_H

#include <lwssim/status.h>

/* Before MPI starts: a process alone is kept from looking for a launcher, and what we want of Open MPI is set where the
 * user has not set it; versions that do not know a variable ignore it. LWS_ERR_USAGE where a launcher has started
 * several processes that cannot find each other. */
lws_status launch_prepare(void);

/* After: whether MPI knows as many processes as were started. LWS_ERR_USAGE. */
lws_status launch_check(int size);

#endif
