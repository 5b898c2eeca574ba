/*
 * The cipher suite registry: a generated table (tools/make-suites), one entry a code point that somebody has
 * named. An entry's index is dense, so that a set of suites is a bit set (struct suite_set).
 */
#ifndef UTWATCH_WIRE_SUITE_H
#define UTWATCH_WIRE_SUITE_H

#include "base/span.h"
#include "base/words.h"

enum suite_kx {
    KX_NULL, /* TLS_NULL_WITH_NULL_NULL */
    KX_RSA,
    KX_RSA_EXPORT,
    KX_DH, /* fixed Diffie-Hellman, its public value in the certificate */
    KX_DHE,
    KX_DH_ANON,
    KX_ECDH,
    KX_ECDHE,
    KX_ECDH_ANON,
    KX_PSK,
    KX_DHE_PSK,
    KX_RSA_PSK,
    KX_ECDHE_PSK,
    KX_SRP,
    KX_KRB5,
    KX_FORTEZZA,
    KX_GOST,
    KX_ECCPWD,
    KX_TLS13, /* a TLS 1.3 suite names no key exchange */
    KX_SIGNALLING,
    KX_MLKEM, /* of no suite: what the hellos of TLS 1.3 show */
    KX_MLKEM_PSK,
};

enum suite_auth {
    AUTH_NONE, /* anonymous, or nothing at all */
    AUTH_RSA,
    AUTH_DSS,
    AUTH_ECDSA,
    AUTH_PSK,
    AUTH_SRP, /* SRP without a certificate */
    AUTH_KRB5,
    AUTH_FORTEZZA,
    AUTH_GOST,
    AUTH_TLS13, /* decided by the handshake, not by the suite */
};

enum suite_flag {
    SUITE_EXPORT = 1 << 0,
    SUITE_ANONYMOUS = 1 << 1,       /* key exchange without any authentication: DH_anon, ECDH_anon */
    SUITE_NULL_ENCRYPTION = 1 << 2, /* no confidentiality */
    SUITE_NO_MAC = 1 << 3,          /* no integrity protection at all; only 0x0000 */
    SUITE_AEAD = 1 << 4,
    SUITE_SIGNALLING = 1 << 5, /* SCSVs and GREASE: not an offer of anything */
    SUITE_FORWARD_SECRET = 1 << 6,
    SUITE_TLS13 = 1 << 7,
    SUITE_AES = 1 << 8,
    SUITE_RFC3268 = 1 << 9, /* defined by RFC 3268, not anonymous: what the LS means by AES */
};

struct suite {
    const char *name;   /* IANA's, where IANA has one */
    const char *cipher; /* "3DES_EDE_CBC", "AES_128_GCM", "NULL", ... */
    const char *hash;   /* "SHA", "MD5", "SHA256", ...; "NULL" for 0x0000; AEAD suites: the PRF's */
    uint16_t code;
    uint16_t key_bits;  /* effective, RFC 2246 Appendix C: NULL 0, EXPORT 40, DES 56, 3DES 168 */
    uint16_t mac_bytes; /* of a record under this suite; 0 for AEAD and NULL */
    uint16_t flags;     /* enum suite_flag */
    uint8_t kx;         /* enum suite_kx */
    uint8_t auth;       /* enum suite_auth */
};

extern const struct suite suite_table[]; /* ascending by code */
extern const size_t suite_count;
extern const uint8_t suite_rows[256]; /* by the first octet of a code: its row in suite_places; 0: none */
extern const uint16_t suite_places[][256];

/* NULL when nobody has named the code. GREASE values (RFC 8701) are entries of the table. */
const struct suite *suite_find(uint16_t code);
size_t suite_index(const struct suite *suite);

/* By IANA's name, or by "0x002F"; NULL when unknown. Exact, case-insensitive. */
const struct suite *suite_by_name(const char *name);

extern const struct word suite_kx_words[], suite_auth_words[];
const char *suite_kx_name(enum suite_kx kx); /* "rsa", "dhe", "dh_anon", ... */
const char *suite_auth_name(enum suite_auth auth);

#define SUITE_SET_WORDS 8 /* 512 entries; the generator refuses to make more */

struct suite_set {
    uint64_t word[SUITE_SET_WORDS];
};

void suite_set_add(struct suite_set *set, size_t index);
void suite_set_remove(struct suite_set *set, size_t index);
bool suite_set_has(const struct suite_set *set, size_t index);
void suite_set_join(struct suite_set *set, const struct suite_set *other);    /* adds what `other` has */
void suite_set_common(struct suite_set *set, const struct suite_set *other);  /* keeps what `other` has too */
void suite_set_without(struct suite_set *set, const struct suite_set *other); /* removes what `other` has */
size_t suite_set_count(const struct suite_set *set);
bool suite_set_empty(const struct suite_set *set);
bool suite_set_subset(const struct suite_set *of, const struct suite_set *set); /* set is within `of` */
bool suite_set_meets(const struct suite_set *a, const struct suite_set *b);     /* they share an entry */

#endif
