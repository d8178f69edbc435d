/* lwssim export: a trained model in the format of another program. */
#include "cli.h"

#include "base/log.h"
#include "export/export.h"
#include "inference/inference.h"

#define FORMAT_HELP(name, ending, summary) "  " #name "  " summary "; *" ending "\n"
static const char usage[] = "usage: lwssim export --run DIR|--checkpoint FILE --output FILE [--format NAME]\n\n"
                            "formats:\n" LWS_EXPORT_FORMATS(FORMAT_HELP);

typedef struct command {
    cli_model model;
    char output[LWS_CONFIG_TEXT];
    int format;
} command;

#define FORMAT_CHOICE(name, ending, summary) "|" #name
static const lws_config_key keys[] = {
    CLI_MODEL_KEYS(command),
    {"format", LWS_CONFIG_CHOICE, offsetof(command, format), "auto", 0, 0, "auto" LWS_EXPORT_FORMATS(FORMAT_CHOICE),
     "what to write; auto: by the output's name", NULL},
    {"output", LWS_CONFIG_STRING, offsetof(command, output), "", 0, 0, "FILE", "the file to write", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

#define FORMAT_NAME(name, ending, summary) " " #name

/* The number of the format to write. */
static lws_status choose_format(const command *c, int *format)
{
    *format = c->format - 1; /* the first choice is auto */
    if (*format < 0)
        *format = lws_export_format_of(c->output);
    if (*format < 0)
        return lws_fail(LWS_ERR_USAGE, "--output %s: no format has files of such names, so give --format, one of%s",
                        c->output, "" LWS_EXPORT_FORMATS(FORMAT_NAME));
    return LWS_OK;
}

lws_status cmd_export(int argc, char **argv)
{
    command c;
    bool done;
    int threads, format;
    lws_inference_model trained;
    LWS_TRY(cli_parse(table, &c, argc, argv, usage, NULL, NULL, &done));
    if (done)
        return LWS_OK;
    if (!c.output[0])
        return lws_fail(LWS_ERR_USAGE, "export: --output is needed");
    LWS_TRY(choose_format(&c, &format));
    LWS_TRY(cli_check_output("--output", c.output, (const char *const[]){c.model.checkpoint, c.model.run, NULL}));
    LWS_TRY(cli_check_own("--output", c.output, lws_export_is_own(format, c.output)));
    LWS_TRY(cli_start_threads(NULL, 1, &threads));
    LWS_TRY(lws_inference_load(NULL, c.model.checkpoint, c.model.run, c.model.best, &trained));
    lws_status status = lws_export(format, &trained, c.output);
    if (status == LWS_OK)
        lws_info("the model of %s in %s", trained.path, c.output);
    lws_inference_free(&trained);
    return status;
}
