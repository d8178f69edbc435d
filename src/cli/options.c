#include "cli.h"

#include <lwssim/log.h>
#include <stdio.h>

lws_status cli_parse(lws_config_table table, void *fields, int argc, char **argv, const char *usage,
                     const char **rest, int *rest_count, bool *done)
{
    int help;
    lws_config_defaults(table, fields);
    LWS_TRY(lws_config_parse(table, fields, argc, argv, argv[0], rest, rest_count, &help));
    *done = help;
    if (help && lws_log_is_voice()) {
        printf("%s", usage);
        lws_config_help(table, stdout);
    }
    return LWS_OK;
}
