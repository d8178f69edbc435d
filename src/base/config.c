/* The table's rows as fields: defaults, setting from text, and back to text. */
#include "base/config.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void *field(const lws_config_key *key, void *fields)
{
    return (char *)fields + key->offset;
}

static size_t distance(const char *a, const char *b) /* Levenshtein */
{
    size_t row[128], n = strlen(b);
    if (n >= 127)
        return 127;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t up = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = up;
        }
    }
    return row[n];
}

const lws_config_key *lws_config_find(lws_config_table table, const char *name)
{
    for (size_t i = 0; i < table.count; i++)
        if (strcmp(table.keys[i].name, name) == 0)
            return &table.keys[i];
    return NULL;
}

/* What a name that is not in the table may have meant, or NULL. */
static const char *nearest_to(lws_config_table table, const char *name)
{
    size_t best = 4; /* farther than three edits is no suggestion */
    const char *nearest = NULL;
    for (size_t i = 0; i < table.count; i++) {
        size_t d = distance(name, table.keys[i].name);
        if (d < best && d < strlen(name)) {
            best = d;
            nearest = table.keys[i].name;
        }
    }
    return nearest;
}

/* Where `value` stands in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *value)
{
    size_t n = strlen(value);
    int index = 0;
    if (strchr(value, '|'))
        return -1;
    for (const char *c = choices; c; index++) {
        if (strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == 0) && n > 0)
            return index;
        c = strchr(c, '|');
        if (c)
            c++;
    }
    return -1;
}

static void choice_name(const char *choices, int index, char *out, size_t size)
{
    while (index-- > 0) {
        const char *bar = strchr(choices, '|');
        if (!bar)
            break;
        choices = bar + 1;
    }
    snprintf(out, size, "%.*s", (int)strcspn(choices, "|"), choices);
}

static bool parse_number(const char *text, bool whole, double min, double max, double *out, const char **end)
{
    char *stop;
    errno = 0;
    double v = strtod(text, &stop);
    if (stop == text || errno == ERANGE || !isfinite(v) || (whole && v != floor(v)))
        return false;
    *out = v == 0 ? 0 : v; /* -0, which is the same, would be another text */
    *end = stop + strspn(stop, " \t");
    return v >= min && v <= max;
}

static bool parse_list(const lws_config_key *key, const char *text, lws_config_list *list)
{
    lws_config_list parsed = {0};
    const char *p = text;
    while (parsed.count < LWS_CONFIG_LIST) {
        if (!parse_number(p, key->type == LWS_CONFIG_INTS, key->min, key->max, &parsed.value[parsed.count], &p))
            return false;
        parsed.count++;
        if (*p == 0) {
            *list = parsed;
            return true;
        }
        if (*p++ != ',')
            return false;
    }
    return false;
}

static bool parse_interval(const char *text, lws_config_interval *out)
{
    static const struct {
        const char *name;
        int unit;
        double factor;
    } units[] = {{"", LWS_EVERY_STEPS, 1},       {"step", LWS_EVERY_STEPS, 1},   {"steps", LWS_EVERY_STEPS, 1},
                 {"s", LWS_EVERY_SECONDS, 1},    {"min", LWS_EVERY_SECONDS, 60}, {"h", LWS_EVERY_SECONDS, 3600},
                 {"epoch", LWS_EVERY_EPOCHS, 1}, {"epochs", LWS_EVERY_EPOCHS, 1}};
    const double most = 1e15; /* steps, seconds or epochs: what is written in seconds must be read again */
    double count;
    const char *unit;
    if (!parse_number(text, false, 0, most, &count, &unit))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            if (units[i].unit != LWS_EVERY_SECONDS && count != floor(count))
                return false;
            if (count * units[i].factor > most)
                return false;
            out->count = count * units[i].factor;
            out->unit = units[i].unit;
            return true;
        }
    }
    return false;
}

static void accepted(const lws_config_key *key, char *out, size_t size)
{
    const char *kind = key->type == LWS_CONFIG_INT ? "a whole number" : "a number";
    switch (key->type) {
    case LWS_CONFIG_FLAG:
        snprintf(out, size, "true or false");
        break;
    case LWS_CONFIG_INTS:
    case LWS_CONFIG_REALS:
        snprintf(out, size, "1 to %d %s from %.15g to %.15g, with commas between", LWS_CONFIG_LIST,
                 key->type == LWS_CONFIG_INTS ? "whole numbers" : "numbers", key->min, key->max);
        break;
    case LWS_CONFIG_CHOICE:
        snprintf(out, size, "one of %s", key->choices);
        break;
    case LWS_CONFIG_INTERVAL:
        snprintf(out, size,
                 "a number of steps, or a time or epochs as 300s, 10min, 2h, 1epoch; 0 is "
                 "never");
        break;
    case LWS_CONFIG_STRING:
        snprintf(out, size, "a text shorter than %d bytes, on one line, without blanks around it", LWS_CONFIG_TEXT);
        break;
    default:
        snprintf(out, size, "%s from %.15g to %.15g", kind, key->min, key->max);
    }
}

/* A text that a "key = value" line gives back as it is. */
static bool is_plain(const char *text)
{
    size_t n = strlen(text);
    return n < LWS_CONFIG_TEXT && !strpbrk(text, "\r\n") &&
           (n == 0 || (!strchr(" \t", text[0]) && !strchr(" \t", text[n - 1])));
}

