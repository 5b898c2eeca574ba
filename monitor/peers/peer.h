/* What is known about one server or UE. */
#ifndef UTWATCH_PEERS_PEER_H
#define UTWATCH_PEERS_PEER_H

#include "base/limits.h"
#include "peers/held.h"
#include "peers/shape.h"

/* Findings about a peer whose state is remembered: those of the profile and those of the advice. */
enum { PEER_PROFILES = 2 };

/* A breach that was reported about a peer and still holds. */
struct told_finding {
    uint32_t state;  /* identifies this finding; 0: none holds */
    uint32_t second; /* when it was first reported: the time of the peer's last handshake by then */
    uint32_t micros : 20;
    uint32_t severity : 2; /* enum severity */
    uint32_t fault : 2;    /* enum fault */
    uint32_t excepted : 1; /* by the site's configuration */
    uint32_t known : 1;    /* from --baseline */
    uint32_t stacks : 6;   /* how many the UE had been seen with, as counted by the tally */
};

/* After so many times at which a server refused what it otherwise accepts, its refusals prove nothing. */
enum { REFUSES_AT_TIMES = 2, LAST_ACCEPTED = 4 };

/* What the server refused of one client, in hellos that differ in nothing but their suites: refusals.h. A
 * moment ends with the next such hello that the server accepts. */
struct refusals {
    struct endpoint client; /* the port is 0 */
    struct hello_shape shape;
    uint16_t max_version;
    bool needs_groups;
    nanos from;               /* when it last accepted such a hello before `now`; 0: not known */
    nanos first, last;        /* the first refusal in `now`; the last of all */
    nanos ended;              /* when a moment last ended; 0: none has */
    struct suite_set now;     /* refused in the moment that has not ended */
    struct suite_set before;  /* in those that have */
    struct suite_set lacking; /* in two moments, or in one that was short */
    struct suite_set alone;   /* in hellos that offered nothing else */
};

/* Hellos of one shape in which the server selected this version. */
struct accepted_hello {
    struct hello_shape shape;
    uint16_t version;
    uint16_t max_version;      /* the highest that one of them offered */
    struct suite_set selected; /* in answer to them */
    bool varied;            /* one of them, suites and all, was answered by another suite or version before */
    struct endpoint client; /* of the last of them; the port is 0 */
    nanos of_client[LAST_ACCEPTED]; /* when that client sent its last ones, the latest first; 0: no more */
};

/* How it answered a hello that began a session. Two hellos may share a place, by a hash whose key is drawn in
 * each run; that is not counted. A lost answer proves nothing: a change is then seen from the next one on. */
struct known_answer {
    uint64_t hello; /* its number; 0: none */
    uint16_t suite; /* its index */
    uint16_t version;
};

/* What both sides' handshakes did with sessions: 7.1. */
struct resumption_counts {
    uint32_t full;        /* full handshakes up to TLS 1.2, complete */
    uint32_t unresumable; /* of `full`, those without an id or ticket */
    uint32_t asked;       /* of `full`, those in which the client asked for a ticket (RFC 5077 3.2) */
    uint32_t
        issued; /* handshakes, damaged ones too, in which the server was seen to issue an id or a ticket */
    uint32_t resumed;       /* resumptions that succeeded */
    uint32_t attempts;      /* resumptions that a UE tried */
    uint32_t maybe_resumed; /* handshakes that may have been resumptions */
    uint32_t hidden; /* full handshakes of TLS 1.3, which encrypts what the server issued (RFC 8446 4.6.1) */
    uint32_t fresh_refused; /* sessions of known origin, young enough for servers to keep, that this one did
                               not resume though nothing in hello or answer forbade it, and the client could
                               have had a ticket: a server may support nothing else */
};

struct peer {
    struct endpoint end; /* the port of a UE is 0 */
    enum side side;
    uint64_t host; /* of a server: asked_for() */
    nanos first, last;
    uint64_t handshakes; /* hellos of a UE; hellos that reached a server whole */

    /* a server */
    uint32_t missing;        /* enum unobserved: why answers (for a UE: hellos) were not seen */
    uint32_t unread;         /* likewise, why the name that was asked for was not seen */
    uint32_t unread_why;     /* likewise, why the offer was not seen when it selected: */
    uint16_t unread_version; /* the lowest such version; 0: none */
    bool possible_any;       /* at least once neither answer nor offer was seen */
    uint32_t refused_hellos;
    uint8_t refused_count;
    uint8_t accepted_count;
    uint8_t at_times; /* how often it refused what it otherwise accepts, up to REFUSES_AT_TIMES */
    nanos failed_from, failed_until; /* the last such time; 0: none, or it has not ended */
    uint32_t capped;                 /* how often a client offered a higher version than was selected */
    uint32_t keys;                   /* a bit for each enum x509_key of the certificates that it has shown */

    /* a UE */
    struct suite_set offered;  /* in any of its hellos */
    struct suite_set always;   /* in all those for a full handshake that do not fall back */
    uint32_t full_offers;      /* such hellos */
    uint16_t fallback_version; /* highest in its hellos that signal a fallback (RFC 7507); 0: none */
    uint32_t unknown_offers;   /* of `full_offers`, those with unknown suite codes */
    uint32_t unseen_offers;    /* handshakes whose hello was not seen whole */
    struct held_session held;
    uint32_t not_used; /* hellos that could have used it and did not */
    uint64_t stack;    /* of its first hello; 0: none yet */

    struct networks
        networks; /* in which it was first seen, by direction (enum side), if `in_network` is set */
    bool in_network[2];
    bool spread; /* it was also seen in others, so there may be several hosts */

    bool shortened;           /* it was evicted before, so what it did until then is not known */
    bool unlike;              /* a UE: some hellos are of other stacks, so there may be several UEs */
    bool unconfirmed;         /* only one end is known to have taken part in one of its handshakes */
    uint16_t highest_version; /* that a server selected, or a UE offered; 0: none yet */
    uint16_t lowest_version;  /* that a server selected though more was offered, or the lowest maximum that a
                                 UE offers for a full handshake; 0: none */

    struct resumption_counts sessions;
    nanos refused_origin;   /* of the session of the last refusal that counts; 0: none, or it is in
                               refused_alone */
    nanos last_refused;     /* when */
    uint8_t refused_alone;  /* such refusals after which a session at least as old was resumed, so several
                               servers share the address; up to REFUSES_AT_TIMES */
    uint32_t may_have_lost; /* enum unobserved: why it may have lost others that it refused */

    uint32_t told; /* slot of what was reported about it and still holds; 0: nothing. See peers_told() */

    /* Only for a server. Last, since a UE has no room for it. */
    char name[MAX_TOLD_NAME]; /* as safe text; "" if it has none, or it is not known */
    struct suite_set selected;
    struct suite_set contradicted; /* selected before and refused after */
    struct suite_set possible; /* offered when the server's answer was not seen: it may have selected them */
    struct suite_set offers;   /* in hellos that reached it, if selectable under the version that it chose */

    /* Only as many as are counted are valid: a new server does not touch them. */
    struct refusals refused[MAX_REFUSALS];
    struct accepted_hello accepted[MAX_HELLO_SHAPES]; /* the last different ones */
    struct known_answer answer[MAX_KNOWN_ANSWERS];    /* each at the place given by its hello's number */
};

#endif
