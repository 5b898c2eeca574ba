#include "made.h"

#include <string.h>

void made_handshake(struct observation *o, nanos when, enum resumption resumption)
{
    memset(o, 0, sizeof *o);
    o->whence.server.family = o->whence.client.family = 4;
    o->whence.server.port = 443;
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_SERVER_CCS | SEEN_CLIENT_CCS;
    o->side[0].captured = o->side[1].captured = o->side[0].start_captured = o->side[1].start_captured = true;
    o->side[CLIENT].hello_time = when;
    o->side[SERVER].hello_time = when + 1000;
    o->server_hello.version = 0x0303;
    o->server_hello.suite = 0x002f;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = resumption;
}

void made_id(struct observation *o, uint8_t id, bool offered, bool echoed)
{
    if (offered) {
        memset(o->client_hello.session_id, id, 32);
        o->client_hello.session_id_len = 32;
    }
    if (echoed) {
        memset(o->server_hello.session_id, id, 32);
        o->server_hello.session_id_len = 32;
    }
}

struct identifier_hash made_ticket(uint64_t ticket, unsigned sensor)
{
    return (struct identifier_hash){.own = ticket * 1000003 + sensor, .common = ticket + 1};
}
