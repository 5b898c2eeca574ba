/*
 * Where the parts of a certificate lie (RFC 5280 4.1), for whoever shows them. What they say is x509.h's
 * business.
 */
#ifndef UTWATCH_WIRE_CERTIFICATE_PARTS_H
#define UTWATCH_WIRE_CERTIFICATE_PARTS_H

#include "base/span.h"

/* Each with its tag and length; empty where there is none. */
struct certificate_parts {
    struct span version, serial, issuer, validity, subject, key, extensions;
    struct span signature; /* the outer signatureAlgorithm */
    struct span others;    /* of a Certificate message: what follows the first certificate */
};

/* Of the first certificate in the body of a Certificate message (RFC 2246 7.4.2), whose end may be missing.
 * False: that certificate is not whole, or does not parse. */
bool certificate_parts_find(struct span body, struct certificate_parts *out);

#endif
