/* The figures of an evaluation under their keys. */
#include "inference/evaluation_record.h"

static void add_estimate(lws_record *record, lws_estimate e)
{
    lws_record_number(record, "mean", e.value);
    lws_record_number(record, "standard_error", e.error);
}

void lws_evaluation_record(const lws_evaluation *e, lws_record *record)
{
    for (int m = 0; m < LWS_METRICS; m++)
        add_estimate(lws_record_object(record, lws_metric_key[m]), (lws_estimate){e->mean[m], e->error[m]});
    add_estimate(lws_record_object(record, "colour_slope"), e->colour_slope);
    add_estimate(lws_record_object(record, "colour_correlation"), e->colour_correlation);
    for (int k = 0; k < e->channels; k++)
        add_estimate(lws_record_item(record, "shift"), e->shift[k]);
}
