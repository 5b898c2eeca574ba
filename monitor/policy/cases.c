/* The cases to be judged, and whom they are about. */
#include "peers/asked.h"
#include "policy/policy.h"

/*
 * What a reader finds in the capture: the time of the ClientHello, else of the ServerHello, else of the
 * connection's first packet. (The time of judging depends on timeouts and is of no use.)
 */
static nanos time_of(const struct observation *o)
{
    if (o->seen & SEEN_CLIENT_HELLO)
        return o->side[CLIENT].hello_time;
    const bool server_hello = o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO);
    return server_hello ? o->side[SERVER].hello_time : o->whence.time;
}

struct policy_case case_of_handshake(const struct observation *o)
{
    struct policy_case c = {.kind = CASE_HANDSHAKE, .observation = o, .about = o->whence};
    c.about.time = time_of(o);
    return c;
}

struct policy_case case_of_connection(const struct http_connection *c, const char *protocol)
{
    const bool http = strcmp(protocol, "HTTP") == 0;
    return (struct policy_case){.kind = CASE_CONNECTION,
                                .connection = http ? c : NULL,
                                .protocol = protocol,
                                .damage = http ? 0 : c->damage,
                                .about = c->whence};
}

struct policy_case case_of_exchange(const struct http_exchange *e)
{
    return (struct policy_case){.kind = CASE_EXCHANGE, .exchange = e, .about = e->whence};
}

struct policy_case case_of_peer(const struct peer *peer, const struct peer_evidence *evidence)
{
    bool server = peer->side == SERVER;
    struct policy_case c = {.kind = server ? CASE_SERVER : CASE_UE,
                            .server = server ? peer : NULL,
                            .ue = server ? NULL : peer,
                            .evidence = server ? evidence : NULL,
                            .about = {.time = peer->last, .confirmed = !peer->unconfirmed}};
    *(server ? &c.about.server : &c.about.client) = peer->end;
    return c;
}

struct policy_case case_of_key(const struct key_use *key)
{
    return (struct policy_case){.kind = CASE_KEY, .key = key, .about = key->whence};
}

uint64_t case_asked(const struct policy_case *c)
{
    return c->kind == CASE_SERVER && c->server ? c->server->host : ASKED_NOBODY;
}

const char *case_asked_name(const struct policy_case *c)
{
    return c->kind == CASE_SERVER && c->server ? c->server->name : "";
}
