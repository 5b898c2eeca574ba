/* The state of a connection in clear: the position in each side's bytes, requests that wait for answers, and
 * answers that wait for requests. */
#ifndef UTWATCH_HTTP_CONNECTION_H
#define UTWATCH_HTTP_CONNECTION_H

#include "flow/crowd.h"
#include "http/http.h"
#include "wire/hpack.h"
#include "wire/http2.h"

enum phase {
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_CHUNK_LINE,
    PHASE_CHUNK,
    PHASE_CHUNK_END,
    PHASE_TRAILER,
    PHASE_PREFACE,  /* of HTTP/2, behind its first line */
    PHASE_FRAME,    /* of HTTP/2: its header, */
    PHASE_FRAGMENT, /* a part of a head, */
    PHASE_PAYLOAD,  /* or anything else that a frame has */
    PHASE_TUNNEL,   /* behind a CONNECT or an Upgrade to TLS: the first bytes are still to come */
    PHASE_OTHER,    /* these were of another protocol, in which a request is only a doubt */
    PHASE_ASTRAY,   /* likewise, and TLS cannot begin there: it is in frames, or should have been a message */
    PHASE_OVER,     /* nothing more can be read */
};

/* One direction. */
struct reader {
    enum phase phase;
    uint64_t left; /* of the body or chunk; UINT64_MAX: until the close */
    uint16_t length;
    uint16_t line;            /* where in `head` the line begins that is collected */
    bool cut;                 /* not all of that line, or of a head in frames, is there */
    bool kept;                /* the line before it was kept, so that its folds are as well */
    bool target_cut;          /* what was kept of the head lacks a part of its first line, */
    bool fields_cut;          /* of another line, */
    bool fields_lost;         /* or such a line */
    bool unread;              /* or a field that HPACK has elsewhere */
    struct http2_frame frame; /* the last */
    /* The lines of a head that matter, as far as they are here; of HTTP/2 a head's frames, up to
     * `line`, and the one that is being read. */
    uint8_t head[HTTP_HEAD_BYTES];
};

/* What the client has asked for last: may another protocol follow? */
enum last_request {
    ASKED_NOTHING, /* that was captured */
    ASKED_SWITCH,  /* CONNECT, or an Upgrade to TLS */
    ASKED_OTHER,   /* anything else, or something that cannot be read */
};

struct answer {
    uint16_t status;
    uint32_t stream; /* see struct http_exchange */
    bool cut;        /* not all of its fields are here, */
    bool unread;     /* some because of HPACK */
    bool challenge, gba_realm, gaa, aka, to_https, to_http2, to_tls, to_other, in_frames;
    bool no_document, other_service;
    struct http_place place; /* of the bytes that brought it */
};

/* All that wait may be answered before the client acknowledges anything. */
enum { HTTP_ANSWERED = HTTP_PIPELINE + 1 };

struct connection {
    struct http_connection seen;
    bool known_user;
    bool has_request;
    bool has_body;        /* one of the requests has octets behind its head, by one reading at least */
    bool tunnel_of_ut;    /* the last CONNECT names a host of XCAP, */
    bool tunnel_not_443;  /* or another port than that of https */
    bool preface;         /* that of HTTP/2 was counted as a request */
    bool http2;           /* it was asked for by an Upgrade */
    uint32_t stream;      /* of what is being read; 0: HTTP/1 */
    uint32_t last_stream; /* of the requests */
    enum last_request asked;
    struct http_place place;      /* of the bytes that are being read */
    struct acknowledged acked[2]; /* by enum side: of the other's bytes, with its own */
    void *owner;
    struct member member;
    unsigned waiting_count, early_count, answered_count;
    unsigned no_room; /* requests for which there was none, all of them at the time `no_room_at` */
    nanos no_room_at;
    struct reader side[2]; /* by enum side */
    /* What follows is written before it is read, so a new connection need not clear it. */
    struct http_exchange waiting[HTTP_PIPELINE];  /* requests without answer, oldest first */
    struct answer early[HTTP_PIPELINE];           /* answers whose request is not here yet */
    struct http_exchange answered[HTTP_ANSWERED]; /* whose answer is not acknowledged yet, oldest first */
    struct http_exchange given;                   /* the last one that was handed out */
};

