/* One handshake in progress: machine state, partly received records and messages, the growing observation. */
#ifndef UTWATCH_TLS_HANDSHAKE_H
#define UTWATCH_TLS_HANDSHAKE_H

#include "base/chain.h"
#include "base/queue.h"
#include "flow/clients.h"
#include "tls/learn.h"
#include "tls/machine.h"
#include "tls/tls.h"
#include "wire/handshake_messages.h"
#include "wire/opening.h"
#include "wire/proxy.h"
#include "wire/record.h"

/* The bytes needed to see how TLS begins, even after a cleartext alert or a ChangeCipherSpec. */
enum {
    ALERT_RECORD_BYTES = RECORD_HEADER_BYTES + 2,
    CCS_RECORD_BYTES = RECORD_HEADER_BYTES + 1,
    PROBE_BYTES = ALERT_RECORD_BYTES + OPENING_BYTES
};

/* The state of one direction, in its records and messages. */
struct assembly {
    uint8_t header[RECORD_HEADER_BYTES];
    uint8_t header_length; /* bytes of the next record header that are here */
    uint8_t record_type;
    uint16_t record_version;
    uint32_t record_left; /* bytes of the current record that are still to come */
    uint8_t message_header[MESSAGE_HEADER_BYTES];
    uint8_t message_header_length;
    struct chain message;    /* the part that has come of a message that crosses a border */
    uint32_t message_length; /* of the body */
    uint32_t message_have;   /* bytes of the body that have come or were skipped */
    uint8_t alert[2];
    uint8_t alert_length;
    uint16_t mac_bytes;    /* at the end of each cleartext record, in a renegotiation under NULL encryption */
    bool record_protected; /* the current record cannot be read */
    bool record_counted;
    bool record_later;    /* the current record is of a later handshake, or comes after its hello */
    bool message_skipped; /* the current message is not kept */
    bool message_lost;    /* message borders are not known until the next record */
    uint32_t read_to;     /* number of the byte behind those that are being read */
    bool lost;            /* record borders are not known */
    bool sslv2;           /* the record that begins has an SSLv2 header */
    uint8_t sslv2_long;   /* protected SSLv2 records that can hold more than an ERROR */
    bool says_others;     /* it sent what only the other side sends */
    bool ccs_pending;     /* a ChangeCipherSpec whose meaning depends on the version */
};

/* What search.c knows about the bytes before TLS; only it, find_start.c and connect.c change this. The other
 * side's records may begin long after those of the side that begin() saw. */
struct search {
    bool begun; /* false: only a probe or a request */
    struct probe {
        uint8_t bytes[PROBE_BYTES]; /* that may become a TLS start */
        uint8_t length;
        bool over;        /* its first record has begun */
        bool unprompted;  /* the side sent it before it had anything from the other */
        struct whence at; /* of the segment with its first bytes; its ends mean nothing yet */
    } probe[2];           /* by the flow's sides, like all of this */
    struct proxy_header proxy[2];
    bool gap[2];              /* bytes of the side were lost */
    bool other_words;         /* from the server, after TLS had begun on the client's side */
    uint8_t asking;           /* an HTTP CONNECT may be incomplete on this side; NO_SIDE: on none */
    uint16_t asked;           /* bytes of request[] */
    uint8_t request[8 + 256]; /* its method and authority as far as they are here */
};

/* What a client may later use to resume the session that a handshake begins, up to TLS 1.2, as far as the
 * server's hello shows. */
struct issued {
    uint64_t id; /* its first octets; 0: none */
    bool any_id, ticket;
};

