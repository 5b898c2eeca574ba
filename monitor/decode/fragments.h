/* Reassembly of IP fragments (RFC 791 3.2, RFC 8200 4.5): a fixed number of datagrams, each in a block of
 * fixed size. What does not become whole is noted by its ends (unread.h). */
#ifndef UTWATCH_DECODE_FRAGMENTS_H
#define UTWATCH_DECODE_FRAGMENTS_H

#include "base/nanos.h"
#include "base/span.h"
#include "decode/decode.h"
#include "decode/unread.h"

struct fragment {
    uint8_t src[16], dst[16]; /* IPv4 in the first 4 bytes, rest zero */
    uint8_t family;           /* 4 or 6 */
    uint8_t space;            /* decode/spaces.h */
    uint32_t network;         /* likewise */
    bool refused;             /* no host takes it: such pieces are put together apart from all others */
    uint8_t protocol;         /* of the payload: IPv6 takes that of the piece at offset 0 (RFC 8200 4.5) */
    uint32_t id;
    size_t offset; /* bytes, in the datagram's payload */
    bool more;     /* others follow */
    struct span payload;
    uint64_t ends; /* unread_ends() by the addresses; 0: nothing of TCP is in it */
    size_t slot;   /* of its datagram, for fragments_name(); FRAGMENT_SLOTS: it was of no use */
};

struct fragments;

/* Bytes for all datagrams in reassembly, and for what is noted of others. */
size_t fragments_memory(void);

/* What is not read is noted in `unread`, which outlives the store. */
struct fragments *fragments_new(struct unread *unread);
void fragments_free(struct fragments *f);

/* The whole payload when this was the last piece missing (valid until the next call), and its protocol in
 * `piece`; else an empty span. */
struct span fragments_put(struct fragments *f, struct fragment *piece, nanos now,
                          struct decode_counters *counters);

/* Whose the datagram in this slot is, by what is in its first piece; 0: nothing of TCP. */
void fragments_name(struct fragments *f, size_t slot, uint64_t ends);

/* Does any datagram wait for a piece? */
bool fragments_any_wait(const struct fragments *f);

/* Does a datagram wait for a piece, or has a piece come too late, since then, that is of one of these? */
bool fragments_await(const struct fragments *f, uint64_t ends, uint64_t addresses, nanos since);

/* No more pieces will come: what waits is given up. */
void fragments_end(struct fragments *f, struct decode_counters *counters);

#endif
