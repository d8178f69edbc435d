/* What every subcommand does: parse its options, agree with the other ranks, begin, end, and report a failure once. */
#include "cli.h"

#include "base/log.h"
#include "base/simd.h"
#include "comm/agreement.h"
#include "comm/watchdog.h"
#include "kernels/gemm.h"
#include "options/train_options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lws_status cli_parse(lws_config_table table, void *fields, int argc, char **argv, const char *usage, const char **rest,
                     int *rest_count, bool *done)
{
    int help;
    lws_config_defaults(table, fields);
    LWS_TRY(lws_arch_check());
    LWS_TRY(lws_config_parse(table, fields, argc, argv, argv[0], rest, rest_count, &help));
    *done = help;
    if (help && lws_log_is_root()) {
        printf("%s", usage);
        lws_config_help(table, stdout);
    }
    return LWS_OK;
}

lws_status cli_agree(lws_comm *comm, lws_status parsed, const char *command, bool help, lws_config_table table,
                     const void *fields, const char *const *own)
{
    LWS_TRY(lws_comm_agree(comm, parsed));
    LWS_TRY(lws_agree_on_program(comm, command, help, lws_gemm_core()));
    return lws_agree_on_options(comm, table, fields, own);
}

lws_status cli_compose_keys(const lws_config_key *own, size_t count, size_t at, lws_config_table *table)
{
    const lws_config_table train = lws_train_table();
    const lws_config_part part[] = {{own, count, 0}, {train.keys, train.count, at}};
    size_t all = lws_config_compose(2, part, 0, NULL);
    lws_config_key *keys = malloc(all * sizeof *keys);
    *table = (lws_config_table){keys, all, calloc(all, sizeof(bool))};
    if (!keys || !table->given)
        return lws_fail(LWS_ERR_MEMORY, "out of memory reading the command line");
    lws_config_compose(2, part, all, keys);
    return LWS_OK;
}

void cli_free_keys(lws_config_table *table)
{
    free((void *)(uintptr_t)table->keys);
    free(table->given);
}

void cli_make_absolute(char path[LWS_CONFIG_TEXT])
{
    char *absolute = realpath(path, NULL);
    if (absolute && strlen(absolute) < LWS_CONFIG_TEXT)
        snprintf(path, LWS_CONFIG_TEXT, "%s", absolute);
    free(absolute);
}

lws_status cli_agree_given(lws_comm *comm, const char *option, bool is_given)
{
    char text[64];
    snprintf(text, sizeof text, "%s = %s\n", option, is_given ? "given" : "");
    return lws_comm_compare(comm, text, "give that option to all ranks or to none");
}

lws_status cli_report(lws_status status)
{
    static bool reported = false;
    if (reported)
        return status;
    errno = 0;
    bool is_lost = fflush(stdout) != 0 || ferror(stdout);
    if (is_lost && errno != EPIPE && status == LWS_OK) /* EPIPE: whoever read it has left, which is no failure */
        status = lws_fail(LWS_ERR_IO, "cannot write to standard output: %m");
    reported = true;
    if (status == LWS_STOPPED)
        lws_info("%s", lws_message());
    else if (status != LWS_OK)
        lws_error("%s", lws_message());
    return status;
}

lws_status cli_enter(lws_comm **comm)
{
    const char *text = getenv("LWSSIM_DEADLINE");
    char *end;
    double deadline = text && *text ? strtod(text, &end) : 600;
    if (text && *text && (*end || !(deadline >= 0 && deadline < 1e9)))
        return lws_fail(LWS_ERR_USAGE, "LWSSIM_DEADLINE = %s: seconds without progress are wanted, 0 for no end", text);
    signal(SIGPIPE, SIG_IGN); /* whoever read the log has left; that is no reason to stop */
    LWS_TRY(lws_watchdog_set((lws_watch){deadline, ". (The deadline is LWSSIM_DEADLINE, in seconds.)"}, NULL));
    return lws_comm_start(comm);
}

lws_status cli_leave(lws_comm *comm, lws_status status)
{
    status = cli_report(status);
    lws_comm_barrier(comm);
    lws_comm_end(comm);
    lws_watchdog_set((lws_watch){0, NULL}, NULL);
    return status;
}

lws_status cli_run_job(const cli_job *job, int argc, char **argv)
{
    lws_comm *comm;
    bool done = false;
    LWS_TRY(cli_enter(&comm));
    void *fields = calloc(1, job->size);
    lws_config_table composed = {0}, table = {job->keys, job->key_count, NULL};
    lws_status status = job->trains ? cli_compose_keys(job->keys, job->key_count, 0, &composed) : LWS_OK;
    if (job->trains)
        table = composed;
    if (!fields)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory reading the command line");
    if (status == LWS_OK)
        status = cli_parse(table, fields, argc, argv, job->usage, NULL, NULL, &done);
    if (status == LWS_OK && !done && job->read)
        status = job->read(table, argc, argv, fields, lws_comm_size(comm));
    status = cli_agree(comm, status, argv[0], done, table, fields, job->own);
    if (status == LWS_OK && !done)
        status = job->run(comm, fields);
    cli_free_keys(&composed);
    free(fields);
    return cli_leave(comm, status);
}
