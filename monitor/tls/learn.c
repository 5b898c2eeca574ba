#include "tls/learn.h"

#include "tls/fingerprint.h"
#include "wire/handshake_messages.h"

struct text_slice learn_text(struct observation *o, struct span bytes)
{
    if (bytes.n > sizeof o->text - o->text_used) {
        o->text_cut = true;
        return (struct text_slice){0};
    }
    if (bytes.n)
        memcpy(o->text + o->text_used, bytes.p, bytes.n);
    struct text_slice slice = {.offset = o->text_used, .length = (uint16_t)bytes.n};
    o->text_used = (uint16_t)(o->text_used + bytes.n);
    return slice;
}

/* The first `room` numbers of two bytes; true when there were more. */
static bool keep_list16(struct span list, uint16_t *kept, uint16_t *count, size_t room)
{
    struct cursor c = cursor_over(list);
    while (cursor_left(&c) >= 2 && *count < room)
        kept[(*count)++] = cursor_u16(&c);
    return cursor_left(&c) >= 2;
}

static bool keep_list8(struct span list, uint8_t *kept, uint8_t *count, size_t room)
{
    while (list.n && *count < room) {
        kept[(*count)++] = list.p[0];
        list = span_skip(list, 1);
    }
    return list.n > 0;
}

static void count_offer(struct client_hello_facts *f, uint16_t code)
{
    f->suites_total++;
    if (f->suite_count < MAX_SUITES_LISTED)
        f->suites[f->suite_count++] = code;
    else
        f->suites_cut = true;
    const struct suite *suite = suite_find(code);
    if (!suite) {
        f->unknown_suites++;
        return;
    }
    if (!(suite->flags & SUITE_SIGNALLING))
        suite_set_add(&f->offered, suite_index(suite));
    else if (code == 0x00ff)
        f->renegotiation_info = true;
    else if (code == 0x5600)
        f->fallback_scsv = true;
}

static void learn_alpn(struct observation *o, struct span body)
{
    struct cursor c = cursor_over(extension_list(body, 2));
    while (cursor_left(&c)) {
        struct span name = cursor_take(&c, cursor_u8(&c));
        if (c.status == PARSE_OK && o->client_hello.alpn_count < MAX_ALPN)
            o->client_hello.alpn[o->client_hello.alpn_count++] = learn_text(o, name);
    }
}

static uint64_t name_under(const struct siphash_key *key, struct span bytes)
{
    const uint64_t name = siphash(key, bytes);
    return name ? name : 1;
}

static struct ticket_name name_of(const struct hello_memory *memory, struct span bytes)
{
    const struct name_keys *keys = memory->keys;
    return (struct ticket_name){.own = name_under(&keys->own, bytes),
                                .common = keys->has_common ? name_under(&keys->common, bytes) : 0};
}

static void learn_ticket(struct observation *o, const struct hello_memory *memory, struct span ticket)
{
    struct client_hello_facts *f = &o->client_hello;
    f->ticket_extension = true;
    f->ticket = ticket.n > 0;
    if (!f->ticket)
        return;
    f->ticket_name = name_of(memory, ticket);
    struct cursor c = cursor_over(ticket);
    struct cursor inner = cursor_vector(&c, 2);
    if (c.status == PARSE_OK && !cursor_left(&c) && cursor_left(&inner))
        f->ticket_inner_name = name_of(memory, cursor_rest(&inner));
}

/* RFC 8446 4.2.11: identities with their obfuscated ages. */
static void learn_psk(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct client_hello_facts *f = &o->client_hello;
    f->psk = true;
    f->psk_count = 0;
    struct cursor c = cursor_over(body);
    struct cursor identities = cursor_vector(&c, 2);
    while (cursor_left(&identities) && f->psk_count < UINT8_MAX) {
        struct cursor identity = cursor_vector(&identities, 2);
        struct span bytes = cursor_rest(&identity);
        uint32_t age = cursor_u32(&identities);
        if (identities.status != PARSE_OK)
            return;
        if (f->psk_count < MAX_PSK_IDENTITIES)
            f->psk_name[f->psk_count] = age ? name_of(memory, bytes) : (struct ticket_name){0};
        f->psk_count++;
    }
}

