#include "app/peer_findings.h"

#include "base/fold_hash.h"

#include <string.h>

static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 0x9e3779b1U;
}

static uint32_t mix_text(uint32_t hash, const char *text)
{
    const struct siphash_key so_far = {hash, UINT64_C(0x9e3779b97f4a7c15)};
    return text ? (uint32_t)fold_hash_bytes(&so_far, span_of(text, strlen(text))) : hash;
}

/* What makes the finding another one; never 0. Numbers that only grow with the traffic are no part of it. */
static uint32_t state_of(const struct verdict *v)
{
    uint32_t hash = mix(0, v->rule->sid);
    hash = mix(hash, (uint32_t)v->fault);
    hash = mix(hash, (uint32_t)v->basis);
    hash = mix(hash, (uint32_t)v->severity);
    hash = mix(hash, v->excepted != NULL);
    hash = mix_text(hash, v->note);
    hash = mix_text(hash, verdict_template(v));
    return hash | 1U;
}

static struct told_finding finding_of(const struct verdict *v, nanos time)
{
    const nanos second = time / NANOS_PER_SECOND;
    return (struct told_finding){.state = state_of(v),
                                 .second = second < UINT32_MAX ? (uint32_t)second : UINT32_MAX,
                                 .micros = (uint32_t)(time % NANOS_PER_SECOND / 1000) & 0xfffffU,
                                 .severity = v->severity & 3U,
                                 .fault = v->fault & 3U,
                                 .excepted = v->excepted != NULL,
                                 .known = v->known};
}

struct peer_news peer_news_of(struct told_finding *told, const struct verdict *v, nanos time, bool last)
{
    struct peer_news news = {.told = told, .last = last};
    const bool fails = v->value == VERDICT_FAIL;
    const struct told_finding now = fails ? finding_of(v, time) : (struct told_finding){0};
    if (!told) {
        news.tell = fails && last;
        return news;
    }
    if (told->state == now.state)
        return news;
    news.before = *told;
    news.tell = fails;
    *told = now;
    if (fails && news.before.state) {
        told->second = news.before.second;
        told->micros = news.before.micros;
    }
    return news;
}

/* The rules about such a case in the order of their verdicts; returns how many. */
static size_t rules_about(const struct profile *profile, enum case_kind kind, const struct rule_facts **rules)
{
    size_t count = 0;
    const size_t all = profile ? profile_rule_count(profile) : 0;
    for (size_t i = 0; i < all && count < PEER_RULES; i++)
        if (profile_rule(profile, i)->about & 1 << kind)
            rules[count++] = profile_rule(profile, i);
    return count;
}

/* Where the verdict by this rule is noted now; PEER_RULES: nowhere. */
static size_t place_of(const struct rule_facts *rule, const struct rule_facts *const *after, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rule->id, after[i]->id) == 0 && rule->rev == after[i]->rev)
            return i;
    return PEER_RULES;
}

static void move_told(struct peers *peers, const struct peer *peer, unsigned profile, const size_t *place,
                      size_t count)
{
    struct told_finding before[PEER_RULES];
    struct told_finding after[PEER_RULES] = {0};
    peers_told(peers, peer, profile, before);
    for (size_t i = 0; i < count; i++)
        if (place[i] < PEER_RULES)
            after[place[i]] = before[i];
    peers_note_told(peers, peer, profile, after);
}

void peers_told_go_on_with(struct peers *peers, unsigned profile, const struct profile *before,
                           const struct profile *after)
{
    if (!before) /* nothing was reported */
        return;
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const enum case_kind kind = side == SERVER ? CASE_SERVER : CASE_UE;
        const struct rule_facts *old[PEER_RULES];
        const struct rule_facts *new[PEER_RULES];
        size_t place[PEER_RULES];
        const size_t count = rules_about(before, kind, old);
        const size_t now = rules_about(after, kind, new);
        for (size_t i = 0; i < count; i++)
            place[i] = place_of(old[i], new, now);
        for (const struct peer *peer = NULL; (peer = peers_next(peers, side, peer));)
            move_told(peers, peer, profile, place, count);
    }
}
