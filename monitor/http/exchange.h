/*
 * What can be read of one HTTP request and its answer on a connection that is not encrypted: plain HTTP, or
 * HTTP under a suite with NULL encryption (RFC 5246 6.2.3.1).
 */
#ifndef UTWATCH_HTTP_EXCHANGE_H
#define UTWATCH_HTTP_EXCHANGE_H

#include "base/limits.h"
#include "flow/flow.h"
#include "wire/http.h"

/* Whose document a request is about, compared with the identity that the UE claims. */
enum document_owner {
    OWNER_NOT_TOLD, /* no user in the path, or no identity to compare with */
    OWNER_SAME,
    OWNER_FOREIGN,
};

/* What is known of an earlier connection of the session on which a challenge was left unanswered. */
enum earlier_challenge {
    CHALLENGE_NONE, /* there was none, or it may have been answered since */
    CHALLENGE_OPEN,
    CHALLENGE_UNDECIDED, /* its connection may have gone on, or another one have answered */
    CHALLENGE_NOT_KNOWN,
};

/* Did TLS tell the server who the client is: by a certificate, a PSK or a password (SRP)? The greatest of a
 * connection's handshakes counts. */
enum tls_user {
    TLS_USER_NONE,
    TLS_USER_OF_RESUMED, /* the session that the handshake resumes may say so */
    TLS_USER_NOT_KNOWN,
    TLS_USER_KNOWN,
};

/* Why something about the exchange is not known: enum unobserved bits of tls/observation.h have the same
 * meaning here; this layer only distinguishes them. */
enum http_damage {
    HTTP_DAMAGE_GAP = 1 << 0,   /* bytes are missing */
    HTTP_DAMAGE_START = 1 << 1, /* the capture starts within the connection */
    HTTP_DAMAGE_MALFORMED = 1 << 2,
    HTTP_DAMAGE_TOO_LONG = 1 << 3, /* a part of a head, or more requests in a row than are kept */
    HTTP_DAMAGE_EVICTED = 1 << 4,
    HTTP_DAMAGE_END = 1 << 5,       /* the capture or the connection ended before the answer */
    HTTP_DAMAGE_NO_CLIENT = 1 << 6, /* no byte of the direction was captured; known at the end only */
    HTTP_DAMAGE_NO_SERVER = 1 << 7,
    HTTP_DAMAGE_OVERLAP = 1 << 8,    /* of some bytes there are two readings */
    HTTP_DAMAGE_COMPRESSED = 1 << 9, /* a head of HTTP/2 refers to earlier ones for it, or is malformed */
    HTTP_DAMAGE_AT_END = HTTP_DAMAGE_END | HTTP_DAMAGE_NO_CLIENT | HTTP_DAMAGE_NO_SERVER,
};

/* Text of wire origin that the exchange keeps; cut at its size, never ended by a NUL. */
struct http_text {
    uint8_t length;
    char bytes[HTTP_NAME_BYTES];
};

struct http_exchange {
    struct whence whence; /* the segment that completed the request's head */
    bool null_encryption; /* read under a NULL suite; else plain HTTP */
    bool request_seen, response_seen;
    bool unacknowledged;            /* nobody is known to have received the request, or the answer */
    struct acknowledged request_to; /* the number behind its head */
    struct acknowledged answer_to;  /* likewise */
    uint32_t damage;                /* enum http_damage */