static void learn_client_extension(struct observation *o, const struct hello_memory *memory,
                                   const struct extension *e)
{
    struct client_hello_facts *f = &o->client_hello;
    bool cut = false;
    switch (e->type) {
    case EXTENSION_SERVER_NAME:
        f->sni = learn_text(o, server_name_host(e->body));
        break;
    case EXTENSION_SUPPORTED_GROUPS:
        cut = keep_list16(extension_list(e->body, 2), f->groups, &f->group_count, MAX_GROUPS);
        break;
    case EXTENSION_POINT_FORMATS:
        cut = keep_list8(extension_list(e->body, 1), f->point_formats, &f->point_format_count,
                         sizeof f->point_formats);
        break;
    case EXTENSION_SIGNATURE_ALGORITHMS:
        cut = keep_list16(extension_list(e->body, 2), f->signature_algorithms, &f->signature_algorithm_count,
                          MAX_SIGNATURE_ALGORITHMS);
        break;
    case EXTENSION_ALPN:
        learn_alpn(o, e->body);
        break;
    case EXTENSION_SESSION_TICKET:
        learn_ticket(o, memory, e->body);
        break;
    case EXTENSION_PRE_SHARED_KEY:
        learn_psk(o, memory, e->body);
        break;
    case EXTENSION_EARLY_DATA:
        f->early_data = true;
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        cut = keep_list16(extension_list(e->body, 1), f->versions, &f->version_count, MAX_VERSIONS);
        break;
    case EXTENSION_RENEGOTIATION_INFO:
        f->renegotiation_info = true;
        break;
    default:
        break;
    }
    f->lists_cut |= cut;
}

static void learn_client_extensions(struct observation *o, const struct hello_memory *memory,
                                    struct span extensions)
{
    struct client_hello_facts *f = &o->client_hello;
    struct cursor c = cursor_over(extensions);
    struct extension e;
    while (extension_next(&c, &e)) {
        if (f->extension_count < MAX_EXTENSIONS)
            f->extensions[f->extension_count++] = e.type;
        else
            f->extensions_cut = true;
        learn_client_extension(o, memory, &e);
    }
    f->max_version = f->version;
    if (f->version_count) {
        uint16_t best = 0;
        for (size_t i = 0; i < f->version_count; i++) {
            uint16_t version = version_of_code(f->versions[i]);
            if (!is_grease(f->versions[i]) && version > best && version <= 0x0304)
                best = version;
        }
        f->max_version = best ? best : f->version;
    }
}

static void keep_session_id(struct span id, uint8_t kept[32], uint8_t *length)
{
    memset(kept, 0, 32);
    id = span_head(id, 32);
    if (id.n)
        memcpy(kept, id.p, id.n);
    *length = (uint8_t)id.n;
}

bool learn_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                        struct span body)
{
    struct client_hello hello;
    bool whole = client_hello_parse(body, &hello) == PARSE_OK;
    if (!whole && !hello.usable)
        return false;
    struct client_hello_facts *f = &o->client_hello;
    f->format = HELLO_TLS;
    f->malformed = !whole;
    f->record_version = record_version;
    f->version = hello.version;
    f->session_id_cut = hello.session_id.n > 32;
    keep_session_id(hello.session_id, f->session_id, &f->session_id_len);
    struct cursor c = cursor_over(hello.suites);
    while (cursor_left(&c) >= 2)
        count_offer(f, cursor_u16(&c));
    f->max_version = hello.version;
    memcpy(memory->client_random, hello.random.p, sizeof memory->client_random);
    o->seen |= SEEN_CLIENT_HELLO;
    if (!whole)
        return true;
    f->lists_cut |= keep_list8(hello.compression, f->compression, &f->compression_count, MAX_COMPRESSION);
    f->compression_null = hello.compression.n && memchr(hello.compression.p, 0, hello.compression.n) != NULL;
    f->has_extensions = hello.has_extensions;
    learn_client_extensions(o, memory, hello.extensions);
    ja3_client(&hello, f->ja3);
    f->ja3_known = true;
    return true;
}

bool learn_sslv2_client_hello(struct observation *o, struct span message)
{
    struct client_hello hello;
    if (sslv2_client_hello_parse(message, &hello) != PARSE_OK)
        return false;
    struct client_hello_facts *f = &o->client_hello;
    f->format = HELLO_SSLV2;
    f->version = f->max_version = hello.version;
    keep_session_id(hello.session_id, f->session_id, &f->session_id_len);
    struct cursor c = cursor_over(hello.suites);
    while (cursor_left(&c) >= 3) {
        uint32_t spec = cursor_u24(&c);
        if (spec >> 16 == 0) { /* RFC 2246 Appendix E.1: a first byte of 0 makes it a TLS suite */
            count_offer(f, (uint16_t)spec);
            continue;
        }
        if (f->sslv2_suites < sizeof f->sslv2_specs / sizeof *f->sslv2_specs)
            f->sslv2_specs[f->sslv2_suites] = spec;
        f->sslv2_suites++;
    }
    f->compression_null = true; /* no compression can be offered in this format */
    o->seen |= SEEN_CLIENT_HELLO;
    return true;
}

bool learn_second_client_hello(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct client_hello hello;
    if (client_hello_parse(body, &hello) != PARSE_OK)
        return false;
    /* The second hello may drop PSKs (RFC 8446 4.1.2, 4.1.4): the server's choice counts those that are left.
     */
    struct cursor extensions = cursor_over(hello.extensions);
    struct extension e;
    while (extension_next(&extensions, &e))
        if (e.type == EXTENSION_PRE_SHARED_KEY)
            learn_psk(o, memory, e.body);
    return true;
}

