#include "http/identity.h"

#include <arpa/inet.h>

enum { LONGEST = 512 };

struct identity {
    size_t length, scheme; /* scheme: of that many characters, 0: none */
    size_t at;             /* position of "@"; 0: not found yet */
    bool too_long;
    uint8_t text[LONGEST + sizeof(struct in6_addr)]; /* room for "::" in full */
};

/* The next character in lower case, without the escapes of a URI (RFC 3261 19.1.2) and those that it gets as
 * a segment of a path (RFC 3986 2.1). Unescaping twice changes nothing in a URI that is not a segment, unless
 * it escapes a "%" before two digits: then two users may be taken for one, and nobody is accused. */
static uint8_t next_character(struct span *s)
{
    const uint8_t c = http_unescaped_twice(s);
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* There may be a display name before "<", and parameters of the field after ">" (RFC 3261 20.10). */
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

/* RFC 3966 5.1.4: a number that is not global says where it is valid by a parameter. */
static bool is_local_number(const struct identity *id)
{
    return is_tel(id) && id->length > id->scheme + 1 && id->text[id->scheme + 1] != '+';
}

/* In sip:user;x@domain the part before "@" is the user's, with all that is in it. */
static bool has_at(struct span s)
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
    bool with_user = has_at(s); /* asked before, as any number of semicolons may come */
    while (s.n) {
        const uint8_t c = next_character(&s);
        if (c == '"' || (is_tel(id) && is_visual_separator(c)))
            continue;
        if ((c == ';' || c == '?') && !is_local_number(id) && (id->at || !with_user))
            return;
        if (id->length == LONGEST) {
            id->too_long = true;
            return;
        }
        if (c == ':' && !id->scheme && !id->at)
            id->scheme = id->length;
        if (c == '@')
            id->at = id->length;
        if (c == '@' && !id->length)
            with_user = has_at(s);
        id->text[id->length++] = c;
    }
}

static bool same_text(const struct identity *a, const struct identity *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* The user part of a number within a URI of SIP (RFC 3261 19.1.6). */
static bool is_number(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && text[i] != '+' && !is_visual_separator(text[i]))
            return false;
    return n > 0;
}

/* The part before the "@" of a SIP URI, or the number in a tel URI. */
enum user_kind { USER_NAME, USER_NUMBER, USER_GLOBAL_NUMBER };

struct user {
    struct span text; /* without scheme, password and host */
    enum user_kind kind;
};

static struct user user_of(const struct identity *id)
{
    const size_t from = id->scheme ? id->scheme + 1 : 0;
    const size_t to = id->at ? id->at : id->length;
    size_t end = from;
    while (end < to && (id->text[end] != ':' || !id->at))
        end++;
    struct user user = {.text = span_of(id->text + from, end - from)};
    if (is_number(user.text.p, user.text.n))
        user.kind = user.text.p[0] == '+' ? USER_GLOBAL_NUMBER : USER_NUMBER;
    return user;
}

/* One subscriber has names and numbers in one scheme too (TS 23.228 4.3.3.2), and the digits of an IMSI
 * (TS 23.003 13.4B); a global number is the same at any host, another one means something at its host only
 * (RFC 3966 5.1.4). */
static bool may_be_aliases(const struct identity *a, const struct identity *b)
{
    const struct user user = user_of(a);
    const struct user other = user_of(b);
    if (user.kind != other.kind)
        return true;
    if (user.kind == USER_NUMBER)
        return !span_equal(span_skip(span_of(a->text, a->length), a->at),
                           span_skip(span_of(b->text, b->length), b->at));
    if (user.kind != USER_GLOBAL_NUMBER)
        return false;
    size_t i = 0;
    size_t k = 0;
    for (;; i++, k++) {
        while (i < user.text.n && is_visual_separator(user.text.p[i]))
            i++;
        while (k < other.text.n && is_visual_separator(other.text.p[k]))
            k++;
        if (i == user.text.n || k == other.text.n || user.text.p[i] != other.text.p[k])
            return i == user.text.n && k == other.text.n;
    }
}