struct handshake {
    struct flow *flow;
    nanos last_activity;
    nanos activity_before; /* when the last bytes came before those that are being read */
    nanos deadline; /* by which it ends: set on the lingering list, and when an idle one is looked at */
    struct queue_link link;
    uint8_t list; /* one of LIST_... */
    struct queue_link between;
    struct queue_link of_client;
    uint16_t client;              /* number */
    struct acknowledged acked[2]; /* by the flow's sides: of the other side's bytes */
    /* By enum side: where its first messages end, and where whatever it said in clear ends. */
    struct acknowledged first_words[2], later_words[2];
    struct acknowledged server_ccs; /* where its ChangeCipherSpec ends */
    /* Likewise for its hello, the client's first answer to its flight, and the client's first record of a
     * later handshake; see later.c. */
    struct acknowledged server_hello, client_answer, client_later;
    struct acknowledged said_after;    /* what the sender had received, by the segment being read */
    struct acknowledged end_ack;       /* of the client's bytes, by the server's last alert, FIN or RST */
    struct acknowledged first_end_ack; /* by the first sign of that end: what came later did not cause it */
    struct acknowledged certificate_answer; /* where the client's answer to a request for its certificate
                                               ends; client_answer is any answer to the flight */
    struct acknowledged unheard; /* the first bytes of the client after its hello that were not captured and
                                    may hold an alert */
    uint32_t hello_end;          /* of the ClientHello: the number of the byte behind it */
    bool has_hello_end;
    bool second_hello; /* of the client */
    bool other_hello;  /* and it does not answer a HelloRetryRequest */
    struct receipt {
        uint32_t end; /* the number behind it */
        nanos sent;
        uint8_t who;          /* enum side: who sent it */
        bool awaited;         /* the other side has not acknowledged it yet */
    } alert_receipt, receipt; /* of a fatal alert, and of the last end: alert or FIN */
    nanos alert_had[2];       /* see observation.alert_had */
    bool follows_end;    /* the server's RST came after the client's FIN, or its RST or FIN after the client's
                            RST */
    bool client_gave_up; /* by an alert before the server's end, perhaps captured out of order */
    bool hidden_alert;   /* before the handshake is done: the client's last record is an alert that cannot be
                            read, or one that ends it */
    bool unprompted;     /* what is being read was sent before the hello had come */
    bool granted;        /* the last words before TLS grant it; see words_grant() */
    bool not_agreed;     /* HTTP came before and does not lead to TLS: the server need not read the hello */
    bool ended_otherwise; /* the server ended before the hello came, or after the client had given up */
    bool ended_late;      /* the server ended long after the last bytes */
    bool reordered;       /* bytes came after their acknowledgement, and the order would matter */
    uint8_t contradicted; /* while it is asleep: a bit for each side, by enum side; see tls_contradict() */
    bool answer_told;     /* see tls_answered() */
    bool complete;
    bool follow_up_awaited; /* the handshake is done; the client's reaction is awaited */
    uint16_t awaited_mac;   /* then, if it can be read, the bytes of MAC in each record; else 0 */
    bool answer_awaited;    /* the server's reaction to the client's Finished is awaited; see answer.c */
    bool answered_by_alert; /* then: the server's last record has the length of an alert */
    bool answer_lost;       /* then: the server said something that was not captured */
    bool question_lost;     /* then: so did the client */
    bool alert_ahead;       /* so had its last record before that, perhaps captured too early */
    bool guessed;           /* then: the client's record is none with just a Finished: that may still come */
    bool guess_answered;    /* then: the server has gone on behind it, perhaps before that (RFC 8446 2) */
    uint8_t guesses_answered;          /* so often */
    struct acknowledged answer_had;    /* what the server had of the client when it sent that, or ended */
    struct acknowledged went_on;       /* what it had when it sent another record */
    struct acknowledged client_flight; /* where the client's Finished ends, or what may be one */
    nanos done_at;                     /* then */
    bool native_sslv2;                 /* SSLv2 itself is spoken, not only its ClientHello */
    uint16_t data_version;             /* of the last record of data, from either side */
    uint16_t client_protected; /* the length of the first record that may be a Finished, if it came before the
                                  version was known; 0: none */
    bool client_went_on;       /* another such record came */
    bool undecided;            /* the client's last record is a Finished, or an alert with padding */
    enum phase phase;
    struct search search;
    struct assembly side[2]; /* by enum side */
    struct hello_memory memory;
    struct known_chains *chains; /* of the tls layer */
    struct kept_messages *kept;  /* NULL: they are not wanted, or there is no room */
    uint32_t kept_slot;
    const struct segment *segment; /* whose bytes are being read; NULL between segments */
    struct clear_text {
        struct whence whence;
        struct chain bytes;
        bool cut;
        bool earlier;           /* some came under the keys of the previous session */
        bool later;             /* some are of a later handshake */
        struct whence later_at; /* of the segment with the first of these */
    } clear[2]; /* by enum side: records that are or may turn out to be readable, kept until the handshake is
                   judged: application data and, after the side's Finished, later handshakes */
    struct observation *observation; /* NULL: it sleeps, see bodies.c */
    uint32_t body;                   /* its slot */
    bool handed;                     /* see tls_hand_over() */
    struct queue_link awake;
    struct chain asleep;
    struct issued issued_asleep; /* see handshake_may_issue() */
};

