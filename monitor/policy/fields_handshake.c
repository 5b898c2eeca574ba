/* From the observation to values: here, and only here, "not seen" becomes "definitely absent" or
 * "unknown". */
#include "policy/getters.h"

#include "wire/x509.h"

static struct value list16(const uint16_t *list, size_t count, bool cut)
{
    return (struct value){.fact = {.known = KNOWN_VALUE}, .list = list, .count = count, .cut = cut};
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
    return open && observation_may_offer_tls13(o);
}

/* The client's hello, or why it was not seen. */
struct fact client_hello_seen(const struct observation *o)
{
    return o->seen & SEEN_CLIENT_HELLO ? number(1) : unknown(observation_missing(o, CLIENT));
}

/* The server's hello: a value; absent if it refused before; or why it was not seen. */
static struct fact server_hello_seen(const struct observation *o)
{
    if (o->seen & SEEN_SERVER_HELLO)
        return number(1);
    if (o->seen & SEEN_SSLV2_SERVER_HELLO || observation_settled(o, SERVER))
        return absent();
    return unknown(observation_missing(o, SERVER));
}

/* A message of the server's flight between its hello and ServerHelloDone that was not seen. */
static struct fact missing_of_server_flight(const struct observation *o)
{
    struct fact hello = server_hello_seen(o);
    if (hello.known != KNOWN_VALUE)
        return hello;
    if (o->resumption > RESUMPTION_FULL || observation_by_psk(o))
        return absent(); /* RFC 2246 7.3: an abbreviated handshake has none; RFC 8446 4.3.2, 4.4.2: nor does
                            one with a PSK */
    if (is_tls13(o))
        return unknown(observation_hidden(o));
    /* If the connection ended before this, the server had not finished its flight. */
    if (o->side[SERVER].damage == 0 && o->seen & SEEN_SERVER_HELLO_DONE)
        return absent();
    return unknown(observation_missing(o, SERVER));
}

struct fact certificate_present(const struct observation *o)
{
    if (o->seen & SEEN_CERTIFICATE)
        return number(1);
    struct fact missing = missing_of_server_flight(o);
    bool full = o->seen & SEEN_SERVER_HELLO && o->resumption <= RESUMPTION_FULL && !observation_by_psk(o);
    return missing.known == ABSENT && full ? number(0) : missing;
}

static uint32_t why_unparsed(const struct observation *o)
{
    return o->certificate.other_form ? UNOBSERVED_NOT_READ : UNOBSERVED_MALFORMED;
}

struct fact in_certificate(const struct observation *o, int64_t n)
{
    if (o->seen & SEEN_CERTIFICATE)
        return o->certificate.parsed ? number(n) : unknown(why_unparsed(o));
    struct fact present = certificate_present(o);
    return present.known == UNKNOWN ? present : absent();
}

/* Facts of the message, which are there even if the leaf cannot be parsed. */
struct fact in_certificate_message(const struct observation *o, int64_t n)
{
    return o->seen & SEEN_CERTIFICATE && !o->certificate.other_form ? number(n) : in_certificate(o, n);
}

static uint32_t why_authorities_unread(const struct observation *o)
{
    const bool beyond = o->certificate.chain_len > MAX_CHAIN;
    return (o->certificate.ca_broken ? UNOBSERVED_MALFORMED : 0) | (beyond ? UNOBSERVED_TOO_LONG : 0);
}

/* Of the CA certificates: one that cannot be parsed leaves open what the others do not decide. */
struct fact of_authorities(const struct observation *o, int64_t n, bool decided)
{
    if (o->seen & SEEN_CERTIFICATE && o->certificate.ca_unparsed && !decided)
        return unknown(why_authorities_unread(o));
    return in_certificate_message(o, n);
}

/* Those that were not read may be further ones. */
struct fact subordinate_authorities(const struct observation *o)
{
    struct fact v = in_certificate_message(o, o->certificate.ca_subordinate);
    v.at_least = v.known == KNOWN_VALUE && o->certificate.ca_unparsed;
    v.reasons |= v.at_least ? why_authorities_unread(o) : 0;
    return v;
}

struct fact largest_authority(const struct observation *o)
{
    const struct fact v = in_certificate_message(o, o->certificate.ca_largest);
    return v.known == KNOWN_VALUE && !o->certificate.ca_count ? absent() : v;
}

/* Times before TS 33.141 V1.0.0 (December 2003) are from a clock that was not set, and say nothing about
 * validity. */
