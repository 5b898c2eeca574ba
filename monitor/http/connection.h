/* A connection in clear as it is followed: where each side's bytes stand, the requests that wait for answers,
 * and answers that wait for requests. */
#ifndef UTWATCH_HTTP_CONNECTION_H
#define UTWATCH_HTTP_CONNECTION_H

#include "base/queue.h"
#include "http/http.h"

enum phase {
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_CHUNK_LINE,
    PHASE_CHUNK,
    PHASE_CHUNK_END,
    PHASE_TRAILER,
    PHASE_TUNNEL, /* of CONNECT: its first bytes are still to come */
    PHASE_OVER
};

/* One direction. */
struct reader {
    enum phase phase;
    uint64_t left; /* of the body or chunk; UINT64_MAX: until the close */
    uint16_t length;
    uint8_t head[HTTP_HEAD_BYTES]; /* the part of a head or line that is here */
};

struct answer {
    uint16_t status;
    bool challenge, gba_realm, gaa, aka, to_https, to_http2;
    struct http_place place; /* of the bytes that brought it */
};

struct connection {
    struct http_connection seen;
    bool known_user;
    bool has_request;
    struct http_place place;      /* of the bytes that are being read */
    struct acknowledged acked[2]; /* by enum side: of the other's bytes, with its own */
    void *owner;
    nanos last_activity;
    struct queue_link link;
    struct reader side[2];                       /* by enum side */
    struct http_exchange waiting[HTTP_PIPELINE]; /* requests without answer, oldest first */
    unsigned waiting_count;
    struct answer early[HTTP_PIPELINE]; /* answers whose request is not here yet */
    unsigned early_count;
    struct http_exchange complete;
};

struct http {
    struct pool slots;
    struct queue queue; /* by the last activity */
    struct http_counters counters;
};

struct connection *connection_at(const struct http *http, uint32_t slot);

/* Bytes have come. */
void connection_active(struct http *http, uint32_t slot, nanos now);

/* A side is not followed any further. */
void connection_give_up(struct http *http, struct connection *c, enum side who, uint32_t damage);

/* What a request says by itself, and what an answer does (facts.c). */
struct http_exchange request_facts(const struct connection *c, const struct http_request *r,
                                   const struct whence *where);
struct answer answer_facts(const struct http_response *r);
bool is_ims_host(const struct http_text *host);

/* A request or an answer whose head is here (pairing.c). True: an exchange is complete. */
bool pair_request(struct http *http, struct connection *c, const struct http_request *r,
                  const struct whence *where);
bool pair_response(struct http *http, struct connection *c, const struct http_response *r);

#endif
