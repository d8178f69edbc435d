/* What a run writes for TensorBoard, with the key `tensorboard`: see report/events.h. A disk that refuses it is no
 * reason to end a run. */
#ifndef LWS_RUN_EVENTS_H
#define LWS_RUN_EVENTS_H

#include "run/run.h"

#include "report/record.h"

/* Rank 0: begins a file, where the key is set; it goes on behind the present step. LWS_ERR_MEMORY, LWS_ERR_IO. Not
 * collective. */
lws_status run_events_open(training_run *r);

/* Rank 0: the numbers of a line of metrics.jsonl, as train/loss or valid/ssim_g11. Not collective. */
void run_events_record(const training_run *r, const lws_record *record);

/* After a step, before the next: histograms of weights and of the gradient of that step, tensor by tensor, of the codes
 * of some images, and the picture that was drawn last. Owners count their slices, so what is written has the same
 * figures on any number of ranks. Agreed: LWS_ERR_MEMORY, LWS_ERR_IO and LWS_ERR_FORMAT of the images. Collective. */
lws_status run_events_look(training_run *r);

/* Rank 0: writes what there is; a failure is a warning, once. Not collective. */
void run_events_flush(training_run *r);

#endif
