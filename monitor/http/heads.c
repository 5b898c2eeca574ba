/* Heads and lines are put together. Of a head that comes in several runs only those fields are kept that tell
 * something, so that no field makes it too long. */
#include "http/connection.h"

enum {
    FIRST_LINE_BYTES = HTTP_HEAD_BYTES / 2,
    FIELD_BYTES = HTTP_HEAD_BYTES / 4,
    LINE_ROOM = 64, /* for any line, so that its name can be read */
};

static void begin_head(struct reader *r)
{
    r->line = 0;
    r->cut = r->kept = r->target_cut = r->fields_cut = r->fields_lost = false;
}

/* The line that has ended is kept or left out. True: so has the head. */
static bool end_line(struct reader *r, enum side who)
{
    const struct span line = span_of(r->head + r->line, (size_t)r->length - r->line);
    const bool cut = r->cut;
    r->cut = false;
    if (r->line == 0) {
        r->target_cut = cut;
        r->line = r->length;
        return who == CLIENT && !cut && http_simple_request_length(line);
    }
    if (!cut && http_skip_empty_lines(line).n == 0)
        return true;
    const bool fold = line.p[0] == ' ' || line.p[0] == '\t'; /* RFC 9112 5.2 */
    const enum http_field_use use = http_field_use(line);
    r->kept = fold ? r->kept : use != HTTP_FIELD_UNUSED;
    const bool room = r->length <= HTTP_HEAD_BYTES - LINE_ROOM;
    r->fields_cut |= r->kept && cut && use != HTTP_FIELD_NAME;
    r->fields_lost |= r->kept && !room;
    if (r->kept && room)
        r->line = r->length;
    else
        r->length = r->line;
    return false;
}

static bool take_byte(struct reader *r, enum side who, uint8_t c)
{
    const size_t most = r->line ? FIELD_BYTES : FIRST_LINE_BYTES;
    const bool fits = (size_t)r->length - r->line < most && r->length < HTTP_HEAD_BYTES - 1;
    if (fits || c == '\n') /* of which there is always room for one */
        r->head[r->length++] = c;
    else
        r->cut = true;
    return c == '\n' && end_line(r, who);
}

/* A line alone: nothing but its beginning tells something. */
static bool take_byte_of_line(struct reader *r, uint8_t c)
{
    if (r->length < LINE_ROOM)
        r->head[r->length++] = c;
    return c == '\n';
}

static size_t line_length(struct span bytes)
{
    const uint8_t *end = bytes.n ? memchr(bytes.p, '\n', bytes.n) : NULL;
    return end ? (size_t)(end - bytes.p) + 1 : 0;
}

size_t head_length(enum side who, struct span bytes)
{
    const size_t simple = who == CLIENT ? http_simple_request_length(bytes) : 0;
    return simple ? simple : http_head_length(bytes);
}

struct span head_take(struct reader *r, enum side who, struct span *bytes, bool line)
{
    if (!r->length) {
        begin_head(r);
        const size_t whole = line ? line_length(*bytes) : head_length(who, *bytes);
        const struct span head = span_head(*bytes, whole);
        if (whole) {
            *bytes = span_skip(*bytes, whole);
            return head;
        }
    }
    while (bytes->n) {
        const uint8_t c = bytes->p[0];
        *bytes = span_skip(*bytes, 1);
        if (line ? !take_byte_of_line(r, c) : !take_byte(r, who, c))
            continue;
        const struct span head = span_of(r->head, r->length);
        r->length = 0;
        return head;
    }
    return span_of(NULL, 0);
}
