/* The profile of a run, with the key `profile`: a table of rank 0's times for people, a timeline of each rank for a
 * trace viewer. */
#ifndef LWS_PROFILE_REPORT_H
#define LWS_PROFILE_REPORT_H

#include "step/context.h"

#define PROFILE_FILE "profile-%d.json" /* in the folder of the run, of a rank */

/* Begins the profile, before the loop. Collective. Agreed: LWS_ERR_MEMORY. */
lws_status profile_begin(const train_context *c);

/* Takes the loop's status and returns it; where all ranks come out of the loop in order it prints rank 0's table and
 * writes the ranks' timelines to RUN/profile-RANK.json, warning where that fails: the run itself is whole. Collective.
 */
lws_status profile_end(const train_context *c, const char *run, lws_status status);

#endif