static const int64_t oldest_clock = 1070236800;

/* By how much the time when it was sent misses the certificate's validity, which includes both its ends (RFC
 * 5280 4.1.2.5); 0: it does not. */
static struct fact misses_validity(const struct observation *o, bool after)
{
    struct fact here = in_certificate(o, 1);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!o->certificate.valid_times)
        return unknown(UNOBSERVED_MALFORMED);
    const int64_t second = observation_certificate_second(o);
    if (second < oldest_clock)
        return unknown(UNOBSERVED_UNDECIDED);
    const int64_t by = after ? second - o->certificate.not_after : o->certificate.not_before - second;
    return number(by > 0 ? by : 0);
}

struct fact certificate_expired_for(const struct observation *o)
{
    return misses_validity(o, true);
}

struct fact certificate_early_by(const struct observation *o)
{
    return misses_validity(o, false);
}

struct fact certificate_expired(const struct observation *o)
{
    struct fact v = misses_validity(o, true);
    v.number = v.number > 0;
    return v;
}

struct fact certificate_not_yet_valid(const struct observation *o)
{
    struct fact v = misses_validity(o, false);
    v.number = v.number > 0;
    return v;
}

struct fact certificate_not_before(const struct observation *o)
{
    struct fact v = in_certificate(o, o->certificate.not_before);
    return v.known == KNOWN_VALUE && !o->certificate.valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
}

struct fact certificate_bits(const struct observation *o)
{
    struct fact v = in_certificate(o, o->certificate.bits);
    return v.known == KNOWN_VALUE && o->certificate.bits == 0 ? unknown(UNOBSERVED_UNKNOWN_CODE) : v;
}

struct value certificate_signature(const struct observation *o)
{
    struct fact v = in_certificate(o, 0);
    return v.known == KNOWN_VALUE ? string(observation_text(o, o->certificate.signature)) : fact_alone(v);
}

struct fact in_extension(const struct observation *o, unsigned extension, int64_t n)
{
    struct fact v = in_certificate(o, n);
    if (v.known != KNOWN_VALUE)
        return v;
    if (o->certificate.unparsed & extension)
        return unknown(UNOBSERVED_MALFORMED);
    return o->certificate.presence & extension ? v : absent();
}

struct fact certificate_has_dns_name(const struct observation *o)
{
    struct fact v = in_certificate(o, o->certificate.alt_name_has_dns);
    const bool open = o->certificate.unparsed & X509_HAS_SUBJECT_ALT_NAME && !o->certificate.alt_name_has_dns;
    return v.known == KNOWN_VALUE && open ? unknown(UNOBSERVED_MALFORMED) : v;
}

struct fact certificate_names_host(const struct observation *o)
{
    struct fact here = in_certificate(o, 1);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!o->certificate.name_checked) { /* no name was sent, or it was not seen */
        if (!(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown & UNKNOWN_NAME || o->text_cut)
            return unknown(observation_missing(o, CLIENT));
        return o->client_hello.sni.length ? unknown(UNOBSERVED_UNDECIDED) : absent();
    }
    if (o->certificate.name_match == NAME_MATCHES)
        return number(1);
    if (o->certificate.alt_names_cut)
        return unknown(UNOBSERVED_TOO_LONG);
    if (o->certificate.unparsed & X509_HAS_SUBJECT_ALT_NAME)
        return unknown(UNOBSERVED_MALFORMED);
    /* RFC 2818 3.1 uses the most specific CN, but leaves open which one that is. */
    if (o->certificate.name_match == NAME_MAY_MATCH || o->certificate.common_name_open)
        return unknown(UNOBSERVED_UNDECIDED);
    return number(0);
}

struct value certificate_asked_host(const struct observation *o)
{
    const struct fact names = certificate_names_host(o);
    const struct span host = observation_certificate_host(o);
    return names.known == KNOWN_VALUE && host.n ? string(host)
                                                : fact_alone(names.known == UNKNOWN ? names : absent());
}

