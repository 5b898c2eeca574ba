#include "report/json.h"

struct json json_on(struct text *out)
{
    return (struct json){.out = out};
}

void json_close(struct json *j, char bracket)
{
    text_char(j->out, bracket);
    j->comma = true;
}

struct span json_written(const struct json *j, size_t start)
{
    const struct span members = span_of(j->out->p + start, j->out->n - start);
    return members.n && members.p[0] == ',' ? span_skip(members, 1) : members;
}

void json_members(struct json *j, struct span members)
{
    if (!members.n)
        return;
    json_key(j, NULL);
    text_bytes(j->out, members.p, members.n);
}

bool json_known(struct json *j, const struct member_key *key)
{
    const struct span known = j->known ? known_members_find(j->known, key) : span_of(NULL, 0);
    json_members(j, known);
    return known.n > 0;
}

void json_keep(struct json *j, const struct member_key *key, size_t start)
{
    if (j->known && !j->out->cut)
        known_members_keep(j->known, key, json_written(j, start));
}

void json_hex16(struct json *j, const char *key, uint16_t value)
{
    json_key(j, key);
    const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    text_put(j->out, "\"0x");
    text_hex(j->out, span_of(octets, sizeof octets), 0);
    text_char(j->out, '"');
}

void json_seconds(struct json *j, const char *key, int64_t nanoseconds)
{
    json_key(j, key);
    text_seconds(j->out, nanoseconds);
}

void json_time(struct json *j, const char *key, int64_t nanoseconds)
{
    json_key(j, key);
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

void json_line(struct text *out, struct known_members *known,
               void (*write)(struct json *j, const void *what, enum detail detail), const void *what)
{
    if (out->cut)
        return;
    const size_t start = out->n;
    for (enum detail detail = DETAIL_FULL; detail <= DETAIL_SHORT; detail++) {
        out->n = start;
        out->cut = false;
        struct json j = json_on(out);
        j.known = known;
        write(&j, what, detail);
        text_char(out, '\n');
        if (!out->cut)
            return;
    }
    out->n = start;
    out->p[start] = '\0';
}
