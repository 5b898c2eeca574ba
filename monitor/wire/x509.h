/*
 * The facts of an X.509 certificate that rules and events need, from a bounded walk over its DER. No
 * mathematics, no allocation, no recursion; whoever wants to know whether a signature is right asks a
 * library.
 *
 * Spans point into the DER and live as long as it.
 */
#ifndef UTWATCH_WIRE_X509_H
#define UTWATCH_WIRE_X509_H

#include "base/cursor.h"
#include "base/limits.h"
#include "base/text.h"

enum x509_key {
    X509_KEY_UNKNOWN,
    X509_KEY_RSA,
    X509_KEY_RSA_PSS,
    X509_KEY_DSA,
    X509_KEY_DH,
    X509_KEY_EC,
    X509_KEY_ED25519,
    X509_KEY_ED448,
    X509_KEY_X25519,
    X509_KEY_X448,
    X509_KEY_GOST,
    X509_KEY_ML_DSA,
    X509_KEY_SLH_DSA,
};

enum x509_key_usage { /* RFC 5280 4.2.1.3, bit n of the BIT STRING is 1 << n */
                      X509_DIGITAL_SIGNATURE = 1 << 0,
                      X509_NON_REPUDIATION = 1 << 1,
                      X509_KEY_ENCIPHERMENT = 1 << 2,
                      X509_DATA_ENCIPHERMENT = 1 << 3,
                      X509_KEY_AGREEMENT = 1 << 4,
                      X509_KEY_CERT_SIGN = 1 << 5,
                      X509_CRL_SIGN = 1 << 6,
                      X509_ENCIPHER_ONLY = 1 << 7,
                      X509_DECIPHER_ONLY = 1 << 8,
};

enum x509_presence { /* which extensions the certificate has */
                     X509_HAS_AUTHORITY_KEY_ID = 1 << 0,
                     X509_HAS_SUBJECT_KEY_ID = 1 << 1,
                     X509_HAS_KEY_USAGE = 1 << 2,
                     X509_HAS_EXTENDED_KEY_USAGE = 1 << 3,
                     X509_HAS_SUBJECT_ALT_NAME = 1 << 4,
                     X509_HAS_BASIC_CONSTRAINTS = 1 << 5,
};

enum x509_name_kind { X509_NAME_DNS, X509_NAME_IP, X509_NAME_EMAIL, X509_NAME_URI };

struct x509_alt_name {
    enum x509_name_kind kind;
    struct span value; /* IA5String bytes, or the 4 or 16 octets of an address */
};

struct x509 {
    size_t der_len;     /* bytes of the whole certificate */
    uint32_t version;   /* 1, 2 or 3 as people count, not as DER does */
    struct span serial; /* content octets of the INTEGER */
    struct span issuer; /* the Name, with its SEQUENCE header */
    struct span subject;
    bool issuer_empty; /* a Name without any attribute */
    bool subject_empty;
    bool names_utf8;  /* every DirectoryString of issuer and subject is a UTF8String (C, serialNumber, DC and
                         emailAddress have types of their own and do not count) */
    bool valid_times; /* both times were well-formed */
    int64_t not_before; /* seconds since 1970, UTC */
    int64_t not_after;

    struct span signature_oid; /* content octets, of the outer signatureAlgorithm */

    enum x509_key key;
    struct span key_oid; /* content octets */
    size_t key_bits; /* RSA: of the modulus; DSA, DH: of p; EC: of the field as openssl counts; 0: unknown */
    struct span curve_oid; /* EC with a named curve */

    uint32_t presence;    /* enum x509_presence */
    uint32_t critical;    /* the same bits: the extension is marked critical */
    uint32_t unparsed;    /* the same bits: it is there, but what it says does not parse */
    uint32_t key_usage;   /* enum x509_key_usage */
    bool eku_server_auth; /* extKeyUsage lists id-kp-serverAuth */
    bool is_ca;           /* basicConstraints cA TRUE */
    struct x509_alt_name alt_names[MAX_ALT_NAMES];
    size_t alt_name_count; /* of those kept */
    bool alt_names_cut;    /* there were more */
    bool alt_name_has_dns;
};

/* PARSE_OK, or why not; on failure the facts read before it are set, the rest is zero. `der` is one complete
 * certificate. The value of a single extension may fail without that: see `unparsed`. */
enum parse x509_parse(struct span der, struct x509 *out);

/* "RSA", "EC", "DSA", "ED25519", ...: openssl's name for the key's algorithm, or the dotted OID. */
void x509_key_name(struct span oid, struct text *out);

/* openssl's names ("sha1WithRSAEncryption", "ecdsa-with-SHA256", "secp256r1" -> "prime256v1"), or the dotted
 * OID. */
void x509_signature_name(struct span oid, struct text *out);
void x509_curve_name(struct span oid, struct text *out);

#endif
