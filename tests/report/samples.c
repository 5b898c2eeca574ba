#include "stand_in.h"

#include <arpa/inet.h>
#include <assert.h>

/* 2026-11-23T17:50:00.123456789Z */
#define HELLO_TIME INT64_C(1795456200123456789)

struct text_slice sample_text(struct observation *o, const void *p, size_t n)
{
    assert(o->text_used + n <= sizeof o->text);
    struct text_slice slice = {.offset = o->text_used, .length = (uint16_t)n};
    memcpy(o->text + o->text_used, p, n);
    o->text_used = (uint16_t)(o->text_used + n);
    return slice;
}

struct text_slice sample_string(struct observation *o, const char *s)
{
    return sample_text(o, s, strlen(s));
}

struct endpoint sample_ipv4(uint32_t address, uint16_t port)
{
    struct endpoint end = {.port = port, .family = 4};
    const uint32_t wire = htonl(address);
    memcpy(end.address, &wire, sizeof wire);
    return end;
}

void sample_empty(struct observation *o)
{
    memset(o, 0, sizeof *o);
    o->whence.client = sample_ipv4(0xc6336407, 40112);
    o->whence.server = sample_ipv4(0xc0000201, 443);
    o->whence.time = HELLO_TIME - 2 * NANOS_PER_SECOND;
    o->side[CLIENT].hello_time = HELLO_TIME;
    o->side[SERVER].hello_time = HELLO_TIME + NANOS_PER_SECOND;
    o->event_time = HELLO_TIME + 60 * NANOS_PER_SECOND;
    o->whence.frame_number = 4;
    o->whence.flow_id = UINT64_C(9007199254740991);
}

static void set_history(struct observation *o, const char *history)
{
    o->history_len = (uint8_t)strlen(history);
    memcpy(o->history, history, o->history_len + 1u);
}

static void full_certificate(struct observation *o)
{
    struct certificate_facts *c = &o->certificate;
    c->parsed = true;
    c->key_name = sample_string(o, "EC");
    c->bits = 256;
    c->curve = sample_string(o, "secp256r1");
    c->signature = sample_string(o, "sha1WithRSAEncryption");
    c->x509_version = 3;
    c->serial_len = 2;
    c->chain_len = 2;
    c->der_len = 981;
    c->subject = sample_string(o, "CN=xcap.example.org");
    c->issuer = sample_string(o, "CN=Test CA");
    c->serial = sample_string(o, "01:AB");
    c->alt_names[0] = sample_string(o, "xcap.example.org");
    c->alt_name_count = 1;
    c->valid_times = true;
    c->not_before = 1587686400;  /* 2020-04-24T00:00:00 */
    c->not_after = 253402300799; /* 9999-12-31T23:59:59 */
    for (size_t i = 0; i < sizeof c->sha1; i++)
        c->sha1[i] = (uint8_t)i;
}

void sample_full(struct observation *o)
{
    sample_empty(o);
    o->whence.wrappers.vlan[0] = 100;
    o->whence.wrappers.vlan[1] = 4094;
    o->whence.wrappers.vlan_count = 2;
    o->whence.wrappers.encapsulation[0] = ENCAP_VLAN;
    o->whence.wrappers.encapsulation[1] = ENCAP_GTP_U;
    o->whence.wrappers.encapsulation_count = 2;
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_CERTIFICATE | SEEN_SERVER_KEY_EXCHANGE |
              SEEN_CERTIFICATE_REQUEST | SEEN_SERVER_HELLO_DONE | SEEN_CLIENT_CERTIFICATE | SEEN_TICKET |
              SEEN_CLIENT_CCS | SEEN_SERVER_CCS;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = RESUMPTION_FULL;
    set_history(o, "CSXKRNxgcfcf");
    struct client_hello_facts *c = &o->client_hello;
    c->record_version = 0x0301;
    c->version = 0x0303;
    c->max_version = 0x0303;
    c->session_id_len = 32;
    static const uint16_t suites[] = {0x0a0a, 0xc02b, 0x0033, 0x000a};
    memcpy(c->suites, suites, sizeof suites);
    c->suite_count = 4;
    c->suites_cut = true;
    static const uint16_t extensions[] = {0, 10, 11, 16, 35};
    memcpy(c->extensions, extensions, sizeof extensions);
    c->extension_count = 5;
    c->extensions_cut = true;
    c->groups[0] = 29;
    c->group_count = 1;
    c->signature_algorithms[0] = 0x0403;
    c->signature_algorithm_count = 1;
    c->compression_count = 1;
    c->ticket = true;
    c->ja3_known = c->ja3_made = true;
    c->sni = sample_string(o, "xcap.example.org");
    c->alpn[0] = sample_string(o, "h2");
    c->alpn_count = 1;
    struct server_hello_facts *s = &o->server_hello;
    s->version = 0x0303;
    s->legacy_version = 0x0303;
    s->suite = 0x0033; /* TLS_DHE_RSA_WITH_AES_128_CBC_SHA */
    s->extensions[0] = 35;
    s->extension_count = 1;
    s->extensions_cut = true;
    s->ja3s_known = s->ja3s_made = true;
    s->alpn = sample_string(o, "h2");
    full_certificate(o);
    o->key_exchange.dh_bits = 1024;
    o->key_exchange.rsa_bits = 512;
    struct client_certificate_facts *own = &o->client_certificate;
    own->count = 1;
    own->is_certificate = own->parsed = own->named = own->valid_times = true;
    own->subject = sample_string(o, "CN=user");
    own->issuer = sample_string(o, "CN=operator");
    own->serial = sample_string(o, "00:AB");
    own->alt_names[0] = sample_string(o, "user@example.org");
    own->alt_name_count = 1;
    o->ticket_issued.lifetime_hint = 300;
    o->authority = sample_string(o, "xcap.example.org:443");
}

