#include "tls/find_start.h"

#include <assert.h>

static bool is_empty_record(struct span bytes)
{
    struct record_header header;
    return record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) == PARSE_OK &&
           header.length == 0;
}

struct span skip_empty_records(struct span bytes)
{
    while (is_empty_record(bytes))
        bytes = span_skip(bytes, RECORD_HEADER_BYTES);
    return bytes;
}

/* The length of a record that may precede a hello, or 0: alerts, and a ChangeCipherSpec that means nothing
 * yet (GnuTLS accepts it as in RFC 8446 5, and also before the ClientHello). `found`: what the bytes are. */
static size_t before_hello(enum opening found, struct span bytes)
{
    if (found == OPENING_ALERT)
        return ALERT_RECORD_BYTES;
    return found == OPENING_PROTECTED && bytes.p[0] == RECORD_CHANGE_CIPHER_SPEC ? CCS_RECORD_BYTES : 0;
}

static enum opening opening_of(struct span bytes)
{
    return opening_look(span_head(bytes, OPENING_BYTES));
}

/* After a ChangeCipherSpec whose side may have said something before it: is this a hello, not a Finished that
 * looks like one? */
static bool is_hello_in_clear(struct span bytes)
{
    struct record_header header;
    struct cursor c = cursor_over(span_skip(bytes, RECORD_HEADER_BYTES + 1));
    const size_t message = cursor_u24(&c);
    return record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) == PARSE_OK &&
           c.status == PARSE_OK &&
           (header.length >= LONGER_THAN_FINISHED || header.length == message + MESSAGE_HEADER_BYTES);
}

/* What the first bytes are; a record that may precede a hello counts as the hello if one follows, or may
 * follow. OPENING_MAYBE: fewer than OPENING_BYTES follow it. */
static enum opening look(struct span bytes, bool lacks_start)
{
    struct span rest = skip_empty_records(bytes);
    const enum opening found = opening_of(rest);
    enum opening next = found;
    for (size_t before; (before = before_hello(next, rest)) && rest.n > before; next = opening_of(rest))
        rest = skip_empty_records(span_skip(rest, before));
    if (next == OPENING_MAYBE)
        return next;
    const bool sure = found != OPENING_PROTECTED || !lacks_start || is_hello_in_clear(rest);
    return opening_is_hello(next) && sure ? next : found;
}

/* Looks at one place within a run, where a message of the protocol before TLS has ended. */
static struct span opening_at(struct span bytes, size_t place, enum opening *opening)
{
    const struct span rest = skip_empty_records(span_skip(bytes, place));
    *opening = rest.n ? look(rest, false) : OPENING_NONE;
    if (opening_is_hello(*opening) ||
        (*opening == OPENING_MAYBE && (rest.p[0] == RECORD_HANDSHAKE || rest.p[0] & 0x80)))
        return rest;
    *opening = OPENING_NONE;
    return span_of(NULL, 0);
}

bool are_words(struct span bytes)
{
    for (size_t i = 0; i < bytes.n && i < OPENING_BYTES; i++)
        if (bytes.p[i] > '~' || (bytes.p[i] < ' ' && !(bytes.p[i] >= '\t' && bytes.p[i] <= '\r')))
            return false;
    return true;
}

struct span start_find(struct span bytes, bool stream_start, bool lacks_start, enum borders borders,
                       enum opening *opening)
{
    bytes = skip_empty_records(bytes);
    enum opening found = bytes.n ? look(bytes, lacks_start) : OPENING_NONE;
    bool plain = found == OPENING_CLIENT_HELLO || found == OPENING_SERVER_HELLO || found == OPENING_MAYBE;
    bool early = found == OPENING_SSLV2_CLIENT_HELLO || found == OPENING_SSLV2_SERVER_HELLO;
    bool sslv2_prefix = found == OPENING_MAYBE && bytes.n && bytes.p[0] & 0x80;
    if (sslv2_prefix && !stream_start)
        plain = false;
    bool late = opening_is_late(found) && lacks_start;
    bool fills = early && opening_sslv2_length(bytes) == bytes.n;
    if (plain || late || fills || ((early || opening_is_answer(found)) && stream_start)) {
        *opening = found;
        return bytes;
    }
    struct span rest = bytes;
    while (rest.n && borders != BORDERS_NONE) {
        const uint8_t *handshake = memchr(rest.p, RECORD_HANDSHAKE, rest.n);
        if (!handshake)
            break;
        size_t at = (size_t)(handshake - rest.p);
        struct span before = span_head(rest, at);
        rest = span_skip(rest, at);
        bool border = borders == BORDERS_ALL ||
                      (before.n && (before.p[before.n - 1] == '\n' || before.p[before.n - 1] == '>'));
        if (border) {
            *opening = opening_of(rest);
            if (*opening == OPENING_CLIENT_HELLO || *opening == OPENING_SERVER_HELLO ||
                *opening == OPENING_MAYBE)
                return rest;
        }
        rest = span_skip(rest, 1);
    }
    *opening = OPENING_NONE;
    return span_of(NULL, 0);
}

struct span start_in_run(struct span bytes, size_t place, bool stream_start, bool lacks_start, bool contested,
                         enum opening *opening)
{
    *opening = OPENING_NONE;
    if (!bytes.n)
        return bytes;
    if (contested)
        return start_find(bytes, stream_start, lacks_start, BORDERS_ALL, opening);
    if (place > 0 && place != TLS_ANYWHERE)
        return opening_at(bytes, place, opening);
    return start_find(bytes, stream_start, lacks_start, place == TLS_ANYWHERE ? BORDERS_USUAL : BORDERS_NONE,
                      opening);
}

/* Adds a byte to a start that is too short to recognise. Of the records that may precede a hello, one is
 * kept: the first, unless a fatal alert follows. */
static void extend(struct probe *p, uint8_t byte)
{
    p->bytes[p->length++] = byte;
    const struct span all = span_of(p->bytes, p->length);
    const size_t first = before_hello(opening_of(all), all);
    const struct span rest = span_skip(all, first);
    const bool another = first && rest.n && before_hello(opening_of(rest), rest) == rest.n;
    if (another && rest.p[0] == RECORD_ALERT && rest.p[RECORD_HEADER_BYTES] == ALERT_FATAL) {
        memmove(p->bytes, rest.p, rest.n);
        p->length = (uint8_t)rest.n;
    } else if (another || is_empty_record(rest)) {
        p->length = (uint8_t)first;
    }
}

enum opening probe_extend(struct probe *p, struct span *bytes, bool lacks_start)
{
    while (bytes->n && p->length < PROBE_BYTES) {
        extend(p, bytes->p[0]);
        *bytes = span_skip(*bytes, 1);
    }
    return look(span_of(p->bytes, p->length), lacks_start);
}

void probe_begin(struct probe *p, struct span start, const struct whence *at, bool unprompted)
{
    p->length = 0;
    for (; start.n; start = span_skip(start, 1)) {
        assert(p->length < PROBE_BYTES);
        extend(p, start.p[0]);
    }
    p->at = *at;
    p->unprompted = unprompted;
}
