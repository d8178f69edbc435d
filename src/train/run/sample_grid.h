/* The reconstruction grid of the first validation (or training) images, as a picture in the run folder. */
#ifndef LWS_SAMPLE_GRID_H
#define LWS_SAMPLE_GRID_H

#include "step/trainer.h"

/* Rank 0 draws, others return. A file that is no picture of a run stays, with a warning. LWS_ERR_IO, LWS_ERR_MEMORY.
 * Not collective. */
lws_status trainer_draw_grid(const trainer *t, const char *run);

#endif
