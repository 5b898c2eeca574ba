/* What a case says about a field: the getters of all rows as one switch, in which the compiler misses no row.
 */
#include "policy/getters.h"

#include <assert.h>

uint8_t field_kinds(enum field field)
{
    switch (field_info[field].side) {
    case CLIENT_SIDE:
    case SERVER_SIDE:
    case EITHER_SIDE:
    case OF_SESSION:
    case OF_SERVER_HISTORY:
        return 1 << CASE_HANDSHAKE;
    case OF_OPENING:
        return 1 << CASE_HANDSHAKE | 1 << CASE_CONNECTION;
    case OF_CONNECTION:
        return 1 << CASE_CONNECTION;
    case OF_EXCHANGE:
        return 1 << CASE_EXCHANGE;
    case OF_PEER:
        return 1 << CASE_SERVER | 1 << CASE_UE;
    case OF_KEY:
        return 1 << CASE_KEY;
    case OF_WHENCE:
        return (1 << CASE_KINDS) - 1;
    }
    assert(false);
    return 0;
}

static struct value value_of(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    const struct observation *o = c->observation;
    switch (field) {
#define FIELD(identifier, name, type, side, names, unit, help, value)                                        \
    case FIELD_##identifier:                                                                                 \
        return value;
#include "policy/fields.def"
#undef FIELD
    case FIELD_COUNT:
        break;
    }
    assert(false);
    return absent();
}

/* The sides whose bytes a field is read from: a bit for each enum side. */
static unsigned sides_of(enum field_side side)
{
    switch (side) {
    case CLIENT_SIDE:
        return 1u << CLIENT;
    case SERVER_SIDE:
        return 1u << SERVER;
    case EITHER_SIDE:
        return 1u << CLIENT | 1u << SERVER;
    case OF_SESSION:
    case OF_SERVER_HISTORY:
    case OF_OPENING:
    case OF_CONNECTION:
    case OF_EXCHANGE:
    case OF_PEER:
    case OF_KEY:
    case OF_WHENCE:
        break;
    }
    return 0;
}

struct value field_value(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    if (!(field_kinds(field) & 1 << c->kind))
        return absent();
    const enum field_side side = field_info[field].side;
    const unsigned sides = sides_of(side);
    if (!sides || !observation_overlaps(c->observation, sides))
        return value_of(field, c, key_bits);
    return unless_overlapping(c->observation, side, value_of(field, c, key_bits));
}
