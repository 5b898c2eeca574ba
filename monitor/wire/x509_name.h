/* The Name of an issuer or subject (RFC 5280 4.1.2.4): its attributes one by one, and all of them as text. */
#ifndef UTWATCH_WIRE_X509_NAME_H
#define UTWATCH_WIRE_X509_NAME_H

#include "base/text.h"
#include "wire/der.h"

struct x509_name_walk {
    struct cursor rdns;
    struct cursor rdn;
    bool broken;
};

/* `name` includes the SEQUENCE header and has to outlive the walk. */
struct x509_name_walk x509_name_begin(struct span name);

/* The next AttributeTypeAndValue, the most general one first. False at the end, and where the DER is broken.
 */
bool x509_name_next(struct x509_name_walk *w, struct span *oid, struct der *value);

/* After the last attribute: the whole Name was read. */
bool x509_name_complete(const struct x509_name_walk *w);

/* "C=US, O=Example, CN=host" as Suricata's EVE prints a DN; values escaped by text_safe(), commas not. */
void x509_name_text(struct span name, struct text *out);

#endif
