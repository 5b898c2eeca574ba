/* The server's Certificate: facts of the leaf, and of the CA certificates sent with it (WAPCert 6.4, 6.6).
 * The client's: whose it is. */
#include "tls/learn.h"
#include "wire/handshake_messages.h"
#include "wire/host_name.h"
#include "wire/x509.h"
#include "wire/x509_name.h"

#include <nettle/sha1.h>

static struct text_slice learn_written(struct observation *o, void (*write)(struct span, struct text *),
                                       struct span der)
{
    char buffer[2048];
    struct text t = text_over(buffer, sizeof buffer);
    write(der, &t);
    if (t.cut) {
        o->text_cut = true;
        return (struct text_slice){0};
    }
    return learn_text(o, span_of(t.p, t.n));
}

/* With the octet 00 that DER puts before a number whose first bit is set, as in EVE. */
static void write_serial(struct span serial, struct text *t)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < serial.n; i++) {
        if (i)
            text_char(t, ':');
        text_char(t, digits[serial.p[i] >> 4]);
        text_char(t, digits[serial.p[i] & 15]);
    }
}

static void write_address(struct span octets, struct text *t)
{
    if (octets.n == 4) {
        text_printf(t, "%u.%u.%u.%u", octets.p[0], octets.p[1], octets.p[2], octets.p[3]);
        return;
    }
    for (size_t i = 0; i + 1 < octets.n; i += 2)
        text_printf(t, "%s%x", i ? ":" : "", (unsigned)octets.p[i] << 8 | octets.p[i + 1]);
}

static void learn_alt_names(struct observation *o, const struct x509 *x)
{
    struct certificate_facts *f = &o->certificate;
    f->alt_names_cut = x->alt_names_cut;
    for (size_t i = 0; i < x->alt_name_count && i < MAX_ALT_NAMES; i++) {
        const struct x509_alt_name *name = &x->alt_names[i];
        struct text_slice kept = name->kind == X509_NAME_IP ? learn_written(o, write_address, name->value)
                                                            : learn_text(o, name->value);
        if (kept.length)
            f->alt_names[f->alt_name_count++] = kept;
    }
}

static void check_host(struct observation *o, const struct x509 *x)
{
    const struct span host = observation_certificate_host(o);
    o->certificate.name_checked = host.n > 0;
    o->certificate.name_match = host.n > 0 ? x509_names_host(x, host) : NAME_DIFFERS;
}

void learn_host_of_certificate(struct observation *o, struct span body)
{
    struct certificate_list list;
    struct x509 x;
    if (certificate_list_parse(body, &list) == PARSE_OK && list.count &&
        x509_parse(list.der[0], &x) == PARSE_OK)
        check_host(o, &x);
}

static void hash_certificate(struct span der, uint8_t sha1[20])
{
    struct sha1_ctx ctx;
    sha1_init(&ctx);
    sha1_update(&ctx, der.n, der.p);
    sha1_digest(&ctx, SHA1_DIGEST_SIZE, sha1);
}

static void learn_leaf(struct observation *o, struct span der)
{
    struct certificate_facts *f = &o->certificate;
    hash_certificate(der, f->sha1);
    f->der_len = (uint32_t)der.n;

    struct x509 x;
    if (x509_parse(der, &x) != PARSE_OK)
        return;
    f->parsed = true;
    f->key = (uint8_t)x.key;
    f->bits = (uint32_t)x.key_bits;
    f->x509_version = (uint8_t)x.version;
    f->serial_len = (uint16_t)(x.serial.n < UINT16_MAX ? x.serial.n : UINT16_MAX);
    f->valid_times = x.valid_times;
    f->not_before = x.not_before;
    f->not_after = x.not_after;
    f->issuer_empty = x.issuer_empty;
    f->subject_empty = x.subject_empty;
    f->names_utf8 = x.names_utf8;
    f->presence = (uint16_t)x.presence;
    f->critical = (uint16_t)x.critical;
    f->unparsed = (uint16_t)x.unparsed;
    f->key_usage = (uint16_t)x.key_usage;
    f->eku_server_auth = x.eku_server_auth;
    f->alt_name_has_dns = x.alt_name_has_dns;
    /* The short names first: the long list of alternative names may not fit. */
    f->key_name = learn_written(o, x509_key_name, x.key_oid);
    f->signature = learn_written(o, x509_signature_name, x.signature_oid);
    if (x.curve_oid.n)
        f->curve = learn_written(o, x509_curve_name, x.curve_oid);
    f->serial = learn_written(o, write_serial, x.serial);
    f->subject = learn_written(o, x509_name_text, x.subject);
    f->issuer = learn_written(o, x509_name_text, x.issuer);
    if (!x.alt_name_has_dns)
        f->common_name = learn_text(o, x509_common_name(x.subject, &f->common_name_open));
    learn_alt_names(o, &x);
    check_host(o, &x);
}

