/*
 * The table of names. Buckets of eight entries of 24 bytes; a name has two buckets and goes to the emptier
 * one, which lets the table fill to 80 % and more before anything has to go. In a full pair of buckets the
 * least useful entry goes: expired ones, those never resumed, the oldest.
 */
#ifndef UTWATCH_SESSION_TABLE_H
#define UTWATCH_SESSION_TABLE_H

#include "base/nanos.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entry_flag {
    ENTRY_EXACT = 1 << 0,   /* the full handshake was seen; else origin is the first sighting */
    ENTRY_RESUMED = 1 << 1, /* used at least once */
    ENTRY_DEAD = 1 << 2,    /* a fatal alert ended one of its connections */
    ENTRY_SUITE = 1 << 3,   /* `suite` is that of the full handshake */
};

struct entry {
    uint64_t name;           /* 0: free */
    uint64_t origin_us : 54; /* microseconds since 1970: until the year 2540 */
    uint64_t flags : 6;      /* enum entry_flag */
    uint64_t method : 4;     /* enum resumption */
    uint32_t last_used;      /* second since 1970 */
    uint16_t suite;
    uint16_t server; /* a hash of the server, for sums by server */
};

struct table {
    struct entry *entries;
    size_t bytes;
    uint64_t bucket_mask;
    uint64_t used, evicted, expired;
};

/* Room for `capacity` entries at a load of 80 %. */
bool table_open(struct table *t, uint32_t capacity);
void table_close(struct table *t);

/* NULL when the name is not known or its entry has expired. */
struct entry *table_find(struct table *t, uint64_t name, uint32_t now, uint32_t retention);

/* The entry of the name, a new and empty one when it was not known (*fresh). */
struct entry *table_put(struct table *t, uint64_t name, uint32_t now, uint32_t retention, bool *fresh);

#endif
