/* From the observation to values. Here, and only here, "not seen" becomes "definitely absent" or "unknown".
 */
#include "policy/values.h"

#include "wire/x509.h"

static struct value list16(const uint16_t *list, size_t count, bool cut)
{
    return (struct value){.known = KNOWN_VALUE, .list = list, .count = count, .cut = cut};
}

static bool is_tls13(const struct observation *o)
{
    return observation_version(o) >= 0x0304;
}

/* The version was not seen, and what the client sent may have been TLS 1.3. */
static bool may_be_tls13(const struct observation *o)
{
    bool open = observation_version(o) == 0 && !(o->seen & SEEN_CLIENT_KEY_EXCHANGE) &&
                !observation_settled(o, SERVER);
    return open && (!(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.max_version >= 0x0304);
}

/* The client's hello, or why not. */
static struct value client_hello(const struct observation *o)
{
    return o->seen & SEEN_CLIENT_HELLO ? number(1) : unknown(observation_missing(o, CLIENT));
}

/* The server's hello: a value, absent when it refused before, or why not. */
static struct value server_hello(const struct observation *o)
{
    if (o->seen & SEEN_SERVER_HELLO)
        return number(1);
    if (o->seen & SEEN_SSLV2_SERVER_HELLO || observation_settled(o, SERVER))
        return absent();
    return unknown(observation_missing(o, SERVER));
}

/* A message of the server's flight between its hello and ServerHelloDone that was not seen. */
static struct value missing_of_server_flight(const struct observation *o)
{
    struct value hello = server_hello(o);
    if (hello.known != KNOWN_VALUE)
        return hello;
    if (is_tls13(o))
        return unknown(UNOBSERVED_ENCRYPTED);
    if (o->resumption > RESUMPTION_FULL)
        return absent(); /* E4: an abbreviated handshake has none */
    bool over =
        o->seen & SEEN_SERVER_HELLO_DONE || (observation_settled(o, SERVER) && !(o->seen & SEEN_SERVER_CCS));
    if (o->damage[SERVER] == 0 && over)
        return absent();
    return unknown(observation_missing(o, SERVER));
}

static struct value certificate_present(const struct observation *o)
{
    if (o->seen & SEEN_CERTIFICATE)
        return number(1);
    struct value missing = missing_of_server_flight(o);
    bool full = o->seen & SEEN_SERVER_HELLO && o->resumption <= RESUMPTION_FULL;
    return missing.known == KNOWN_ABSENT && full ? number(0) : missing;
}

static struct value certificate(const struct observation *o, int64_t n)
{
    if (o->seen & SEEN_CERTIFICATE)
        return o->certificate.parsed ? number(n) : unknown(UNOBSERVED_MALFORMED);
    struct value present = certificate_present(o);
    return present.known == KNOWN_NOT ? present : absent();
}

/* Facts of the message, which are there even when the leaf cannot be parsed. */
static struct value certificate_message(const struct observation *o, int64_t n)
{
    return o->seen & SEEN_CERTIFICATE ? number(n) : certificate(o, n);
}

/* Of the CA certificates: one that could not be parsed leaves open what the others do not decide. */
static struct value of_authorities(const struct observation *o, int64_t n, bool decided)
{
    if (o->seen & SEEN_CERTIFICATE && o->certificate.ca_unparsed && !decided)
        return unknown(UNOBSERVED_MALFORMED);
    return certificate_message(o, n);
}

static struct value certificate_time(const struct observation *o, bool expired)
{
    struct value here = certificate(o, 1);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!o->certificate.valid_times)
        return unknown(UNOBSERVED_MALFORMED);
    nanos when = o->seen & SEEN_SERVER_HELLO ? o->hello_time[SERVER] : o->started;
    int64_t second = when / NANOS_PER_SECOND;
    return number(expired ? second > o->certificate.not_after : second < o->certificate.not_before);
}

static struct value certificate_names_host(const struct observation *o)
{
    struct value here = certificate(o, 1);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!o->certificate
             .name_checked) { /* a name that was not said is one thing, one that is not known another */
        if (!(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.malformed || o->text_cut)
            return unknown(observation_missing(o, CLIENT));
        return o->client_hello.sni.length ? unknown(UNOBSERVED_UNDECIDED) : absent();
    }
    if (!o->certificate.name_matches && o->certificate.alt_names_cut)
        return unknown(UNOBSERVED_TOO_LONG);
    return number(o->certificate.name_matches);
}