/* RFC 2246 7.4.2, RFC 4492 2: the key that a key exchange needs. */
struct fact certificate_fits_suite(const struct observation *o)
{
    struct fact here = in_certificate(o, 1);
    const struct suite *suite = observation_suite(o);
    if (here.known != KNOWN_VALUE)
        return here;
    if (!suite)
        return unknown(UNOBSERVED_UNKNOWN_CODE);
    unsigned key = o->certificate.key;
    if (key == X509_KEY_UNKNOWN)
        return unknown(UNOBSERVED_UNKNOWN_CODE);
    bool rsa = key == X509_KEY_RSA || key == X509_KEY_RSA_PSS;
    switch (suite->auth) {
    case AUTH_RSA: /* fixed Diffie-Hellman: RSA signs the certificate, whose own key is another */
        if (suite->kx == KX_DH || suite->kx == KX_ECDH)
            return number(suite->kx == KX_DH ? key == X509_KEY_DH : key == X509_KEY_EC);
        /* RFC 4055 1.2: a PSS key signs, and does not encrypt a premaster secret. */
        return number(suite->kx == KX_RSA ? key == X509_KEY_RSA : rsa);
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

struct value server_suite(const struct observation *o)
{
    struct fact hello = server_hello_seen(o);
    if (hello.known != KNOWN_VALUE)
        return fact_alone(hello);
    const struct suite *suite = observation_suite(o);
    return suite ? (struct value){.fact = number(suite->code), .suite = suite}
                 : fact_alone(unknown(UNOBSERVED_UNKNOWN_CODE));
}

struct fact server_key_bits(const struct observation *o, const int64_t *key_bits)
{
    const struct value v = server_suite(o);
    return v.fact.known == KNOWN_VALUE ? number(key_bits[suite_index(v.suite)]) : v.fact;
}

struct fact server_key_exchange(const struct observation *o)
{
    const struct value v = server_suite(o);
    return v.fact.known == KNOWN_VALUE ? number(v.suite->kx) : v.fact;
}

struct fact server_version(const struct observation *o)
{
    uint16_t version = observation_version(o);
    if (!version && o->seen & SEEN_SERVER_HELLO)
        return unknown(observation_unread(o, SERVER));
    return version ? number(version) : server_hello_seen(o);
}

struct fact in_server_hello(const struct observation *o, int64_t n)
{
    struct fact hello = server_hello_seen(o);
    return hello.known == KNOWN_VALUE ? number(n) : hello;
}

struct fact in_client_hello(const struct observation *o, int64_t n)
{
    struct fact hello = client_hello_seen(o);
    return hello.known == KNOWN_VALUE ? number(n) : hello;
}

/* A fact in a part that may not parse. */
struct fact part_of_client_hello(const struct observation *o, unsigned part, int64_t n)
{
    if (o->seen & SEEN_CLIENT_HELLO && o->client_hello.unknown & part)
        return unknown(observation_unread(o, CLIENT));
    return in_client_hello(o, n);
}

struct fact part_of_server_hello(const struct observation *o, unsigned part, int64_t n)
{
    if (o->seen & SEEN_SERVER_HELLO && o->server_hello.unknown & part)
        return unknown(observation_unread(o, SERVER));
    return in_server_hello(o, n);
}

/* An extension that was read is present, whatever after it does not parse. */
struct fact extension_of_client(const struct observation *o, bool here)
{
    return here ? in_client_hello(o, 1) : part_of_client_hello(o, UNKNOWN_EXTENSIONS, 0);
}

struct fact extension_of_server(const struct observation *o, bool here)
{
    return here ? in_server_hello(o, 1) : part_of_server_hello(o, UNKNOWN_EXTENSIONS, 0);
}

struct fact in_both_hellos(const struct observation *o, int64_t n)
{
    return o->seen & SEEN_CLIENT_HELLO ? in_server_hello(o, n) : client_hello_seen(o);
}

struct value offered_suites(const struct observation *o)
{
    const struct client_hello_facts *hello = &o->client_hello;
    const struct fact seen = client_hello_seen(o);
    if (seen.known != KNOWN_VALUE)
        return fact_alone(seen);
    if (observation_offers_sslv2_only(o))
        return fact_alone(absent());
    if (hello->unknown & UNKNOWN_OFFER)
        return fact_alone(unknown(observation_unread(o, CLIENT)));
    return (struct value){.fact = seen,
                          .suites = &hello->offered,
                          .unknown_suites = hello->unknown_suites,
                          .list = hello->suites,
                          .count = hello->suite_count,
                          .cut = hello->suites_cut};
}

struct fact offered_count(const struct observation *o)
{
    const struct client_hello_facts *hello = &o->client_hello;
    const struct value v = offered_suites(o);
    return v.fact.known == KNOWN_VALUE
               ? number(hello->unknown_suites + (int64_t)suite_set_count(&hello->offered))
               : v.fact;
}

struct value hello_extensions(const struct observation *o)
{
    const struct client_hello_facts *hello = &o->client_hello;
    struct fact v = client_hello_seen(o);
    const bool cut = hello->extensions_cut || hello->unknown & UNKNOWN_EXTENSIONS;
    return v.known == KNOWN_VALUE ? list16(hello->extensions, hello->extension_count, cut) : fact_alone(v);
}

struct value hello_sni(const struct observation *o)
{
    struct fact v = part_of_client_hello(o, UNKNOWN_NAME, 1);
    return v.known == KNOWN_VALUE ? string(observation_text(o, o->client_hello.sni)) : fact_alone(v);
}

struct value server_extensions(const struct observation *o)
{
    const struct server_hello_facts *hello = &o->server_hello;
    struct fact v = server_hello_seen(o);
    const bool cut = hello->extensions_cut || hello->unknown & UNKNOWN_EXTENSIONS;
    return v.known == KNOWN_VALUE ? list16(hello->extensions, hello->extension_count, cut) : fact_alone(v);
}

struct fact server_reaction(const struct observation *o)
{
    if (o->reaction != REACTION_UNKNOWN)
        return number(o->reaction);
    if (!observation_settled(o, SERVER))
        return unknown(observation_missing(o, SERVER));
    return unknown(o->unheard ? o->unheard : UNOBSERVED_UNDECIDED);
}

/* The alerts of a server that gives up for lack of a certificate: RFC 5246 7.2.2, certificate_required of RFC
 * 8446. */
static bool about_certificate(unsigned description)
{
    enum { HANDSHAKE_FAILURE = 40, CERTIFICATE_UNKNOWN = 46, CERTIFICATE_REQUIRED = 116 };
    return (description >= HANDSHAKE_FAILURE && description <= CERTIFICATE_UNKNOWN) ||
           description == CERTIFICATE_REQUIRED;
}

/* The alerts for failures of keys, of records or of the server itself, where no certificate would have helped
 * (RFC 5246 7.2.2). */
static bool about_something_else(unsigned description)
{
    enum {
        BAD_RECORD_MAC = 20,
        RECORD_OVERFLOW = 22,
        DECOMPRESSION_FAILURE = 30,
        DECRYPT_ERROR = 51,
        INTERNAL_ERROR = 80,
        USER_CANCELED = 90,
        NO_RENEGOTIATION = 100
    };
    return (description >= BAD_RECORD_MAC && description <= RECORD_OVERFLOW) ||
           description == DECOMPRESSION_FAILURE || description == DECRYPT_ERROR ||
           description == INTERNAL_ERROR || description == USER_CANCELED || description == NO_RENEGOTIATION;
}

static struct fact conclusion_of_alert(unsigned description)
{
    if (about_something_else(description))
        return unknown(UNOBSERVED_UNDECIDED);
    return number(about_certificate(description) ? CONCLUSION_FATAL_ALERT : CONCLUSION_OTHER_ALERT);
}

/* The server's end shows nothing if the client may have ended first, in unseen bytes or an unseen order, or
 * if the server had not got the client's answer (RFC 9293 3.4). */
static struct fact unless_open(const struct observation *o, uint32_t order, struct fact conclusion)
{
    const uint32_t open = o->unheard | (o->unobserved & order);
    if (open)
        return unknown(open);
    return o->had_answer ? conclusion : unknown(UNOBSERVED_UNDECIDED);
}

struct fact server_conclusion(const struct observation *o)
{
    if (is_tls13(o))
        return unknown(observation_hidden(o));
    if (o->seen & SEEN_SERVER_FINISHED || o->outcome == OUTCOME_COMPLETE)
        return number(CONCLUSION_CONTINUED);
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].level == 2) /* after the client's end, the server's alert only answers that */
            return o->alerts[i].from == SERVER && !o->client_left
                       ? unless_open(o, 0, conclusion_of_alert(o->alerts[i].description))
                       : unknown(UNOBSERVED_UNDECIDED);
    if (o->seen & SEEN_SERVER_CCS) /* what followed is encrypted, perhaps an alert */
        return unknown(UNOBSERVED_ENCRYPTED);
    if (!observation_is_whole(o, SERVER) || o->server_followed || observation_fatal_alert_of(o, CLIENT))
        return unknown(observation_missing(o, SERVER));
    if (!o->side[SERVER].reset && !o->side[SERVER].closed)
        return unknown(observation_missing(o, SERVER));
    return unless_open(o, UNOBSERVED_REORDERED,
                       number(o->side[SERVER].reset ? CONCLUSION_RESET : CONCLUSION_CLOSED));
}

