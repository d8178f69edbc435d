/* Lists of values, every combination of them, and names that are fit for files. */
#include "combine.h"

#include "list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

static lws_status read_key(const char *text, combine_key *k)
{
    char value[LWS_CONFIG_TEXT];
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof k->key || !equals[1])
        return lws_fail(LWS_ERR_USAGE, "--vary '%s': 'KEY=VALUE;VALUE' is wanted", text);
    snprintf(k->key, sizeof k->key, "%.*s", (int)(equals - text), text);
    snprintf(k->values, sizeof k->values, "%s", equals + 1);
    k->count = 0;
    for (const char *at = k->values; list_next(&at, ';', value, sizeof value); k->count++)
        if (!value[0])
            return lws_fail(LWS_ERR_USAGE, "--vary '%s': a value is empty", text);
    if (!lws_config_find(lws_train_table(), k->key))
        return lws_fail(LWS_ERR_USAGE, "--vary %s: there is no such key of training; lwssim train --help lists them",
                        k->key);
    if (strcmp(k->key, "data") == 0)
        return lws_fail(LWS_ERR_USAGE, "--vary data: the cells of a sweep are compared on the same images");
    return LWS_OK;
}

void combine_value(const combine_key *k, int i, char value[LWS_CONFIG_TEXT])
{
    const char *at = k->values;
    value[0] = 0;
    for (int n = 0; n <= i; n++)
        list_next(&at, ';', value, LWS_CONFIG_TEXT);
}

/* The values as config.ini would have them, text [k->count], each to be freed: they differ where the values do, however
 * these are written. `probe`: room for options. */
static lws_status plain_values(const combine_key *k, lws_train_options *probe, char **text)
{
    char value[LWS_CONFIG_TEXT];
    const lws_config_table table = {lws_config_find(lws_train_table(), k->key), 1, NULL};
    for (int i = 0; i < k->count; i++) {
        combine_value(k, i, value);
        LWS_TRY(lws_config_set(table, probe, k->key, value, "--vary"));
        text[i] = lws_config_text(table, probe);
        if (!text[i])
            return lws_fail(LWS_ERR_MEMORY, "out of memory for the values of a sweep");
    }
    return LWS_OK;
}

static lws_status refuse_equal(const combine_key *k, char *const *text)
{
    char value[LWS_CONFIG_TEXT], other[LWS_CONFIG_TEXT];
    for (int i = 0; i < k->count; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(text[i], text[j]) == 0) {
                combine_value(k, i, value);
                combine_value(k, j, other);
                return lws_fail(LWS_ERR_USAGE, "--vary %s: '%.100s' and '%.100s' are the same value: give it once",
                                k->key, other, value);
            }
    return LWS_OK;
}

static lws_status check_values(const combine_key *k)
{
    lws_train_options *probe = malloc(sizeof *probe);
    char **text = calloc((size_t)k->count, sizeof *text);
    lws_status status = LWS_ERR_MEMORY;
    if (probe && text)
        status = plain_values(k, probe, text);
    else
        lws_fail(status, "out of memory for the values of a sweep");
    if (status == LWS_OK)
        status = refuse_equal(k, text);
    for (int i = 0; text && i < k->count; i++)
        free(text[i]);
    free(text);
    free(probe);
    return status;
}

lws_status combine_read(const char *vary, combination *c)
{
    char text[LWS_CONFIG_TEXT];
    c->keys = 0;
    c->count = 1;
    for (const char *at = vary; list_next(&at, '|', text, sizeof text); c->keys++) {
        if (c->keys == COMBINE_KEYS)
            return lws_fail(LWS_ERR_USAGE, "--vary: at most %d keys", COMBINE_KEYS);
        combine_key *k = &c->key[c->keys];
        LWS_TRY(read_key(text, k));
        for (int i = 0; i < c->keys; i++)
            if (strcmp(c->key[i].key, k->key) == 0)
                return lws_fail(LWS_ERR_USAGE, "--vary %s is given twice: put all values into one list", k->key);
        if (k->count > COMBINE_CELLS / c->count)
            return lws_fail(LWS_ERR_USAGE, "--vary: more than %d combinations", COMBINE_CELLS);
        c->count *= k->count;
        LWS_TRY(check_values(k));
    }
    return c->keys > 0 ? LWS_OK : lws_fail(LWS_ERR_USAGE, "sweep: --vary 'KEY=VALUE;VALUE' is needed");
}

int combine_index(const combination *c, int cell, int k)
{
    for (int i = c->keys - 1; i > k; i--)
        cell /= c->key[i].count;
    return cell % c->key[k].count;
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* "windows-3,7_lr-0.001": what is none of the usual characters becomes a '-'. That is a blank, and stands where no
 * value has a sign; a '+', which may tell 1e+2 from 1e-2, stays. */
static lws_status add_to_name(const char *key, const char *value, char name[LWS_TABLE_NAME])
{
    size_t used = strlen(name), room = 200; /* file systems take 255 */
    int need = snprintf(name + used, room - used, "%s%s-%s", used ? "_" : "", key, value);
    if ((size_t)need >= room - used)
        return lws_fail(LWS_ERR_USAGE, "--vary: the name of a cell, '%s', gets too long: vary fewer keys at once",
                        name);
    for (char *c = name + used; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".,_-+", *c))
            *c = '-';
    return LWS_OK;
}

static lws_status make_cell(const combination *c, int number, lws_table_cell *cell)
{
    char value[LWS_CONFIG_TEXT];
    for (int k = 0; k < c->keys; k++) {
        combine_value(&c->key[k], combine_index(c, number, k), value);
        LWS_TRY(lws_config_set(lws_train_table(), &cell->options, c->key[k].key, value, "--vary"));
        LWS_TRY(add_to_name(c->key[k].key, value, cell->name));
    }
    memcpy(cell->title, cell->name, sizeof cell->title);
    return LWS_OK;
}

lws_status combine_cells(const combination *c, const lws_train_options *base, lws_table_cell **cells)
{
    *cells = calloc((size_t)c->count, sizeof **cells);
    if (!*cells)
        return lws_fail(LWS_ERR_MEMORY, "out of memory for the cells of a sweep");
    for (int i = 0; i < c->count; i++) {
        lws_table_cell *cell = &(*cells)[i];
        cell->options = *base;
        LWS_TRY(make_cell(c, i, cell));
        for (int other = 0; other < i; other++)
            if (strcmp((*cells)[other].name, cell->name) == 0)
                return lws_fail(LWS_ERR_USAGE, "--vary: two cells would be called %s", cell->name);
    }
    return LWS_OK;
}