/* RFC 2246 7.4.2, RFC 4492 2: which key a key exchange needs. */
static struct value certificate_fits(const struct observation *o)
{
    struct value here = certificate(o, 1);
    const struct suite *suite = observation_suite(o);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!suite)
        return unknown(UNOBSERVED_UNKNOWN_CODE);
    unsigned key = o->certificate.key;
    bool rsa = key == X509_KEY_RSA || key == X509_KEY_RSA_PSS;
    switch (suite->auth) {
    case AUTH_RSA: /* fixed Diffie-Hellman: RSA signs the certificate, its key is another */
        if (suite->kx == KX_DH || suite->kx == KX_ECDH)
            return number(suite->kx == KX_DH ? key == X509_KEY_DH : key == X509_KEY_EC);
        return number(rsa);
    case AUTH_DSS:
        return number(suite->kx == KX_DH ? key == X509_KEY_DH : key == X509_KEY_DSA);
    case AUTH_ECDSA:
        return number(key == X509_KEY_EC || key == X509_KEY_ED25519 || key == X509_KEY_ED448);
    case AUTH_NONE:
    case AUTH_PSK:
    case AUTH_SRP:
    case AUTH_KRB5:
        return number(0);
    default:
        return unknown(UNOBSERVED_UNKNOWN_CODE);
    }
}

static struct value server_suite(const struct observation *o)
{
    struct value hello = server_hello(o);
    if (hello.known != KNOWN_VALUE)
        return hello;
    hello.suite = observation_suite(o);
    if (!hello.suite)
        return unknown(UNOBSERVED_UNKNOWN_CODE);
    return hello;
}

static struct value of_suite(const struct observation *o, bool bits)
{
    struct value v = server_suite(o);
    if (v.known == KNOWN_VALUE)
        return number(bits ? v.suite->key_bits : v.suite->kx);
    return v;
}

static struct value server_version(const struct observation *o)
{
    uint16_t version = observation_version(o);
    return version ? number(version) : server_hello(o);
}

static struct value in_server_hello(const struct observation *o, int64_t n)
{
    struct value hello = server_hello(o);
    return hello.known == KNOWN_VALUE ? number(n) : hello;
}

static struct value in_client_hello(const struct observation *o, int64_t n)
{
    struct value hello = client_hello(o);
    return hello.known == KNOWN_VALUE ? number(n) : hello;
}

/* What stands after the suites, which a malformed hello does not tell. */
static struct value late_in_client_hello(const struct observation *o, int64_t n)
{
    if (o->seen & SEEN_CLIENT_HELLO && o->client_hello.malformed)
        return unknown(UNOBSERVED_MALFORMED);
    return in_client_hello(o, n);
}

static struct value reaction(const struct observation *o)
{
    return o->reaction != REACTION_UNKNOWN ? number(o->reaction) : unknown(observation_missing(o, SERVER));
}

static bool fatal_alert_of(const struct observation *o, enum side side)
{
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].from == side && o->alerts[i].level == 2)
            return true;
    return false;
}

/* Of a server that gave up for lack of a certificate: RFC 5246 7.2.2, certificate_required of RFC 8446. */
static bool about_certificate(unsigned description)
{
    enum { HANDSHAKE_FAILURE = 40, CERTIFICATE_UNKNOWN = 46, CERTIFICATE_REQUIRED = 116 };
    return (description >= HANDSHAKE_FAILURE && description <= CERTIFICATE_UNKNOWN) ||
           description == CERTIFICATE_REQUIRED;
}

static struct value conclusion(const struct observation *o)
{
    enum { WENT_ON, FATAL, CLOSED, RESET, OTHER_ALERT };
    if (is_tls13(o))
        return unknown(UNOBSERVED_ENCRYPTED);
    if (o->seen & SEEN_SERVER_FINISHED || o->outcome == OUTCOME_COMPLETE)
        return number(WENT_ON);
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].from == SERVER && o->alerts[i].level == 2)
            return number(about_certificate(o->alerts[i].description) ? FATAL : OTHER_ALERT);
    if (o->seen & SEEN_SERVER_CCS) /* what followed is encrypted, an alert perhaps */
        return unknown(UNOBSERVED_ENCRYPTED);
    bool whole = o->side_seen[SERVER] && o->start_seen[SERVER] && !o->damage[SERVER];
    if (!whole || o->server_followed || fatal_alert_of(o, CLIENT))
        return unknown(observation_missing(o, SERVER));
    if (o->reset[SERVER])
        return number(RESET);
    return o->closed[SERVER] ? number(CLOSED) : unknown(observation_missing(o, SERVER));
}

