/* Object identifiers as text, and openssl's names for those of keys, curves, signatures and names. */
#ifndef UTWATCH_WIRE_OID_H
#define UTWATCH_WIRE_OID_H

#include "base/text.h"

struct oid_name {
    const char *dotted;
    const char *name;
    unsigned number; /* curve: bits of its order, as openssl counts key sizes; key: enum x509_key; else 0 */
};

/* NULL when the table does not name it. */
const struct oid_name *oid_curve(struct span oid);
const struct oid_name *oid_signature(struct span oid);
const struct oid_name *oid_key(struct span oid);
const struct oid_name *oid_attribute(struct span oid);

/* All that the tables name. */
const struct oid_name *oid_curves(size_t *count);
const struct oid_name *oid_signatures(size_t *count);

/* The name if there is one, otherwise the dotted OID. */
void oid_put(struct span oid, const struct oid_name *name, struct text *out);

static inline bool oid_is(struct span oid, const char *octets, size_t n)
{
    return oid.n == n && memcmp(oid.p, octets, n) == 0;
}

#endif
