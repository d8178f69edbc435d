/* Names in the folder of a run. */
#include "data/run_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void lws_run_checkpoints(const char *run, char folder[LWS_PATH])
{
    snprintf(folder, LWS_PATH, "%s/" LWS_RUN_CHECKPOINTS, run);
}

void lws_step_name(int64_t step, const char *suffix, char name[LWS_STEP_NAME])
{
    snprintf(name, LWS_STEP_NAME, "step-%09" PRId64 "%s", step, suffix);
}

void lws_run_picture(const char *run, int64_t step, char path[LWS_PATH])
{
    char name[LWS_STEP_NAME];
    lws_step_name(step, LWS_PICTURE_SUFFIX, name);
    snprintf(path, LWS_PATH, "%s/" LWS_RUN_PICTURES "/%s", run, name);
}

int64_t lws_step_of_name(const char *name, const char *suffix)
{
    char again[LWS_STEP_NAME];
    int64_t step;
    if (sscanf(name, "step-%" SCNd64, &step) != 1 || step < 0)
        return -1;
    lws_step_name(step, suffix, again);
    return strcmp(name, again) == 0 ? step : -1;
}