static struct value resumption(const struct observation *o, bool as_full)
{
    if (o->resumption != RESUMPTION_UNKNOWN)
        return number(as_full ? o->resumption == RESUMPTION_FULL : (int64_t)o->resumption);
    struct value hello = server_hello(o);
    if (hello.known == KNOWN_VALUE)
        return unknown(observation_missing(o, SERVER));
    return hello;
}

/* The client went on after the ServerHello: its own flight, or protected data. */
static struct value continued(const struct observation *o)
{
    if (o->seen &
        (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS | SEEN_CLIENT_FINISHED | SEEN_CLIENT_CERTIFICATE))
        return number(1);
    if (o->outcome == OUTCOME_COMPLETE)
        return number(1);
    if (!(o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO)) && observation_settled(o, SERVER))
        return absent();
    if (may_be_tls13(o))
        return unknown(observation_missing(o, SERVER));
    return observation_settled(o, CLIENT) ? number(0) : unknown(observation_missing(o, CLIENT));
}

static struct value certificate_requested(const struct observation *o)
{
    if (o->seen & SEEN_CERTIFICATE_REQUEST)
        return number(1);
    struct value missing = missing_of_server_flight(o);
    return missing.known == KNOWN_ABSENT && o->seen & SEEN_SERVER_HELLO ? number(0) : missing;
}

static struct value client_certificate_sent(const struct observation *o)
{
    if (o->seen & SEEN_CLIENT_CERTIFICATE)
        return number(1);
    if (is_tls13(o))
        return unknown(UNOBSERVED_ENCRYPTED);
    if (may_be_tls13(o))
        return unknown(observation_missing(o, SERVER));
    /* It stands before ClientKeyExchange (RFC 2246 7.4.6), and after the beginning. */
    bool passed =
        o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS) && o->start_seen[CLIENT] && !o->damage[CLIENT];
    return passed || observation_settled(o, CLIENT) ? number(0) : unknown(observation_missing(o, CLIENT));
}

static struct value client_certificate_count(const struct observation *o)
{
    struct value sent = client_certificate_sent(o);
    if (sent.known != KNOWN_VALUE)
        return sent;
    return sent.number ? number(o->client_certificate.count) : absent();
}

static struct value certificate_answer(const struct observation *o)
{
    enum { EMPTY, CERTIFICATE, NONE, ALERT };
    struct value requested = certificate_requested(o);
    if (requested.known == KNOWN_NOT && !(o->seen & SEEN_CLIENT_CERTIFICATE))
        return requested;
    if (o->seen & SEEN_CLIENT_CERTIFICATE)
        return number(o->client_certificate.count ? CERTIFICATE : EMPTY);
    if (requested.known == KNOWN_ABSENT || !requested.number)
        return absent();
    if (o->seen & SEEN_NO_CERTIFICATE_ALERT)
        return number(ALERT);
    bool went_on = o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS) && !o->damage[CLIENT];
    return went_on ? number(NONE) : unknown(observation_missing(o, CLIENT));
}

static struct value in_server_flight(const struct observation *o, bool here, int64_t n)
{
    return here ? number(n) : missing_of_server_flight(o);
}

static struct value ticket_hint(const struct observation *o)
{
    if (o->seen & SEEN_TICKET)
        return number(o->ticket_issued.lifetime_hint);
    if (is_tls13(o))
        return unknown(UNOBSERVED_ENCRYPTED);
    bool passed = o->seen & SEEN_SERVER_CCS && !o->damage[SERVER];
    struct value hello = server_hello(o);
    if (hello.known == KNOWN_VALUE && !passed)
        return unknown(observation_missing(o, SERVER));
    return hello.known == KNOWN_NOT ? hello : absent();
}

static struct value alert_seen(const struct observation *o, enum side side)
{
    if (fatal_alert_of(o, side))
        return number(1);
    return observation_settled(o, side) ? number(0) : unknown(observation_missing(o, side));
}

static struct value of_client_hello(enum field field, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    struct value v = client_hello(o);
    if (v.known != KNOWN_VALUE)
        return v;
    switch (field) {
    case FIELD_OFFERED_SUITES:
        v.suites = &c->offered;
        v.unknown_suites = c->unknown_suites;
        v.list = c->suites;
        v.count = c->suite_count;
        v.cut = c->suites_cut;
        return v;
    case FIELD_OFFERED_COUNT: {
        int64_t count = c->unknown_suites;
        for (size_t i = 0; i < SUITE_SET_WORDS; i++)
            count += __builtin_popcountll(c->offered.word[i]);
        return number(count);
    }
    case FIELD_HELLO_EXTENSIONS:
        if (c->malformed)
            return unknown(UNOBSERVED_MALFORMED);
        return list16(c->extensions, c->extension_count, c->extensions_cut);
    case FIELD_HELLO_SNI:
        if (c->malformed)
            return unknown(UNOBSERVED_MALFORMED);
        return string(observation_text(o, c->sni));
    default:
        return v;
    }
}

