/* Status lines: choice of parts, spark lines, pauses. */
#include "base/status_line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- width ------------------------------------------------------------------------------------------------------ */

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

int lws_text_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += begins_character(*text);
    return columns;
}

size_t lws_text_fitting(const char *text, int columns)
{
    size_t at = 0;
    for (int used = 0; text[at]; at++) {
        used += begins_character(text[at]);
        if (used > columns)
            break;
    }
    return at;
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

enum { GAP = 2 };

static const lws_status_part *of_rank(int count, const lws_status_part *parts, int *after)
{
    const lws_status_part *found = NULL;
    for (int i = 0; i < count; i++)
        if (parts[i].rank > *after && (!found || parts[i].rank < found->rank))
            found = &parts[i];
    *after = found ? found->rank : *after;
    return found;
}

void lws_status_compose(int count, const lws_status_part *parts, int columns, char line[LWS_STATUS_LINE])
{
    const char *chosen[LWS_STATUS_PARTS_MAX] = {NULL};
    const lws_status_part *part;
    int room = columns + GAP; /* the first has none before it */
    count = count < LWS_STATUS_PARTS_MAX ? count : LWS_STATUS_PARTS_MAX;
    for (int rank = -1; (part = of_rank(count, parts, &rank));) {
        int need = lws_text_columns(part->brief) + GAP;
        if (part->brief[0] && need <= room) {
            chosen[part - parts] = part->brief;
            room -= need;
        }
    }
    for (int rank = -1; (part = of_rank(count, parts, &rank));) {
        const char *now = chosen[part - parts];
        int more = lws_text_columns(part->text) + (now ? -lws_text_columns(now) : GAP);
        if (part->text[0] && more <= room) {
            chosen[part - parts] = part->text;
            room -= more;
        }
    }
    size_t used = 0;
    line[0] = 0;
    for (int i = 0; i < count; i++)
        if (chosen[i] && used + strlen(chosen[i]) + GAP < LWS_STATUS_LINE)
            used += (size_t)snprintf(line + used, LWS_STATUS_LINE - used, "%s%s", used ? "  " : "", chosen[i]);
}

/* ---- spark lines ------------------------------------------------------------------------------------------------ */

void lws_spark_add(lws_spark *s, double value)
{
    if (!isfinite(value))
        return;
    s->of_each = s->of_each > 0 ? s->of_each : 1;
    s->last_sum += value;
    if (++s->last < s->of_each)
        return;
    s->sum[s->bins++] = s->last_sum;
    s->last_sum = s->last = 0;
    if (s->bins < LWS_SPARK_BINS)
        return;
    for (int i = 0; i < LWS_SPARK_BINS / 2; i++)
        s->sum[i] = s->sum[2 * i] + s->sum[2 * i + 1];
    s->bins = LWS_SPARK_BINS / 2;
    s->of_each *= 2;
}

enum { LEVELS = 8 };
static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const plain[LEVELS] = {"_", ".", "-", "~", "=", "+", "*", "#"};

void lws_spark_draw(const lws_spark *s, int columns, bool unicode, char line[LWS_STATUS_LINE])
{
    double height[LWS_SPARK_BINS], low = INFINITY, high = -INFINITY;
    int bars = columns < s->bins ? columns : s->bins;
    size_t used = 0;
    line[0] = 0;
    if (bars < 2)
        return;
    for (int k = 0; k < bars; k++) {
        int from = k * s->bins / bars, to = (k + 1) * s->bins / bars;
        height[k] = 0;
        for (int i = from; i < to; i++)
            height[k] += s->sum[i] / ((double)s->of_each * (to - from));
        low = fmin(low, height[k]);
        high = fmax(high, height[k]);
    }
    bool is_log = low > 0;
    double bottom = is_log ? log(low) : low, span = (is_log ? log(high) : high) - bottom;
    for (int k = 0; k < bars; k++) {
        double part = span > 0 ? ((is_log ? log(height[k]) : height[k]) - bottom) / span : 0;
        int level = (int)(part * (LEVELS - 1) + .5);
        used += (size_t)snprintf(line + used, LWS_STATUS_LINE - used, "%s", (unicode ? blocks : plain)[level]);
    }
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

void lws_status_duration(double seconds, char text[LWS_STATUS_DURATION])
{
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(text, LWS_STATUS_DURATION, "? left");
        return;
    }
    long s = (long)(seconds + .5);
    if (s >= 3600)
        snprintf(text, LWS_STATUS_DURATION, "%ldh%02ldm left", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(text, LWS_STATUS_DURATION, "%ldm%02lds left", s / 60, s % 60);
    else
        snprintf(text, LWS_STATUS_DURATION, "%lds left", s);
}

double lws_status_pause(bool is_terminal, double running)
{
    if (is_terminal)
        return .2;
    return running < 600 ? 10 : running < 3600 ? 60 : 300;
}
