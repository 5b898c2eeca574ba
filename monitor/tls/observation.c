#include "tls/observation.h"

#include "wire/hello.h"

#include <assert.h>

const char *unobserved_name(unsigned bit_index)
{
    static const char *const names[UNOBSERVED_COUNT] = {
        "client-direction", "server-direction", "gap",       "midstream",    "encrypted",
        "truncated",        "evicted",          "overlap",   "malformed",    "unfinished",
        "too-long",         "unknown-code",     "undecided", "inconsistent", "origin-not-seen",
    };
    assert(bit_index < UNOBSERVED_COUNT);
    return names[bit_index];
}

const char *outcome_name(enum outcome o)
{
    switch (o) {
    case OUTCOME_UNFINISHED:
        return "unfinished";
    case OUTCOME_COMPLETE:
        return "complete";
    case OUTCOME_REFUSED:
        return "refused";
    case OUTCOME_ABORTED:
        return "aborted";
    case OUTCOME_ONE_SIDED:
        return "one-sided";
    }
    assert(false);
    return "";
}

const char *reaction_name(enum reaction r)
{
    switch (r) {
    case REACTION_UNKNOWN:
        return "unknown";
    case REACTION_FATAL_ALERT:
        return "fatal-alert";
    case REACTION_LATE_ALERT:
        return "late-alert";
    case REACTION_ACCEPTED:
        return "accepted";
    case REACTION_ACCEPTED_LATE:
        return "accepted-late";
    case REACTION_CLOSED:
        return "closed";
    case REACTION_RESET:
        return "reset";
    }
    assert(false);
    return "";
}

const char *resumption_name(enum resumption r)
{
    switch (r) {
    case RESUMPTION_ID:
        return "id";
    case RESUMPTION_TICKET:
        return "ticket";
    case RESUMPTION_PSK:
        return "psk";
    case RESUMPTION_UNKNOWN:
    case RESUMPTION_FULL:
        break;
    }
    return "";
}

uint16_t observation_version(const struct observation *o)
{
    if (o->seen & SEEN_SERVER_HELLO)
        return version_of_code(o->server_hello.version);
    return o->seen & SEEN_SSLV2_SERVER_HELLO ? 0x0002 : 0;
}

const struct suite *observation_suite(const struct observation *o)
{
    return o->seen & SEEN_SERVER_HELLO ? suite_find(o->server_hello.suite) : NULL;
}

struct span observation_text(const struct observation *o, struct text_slice slice)
{
    assert((size_t)slice.offset + slice.length <= sizeof o->text);
    return span_of(o->text + slice.offset, slice.length);
}

bool observation_fatal_alert(const struct observation *o)
{
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].level == 2)
            return true;
    return false;
}

bool observation_settled(const struct observation *o, enum side side)
{
    if (!o->side[side].captured || !o->side[side].start_captured || o->side[side].damage)
        return false;
    uint32_t last_in_clear = side == SERVER ? SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS : SEEN_CLIENT_CCS;
    if (o->seen & last_in_clear)
        return true;
    return o->side[side].closed || o->side[CLIENT].reset || o->side[SERVER].reset ||
           observation_fatal_alert(o);
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

const struct suite *observation_clear_suite(const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    bool clear = suite && suite->flags & SUITE_NULL_ENCRYPTION && observation_version(o) < 0x0304;
    return clear ? suite : NULL;
}

/* RFC 6066 7: truncated_hmac leaves 80 bits. */
size_t observation_mac_bytes(const struct observation *o, const struct suite *suite)
{
    enum { TRUNCATED = 10 };
    return o->server_hello.truncated_hmac && suite->mac_bytes > TRUNCATED ? TRUNCATED : suite->mac_bytes;
}
