/* The table filled from files and from the command line. Both formats are simple and must read back what was written
 * to the last byte, whatever its length, which the common INI libraries with their line buffers do not. */
#include "base/config.h"

#include "base/input.h"

#include <stdlib.h>
#include <string.h>

/* The part of text[0, length) without blanks around it, as a string of its own; NULL when out of memory. */
static char *trimmed(const char *text, size_t length)
{
    size_t lead = 0;
    while (lead < length && strchr(" \t\r", text[lead]))
        lead++;
    while (length > lead && strchr(" \t\r", text[length - 1]))
        length--;
    return strndup(text + lead, length - lead);
}

static lws_status read_line(lws_config_table table, void *fields, const char *text, size_t length, const char *origin,
                            int number)
{
    char where[1200];
    snprintf(where, sizeof where, "%s:%d", origin, number);
    const char *equals = memchr(text, '=', length);
    size_t lead = strspn(text, " \t\r");
    if (lead >= length || text[lead] == '#' || text[lead] == ';' || text[lead] == '[')
        return LWS_OK; /* empty, a comment, or a heading */
    if (!equals)
        return lws_fail(LWS_ERR_USAGE, "%s: not a 'key = value' line", where);
    char *key = trimmed(text, (size_t)(equals - text));
    char *value = trimmed(equals + 1, length - (size_t)(equals - text) - 1);
    lws_status status = key && value ? lws_config_set(table, fields, key, value, where)
                                     : lws_fail(LWS_ERR_MEMORY, "out of memory reading %s", origin);
    free(key);
    free(value);
    return status;
}

lws_status lws_config_read_text(lws_config_table table, void *fields, const char *text, const char *origin)
{
    for (int number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        LWS_TRY(read_line(table, fields, text, length, origin, number));
        text += length + (text[length] == '\n');
    }
    return LWS_OK;
}

lws_status lws_config_read_file(lws_config_table table, void *fields, const char *path)
{
    char *text;
    size_t length;
    lws_status status = lws_input_read_text(path, "configuration file", &text, &length);
    if (status == LWS_ERR_FORMAT) /* as other wrong lines */
        return lws_fail(LWS_ERR_USAGE, "%s", lws_message());
    LWS_TRY(status);
    status = lws_config_read_text(table, fields, text, path);
    free(text);
    return status;
}

/* argv[*at] is an option, "--name=value", "--name value" or "--flag". */
static lws_status read_option(lws_config_table table, void *fields, char **argv, int argc, int *at, const char *command)
{
    const char *option = argv[*at] + 2, *equals = strchr(option, '='), *value;
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(option, "="), option);
    const lws_config_key *key = lws_config_find(table, name);
    if (equals) {
        value = equals + 1;
    } else if (key && key->type == LWS_CONFIG_FLAG) {
        value = "true";
    } else if (*at + 1 < argc) {
        value = argv[++*at];
    } else {
        return key ? lws_fail(LWS_ERR_USAGE, "%s: --%s needs a value", command, name)
                   : lws_config_set(table, fields, name, "", command); /* says what is near */
    }
    return lws_config_set(table, fields, name, value, command);
}

lws_status lws_config_parse(lws_config_table table, void *fields, int argc, char **argv, const char *command,
                            const char **rest, int *rest_count, int *help)
{
    int options_end = 0;
    *help = 0;
    if (rest_count)
        *rest_count = 0;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (!options_end && strcmp(argument, "--") == 0) {
            options_end = 1;
        } else if (!options_end && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
            *help = 1;
        } else if (!options_end && strncmp(argument, "--", 2) == 0) {
            LWS_TRY(read_option(table, fields, argv, argc, &i, command));
        } else if (rest) {
            rest[(*rest_count)++] = argument;
        } else {
            return lws_fail(LWS_ERR_USAGE, "%s: unexpected argument '%s'", command, argument);
        }
    }
    return LWS_OK;
}
