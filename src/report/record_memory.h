/* Whether cJSON had the memory that it asked for: private to this folder. */
#ifndef LWS_RECORD_MEMORY_H
#define LWS_RECORD_MEMORY_H

#include <stdbool.h>

/* From now on what cJSON asks for is watched. */
void record_watch_memory(void);

/* Whether a request of this thread was refused since the latest call of this function; errno is then ENOMEM. */
bool record_ran_out(void);

#endif
