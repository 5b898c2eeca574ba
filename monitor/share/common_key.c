/* The key that all sensors hash identifiers with: the first offers its own to Redis, the others take it from
 * there. */
#include "share/shared_parts.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>

#define KEY_NAME "utwatch:key"
#define KEY_PERIOD                                                                                           \
    (SHARED_KEY_SECONDS * NANOS_PER_SECOND) /* Redis may have been emptied, or may have evicted the key */

static void offer_key_later(struct shared *s)
{
    s->m->key_state = KEY_TO_OFFER;
    s->m->key_checked_again = false;
    s->m->key_again = clock_monotonic() + RETRY_PAUSE;
}

static void on_key(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    (void)item;
    if (status == REDIS_FAILED) {
        offer_key_later(s);
        return;
    }
    if (s->m->key_state == KEY_OFFERED) {
        s->m->key_state = KEY_TO_FETCH;
        return;
    }
    struct siphash_key key;
    if (!origin_read_key(value, &key)) {
        offer_key_later(s); /* it has expired, or no sensor wrote it */
        return;
    }
    s->m->key_state = KEY_AGREED;
    s->m->key_checked_again = false;
    s->m->key_again = clock_monotonic() + KEY_PERIOD;
    if (s->m->offer.k0 == key.k0 && s->m->offer.k1 == key.k1)
        return;
    outbox_drop_keys(&s->m->outbox);
    const unsigned next = atomic_load(&s->m->key_version) + 1;
    s->m->keys[next % 2] = s->m->offer = key;
    atomic_store(&s->m->key_version, next);
}

void common_key_agree(struct shared *s, int64_t now)
{
    if (s->m->key_state == KEY_AGREED && now >= s->m->key_again) {
        s->m->key_state = KEY_TO_OFFER;
        s->m->key_checked_again = true;
    }
    if (!redis_is_up(s->redis)) {
        s->m->key_state = KEY_TO_OFFER;
        s->m->key_again = 0;
        s->m->key_checked_again = false;
    } else if (s->m->key_state == KEY_TO_OFFER && now >= s->m->key_again) {
        char text[40];
        struct text t = text_over(text, sizeof text);
        text_printf(&t, "%016" PRIx64 "%016" PRIx64, s->m->offer.k0, s->m->offer.k1);
        const struct redis_command c = {
            .word = {span_of_text("SETNX"), span_of_text(KEY_NAME), span_of_text(text)},
            .count = 3,
            .key = 1};
        if (redis_send(s->redis, &c, on_key, s, 0, now))
            s->m->key_state = KEY_OFFERED;
    } else if (s->m->key_state == KEY_TO_FETCH) {
        const struct redis_command c = {
            .word = {span_of_text("GET"), span_of_text(KEY_NAME)}, .count = 2, .key = 1};
        if (redis_send(s->redis, &c, on_key, s, 0, now))
            s->m->key_state = KEY_FETCHED;
    }
    atomic_store(&s->m->ready, s->m->key_state == KEY_AGREED || s->m->key_checked_again);
}

bool shared_new_key(struct shared *s, unsigned *version, struct siphash_key *key)
{
    const unsigned now = atomic_load_explicit(&s->m->key_version, memory_order_acquire);
    if (now == *version)
        return false;
    *key = s->m->keys[now % 2];
    *version = now;
    return true;
}
