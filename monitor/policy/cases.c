/* What is judged, and whom it is about. */
#include "policy/policy.h"

/*
 * What a reader finds in the capture: the time of the ClientHello, else of the ServerHello, else of the
 * connection's first packet. (When a handshake was judged depends on timeouts and is of use to nobody.)
 */
static nanos time_of(const struct observation *o)
{
    if (o->seen & SEEN_CLIENT_HELLO)
        return o->side[CLIENT].hello_time;
    const bool server_hello = o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO);
    return server_hello ? o->side[SERVER].hello_time : o->started;
}

struct policy_case case_of_handshake(const struct observation *o)
{
    return (struct policy_case){.kind = CASE_HANDSHAKE,
                                .observation = o,
                                .about = {.client = o->client,
                                          .server = o->server,
                                          .time = time_of(o),
                                          .frame_number = o->frame_number,
                                          .source = o->source,
                                          .flow_id = o->flow_id,
                                          .transport = TRANSPORT_TCP}};
}

struct policy_case case_of_connection(const struct http_connection *c, const char *protocol)
{
    return (struct policy_case){.kind = CASE_CONNECTION,
                                .connection = strcmp(protocol, "HTTP") == 0 ? c : NULL,
                                .protocol = protocol,
                                .damage = strcmp(protocol, "HTTP") == 0 ? 0 : c->damage,
                                .about = {.client = c->client,
                                          .server = c->server,
                                          .time = c->time,
                                          .frame_number = c->frame_number,
                                          .source = c->source,
                                          .flow_id = c->flow_id,
                                          .transport = c->transport ? c->transport : TRANSPORT_TCP}};
}

struct policy_case case_of_exchange(const struct http_exchange *e)
{
    return (struct policy_case){.kind = CASE_EXCHANGE,
                                .exchange = e,
                                .about = {.client = e->client,
                                          .server = e->server,
                                          .time = e->time,
                                          .frame_number = e->frame_number,
                                          .source = e->source,
                                          .flow_id = e->flow_id,
                                          .transport = TRANSPORT_TCP}};
}

struct policy_case case_of_peer(const struct peer *peer, const struct peer_evidence *evidence)
{
    bool server = peer->side == SERVER;
    struct policy_case c = {.kind = server ? CASE_SERVER : CASE_UE,
                            .server = server ? peer : NULL,
                            .ue = server ? NULL : peer,
                            .evidence = server ? evidence : NULL,
                            .about = {.time = peer->last, .transport = TRANSPORT_TCP}};
    *(server ? &c.about.server : &c.about.client) = peer->end;
    return c;
}

struct policy_case case_of_key(const struct key_use *key)
{
    return (struct policy_case){.kind = CASE_KEY,
                                .key = key,
                                .about = {.client = key->client,
                                          .server = key->server,
                                          .time = key->time,
                                          .frame_number = key->frame_number,
                                          .source = key->source,
                                          .flow_id = key->flow_id,
                                          .transport = TRANSPORT_TCP}};
}
