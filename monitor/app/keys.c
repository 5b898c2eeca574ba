#include "app/keys.h"

#include "app/pipeline_parts.h"

#include <stdlib.h>

enum { USED_KEYS = 4096 };

/* Ages count in seconds, so that of all data until the answer those count that came first, and first in the
 * next second. */
struct used_keys {
    struct used_key {
        uint64_t flow_id;
        unsigned count;
        struct whence data[2];
    } place[USED_KEYS];
};

struct used_keys *used_keys_new(void)
{
    return calloc(1, sizeof(struct used_keys));
}

size_t used_keys_memory(void)
{
    return sizeof(struct used_keys);
}

void keys_begin(const struct pipeline *p, struct flow *flow, uint32_t since, uint16_t version)
{
    flow->hides_updates = version >= 0x0304; /* RFC 8446 4.6.3, 5.2 */
    flow->key_since = !p->key_limit ? 0 : p->docket ? KEY_IS_ASKED_FOR : since;
}

void keys_end(struct flow *flow)
{
    flow->key_since = 0; /* and no slot has replaced it */
}

static bool is_too_old(const struct pipeline *p, uint32_t since, nanos time)
{
    return time / NANOS_PER_SECOND - since > p->key_limit;
}

static void tell_old_key(struct pipeline *p, struct flow *flow, const struct whence *whence, uint32_t since)
{
    struct statement s = {.kind = TOLD_OLD_KEY,
                          .key = {.whence = *whence,
                                  .since = (nanos)since * NANOS_PER_SECOND,
                                  .renegotiated = flow->renegotiated,
                                  .hides_updates = flow->hides_updates}};
    flow->key_since = 0;
    if (!site_is_ue(p->site, &whence->client) || !site_in_scope(p->site, &whence->server, span_of(NULL, 0)))
        return;
    s.flow_id = s.key.whence.flow_id = flow_id(flow);
    s.key.whence.confirmed &= decoder_trusts(p->decoder, &flow->end[0]);
    pipeline_tell(p, &s);
}

void keys_answered(struct pipeline *p, struct flow *flow, uint64_t id, uint32_t since)
{
    if (flow->state != FLOW_RECORDS || !p->key_limit || flow_id(flow) != id)
        return;
    const bool used = flow->key_since == KEY_WAS_USED;
    const struct used_key *key = used ? &p->used_keys->place[id % USED_KEYS] : NULL;
    flow->key_since = since;
    for (unsigned i = 0; used && key->flow_id == id && i < key->count; i++)
        if (is_too_old(p, since, key->data[i].time)) {
            tell_old_key(p, flow, &key->data[i], since);
            return;
        }
}

/* The judge has not answered: what it says may be about these data. */
static void remember(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const uint64_t id = flow_id(flow);
    struct used_key *key = &p->used_keys->place[id % USED_KEYS];
    if (flow->key_since == KEY_IS_ASKED_FOR)
        *key = (struct used_key){.flow_id = id};
    flow->key_since = KEY_WAS_USED;
    if (key->flow_id != id || key->count == 2 ||
        (key->count && segment->time / NANOS_PER_SECOND == key->data[0].time / NANOS_PER_SECOND))
        return;
    key->data[key->count++] = flow_whence(flow, segment);
}

void keys_used(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const bool waits = flow->key_since >= KEY_WAS_USED;
    if (clock_steps_are_open(&p->steps, flow))
        return; /* the next data show it too */
    if (!waits && !is_too_old(p, flow->key_since, segment->time))
        return;
    if (!stream_knows_other(flow, segment) || !checksums_take(p->checksums, segment))
        return; /* data that nobody received */
    if (waits) {
        remember(p, flow, segment);
    } else {
        const struct whence whence = flow_whence(flow, segment);
        tell_old_key(p, flow, &whence, flow->key_since);
    }
}
