#include "tls/observation.h"

#include "wire/hello.h"

#include <assert.h>

const struct word unobserved_words[] = {
    {UNOBSERVED_CLIENT_DIRECTION, "client-direction"},
    {UNOBSERVED_SERVER_DIRECTION, "server-direction"},
    {UNOBSERVED_GAP, "gap"},
    {UNOBSERVED_MIDSTREAM, "midstream"},
    {UNOBSERVED_ENCRYPTED, "encrypted"},
    {UNOBSERVED_TRUNCATED, "truncated"},
    {UNOBSERVED_EVICTED, "evicted"},
    {UNOBSERVED_OVERLAP, "overlap"},
    {UNOBSERVED_MALFORMED, "malformed"},
    {UNOBSERVED_UNFINISHED, "unfinished"},
    {UNOBSERVED_TOO_LONG, "too-long"},
    {UNOBSERVED_UNKNOWN_CODE, "unknown-code"},
    {UNOBSERVED_UNDECIDED, "undecided"},
    {UNOBSERVED_INCONSISTENT, "inconsistent"},
    {UNOBSERVED_ORIGIN, "origin-not-seen"},
    {UNOBSERVED_EARLIER, "began-before-capture"},
    {UNOBSERVED_TICKET, "ticket-encrypted"},
    {UNOBSERVED_IN_PROGRESS, "origin-in-progress"},
    {UNOBSERVED_REORDERED, "reordered"},
    {UNOBSERVED_UNACKNOWLEDGED, "unacknowledged"},
    {UNOBSERVED_COMPRESSED, "compressed"},
    {UNOBSERVED_CHECKSUM, "checksum"},
    {UNOBSERVED_PASSED_ON, "passed-on"},
    {UNOBSERVED_OTHER_SIDE, "other-side"},
    {UNOBSERVED_NETWORKS, "several-networks"},
    {UNOBSERVED_DISPUTED, "disputed"},
    {UNOBSERVED_WEB_PAGE, "web-page"},
    {UNOBSERVED_NOT_READ, "not-read"},
    {UNOBSERVED_CLOCK, "clock-set"},
    {0, NULL},
};
static_assert(sizeof unobserved_words / sizeof *unobserved_words == UNOBSERVED_COUNT + 1,
              "each reason has a word");

const struct word outcome_words[] = {
    {OUTCOME_UNFINISHED, "unfinished"}, {OUTCOME_COMPLETE, "complete"},   {OUTCOME_REFUSED, "refused"},
    {OUTCOME_ABORTED, "aborted"},       {OUTCOME_ONE_SIDED, "one-sided"}, {0, NULL},
};

const struct word reaction_words[] = {
    {REACTION_FATAL_ALERT, "fatal-alert"},
    {REACTION_LATE_ALERT, "late-alert"},
    {REACTION_ACCEPTED, "accepted"},
    {REACTION_ACCEPTED_LATE, "accepted-late"},
    {REACTION_CLOSED, "closed"},
    {REACTION_RESET, "reset"},
    {0, NULL},
};

const struct word resumption_words[] = {
    {RESUMPTION_FULL, "full"},
    {RESUMPTION_ID, "id"},
    {RESUMPTION_TICKET, "ticket"},
    {RESUMPTION_PSK, "psk"},
    {RESUMPTION_EXTERNAL, "external-psk"},
    {0, NULL},
};

const char *unobserved_name(unsigned bit_index)
{
    const char *word = word_of(unobserved_words, INT64_C(1) << bit_index);
    assert(word);
    return word;
}

const char *resumption_name(enum resumption r)
{
    return r > RESUMPTION_FULL ? word_of(resumption_words, r) : "";
}

uint16_t observation_version(const struct observation *o)
{
    if (o->seen & SEEN_SERVER_HELLO)
        return o->server_hello.unknown & UNKNOWN_VERSIONS ? 0 : version_of_code(o->server_hello.version);
    return o->seen & SEEN_SSLV2_SERVER_HELLO ? 0x0002 : 0;
}

bool observation_offers_all_above(const struct observation *o, uint16_t version)
{
    const struct client_hello_facts *c = &o->client_hello;
    unsigned offered = 0;
    for (unsigned i = 0; i < c->version_count; i++) {
        const uint16_t one = version_of_code(c->versions[i]);
        if (one > version && one <= c->max_version)
            offered |= 1U << (one & 0xfU);
    }
    for (unsigned v = version + 1U; v <= c->max_version && c->version_count; v++)
        if (!(offered >> (v & 0xfU) & 1))
            return false;
    return c->max_version > version;
}