struct http {
    struct pool slots;
    struct crowd crowd;
    struct http_counters counters;
    struct hpack hpack; /* of the head that is read now, as `text`: what it says */
    size_t text_length;
    uint8_t text[HTTP_HEAD_BYTES];
};

struct connection *connection_at(const struct http *http, uint32_t slot);

/* Bytes have come. */
void connection_active(struct http *http, uint32_t slot, const struct whence *where);

static inline bool reader_is_over(const struct reader *r)
{
    return r->phase == PHASE_OVER || r->phase == PHASE_OTHER;
}

/* Of a request whose head is not here to its end: it may be one of Ut. */
void note_unread_request(struct connection *c, struct span target);
void note_begun_request(struct connection *c);

/* A side is not followed any further. */
void connection_give_up(struct http *http, struct connection *c, enum side who, uint32_t damage);

/* What a request says by itself, and what an answer does (facts.c). */
struct http_exchange request_facts(const struct connection *c, const struct http_request *r,
                                   const struct whence *where);
/* A CONNECT over HTTP/1: for whom the tunnel is. */
void note_tunnel(struct connection *c, const struct http_request *r, const struct http_exchange *e);
struct answer answer_facts(const struct connection *c, const struct http_response *r);

/* What follows a head. */
struct body {
    enum phase phase;
    uint64_t left; /* of PHASE_BODY */
    bool unclear;  /* its length is not known: nothing behind it can be read */
};

/* `lost`: of the fields, some are not here (messages.c). */
struct body body_of_request(const struct http_request *r, bool lost);
struct body body_of_answer(enum http_method method, const struct http_response *r, bool lost);
/* What the next answer belongs to. */
enum http_method method_of_answer(const struct connection *c);
/* Can these first bytes be a message? */
bool begins_message(enum side who, struct span bytes);

/* The length of the head at the start of the bytes; 0: it has not ended yet (heads.c). */
size_t head_length(enum side who, struct span bytes);

/* Takes a head or a line, as `line` says, from the bytes; empty: it has not ended yet, and all bytes were
 * taken. */
struct span head_take(struct reader *r, enum side who, struct span *bytes, bool line);

/* Another protocol follows an answer of 101, in frames of its own that nothing else can be in. */
bool follows_in_frames(const struct http_response *r);
/* Of a side frames of HTTP/2 follow (frames.c). */
void begin_frames(struct connection *c, enum side who);
/* Reads some of the bytes. True: an exchange is complete. */
bool frames_feed(struct http *http, struct connection *c, enum side who, struct span *bytes,
                 const struct whence *where);

/* The preface of HTTP/2 waits for no answer, as frames come; it is no request, as others come (pairing.c). */
void forget_preface(struct connection *c);
void count_no_preface(struct connection *c);
bool is_waiting(const struct connection *c, uint32_t stream);

/* Of the words of a side nobody is known to have received any (receipts.c). */
bool is_unacknowledged(const struct connection *c, enum side who, const struct acknowledged *words);

static inline bool counts(const struct http_exchange *e)
{
    return e->method != HTTP_CONNECT && !e->not_of_ut && !e->for_page;
}

static inline bool count_one(struct http_count *n, const struct http_exchange *e)
{
    const bool first = !n->requests++;
    if (first)
        n->request_to = e->request_to;
    return first;
}

/* As far as it counts. True: it is the first. */
static inline bool count_request(struct connection *c, const struct http_exchange *e)
{
    if (!counts(e))
        return false;
    if (e->of_ut && count_one(&c->seen.of_ut, e))
        c->seen.first_of_ut = e->whence;
    return count_one(&c->seen.count, e);
}

/* A request or an answer whose head is here (pairing.c). True: an exchange is complete. */
bool pair_request(struct http *http, struct connection *c, const struct http_request *r,
                  const struct whence *where);
bool pair_response(struct http *http, struct connection *c, const struct http_response *r);

#endif
