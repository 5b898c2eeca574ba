#include "report/exposition.h"

#include <inttypes.h>

/* A line that did not fit is taken back. */
static void end_line(struct text *t, size_t before)
{
    text_char(t, '\n');
    if (!t->cut)
        return;
    t->n = before;
    t->p[t->n] = '\0';
}

void metric_begin(struct text *t, const char *name, enum metric_type type, const char *help)
{
    const size_t before = t->n;
    text_printf(t, "# HELP %s %s\n# TYPE %s %s", name, help, name,
                type == METRIC_COUNTER ? "counter" : "gauge");
    end_line(t, before);
}

static void put_label(struct text *t, const struct label *l, char separator)
{
    text_char(t, separator);
    text_put(t, l->name);
    text_put(t, "=\"");
    for (const char *c = l->value; *c; c++) {
        if (*c == '\n') {
            text_put(t, "\\n");
            continue;
        }
        if (*c == '"' || *c == '\\')
            text_char(t, '\\');
        text_char(t, *c);
    }
    text_char(t, '"');
}

static void put_name(struct text *t, const char *name, struct label a, struct label b)
{
    text_put(t, name);
    if (a.value)
        put_label(t, &a, '{');
    if (b.value)
        put_label(t, &b, a.value ? ',' : '{');
    text_put(t, a.value || b.value ? "} " : " ");
}

void metric_value(struct text *t, const char *name, struct label a, struct label b, uint64_t value)
{
    const size_t before = t->n;
    put_name(t, name, a, b);
    text_uint(t, value);
    end_line(t, before);
}

void metric_seconds(struct text *t, const char *name, nanos time)
{
    const size_t before = t->n;
    put_name(t, name, NO_LABEL, NO_LABEL);
    text_seconds(t, time);
    end_line(t, before);
}

void metric_alone(struct text *t, const char *name, enum metric_type type, const char *help, uint64_t value)
{
    metric_begin(t, name, type, help);
    metric_value(t, name, NO_LABEL, NO_LABEL, value);
}