bool observation_may_offer_tls13(const struct observation *o)
{
    return !(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown & UNKNOWN_VERSIONS ||
           o->client_hello.max_version >= 0x0304;
}

bool observation_offers_sslv2_only(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    return o->seen & SEEN_CLIENT_HELLO && c->sslv2_suites && !c->unknown_suites &&
           suite_set_empty(&c->offered);
}

const struct suite *observation_suite(const struct observation *o)
{
    return o->seen & SEEN_SERVER_HELLO ? suite_find(o->server_hello.suite) : NULL;
}

bool observation_by_psk(const struct observation *o)
{
    return o->seen & SEEN_SERVER_HELLO && observation_version(o) >= 0x0304 && o->server_hello.psk;
}

bool observation_psk_ageless(const struct observation *o)
{
    const unsigned taken = o->server_hello.psk_selected;
    return observation_by_psk(o) && o->seen & SEEN_CLIENT_HELLO && taken < 64 &&
           o->client_hello.psk_ageless >> taken & 1;
}

struct span observation_text(const struct observation *o, struct text_slice slice)
{
    assert((size_t)slice.offset + slice.length <= sizeof o->text);
    return span_of(o->text + slice.offset, slice.length);
}

void observation_copy(struct observation *to, const struct observation *from)
{
    memcpy(to, from, offsetof(struct observation, text) + from->text_used);
}

bool observation_fatal_alert_of(const struct observation *o, enum side side)
{
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].from == side && o->alerts[i].level == 2)
            return true;
    return false;
}

bool observation_fatal_alert(const struct observation *o)
{
    return observation_fatal_alert_of(o, CLIENT) || observation_fatal_alert_of(o, SERVER);
}

bool observation_is_whole(const struct observation *o, enum side side)
{
    const struct side_facts *facts = &o->side[side];
    return facts->captured && facts->start_captured && !facts->damage;
}

int64_t observation_certificate_second(const struct observation *o)
{
    const nanos when = o->seen & SEEN_SERVER_HELLO ? o->side[SERVER].hello_time : o->whence.time;
    return when / NANOS_PER_SECOND;
}

struct span observation_certificate_host(const struct observation *o)
{
    const struct span name = observation_text(o, o->client_hello.sni);
    const struct span authority = observation_text(o, o->authority);
    if (!authority.n)
        return name;
    return name.n && !x509_is_address(name) ? name : authority; /* RFC 6066 3: an address is not a name */
}

bool observation_certificate_in_doubt(const struct observation *o)
{
    const struct certificate_facts *c = &o->certificate;
    const int64_t second = observation_certificate_second(o);
    const bool out_of_time = c->valid_times && (second > c->not_after || second < c->not_before);
    return o->seen & SEEN_CERTIFICATE && c->parsed &&
           (out_of_time || (c->name_checked && c->name_match == NAME_DIFFERS));
}

bool observation_settled(const struct observation *o, enum side side)
{
    if (!observation_is_whole(o, side))
        return false;
    uint32_t last_in_clear = side == SERVER ? SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS : SEEN_CLIENT_CCS;
    if (o->seen & last_in_clear)
        return true;
    return o->side[side].closed || o->side[CLIENT].reset || o->side[SERVER].reset ||
           observation_fatal_alert(o);
}

bool observation_is_doubtful(const struct observation *o, enum side side)
{
    return o->side[side].unacknowledged || o->side[side].damage & UNOBSERVED_DOUBTED;
}

bool observation_is_damaged(const struct observation *o)
{
    return o->unobserved & (UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED | UNOBSERVED_DOUBTED);
}

static bool may_not_encrypt(const struct client_hello_facts *c)
{
    for (size_t i = 0; i < suite_count; i++)
        if (suite_table[i].flags & SUITE_NULL_ENCRYPTION && suite_set_has(&c->offered, i))
            return true;
    return false;
}

uint32_t observation_other_unread(const struct observation *o)
{
    const uint32_t changed = SEEN_CLIENT_CCS | SEEN_SERVER_CCS | SEEN_CLIENT_FINISHED | SEEN_SERVER_FINISHED;
    const struct side_facts *client = &o->side[CLIENT];
    const uint32_t before =
        client->damage & ~client->damage_since_hello & (UNOBSERVED_GAP | UNOBSERVED_TRUNCATED);
    if (before || !(o->seen & changed))
        return before;
    if (o->seen & SEEN_SERVER_HELLO)
        return observation_clear_suite(o) && observation_is_damaged(o) ? o->unobserved : 0;
    return may_not_encrypt(&o->client_hello) ? observation_missing(o, SERVER) : 0;
}