/* LIST_UNCONFIRMED: in progress, but perhaps only its sender knows about it. LIST_RESET: see
 * handshake_reset(). */
enum { LIST_UNCONFIRMED, LIST_ACTIVE, LIST_HALF_CLOSED, LIST_RESET, LIST_LINGERING, LIST_COUNT };

/* 2^14: addresses that share a number cost a longer walk, or make a reason less precise. */
enum { ADDRESS_PAIRS = 16384 };

/* A sleeping observation: a mask of its nonzero words, these words, and its text. */
enum {
    OBSERVATION_WORDS = (offsetof(struct observation, text) + sizeof(uint64_t) - 1) / sizeof(uint64_t),
    OBSERVATION_MASKS = (OBSERVATION_WORDS + 63) / 64,
    PACKED_BYTES = (OBSERVATION_MASKS + OBSERVATION_WORDS) * sizeof(uint64_t) + OBSERVATION_TEXT,
};

/* The flow whose handshake last had the answer with this random. */
struct last_answer {
    uint64_t random;
    const struct flow *flow;
};

/* Likewise of a client's hello; `again`: before that, another flow had it. */
struct last_hello {
    uint64_t random;
    const struct flow *flow;
    bool again;
};

struct tls {
    struct identifier_keys keys;
    struct known_chains *chains;
    struct known_hellos *hellos;
    struct pool slots;
    struct pool pieces;          /* of all chains of handshakes */
    struct pool bodies;          /* observations that can be read and changed */
    uint32_t most_awake, handed; /* of them */
    struct queue awake;          /* the handshakes that have one, by when it was last needed */
    struct queue list[LIST_COUNT];
    struct queue between[ADDRESS_PAIRS]; /* slots in use, by the addresses of both ends */
    const struct flow *ending;           /* see tls_end_begins() */
    struct clients clients;
    struct tls_counters counters;
    struct last_answer last_answer[LAST_ANSWERS]; /* by the random; a later one replaces it */
    struct last_hello last_hello[LAST_ANSWERS];   /* likewise */
    struct pool kept;                             /* of struct kept_messages; no slots: they are not wanted */
    const struct segment *kept_at;                /* the segment being read, or NULL */
    uint8_t packed[PACKED_BYTES];
    uint8_t message[MAX_MESSAGE_BYTES]; /* the one being read, if it crossed a border */
    uint8_t clear[2][CLEAR_BYTES];      /* of the handshake for which tls_clear_begin() was called */
};

struct handshake *handshake_of(const struct tls *tls, const struct flow *flow);

/* A slot for the flow; NULL: all are in use. */
struct handshake *handshake_open(struct tls *tls, struct flow *flow, nanos now);
void handshake_close(struct tls *tls, struct handshake *h);
void handshake_linger(struct tls *tls, struct handshake *h, nanos now);
/* A fatal alert or FIN of a side ends at this number. Until the other side acknowledges it, it may never get
 * there: the handshake waits for that, or for a contradiction, as long as any other. False: it is
 * acknowledged. */
bool handshake_await_receipt(struct tls *tls, struct handshake *h, enum side who, uint32_t end, nanos now);

/* A fatal alert of a side ends at this number: from when each side has it. */
void handshake_note_alert(struct handshake *h, enum side who, uint32_t end, nanos now);

/* Nobody acknowledges a reset, and whoever can read the numbers can forge it: if nothing else has ended the
 * handshake, it waits for a contradiction as long as any other. */
void handshake_reset(struct tls *tls, struct handshake *h, nanos now);

/* The client has closed its direction (RFC 9293 3.6): the server may still answer, after retransmissions of
 * seconds. */
void handshake_half_close(struct tls *tls, struct handshake *h, nanos now);

/* It has not really ended: it is in progress again. */
void handshake_resume(struct tls *tls, struct handshake *h, nanos now);

/* Bytes have come. */
void handshake_active(struct tls *tls, struct handshake *h, nanos now);

