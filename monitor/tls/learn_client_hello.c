/* ClientHellos. */
#include "base/fold_hash.h"
#include "tls/fingerprint.h"
#include "tls/learn_parts.h"

/* The first `room` numbers of two bytes each; true: there were more. */
static bool keep_list16(struct span list, uint16_t *kept, uint16_t *count, size_t room)
{
    struct cursor c = cursor_over(list);
    while (cursor_left(&c) >= 2 && *count < room)
        kept[(*count)++] = cursor_u16(&c);
    return cursor_left(&c) >= 2;
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

static bool learn_alpn(struct observation *o, struct span body)
{
    struct client_hello_facts *f = &o->client_hello;
    struct span names;
    if (extension_list(body, 2, &names) != PARSE_OK)
        return false;
    struct cursor c = cursor_over(names);
    while (cursor_left(&c)) {
        struct span name = protocol_name_next(&c);
        if (c.status == PARSE_OK && f->alpn_count < MAX_ALPN)
            f->alpn[f->alpn_count++] = learn_text(o, name);
    }
    if (c.status != PARSE_OK)
        f->alpn_count = 0;
    return c.status == PARSE_OK;
}

static void learn_ticket(struct observation *o, const struct hello_memory *memory, struct span ticket)
{
    struct client_hello_facts *f = &o->client_hello;
    f->ticket_extension = true;
    f->ticket = ticket.n > 0;
    if (!f->ticket)
        return;
    f->ticket_hash = hash_identifier(memory, ticket);
    struct cursor c = cursor_over(ticket);
    struct cursor inner = cursor_vector(&c, 2);
    if (c.status == PARSE_OK && !cursor_left(&c) && cursor_left(&inner))
        f->ticket_inner_hash = hash_identifier(memory, cursor_rest(&inner));
}

/* How many there are: one for each identity, each a hash of at least 32 bytes. */
static size_t binders_of(struct cursor *binders)
{
    enum { SHORTEST = 32 };
    size_t count = 0;
    for (; cursor_left(binders); count++)
        if (cursor_take(binders, cursor_u8(binders)).n < SHORTEST)
            cursor_fail(binders, PARSE_BAD);
    return count;
}

static bool is_printable(struct span bytes)
{
    struct cursor c = cursor_over(bytes);
    bool printable = bytes.n > 0;
    while (printable && cursor_left(&c)) {
        const uint8_t octet = cursor_u8(&c);
        printable = octet >= 0x20 && octet <= 0x7e;
    }
    return printable;
}

/* A key that GBA established (TS 33.222 5.4). */
static bool is_of_gba(struct span identity)
{
    static const char prefix[] = "3GPP-bootstrapping";
    return span_equal(span_head(identity, sizeof prefix - 1), span_of(prefix, sizeof prefix - 1));
}

/* An identity derived from a key established outside TLS (RFC 9258 3): its name, a context, the version and a
 * KDF of TLS 1.3. */
static bool is_imported(struct span identity)
{
    enum { VERSION = 0x0304, HKDF_SHA256 = 1, HKDF_SHA384 = 2 };
    struct cursor c = cursor_over(identity);
    struct cursor name = cursor_vector(&c, 2);
    (void)cursor_vector(&c, 2);
    const uint16_t version = cursor_u16(&c);
    const uint16_t kdf = cursor_u16(&c);
    return c.status == PARSE_OK && !cursor_left(&c) && cursor_left(&name) && version == VERSION &&
           (kdf == HKDF_SHA256 || kdf == HKDF_SHA384);
}

/* RFC 8446 4.2.11: identities with their obfuscated ages, then the binders. */
static bool learn_psk(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct client_hello_facts *f = &o->client_hello;
    f->psk = false;
    f->psk_count = 0;
    f->psk_ageless = 0;
    f->psk_named = 0;
    struct cursor c = cursor_over(body);
    struct cursor identities = cursor_vector(&c, 2);
    struct cursor binders = cursor_vector(&c, 2);
    uint8_t count = 0;
    while (cursor_left(&identities) && count < UINT8_MAX) {
        struct cursor identity = cursor_vector(&identities, 2);
        struct span bytes = cursor_rest(&identity);
        uint32_t age = cursor_u32(&identities);
        if (identities.status == PARSE_OK && count < MAX_PSK_IDENTITIES)
            f->psk_hash[count] = hash_identifier(memory, bytes);
        /* A key from outside TLS may come with any age, which its server ignores (RFC 8446 4.2.11). */
        const bool named = is_printable(bytes) || is_imported(bytes);
        if (count < 64 && (!age || named))
            f->psk_ageless |= UINT64_C(1) << count;
        if (count < 64 && named && (!age || is_of_gba(bytes)))
            f->psk_named |= UINT64_C(1) << count;
        count++;
    }
    if (binders_of(&binders) != count)
        cursor_fail(&binders, PARSE_BAD);
    cursor_finish(&c, &binders);
    if (identities.status != PARSE_OK || c.status != PARSE_OK || cursor_left(&c) || !count)
        return false;
    f->psk = true;
    f->psk_count = count;
    return true;
}

/* A list of two-byte numbers, preceded by its length in `width` bytes. */
static bool learn_list16(struct client_hello_facts *f, struct span body, size_t width, uint16_t *kept,
                         uint16_t *count, size_t room)
{
    struct span list;
    if (extension_list(body, width, &list) != PARSE_OK || list.n % 2)
        return false;
    f->lists_cut |= keep_list16(list, kept, count, room);
    return true;
}

static bool learn_point_formats(struct client_hello_facts *f, struct span body)
{
    struct span list;
    if (extension_list(body, 1, &list) != PARSE_OK)
        return false;
    f->lists_cut |= keep_list8(list, f->point_formats, &f->point_format_count, sizeof f->point_formats);
    return true;
}

static bool learn_server_name(struct observation *o, struct span body)
{
    struct span host;
    if (server_name_parse(body, &host) != PARSE_OK)
        return false;
    o->client_hello.sni = learn_text(o, host);
    return true;
}

/* False for what is kept in members of its own, differs from hello to hello, or means nothing. */
static bool has_fixed_value(const struct extension *e)
{
    switch (e->type) {
    case EXTENSION_SERVER_NAME:
    case EXTENSION_SUPPORTED_GROUPS:
    case EXTENSION_POINT_FORMATS:
    case EXTENSION_SIGNATURE_ALGORITHMS:
    case EXTENSION_PADDING:
    case EXTENSION_SESSION_TICKET:
    case EXTENSION_KEY_SHARE_OLD:
    case EXTENSION_PRE_SHARED_KEY:
    case EXTENSION_SUPPORTED_VERSIONS:
    case EXTENSION_COOKIE:
    case EXTENSION_KEY_SHARE:
    case EXTENSION_ENCRYPTED_HELLO:
        return false;
    case EXTENSION_RENEGOTIATION_INFO: /* RFC 5746 3.6: a server refuses a first hello if it is not empty */
        return e->body.n > 1;
    default:
        return !is_grease(e->type);
    }
}

static uint64_t value_of(const struct hello_memory *memory, const struct extension *e)
{
    if (!e->body.n || !has_fixed_value(e))
        return 0;
    return siphash_for_table(&memory->keys->own, e->body) * (2 * (uint64_t)e->type + 1);
}

/* Returns what part of the extension does not parse (enum hello_unknown); 0: everything does. */
static unsigned learn_client_extension(struct observation *o, const struct hello_memory *memory,
                                       const struct extension *e)
{
    struct client_hello_facts *f = &o->client_hello;
    switch (e->type) {
    case EXTENSION_SERVER_NAME:
        return learn_server_name(o, e->body) ? 0 : UNKNOWN_NAME;
    case EXTENSION_SUPPORTED_GROUPS:
        return learn_list16(f, e->body, 2, f->groups, &f->group_count, MAX_GROUPS) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_POINT_FORMATS:
        return learn_point_formats(f, e->body) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_SIGNATURE_ALGORITHMS: {
        bool parses = learn_list16(f, e->body, 2, f->signature_algorithms, &f->signature_algorithm_count,
                                   MAX_SIGNATURE_ALGORITHMS);
        return parses ? 0 : UNKNOWN_LISTS;
    }
    case EXTENSION_ALPN:
        return learn_alpn(o, e->body) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_SESSION_TICKET:
        learn_ticket(o, memory, e->body);
        break;
    case EXTENSION_PRE_SHARED_KEY:
        return learn_psk(o, memory, e->body) ? 0 : UNKNOWN_PSK;
    case EXTENSION_EARLY_DATA:
        f->early_data = e->body.n == 0; /* RFC 8446 4.2.10 */
        return f->early_data ? 0 : UNKNOWN_EXTENSIONS;
    case EXTENSION_SUPPORTED_VERSIONS:
        return learn_list16(f, e->body, 1, f->versions, &f->version_count, MAX_VERSIONS) ? 0
                                                                                         : UNKNOWN_VERSIONS;
    case EXTENSION_RENEGOTIATION_INFO:
        if (!is_renegotiation_info(e->body))
            return UNKNOWN_EXTENSIONS;
        f->renegotiation_info = true;
        break;
    default:
        return is_bare(e->type) && e->body.n ? UNKNOWN_EXTENSIONS : 0;
    }
    return 0;
}

static void note_highest_version(struct client_hello_facts *f)
{
    uint16_t best = 0;
    for (size_t i = 0; i < f->version_count; i++) {
        uint16_t version = version_of_code(f->versions[i]);
        if (!is_grease(f->versions[i]) && version > best && version <= 0x0304)
            best = version;
    }
    f->max_version = best ? best : version_of_code(f->version);
}

/* `cut`: there are more after these. */
static void learn_client_extensions(struct observation *o, const struct hello_memory *memory,
                                    struct span extensions, bool cut)
{
    struct client_hello_facts *f = &o->client_hello;
    struct extension_block block = {.numbers = f->extensions,
                                    .count = &f->extension_count,
                                    .room = MAX_EXTENSIONS,
                                    .cut = &f->extensions_cut};
    struct cursor c = cursor_over(extensions);
    struct extension e;
    while (extension_next(&c, &e))
        if (extension_block_add(&block, e.type, learn_client_extension(o, memory, &e)))
            f->values += value_of(memory, &e);
    const bool whole = !cut && c.status == PARSE_OK;
    f->unknown |= extension_block_unknown(&block, whole);
    f->ticket_in_doubt = !whole || block.ticket_in_doubt;
    f->psk_in_doubt = !whole || block.psk_in_doubt;
    note_highest_version(f);
}

/* What comes before the compression methods. */
static void keep_offer(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                       const struct client_hello *hello)
{
    struct client_hello_facts *f = &o->client_hello;
    f->format = HELLO_TLS;
    f->record_version = record_version;
    f->version = hello->version;
    if (keep_session_id(hello->session_id, f->session_id, &f->session_id_len))
        f->unknown |= UNKNOWN_SESSION_ID;
    struct cursor c = cursor_over(hello->suites);
    while (cursor_left(&c) >= 2)
        count_offer(f, cursor_u16(&c));
    f->max_version = version_of_code(hello->version);
    memcpy(memory->client_random, hello->random.p, sizeof memory->client_random);
    o->hello = o->randoms = 0;
    o->seen |= SEEN_CLIENT_HELLO;
    compare_randoms(o, memory);
}

/* JA3 can be made from the kept lists, as they are complete. If the extensions are known, none came twice. */
static bool ja3_follows(const struct client_hello_facts *f)
{
    return !f->suites_cut && !f->extensions_cut && !f->lists_cut;
}

static void keep_rest_of_hello(struct observation *o, const struct hello_memory *memory,
                               const struct client_hello *hello, bool cut)
{
    struct client_hello_facts *f = &o->client_hello;
    f->lists_cut |= keep_list8(hello->compression, f->compression, &f->compression_count, MAX_COMPRESSION);
    f->compression_null =
        hello->compression.n && memchr(hello->compression.p, 0, hello->compression.n) != NULL;
    f->has_extensions = hello->has_extensions;
    learn_client_extensions(o, memory, hello->extensions, cut);
    f->ja3_known = !(f->unknown & ~(unsigned)UNKNOWN_SESSION_ID);
    f->ja3_made = f->ja3_known && !ja3_follows(f);
    if (f->ja3_made)
        ja3_client(hello, f->ja3);
}

bool learn_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                        struct span body)
{
    struct client_hello hello;
    bool whole = client_hello_parse(body, &hello) == PARSE_OK;
    if (!whole && !hello.usable)
        return false;
    keep_offer(o, memory, record_version, &hello);
    if (whole) {
        keep_rest_of_hello(o, memory, &hello, false);
        o->hello = fold_hash_bytes(&memory->keys->own, body) | 1;
    } else {
        o->client_hello.unknown |= UNKNOWN_COMPRESSION | UNKNOWN_EXTENSIONS | UNKNOWN_IN_EXTENSIONS;
        o->client_hello.ticket_in_doubt = o->client_hello.psk_in_doubt = true;
    }
    if (!hello.compression.n || !whole) /* RFC 5246 7.4.1.2: there is at least one method */
        o->client_hello.unknown |= UNKNOWN_COMPRESSION | UNKNOWN_OFFER;
    return true;
}