/* False when the body does not parse; its fact stays unknown then. */
static bool learn_server_extension(struct observation *o, const struct extension *e)
{
    struct server_hello_facts *f = &o->server_hello;
    struct cursor c = cursor_over(e->body);
    switch (e->type) {
    case EXTENSION_SUPPORTED_VERSIONS: {
        const uint16_t version = cursor_u16(&c);
        f->version_unknown = c.status != PARSE_OK;
        if (!f->version_unknown)
            f->version = version;
        break;
    }
    case EXTENSION_KEY_SHARE:
    case EXTENSION_KEY_SHARE_OLD:
        f->key_share_group = cursor_u16(&c);
        break;
    case EXTENSION_PRE_SHARED_KEY: {
        uint16_t selected = cursor_u16(&c);
        f->psk = c.status == PARSE_OK;
        f->psk_selected = selected < UINT8_MAX ? (uint8_t)selected : UINT8_MAX;
        break;
    }
    case EXTENSION_SESSION_TICKET:
        f->ticket_extension = true;
        break;
    case EXTENSION_RENEGOTIATION_INFO:
        f->renegotiation_info = true;
        break;
    case EXTENSION_TRUNCATED_HMAC:
        f->truncated_hmac = true;
        break;
    case EXTENSION_ALPN: {
        struct cursor list = cursor_over(extension_list(e->body, 2));
        f->alpn = learn_text(o, cursor_take(&list, cursor_u8(&list)));
        return list.status == PARSE_OK;
    }
    default:
        break;
    }
    return c.status == PARSE_OK;
}

bool learn_server_hello(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct server_hello hello;
    if (server_hello_parse(body, &hello) != PARSE_OK)
        return false;
    if (hello.hello_retry) {
        o->hello_retry = true;
        return true;
    }
    struct server_hello_facts *f = &o->server_hello;
    f->legacy_version = f->version = hello.version;
    f->suite = hello.suite;
    f->compression = hello.compression;
    keep_session_id(hello.session_id, f->session_id, &f->session_id_len);
    f->random_equals_clients = o->seen & SEEN_CLIENT_HELLO && o->client_hello.format == HELLO_TLS &&
                               memcmp(hello.random.p, memory->client_random, 32) == 0;
    struct cursor c = cursor_over(hello.extensions);
    struct extension e;
    while (extension_next(&c, &e)) {
        if (f->extension_count < MAX_SERVER_EXTENSIONS)
            f->extensions[f->extension_count++] = e.type;
        else
            f->extensions_cut = true;
        f->malformed |= !learn_server_extension(o, &e);
    }
    f->malformed |= c.status != PARSE_OK;
    ja3_server(&hello, f->ja3s);
    f->ja3s_known = true;
    o->seen |= SEEN_SERVER_HELLO;
    return true;
}

bool learn_client_certificate(struct observation *o, struct span body)
{
    struct certificate_list list;
    if (certificate_list_parse(body, &list) != PARSE_OK)
        return false;
    o->client_certificate.count = (uint16_t)(list.count < UINT16_MAX ? list.count : UINT16_MAX);
    o->seen |= SEEN_CLIENT_CERTIFICATE;
    return true;
}

bool learn_server_key_exchange(struct observation *o, struct span body)
{
    o->seen |= SEEN_SERVER_KEY_EXCHANGE;
    const struct suite *suite = observation_suite(o);
    if (!suite)
        return true;
    struct server_key_exchange found;
    if (server_key_exchange_parse(body, (enum suite_kx)suite->kx, &found) != PARSE_OK)
        return false;
    o->key_exchange = (struct key_exchange_facts){
        .dh_bits = (uint16_t)(found.dh_bits < UINT16_MAX ? found.dh_bits : UINT16_MAX),
        .rsa_bits = (uint16_t)(found.rsa_bits < UINT16_MAX ? found.rsa_bits : UINT16_MAX),
        .group = found.group,
    };
    return true;
}

bool learn_certificate_request(struct observation *o, struct span body)
{
    struct span types;
    if (certificate_request_parse(body, &types) != PARSE_OK)
        return false;
    o->certificate_request.type_count = 0;
    (void)keep_list8(types, o->certificate_request.types, &o->certificate_request.type_count,
                     MAX_CERTIFICATE_TYPES);
    o->seen |= SEEN_CERTIFICATE_REQUEST;
    return true;
}

bool learn_session_ticket(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct session_ticket ticket;
    if (session_ticket_parse(body, &ticket) != PARSE_OK)
        return false;
    o->ticket_issued.lifetime_hint = ticket.lifetime_hint;
    o->ticket_issued.length = (uint16_t)ticket.ticket.n;
    o->ticket_issued.name = ticket.ticket.n ? name_of(memory, ticket.ticket) : (struct ticket_name){0};
    o->seen |= SEEN_TICKET;
    return true;
}