static struct value of_server_hello(enum field field, const struct observation *o)
{
    struct value v = server_hello(o);
    if (v.known != KNOWN_VALUE)
        return v;
    if (field == FIELD_SERVER_EXTENSIONS)
        return list16(o->server_hello.extensions, o->server_hello.extension_count,
                      o->server_hello.extensions_cut);
    return v;
}

static struct value certificate_value(enum field field, const struct observation *o)
{
    const struct certificate_facts *x = &o->certificate;
    switch (field) {
    case FIELD_CERTIFICATE_KEY:
        return certificate(o, x->key);
    case FIELD_CERTIFICATE_BITS: {
        struct value v = certificate(o, x->bits);
        return v.known == KNOWN_VALUE && x->bits == 0 ? unknown(UNOBSERVED_UNKNOWN_CODE) : v;
    }
    case FIELD_CERTIFICATE_SIGNATURE: {
        struct value v = certificate(o, 0);
        return v.known == KNOWN_VALUE ? string(observation_text(o, x->signature)) : v;
    }
    case FIELD_CERTIFICATE_VERSION:
        return certificate(o, x->x509_version);
    case FIELD_CERTIFICATE_SERIAL_LENGTH:
        return certificate(o, x->serial_len);
    case FIELD_CERTIFICATE_CHAIN_LENGTH:
        return certificate_message(o, x->chain_len);
    case FIELD_CERTIFICATE_DER_LENGTH:
        return certificate_message(o, x->der_len);
    case FIELD_CERTIFICATE_SUBJECT_EMPTY:
        return certificate(o, x->subject_empty);
    case FIELD_CERTIFICATE_ISSUER_EMPTY:
        return certificate(o, x->issuer_empty);
    case FIELD_CERTIFICATE_UTF8:
        return certificate(o, x->names_utf8);
    case FIELD_CERTIFICATE_EXTENSIONS:
        return certificate(o, x->presence);
    case FIELD_CERTIFICATE_CRITICAL:
        return certificate(o, x->critical);
    case FIELD_CERTIFICATE_KEY_USAGE:
        return o->seen & SEEN_CERTIFICATE && x->parsed && !(x->presence & X509_HAS_KEY_USAGE)
                   ? absent()
                   : certificate(o, x->key_usage);
    case FIELD_CERTIFICATE_EKU_SERVER:
        return o->seen & SEEN_CERTIFICATE && x->parsed && !(x->presence & X509_HAS_EXTENDED_KEY_USAGE)
                   ? absent()
                   : certificate(o, x->eku_server_auth);
    case FIELD_CERTIFICATE_SAN_DNS:
        return certificate(o, x->alt_name_has_dns);
    case FIELD_CERTIFICATE_NOT_BEFORE: {
        struct value v = certificate(o, x->not_before);
        return v.known == KNOWN_VALUE && !x->valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
    }
    case FIELD_CERTIFICATE_EXPIRED:
        return certificate_time(o, true);
    case FIELD_CERTIFICATE_EARLY:
        return certificate_time(o, false);
    case FIELD_CERTIFICATE_NAMES_HOST:
        return certificate_names_host(o);
    case FIELD_CERTIFICATE_FITS:
        return certificate_fits(o);
    case FIELD_CA_COUNT:
        return certificate_message(o, x->ca_count);
    case FIELD_CA_SUBORDINATE:
        return of_authorities(o, x->ca_subordinate, false);
    case FIELD_CA_NOT_CA:
        return of_authorities(o, x->ca_not_ca, x->ca_not_ca);
    case FIELD_CA_WITHOUT_SIGN:
        return of_authorities(o, x->ca_without_sign, x->ca_without_sign);
    case FIELD_CA_WEAK_KEY:
        return of_authorities(o, x->ca_weak_key, x->ca_weak_key);
    case FIELD_CA_LARGEST:
        return certificate_message(o, x->ca_largest);
    default:
        return certificate_present(o);
    }
}

