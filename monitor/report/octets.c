#include "report/octets.h"

#include "policy/fields.h"
#include "wire/hello.h"
#include "wire/message_parts.h"

#include <assert.h>

enum { MOST_FIELDS = 16 };

struct place {
    enum side side;
    uint8_t form; /* enum kept_form */
    uint8_t type; /* enum message_type */
};

static const struct place client_hello = {CLIENT, KEPT_HANDSHAKE, MESSAGE_CLIENT_HELLO};
static const struct place server_hello = {SERVER, KEPT_HANDSHAKE, MESSAGE_SERVER_HELLO};
static const struct place certificate = {SERVER, KEPT_HANDSHAKE, MESSAGE_CERTIFICATE};
static const struct place client_certificate = {CLIENT, KEPT_HANDSHAKE, MESSAGE_CERTIFICATE};
static const struct place key_exchange = {SERVER, KEPT_HANDSHAKE, MESSAGE_SERVER_KEY_EXCHANGE};
static const struct place client_key_exchange = {CLIENT, KEPT_HANDSHAKE, MESSAGE_CLIENT_KEY_EXCHANGE};
static const struct place request = {SERVER, KEPT_HANDSHAKE, MESSAGE_CERTIFICATE_REQUEST};
static const struct place ticket = {SERVER, KEPT_HANDSHAKE, MESSAGE_NEW_SESSION_TICKET};
static const struct place server_alert = {SERVER, KEPT_ALERT, 0};
static const struct place client_alert = {CLIENT, KEPT_ALERT, 0};

/* ROW(name, message, part, extension, what it is called): the parts of messages that fields are read from
 * (fields.def), in the order in which a finding shows them. */
