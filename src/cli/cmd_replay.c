/* lwssim replay: the step in which a run diverged, once more, on one rank. */
#include "cli.h"

#include "train/replay.h"

#include <stdio.h>

static const char usage[] =
    "usage: lwssim replay RUN/failure [--data DIR]\n"
    "Repeats the step that a diverged run has kept, on one rank. Exit code 0: it fails as recorded.\n";

typedef struct command {
    char data[LWS_CONFIG_TEXT];
} command;

static const lws_config_key keys[] = {
    {"data", LWS_CONFIG_STRING, offsetof(command, data), "", 0, 0, "DIR", "dataset folder; by default the run's own",
     "options"},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

static lws_status replay(lws_comm *comm, const char *folder, const command *c)
{
    lws_replay_report report;
    lws_status status = lws_replay(comm, folder, c->data, &report);
    if (report.step == 0)
        return status;
    printf("step %lld\n  recorded  %s (%s)\n  repeated  %s\n", (long long)report.step, report.recorded, report.where,
           report.found[0] ? report.found : "all of it is finite");
    if (status == LWS_OK)
        printf("the failure is reproduced\n");
    return status;
}

lws_status cmd_replay(int argc, char **argv)
{
    lws_comm *comm;
    command c;
    bool done = false;
    const char **folder = (const char **)argv; /* what is no option, moved to the front */
    int folders;
    LWS_TRY(cli_enter(&comm));
    lws_status status = cli_parse(table, &c, argc, argv, usage, folder, &folders, &done);
    if (status == LWS_OK && !done && folders != 1)
        status = lws_fail(LWS_ERR_USAGE, "replay: one folder is needed, %d given", folders);
    status = cli_agree(comm, status, argv[0], done, table, &c, (const char *const[]){"data", NULL});
    if (status == LWS_OK && !done)
        status = lws_comm_agree(comm, replay(comm, folder[0], &c));
    return cli_leave(comm, status);
}
