/*
 * The table of keys, in memory; with a file (--state) beside it that follows.
 *
 * Buckets of eight entries of 24 bytes. A key has two buckets and goes to the emptier one; when both are
 * full, one of their entries moves to its own other bucket. So the table fills to far more than 80 % before
 * anything is evicted. Then the least useful of the sixteen entries is evicted: one that was never resumed,
 * otherwise the least recently used. A bucket gets its place in memory, behind those that have one, with its
 * first entry, so that memory and file are as large as what is remembered.
 *
 * An entry contains 40 bits of its key; its place in the table gives some 20 more, since the two buckets of
 * a key add up to a number that those 40 bits decide. It carries a checksum: one that was half written when
 * the machine stopped is not taken for another session's age, but dropped and counted when the file is
 * opened.
 *
 * The image also contains the servers that issued the entries and the times at which the clock was set.
 *
 * The file is an image of that memory. What changes is marked by the page, and table_write_out(), in a thread
 * of its own, writes the marked pages: the packet path never waits for a disk, as it would on a mapped file
 * whose pages the file system holds back while they are written.
 */
#ifndef UTWATCH_STORE_TABLE_H
#define UTWATCH_STORE_TABLE_H

#include "base/nanos.h"
#include "base/siphash.h"
#include "decode/segment.h"

#include <stdatomic.h>

enum entry_flag {
    ENTRY_EXACT = 1 << 0,   /* the full handshake was seen; else origin is the first sighting */
    ENTRY_RESUMED = 1 << 1, /* used at least once */
    ENTRY_DEAD = 1 << 2,    /* a fatal alert ended one of its connections */
    ENTRY_SUITE = 1 << 3,   /* `suite` is that of the full handshake */
    ENTRY_DOUBT = 1 << 4,   /* two servers of one scope issued its identifier: see their own entries */
    ENTRY_ANEW = 1 << 6, /* without EXACT and SUITE: a full handshake issued the identifier anew, and was seen
                            in part or is in doubt; what another sensor saw before is obsolete */
    ENTRY_UNSETTLED = ENTRY_EXACT | ENTRY_ANEW, /* both: a handshake that is not believed may have issued the
                            identifier anew since `origin`, which is then another session's */
    ENTRY_FLAGS = 0x7f,                         /* all of them */
    ENTRY_ODD = 1 << 5, /* the table's own: an even number of RESUMED, DEAD and DOUBT is set */
};

struct entry {
    uint64_t check : 24;     /* of what stays; table_write() */
    uint64_t tag : 40;       /* of the key; 0: free */
    uint64_t origin_us : 54; /* microseconds since 1970: as nanoseconds until the year 2262 */
    uint64_t flags : 7;      /* enum entry_flag */
    uint64_t method : 3;     /* enum resumption */
    uint32_t last_used;      /* second since 1970 */
    uint16_t suite;
    uint16_t server; /* index in the table's servers; 0: not among them */
};

enum { TABLE_BUCKET = 8 /* entries */ };

/* The clock of the capture was set from one reading to another, back or ahead. */
struct clock_jump {
    nanos before, after;
    uint64_t check;
};

struct table {
    struct clock_jump *jumps; /* TABLE_JUMPS, the first ones in use */
    uint64_t *forgotten;      /* not 0: an entry was evicted, perhaps in an earlier run */
    struct endpoint *servers; /* TABLE_SERVERS places, by hash; family 0: free */
    uint32_t *places;         /* of each bucket, counted from 1; 0: it has none yet */
    struct entry *entries;    /* by place, TABLE_BUCKET each */
    void *image;
    size_t bytes; /* of the image */
    uint64_t buckets;
    uint64_t taken;    /* places */
    uint64_t capacity; /* entries from which on one is evicted for another, where that can be */
    struct siphash_key key;
    uint64_t used, evicted, expired;
    uint64_t damaged;         /* entries dropped when the file was opened */
    bool shared;              /* processes made by fork() from now on share the memory */
    int file;                 /* -1: memory only */
    _Atomic uint32_t written; /* the last place that the file has */
    _Atomic uint64_t *dirty;  /* a bit for each page that the file does not have yet; NULL without a file */
};