void sample_tls13(struct observation *o)
{
    sample_empty(o);
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = RESUMPTION_PSK;
    o->unobserved = UNOBSERVED_ENCRYPTED;
    o->hello_retry = true;
    set_history(o, "CSCs");
    struct client_hello_facts *c = &o->client_hello;
    c->record_version = 0x0301;
    c->version = 0x0303;
    c->max_version = 0x0304;
    c->versions[0] = 0x7f1c;
    c->version_count = 1;
    static const uint16_t suites[] = {0x1301, 0x1302};
    memcpy(c->suites, suites, sizeof suites);
    c->suite_count = 2;
    c->psk = true;
    c->ja3_known = c->ja3_made = true;
    struct server_hello_facts *s = &o->server_hello;
    s->version = 0x7f1c; /* draft 28 */
    s->suite = 0x1301;
    s->key_share_group = 29;
    s->psk = true;
    s->ja3s_known = s->ja3s_made = true;
    s->extensions[0] = 51;
    s->extensions[1] = 41;
    s->extension_count = 2;
}

void sample_sslv2(struct observation *o)
{
    sample_empty(o);
    o->seen = SEEN_CLIENT_HELLO | SEEN_CERTIFICATE_REQUEST;
    o->outcome = OUTCOME_REFUSED;
    o->reaction = REACTION_FATAL_ALERT;
    set_history(o, "Cl");
    struct client_hello_facts *c = &o->client_hello;
    c->format = HELLO_SSLV2;
    c->version = 0x0002;
    c->max_version = 0x0002;
    c->suites[0] = 0x000a;
    c->suite_count = 1;
    c->sslv2_specs[0] = 0x0700c0;
    c->sslv2_suites = 1;
    o->alerts[0] = (struct tls_alert){.from = SERVER, .level = 2, .description = 40};
    o->alerts[1] = (struct tls_alert){.from = CLIENT, .level = 1, .description = 200};
    o->alerts[2] = (struct tls_alert){.from = CLIENT, .level = 77, .description = 0};
    o->alert_count = 3;
}

void sample_one_sided(struct observation *o)
{
    sample_empty(o);
    memset(&o->whence.client, 0, sizeof o->whence.client);
    memset(&o->whence.server, 0, sizeof o->whence.server);
    o->whence.client.family = o->whence.server.family = 6;
    assert(inet_pton(AF_INET6, "2001:db8::1", o->whence.client.address) == 1);
    assert(inet_pton(AF_INET6, "2001:db8::2", o->whence.server.address) == 1);
    o->whence.client.port = 40112;
    o->whence.server.port = 443;
    o->seen = SEEN_SERVER_HELLO;
    o->outcome = OUTCOME_ONE_SIDED;
    o->unobserved = (1u << UNOBSERVED_COUNT) - 1;
    o->server_hello.version = 0x0301;
    o->server_hello.suite = 0xe0e1; /* nobody's */
    o->key_exchange.group = 65000;
}

void sample_largest(struct observation *o)
{
    sample_full(o);
    struct client_hello_facts *c = &o->client_hello;
    for (size_t i = 0; i < MAX_SUITES_LISTED; i++)
        c->suites[i] = (uint16_t)(60000 + i);
    c->suite_count = MAX_SUITES_LISTED;
    c->suites_cut = false;
    for (size_t i = 0; i < MAX_EXTENSIONS; i++)
        c->extensions[i] = (uint16_t)(60000 + i);
    c->extension_count = MAX_EXTENSIONS;
    c->extensions_cut = false;
    for (size_t i = 0; i < MAX_GROUPS; i++)
        c->groups[i] = (uint16_t)(60000 + i);
    c->group_count = MAX_GROUPS;
    for (size_t i = 0; i < MAX_SERVER_EXTENSIONS; i++)
        o->server_hello.extensions[i] = (uint16_t)(60000 + i);
    o->server_hello.extension_count = MAX_SERVER_EXTENSIONS;
    memset(o->history, 'C', MAX_HISTORY);
    o->alert_count = MAX_ALERTS;
    /* Control bytes take six characters each in JSON, and U+E0001 takes twelve for four. */
    char control[64];
    memset(control, 1, sizeof control);
    c->alpn_count = 0;
    o->certificate.alt_name_count = 0;
    while (o->certificate.alt_name_count < MAX_ALT_NAMES && o->text_used + sizeof control <= sizeof o->text)
        o->certificate.alt_names[o->certificate.alt_name_count++] = sample_text(o, control, sizeof control);
}

void sample_add(struct tally *tally, const struct observation *o, const struct verdict *verdicts,
                size_t count)
{
    const struct policy_case c = case_of_handshake(o);
    tally_add(tally, &c, verdicts, count);
}

void sample_tls_event(struct text *out, const struct observation *o, const struct input_names *names)
{
    const struct policy_case c = case_of_handshake(o);
    struct shared_text shared = {0};
    json_tls_event(out, &c, names, &shared);
}
