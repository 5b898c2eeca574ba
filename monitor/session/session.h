/*
 * Where a resumed session came from, and how old it is (TS 33.141 7.1).
 *
 * The memory holds one entry for each identifier under which a session can be found again: its session id, a
 * ticket, a PSK identity. Keys are a SipHash, with a random key, of the scope (the server that issued it) and
 * the bytes, since the sender chooses both. An entry says when the session began: the time of the ServerHello
 * of its full handshake. A ticket renewed in an abbreviated handshake, or an id used on several connections,
 * keeps that time, because the master secret is the same (7.1 "duplicate an existing session").
 *
 * An origin is learned only from a complete handshake of which both directions were seen without damage. The
 * session of an identifier that is first seen in use began earlier: its age is then a lower bound.
 */
#ifndef UTWATCH_SESSION_SESSION_H
#define UTWATCH_SESSION_SESSION_H

#include "base/limits.h"
#include "base/siphash.h"
#include "tls/observation.h"

enum age_basis {
    AGE_UNKNOWN,  /* never seen before */
    AGE_AT_LEAST, /* seen before, but not its full handshake */
    AGE_EXACT,    /* its full handshake was seen */
};
extern const struct word age_basis_words[];

/* About PSKs whose obfuscated age is 0 or may mean nothing: the one that the server took or, if it took none,
 * all that were offered. */
enum ageless_psk {
    AGELESS_NONE,
    AGELESS_EITHER,   /* a ticket or one established externally: one hello does not show which */
    AGELESS_EXTERNAL, /* every hello that offered it, at least two, said 0 (RFC 8446 4.2.11), and it is a name
                       */
};

/* What the memory says about one handshake. */
struct session_result {
    bool offered;           /* the client offered a session: a ticket, a PSK, or an id that was seen issued */
    bool known;             /* and the memory knows it */
    enum resumption method; /* of what was offered: RESUMPTION_ID, _TICKET or _PSK */
    enum ageless_psk ageless;
    bool beside;   /* by ticket, and beside it an id that was seen issued: the server may have taken either */
    bool accepted; /* the server resumed it */
    bool refused;  /* the server made a full handshake instead, or ended the connection */
    enum age_basis basis;
    nanos origin;                 /* when the session began: exactly, or at the latest */
    enum age_basis offered_basis; /* of offered_age; the server may have taken another PSK of several */
    int64_t offered_age; /* nanoseconds at the ClientHello, of the oldest that is offered; a lower bound
                            unless exact */
    int64_t resumed_age; /* at the ServerHello, if accepted */
    bool beyond;         /* the server took a PSK beyond those that are looked up (MAX_PSK_IDENTITIES) */
    bool clock_set;      /* not exact only because the clock of the capture may have been set since */
    bool in_doubt;    /* not exact, and no bound either if a handshake that is not believed, or could not be
                         read, did issue the identifier of this session once more */
    bool earlier;     /* not exact, and it began before the capture, from which nothing is missing */
    bool in_progress; /* it may have begun, or been used, in a handshake of this UE and server that has not
                         ended; set by the caller */
    uint32_t missed;  /* enum unobserved: why it may have done so in another one; 0: it did not.
                         UNOBSERVED_UNDECIDED: the identifier is short, and the known one was issued to another
                         client, or in another network: it may be that session, or another one with the same
                         identifier */
    uint32_t doubted; /* enum unobserved: if its age is not exact, why a full handshake of this UE and server,
                         perhaps its own, taught nothing of an age */
    bool dead;        /* a fatal alert ended a connection of this session (RFC 2246 7.2.2) */
    bool knew[2];     /* by enum side: it had that alert, which for the client was in a connection of its own,
                         before its hello of this handshake */
    bool met;         /* this handshake, or a part of it, was seen before: it is no other use */
    bool suite_known;
    uint16_t suite; /* of the session's full handshake */
    bool issued;    /* the server of a full handshake issued an identifier: an id or a ticket */
};

struct session_counters {
    uint64_t learned;   /* origins */
    uint64_t sightings; /* identifiers first seen when they were used */
    uint64_t inherited; /* renewed tickets */
    uint64_t found, unknown;
    uint64_t doubted;          /* origins that late bytes contradicted */
    uint64_t unguarded;        /* origins that gave way while late bytes might still have contradicted them */
    uint64_t refused_to_learn; /* full handshakes with something missing, doubtful or unacknowledged */
    uint64_t evicted;
    uint64_t expired;
    uint64_t used;           /* entries now */
    uint64_t damaged;        /* entries of the state file that were dropped */
    uint64_t write_failures; /* of the state file; a failed write is tried again */
    uint64_t parted;         /* identifiers that two servers of one scope issued */
    uint64_t clock_set;      /* how often the clock was set, as far as that was not taken back */

    /* About sharing with other sensors; all 0 without it. */
    uint64_t asked, answered; /* questions, and those that one of them could answer */
    uint64_t not_answered;    /* not in time, so not known then */
    uint64_t told, untold;    /* sessions seen here that they can find, and those that they cannot */
};

/* The sessions of one server by one method. */
struct session_sum {
    struct endpoint server; /* family 0: servers for which the table had no room */
    enum resumption method;
    uint64_t sessions, exact, resumed, dead;
    uint64_t old;                    /* known to be older than a day */
    nanos first_origin, last_origin; /* of the exact ones; 0: there are none */
};

/* Servers that share one session cache. */
struct session_farm {
    struct endpoint member[FARM_MEMBERS];
    size_t members;
};

