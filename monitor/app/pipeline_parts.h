/* The inside of the pipeline, shared by its files and nobody else. */
#ifndef UTWATCH_APP_PIPELINE_PARTS_H
#define UTWATCH_APP_PIPELINE_PARTS_H

#include "app/cleartext.h"
#include "app/connection.h"
#include "app/late_check.h"
#include "app/pipeline.h"
#include "app/waiting.h"
#include "decode/checksum.h"
#include "decode/decode.h"
#include "evidence/frames.h"
#include "evidence/streams.h"
#include "flow/stream.h"
#include "http/http.h"
#include "peers/peers.h"
#include "session/session.h"
#include "tls/tls.h"

struct pipeline {
    struct decoder *decoder;
    struct checksums *checksums;
    struct flow_table flows;
    struct tls *tls;
    struct sessions *sessions;
    struct sessions *own_sessions; /* they end with the pipeline; NULL: they do not */
    struct peers *peers;
    struct cleartext cleartext;
    struct waiting waiting;
    struct late_check late;
    struct evidence_frames *evidence; /* NULL: none is wanted */
    struct streams *streams;          /* likewise */
    const struct site *site;
    const struct profile *profile;
    const struct profile *advice; /* or NULL */
    struct verdict *verdicts;     /* room for one case under each profile */
    struct verdict *advised;
    int64_t key_limit; /* seconds after which a connection's key is judged; 0: no rule is about it */
    struct output *output;
    nanos now;            /* packet time, see advance_time() */
    nanos captured_until; /* the same by frames alone, without what pipeline_time() added */
    nanos first_time, last_time;
    nanos next_peers; /* when servers and UEs are judged again */
    nanos frame_time; /* of the frame before */
    unsigned source;
    uint64_t frames, bytes;
    struct live_counters captured;       /* of live capture, by the interfaces */
    struct delivered_counters delivered; /* of its alerts */
    uint64_t handshakes, damaged, out_of_scope;
};

/* judging.c: a case to both profiles, the exceptions, and the output. */
bool handshake_in_scope(const struct pipeline *p, const struct observation *o);

/* The session under a connection's keys. */
struct connection_session {
    uint32_t since;   /* second of packet time at which it began, or by which it had; 0: not known */
    uint64_t lineage; /* sessions_lineage(), where challenges matter; 0: not known */
};

/* `questions`: to other sensors, or NULL. */
struct connection_session judge_handshake(struct pipeline *p, const struct observation *o,
                                          const struct session_questions *questions,
                                          const struct http_connection *before);

/* When the key of a connection in FLOW_RECORDS was made, for judge_key(). */
void note_key(const struct pipeline *p, struct flow *flow, uint32_t since);
void judge_connection(struct pipeline *p, const struct http_connection *c, const char *protocol);
void judge_exchange(struct pipeline *p, const struct http_exchange *e);
void judge_key(struct pipeline *p, struct flow *flow, const struct segment *segment);
/* What servers and UEs did, all of it so far; `last`: at the end. */
void judge_peers(struct pipeline *p, bool last);

#endif