struct fact resumption_method(const struct observation *o)
{
    if (o->resumption == RESUMPTION_EITHER)
        return unknown(observation_missing(o, CLIENT));
    if (o->resumption != RESUMPTION_UNKNOWN)
        return number(o->resumption);
    struct fact hello = server_hello_seen(o);
    return hello.known == KNOWN_VALUE ? unknown(observation_missing(o, SERVER)) : hello;
}

struct fact handshake_full(const struct observation *o)
{
    const bool by_psk = o->resumption == RESUMPTION_UNKNOWN && observation_by_psk(o);
    if (by_psk || o->resumption == RESUMPTION_EITHER)
        return number(0);
    struct fact v = resumption_method(o);
    return v.known == KNOWN_VALUE ? number(v.number == RESUMPTION_FULL) : v;
}

struct fact handshake_complete(const struct observation *o)
{
    if (o->outcome == OUTCOME_COMPLETE || o->outcome == OUTCOME_REFUSED || o->outcome == OUTCOME_ABORTED)
        return number(o->outcome == OUTCOME_COMPLETE);
    if (o->outcome == OUTCOME_UNFINISHED && o->seen & SEEN_CLIENT_FINISHED && o->seen & SEEN_SERVER_FINISHED)
        return unknown(observation_hidden(o)); /* the server's last messages */
    return unknown(observation_missing(o, SERVER) | observation_missing(o, CLIENT) |
                   (o->unobserved & UNOBSERVED_REORDERED));
}

