/* What is known of one server or UE. */
#ifndef UTWATCH_PEERS_PEER_H
#define UTWATCH_PEERS_PEER_H

#include "base/limits.h"
#include "peers/held.h"
#include "peers/shape.h"

/* Findings about a peer whose state is remembered: those of the profile and of the advice, for so many rules
 * each. */
enum { PEER_PROFILES = 2 };

/* A breach that was told about a peer and stands. */
struct told_finding {
    uint32_t state;  /* what makes it this finding; 0: none stands */
    uint32_t second; /* the first time that it was told: of the peer's last handshake by then */
    uint32_t micros : 20;
    uint32_t severity : 2; /* enum severity */
    uint32_t fault : 2;    /* enum fault */
    uint32_t excepted : 1; /* by the site's configuration */
    uint32_t known : 1;    /* from --baseline */
    uint32_t stacks : 6;   /* with which the UE had been seen, as the tally counted them */
};

/* Times at which a server refused what it accepts otherwise, after which its refusals prove nothing. */
enum { REFUSES_AT_TIMES = 2, LAST_ACCEPTED = 4 };

/* What the server refused of one client, in hellos that differ in nothing but their suites: refusals.h. A
 * moment ends with the next such hello that it accepted. */
struct refusals {
    struct endpoint client; /* the port is 0 */
    struct hello_shape shape;
    uint16_t max_version;
    bool needs_groups;
    nanos from;               /* when it accepted such a hello last before `now`; 0: not known */
    nanos first, last;        /* refused in `now`; in all */
    nanos ended;              /* the last moment that ended; 0: none has */
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
    nanos of_client[LAST_ACCEPTED]; /* when its last ones were sent, the latest first; 0: no more */
};

/* How it answered a hello, when a session was begun. Two hellos may share a place, by a hash that is drawn in
 * each run; that is not counted. What is lost proves nothing: a change of the answer is then
 * seen from the next one on. */
struct known_answer {
    uint64_t hello; /* its number; 0: none */
    uint16_t suite; /* its index */
    uint16_t version;
};

/* What both sides' handshakes did with sessions: 7.1. */
struct resumption_counts {
    uint32_t full;        /* full handshakes up to TLS 1.2, complete */
    uint32_t unresumable; /* of them, those without an id or ticket */
    uint32_t asked;       /* of them, those in which the client asked for a ticket (RFC 5077 3.2) */
    uint32_t
        issued; /* handshakes, damaged ones too, in which the server was seen to issue an id or a ticket */
    uint32_t resumed;       /* resumptions that succeeded */
    uint32_t attempts;      /* resumptions that a UE tried */
    uint32_t maybe_resumed; /* handshakes that may have been resumptions */
    uint32_t hidden; /* full handshakes of TLS 1.3, which encrypts what the server issued (RFC 8446 4.6.1) */
    uint32_t fresh_refused; /* sessions of known origin, as young as servers keep them, that this one did not
                               resume though nothing in hello or answer forbade it, and the client could have
                               had a ticket: a server may know nothing else */
};

struct peer {
    struct endpoint end; /* of a UE the port is 0 */
    enum side side;
    uint64_t host; /* of a server: asked_for() */
    nanos first, last;
    uint64_t handshakes; /* hellos of a UE; hellos that reached a server, in full */

    /* a server */
    uint32_t missing;        /* enum unobserved: why answers (of a UE: hellos) were not seen */
    uint32_t unread;         /* likewise, why it was not seen which server was asked for */
    uint32_t unread_why;     /* likewise, why it was not seen what was offered where it selected: */
    uint16_t unread_version; /* the lowest such version; 0: none */
    bool possible_any;       /* at least once neither answer nor offer was seen */
    uint32_t refused_hellos;
    uint8_t refused_count;
    uint8_t accepted_count;
    uint8_t at_times; /* how often it refused what it accepts otherwise, up to REFUSES_AT_TIMES */
    nanos failed_from, failed_until; /* the last time; 0: it has not, or does so still */
    uint32_t capped;                 /* times a client offered a higher version than was selected */
    uint32_t keys;                   /* a bit for each enum x509_key of the certificates that it has shown */

    /* a UE */
    struct suite_set offered;  /* in any of its hellos */
    struct suite_set always;   /* in all those for a full handshake that do not fall back */
    uint32_t full_offers;      /* such hellos */
    uint16_t fallback_version; /* highest of its hellos that say that it has more (RFC 7507); 0: none */
    uint32_t unknown_offers;   /* of them, those with a code that nobody has named */
    uint32_t unseen_offers;    /* handshakes whose hello was not seen whole */
    struct held_session held;
    uint32_t not_used; /* hellos that could have used it and did not */
    uint64_t stack;    /* of its first hello; 0: none yet */

    struct networks
        networks; /* in which it was seen first, by enum side the direction, as far as `in_network` says */
    bool in_network[2];
    bool spread; /* it was seen in others as well, so that there may be several hosts */

    bool shortened;           /* it was evicted before, and what it did until then is not known */
    bool unlike;              /* of a UE: other hellos are of other stacks, so that there may be several */
    bool unconfirmed;         /* only one end is known to have taken part in one of its handshakes */
    uint16_t highest_version; /* that a server selected, or a UE offered; 0: none yet */
    uint16_t lowest_version; /* that a server selected where more was offered, or that a hello of the UE for a
                                full handshake offers at most; 0: none */

    struct resumption_counts sessions;
    nanos refused_origin;   /* of the session of the last refusal that counts; 0: none, or it is one of
                               refused_alone */
    nanos last_refused;     /* when */
    uint8_t refused_alone;  /* such refusals after which a session as old was resumed, so that several servers
                               share the address; up to REFUSES_AT_TIMES */
    uint32_t may_have_lost; /* enum unobserved: why it may have lost others that it refused */

    uint32_t told; /* slot of what was reported about it and still holds; 0: nothing. See peers_told() */

    /* Of a server. Last, since a UE has no room for it. */
    char name[MAX_TOLD_NAME]; /* as safe text; "" if it has none, or it is not known */
    struct suite_set selected;
    struct suite_set contradicted; /* selected before and refused after */
    struct suite_set possible; /* offered where the server's answer was not seen: it may have selected them */
    struct suite_set offers;   /* in hellos that reached it, as far as they can be selected under the version
                                  that it chose */

    /* As many of each as are counted: a new server does not touch them. */
    struct refusals refused[MAX_REFUSALS];
    struct accepted_hello accepted[MAX_HELLO_SHAPES]; /* the last different ones */
    struct known_answer answer[MAX_KNOWN_ANSWERS];    /* each where its hello's number says */
};

#endif