static bool assign(const lws_config_key *key, void *at, const char *value)
{
    double number;
    const char *end;
    switch (key->type) {
    case LWS_CONFIG_FLAG:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return false;
        *(bool *)at = value[0] == 't';
        return true;
    case LWS_CONFIG_INT: {
        char *stop;
        errno = 0;
        long long whole = strtoll(value, &stop, 10);
        if (stop == value || *stop || errno || (double)whole < key->min || (double)whole > key->max)
            return false;
        *(int64_t *)at = whole;
        return true;
    }
    case LWS_CONFIG_REAL:
        if (!parse_number(value, false, key->min, key->max, &number, &end) || *end)
            return false;
        *(double *)at = number;
        return true;
    case LWS_CONFIG_CHOICE: {
        int index = choice_index(key->choices, value);
        if (index >= 0)
            *(int *)at = index;
        return index >= 0;
    }
    case LWS_CONFIG_INTS:
    case LWS_CONFIG_REALS:
        return parse_list(key, value, at);
    case LWS_CONFIG_INTERVAL:
        return parse_interval(value, at);
    case LWS_CONFIG_STRING:
        if (!is_plain(value))
            return false;
        memset(at, 0, LWS_CONFIG_TEXT);
        memcpy(at, value, strlen(value));
        return true;
    }
    return false;
}

size_t lws_config_compose(size_t parts, const lws_config_part *part, size_t room, lws_config_key *keys)
{
    size_t count = 0;
    for (size_t p = 0; p < parts; p++) {
        for (size_t i = 0; i < part[p].count; i++, count++) {
            if (count >= room)
                continue;
            keys[count] = part[p].keys[i];
            keys[count].offset += part[p].offset;
        }
    }
    return count;
}

void lws_config_defaults(lws_config_table table, void *fields)
{
    for (size_t i = 0; i < table.count; i++)
        assign(&table.keys[i], field(&table.keys[i], fields), table.keys[i].initial);
}

enum { VALUE_SHOWN = 200 }; /* bytes of a wrong one: the reason is to fit behind */

lws_status lws_config_set(lws_config_table table, void *fields, const char *name, const char *value, const char *origin)
{
    const lws_config_key *key = lws_config_find(table, name);
    if (!key) {
        const char *nearest = nearest_to(table, name);
        return lws_fail(LWS_ERR_USAGE, "%s: unknown key '%s'%s%s%s", origin, name,
                        nearest ? "; did you mean '" : "; --help lists all", nearest ? nearest : "",
                        nearest ? "'?" : "");
    }
    if (!assign(key, field(key, fields), value)) {
        char range[256];
        accepted(key, range, sizeof range);
        return lws_fail(LWS_ERR_USAGE, "%s: %s = '%.*s%s' is not accepted: it takes %s", origin, name, VALUE_SHOWN,
                        value, strlen(value) > VALUE_SHOWN ? "…" : "", range);
    }
    if (table.given)
        table.given[key - table.keys] = true;
    return LWS_OK;
}

bool lws_config_is_given(lws_config_table table, const char *name)
{
    const lws_config_key *key = lws_config_find(table, name);
    return key && table.given && table.given[key - table.keys];
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void number_text(double v, char *out, size_t size)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

static void value_text(const lws_config_key *key, const void *at, char *out, size_t size)
{
    char one[32];
    switch (key->type) {
    case LWS_CONFIG_FLAG:
        snprintf(out, size, "%s", *(const bool *)at ? "true" : "false");
        break;
    case LWS_CONFIG_INT:
        snprintf(out, size, "%lld", (long long)*(const int64_t *)at);
        break;
    case LWS_CONFIG_REAL:
        number_text(*(const double *)at, out, size);
        break;
    case LWS_CONFIG_CHOICE:
        choice_name(key->choices, *(const int *)at, out, size);
        break;
    case LWS_CONFIG_INTS:
    case LWS_CONFIG_REALS: {
        const lws_config_list *list = at;
        size_t used = 0;
        out[0] = 0;
        for (int i = 0; i < list->count && used < size; i++) {
            number_text(list->value[i], one, sizeof one);
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "", one);
        }
        break;
    }
    case LWS_CONFIG_INTERVAL: {
        static const char *const unit[] = {"", "s", "epoch"};
        const lws_config_interval *every = at;
        number_text(every->count, one, sizeof one);
        snprintf(out, size, "%s%s", one, unit[every->unit]);
        break;
    }
    case LWS_CONFIG_STRING:
        snprintf(out, size, "%s", (const char *)at);
        break;
    }
}

char *lws_config_text(lws_config_table table, const void *fields)
{
    lws_text text = {0};
    for (size_t i = 0; i < table.count; i++) {
        const lws_config_key *key = &table.keys[i];
        char value[LWS_CONFIG_TEXT];
        value_text(key, (const char *)fields + key->offset, value, sizeof value);
        if (key->group)
            lws_text_add(&text, "%s[%s]\n", i ? "\n" : "", key->group);
        lws_text_add(&text, "%s = %s\n", key->name, value);
    }
    return lws_text_take(&text, NULL);
}

void lws_config_help(lws_config_table table, FILE *out)
{
    for (size_t i = 0; i < table.count; i++) {
        const lws_config_key *key = &table.keys[i];
        char left[160] = "";
        if (key->group)
            fprintf(out, "\n%s:\n", key->group);
        const char *what = "";
        switch (key->type) {
        case LWS_CONFIG_FLAG:
            break;
        case LWS_CONFIG_CHOICE:
        case LWS_CONFIG_STRING:
            what = key->choices;
            break;
        case LWS_CONFIG_INTERVAL:
            what = "N|Ns|Nmin|Nepoch";
            break;
        case LWS_CONFIG_INTS:
        case LWS_CONFIG_REALS:
            what = "N,N,…";
            break;
        default:
            what = "N";
        }
        snprintf(left, sizeof left, "--%s %s", key->name, what);
        fprintf(out, "  %-34s %s", left, key->help);
        if (key->type != LWS_CONFIG_FLAG && key->initial[0])
            fprintf(out, " [%s]", key->initial);
        fputc('\n', out);
    }
}