enum table_result {
    TABLE_OK,
    TABLE_NO_MEMORY,
    TABLE_IN_USE,     /* another process has the file */
    TABLE_NOT_OURS,   /* a file of something else: left alone */
    TABLE_OTHER_KIND, /* made by another version: left alone */
    TABLE_SMALLER,    /* made for fewer sessions: taken, and has no room for more than those */
    TABLE_DAMAGED,    /* its header is lost: set aside as PATH.damaged, and begun anew */
    TABLE_CUT,        /* a part of it is missing: what is there was taken */
    TABLE_ERROR,      /* errno says why */
};

/* Bytes for so many entries, when all of them are in use. */
size_t table_memory(uint32_t capacity);

/* Room for `capacity` entries at a load of 80 %. `path` NULL: memory only. */
enum table_result table_open(struct table *t, uint32_t capacity, const char *path);

/* The same in memory that later processes have too: one changes the table, and another writes it out. */
enum table_result table_open_shared(struct table *t, uint32_t capacity, const char *path);

/* For a process that follows one that was killed while it changed the table: drops what is half written. */
void table_recover(struct table *t);

void table_close(struct table *t);

/* Touches all memory now instead of page by page, when a handshake would have to wait for the kernel to clear
 * a page.
 */
bool table_take_memory(struct table *t);

/* A private copy of a file of any size, for reading; a process that uses the file is not disturbed. */
enum table_result table_open_to_read(struct table *t, const char *path);

/* Writes to the file what was changed before the call; from one thread, while another changes the table.
 * False, with errno, when something was refused, which stays marked. *any: there was something to write. */
bool table_write_out(struct table *t, bool *any);

/* Flushes written pages to stable storage. False, with errno, when that failed. */
bool table_keep(struct table *t);

/* Has the processor fetch where the key, or the server, will be looked for. */
void table_expect(const struct table *t, uint64_t key);
void table_expect_server(const struct table *t, const struct endpoint *server);

/* NULL when the key is not known or its entry has expired. */
struct entry *table_find(struct table *t, uint64_t key, uint32_t now, uint32_t retention);

/* The entry of the key, a new and empty one when it was not known (*fresh), to be filled by table_write().
 * Other entries may move: pointers to them end here. */
struct entry *table_put(struct table *t, uint64_t key, uint32_t now, uint32_t retention, bool *fresh);

/* Makes the entry what `next` says. */
void table_write(struct table *t, struct entry *e, const struct entry *next);

/* Notes a use: last_used and flags are outside the checksum, but for EXACT and SUITE. */
void table_use(struct table *t, struct entry *e, uint32_t now, unsigned more_flags);

/* Remembers that the clock was set. Jumps that no entry can span any more are dropped first; if there is
 * still no room, two of them are merged into one that covers both: with one ahead among them, all times. */
void table_clock_set(struct table *t, nanos before, nanos after, uint32_t retention);

/* Takes that back. False: it was dropped or merged meanwhile. */
bool table_clock_not_set(struct table *t, nanos before, nanos after);

/* An entry was evicted before it expired: a key that is not found may have been known once. */
bool table_has_forgotten(const struct table *t);

/* True if the clock may have been set between these two readings. */
bool table_spans_jump(const struct table *t, nanos from, nanos to);

/* The latest time, on the clock as it is at `to`, at which something that was read as `from` can have been. A
 * reading that the clock showed twice may be the second one, after which the clock was put right; and over a
 * step ahead less time has passed than the clock says, by the step at most. */
nanos table_latest(const struct table *t, nanos from, nanos to);

/* The place of a server, made when there is room; 0: none. */
uint16_t table_server(struct table *t, const struct endpoint *server);

#endif
