#include "app/peer_findings.h"

#include <string.h>

static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 0x9e3779b1U;
}

static uint32_t mix_text(uint32_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

/* What makes the finding another one; never 0. Numbers that only grow with the traffic are no part of it. */
static uint16_t state_of(const struct verdict *v)
{
    uint32_t hash = mix(0, v->rule->sid);
    hash = mix(hash, (uint32_t)v->fault);
    hash = mix(hash, (uint32_t)v->basis);
    hash = mix(hash, (uint32_t)v->severity);
    hash = mix(hash, v->excepted != NULL);
    hash = mix_text(hash, v->note);
    hash = mix_text(hash, verdict_template(v));
    hash ^= hash >> 16;
    return (uint16_t)(hash | 1U);
}

size_t findings_to_report(uint16_t *reported, struct verdict *verdicts, size_t count, bool last)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct verdict v = verdicts[i];
        const uint16_t state = v.value == VERDICT_FAIL ? state_of(&v) : 0;
        const bool known = state && i < PEER_RULES && reported[i] == state;
        if (i < PEER_RULES)
            reported[i] = state;
        if (state ? !known : last)
            verdicts[kept++] = v;
    }
    return kept;
}