/* clang-format off */
#define ROWS(ROW) \
    ROW(HELLO_VERSION, client_hello, PART_VERSION, 0, "client_version") \
    ROW(HELLO_SUPPORTED_VERSIONS, client_hello, PART_EXTENSION, EXTENSION_SUPPORTED_VERSIONS, "extension supported_versions") \
    ROW(HELLO_SESSION_ID, client_hello, PART_SESSION_ID, 0, "session_id") \
    ROW(HELLO_SESSION_TICKET, client_hello, PART_EXTENSION, EXTENSION_SESSION_TICKET, "extension session_ticket") \
    ROW(HELLO_PRE_SHARED_KEY, client_hello, PART_EXTENSION, EXTENSION_PRE_SHARED_KEY, "extension pre_shared_key") \
    ROW(HELLO_COMPRESSION, client_hello, PART_COMPRESSION, 0, "compression_methods") \
    ROW(HELLO_ALPN, client_hello, PART_EXTENSION, EXTENSION_ALPN, "extension application_layer_protocol_negotiation") \
    ROW(HELLO_RENEGOTIATION_INFO, client_hello, PART_EXTENSION, EXTENSION_RENEGOTIATION_INFO, "extension renegotiation_info") \
    ROW(HELLO_SUITES, client_hello, PART_SUITES, 0, "cipher_suites") \
    ROW(HELLO_EXTENSIONS, client_hello, PART_EXTENSIONS, 0, "extensions") \
    ROW(HELLO_SUPPORTED_GROUPS, client_hello, PART_EXTENSION, EXTENSION_SUPPORTED_GROUPS, "extension supported_groups") \
    ROW(HELLO_SIGNATURE_ALGORITHMS, client_hello, PART_EXTENSION, EXTENSION_SIGNATURE_ALGORITHMS, "extension signature_algorithms") \
    ROW(ANSWER_VERSION, server_hello, PART_VERSION, 0, "server_version") \
    ROW(ANSWER_COMPRESSION, server_hello, PART_COMPRESSION, 0, "compression_method") \
    ROW(ANSWER_SESSION_ID, server_hello, PART_SESSION_ID, 0, "session_id") \
    ROW(ANSWER_RENEGOTIATION_INFO, server_hello, PART_EXTENSION, EXTENSION_RENEGOTIATION_INFO,"extension renegotiation_info") \
    ROW(ANSWER_RANDOM, server_hello, PART_RANDOM, 0, "random") \
    ROW(HELLO_RANDOM, client_hello, PART_RANDOM, 0, "random") \
    ROW(ANSWER_ALPN, server_hello, PART_EXTENSION, EXTENSION_ALPN,"extension application_layer_protocol_negotiation") \
    ROW(SERVER_ALERT, server_alert, PART_WHOLE, 0, "alert") \
    ROW(ANSWER_ACCEPTS, server_hello, PART_SUITE, 0, "cipher_suite: the hello was accepted") \
    ROW(CLIENT_ALERT, client_alert, PART_WHOLE, 0, "alert") \
    ROW(CLIENT_KX, client_key_exchange, PART_WHOLE, 0, "the UE went on") \
    ROW(CLIENT_CHAIN_LENGTHS, client_certificate, PART_LENGTHS, 0, "lengths of the certificates") \
    ROW(CLIENT_CHAIN_ISSUER, client_certificate, PART_ISSUER, 0, "issuer") \
    ROW(CLIENT_CHAIN_VALIDITY, client_certificate, PART_VALIDITY, 0, "validity") \
    ROW(REQUEST, request, PART_WHOLE, 0, "request for a certificate") \
    ROW(CHAIN_LENGTHS, certificate, PART_LENGTHS, 0, "lengths of the certificates") \
    ROW(CHAIN_KEY, certificate, PART_KEY, 0, "subjectPublicKeyInfo") \
    ROW(ANSWER_SUITE, server_hello, PART_SUITE, 0, "cipher_suite") \
    ROW(ANSWER_EXTENSIONS, server_hello, PART_EXTENSIONS, 0, "extensions") \
    ROW(ANSWER_KEY_SHARE, server_hello, PART_EXTENSION, EXTENSION_KEY_SHARE, "extension key_share") \
    ROW(KX_GROUP, key_exchange, PART_GROUP, 0, "named curve") \
    ROW(CHAIN_SIGNATURE, certificate, PART_SIGNATURE, 0, "signatureAlgorithm") \
    ROW(CHAIN_VERSION, certificate, PART_CERTIFICATE_VERSION, 0, "version") \
    ROW(CHAIN_SERIAL, certificate, PART_SERIAL, 0, "serialNumber") \
    ROW(CHAIN_ISSUER, certificate, PART_ISSUER, 0, "issuer") \
    ROW(CHAIN_SUBJECT, certificate, PART_SUBJECT, 0, "subject") \
    ROW(CHAIN_EXTENSIONS, certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions") \
    ROW(HELLO_SERVER_NAME, client_hello, PART_EXTENSION, EXTENSION_SERVER_NAME,"extension server_name") \
    ROW(CHAIN_VALIDITY, certificate, PART_VALIDITY, 0, "validity") \
    ROW(CHAIN_AUTHORITIES, certificate, PART_AUTHORITIES, 0, "the CA certificates") \
    ROW(KX_DH_PRIME, key_exchange, PART_PRIME, 0, "dh_p") \
    ROW(KX_RSA_MODULUS, key_exchange, PART_PRIME, 0, "rsa_modulus") \
    ROW(TICKET_LIFETIME, ticket, PART_LIFETIME, 0, "ticket_lifetime_hint")
/* clang-format on */

enum {
#define ROW(identifier, message, part, extension, called) PLACE_##identifier,
    ROWS(ROW)
#undef ROW
        PLACES
};
static_assert(PLACES <= 64, "a field has a bit for each");

static const struct row {
    const struct place *place;
    enum part part;
    uint16_t extension;
    const char *name;
} rows[PLACES] = {
#define ROW(identifier, message, part, extension, called) {&(message), part, extension, called},
    ROWS(ROW)
#undef ROW
};

static const uint64_t places_of[FIELD_COUNT] = {
#define AT(place)                                                             UINT64_C(1) << PLACE_##place
#define FIELD(identifier, name, type, side, names, unit, help, value, octets) [FIELD_##identifier] = (octets),
#include "policy/fields.def"
#undef FIELD
#undef AT
};

const char *kept_message_name(const struct kept_message *m)
{
    if (m->form == KEPT_ALERT)
        return "alert";
    if (m->form == KEPT_SSLV2)
        return m->side == CLIENT ? "SSLv2 message of the UE" : "SSLv2 message of the server";
    switch (m->type) {
    case MESSAGE_CLIENT_HELLO:
        return "ClientHello";
    case MESSAGE_SERVER_HELLO:
        return "ServerHello";
    case MESSAGE_NEW_SESSION_TICKET:
        return "NewSessionTicket";
    case MESSAGE_CERTIFICATE:
        return "Certificate";
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case MESSAGE_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case MESSAGE_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    default:
        return "handshake message";
    }
}

struct search {
    const struct kept_messages *kept;
    const struct verdict *verdict;
    const struct policy_case *of;
    struct octets *out;
    size_t count, most;
};

/* A hello in SSLv2's format takes the place of one of TLS. */
static bool is_at(const struct kept_message *m, const struct place *place)
{
    if (m->side != place->side)
        return false;
    if (m->form == KEPT_SSLV2)
        return place == &client_hello;
    return m->form == place->form && (m->form == KEPT_ALERT || m->type == place->type);
}

/* The first of them, which the observation speaks of; of ServerHellos the last, for a HelloRetryRequest may
 * come before it. */
static const struct kept_message *find_message(const struct kept_messages *kept, const struct place *place)
{
    const struct kept_message *found = NULL;
    for (size_t i = 0; i < kept->count; i++)
        if (is_at(&kept->message[i], place) && (!found || place == &server_hello || place == &server_alert))
            found = &kept->message[i];
    return found;
}

static void add(struct search *s, const struct kept_message *m, struct span part, const char *name,
                const struct suite *suite)
{
    const uint8_t *start = s->kept->bytes + m->at;
    if (!part.n || s->count == s->most)
        return;
    const struct octets o = {m, (uint32_t)(part.p - start), (uint32_t)part.n, name, suite};
    for (size_t i = 0; i < s->count; i++)
        if (s->out[i].message == m && s->out[i].at == o.at)
            return;
    s->out[s->count++] = o;
}

/* The suites of an offer that break the rule or, if no single one does, all. */
static bool add_offending(struct search *s, const struct kept_message *m, struct span suites)
{
    const size_t before = s->count;
    const size_t width = m->form == KEPT_SSLV2 ? 3 : 2;
    if (!s->verdict->offending)
        return false;
    struct cursor c = cursor_over(suites);
    while (cursor_left(&c) >= width) {
        const struct span code = cursor_take(&c, width);
        struct cursor number = cursor_over(code);
        if (width == 3 && cursor_u8(&number) != 0)
            continue; /* a cipher of SSLv2 itself */
        const struct suite *suite = suite_find(cursor_u16(&number));
        if (suite && suite_set_has(s->verdict->offending, suite_index(suite)))
            add(s, m, code, "cipher suite offered", suite);
    }
    return s->count > before;
}

/* With RSA_PSK and the like a hint precedes the parameters (RFC 4279 3, RFC 5489 2). */
static enum part after_hint(const struct policy_case *c, enum part part)
{
    const struct suite *suite = observation_suite(c->observation);
    const bool hint = suite && (suite->kx == KX_DHE_PSK || suite->kx == KX_ECDHE_PSK);
    if (hint && part == PART_PRIME)
        return PART_PRIME_AFTER_HINT;
    return hint && part == PART_GROUP ? PART_GROUP_AFTER_HINT : part;
}

static struct span part_of(const struct search *s, const struct kept_message *m, const struct row *row)
{
    const struct span whole = kept_message_bytes(s->kept, m);
    if (m->form == KEPT_ALERT)
        return whole;
    if (m->form == KEPT_SSLV2)
        return sslv2_client_hello_part(whole, row->part);
    const struct span body = span_skip(whole, MESSAGE_HEADER_BYTES);
    switch (m->type) {
    case MESSAGE_CLIENT_HELLO:
        return client_hello_part(body, row->part, row->extension);
    case MESSAGE_SERVER_HELLO:
        return server_hello_part(body, row->part, row->extension);
    case MESSAGE_CERTIFICATE:
        return certificate_part(body, row->part);
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return key_exchange_part(body, after_hint(s->of, row->part));
    case MESSAGE_NEW_SESSION_TICKET:
        return span_head(body, 4);
    case MESSAGE_CLIENT_KEY_EXCHANGE:
        return span_head(whole, MESSAGE_HEADER_BYTES);
    default:
        return whole;
    }
}

static void add_row(struct search *s, const struct row *row)
{
    const struct kept_message *m = find_message(s->kept, row->place);
    if (!m)
        return;
    const struct span part = part_of(s, m, row);
    if (row->part == PART_SUITES && add_offending(s, m, part))
        return;
    const struct suite *suite = row->part == PART_SUITE ? observation_suite(s->of->observation) : NULL;
    add(s, m, part, row->name, suite);
}

/* By what the client offers to resume a session. */
static void add_session(struct search *s)
{
    const struct client_hello_facts *hello = &s->of->observation->client_hello;
    const unsigned by = hello->psk      ? PLACE_HELLO_PRE_SHARED_KEY
                        : hello->ticket ? PLACE_HELLO_SESSION_TICKET
                                        : PLACE_HELLO_SESSION_ID;
    add_row(s, &rows[by]);
}

static bool is_of_session(enum field field)
{
    return field_info[field].side == OF_SESSION;
}

/* Where there is a Certificate, it shows itself. */
static bool is_beside_it(const struct search *s, enum field field, const struct row *row)
{
    return field == FIELD_CERTIFICATE_PRESENT && row->place != &certificate &&
           find_message(s->kept, &certificate);
}

size_t octets_of_verdict(const struct verdict *v, const struct policy_case *c, struct octets *out,
                         size_t most)
{
    const struct observation *o = c->observation;
    if (!o || !o->messages)
        return 0;
    enum field fields[MOST_FIELDS];
    const size_t count = verdict_fields(v, c, fields, MOST_FIELDS);
    struct search s = {.kept = o->messages, .verdict = v, .of = c, .out = out, .most = most};
    for (size_t i = 0; i < count; i++) {
        if (is_of_session(fields[i]))
            add_session(&s);
        for (unsigned j = 0; j < PLACES; j++)
            if (places_of[fields[i]] >> j & 1 && !is_beside_it(&s, fields[i], &rows[j]))
                add_row(&s, &rows[j]);
    }
    return s.count;
}
