#include "http/identity.h"

enum { LONGEST = 512 };

struct identity {
    size_t length, scheme; /* scheme: of that many characters, 0: none */
    size_t port;           /* where ":" and a port stand at its end; 0: there is none */
    bool at;               /* "@" was passed */
    bool bracket;          /* within the brackets of an IPv6 address */
    bool too_long;
    uint8_t text[LONGEST];
};

/* The next character, percent-encoding undone, in lower case. */
static uint8_t next_character(struct span *s)
{
    uint8_t c = s->p[0];
    const int high = s->n >= 3 && c == '%' ? hex_digit(s->p[1]) : -1;
    const int low = high >= 0 ? hex_digit(s->p[2]) : -1;
    if (low >= 0) {
        c = (uint8_t)(16 * high + low);
        *s = span_skip(*s, 2);
    }
    *s = span_skip(*s, 1);
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* A display name may stand before "<", parameters of the field after ">" (RFC 3261 20.10). */
static struct span within_brackets(struct span s)
{
    const uint8_t *open = s.n ? memchr(s.p, '<', s.n) : NULL;
    if (!open)
        return s;
    s = span_skip(s, (size_t)(open - s.p) + 1);
    const uint8_t *close = s.n ? memchr(s.p, '>', s.n) : NULL;
    return close ? span_head(s, (size_t)(close - s.p)) : s;
}

static bool is_tel(const struct identity *id)
{
    return id->scheme == 3 && memcmp(id->text, "tel", 3) == 0;
}

/* RFC 3966 5.1.1. */
static bool is_visual_separator(uint8_t c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

/* In sip:user;x@domain the part before "@" is the user's, with all that is in it. */
static bool at_comes(struct span s)
{
    while (s.n)
        if (next_character(&s) == '@')
            return true;
    return false;
}

static void read_identity(struct span s, struct identity *id)
{
    *id = (struct identity){0};
    s = within_brackets(s);
    while (s.n) {
        const uint8_t c = next_character(&s);
        if (c == '"' || (is_tel(id) && is_visual_separator(c)))
            continue;
        if ((c == ';' || c == '?') && (id->at || !at_comes(s)))
            return;
        if (id->length == LONGEST) {
            id->too_long = true;
            return;
        }
        if (c == ':' && !id->scheme && !id->at)
            id->scheme = id->length;
        id->at |= c == '@';
        id->bracket = id->at && (c == '[' || (id->bracket && c != ']'));
        if (c == ':' && id->at && !id->bracket && !id->port)
            id->port = id->length;
        id->text[id->length++] = c;
    }
}

static size_t without_port(const struct identity *id)
{
    return id->port ? id->port : id->length;
}

static bool same_text(const struct identity *a, size_t a_length, const struct identity *b, size_t b_length)
{
    return a_length == b_length && memcmp(a->text, b->text, a_length) == 0;
}

enum document_owner identity_owner(struct span xui, struct span identity)
{
    struct identity a;
    struct identity b;
    read_identity(xui, &a);
    read_identity(identity, &b);
    if (!a.length || !b.length || a.too_long || b.too_long || a.scheme != b.scheme ||
        memcmp(a.text, b.text, a.scheme) != 0)
        return OWNER_NOT_TOLD;
    if (same_text(&a, a.length, &b, b.length))
        return OWNER_SAME;
    /* RFC 3261 19.1.4 tells them apart by their ports, which say where to send and not who is meant. */
    return same_text(&a, without_port(&a), &b, without_port(&b)) ? OWNER_NOT_TOLD : OWNER_FOREIGN;
}
