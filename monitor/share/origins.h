/*
 * What Redis stores about a session, and how sensors agree on it.
 *
 * Key: utwatch:session: and the session's key as 16 hexadecimal digits, SipHash under a random key that all
 * sensors share (utwatch:key). Value, in text: origin in microseconds since 1970, flags, suite, server (a
 * hash), and how it was learned, such as "1795470000123456 9 47 5c1e4f0a7d2b3c68 f"; or "?" when two servers
 * of one scope issued the same identifier.
 */
#ifndef UTWATCH_SHARE_ORIGINS_H
#define UTWATCH_SHARE_ORIGINS_H

#include "base/siphash.h"
#include "share/redis.h"

#include <stdbool.h>

/* How a sensor came to know it. */
enum origin_kind {
    ORIGIN_FULL = 'f',  /* its full handshake was seen */
    ORIGIN_PART = 'p',  /* a full handshake that was seen in part, or may be a copy, reissued it: a bound */
    ORIGIN_SEEN = 's',  /* first sighting, or the identifier of a renewed ticket */
    ORIGIN_ENDED = 'd', /* a fatal alert ended the session of that origin */
};

/* As written in Redis; the flags of an entry in a state file have the same values. */
enum origin_flag {
    ORIGIN_EXACT = 1 << 0, /* `us` is when the session began; else the first sighting of it */
    ORIGIN_DEAD = 1 << 2,  /* a fatal alert ended one of its connections */
    ORIGIN_SUITE = 1 << 3, /* `suite` is that of the full handshake */
};

struct origin {
    uint64_t key;    /* under the common key, never 0 */
    uint64_t us;     /* microseconds since 1970, until the year 2262 */
    uint64_t server; /* a hash under the common key */
    uint16_t suite;
    uint8_t flags; /* enum origin_flag */
    char kind;     /* enum origin_kind */
};

/* False when the text is not a value that sensors write. `key` is left alone. */
bool origin_read(struct span value, struct origin *out);

/* The common key, 32 hexadecimal digits. */
bool origin_read_key(struct span value, struct siphash_key *out);

/* The texts of a command; it points into them. */
struct origin_texts {
    char key[40], us[24], flags[8], suite[8], server[20], kind[2], seconds[16];
};

/* Asks for a session, which from now on lives for `seconds`. */
void origin_question(uint64_t key, uint32_t seconds, struct origin_texts *texts, struct redis_command *out);

/*
 * Tells of a session. The merge is one script, so that it is atomic, and telling the same again changes
 * nothing. Of two full handshakes that issued one identifier the later counts, since it began another
 * session; of everything else the earlier, and a full handshake before a sighting.
 */
void origin_message(const struct origin *o, uint32_t seconds, struct origin_texts *texts,
                    struct redis_command *out);

#endif
