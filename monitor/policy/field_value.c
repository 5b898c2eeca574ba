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

struct value field_value(enum field field, const struct policy_case *c, const int64_t *key_bits)
{
    if (!(field_kinds(field) & 1 << c->kind))
        return absent();
    struct value v = value_of(field, c, key_bits);
    const enum field_side side = field_info[field].side;
    const bool of_bytes = side == CLIENT_SIDE || side == SERVER_SIDE || side == EITHER_SIDE;
    return of_bytes ? unless_overlapping(c->observation, side, v) : v;
}
