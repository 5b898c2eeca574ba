#include "report/json.h"

struct json json_on(struct text *out)
{
    return (struct json){.out = out};
}

static void begin(struct json *j, const char *key)
{
    if (j->comma)
        text_char(j->out, ',');
    j->comma = true;
    if (key) {
        text_char(j->out, '"');
        text_put(j->out, key);
        text_put(j->out, "\":");
    }
}

void json_open(struct json *j, const char *key, char bracket)
{
    begin(j, key);
    text_char(j->out, bracket);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    text_char(j->out, bracket);
    j->comma = true;
}

void json_string(struct json *j, const char *key, const char *value)
{
    json_bytes(j, key, span_of(value, strlen(value)));
}

void json_bytes(struct json *j, const char *key, struct span value)
{
    begin(j, key);
    text_json(j->out, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
    begin(j, key);
    text_uint(j->out, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
    begin(j, key);
    text_put(j->out, value ? "true" : "false");
}

void json_hex16(struct json *j, const char *key, uint16_t value)
{
    begin(j, key);
    text_printf(j->out, "\"0x%04x\"", value);
}

void json_seconds(struct json *j, const char *key, int64_t nanoseconds)
{
    begin(j, key);
    text_seconds(j->out, nanoseconds);
}

void json_time(struct json *j, const char *key, int64_t nanoseconds)
{
    begin(j, key);
    text_char(j->out, '"');
    text_time(j->out, nanoseconds, true);
    text_char(j->out, '"');
}

void json_numbers(struct json *j, const char *key, const uint16_t *number, size_t count)
{
    json_open(j, key, '[');
    for (size_t i = 0; i < count; i++)
        json_uint(j, NULL, number[i]);
    json_close(j, ']');
}

void json_line(struct text *out, void (*write)(struct json *j, const void *what, enum detail detail),
               const void *what)
{
    if (out->cut)
        return;
    const size_t start = out->n;
    for (enum detail detail = DETAIL_FULL; detail <= DETAIL_SHORT; detail++) {
        out->n = start;
        out->cut = false;
        struct json j = json_on(out);
        write(&j, what, detail);
        text_char(out, '\n');
        if (!out->cut)
            return;
    }
    out->n = start;
    out->p[start] = '\0';
}
