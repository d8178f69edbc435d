/* Lines "key = value" under headings. */
#include "config_file.h"

#include "base/input.h"
#include "data/run_names.h"
#include "options/train_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = 0;
    return text;
}

/* Takes the text apart in place. */
static void split(config_file *f)
{
    const char *section = "";
    char *rest = f->text, *line;
    while ((line = strsep(&rest, "\n")) && f->count < CONFIG_PAIRS) {
        line = trim(line);
        char *equals = strchr(line, '='), *end = strchr(line, ']');
        if (line[0] == '[' && end) {
            *end = 0;
            section = line + 1;
        } else if (line[0] != '#' && line[0] != ';' && equals) {
            *equals = 0;
            f->pair[f->count++] = (config_pair){section, trim(line), trim(equals + 1)};
        }
    }
}

lws_status config_file_read(const char *run, config_file *f)
{
    char path[LWS_PATH];
    size_t length;
    memset(f, 0, sizeof *f);
    snprintf(path, sizeof path, "%s/" LWS_RUN_CONFIG, run);
    LWS_TRY(lws_input_read_text(path, "configuration file", &f->text, &length));
    split(f);
    return LWS_OK;
}

void config_file_free(config_file *f)
{
    free(f->text);
    f->text = NULL;
    f->count = 0;
}

const char *config_file_get(const config_file *f, const char *key)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->pair[i].key, key) == 0)
            return f->pair[i].value;
    return NULL;
}

bool config_is_default(const char *key, const char *value)
{
    const lws_config_key *row = lws_config_find(lws_train_table(), key);
    return !row || strcmp(row->initial, value) == 0;
}

bool config_is_of_loss(const char *key)
{
    static const char *const others[] = {"model", "kl-weight", "mmd-weight", "prior-sigma"};
    const lws_config_table table = lws_train_table();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], key) == 0)
            return true;
    const lws_config_key *row = lws_config_find(table, key);
    while (row && !row->group && row > table.keys)
        row--;
    return row && row->group && strcmp(row->group, "loss") == 0;
}