    uint32_t stream; /* of HTTP/2; else 0 */
    enum http_method method;
    uint16_t status;
    /* Something was too long to be kept: of the request's target, its fields, or the answer's fields. */
    bool target_cut, fields_cut, answer_cut;
    bool of_ut;         /* by what is asked, whoever is asked: see struct http_connection */
    bool may_be_of_ut;  /* by its host alone */
    bool not_of_ut;     /* by what is asked, whoever is asked: nothing, or another service */
    bool for_page;      /* a browser asks, perhaps because a page of somebody else's tells it to */
    bool xcap;          /* the path names an application usage (AUID) of Ut */
    bool user_document; /* and a user's document in it */
    bool credentials;   /* the request carries Authorization */
    bool said_identity; /* X-3GPP-Intended-Identity */
    bool vouched;       /* an asserted identity, as an AP adds it */
    bool forwarded;     /* by its fields, a proxy passes it on: the UE's own request is another */
    bool cookie;        /* the request carries one: a session of the server's own */
    bool known_user;    /* an earlier request of the connection had credentials, which were not refused */
    bool challenge;     /* the answer asks for authentication */
    bool gba_realm;     /* with a realm 3GPP-bootstrapping@... (TS 24.109) */
    bool gaa_challenge; /* one of the challenges is GAA's */
    bool aka_challenge; /* one of them is of HTTP Digest AKA: Ub to the BSF, another interface */
    bool asks_tls;      /* Upgrade: TLS/... (RFC 2817) */
    bool asks_tls_only; /* and names no other protocol */
    bool to_https;      /* the answer redirects to https */
    bool no_document;   /* it is 200, of a type that no document of XCAP has */
    enum document_owner owner;
    enum tls_user tls_user;                   /* of a resumed session: filled by whoever knows it, */
    enum earlier_challenge earlier_challenge; /* as this is */
    struct http_text host, auid, user, identity;
};

/* So many requests other than CONNECT, those that are not of Ut, and those that may be a page's. */
struct http_count {
    uint32_t requests, answers;
    uint32_t served;                /* answers of 2xx, but for */
    uint32_t pages;                 /* those that have no document, and may serve nothing of Ut */
    uint32_t challenges;            /* answers of 401 and 407: they ask for credentials in clear */
    struct acknowledged request_to; /* the number behind the first request, */
    struct acknowledged answer_to;  /* and behind the first that serves, or the first if there is none */
    bool unacknowledged;            /* nobody is known to have received that request, */
    bool answers_unacknowledged;    /* or that answer: see http_weigh() */
};

/* What one connection showed that was not TLS, once it is over or TLS began on it. */
struct http_connection {
    struct whence whence; /* of the first request; without one, the segment with the first readable bytes */
    bool null_encryption; /* read under a NULL suite; else plain HTTP */
    enum tls_user tls_user;
    struct http_text host; /* of the first request that names one */
    struct http_count count;
    /* Requests that are of Ut by what they ask: XCAP, X-3GPP-Intended-Identity, a host of XCAP; and the first
     * of them. GBA alone does not show it: it serves Ub and other interfaces too, some of them in clear. */
    struct http_count of_ut;
    struct whence first_of_ut;
    bool belated;     /* its first request came behind something else than TLS or HTTP, and may be none */
    bool told;        /* that was quiet for long: what came before has been reported, and of that only */
    uint32_t carried; /* the requests still count that have no answer, so many */
    uint32_t claims;  /* requests by which the server may know who asks: credentials, a cookie, an
                         asserted identity */
    bool unanswered;  /* the last 401 was followed by none of them */
    bool any_port;  /* the site names the servers of Ut: on which port a proxy is to ask them tells nothing */
    bool forwarded; /* one of the requests is such by its fields, or the connection by its PROXY header */
    uint32_t maybe_of_ut;    /* requests that are of Ut or may be, CONNECT, and those that could not be
                                read to their end, or at all */
    uint32_t damage;         /* enum http_damage */
    bool for_page;           /* a request may be a page's, and does not count */
    bool connect;            /* a CONNECT was among the requests */
    uint16_t connect_status; /* of its answer; 0: not seen */
    bool connect_placed;     /* the place of that answer is known, */
    uint32_t connect_at;     /* the number of its first byte in the server's stream */
    bool upgrade;            /* Upgrade: TLS was asked for, and the answer has not been seen */
    bool upgraded;           /* it was granted (101) */
    bool agreed;             /* an answer granted TLS, or a tunnel in which TLS may be */
};

#endif