/* The octets of an IPv6 address, however it is written up to its bracket. */
static void add_address(struct identity *out, struct span written)
{
    char text[INET6_ADDRSTRLEN] = "";
    size_t n = 0;
    while (n < written.n && n < sizeof text - 1 && written.p[n] != ']') {
        text[n] = (char)written.p[n];
        n++;
    }
    struct in6_addr address;
    if (inet_pton(AF_INET6, text, &address) == 1) {
        memcpy(out->text + out->length, &address, sizeof address);
        out->length += sizeof address;
    } else {
        memcpy(out->text + out->length, text, n);
        out->length += n;
    }
}

/* Without what does not tell one user from another, though RFC 3261 19.1.4 compares it: a password, the
 * separators of a number, the port, the root's dot, the way in which an IPv6 address is written. */
static struct identity who_is_meant(const struct identity *id)
{
    struct identity out = {0};
    const struct user user = user_of(id);
    for (size_t k = 0; k < user.text.n; k++)
        if (user.kind == USER_NAME || !is_visual_separator(user.text.p[k]))
            out.text[out.length++] = user.text.p[k];
    size_t i = id->at ? id->at : id->length;
    for (; i < id->length && id->text[i] != ':' && id->text[i] != '['; i++)
        out.text[out.length++] = id->text[i];
    if (i < id->length && id->text[i] == '[')
        add_address(&out, span_of(id->text + i + 1, id->length - i - 1));
    if (id->at && out.text[out.length - 1] == '.')
        out.length--;
    return out;
}

static enum document_owner owner_by(const struct identity *a, struct span identity)
{
    struct identity b;
    read_identity(identity, &b);
    if (!a->length || !b.length || a->too_long || b.too_long || a->scheme != b.scheme ||
        memcmp(a->text, b.text, a->scheme) != 0)
        return OWNER_NOT_TOLD;
    if (same_text(a, &b))
        return OWNER_SAME;
    if (is_local_number(a) || is_local_number(&b) || may_be_aliases(a, &b))
        return OWNER_NOT_TOLD;
    const struct identity user = who_is_meant(a);
    b = who_is_meant(&b);
    return same_text(&user, &b) ? OWNER_NOT_TOLD : OWNER_FOREIGN;
}

/* The next of a list; a comma within quotes or angle brackets belongs to a name. */
static struct span next_identity(struct span *list)
{
    bool quoted = false;
    bool bracketed = false;
    size_t n = 0;
    for (; n < list->n && (quoted || bracketed || list->p[n] != ','); n++) {
        const uint8_t c = list->p[n];
        quoted ^= c == '"' && !bracketed;
        bracketed = !quoted && (c == '<' || (bracketed && c != '>'));
    }
    struct span one = span_head(*list, n);
    *list = span_skip(*list, n + (n < list->n));
    while (one.n && (one.p[0] == ' ' || one.p[0] == '\t'))
        one = span_skip(one, 1);
    while (one.n && (one.p[one.n - 1] == ' ' || one.p[one.n - 1] == '\t'))
        one = span_head(one, one.n - 1);
    return one;
}

enum document_owner identity_owner(struct span xui, struct span identity)
{
    struct span list = identity;
    const struct span first = next_identity(&list);
    if (list.n)
        return OWNER_NOT_TOLD;
    struct identity user;
    read_identity(xui, &user);
    return owner_by(&user, first);
}

enum document_owner identity_owner_of_any(struct span xui, struct span identities)
{
    enum { MOST = 8 }; /* whoever sends the field decides how many there are */
    enum document_owner all = OWNER_FOREIGN;
    struct identity user;
    read_identity(xui, &user);
    for (unsigned i = 0; i == 0 || identities.n; i++) {
        if (i == MOST)
            return OWNER_NOT_TOLD;
        const enum document_owner owner = owner_by(&user, next_identity(&identities));
        if (owner == OWNER_SAME)
            return OWNER_SAME;
        if (owner == OWNER_NOT_TOLD)
            all = OWNER_NOT_TOLD;
    }
    return all;
}
