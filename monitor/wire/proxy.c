#include "wire/proxy.h"

#include "base/cursor.h"

#include <string.h>

static const char line_signature[] = "PROXY ";
enum { LINE_SIGNATURE = sizeof line_signature - 1, LONGEST_LINE = 107 }; /* 2.1 */

/* 2.1: the line is sent in one piece, so a shorter start is not waited for; P begins methods of HTTP too. */
static bool begins_line(struct span bytes)
{
    return bytes.n >= LINE_SIGNATURE && memcmp(bytes.p, line_signature, LINE_SIGNATURE) == 0;
}

static bool begins_binary(struct span bytes)
{
    static const uint8_t signature[] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    const size_t n = bytes.n < sizeof signature ? bytes.n : sizeof signature;
    return n && memcmp(bytes.p, signature, n) == 0;
}

bool proxy_begins(struct span bytes)
{
    return begins_line(bytes) || begins_binary(bytes);
}

bool proxy_awaits(const struct proxy_header *p)
{
    return p->line ? p->left > 0 : p->length && (p->length < sizeof p->fixed || p->left);
}

bool proxy_is_there(const struct proxy_header *p)
{
    return (p->line || p->length == sizeof p->fixed) && !proxy_awaits(p);
}

static void follow_line(struct proxy_header *p, struct span *bytes)
{
    while (bytes->n && p->left) {
        const bool ends = bytes->p[0] == '\n';
        *bytes = span_skip(*bytes, 1);
        p->left = ends ? 0 : (uint16_t)(p->left - 1);
    }
}

static void follow_binary(struct proxy_header *p, struct span *bytes)
{
    struct span rest = *bytes;
    while (rest.n && p->length < sizeof p->fixed) {
        p->fixed[p->length++] = rest.p[0];
        rest = span_skip(rest, 1);
        if (!begins_binary(span_of(p->fixed, p->length))) {
            p->length = 0;
            return;
        }
        if (p->length == sizeof p->fixed) {
            struct cursor c = cursor_over(span_of(p->fixed + sizeof p->fixed - 2, 2));
            p->left = cursor_u16(&c);
        }
    }
    const size_t part = rest.n < p->left ? rest.n : p->left;
    p->left = (uint16_t)(p->left - part);
    *bytes = span_skip(rest, part);
}

/* Each balancer on the way may add one. */
void proxy_follow(struct proxy_header *p, struct span *bytes)
{
    do {
        if (!proxy_awaits(p)) {
            const bool line = begins_line(*bytes);
            *p = (struct proxy_header){.line = line, .left = line ? LONGEST_LINE : 0};
        }
        if (p->line)
            follow_line(p, bytes);
        else
            follow_binary(p, bytes);
    } while ((p->line || p->length) && !proxy_awaits(p) && proxy_begins(*bytes));
}