static void learn_authority(struct certificate_facts *f, struct span der)
{
    struct x509 x;
    if (x509_parse(der, &x) != PARSE_OK) {
        f->ca_unparsed = f->ca_broken = true;
        return;
    }
    f->ca_subordinate = (uint16_t)(f->ca_subordinate + !span_equal(x.subject, x.issuer));
    const uint32_t known = x.presence & ~x.unparsed;
    const bool constrained = x.presence & X509_HAS_BASIC_CONSTRAINTS;
    f->ca_not_ca |= !constrained || (known & X509_HAS_BASIC_CONSTRAINTS && !x.is_ca);
    f->ca_uncritical |= constrained && !(x.critical & X509_HAS_BASIC_CONSTRAINTS);
    f->ca_nameless |= x.issuer_empty || x.subject_empty;
    f->ca_without_sign |= known & X509_HAS_KEY_USAGE && !(x.key_usage & X509_KEY_CERT_SIGN);
    f->ca_unparsed |= x.unparsed & (X509_HAS_BASIC_CONSTRAINTS | X509_HAS_KEY_USAGE);
    f->ca_broken |= x.unparsed != 0;
    size_t least = x.key == X509_KEY_RSA || x.key == X509_KEY_RSA_PSS ? 1024 : x.key == X509_KEY_EC ? 160 : 0;
    f->ca_weak_key |= x.key_bits && x.key_bits < least;
}

static void learn_chain(struct observation *o, const struct certificate_list *list)
{
    o->certificate.chain_len = (uint16_t)(list->count < UINT16_MAX ? list->count : UINT16_MAX);
    o->certificate.ca_count = (uint16_t)(o->certificate.chain_len - 1);
    o->certificate.ca_largest = (uint32_t)list->largest_authority;
    learn_leaf(o, list->der[0]);
    size_t kept = list->count < MAX_CHAIN ? list->count : MAX_CHAIN;
    for (size_t i = 1; i < kept; i++)
        learn_authority(&o->certificate, list->der[i]);
    o->certificate.ca_unparsed |= kept < list->count;
    o->seen |= SEEN_CERTIFICATE;
}

bool learn_server_certificate(struct observation *o, struct span body)
{
    struct certificate_list list;
    if (certificate_list_parse(body, &list) != PARSE_OK)
        return false;
    if (list.count == 0) {
        o->seen |= SEEN_EMPTY_SERVER_CERTIFICATE;
        return true;
    }
    learn_chain(o, &list);
    return true;
}

bool learn_sslv2_server_hello(struct observation *o, struct span message)
{
    struct sslv2_server_hello hello;
    if (sslv2_server_hello_parse(message, &hello) != PARSE_OK)
        return false;
    o->seen |= SEEN_SSLV2_SERVER_HELLO;
    if (hello.certificate.n) {
        struct certificate_list list = {.der = {hello.certificate}, .count = 1};
        learn_chain(o, &list);
    }
    return true;
}

void learn_name_after_certificate(struct observation *o)
{
    struct certificate_facts *f = &o->certificate;
    struct span host = observation_text(o, o->client_hello.sni);
    if (!(o->seen & SEEN_CERTIFICATE) || !f->parsed || f->name_checked || host.n == 0 ||
        x509_is_address(host))
        return;
    if (!f->alt_name_has_dns)
        f->name_match = x509_dns_name_match(observation_text(o, f->common_name), host);
    for (size_t i = 0; i < f->alt_name_count && f->alt_name_has_dns; i++)
        f->name_match =
            name_match_better(f->name_match, x509_dns_name_match(observation_text(o, f->alt_names[i]), host));
    f->name_checked = f->name_match == NAME_MATCHES ||
                      !o->text_cut; /* else the name may be one for which there was no room */
}

