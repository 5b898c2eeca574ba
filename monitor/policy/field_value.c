/* What a case says about a field: one switch over the getters of all rows, so that the compiler notices a
 * missing row. */
#include "policy/getters.h"

#include <assert.h>

/* By enum field_side: a bit for each enum case_kind that has such fields. */
enum {
    KINDS_OF_CLIENT_SIDE = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_HELLO = 1 << CASE_HANDSHAKE,
    KINDS_OF_SERVER_SIDE = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_CHAIN = 1 << CASE_HANDSHAKE,
    KINDS_OF_EITHER_SIDE = 1 << CASE_HANDSHAKE,
    KINDS_OF_CLIENT_LATER = 1 << CASE_HANDSHAKE,
    KINDS_OF_SERVER_LATER = 1 << CASE_HANDSHAKE,
    KINDS_OF_EITHER_LATER = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_SESSION = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_CAPTURE = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_SERVER_HISTORY = 1 << CASE_HANDSHAKE,
    KINDS_OF_OF_OPENING = 1 << CASE_HANDSHAKE | 1 << CASE_CONNECTION,
    KINDS_OF_OF_CONNECTION = 1 << CASE_CONNECTION,
    KINDS_OF_OF_EXCHANGE = 1 << CASE_EXCHANGE,
    KINDS_OF_OF_PEER = 1 << CASE_SERVER | 1 << CASE_UE,
    KINDS_OF_OF_PEERS = KINDS_OF_OF_PEER,
    KINDS_OF_OF_KEY = 1 << CASE_KEY,
    KINDS_OF_OF_WHENCE = (1 << CASE_KINDS) - 1,
};

/* What is needed for each field of each case, in one place. */
static const struct field_case {
    uint8_t kinds; /* a bit for each enum case_kind that has it */
    uint8_t side;  /* enum field_side */
} cases_of[FIELD_COUNT] = {
#define FIELD(identifier, name, type, side, names, unit, help, value, octets)                                \
    [FIELD_##identifier] = {KINDS_OF_##side, side},
#include "policy/fields.def"
#undef FIELD
};

uint8_t field_kinds(enum field field)
{
    return cases_of[field].kinds;
}

bool field_is_told(enum field field, enum case_kind kind)
{
    switch (field) {
    case FIELD_PEER_SELECTED:
    case FIELD_PEER_MAY_SELECT:
    case FIELD_PEER_REFUSED:
    case FIELD_PEER_REFUSED_USABLE:
    case FIELD_PEER_REFUSED_ALONE:
    case FIELD_PEER_REFUSED_OFFERS:
    case FIELD_PEER_CAPPED:
        return kind == CASE_SERVER;
    case FIELD_PEER_OFFERED:
    case FIELD_PEER_OFFERED_ALWAYS:
    case FIELD_PEER_FULL_OFFERS:
        return kind == CASE_UE;
    default:
        return field_kinds(field) & 1 << kind;
    }
}

enum field field_source(enum field field)
{
    const bool of_suite = field == FIELD_SERVER_KEY_BITS || field == FIELD_SERVER_KEY_EXCHANGE;
    return of_suite ? FIELD_SERVER_SUITE : FIELD_COUNT;
}

bool field_is_of_session(enum field field)
{
    return cases_of[field].side == OF_SESSION;
}

enum subject field_subject(enum field field)
{
    switch (cases_of[field].side) {
    case OF_CHAIN:
        return SUBJECT_CHAIN;
    case OF_HELLO:
        return SUBJECT_HELLO;
    default:
        return SUBJECT_NONE;
    }
}

static inline struct value whole(struct value v)
{
    return v;
}

static inline struct fact fact_itself(struct fact f)
{
    return f;
}

static inline struct fact fact_of_value(struct value v)
{
    return v.fact;
}

/* A getter returns a fact, or a value if the field is more than a number. */
#define AS_VALUE(got) _Generic((got), struct fact : fact_alone, struct value : whole)(got)
#define AS_FACT(got)  _Generic((got), struct fact : fact_itself, struct value : fact_of_value)(got)

static struct value value_of(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    const struct observation *o = c->observation;
    switch (field) {
#define FIELD(identifier, name, type, side, names, unit, help, getter, octets)                               \
    case FIELD_##identifier:                                                                                 \
        return AS_VALUE(getter);
#include "policy/fields.def"
#undef FIELD
    case FIELD_COUNT:
        break;
    }
    assert(false);
    return fact_alone(absent());
}

static struct fact fact_of(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    const struct observation *o = c->observation;
    switch (field) {
#define FIELD(identifier, name, type, side, names, unit, help, getter, octets)                               \
    case FIELD_##identifier:                                                                                 \
        return AS_FACT(getter);
#include "policy/fields.def"
#undef FIELD
    case FIELD_COUNT:
        break;
    }
    assert(false);
    return absent();
}

/* Why such a field is in doubt, as enum unobserved: it is not known whether an end took the bytes that it is
 * read from, or who sent them. */
static uint32_t doubts(const struct policy_case *c, enum field_side side, enum known known)
{
    uint32_t damage = 0;
    switch (c->kind) {
    case CASE_HANDSHAKE:
        return side <= EITHER_LATER ? handshake_doubts(c, side) : 0;
    case CASE_CONNECTION:
        damage = c->connection ? c->connection->damage : c->damage;
        break;
    case CASE_EXCHANGE:
        if (side == OF_EXCHANGE && c->acknowledged_only && c->exchange->unacknowledged)
            return UNOBSERVED_UNACKNOWLEDGED;
        damage = side == OF_EXCHANGE ? c->exchange->damage : 0;
        break;
    case CASE_SERVER:
    case CASE_UE:
        /* If none of several hosts has shown it, there is no doubt. */
        return side == OF_PEER && known == KNOWN_VALUE && peer_of(c)->spread ? UNOBSERVED_NETWORKS : 0;
    default:
        break;
    }
    return damage & HTTP_DAMAGE_OVERLAP ? UNOBSERVED_OVERLAP : 0;
}

struct value field_value(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    if (!(field_kinds(field) & 1 << c->kind))
        return fact_alone(absent());
    const struct value v = value_of(field, c, key_bits);
    const uint32_t why = v.fact.known != UNKNOWN ? doubts(c, cases_of[field].side, v.fact.known) : 0;
    return why ? fact_alone(unknown(why)) : v;
}

/* Not inlined: nearly always there is nothing to doubt, and no register has to be saved. */
__attribute__((noinline)) static struct fact unless_doubted(enum field field, const struct policy_case *c,
                                                            struct fact f)
{
    const uint32_t why = f.known != UNKNOWN ? doubts(c, cases_of[field].side, f.known) : 0;
    return why ? unknown(why) : f;
}

bool case_is_sure(const struct policy_case *c)
{
    return c->kind == CASE_HANDSHAKE && !handshake_is_doubted(c);
}

struct fact field_fact(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    if (!(field_kinds(field) & 1 << c->kind))
        return absent();
    const struct fact f = fact_of(field, c, key_bits);
    return case_is_sure(c) ? f : unless_doubted(field, c, f);
}

struct fact field_fact_of_sure(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    return fact_of(field, c, key_bits);
}