struct session_config {
    uint32_t sessions; /* entries */
    int64_t retention; /* for how many nanoseconds after its last use an identifier is remembered */
    bool one_scope;    /* all servers share a cache; else each (address, port) has its own */
    const struct session_farm *farms; /* except these; they outlive the memory */
    size_t farm_count;
    const char *state;      /* file that keeps the memory across restarts; NULL: none */
    const char *shared;     /* redis://...: the memory shared by several sensors; NULL: none */
    bool take_memory;       /* all of it at the start, for long runs: 30 bytes per session */
    int64_t write_interval; /* nanoseconds between writes of the file; 0: half a second */
    bool served_elsewhere;  /* another process has the threads: sessions_serve() */
    bool look_only;         /* for sessions_list(): a copy of the file, even if another process has it */
};

struct sessions;

/* Bytes for what is asked of other sensors and told to them. */
size_t sessions_sharing_memory(void);

/* Bytes to remember so many sessions. */
size_t sessions_memory(uint32_t sessions);

/*
 * Entries take memory only once they are used, unless all memory is taken at the start. With a state file, a
 * thread writes to the disk what has changed, twice a second; the packet path never waits for it. NULL, with
 * a message for people in `error`: it cannot be opened; a message with a result is a warning.
 */
struct sessions *sessions_new(const struct session_config *config, char *error, size_t error_size);
void sessions_free(struct sessions *s);

/*
 * If another process has the threads, both are made by fork() after sessions_new(): each sees what the other
 * learns. sessions_serve() starts the threads in the other process, or in its successor if it was killed;
 * sessions_recover() is for the successor of a packet path that was killed, and sessions_wait_for_others()
 * for every packet path. Messages are for people.
 */
bool sessions_serve(struct sessions *s, char *error, size_t error_size);
void sessions_recover(struct sessions *s);
void sessions_wait_for_others(struct sessions *s, char *error, size_t error_size);
const struct session_counters *sessions_counters(struct sessions *s);

/* The key under which the tls layer hashes tickets and identities. */
struct siphash_key sessions_key(const struct sessions *s);

/* The second in which a session was last used, by packet time; 0: nothing is remembered. */
nanos sessions_last_use(const struct sessions *s);

/* Lists what is remembered, by server and method: counts and ages, never the identifiers. `now`: packet time
 * for the ages. */
void sessions_list(struct sessions *s, nanos now, void (*line)(const struct session_sum *sum, void *context),
                   void *context);

/* The clock of the capture was set from `before` to `after`, back or ahead. An age that spans this is a lower
 * bound. */
void sessions_clock_set(struct sessions *s, nanos before, nanos after);

/* Between these time stamps it was ahead by so much: an age at such a time is less by that, at least. Only
 * the last such time is remembered. */
void sessions_clock_was_ahead(struct sessions *s, nanos from, nanos until, nanos by);

/* That was told after this result was made: an age in it that is concerned becomes a lower bound. */
void sessions_redate(const struct sessions *s, const struct observation *o, struct session_result *result);

/* It was not: takes that back, for what is judged from now on. */
void sessions_clock_not_set(struct sessions *s, nanos before, nanos after);

/* A handshake that cannot be read may have begun a session, so one of unknown origin need not have begun
 * before the capture. */
void sessions_miss(struct sessions *s);

/*
 * Bytes that came after the handshake of this flow contradict its own, or an end resets it: somebody may have
 * impersonated the server. The identifiers that it issued, and those that renewed them since, keep the time
 * at which they were issued as a bound, and are not exact; what is unique by chance and was known before
 * means the same as before.
 */
void sessions_doubt(struct sessions *s, uint64_t flow_id);

/* If the clock was set between `origin` and `now`: the latest time that `origin` can mean, which is then not
 * exact. */
nanos sessions_latest_origin(const struct sessions *s, nanos origin, nanos now, bool *exact);

/*
 * The session that began at a server, or its farm, at this time: the same number for every identifier of it.
 * Other sessions that began within the same microsecond have it too. 0: sensors share the memory, so some of
 * what the session did was seen elsewhere.
 */
uint64_t sessions_lineage(const struct sessions *s, const struct endpoint *server, nanos origin);

/* Is this the URL of a shared memory? */
bool sessions_shared_is_valid(const char *url);

/* True: there is a new key with which all sensors hash tickets and identities. */
bool sessions_new_common_key(struct sessions *s, struct siphash_key *key);

/* Questions to other sensors about what one handshake offers, in the order of the identifiers. */
struct session_questions {
    uint8_t count;
    unsigned id[MAX_PSK_IDENTITIES]; /* 0: could not be asked */
};

/* False: there is nothing to wait for, as nothing is shared or offered, or Redis is unavailable. Else
 * sessions_judge() has to follow with the same questions. */
bool sessions_ask(struct sessions *s, const struct observation *o, struct session_questions *q);
bool sessions_answered(struct sessions *s, const struct session_questions *q);

/* Has the processor fetch what sessions_judge() will touch for a handshake, by both hellos. */
void sessions_expect(const struct sessions *s, const struct observation *o);

/*
 * Looks up what the handshake offered, then learns from it. `q`: what was asked, or NULL; what is not
 * answered by now is unknown.
 */
void sessions_judge(struct sessions *s, const struct observation *o, const struct session_questions *q,
                    struct session_result *out);

/*
 * Ends a run. Other sensors can then find what was seen here, unless Redis does not answer within two
 * seconds. The state file is then complete and not touched again; false, with errno: it could not be written.
 */
bool sessions_flush(struct sessions *s);

#endif