/* The place of a name written since `start` in a text that moves into the observation. */
static struct text_slice slice_since(const struct text *t, size_t start)
{
    return (struct text_slice){.offset = (uint16_t)start, .length = (uint16_t)(t->n - start)};
}

static struct text_slice write_name(struct text *t, struct span name)
{
    const size_t start = t->n;
    x509_name_text(name, t);
    return slice_since(t, start);
}

static void write_client_alt_names(struct client_certificate_facts *f, const struct x509 *x, struct text *t)
{
    for (size_t i = 0; i < x->alt_name_count && f->alt_name_count < MAX_CLIENT_ALT_NAMES; i++) {
        const size_t start = t->n;
        if (x->alt_names[i].kind == X509_NAME_IP)
            write_address(x->alt_names[i].value, t);
        else
            text_bytes(t, x->alt_names[i].value.p, x->alt_names[i].value.n);
        f->alt_names[f->alt_name_count++] = slice_since(t, start);
    }
}

static void place(struct text_slice *slice, uint16_t at)
{
    slice->offset = (uint16_t)(slice->offset + at);
}

/* All names or none: a UE cannot use up the room for what its server says. */
static void learn_client_names(struct observation *o, const struct x509 *x)
{
    struct client_certificate_facts *f = &o->client_certificate;
    char buffer[CLIENT_NAMES_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    f->subject = write_name(&t, x->subject);
    f->issuer = write_name(&t, x->issuer);
    const size_t start = t.n;
    write_serial(x->serial, &t);
    f->serial = slice_since(&t, start);
    write_client_alt_names(f, x, &t);
    f->named = !t.cut && t.n <= sizeof o->text - o->text_used;
    if (!f->named)
        return;
    const uint16_t at = learn_text(o, span_of(t.p, t.n)).offset;
    place(&f->subject, at);
    place(&f->issuer, at);
    place(&f->serial, at);
    for (size_t i = 0; i < f->alt_name_count; i++)
        place(&f->alt_names[i], at);
}

static void learn_client_leaf(struct observation *o, struct span der)
{
    struct client_certificate_facts *f = &o->client_certificate;
    struct x509 x;
    f->is_certificate = true;
    hash_certificate(der, f->sha1);
    f->parsed = x509_parse(der, &x) == PARSE_OK;
    if (!f->parsed)
        return;
    f->valid_times = x.valid_times;
    f->not_before = x.not_before;
    f->not_after = x.not_after;
    learn_client_names(o, &x);
}

bool learn_client_certificate(struct observation *o, struct span body)
{
    enum { LEAST_PGP = 4 }; /* a type, and a length of three bytes */
    /* The ServerHello says which type it is, and may have been captured later, or not at all. */
    const bool may_be_raw = o->server_hello.raw_client_key || !(o->seen & SEEN_SERVER_HELLO);
    struct client_certificate_facts *f = &o->client_certificate;
    struct certificate_list list;
    struct span key;
    if (!o->server_hello.raw_client_key && certificate_list_parse(body, &list) == PARSE_OK) {
        *f = (struct client_certificate_facts){
            .count = (uint16_t)(list.count < UINT16_MAX ? list.count : UINT16_MAX)};
        if (list.count)
            learn_client_leaf(o, list.der[0]);
    } else if (o->server_hello.pgp) { /* RFC 6091 3.3: one that is empty has no key */
        *f = (struct client_certificate_facts){.count = body.n > LEAST_PGP};
    } else if (may_be_raw && raw_public_key_parse(body, &key) == PARSE_OK) {
        f->count = 1; /* a key identifies the client like a certificate */
    } else {
        return false;
    }
    o->seen |= SEEN_CLIENT_CERTIFICATE;
    return true;
}
