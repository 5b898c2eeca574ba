/* Servers, each with its handshakes and what it was at fault for. A fault of both sides is the server's too.
 */
#ifndef UTWATCH_REPORT_PARTIES_H
#define UTWATCH_REPORT_PARTIES_H

#include "base/siphash.h"
#include "policy/policy.h"

struct party {
    struct endpoint end;
    uint64_t handshakes;
    uint64_t violations[4];         /* by enum severity */
    uint64_t rules[MAX_RULES / 64]; /* broken: a bit for each by its index */
};

struct parties {
    struct siphash_key key;
    size_t count, others;         /* others: times that one was met which had no room */
    uint16_t at[2 * MAX_PARTIES]; /* by hash: index into party[] + 1 */
    struct party party[MAX_PARTIES];
};

/* NULL: there is no room for one more. */
struct party *parties_find(struct parties *p, const struct endpoint *end);

#endif
