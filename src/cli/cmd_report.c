/* lwssim report: runs, or a table of them, as one HTML file to look at. */
#include "cli.h"

#include "base/folder.h"
#include "base/log.h"
#include "page/page.h"

#include <stdio.h>

static const char usage[] = "usage: lwssim report RUN|TABLE … [--output HTML]\n"
                            "Curves, reconstructions, samples, configuration and speed of runs (or of the cells of a "
                            "table), in one file\nthat asks for no other.\n";

typedef struct command {
    char output[LWS_CONFIG_TEXT];
} command;

static const lws_config_key keys[] = {
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "HTML",
     "the file to write; of a single folder " LWS_PAGE_FILE " in it by default", "options"},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

lws_status cmd_report(int argc, char **argv)
{
    command c;
    bool done;
    char own[LWS_PATH];
    int paths, threads;
    const char **path = (const char **)argv; /* what is no option, moved to the front */
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, path, &paths, &done));
    if (done)
        return LWS_OK;
    if (paths == 0)
        return lws_fail(LWS_ERR_USAGE, "report: the folder of a run is needed");
    if (paths > 1 && !c.output[0])
        return lws_fail(LWS_ERR_USAGE, "report: --output HTML is needed, as there are %d folders", paths);
    if (snprintf(own, sizeof own, "%s/" LWS_PAGE_FILE, path[0]) >= LWS_PATH)
        return lws_fail(LWS_ERR_USAGE, "report: the name of %s is too long", path[0]);
    LWS_TRY(cli_start_threads(NULL, 0, &threads));
    const char *output = c.output[0] ? c.output : own;
    LWS_TRY(lws_page_write(&(lws_page_request){.paths = paths, .path = path, .output = output}));
    lws_info("the report is in %s", output);
    return LWS_OK;
}
