#include "wire/oid.h"

#include "base/cursor.h"
#include "wire/x509.h"

static const struct oid_name curves[] = {
    {"1.3.132.0.6", "secp112r1", 112},
    {"1.3.132.0.7", "secp112r2", 110},
    {"1.3.132.0.28", "secp128r1", 128},
    {"1.3.132.0.29", "secp128r2", 126},
    {"1.3.132.0.9", "secp160k1", 161},
    {"1.3.132.0.8", "secp160r1", 161},
    {"1.3.132.0.30", "secp160r2", 161},
    {"1.3.132.0.31", "secp192k1", 192},
    {"1.3.132.0.32", "secp224k1", 225},
    {"1.3.132.0.33", "secp224r1", 224},
    {"1.3.132.0.10", "secp256k1", 256},
    {"1.3.132.0.34", "secp384r1", 384},
    {"1.3.132.0.35", "secp521r1", 521},
    {"1.2.840.10045.3.1.1", "prime192v1", 192},
    {"1.2.840.10045.3.1.2", "prime192v2", 192},
    {"1.2.840.10045.3.1.3", "prime192v3", 192},
    {"1.2.840.10045.3.1.4", "prime239v1", 239},
    {"1.2.840.10045.3.1.5", "prime239v2", 239},
    {"1.2.840.10045.3.1.6", "prime239v3", 239},
    {"1.2.840.10045.3.1.7", "prime256v1", 256},
    {"1.3.132.0.4", "sect113r1", 113},
    {"1.3.132.0.5", "sect113r2", 113},
    {"1.3.132.0.22", "sect131r1", 131},
    {"1.3.132.0.23", "sect131r2", 131},
    {"1.3.132.0.1", "sect163k1", 163},
    {"1.3.132.0.2", "sect163r1", 162},
    {"1.3.132.0.15", "sect163r2", 163},
    {"1.3.132.0.24", "sect193r1", 193},
    {"1.3.132.0.25", "sect193r2", 193},
    {"1.3.132.0.26", "sect233k1", 232},
    {"1.3.132.0.27", "sect233r1", 233},
    {"1.3.132.0.3", "sect239k1", 238},
    {"1.3.132.0.16", "sect283k1", 281},
    {"1.3.132.0.17", "sect283r1", 282},
    {"1.3.132.0.36", "sect409k1", 407},
    {"1.3.132.0.37", "sect409r1", 409},
    {"1.3.132.0.38", "sect571k1", 570},
    {"1.3.132.0.39", "sect571r1", 570},
    {"1.2.840.10045.3.0.1", "c2pnb163v1", 163},
    {"1.2.840.10045.3.0.2", "c2pnb163v2", 162},
    {"1.2.840.10045.3.0.3", "c2pnb163v3", 162},
    {"1.2.840.10045.3.0.4", "c2pnb176v1", 161},
    {"1.2.840.10045.3.0.5", "c2tnb191v1", 191},
    {"1.2.840.10045.3.0.6", "c2tnb191v2", 190},
    {"1.2.840.10045.3.0.7", "c2tnb191v3", 189},
    {"1.2.840.10045.3.0.10", "c2pnb208w1", 193},
    {"1.2.840.10045.3.0.11", "c2tnb239v1", 238},
    {"1.2.840.10045.3.0.12", "c2tnb239v2", 237},
    {"1.2.840.10045.3.0.13", "c2tnb239v3", 236},
    {"1.2.840.10045.3.0.16", "c2pnb272w1", 257},
    {"1.2.840.10045.3.0.17", "c2pnb304w1", 289},
    {"1.2.840.10045.3.0.18", "c2tnb359v1", 353},
    {"1.2.840.10045.3.0.19", "c2pnb368w1", 353},
    {"1.2.840.10045.3.0.20", "c2tnb431r1", 418},
    {"2.23.43.1.4.1", "wap-wsg-idm-ecid-wtls1", 112},
    {"2.23.43.1.4.3", "wap-wsg-idm-ecid-wtls3", 163},
    {"2.23.43.1.4.4", "wap-wsg-idm-ecid-wtls4", 113},
    {"2.23.43.1.4.5", "wap-wsg-idm-ecid-wtls5", 163},
    {"2.23.43.1.4.6", "wap-wsg-idm-ecid-wtls6", 112},
    {"2.23.43.1.4.7", "wap-wsg-idm-ecid-wtls7", 161},
    {"2.23.43.1.4.8", "wap-wsg-idm-ecid-wtls8", 113},
    {"2.23.43.1.4.9", "wap-wsg-idm-ecid-wtls9", 161},
    {"2.23.43.1.4.10", "wap-wsg-idm-ecid-wtls10", 232},
    {"2.23.43.1.4.11", "wap-wsg-idm-ecid-wtls11", 233},
    {"2.23.43.1.4.12", "wap-wsg-idm-ecid-wtls12", 224},
    {"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160},
    {"1.3.36.3.3.2.8.1.1.2", "brainpoolP160t1", 160},
    {"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192},
    {"1.3.36.3.3.2.8.1.1.4", "brainpoolP192t1", 192},
    {"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224},
    {"1.3.36.3.3.2.8.1.1.6", "brainpoolP224t1", 224},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256},
    {"1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 256},
    {"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320},
    {"1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1", 320},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384},
    {"1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 384},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512},
    {"1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 512},
    {"1.2.156.10197.1.301", "SM2", 256},
};

static const struct oid_name signatures[] = {
    {"1.2.840.113549.1.1.2", "md2WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.3", "md4WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.10", "rsassaPss", 0},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption", 0},
    {"1.2.840.113549.1.1.14", "sha224WithRSAEncryption", 0},
    {"1.3.14.3.2.29", "sha1WithRSA", 0},
    {"1.3.14.3.2.3", "md5WithRSA", 0},
    {"1.2.840.10040.4.3", "dsaWithSHA1", 0},
    {"1.3.14.3.2.27", "dsaWithSHA1-old", 0},
    {"2.16.840.1.101.3.4.3.1", "dsa_with_SHA224", 0},
    {"2.16.840.1.101.3.4.3.2", "dsa_with_SHA256", 0},
    {"2.16.840.1.101.3.4.3.3", "dsa_with_SHA384", 0},
    {"2.16.840.1.101.3.4.3.4", "dsa_with_SHA512", 0},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1", 0},
    {"1.2.840.10045.4.3.1", "ecdsa-with-SHA224", 0},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256", 0},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384", 0},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512", 0},
    {"2.16.840.1.101.3.4.3.9", "ecdsa_with_SHA3-224", 0},
    {"2.16.840.1.101.3.4.3.10", "ecdsa_with_SHA3-256", 0},
    {"2.16.840.1.101.3.4.3.11", "ecdsa_with_SHA3-384", 0},
    {"2.16.840.1.101.3.4.3.12", "ecdsa_with_SHA3-512", 0},
    {"1.3.101.112", "ED25519", 0},
    {"1.3.101.113", "ED448", 0},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", 0},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", 0},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", 0},
    {"1.2.643.2.2.3", "GOST R 34.11-94 with GOST R 34.10-2001", 0},
    {"1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)", 0},
    {"1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)", 0},
    {"1.2.156.10197.1.501", "SM2-with-SM3", 0},
    {"1.3.36.3.3.1.2", "ripemd160WithRSA", 0},
};

static const struct oid_name keys[] = {
    {"1.2.840.113549.1.1.1", "RSA", X509_KEY_RSA},
    {"2.5.8.1.1", "RSA", X509_KEY_RSA},
    {"1.2.840.113549.1.1.10", "rsassaPss", X509_KEY_RSA_PSS},
    {"1.2.840.10040.4.1", "DSA", X509_KEY_DSA},
    {"1.3.14.3.2.12", "DSA", X509_KEY_DSA},
    {"1.2.840.113549.1.3.1", "dhKeyAgreement", X509_KEY_DH},
    {"1.2.840.10046.2.1", "dhpublicnumber", X509_KEY_DH},
    {"1.2.840.10045.2.1", "EC", X509_KEY_EC},
    {"1.3.101.110", "X25519", X509_KEY_X25519},
    {"1.3.101.111", "X448", X509_KEY_X448},
    {"1.3.101.112", "ED25519", X509_KEY_ED25519},
    {"1.3.101.113", "ED448", X509_KEY_ED448},
    {"1.2.643.2.2.19", "gost2001", X509_KEY_GOST},
    {"1.2.643.7.1.1.1.1", "gost2012_256", X509_KEY_GOST},
    {"1.2.643.7.1.1.1.2", "gost2012_512", X509_KEY_GOST},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", X509_KEY_ML_DSA},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", X509_KEY_ML_DSA},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", X509_KEY_ML_DSA},
};

static const struct oid_name attributes[] = {
    {"2.5.4.3", "CN", 0},
    {"2.5.4.4", "SN", 0},
    {"2.5.4.5", "serialNumber", 0},
    {"2.5.4.6", "C", 0},
    {"2.5.4.7", "L", 0},
    {"2.5.4.8", "ST", 0},
    {"2.5.4.9", "street", 0},
    {"2.5.4.10", "O", 0},
    {"2.5.4.11", "OU", 0},
    {"2.5.4.12", "title", 0},
    {"2.5.4.13", "description", 0},
    {"2.5.4.15", "businessCategory", 0},
    {"2.5.4.17", "postalCode", 0},
    {"2.5.4.41", "name", 0},
    {"2.5.4.42", "GN", 0},
    {"2.5.4.43", "initials", 0},
    {"2.5.4.44", "generationQualifier", 0},
    {"2.5.4.46", "dnQualifier", 0},
    {"2.5.4.65", "pseudonym", 0},
    {"2.5.4.97", "organizationIdentifier", 0},
    {"1.2.840.113549.1.9.1", "emailAddress", 0},
    {"1.2.840.113549.1.9.2", "unstructuredName", 0},
    {"0.9.2342.19200300.100.1.25", "DC", 0},
    {"0.9.2342.19200300.100.1.1", "UID", 0},
    {"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", 0},
    {"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", 0},
    {"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", 0},
};

/* "1.2.840.113549.1.1.5" from content octets; arcs above 2^32 and broken encodings give "invalid-oid". */
static void put_dotted(struct span oid, struct text *out)
{
    struct cursor c = cursor_over(oid);
    uint32_t arc = 0;
    bool first = true;
    bool open = true; /* within an arc, or before the first */
    struct text start = *out;
    while (cursor_left(&c)) {
        uint8_t octet = cursor_u8(&c);
        if (arc >> 25)
            break;
        arc = arc << 7 | (octet & 0x7f);
        open = octet & 0x80;
        if (open)
            continue;
        if (first) { /* X.690 8.19.4: the first two arcs share one number */
            uint32_t top = arc < 80 ? arc / 40 : 2;
            text_uint(out, top);
            text_char(out, '.');
            text_uint(out, arc - top * 40);
        } else {
            text_char(out, '.');
            text_uint(out, arc);
        }
        first = false;
        arc = 0;
    }
    if (open || cursor_left(&c)) {
        *out = start;
        text_put(out, "invalid-oid");
    }
}

static const struct oid_name *find(struct span oid, const struct oid_name *table, size_t n)
{
    char buffer[128];
    struct text t = text_over(buffer, sizeof buffer);
    put_dotted(oid, &t);
    if (t.cut)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].dotted, buffer) == 0)
            return &table[i];
    return NULL;
}

const struct oid_name *oid_curve(struct span oid)
{
    return find(oid, curves, sizeof curves / sizeof *curves);
}

const struct oid_name *oid_signature(struct span oid)
{
    return find(oid, signatures, sizeof signatures / sizeof *signatures);
}

const struct oid_name *oid_key(struct span oid)
{
    return find(oid, keys, sizeof keys / sizeof *keys);
}

const struct oid_name *oid_attribute(struct span oid)
{
    return find(oid, attributes, sizeof attributes / sizeof *attributes);
}

const struct oid_name *oid_curves(size_t *count)
{
    *count = sizeof curves / sizeof *curves;
    return curves;
}

const struct oid_name *oid_signatures(size_t *count)
{
    *count = sizeof signatures / sizeof *signatures;
    return signatures;
}

void oid_put(struct span oid, const struct oid_name *name, struct text *out)
{
    if (name)
        text_put(out, name->name);
    else
        put_dotted(oid, out);
}
