/* The slots of handshakes in progress, and the two queues that end them: idle ones, and ends that linger. */
#include "tls/handshake.h"

#include <assert.h>
#include <stdlib.h>

struct tls *tls_new(uint32_t handshakes, struct siphash_key secret)
{
    /* Messages that straddle a border at one time: most are small, few are large. */
    static const size_t bytes[BUFFER_CLASSES] = {2048, 16384, MAX_MESSAGE_BYTES};
    const uint32_t count[BUFFER_CLASSES] = {handshakes * 2, handshakes, handshakes / 8 + 16};
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    bool ok = pool_open(&tls->slots, sizeof(struct handshake), handshakes);
    for (size_t i = 0; i < BUFFER_CLASSES && ok; i++)
        ok = pool_open(&tls->buffers[i], bytes[i], count[i]);
    tls->keys.own = secret;
    if (!ok) {
        tls_free(tls);
        return NULL;
    }
    return tls;
}

void tls_share_names(struct tls *tls, const struct siphash_key *common)
{
    tls->keys.common = *common;
    tls->keys.has_common = true;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    pool_close(&tls->slots);
    for (size_t i = 0; i < BUFFER_CLASSES; i++)
        pool_close(&tls->buffers[i]);
    free(tls);
}

const struct tls_counters *tls_counters(const struct tls *tls)
{
    return &tls->counters;
}

struct handshake *handshake_of(const struct tls *tls, const struct flow *flow)
{
    return flow->handshake ? pool_at(&tls->slots, flow->handshake) : NULL;
}

static struct handshake *slot(const struct tls *tls, uint32_t index)
{
    return index ? pool_at(&tls->slots, index) : NULL;
}

static void queue(struct tls *tls, struct handshake *h, unsigned list)
{
    uint32_t index = h->flow->handshake;
    h->list = (uint8_t)list;
    h->newer = 0;
    h->older = tls->list[list].newest;
    if (h->older)
        slot(tls, h->older)->newer = index;
    else
        tls->list[list].oldest = index;
    tls->list[list].newest = index;
}

static void unqueue(struct tls *tls, struct handshake *h)
{
    if (h->older)
        slot(tls, h->older)->newer = h->newer;
    else
        tls->list[h->list].oldest = h->newer;
    if (h->newer)
        slot(tls, h->newer)->older = h->older;
    else
        tls->list[h->list].newest = h->older;
}

struct handshake *handshake_open(struct tls *tls, struct flow *flow, nanos now)
{
    uint32_t index = pool_take(&tls->slots);
    if (!index)
        return NULL;
    struct handshake *h = pool_at(&tls->slots, index);
    memset(h, 0, offsetof(struct handshake, clear));
    h->clear[0].length = h->clear[1].length = 0;
    h->clear[0].cut = h->clear[1].cut = false;
    h->memory.keys = &tls->keys;
    h->flow = flow;
    h->request_side = NO_SIDE;
    h->last_activity = now;
    flow->handshake = index;
    queue(tls, h, LIST_ACTIVE);
    return h;
}

void handshake_close(struct tls *tls, struct handshake *h)
{
    records_release(tls, &h->side[0]);
    records_release(tls, &h->side[1]);
    unqueue(tls, h);
    uint32_t index = h->flow->handshake;
    h->flow->handshake = 0;
    pool_give(&tls->slots, index);
}

void handshake_linger(struct tls *tls, struct handshake *h, nanos now)
{
    if (h->list == LIST_LINGERING)
        return;
    unqueue(tls, h);
    h->deadline = now + HANDSHAKE_LINGER_SECONDS * NANOS_PER_SECOND;
    queue(tls, h, LIST_LINGERING);
}

struct flow *tls_expired(struct tls *tls, nanos now)
{
    struct handshake *lingering = slot(tls, tls->list[LIST_LINGERING].oldest);
    if (lingering && lingering->deadline <= now)
        return lingering->flow;
    /* A handshake moves to the end of its queue only when it is looked at here, not with each of its packets.
     */
    enum { LOOKS = 4 };
    for (int i = 0; i < LOOKS; i++) {
        struct handshake *h = slot(tls, tls->list[LIST_ACTIVE].oldest);
        if (!h || h->deadline > now)
            return NULL;
        nanos due = h->last_activity + HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
        if (due <= now)
            return h->flow;
        unqueue(tls, h);
        h->deadline = due;
        queue(tls, h, LIST_ACTIVE);
    }
    return NULL;
}

struct flow *tls_oldest(struct tls *tls)
{
    /* An end that only lingers has said all it will; next the handshake that waits longest. */
    struct handshake *h = slot(tls, tls->list[LIST_LINGERING].oldest);
    if (!h)
        h = slot(tls, tls->list[LIST_ACTIVE].oldest);
    return h ? h->flow : NULL;
}