/* What the client did after the handshake; if that was awaited, the observation is complete. */
void handshake_follow_up(struct handshake *h, enum follow_up what);

/* The client has said by an alert, perhaps a hidden one, that it will not go on. */
static inline bool handshake_client_gave_up(const struct handshake *h)
{
    return h->hidden_alert || observation_client_gave_up(h->observation);
}

/* answer.c: is a TLS 1.3 record as long as an alert? */
bool handshake_is_alert(const struct handshake *h, size_t record_length);

/* answer.c: the client's Finished completes the handshake, but the server may still refuse it. */
bool handshake_awaits_answer(struct handshake *h);
/* So it does if the server's flight was captured behind it. */
bool handshake_awaits_answer_to_late_flight(struct handshake *h);
/* Does the client's hello offer early data (RFC 8446 2.3), or may it, as far as it was captured? */
bool handshake_may_send_early_data(const struct observation *o);
/* May the client's record hold them? */
bool handshake_may_be_early_data(const struct handshake *h);
/* Data from both sides: a Finished that was not captured must have come before. */
bool handshake_data_of_both(struct handshake *h, enum side who, size_t record_length);
void handshake_answer(struct handshake *h, enum side who, size_t record_length);
void handshake_answer_lost(struct handshake *h, enum side who);
void handshake_answer_end(struct tls *tls, struct handshake *h, enum side who, bool reset, nanos now);
bool handshake_answer_is_missing(const struct handshake *h);
/* The server ended, or seems to have, and nothing else that it said was captured. */
bool handshake_is_unanswered(const struct handshake *h);

/* The length of a record with just the client's TLS 1.3 Finished. 0: the suite is not known. */
size_t handshake_finished_bytes(uint16_t suite);

enum { PART_OF_RANDOM = 8 /* after the time, before the mark of a downgrade */ };

/* Eight bytes that identify a random; never 0. */
static inline uint64_t random_drawn(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value ? value : 1;
}

/* The client's hello has come, or the server's. */
void tls_note_hello(struct tls *tls, const struct handshake *h);
void tls_note_answer(struct tls *tls, const struct handshake *h);

/* Feeds an event to the machine and does what it says. */
void handshake_event(struct tls *tls, struct handshake *h, enum tls_event event, nanos now);

/* Makes the observation readable (bodies.c); no other may be in use. False: there is not enough memory.
 * `last`: it will be released before another is needed, which always succeeds. */
bool handshake_wake(struct tls *tls, struct handshake *h, bool last);

/* The side's part of the observation is in doubt; one that is asleep learns it when it is woken. */
void handshake_contradict(struct handshake *h, enum side who);

struct issued handshake_may_issue(const struct observation *o);

static inline uint64_t start_of_id(const uint8_t id[32])
{
    uint64_t start;
    memcpy(&start, id, sizeof start);
    return start;
}

/* Gives the handshake an empty observation. */
bool handshake_take_body(struct tls *tls, struct handshake *h);
void handshake_give_body(struct tls *tls, struct handshake *h);

/* Is there room for whatever is kept of so many bytes? */
bool bodies_have_room(const struct tls *tls, const struct flow *flow, size_t bytes);

size_t bodies_memory(uint32_t handshakes, uint32_t handed);
bool bodies_open(struct tls *tls, uint32_t handshakes, uint32_t handed);
void bodies_close(struct tls *tls);

void handshake_release_message(struct tls *tls, struct assembly *a);

/* A letter of the history; lower case for the server. */
void handshake_letter(struct handshake *h, enum side side, char letter);

/* Keeps a message so that it can be shown; `head`: what precedes the body. */
void handshake_keep(struct tls *tls, struct handshake *h, enum side who, uint8_t form, struct span head,
                    struct span body);

/* The record with the last kept messages of this side has ended. */
void handshake_keep_record_end(const struct tls *tls, struct handshake *h, enum side who);

/* One complete message in clear (messages.c). */
void handshake_message(struct tls *tls, struct handshake *h, enum side who, uint8_t type, struct span body,
                       nanos now);
/* The first part of a message in clear whose rest was not captured. */
void handshake_cut_message(struct tls *tls, struct handshake *h, enum side who, uint8_t type,
                           struct span part, nanos now);
void handshake_sslv2_message(struct tls *tls, struct handshake *h, enum side who, struct span message,
                             nanos now);