bool learn_cut_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                            struct span part)
{
    struct client_hello hello;
    (void)client_hello_parse(part, &hello);
    if (!hello.usable)
        return false;
    keep_offer(o, memory, record_version, &hello);
    if (!hello.compression.n) /* at least one method follows (RFC 2246 7.4.1.2), so the cut is before it */
        o->client_hello.unknown |= UNKNOWN_COMPRESSION;
    keep_rest_of_hello(o, memory, &hello, true);
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
    if (keep_session_id(hello.session_id, f->session_id, &f->session_id_len))
        f->unknown |= UNKNOWN_SESSION_ID;
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

/* RFC 8446 4.1.2: the second hello offers the same as the first. */
static bool offers_the_same(const struct client_hello_facts *f, struct span suites)
{
    struct cursor c = cursor_over(suites);
    size_t count = 0;
    for (; cursor_left(&c) >= 2; count++) {
        const uint16_t code = cursor_u16(&c);
        if (count < f->suite_count && code != f->suites[count])
            return false;
    }
    return count == f->suites_total;
}

bool learn_second_client_hello(struct observation *o, const struct hello_memory *memory, struct span body)
{
    struct client_hello hello;
    if (client_hello_parse(body, &hello) != PARSE_OK)
        return false;
    if (!offers_the_same(&o->client_hello, hello.suites))
        o->client_hello.unknown |= UNKNOWN_OFFER;
    /* The second hello may drop PSKs (RFC 8446 4.1.2, 4.1.4): the server's choice is an index into those that
     * are left. */
    struct cursor extensions = cursor_over(hello.extensions);
    struct extension e;
    bool parses = true;
    while (extension_next(&extensions, &e))
        if (e.type == EXTENSION_PRE_SHARED_KEY)
            parses &= learn_psk(o, memory, e.body);
    parses &= extensions.status == PARSE_OK;
    if (!parses) {
        o->client_hello.unknown |= UNKNOWN_PSK;
        o->client_hello.psk_in_doubt = true;
    }
    return parses;
}

void learn_doubt_hello(struct client_hello_facts *f)
{
    f->unknown |= UNKNOWN_SESSION_ID | UNKNOWN_COMPRESSION | UNKNOWN_EXTENSIONS | UNKNOWN_IN_EXTENSIONS;
    f->ticket_in_doubt = f->psk_in_doubt = true;
    f->sni.length = 0;
}

static bool same_suites(const struct client_hello_facts *a, const struct client_hello_facts *b)
{
    return a->suites_total == b->suites_total && a->suite_count == b->suite_count && !a->suites_cut &&
           memcmp(a->suites, b->suites, a->suite_count * sizeof *a->suites) == 0;
}

static bool same_name(const struct observation *o, const struct client_hello_facts *a)
{
    return span_equal(observation_text(o, a->sni), observation_text(o, o->client_hello.sni)) && !o->text_cut;
}

static bool same_identities(const struct client_hello_facts *a, const struct client_hello_facts *b)
{
    bool same = a->psk_count == b->psk_count && a->psk_count <= MAX_PSK_IDENTITIES;
    for (size_t i = 0; i < a->psk_count && same; i++)
        same = a->psk_hash[i].own == b->psk_hash[i].own;
    return same;
}

/* As enum hello_unknown: where the hello `a` differs from that of the observation. */
static unsigned differences(const struct observation *o, const struct client_hello_facts *a)
{
    const struct client_hello_facts *b = &o->client_hello;
    const bool same_id = a->session_id_len == b->session_id_len &&
                         memcmp(a->session_id, b->session_id, a->session_id_len) == 0;
    unsigned unknown = b->unknown;
    unknown |= same_suites(a, b) ? 0 : UNKNOWN_OFFER;
    unknown |= same_id ? 0 : UNKNOWN_SESSION_ID;
    unknown |= same_name(o, a) ? 0 : UNKNOWN_NAME;
    unknown |= same_identities(a, b) ? 0 : UNKNOWN_PSK;
    /* Hellos with the same number are alike in all but this. */
    if (!b->number || a->number != b->number)
        unknown |= UNKNOWN_COMPRESSION | UNKNOWN_VERSIONS | UNKNOWN_EXTENSIONS | UNKNOWN_LISTS;
    return unknown;
}

bool learn_other_client_hello(struct observation *o, const struct hello_memory *memory,
                              struct known_hellos *hellos, struct span body)
{
    struct client_hello_facts first = o->client_hello;
    struct hello_memory other = *memory;
    const uint16_t text_used = o->text_used;
    const bool random_equals = o->server_hello.random_equals_clients;
    o->client_hello = (struct client_hello_facts){0};
    const bool parses = learn_client_hello(o, &other, first.record_version, body);
    if (parses) {
        known_hellos_number(hellos, &o->client_hello);
        first.unknown |= differences(o, &first) & UINT8_MAX;
        first.ticket_in_doubt |= o->client_hello.ticket_in_doubt || o->client_hello.ticket != first.ticket ||
                                 o->client_hello.ticket_hash.own != first.ticket_hash.own;
        first.psk_in_doubt |= o->client_hello.psk_in_doubt || first.unknown & UNKNOWN_PSK;
        first.sni.length = first.unknown & UNKNOWN_NAME ? 0 : first.sni.length;
    } else {
        first.unknown |= UNKNOWN_OFFER;
        learn_doubt_hello(&first);
    }
    o->client_hello = first;
    o->text_used = text_used;
    o->server_hello.random_equals_clients = random_equals;
    return parses;
}