/* How the client reacts to the certificate, if it can only have checked that after the handshake. */
struct fact client_follow_up(const struct observation *o)
{
    const struct fact here = in_certificate(o, 1);
    const struct fact complete = handshake_complete(o);
    if (here.known != KNOWN_VALUE)
        return here;
    if (complete.known != KNOWN_VALUE)
        return complete;
    if (!complete.number)
        return absent();
    if (!observation_certificate_in_doubt(o)) {
        const uint32_t reasons = certificate_names_host(o).reasons | certificate_expired(o).reasons;
        return reasons ? unknown(reasons) : absent();
    }
    if (o->follow_up)
        return number(o->follow_up);
    if (o->seen & SEEN_CLIENT_DATA)
        return number(FOLLOW_UP_DATA);
    const uint32_t missing = observation_missing(o, CLIENT);
    return unknown(missing ? missing : UNOBSERVED_UNFINISHED);
}

/* The client went on after the ServerHello: its own flight, or protected data. */
struct fact client_continued(const struct observation *o)
{
    if (o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS | SEEN_CLIENT_FINISHED |
                   SEEN_CLIENT_CERTIFICATE | SEEN_CERTIFICATE_URL))
        return number(1);
    if (o->outcome == OUTCOME_COMPLETE)
        return number(1);
    if (!(o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO)) && observation_settled(o, SERVER))
        return absent();
    if (may_be_tls13(o))
        return unknown(observation_missing(o, SERVER));
    return observation_settled(o, CLIENT) ? number(0) : unknown(observation_missing(o, CLIENT));
}

struct fact certificate_requested(const struct observation *o)
{
    if (o->seen & SEEN_CERTIFICATE_REQUEST)
        return number(1);
    struct fact missing = missing_of_server_flight(o);
    bool full = o->seen & SEEN_SERVER_HELLO && o->resumption <= RESUMPTION_FULL && !observation_by_psk(o);
    return missing.known == ABSENT && full ? number(0) : missing;
}

struct fact client_certificate_sent(const struct observation *o)
{
    if (o->seen & (SEEN_CLIENT_CERTIFICATE | SEEN_CERTIFICATE_URL))
        return number(1);
    if (is_tls13(o)) /* with a PSK none is requested (RFC 8446 4.3.2), so none is sent (4.4.2) */
        return observation_by_psk(o) ? number(0) : unknown(observation_hidden(o));
    if (may_be_tls13(o))
        return unknown(observation_missing(o, SERVER));
    /* It comes before ClientKeyExchange (RFC 2246 7.4.6), and after the beginning. */
    bool passed = o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS) && o->side[CLIENT].start_captured &&
                  !o->side[CLIENT].damage;
    return passed || observation_settled(o, CLIENT) ? number(0) : unknown(observation_missing(o, CLIENT));
}

