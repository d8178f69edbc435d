/* The configurations of runs are compared, key by key. */
#include "differ.h"

#include <string.h>

static bool differs(const page_runs *runs, const char *key)
{
    for (int i = 1; i < runs->count; i++)
        if (strcmp(page_run_value(&runs->run[i], key), page_run_value(&runs->run[0], key)) != 0)
            return true;
    return false;
}

static bool has(const differ *d, const char *key)
{
    for (int i = 0; i < d->count; i++)
        if (strcmp(d->key[i], key) == 0)
            return true;
    return false;
}

differ differ_find(const page_runs *runs)
{
    differ d = {0};
    for (int i = 0; i < runs->count; i++) {
        const config_file *f = &runs->run[i].config;
        for (int k = 0; k < f->count && d.count < DIFFER_KEYS - 1; k++)
            if (i > 0 && config_file_get(&runs->run[0].config, f->pair[k].key))
                continue; /* looked at with the first run's */
            else if (strcmp(f->pair[k].key, "data") != 0 && !has(&d, f->pair[k].key) && differs(runs, f->pair[k].key))
                d.key[d.count++] = f->pair[k].key;
    }
    if (differs(runs, "data"))
        d.key[d.count++] = "data";
    return d;
}

/* The different values of a key, up to STYLE_COLOURS; false where there are more. */
static bool values_of(const page_runs *runs, const char *key, styles *s)
{
    *s = (styles){.key = key};
    for (int i = 0; i < runs->count; i++) {
        const char *value = page_run_value(&runs->run[i], key);
        int k = 0;
        while (k < s->count && strcmp(s->name[k], value) != 0)
            k++;
        if (k == STYLE_COLOURS)
            return false;
        s->name[k] = value;
        s->count = k == s->count ? k + 1 : s->count;
    }
    return s->count > 1;
}

styles styles_choose(const page_runs *runs, const differ *d)
{
    styles s = {0};
    if (runs->count <= 12) {
        s.count = runs->count;
        for (int i = 0; i < runs->count; i++)
            s.name[i] = runs->run[i].name;
        return s;
    }
    static const char *const first[] = {"loss", "model"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (has(d, first[i]) && values_of(runs, first[i], &s))
            return s;
    for (int i = 0; i < d->count; i++)
        if (values_of(runs, d->key[i], &s))
            return s;
    return (styles){0};
}

int styles_of(const styles *s, const page_runs *runs, int run)
{
    if (!s->key)
        return s->count > 0 ? run : -1;
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->name[i], page_run_value(&runs->run[run], s->key)) == 0)
            return i;
    return -1;
}
