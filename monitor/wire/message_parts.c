#include "wire/message_parts.h"

#include "wire/certificate_parts.h"
#include "wire/hello.h"

/* What the cursor has passed since `start`. */
static struct span passed(struct cursor start, const struct cursor *c)
{
    return cursor_take(&start, cursor_left(&start) - cursor_left(c));
}

static struct span vector_at(struct cursor *c, size_t width)
{
    const struct cursor start = *c;
    cursor_skip(c, cursor_uint(c, width));
    return c->status == PARSE_OK ? passed(start, c) : span_of(NULL, 0);
}

static struct span extension_of(struct span extensions, uint16_t type)
{
    struct cursor c = cursor_over(extensions);
    struct extension e;
    for (struct cursor start = c; extension_next(&c, &e); start = c)
        if (e.type == type)
            return passed(start, &c);
    return extensions;
}

struct span client_hello_part(struct span body, enum part part, uint16_t extension)
{
    struct client_hello hello;
    (void)client_hello_parse(body, &hello);
    struct cursor c = cursor_over(body);
    const struct span version = cursor_take(&c, 2);
    cursor_skip(&c, 32);
    const struct span session_id = vector_at(&c, 1);
    switch (part) {
    case PART_WHOLE:
        return body;
    case PART_VERSION:
        return version;
    case PART_RANDOM:
        return hello.random;
    case PART_SESSION_ID:
        return session_id;
    case PART_SUITES:
        return hello.suites;
    case PART_COMPRESSION:
        return hello.compression;
    case PART_EXTENSIONS:
        return hello.extensions;
    case PART_EXTENSION:
        return extension_of(hello.extensions, extension);
    default:
        return span_of(NULL, 0);
    }
}

struct span sslv2_client_hello_part(struct span message, enum part part)
{
    struct client_hello hello;
    (void)sslv2_client_hello_parse(message, &hello);
    struct cursor c = cursor_over(message);
    cursor_skip(&c, 1);
    switch (part) {
    case PART_WHOLE:
        return message;
    case PART_VERSION:
        return cursor_take(&c, 2);
    case PART_SUITES:
        return hello.suites;
    case PART_SESSION_ID:
        return hello.session_id;
    case PART_RANDOM:
        return hello.random;
    default:
        return span_of(NULL, 0);
    }
}

struct span server_hello_part(struct span body, enum part part, uint16_t extension)
{
    struct server_hello hello;
    (void)server_hello_parse(body, &hello);
    struct cursor c = cursor_over(body);
    const struct span version = cursor_take(&c, 2);
    const struct span random = cursor_take(&c, 32);
    /* Drafts of TLS 1.3 had neither session id nor compression (hello.c). */
    const bool draft = !hello.session_id.p;
    const struct span session_id = draft ? span_of(NULL, 0) : vector_at(&c, 1);
    const struct span suite = cursor_take(&c, 2);
    switch (part) {
    case PART_WHOLE:
        return body;
    case PART_VERSION:
        return version;
    case PART_RANDOM:
        return random;
    case PART_SESSION_ID:
        return session_id;
    case PART_SUITE:
        return suite;
    case PART_COMPRESSION:
        return draft ? span_of(NULL, 0) : cursor_take(&c, 1);
    case PART_EXTENSIONS:
        return hello.extensions;
    case PART_EXTENSION:
        return extension_of(hello.extensions, extension);
    default:
        return span_of(NULL, 0);
    }
}

struct span certificate_part(struct span body, enum part part)
{
    struct certificate_parts parts;
    if (part == PART_WHOLE)
        return body;
    if (part == PART_LENGTHS)
        return span_head(body, 6);
    if (!certificate_parts_find(body, &parts))
        return span_of(NULL, 0);
    switch (part) {
    case PART_CERTIFICATE_VERSION:
        return parts.version;
    case PART_SERIAL:
        return parts.serial;
    case PART_ISSUER:
        return parts.issuer;
    case PART_VALIDITY:
        return parts.validity;
    case PART_SUBJECT:
        return parts.subject;
    case PART_KEY:
        return parts.key;
    case PART_SIGNATURE:
        return parts.signature;
    case PART_CERTIFICATE_EXTENSIONS:
        return parts.extensions;
    case PART_AUTHORITIES:
        return parts.others;
    default:
        return span_of(NULL, 0);
    }
}

struct span key_exchange_part(struct span body, enum part part)
{
    struct cursor c = cursor_over(body);
    if (part == PART_PRIME_AFTER_HINT || part == PART_GROUP_AFTER_HINT)
        (void)vector_at(&c, 2);
    if (part == PART_PRIME || part == PART_PRIME_AFTER_HINT)
        return vector_at(&c, 2);
    if (part == PART_GROUP || part == PART_GROUP_AFTER_HINT)
        return cursor_take(&c, 3); /* curve_type and namedcurve (RFC 8422 5.4) */
    return body;
}
