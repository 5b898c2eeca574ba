#include "wire/x509.h"

#include "wire/der.h"
#include "wire/oid.h"
#include "wire/x509_name.h"

/* DER after the tag [n], constructed, context class. */
#define CONTEXT(n) (0xa0 | (n))

static bool digits(struct cursor *c, size_t count, int64_t *out)
{
    struct span s = cursor_take(c, count);
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return s.n == count;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* UTCTime or GeneralizedTime; RFC 5280 4.1.2.5 wants seconds and Z, older certificates leave seconds out. */
static bool parse_time(struct der d, int64_t *out)
{
    struct cursor c = cursor_over(d.value);
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second = 0;
    if (d.tag == DER_UTC_TIME) {
        if (!digits(&c, 2, &year))
            return false;
        year += year < 50 ? 2000 : 1900;
    } else if (d.tag != DER_GENERALIZED_TIME || !digits(&c, 4, &year)) {
        return false;
    }
    if (!digits(&c, 2, &month) || !digits(&c, 2, &day) || !digits(&c, 2, &hour) || !digits(&c, 2, &minute))
        return false;
    if (cursor_left(&c) > 1 && c.p[0] >= '0' && c.p[0] <= '9' && !digits(&c, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    if (cursor_u8(&c) != 'Z' || cursor_left(&c))
        return false;
    *out = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* Attributes whose type is not DirectoryString (RFC 5280 Appendix A.1): countryName, serialNumber,
 * dnQualifier, domainComponent, emailAddress. */
static bool has_own_type(struct span oid)
{
    return oid_is(oid, "\x55\x04\x06", 3) || oid_is(oid, "\x55\x04\x05", 3) ||
           oid_is(oid, "\x55\x04\x2e", 3) || oid_is(oid, "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10) ||
           oid_is(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9);
}

/* Is it empty, and are its DirectoryStrings UTF8Strings (WAPCert 6.4.4, 6.4.5)? False: it does not parse. */
static bool read_name(struct x509 *x, struct span name, bool *empty)
{
    struct x509_name_walk w = x509_name_begin(name);
    struct span oid;
    struct der value;
    *empty = true;
    while (x509_name_next(&w, &oid, &value)) {
        *empty = false;
        if (!has_own_type(oid) && value.tag != DER_UTF8_STRING)
            x->names_utf8 = false;
    }
    return x509_name_complete(&w);
}

static size_t ec_bits(struct x509 *x, struct cursor parameters)
{
    if (cursor_left(&parameters) == 0)
        return 0;
    if (parameters.p[0] == DER_OID) {
        x->curve_oid = der_expect(&parameters, DER_OID);
        const struct oid_name *curve = oid_curve(x->curve_oid);
        return curve ? curve->number : 0;
    }
    /* Explicit (RFC 3279 2.3.5): version, field, curve, base point, order. The order is what openssl counts.
     */
    struct cursor explicit = cursor_over(der_expect(&parameters, DER_SEQUENCE));
    (void)der_expect(&explicit, DER_INTEGER);
    (void)der_expect(&explicit, DER_SEQUENCE);
    (void)der_expect(&explicit, DER_SEQUENCE);
    (void)der_expect(&explicit, DER_OCTET_STRING);
    return der_integer_bits(der_expect(&explicit, DER_INTEGER));
}

/* The bits inside a BIT STRING, after its count of unused ones. */
static struct cursor bit_string(struct span value)
{
    struct cursor c = cursor_over(value);
    cursor_skip(&c, 1);
    return c;
}

/* False: not even the algorithm parses. A key inside that does not has no size. */
static bool read_key(struct x509 *x, struct span info)
{
    struct cursor c = cursor_over(info);
    struct cursor algorithm = cursor_over(der_expect(&c, DER_SEQUENCE));
    x->key_oid = der_expect(&algorithm, DER_OID);
    const struct oid_name *name = oid_key(x->key_oid);
    x->key = name ? (enum x509_key)name->number : X509_KEY_UNKNOWN;
    struct cursor key = bit_string(der_expect(&c, DER_BIT_STRING));
    if (c.status != PARSE_OK || algorithm.status != PARSE_OK)
        return false;
    switch (x->key) {
    case X509_KEY_RSA:
    case X509_KEY_RSA_PSS: {
        struct cursor rsa = cursor_over(der_expect(&key, DER_SEQUENCE));
        x->key_bits = der_integer_bits(der_expect(&rsa, DER_INTEGER));
        break;
    }
    case X509_KEY_DSA:
    case X509_KEY_DH: {
        struct cursor parameters = cursor_over(der_expect(&algorithm, DER_SEQUENCE));
        x->key_bits = der_integer_bits(der_expect(&parameters, DER_INTEGER));
        break;
    }
    case X509_KEY_EC:
        x->key_bits = ec_bits(x, algorithm);
        break;
    case X509_KEY_ED25519:
    case X509_KEY_X25519:
        x->key_bits = 253; /* openssl's count: bits of the group's order */
        break;
    case X509_KEY_ED448:
    case X509_KEY_X448:
        x->key_bits = x->key == X509_KEY_X448 ? 448 : 456;
        break;
    case X509_KEY_GOST:
    case X509_KEY_ML_DSA:
    case X509_KEY_SLH_DSA:
    case X509_KEY_UNKNOWN:
        break;
    }
    return true;
}

/* The readers of extensions return false when the value does not parse. */

static bool read_key_usage(struct x509 *x, struct span value)
{
    struct cursor c = cursor_over(value);
    struct span bits = der_expect(&c, DER_BIT_STRING);
    struct cursor b = cursor_over(bits);
    cursor_skip(&b, 1);
    if (c.status != PARSE_OK || b.status != PARSE_OK)
        return false;
    uint32_t octets = cursor_left(&b) ? (uint32_t)cursor_u8(&b) << 8 : 0;
    if (cursor_left(&b))
        octets |= cursor_u8(&b);
    for (unsigned bit = 0; bit < 9; bit++)
        if (octets & (0x8000u >> bit))
            x->key_usage |= 1u << bit;
    return true;
}

static bool read_extended_key_usage(struct x509 *x, struct span value)
{
    struct cursor c = cursor_over(value);
    struct cursor list = cursor_over(der_expect(&c, DER_SEQUENCE));
    while (cursor_left(&list)) {
        struct span oid = der_expect(&list, DER_OID);
        x->eku_server_auth |= oid_is(oid, "\x2b\x06\x01\x05\x05\x07\x03\x01", 8);
    }
    return c.status == PARSE_OK && list.status == PARSE_OK;
}

static bool read_alt_names(struct x509 *x, struct span value)
{
    struct cursor c = cursor_over(value);
    struct cursor list = cursor_over(der_expect(&c, DER_SEQUENCE));
    while (cursor_left(&list)) {
        struct der name = der_next(&list);
        if (list.status != PARSE_OK)
            break;
        enum x509_name_kind kind;
        switch (name.tag) { /* RFC 5280 4.2.1.6: GeneralName, implicit tags */
        case 0x81:
            kind = X509_NAME_EMAIL;
            break;
        case 0x82:
            kind = X509_NAME_DNS;
            x->alt_name_has_dns = true;
            break;
        case 0x86:
            kind = X509_NAME_URI;
            break;
        case 0x87:
            kind = X509_NAME_IP;
            break;
        default:
            continue;
        }
        if (x->alt_name_count == MAX_ALT_NAMES)
            x->alt_names_cut = true;
        else
            x->alt_names[x->alt_name_count++] = (struct x509_alt_name){.kind = kind, .value = name.value};
    }
    return c.status == PARSE_OK && list.status == PARSE_OK;
}

static bool read_basic_constraints(struct x509 *x, struct span value)
{
    struct cursor c = cursor_over(value);
    struct cursor sequence = cursor_over(der_expect(&c, DER_SEQUENCE));
    struct span boolean;
    if (der_optional(&sequence, DER_BOOLEAN, &boolean))
        x->is_ca = boolean.n == 1 && boolean.p[0];
    return c.status == PARSE_OK && sequence.status == PARSE_OK;
}

static void read_extension(struct x509 *x, struct span oid, bool critical, struct span value)
{
    if (oid.n != 3 || oid.p[0] != 0x55 || oid.p[1] != 0x1d) /* id-ce */
        return;
    uint32_t which = 0;
    bool parses = true;
    switch (oid.p[2]) {
    case 14:
        which = X509_HAS_SUBJECT_KEY_ID;
        break;
    case 15:
        which = X509_HAS_KEY_USAGE;
        parses = read_key_usage(x, value);
        break;
    case 17:
        which = X509_HAS_SUBJECT_ALT_NAME;
        parses = read_alt_names(x, value);
        break;
    case 19:
        which = X509_HAS_BASIC_CONSTRAINTS;
        parses = read_basic_constraints(x, value);
        break;
    case 35:
        which = X509_HAS_AUTHORITY_KEY_ID;
        break;
    case 37:
        which = X509_HAS_EXTENDED_KEY_USAGE;
        parses = read_extended_key_usage(x, value);
        break;
    default:
        break;
    }
    x->presence |= which;
    if (critical)
        x->critical |= which;
    if (!parses)
        x->unparsed |= which;
}

/* False: nobody knows which extensions there are. */
static bool read_extensions(struct x509 *x, struct span wrapped)
{
    struct cursor c = cursor_over(wrapped);
    struct cursor list = cursor_over(der_expect(&c, DER_SEQUENCE));
    while (cursor_left(&list)) {
        struct cursor extension = cursor_over(der_expect(&list, DER_SEQUENCE));
        struct span oid = der_expect(&extension, DER_OID);
        struct span flag = span_of(NULL, 0);
        bool critical = der_optional(&extension, DER_BOOLEAN, &flag) && flag.n == 1 && flag.p[0];
        struct span value = der_expect(&extension, DER_OCTET_STRING);
        if (extension.status != PARSE_OK)
            return false;
        read_extension(x, oid, critical, value);
    }
    return c.status == PARSE_OK && list.status == PARSE_OK;
}

static struct span algorithm_oid(struct span algorithm)
{
    struct cursor c = cursor_over(algorithm);
    return der_expect(&c, DER_OID);
}

static void read_validity(struct x509 *x, struct span validity)
{
    struct cursor c = cursor_over(validity);
    struct der before = der_next(&c);
    struct der after = der_next(&c);
    x->valid_times =
        c.status == PARSE_OK && parse_time(before, &x->not_before) && parse_time(after, &x->not_after);
}

/* RFC 5280 4.1: TBSCertificate */
static enum parse read_body(struct x509 *x, struct span body)
{
    struct cursor c = cursor_over(body);
    struct span version;
    x->version = 1;
    if (der_optional(&c, CONTEXT(0), &version)) {
        struct cursor v = cursor_over(version);
        struct span number = der_expect(&v, DER_INTEGER);
        if (number.n != 1)
            return PARSE_BAD;
        x->version = number.p[0] + 1u;
    }
    x->serial = der_expect(&c, DER_INTEGER);
    (void)der_expect(&c, DER_SEQUENCE); /* the signature algorithm, repeated outside */
    struct der issuer = der_next(&c);
    struct span validity = der_expect(&c, DER_SEQUENCE);
    struct der subject = der_next(&c);
    struct span key = der_expect(&c, DER_SEQUENCE);
    if (c.status != PARSE_OK)
        return cursor_complete(&c);
    if (issuer.tag != DER_SEQUENCE || subject.tag != DER_SEQUENCE)
        return PARSE_BAD;
    x->issuer = issuer.whole;
    x->subject = subject.whole;
    x->names_utf8 = true;
    bool parses =
        read_name(x, issuer.whole, &x->issuer_empty) && read_name(x, subject.whole, &x->subject_empty);
    read_validity(x, validity);
    parses = parses && read_key(x, key);
    while (cursor_left(&c)) {
        struct der rest = der_next(&c);
        if (c.status == PARSE_OK && rest.tag == CONTEXT(3))
            parses = parses && read_extensions(x, rest.value);
    }
    return parses ? cursor_complete(&c) : PARSE_BAD;
}

enum parse x509_parse(struct span der, struct x509 *out)
{
    /* The long list of names needs no clearing: its count does. */
    memset(out, 0, offsetof(struct x509, alt_names));
    out->alt_name_count = 0;
    out->alt_names_cut = out->alt_name_has_dns = false;
    out->der_len = der.n;
    struct cursor c = cursor_over(der);
    struct cursor certificate = cursor_over(der_expect(&c, DER_SEQUENCE));
    struct span body = der_expect(&certificate, DER_SEQUENCE);
    struct span algorithm = der_expect(&certificate, DER_SEQUENCE);
    if (c.status != PARSE_OK || certificate.status != PARSE_OK)
        return PARSE_BAD;
    out->signature_oid = algorithm_oid(algorithm);
    return out->signature_oid.n ? read_body(out, body) : PARSE_BAD;
}

void x509_key_name(struct span oid, struct text *out)
{
    oid_put(oid, oid_key(oid), out);
}

void x509_signature_name(struct span oid, struct text *out)
{
    oid_put(oid, oid_signature(oid), out);
}

void x509_curve_name(struct span oid, struct text *out)
{
    oid_put(oid, oid_curve(oid), out);
}
