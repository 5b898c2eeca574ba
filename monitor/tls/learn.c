#include "tls/learn_parts.h"
#include "wire/hello.h"

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

bool keep_list8(struct span list, uint8_t *kept, uint8_t *count, size_t room)
{
    while (list.n && *count < room) {
        kept[(*count)++] = list.p[0];
        list = span_skip(list, 1);
    }
    return list.n > 0;
}

static uint64_t hash_under(const struct siphash_key *key, struct span bytes)
{
    const uint64_t hash = siphash(key, bytes);
    return hash ? hash : 1;
}

struct identifier_hash hash_identifier(const struct hello_memory *memory, struct span bytes)
{
    const struct identifier_keys *keys = memory->keys;
    return (struct identifier_hash){.own = hash_under(&keys->own, bytes),
                                    .common = keys->has_common ? hash_under(&keys->common, bytes) : 0,
                                    .brief = bytes.n < UNIQUE_ID};
}

/* RFC 5746 3.2: one vector, which may be empty. */
bool is_renegotiation_info(struct span body)
{
    return body.n > 0 && body.p[0] == body.n - 1;
}

/* RFC 6066 7, RFC 7366 2, RFC 7627 5.1: such an extension is present or not, and says nothing more. */
bool is_bare(uint16_t type)
{
    return type == EXTENSION_TRUNCATED_HMAC || type == EXTENSION_ENCRYPT_THEN_MAC ||
           type == EXTENSION_EXTENDED_MASTER_SECRET;
}

/* What the body of an extension tells, if it may come after the place from which the block no longer
 * parses. */
static unsigned part_of(uint16_t type)
{
    switch (type) {
    case EXTENSION_SERVER_NAME:
        return UNKNOWN_NAME;
    case EXTENSION_PRE_SHARED_KEY:
        return UNKNOWN_PSK;
    case EXTENSION_SUPPORTED_VERSIONS:
        return UNKNOWN_VERSIONS;
    default:
        return 0;
    }
}

/* A bit for each extension that is read: none may occur twice (RFC 5246 7.4.1.4, RFC 8446 4.2). */
static uint64_t bit_of(uint16_t type)
{
    if (type == EXTENSION_RENEGOTIATION_INFO)
        return UINT64_C(1) << 63;
    return type < 63 ? UINT64_C(1) << type : 0;
}

bool extension_block_add(struct extension_block *b, uint16_t type, unsigned unknown)
{
    const bool again = (b->here & bit_of(type)) != 0;
    b->repeated |= again;
    b->ticket_in_doubt |= again && type == EXTENSION_SESSION_TICKET;
    b->psk_in_doubt |= (again || unknown & UNKNOWN_PSK) && type == EXTENSION_PRE_SHARED_KEY;
    b->here |= bit_of(type);
    b->unknown |= unknown;
    b->read |= part_of(type);
    if (unknown & UNKNOWN_EXTENSIONS)
        return false;
    if (*b->count < b->room)
        b->numbers[(*b->count)++] = type;
    else
        *b->cut = true;
    return true;
}

uint8_t extension_block_unknown(const struct extension_block *b, bool whole)
{
    unsigned unknown = b->unknown;
    if (!whole)
        unknown |= UNKNOWN_EXTENSIONS | (UNKNOWN_IN_EXTENSIONS & ~b->read);
    if (b->repeated)
        unknown |= UNKNOWN_EXTENSIONS | UNKNOWN_IN_EXTENSIONS;
    return (uint8_t)unknown;
}

/* RFC 2246 7.4.1.2: an id has at most 32 bytes. */
bool keep_session_id(struct span id, uint8_t kept[32], uint8_t *length)
{
    const bool too_long = id.n > 32;
    *length = too_long ? 0 : (uint8_t)id.n;
    memset(kept, 0, 32);
    if (*length)
        memcpy(kept, id.p, *length);
    return too_long;
}

/* Either hello may be captured first. */
void compare_randoms(struct observation *o, const struct hello_memory *memory)
{
    o->server_hello.random_equals_clients =
        o->seen & SEEN_CLIENT_HELLO && o->client_hello.format == HELLO_TLS &&
        memcmp(memory->server_random, memory->client_random, sizeof memory->client_random) == 0;
}

bool learn_server_key_exchange(struct observation *o, struct span body)
{
    o->seen |= SEEN_SERVER_KEY_EXCHANGE;
    const struct suite *suite = observation_suite(o);
    if (!suite)
        return true;
    struct server_key_exchange found;
    if (server_key_exchange_parse(body, suite, observation_version(o), &found) != PARSE_OK)
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
    o->ticket_issued.hash =
        ticket.ticket.n ? hash_identifier(memory, ticket.ticket) : (struct identifier_hash){0};
    o->seen |= SEEN_TICKET;
    return true;
}