void observation_contradicted(struct observation *o, enum side side)
{
    o->unobserved |= UNOBSERVED_OVERLAP;
    o->side[side].damage |= UNOBSERVED_OVERLAP;
    o->side[side].damage_since_hello |= UNOBSERVED_OVERLAP;
}

void observation_disputed(struct observation *o)
{
    o->unobserved |= UNOBSERVED_DISPUTED;
    o->whence.disputed = true;
    o->whence.confirmed = false;
}

uint32_t observation_missing(const struct observation *o, enum side side)
{
    uint32_t why = o->side[side].damage;
    if (!o->side[side].captured)
        why |= side == SERVER ? UNOBSERVED_SERVER_DIRECTION : UNOBSERVED_CLIENT_DIRECTION;
    else if (!o->side[side].start_captured)
        why |= UNOBSERVED_MIDSTREAM;
    return why ? why : UNOBSERVED_UNFINISHED;
}

uint32_t observation_unread(const struct observation *o, enum side side)
{
    const uint32_t damage = o->side[side].damage;
    if (damage & UNOBSERVED_MALFORMED)
        return UNOBSERVED_MALFORMED;
    return damage ? damage : UNOBSERVED_UNDECIDED;
}

bool observation_client_gave_up(const struct observation *o)
{
    for (size_t i = 0; i < o->alert_count; i++) {
        const struct tls_alert *a = &o->alerts[i];
        const bool went_on = a->before_hello && o->seen & SEEN_CLIENT_HELLO;
        if (a->from == CLIENT && !went_on && alert_is_farewell(a->description))
            return true;
    }
    return observation_fatal_alert_of(o, CLIENT);
}

uint32_t observation_hidden(const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    return suite && suite->flags & SUITE_NULL_ENCRYPTION ? UNOBSERVED_NOT_READ : UNOBSERVED_ENCRYPTED;
}

uint16_t observation_group(const struct observation *o)
{
    return o->key_exchange.group ? o->key_exchange.group : o->server_hello.key_share_group;
}

bool observation_key_exchange(const struct observation *o, enum suite_kx *out)
{
    const struct suite *suite = observation_suite(o);
    const uint16_t group = observation_group(o);
    const bool psk = o->server_hello.psk;
    const bool finite_field = group >= 0x0100 && group <= 0x01ff;  /* RFC 7919 */
    const bool lattice_alone = group >= 0x0200 && group <= 0x0202; /* ML-KEM without a curve */
    if (!suite)
        return false;
    if (suite->kx != KX_TLS13)
        *out = (enum suite_kx)suite->kx;
    else if (group == 0)
        *out = KX_PSK;
    else if (lattice_alone)
        *out = psk ? KX_MLKEM_PSK : KX_MLKEM;
    else if (finite_field)
        *out = psk ? KX_DHE_PSK : KX_DHE;
    else
        *out = psk ? KX_ECDHE_PSK : KX_ECDHE;
    return suite->kx != KX_TLS13 || group || psk;
}

const struct suite *observation_clear_suite(const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    bool clear = suite && suite->flags & SUITE_NULL_ENCRYPTION && observation_version(o) < 0x0304;
    return clear ? suite : NULL;
}

enum identified observation_identified(const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    const unsigned kx = suite ? suite->kx : KX_NULL;
    const bool by_suite = (kx >= KX_PSK && kx <= KX_KRB5) || observation_by_psk(o);
    if (by_suite || (o->seen & SEEN_CLIENT_CERTIFICATE && o->client_certificate.count) ||
        o->seen & SEEN_CERTIFICATE_URL)
        return IDENTIFIED_YES;
    const bool nothing_hidden = suite && observation_version(o) < 0x0304 && o->resumption == RESUMPTION_FULL;
    return nothing_hidden && observation_settled(o, CLIENT) ? IDENTIFIED_NO : IDENTIFIED_UNKNOWN;
}

/* RFC 6066 7: truncated_hmac leaves 80 bits. */
uint16_t observation_clear_mac(const struct observation *o)
{
    enum { TRUNCATED = 10 };
    const struct suite *suite = observation_clear_suite(o);
    if (!suite)
        return 0;
    return o->server_hello.truncated_hmac && suite->mac_bytes > TRUNCATED ? TRUNCATED : suite->mac_bytes;
}