static struct value plain_value(enum field field, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *s = &o->server_hello;
    switch (field) {
    case FIELD_HELLO_FORMAT:
        return in_client_hello(o, c->format);
    case FIELD_HELLO_VERSION:
        return in_client_hello(o, c->version);
    case FIELD_HELLO_MAX_VERSION:
        return late_in_client_hello(o, c->max_version);
    case FIELD_OFFERED_SUITES:
    case FIELD_OFFERED_COUNT:
    case FIELD_HELLO_EXTENSIONS:
    case FIELD_HELLO_SNI:
        return of_client_hello(field, o);
    case FIELD_HELLO_SESSION_ID_LENGTH:
        return in_client_hello(o, c->session_id_len);
    case FIELD_HELLO_TICKET:
        return late_in_client_hello(o, c->ticket);
    case FIELD_HELLO_PSK:
        return late_in_client_hello(o, c->psk);
    case FIELD_HELLO_COMPRESSION_NULL:
        return late_in_client_hello(o, c->compression_null);
    case FIELD_HELLO_RENEGOTIATION_INFO:
        return late_in_client_hello(o, c->renegotiation_info);
    case FIELD_HELLO_FALLBACK:
        return in_client_hello(o, c->fallback_scsv);
    case FIELD_SERVER_VERSION:
        return server_version(o);
    case FIELD_SERVER_SUITE:
        return server_suite(o);
    case FIELD_SERVER_KEY_BITS:
        return of_suite(o, true);
    case FIELD_SERVER_KEY_EXCHANGE:
        return of_suite(o, false);
    case FIELD_SERVER_COMPRESSION:
        return in_server_hello(o, s->compression);
    case FIELD_SERVER_EXTENSIONS:
        return of_server_hello(field, o);
    case FIELD_SERVER_SESSION_ID_LENGTH:
        return in_server_hello(o, s->session_id_len);
    case FIELD_SERVER_RENEGOTIATION_INFO:
        return in_server_hello(o, s->renegotiation_info);
    case FIELD_SERVER_RANDOM_EQUAL:
        return o->seen & SEEN_CLIENT_HELLO ? in_server_hello(o, s->random_equals_clients) : client_hello(o);
    case FIELD_SERVER_REACTION:
        return reaction(o);
    case FIELD_SERVER_CONCLUSION:
        return conclusion(o);
    case FIELD_OUTCOME:
        return number(o->outcome);
    case FIELD_COMPLETE:
        if (o->outcome == OUTCOME_COMPLETE || o->outcome == OUTCOME_REFUSED || o->outcome == OUTCOME_ABORTED)
            return number(o->outcome == OUTCOME_COMPLETE);
        return unknown(observation_missing(o, SERVER) | observation_missing(o, CLIENT));
    case FIELD_FULL:
        return resumption(o, true);
    case FIELD_METHOD:
        return resumption(o, false);
    case FIELD_HELLO_RETRY:
        return in_server_hello(o, o->hello_retry);
    case FIELD_CONTINUED:
        return continued(o);
    case FIELD_CERTIFICATE_ANSWER:
        return certificate_answer(o);
    case FIELD_CLIENT_CERTIFICATE_REQUESTED:
        return certificate_requested(o);
    case FIELD_CLIENT_CERTIFICATE_SENT:
        return client_certificate_sent(o);
    case FIELD_CLIENT_CERTIFICATE_COUNT:
        return client_certificate_count(o);
    case FIELD_REQUEST_TYPES: {
        struct value v = in_server_flight(o, o->seen & SEEN_CERTIFICATE_REQUEST, 0);
        v.octets = o->certificate_request.types;
        v.count = o->certificate_request.type_count;
        return v;
    }
    case FIELD_DH_BITS:
        return in_server_flight(o, o->key_exchange.dh_bits, o->key_exchange.dh_bits);
    case FIELD_KX_RSA_BITS:
        return in_server_flight(o, o->key_exchange.rsa_bits, o->key_exchange.rsa_bits);
    case FIELD_TICKET_HINT:
        return ticket_hint(o);
    case FIELD_PROTECTED_VERSION:
        return o->protected_version ? number(o->protected_version) : absent();
    case FIELD_SERVER_FATAL:
        return alert_seen(o, SERVER);
    case FIELD_CLIENT_FATAL:
        return alert_seen(o, CLIENT);
    case FIELD_RENEGOTIATION:
        return number((o->seen & SEEN_RENEGOTIATION) != 0);
    default:
        return certificate_value(field, o);
    }
}

struct value handshake_value(enum field field, const struct observation *o)
{
    struct value v = plain_value(field, o);
    /* Of bytes that were seen with two contents nobody knows which the endpoint took. */
    uint32_t damage = field_info[field].side == CLIENT_SIDE   ? o->damage[CLIENT]
                      : field_info[field].side == SERVER_SIDE ? o->damage[SERVER]
                                                              : o->damage[CLIENT] | o->damage[SERVER];
    if (damage & UNOBSERVED_OVERLAP && v.known != KNOWN_NOT)
        return unknown(UNOBSERVED_OVERLAP);
    return v;
}
