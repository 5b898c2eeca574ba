/* The inside of the pipeline, shared by its files and nobody else. */
#ifndef UTWATCH_APP_PIPELINE_PARTS_H
#define UTWATCH_APP_PIPELINE_PARTS_H

#include "app/cleartext.h"
#include "app/clock_steps.h"
#include "app/connection.h"
#include "app/keys.h"
#include "app/late_check.h"
#include "app/pipeline.h"
#include "app/replaced.h"
#include "decode/checksum.h"
#include "decode/decode.h"
#include "evidence/frames.h"
#include "evidence/streams.h"
#include "tls/tls.h"

struct pipeline {
    struct decoder *decoder;
    struct checksums *checksums;
    struct flow_table flows;
    struct tls *tls;
    struct cleartext cleartext;
    struct late_check late;
    struct replaced replaced;
    struct evidence_frames *evidence; /* NULL: none is wanted */
    struct streams *streams;          /* likewise */
    const struct site *site;
    int64_t key_limit; /* seconds after which a connection's key is judged; 0: no rule is about it */
    struct judge *judge;
    unsigned worker;             /* number */
    struct docket *docket;       /* the way to the judge; NULL: it is called */
    struct used_keys *used_keys; /* likewise */
    nanos due;                   /* at which what is reported now had ended; 0: it ends now */
    nanos last;                  /* of statements at the end of the capture, see struct statement */
    uint64_t waits;              /* for the judge */
    struct output *output;
    nanos now;            /* packet time, see advance_time() */
    nanos captured_until; /* the same by frames alone, without what pipeline_time() added */
    nanos first_time, last_time;
    nanos next_peers; /* when servers and UEs are judged again */
    nanos frame_time; /* of the frame before */
    struct clock_steps steps;
    unsigned source; /* likewise */
    uint64_t inputs_unordered;
    uint64_t frames, bytes;
    struct segment segment;        /* of the frame: here it need not be cleared for each */
    struct live_counters captured; /* of live capture, by the interfaces */
};

/* Tells the judge; of a statement only what its kind has is filled. */
void pipeline_tell(struct pipeline *p, struct statement *s);

/* A bit a side of the connection that sent something since its first segment that was not read
 * (decode/unread.h). */
static inline unsigned pipeline_missed(const struct pipeline *p, const struct flow *flow)
{
    unsigned missed = 0;
    for (unsigned side = 0; side < 2 && !flow->end[0].udp; side++)
        if (decoder_missed(p->decoder, &flow->end[side], &flow->end[!side], flow->first_seen,
                           p->captured_until))
            missed |= 1U << side;
    return missed;
}

/* Places of the docket whose statements are judged. */
void telling_take_back(struct pipeline *p);

#endif
