/*
 * What a receiver drops says nothing: a segment whose checksum is wrong (RFC 9293 3.1), or that of a header
 * of IPv4 around it (RFC 791 3.1), one that has no hop left, and one without the ACK flag (RFC
 * 9293 3.10.7.4).
 *
 * A host that leaves the sums to its network card shows frames with sums that are not made yet, and a capture
 * whose addresses were replaced has none that is right; such a sender is known by never having been right,
 * and where it left many before one is right, by what most of its segments show.
 * The host that captures shows several segments as one, whose sum is not made anew; those are of senders that
 * are right elsewhere.
 * What is in a tunnel that anybody may have made says nothing of who has the same address outside of it.
 */
#ifndef UTWATCH_DECODE_CHECKSUM_H
#define UTWATCH_DECODE_CHECKSUM_H

#include "decode/segment.h"

enum checksum_policy {
    CHECKSUMS_AUTO,   /* wrong sums are not believed where the sender and the connection had right ones */
    CHECKSUMS_VERIFY, /* wrong sums are never believed */
    CHECKSUMS_IGNORE,
};
extern const struct word checksum_policy_words[];

enum checksum {
    CHECKSUM_RIGHT,
    CHECKSUM_CUT,    /* by the snap length: cannot be checked */
    CHECKSUM_UNMADE, /* left to the card, or of segments that were put together */
    CHECKSUM_WRONG,
};

/* Of the innermost IP header: also wrong where no hop is left. */
enum checksum header_checksum(const struct segment *segment);
/* Are these bytes TCP between the ends of a segment, by the sum in them? */
bool checksum_fits_tcp(const struct segment *ends, struct span tcp);

struct checksum_counters {
    uint64_t wrong;       /* segments that were not believed */
    uint64_t unproven;    /* wrong as well, but of a sender or a connection that had no right one yet */
    uint64_t awaited;     /* not made, of senders that make theirs: read once they are acknowledged */
    uint64_t without_ack; /* segments without the ACK flag, which were not believed */
    uint64_t offloaded;   /* addresses taken for such that leave the sums to their card */
    uint64_t evicted;     /* addresses forgotten for others */
};

/* What is known of the sums of the addresses met last. */
struct checksums;

/* NULL without memory. */
struct checksums *checksums_new(enum checksum_policy policy);
void checksums_free(struct checksums *c);
size_t checksums_memory(void);
const struct checksum_counters *checksums_counters(const struct checksums *c);

/* How much is known of the segment's connection. */
enum acquaintance {
    ALONE,           /* nothing was believed: it misleads no more than one with right sums that was made up */
    ACQUAINTED,      /* something was */
    SENDER_ANSWERED, /* and the other end acknowledges the segment's sender */
    BOTH_ANSWERED    /* both ends acknowledge each other where the capture sees it */
};

/* Has the processor fetch what is known of the sender. */
void checksums_expect(const struct checksums *c, const struct endpoint *sender);

/* Would the receiver have taken the segment? */
enum belief checksums_belief(struct checksums *c, const struct segment *segment, enum acquaintance known);

/* The same of a segment whose sum is not looked at otherwise, since its connection is known and protected. */
bool checksums_take(struct checksums *c, const struct segment *segment);

#endif
