/* The names that a report of a partition shows. */
#include "partition.h"

#include <stdlib.h>
#include <string.h>

void lws_partition_show(char **names, int64_t at, const char *name)
{
    if (at < LWS_PARTITION_SHOWN)
        names[at] = strdup(name); /* where memory is short, the report shows fewer */
}

void lws_partition_show_repeated(lws_partition_report *report, const char *name)
{
    lws_partition_show(report->repeated_names, report->repeated_shown, name);
    if (report->repeated_shown < LWS_PARTITION_SHOWN)
        report->repeated_shown++;
}

void lws_partition_report_free(lws_partition_report *report)
{
    for (int i = 0; i < LWS_PARTITION_SHOWN; i++) {
        free(report->absent_names[i]);
        free(report->unlisted_names[i]);
        free(report->repeated_names[i]);
    }
    *report = (lws_partition_report){0};
}
