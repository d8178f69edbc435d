/* The table of losses: names, and what options mean to each. Knows no loss by name but through LOSSES. */
#include "losses.h"

#include <string.h>

#define ADDRESS(id, name) &loss_##id,
#define NAME(id, name) name,
#define CHOICE(id, name) "|" name
static const loss_row *const rows[] = {LOSSES(ADDRESS)};
static const char *const names[] = {LOSSES(NAME)};
enum { ROWS = sizeof rows / sizeof *rows };

const char *const lws_loss_choices = &LOSSES(CHOICE)[1];

const loss_row *losses_row(lws_loss_kind kind)
{
    return kind >= 0 && kind < ROWS ? rows[kind] : NULL;
}

lws_status loss_check_range(const char *name, double value, double min, double max)
{
    if (!(value >= min && value <= max))
        return lws_fail(LWS_ERR_USAGE, "loss: %s = %g is outside [%g, %g]", name, value, min, max);
    return LWS_OK;
}

int lws_loss_count(void)
{
    return ROWS;
}

const char *lws_loss_name(lws_loss_kind kind)
{
    return losses_row(kind) ? names[kind] : NULL;
}

const char *lws_loss_summary(lws_loss_kind kind)
{
    return losses_row(kind) ? rows[kind]->summary : NULL;
}

double lws_loss_fair_weight(lws_loss_kind kind)
{
    return losses_row(kind) ? rows[kind]->fair_weight : 1;
}

/* The first loss with the same options. */
static int owner(int kind)
{
    int first = 0;
    while (rows[first]->keys != rows[kind]->keys)
        first++;
    return first;
}

/* Where the options of a loss are in the block of all. */
static size_t options_at(int kind)
{
    size_t at = 0;
    for (int i = 0; i < owner(kind); i++)
        if (owner(i) == i)
            at += (rows[i]->options_size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    return at;
}

lws_config_part lws_loss_keys(lws_loss_kind kind)
{
    const loss_row *row = losses_row(kind);
    if (!row || !row->keys || owner(kind) != kind)
        return (lws_config_part){NULL, 0, 0};
    return (lws_config_part){row->keys, row->key_count, options_at(kind)};
}

lws_status lws_loss_check_options(const void *block)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i]->check_options && owner(i) == i)
            LWS_TRY(rows[i]->check_options((const char *)block + options_at(i)));
    return LWS_OK;
}

void lws_loss_resolve_options(lws_loss_kind kind, void *block)
{
    if (losses_row(kind) && rows[kind]->resolve_options)
        rows[kind]->resolve_options((char *)block + options_at(kind));
}

static lws_loss_spec read_options(lws_loss_kind kind, const void *options)
{
    lws_loss_spec spec = {.kind = kind};
    double own[LWS_LOSS_OWN] = {0};
    if (rows[kind]->options_size > 0)
        memcpy(own, options, rows[kind]->options_size);
    if (rows[kind]->resolve_options)
        rows[kind]->resolve_options(own);
    if (rows[kind]->read_options)
        rows[kind]->read_options(own, &spec);
    else
        memcpy(spec.own, own, sizeof own);
    return spec;
}

lws_loss_spec lws_loss_of_options(lws_loss_kind kind, const void *block)
{
    if (!losses_row(kind))
        return (lws_loss_spec){.kind = kind};
    return read_options(kind, (const char *)block + options_at(kind));
}

/* The loss that its defaults and then a text ask for. */
static lws_status read_text(lws_loss_kind kind, const char *text, lws_loss_spec *spec)
{
    double options[LWS_LOSS_OWN] = {0};
    if (rows[kind]->options_size > sizeof options)
        return lws_fail(LWS_ERR_USAGE, "the loss %s has more options than LWS_LOSS_OWN numbers", names[kind]);
    const lws_config_table table = {rows[kind]->keys, rows[kind]->key_count, NULL};
    lws_config_defaults(table, options);
    LWS_TRY(lws_config_read_text(table, options, text, names[kind]));
    if (rows[kind]->check_options)
        LWS_TRY(rows[kind]->check_options(options));
    *spec = read_options(kind, options);
    return LWS_OK;
}

lws_loss_spec lws_loss_defaults(lws_loss_kind kind)
{
    lws_loss_spec spec = {.kind = kind};
    if (losses_row(kind))
        read_text(kind, "", &spec);
    return spec;
}

lws_status lws_loss_find(const char *name, const char *options, lws_loss_spec *spec)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(names[i], name) == 0)
            return read_text(i, options ? options : "", spec);
    return lws_fail(LWS_ERR_USAGE, "there is no loss '%s': there are %s", name, lws_loss_choices);
}