/* A protected SSLv2 record, which shows only its length. */
void handshake_sslv2_protected(struct tls *tls, struct handshake *h, enum side who, size_t length, nanos now);
void handshake_alert(struct tls *tls, struct handshake *h, enum side who, nanos now);
void handshake_change_cipher(struct handshake *h, enum side who);
void handshake_protected_message(struct tls *tls, struct handshake *h, enum side who, nanos now);
void handshake_data(struct tls *tls, struct handshake *h, enum side who, size_t record_length, nanos now);

/* later.c: a handshake record, in clear so far, begins with this fragment after missing bytes, and its side
 * must have sent its Finished: it is that, or (`readable`) part of a later handshake. */
bool later_begins(struct handshake *h, enum side who, struct span fragment, bool *readable);
void later_note_answer(struct handshake *h, uint32_t end);

/* The side's Finished has come, or must have. */
void handshake_finished(struct tls *tls, struct handshake *h, enum side who, nanos now);

/* Bytes or a gap of a handshake in progress (search.c: the side may not have begun TLS yet). */
void handshake_feed(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now);
void handshake_gap(struct tls *tls, struct handshake *h, enum side who, size_t gap, nanos now);

/* All that came is a server's cleartext answer to a hello that was not captured: TLS begins with it. False:
 * there is none, or it may answer bytes that are not TLS. */
bool handshake_begin_with_answer(struct tls *tls, struct handshake *h, nanos now);

/* unread_start.c: bytes of the flow's side are missing, or may be: its start was not captured, or not
 * everything that the other side acknowledged. */
bool handshake_lacks_bytes(const struct handshake *h, unsigned side);

/* What the client said before the server's flight was not recognised as a hello, but the server may have read
 * it as one. If the server had said something else too, its flight may be part of other data. */
void handshake_note_unread_start(struct handshake *h);

/* Bytes that waited for more, to see whether TLS begins with them, are no longer kept. */
void handshake_drop_start(struct handshake *h);

/* TLS has begun: the roles are known, and the observation has the ends. */
static inline bool handshake_has_begun(const struct handshake *h)
{
    return h->search.begun;
}

/* The other side acknowledged bytes of this side of the flow that were never captured. */
bool handshake_has_unseen(const struct handshake *h, unsigned side);

/* Takes the missing bytes of a header of `whole` bytes; true: it is whole. */
static inline bool records_fill_header(uint8_t *header, uint8_t *length, uint8_t whole, struct span *bytes)
{
    if (*length == 0 && bytes->n >= whole) { /* nearly always, and a copy of known length costs nothing */
        memcpy(header, bytes->p, whole);
        *length = whole;
        *bytes = span_skip(*bytes, whole);
        return true;
    }
    const struct span part = span_head(*bytes, (size_t)whole - *length);
    if (part.n) /* the pointer of an empty run may be invalid, and may not be copied from (C17 7.24.1) */
        memcpy(header + *length, part.p, part.n);
    *length = (uint8_t)(*length + part.n);
    *bytes = span_skip(*bytes, part.n);
    return *length == whole;
}

/* Bytes or a gap of one direction through records and messages (records.c). */
void records_feed(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now);
/* A readable record of data has come only in part when the handshake begins: its rest is kept after a header
 * of its own. */
void records_keep_rest(struct tls *tls, struct handshake *h, enum side who);
void records_gap(struct tls *tls, struct handshake *h, enum side who, size_t gap, nanos now);

/* Bytes of MAC at the end of each record after the handshake, if records can be read; 0: they cannot. */
uint16_t handshake_clear_mac(const struct handshake *h);

/* The server begins to end: what that acknowledges of the client's bytes is what it had by then. Without a
 * number of its `own`, earlier ones count. */
void handshake_server_ends(struct handshake *h, struct acknowledged own);

/* Bytes of the client from this number to the other were not captured. */
void handshake_unheard(struct handshake *h, uint32_t from, uint32_t to);

/* Marks what happened to a side's bytes, unless the side is past what can be read. */
void handshake_damage(struct handshake *h, enum side side, uint32_t reason);

/* other_hello.c: the server selected what the hello does not offer, and the client went on, so it had sent
 * another hello. */
bool answers_other_hello(const struct handshake *h);

#endif
