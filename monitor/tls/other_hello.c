/*
 * A client ends the handshake if its server selects what it did not offer (RFC 5246 7.4.1.3, 7.4.1.4, RFC
 * 8446 4.1.3, 4.2, 4.2.8). If it goes on, it had sent another hello than the one that was read.
 */
#include "tls/handshake.h"

#include "wire/hello.h"

static bool lists16(const uint16_t *list, size_t count, uint16_t wanted)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == wanted)
            return true;
    return false;
}

static bool is_other_suite(const struct client_hello_facts *c, const struct server_hello_facts *s)
{
    return !c->suites_cut && !(c->unknown & UNKNOWN_OFFER) && !lists16(c->suites, c->suite_count, s->suite);
}

static bool is_other_version(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    return !(c->unknown & UNKNOWN_VERSIONS) && observation_version(o) > c->max_version;
}

/* A server answers with an extension only if the hello has it, or its SCSV (RFC 5746 3.6). */
static bool is_other_extension(const struct client_hello_facts *c, const struct server_hello_facts *s)
{
    if (c->extensions_cut || c->unknown & UNKNOWN_EXTENSIONS || s->unknown & UNKNOWN_EXTENSIONS)
        return false;
    for (size_t i = 0; i < s->extension_count; i++) {
        const uint16_t type = s->extensions[i];
        const bool by_scsv = type == EXTENSION_RENEGOTIATION_INFO && c->renegotiation_info;
        if (!by_scsv && !lists16(c->extensions, c->extension_count, type))
            return true;
    }
    return false;
}

static bool is_other_group(const struct client_hello_facts *c, const struct server_hello_facts *s)
{
    return s->key_share_group && c->group_count && !c->lists_cut && !(c->unknown & UNKNOWN_LISTS) &&
           !lists16(c->groups, c->group_count, s->key_share_group);
}

/* TLS 1.3: the server does not echo the client's id. Before: it resumes what nobody offered. */
static bool is_other_session(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *s = &o->server_hello;
    const uint32_t of_full = SEEN_CERTIFICATE | SEEN_RAW_PUBLIC_KEY | SEEN_SERVER_KEY_EXCHANGE |
                             SEEN_SERVER_HELLO_DONE | SEEN_CLIENT_KEY_EXCHANGE;
    const bool same = s->session_id_len == c->session_id_len &&
                      memcmp(s->session_id, c->session_id, s->session_id_len) == 0;
    if (same || (c->unknown | s->unknown) & UNKNOWN_SESSION_ID)
        return false;
    if (s->version >= 0x0304)
        return s->version == 0x0304; /* drafts did not echo it */
    return o->seen & SEEN_SERVER_CCS && !(o->seen & of_full) && !c->ticket &&
           !(c->unknown & UNKNOWN_EXTENSIONS) && observation_is_whole(o, SERVER);
}

bool answers_other_hello(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *s = &o->server_hello;
    const bool both = o->seen & SEEN_CLIENT_HELLO && o->seen & SEEN_SERVER_HELLO;
    if (!both || h->phase != PHASE_DONE) /* e.g. if the client ends it, or nobody knows */
        return false;
    return is_other_suite(c, s) || is_other_version(o) || is_other_extension(c, s) || is_other_group(c, s) ||
           is_other_session(o);
}
