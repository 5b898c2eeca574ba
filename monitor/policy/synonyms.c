/* What other documents and programs call values: suggested, but never accepted. */
#include "policy/compiler.h"

#include <strings.h>

/* The names in one row mean the same curve, algorithm or key. */
static const char *const synonyms[][8] = {
    {"prime192v1", "secp192r1", "P-192", "nistp192"},
    {"secp224r1", "P-224", "nistp224"},
    {"prime256v1", "secp256r1", "P-256", "nistp256", "NIST P-256", "ecdsa_p256"},
    {"secp384r1", "P-384", "nistp384", "NIST P-384", "ecdsa_p384"},
    {"secp521r1", "P-521", "nistp521", "NIST P-521", "ecdsa_p521"},
    {"x25519", "curve25519"},
    {"x448", "curve448"},
    {"md5WithRSAEncryption", "md5RSA", "rsa_pkcs1_md5", "rsa-md5"},
    {"sha1WithRSAEncryption", "sha1RSA", "rsa_pkcs1_sha1", "rsa-sha1", "SHA1withRSA"},
    {"sha224WithRSAEncryption", "sha224RSA", "rsa_pkcs1_sha224", "rsa-sha224", "SHA224withRSA"},
    {"sha256WithRSAEncryption", "sha256RSA", "rsa_pkcs1_sha256", "rsa-sha256", "SHA256withRSA"},
    {"sha384WithRSAEncryption", "sha384RSA", "rsa_pkcs1_sha384", "rsa-sha384", "SHA384withRSA"},
    {"sha512WithRSAEncryption", "sha512RSA", "rsa_pkcs1_sha512", "rsa-sha512", "SHA512withRSA"},
    {"ecdsa-with-SHA1", "ecdsa_sha1", "ecdsa-sha1", "SHA1withECDSA"},
    {"ecdsa-with-SHA256", "ecdsa_secp256r1_sha256", "ecdsa-sha256", "SHA256withECDSA"},
    {"ecdsa-with-SHA384", "ecdsa_secp384r1_sha384", "ecdsa-sha384", "SHA384withECDSA"},
    {"ecdsa-with-SHA512", "ecdsa_secp521r1_sha512", "ecdsa-sha512", "SHA512withECDSA"},
    {"rsassaPss", "rsa-pss", "RSASSA-PSS", "id-RSASSA-PSS"},
    {"RSA", "rsaEncryption", "id-rsaEncryption"},
    {"EC", "id-ecPublicKey", "ecPublicKey", "ECDSA", "ECC"},
    {"DSA", "dsaEncryption", "id-dsa", "DSS"},
    {"DH", "dhKeyAgreement", "dhpublicnumber", "X9.42 DH"},
    {"ED25519", "Ed25519", "EdDSA", "id-Ed25519"},
    {"tls", "ssl"},
    {"TLSv1", "TLS 1.0", "TLSv1.0", "TLS1.0", "TLS10", "TLS 1", "1.0"},
    {"TLS 1.1", "TLSv1.1", "TLS1.1", "TLS11", "1.1"},
    {"TLS 1.2", "TLSv1.2", "TLS1.2", "TLS12", "1.2"},
    {"TLS 1.3", "TLSv1.3", "TLS1.3", "TLS13", "1.3"},
    {"SSLv3", "SSL 3.0", "SSL3", "SSLv3.0"},
    {"SSLv2", "SSL 2.0", "SSL2", "SSLv2.0"},
};

static bool is_in_row(const char *const *row, const char *text)
{
    for (size_t i = 0; i < sizeof *synonyms / sizeof **synonyms && row[i]; i++)
        if (strcasecmp(row[i], text) == 0)
            return true;
    return false;
}

bool is_synonym(const char *text, const char *other)
{
    for (size_t r = 0; r < sizeof synonyms / sizeof *synonyms; r++)
        if (is_in_row(synonyms[r], text) && is_in_row(synonyms[r], other))
            return true;
    return false;
}
