/*
 * HTTP that is not encrypted, connection by connection. The pipeline hands in bytes in order; this layer
 * finds the heads of messages, skips their bodies and pairs requests with answers.
 *
 * A slot lives from http_open() to http_close(). Nothing is allocated in between.
 */
#ifndef UTWATCH_HTTP_HTTP_H
#define UTWATCH_HTTP_HTTP_H

#include "flow/flow.h"
#include "http/exchange.h"

struct http_counters {
    uint64_t connections;
    uint64_t exchanges;
    uint64_t malformed; /* of them: something could not be parsed */
    uint64_t too_long;  /* of them: more requests in a row than are kept */
    uint64_t lost;      /* directions that could not be followed to their end */
};

struct http;

/* The position of bytes among those of both sides. */
struct http_place {
    bool known;
    uint32_t seq;            /* of the first of them */
    uint32_t ack;            /* of the other side's next byte when they were sent */
    struct acknowledged end; /* the number behind them, known or not where they begin */
};

/* Bytes for so many connections. */
size_t http_memory(uint32_t connections);

/* Takes all memory. NULL when it cannot be reserved. */
struct http *http_new(uint32_t connections);
void http_free(struct http *http);
const struct http_counters *http_counters(const struct http *http);

/* A slot; 0 when all are in use: close http_victim() first. `begin`: what is known of the connection before
 * its first bytes; without its flow_id, which is hashed for what is judged only. `owner`: the pipeline's
 * flow, given back by http_owner(). */
uint32_t http_open(struct http *http, const struct http_connection *begin, void *owner);
void http_close(struct http *http, uint32_t slot);
/* The slot to give up when all are in use, and the one that was quiet for longest (flow/crowd.h); 0: none. */
uint32_t http_victim(struct http *http);
uint32_t http_quietest(const struct http *http);
/* A slot that was quiet for HTTP_IDLE_SECONDS at `now`; 0: none. */
uint32_t http_expired(const struct http *http, nanos now);
void *http_owner(const struct http *http, uint32_t slot);

/*
 * Bytes of one side; `where`: the segment that brought them. True: an exchange is complete; take
 * it by http_exchange(), and feed what is left in *bytes next. False: all bytes were taken.
 */
bool http_feed(struct http *http, uint32_t slot, enum side who, struct span *bytes,
               const struct whence *where);

/*
 * How far into the bytes of a side that are fed next, `gap` bytes after the last ones, another protocol may
 * begin: behind a CONNECT or an Upgrade to TLS that is the last request, and behind their answers (RFC 9110
 * 9.3.6, RFC 2817), or where these may have been and were not captured. bytes.n: not within them; SIZE_MAX:
 * anywhere.
 */
size_t http_switch_place(const struct http *http, uint32_t slot, enum side who, struct span bytes,
                         size_t gap);

/* The same of the first bytes of a side, which look like HTTP, before a slot is opened. `open`: what came
 * before them was not captured, if anything. */
size_t http_first_switch_place(enum side who, struct span bytes, bool open);

/* The position of the side's bytes that are fed next, until the next call. Without it an answer that comes
 * before all requests is taken to be that of the next one, captured late. */
void http_at(struct http *http, uint32_t slot, enum side who, struct http_place place);

/* A side has acknowledged the other's bytes as far as `ack`. */
void http_acknowledged(struct http *http, uint32_t slot, enum side who, uint32_t ack);

/* The other side has acknowledged bytes of this one beyond `next`, the first that was not handed in. */
bool http_lacks(const struct http *http, uint32_t slot, enum side who, uint32_t next);

/* Bytes of one side that were not captured. */
void http_gap(struct http *http, uint32_t slot, enum side who, size_t bytes);

/* A side has ended: an answer that lasts until the close is over. */
void http_end_of_side(struct http *http, uint32_t slot, enum side who);

/* A complete exchange whose answer the client has acknowledged, or for which there is no room until it does,
 * one a call, in the order of their answers; NULL: there is none. Valid until the next call that takes the
 * slot. */
struct http_exchange *http_exchange(struct http *http, uint32_t slot);

/* The same of all that are complete, whoever has acknowledged them. */
struct http_exchange *http_unreceived(struct http *http, uint32_t slot);

/* Requests that were not answered, one a call; NULL when there are no more. For the end of a connection, when
 * nothing is left that is complete. */
struct http_exchange *http_unanswered(struct http *http, uint32_t slot);

/* What has come is reported, and the connection goes on: of it only requests count that have no answer, and
 * its slot is among the first to be given up. */
void http_go_on(struct http *http, uint32_t slot, nanos now);

/* Of the requests only those count that are of Ut by what they ask. */
void http_count_ut_only(struct http_connection *c);

/* What the connection has shown so far. */
struct http_connection *http_connection(const struct http *http, uint32_t slot);

/* Fills in whether what it has shown was acknowledged by who should have it. */
void http_weigh(const struct http *http, uint32_t slot);

/* Every request up to now was read, and each answer has its request. */
bool http_is_whole(const struct http *http, uint32_t slot);

/* Nothing more can be read from either side. */
bool http_is_over(const struct http *http, uint32_t slot);

#endif