struct fact client_certificate_count(const struct observation *o)
{
    struct fact sent = client_certificate_sent(o);
    if (sent.known != KNOWN_VALUE)
        return sent;
    if (o->seen & SEEN_CERTIFICATE_URL) /* it does not say how many are there */
        return (struct fact){
            .known = KNOWN_VALUE, .number = 1, .at_least = true, .reasons = UNOBSERVED_UNDECIDED};
    return sent.number ? number(o->client_certificate.count) : absent();
}

/* A CertificateURL names certificates that are not transferred here. */
static struct fact in_client_certificate(const struct observation *o, int64_t n)
{
    const struct fact count = client_certificate_count(o);
    if (o->seen & SEEN_CERTIFICATE_URL)
        return unknown(UNOBSERVED_UNDECIDED);
    if (count.known != KNOWN_VALUE || !count.number)
        return count.known == KNOWN_VALUE ? absent() : count;
    if (!o->client_certificate.is_certificate)
        return absent();
    return o->client_certificate.parsed ? number(n) : unknown(UNOBSERVED_MALFORMED);
}

struct fact client_certificate_time(const struct observation *o, int64_t seconds)
{
    const struct fact v = in_client_certificate(o, seconds);
    return v.known == KNOWN_VALUE && !o->client_certificate.valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
}

struct value client_certificate_issuer(const struct observation *o)
{
    const struct fact v = in_client_certificate(o, 1);
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    return o->client_certificate.named ? string(observation_text(o, o->client_certificate.issuer))
                                       : fact_alone(unknown(UNOBSERVED_TOO_LONG));
}

struct fact certificate_answer(const struct observation *o)
{
    struct fact requested = certificate_requested(o);
    if (requested.known == UNKNOWN && !(o->seen & (SEEN_CLIENT_CERTIFICATE | SEEN_CERTIFICATE_URL)))
        return requested;
    if (o->seen & SEEN_CERTIFICATE_URL)
        return number(ANSWER_CERTIFICATE);
    if (o->seen & SEEN_CLIENT_CERTIFICATE)
        return number(o->client_certificate.count ? ANSWER_CERTIFICATE : ANSWER_EMPTY);
    if (requested.known == ABSENT || !requested.number)
        return absent();
    if (o->seen & SEEN_NO_CERTIFICATE_ALERT)
        return number(ANSWER_NO_CERTIFICATE_ALERT);
    bool went_on = o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CCS) && !o->side[CLIENT].damage;
    return went_on ? number(ANSWER_NONE) : unknown(observation_missing(o, CLIENT));
}

static struct fact in_server_flight(const struct observation *o, bool here, int64_t n)
{
    return here ? number(n) : missing_of_server_flight(o);
}

/* What a ServerKeyExchange contains depends on the suite. */
struct fact key_exchange_bits(const struct observation *o, int64_t bits)
{
    const bool unreadable = o->seen & SEEN_SERVER_KEY_EXCHANGE && !observation_suite(o);
    return unreadable ? unknown(UNOBSERVED_UNKNOWN_CODE) : in_server_flight(o, bits, bits);
}

struct fact ticket_hint(const struct observation *o)
{
    if (o->seen & SEEN_TICKET && !o->ticket_issued.length) /* RFC 5077 3.3: the server gives no ticket */
        return absent();
    if (o->seen & SEEN_TICKET)
        return number(o->ticket_issued.lifetime_hint);
    if (is_tls13(o))
        return unknown(observation_hidden(o));
    bool passed = o->seen & SEEN_SERVER_CCS && !o->side[SERVER].damage;
    struct fact hello = server_hello_seen(o);
    if (hello.known == KNOWN_VALUE && !passed)
        return unknown(observation_missing(o, SERVER));
    return hello.known == UNKNOWN ? hello : absent();
}

struct fact fatal_alert_seen(const struct observation *o, enum side side)
{
    if (observation_fatal_alert_of(o, side))
        return number(1);
    return observation_settled(o, side) ? number(0) : unknown(observation_missing(o, side));
}

struct value request_types(const struct observation *o)
{
    return (struct value){.fact = in_server_flight(o, o->seen & SEEN_CERTIFICATE_REQUEST, 0),
                          .octets = o->certificate_request.types,
                          .count = o->certificate_request.type_count};
}

struct fact unless_doubtful(const struct policy_case *c, enum field_side side, struct fact f)
{
    const uint32_t doubts = f.known != UNKNOWN ? handshake_doubts(c, side) : 0;
    return doubts ? unknown(doubts) : f;
}
