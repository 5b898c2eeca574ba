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
    const struct span parts[PARTS] = {
        [PART_WHOLE] = body,
        [PART_VERSION] = version,
        [PART_RANDOM] = hello.random,
        [PART_SESSION_ID] = vector_at(&c, 1),
        [PART_SUITES] = hello.suites,
        [PART_COMPRESSION] = hello.compression,
        [PART_EXTENSIONS] = hello.extensions,
        [PART_EXTENSION] = extension_of(hello.extensions, extension),
    };
    return parts[part];
}

struct span sslv2_client_hello_part(struct span message, enum part part)
{
    struct client_hello hello;
    (void)sslv2_client_hello_parse(message, &hello);
    struct cursor c = cursor_over(message);
    cursor_skip(&c, 1);
    const struct span parts[PARTS] = {
        [PART_WHOLE] = message,       [PART_VERSION] = cursor_take(&c, 2),
        [PART_SUITES] = hello.suites, [PART_SESSION_ID] = hello.session_id,
        [PART_RANDOM] = hello.random,
    };
    return parts[part];
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
    const struct span parts[PARTS] = {
        [PART_WHOLE] = body,
        [PART_VERSION] = version,
        [PART_RANDOM] = random,
        [PART_SESSION_ID] = session_id,
        [PART_SUITE] = suite,
        [PART_COMPRESSION] = draft ? span_of(NULL, 0) : cursor_take(&c, 1),
        [PART_EXTENSIONS] = hello.extensions,
        [PART_EXTENSION] = extension_of(hello.extensions, extension),
    };
    return parts[part];
}

struct span certificate_part(struct span body, enum part part)
{
    struct certificate_parts first = {0};
    if (!certificate_parts_find(body, &first))
        first = (struct certificate_parts){0};
    const struct span parts[PARTS] = {
        [PART_WHOLE] = body,
        [PART_LENGTHS] = span_head(body, 6),
        [PART_CERTIFICATE_VERSION] = first.version,
        [PART_SERIAL] = first.serial,
        [PART_ISSUER] = first.issuer,
        [PART_VALIDITY] = first.validity,
        [PART_SUBJECT] = first.subject,
        [PART_KEY] = first.key,
        [PART_SIGNATURE] = first.signature,
        [PART_CERTIFICATE_EXTENSIONS] = first.extensions,
        [PART_AUTHORITIES] = first.others,
    };
    return parts[part];
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
