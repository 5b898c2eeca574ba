#include "report/octets.h"

#include "policy/fields.h"
#include "wire/hello.h"
#include "wire/message_parts.h"

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

/* A field may be read from several messages: a row each. */
static const struct row {
    enum field field;
    const struct place *place;
    enum part part;
    uint16_t extension;
    const char *name;
} rows[] = {
    {FIELD_HELLO_FORMAT, &client_hello, PART_VERSION, 0, "client_version"},
    {FIELD_HELLO_VERSION, &client_hello, PART_VERSION, 0, "client_version"},
    {FIELD_HELLO_MAX_VERSION, &client_hello, PART_VERSION, 0, "client_version"},
    {FIELD_HELLO_MAX_VERSION, &client_hello, PART_EXTENSION, EXTENSION_SUPPORTED_VERSIONS,
     "extension supported_versions"},
    {FIELD_OFFERED_SUITES, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_OFFERED_COUNT, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_KNOWN_COMMON, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_HELLO_SESSION_ID_LENGTH, &client_hello, PART_SESSION_ID, 0, "session_id"},
    {FIELD_HELLO_TICKET, &client_hello, PART_EXTENSION, EXTENSION_SESSION_TICKET, "extension session_ticket"},
    {FIELD_HELLO_PSK, &client_hello, PART_EXTENSION, EXTENSION_PRE_SHARED_KEY, "extension pre_shared_key"},
    {FIELD_HELLO_COMPRESSION_NULL, &client_hello, PART_COMPRESSION, 0, "compression_methods"},
    {FIELD_HELLO_COMPRESSION, &client_hello, PART_COMPRESSION, 0, "compression_methods"},
    {FIELD_HELLO_EXTENSIONS, &client_hello, PART_EXTENSIONS, 0, "extensions"},
    {FIELD_HELLO_SNI, &client_hello, PART_EXTENSION, EXTENSION_SERVER_NAME, "extension server_name"},
    {FIELD_HELLO_ALPN, &client_hello, PART_EXTENSION, EXTENSION_ALPN,
     "extension application_layer_protocol_negotiation"},
    {FIELD_HELLO_JA3, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_HELLO_JA3, &client_hello, PART_EXTENSIONS, 0, "extensions"},
    {FIELD_HELLO_JA4, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_HELLO_JA4, &client_hello, PART_EXTENSIONS, 0, "extensions"},
    {FIELD_HELLO_RENEGOTIATION_INFO, &client_hello, PART_EXTENSION, EXTENSION_RENEGOTIATION_INFO,
     "extension renegotiation_info"},
    {FIELD_HELLO_RENEGOTIATION_INFO, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_HELLO_FALLBACK, &client_hello, PART_SUITES, 0, "cipher_suites"},
    {FIELD_HELLO_GROUPS, &client_hello, PART_EXTENSION, EXTENSION_SUPPORTED_GROUPS,
     "extension supported_groups"},
    {FIELD_HELLO_SIGNATURE_ALGORITHMS, &client_hello, PART_EXTENSION, EXTENSION_SIGNATURE_ALGORITHMS,
     "extension signature_algorithms"},
    {FIELD_SERVER_VERSION, &server_hello, PART_VERSION, 0, "server_version"},
    {FIELD_KNOWN_HIGHEST, &server_hello, PART_VERSION, 0, "server_version"},
    {FIELD_SERVER_SUITE, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_SERVER_KEY_BITS, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_SERVER_KEY_EXCHANGE, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_SERVER_COMPRESSION, &server_hello, PART_COMPRESSION, 0, "compression_method"},
    {FIELD_SERVER_EXTENSIONS, &server_hello, PART_EXTENSIONS, 0, "extensions"},
    {FIELD_SERVER_SESSION_ID_LENGTH, &server_hello, PART_SESSION_ID, 0, "session_id"},
    {FIELD_SERVER_RENEGOTIATION_INFO, &server_hello, PART_EXTENSION, EXTENSION_RENEGOTIATION_INFO,
     "extension renegotiation_info"},
    {FIELD_SERVER_RANDOM_EQUAL, &server_hello, PART_RANDOM, 0, "random"},
    {FIELD_SERVER_RANDOM_EQUAL, &client_hello, PART_RANDOM, 0, "random"},
    {FIELD_SERVER_ALPN, &server_hello, PART_EXTENSION, EXTENSION_ALPN,
     "extension application_layer_protocol_negotiation"},
    {FIELD_SERVER_JA3S, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_SERVER_JA3S, &server_hello, PART_EXTENSIONS, 0, "extensions"},
    {FIELD_SERVER_GROUP, &server_hello, PART_EXTENSION, EXTENSION_KEY_SHARE, "extension key_share"},
    {FIELD_SERVER_GROUP, &key_exchange, PART_GROUP, 0, "named curve"},
    {FIELD_KX_TYPE, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_KX_TYPE, &server_hello, PART_EXTENSION, EXTENSION_KEY_SHARE, "extension key_share"},
    {FIELD_SERVER_REACTION, &server_alert, PART_WHOLE, 0, "alert"},
    {FIELD_SERVER_REACTION, &server_hello, PART_SUITE, 0, "cipher_suite: the hello was accepted"},
    {FIELD_SERVER_CONCLUSION, &server_alert, PART_WHOLE, 0, "alert"},
    {FIELD_SERVER_FATAL, &server_alert, PART_WHOLE, 0, "alert"},
    {FIELD_CLIENT_FATAL, &client_alert, PART_WHOLE, 0, "alert"},
    {FIELD_SERVER_ALERTS, &server_alert, PART_WHOLE, 0, "alert"},
    {FIELD_CLIENT_ALERTS, &client_alert, PART_WHOLE, 0, "alert"},
    {FIELD_METHOD, &server_hello, PART_SESSION_ID, 0, "session_id"},
    {FIELD_CONTINUED, &client_key_exchange, PART_WHOLE, 0, "the UE went on"},
    {FIELD_CERTIFICATE_ANSWER, &client_certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CERTIFICATE_ANSWER, &request, PART_WHOLE, 0, "request for a certificate"},
    {FIELD_CLIENT_CERTIFICATE_REQUESTED, &request, PART_WHOLE, 0, "request for a certificate"},
    {FIELD_CLIENT_CERTIFICATE_SENT, &client_certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CLIENT_CERTIFICATE_COUNT, &client_certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CLIENT_CERTIFICATE_ISSUER, &client_certificate, PART_ISSUER, 0, "issuer"},
    {FIELD_CLIENT_CERTIFICATE_NOT_BEFORE, &client_certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CLIENT_CERTIFICATE_NOT_AFTER, &client_certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_REQUEST_TYPES, &request, PART_WHOLE, 0, "request for a certificate"},
    {FIELD_CERTIFICATE_PRESENT, &certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CERTIFICATE_PRESENT, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_CERTIFICATE_KEY, &certificate, PART_KEY, 0, "subjectPublicKeyInfo"},
    {FIELD_CERTIFICATE_BITS, &certificate, PART_KEY, 0, "subjectPublicKeyInfo"},
    {FIELD_CERTIFICATE_CURVE, &certificate, PART_KEY, 0, "subjectPublicKeyInfo"},
    {FIELD_CERTIFICATE_FITS, &certificate, PART_KEY, 0, "subjectPublicKeyInfo"},
    {FIELD_CERTIFICATE_FITS, &server_hello, PART_SUITE, 0, "cipher_suite"},
    {FIELD_CERTIFICATE_SIGNATURE, &certificate, PART_SIGNATURE, 0, "signatureAlgorithm"},
    {FIELD_CERTIFICATE_VERSION, &certificate, PART_CERTIFICATE_VERSION, 0, "version"},
    {FIELD_CERTIFICATE_SERIAL_LENGTH, &certificate, PART_SERIAL, 0, "serialNumber"},
    {FIELD_CERTIFICATE_SERIAL, &certificate, PART_SERIAL, 0, "serialNumber"},
    {FIELD_CERTIFICATE_CHAIN_LENGTH, &certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CERTIFICATE_DER_LENGTH, &certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CERTIFICATE_SUBJECT_EMPTY, &certificate, PART_SUBJECT, 0, "subject"},
    {FIELD_CERTIFICATE_SUBJECT, &certificate, PART_SUBJECT, 0, "subject"},
    {FIELD_CERTIFICATE_ISSUER_EMPTY, &certificate, PART_ISSUER, 0, "issuer"},
    {FIELD_CERTIFICATE_ISSUER, &certificate, PART_ISSUER, 0, "issuer"},
    {FIELD_CERTIFICATE_UTF8, &certificate, PART_ISSUER, 0, "issuer"},
    {FIELD_CERTIFICATE_UTF8, &certificate, PART_SUBJECT, 0, "subject"},
    {FIELD_CERTIFICATE_EXTENSIONS, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_CRITICAL, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_KEY_USAGE, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_EKU_SERVER, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_SAN_DNS, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_ALT_NAMES, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_NAMES_HOST, &certificate, PART_SUBJECT, 0, "subject"},
    {FIELD_CERTIFICATE_NAMES_HOST, &certificate, PART_CERTIFICATE_EXTENSIONS, 0, "extensions"},
    {FIELD_CERTIFICATE_NAMES_HOST, &client_hello, PART_EXTENSION, EXTENSION_SERVER_NAME,
     "extension server_name"},
    {FIELD_CERTIFICATE_NOT_BEFORE, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_NOT_AFTER, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_DAYS_LEFT, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_EXPIRED_FOR, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_EARLY_BY, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_EXPIRED, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_EARLY, &certificate, PART_VALIDITY, 0, "validity"},
    {FIELD_CERTIFICATE_FINGERPRINT, &certificate, PART_LENGTHS, 0, "lengths of the certificates"},
    {FIELD_CA_COUNT, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_SUBORDINATE, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_NOT_CA, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_UNCRITICAL, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_WITHOUT_SIGN, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_NAMELESS, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_WEAK_KEY, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_CA_LARGEST, &certificate, PART_AUTHORITIES, 0, "the CA certificates"},
    {FIELD_DH_BITS, &key_exchange, PART_PRIME, 0, "dh_p"},
    {FIELD_KX_RSA_BITS, &key_exchange, PART_PRIME, 0, "rsa_modulus"},
    {FIELD_TICKET_HINT, &ticket, PART_LIFETIME, 0, "ticket_lifetime_hint"},
    {FIELD_SESSION_ACCEPTED, &server_hello, PART_SESSION_ID, 0, "session_id"},
    {FIELD_SESSION_RESUMED_AGE, &server_hello, PART_SESSION_ID, 0, "session_id"},
    {FIELD_SESSION_SAME_SUITE, &server_hello, PART_SUITE, 0, "cipher_suite"},
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

/* A hello of SSLv2's form stands in for one of TLS. */
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

/* Of an offer those suites that break the rule, or, if none does by itself, all. */
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

/* With RSA_PSK and the like a hint stands before the parameters (RFC 4279 3, RFC 5489 2). */
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
    const struct row by_psk = {FIELD_HELLO_PSK, &client_hello, PART_EXTENSION, EXTENSION_PRE_SHARED_KEY,
                               "extension pre_shared_key"};
    const struct row by_ticket = {FIELD_HELLO_TICKET, &client_hello, PART_EXTENSION, EXTENSION_SESSION_TICKET,
                                  "extension session_ticket"};
    const struct row by_id = {FIELD_HELLO_SESSION_ID_LENGTH, &client_hello, PART_SESSION_ID, 0, "session_id"};
    add_row(s, hello->psk ? &by_psk : hello->ticket ? &by_ticket : &by_id);
}

static bool is_of_session(enum field field)
{
    return field_info[field].side == OF_SESSION;
}

/* Where there is a Certificate, it shows itself. */
static bool is_beside_it(const struct search *s, const struct row *row)
{
    return row->field == FIELD_CERTIFICATE_PRESENT && row->place != &certificate &&
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
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++)
            if (rows[j].field == fields[i] && !is_beside_it(&s, &rows[j]))
                add_row(&s, &rows[j]);
    }
    return s.count;
}
