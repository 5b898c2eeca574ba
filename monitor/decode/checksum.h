/*
 * TCP's checksum (RFC 9293 3.1): a segment whose sum is wrong is dropped by its receiver, so it says nothing.
 * A host that leaves the sums to its network card shows frames with sums that are not made yet, and a capture
 * whose addresses were replaced has none that is right; such a sender is known by never having been right.
 */
#ifndef UTWATCH_DECODE_CHECKSUM_H
#define UTWATCH_DECODE_CHECKSUM_H

#include "base/siphash.h"
#include "decode/segment.h"

enum checksum_policy {
    CHECKSUMS_AUTO,   /* wrong sums are not believed where the sender and the connection had right ones */
    CHECKSUMS_VERIFY, /* wrong sums are never believed */
    CHECKSUMS_IGNORE,
};
extern const struct word checksum_policy_words[];

enum checksum {
    CHECKSUM_RIGHT,
    CHECKSUM_OPEN, /* cut by the snap length, or left to the card: cannot be checked */
    CHECKSUM_WRONG,
};

enum checksum segment_checksum(const struct segment *segment);

struct checksum_counters {
    uint64_t wrong;     /* segments that were not believed */
    uint64_t unproven;  /* wrong as well, but of a sender or a connection that had no right one yet */
    uint64_t offloaded; /* addresses taken for such that leave the sums to their card */
    uint64_t evicted;   /* addresses forgotten for others */
};

/* What is known of the sums of the addresses met last. */
struct checksums;

/* NULL without memory. */
struct checksums *checksums_new(enum checksum_policy policy);
void checksums_free(struct checksums *c);
size_t checksums_memory(void);
const struct checksum_counters *checksums_counters(const struct checksums *c);

/* Would the receiver have taken the segment, by its sum? `alone`: of its connection nothing was believed yet,
 * so that the segment can mislead no more than one with a right sum that somebody made up. */
enum belief checksums_belief(struct checksums *c, const struct segment *segment, bool alone);

#endif
