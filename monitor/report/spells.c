#include "report/spells.h"

#include "report/page.h"

/* Of each kind its two rows of health.def and its sentence. Those without are not about what is seen. */
static const struct kind {
    enum sensor_condition condition;
    size_t times, seconds; /* in struct capture_health */
    const char *words;
} kinds[] = {
#define KIND(condition, member, words)                                                                       \
    {                                                                                                        \
        condition, offsetof(struct capture_health, member),                                                  \
            offsetof(struct capture_health, member##_seconds), words                                         \
    }
    KIND(SENSOR_LINK_DOWN, link_down, "The link of a captured interface was down"),
    KIND(SENSOR_INTERFACE_GONE, interface_gone, "A captured interface was missing"),
    KIND(SENSOR_NO_PACKETS, no_packets, "No packets arrived, whether or not there were any,"),
    KIND(SENSOR_DROPS, dropping, "More packets were dropped than limits: loss-limit allows"),
    KIND(SENSOR_ONE_DIRECTION, one_sided, "Of many connections, only one direction arrived"),
    KIND(SENSOR_LAG, lagging, "The sensor fell behind the packets"),
#undef KIND
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static uint64_t value_at(const struct capture_health *health, size_t at)
{
    uint64_t value;
    memcpy(&value, (const char *)health + at, sizeof value);
    return value;
}

void spells_note(struct spells *spells, const struct sensor_finding *finding)
{
    struct spell *s = &spells->of[finding->condition];
    if (finding->edge == SENSOR_BEGINS) {
        s->times++;
        if (!s->open++)
            s->since = finding->at;
    } else if (finding->edge == SENSOR_ENDS && !s->open) {
        s->times++; /* the sensor before this one saw it begin */
    } else if (finding->edge == SENSOR_ENDS && !--s->open) {
        s->length += finding->at - s->since;
    }
}

void spells_health(const struct spells *spells, int64_t now, struct capture_health *health)
{
    for (size_t i = 0; i < KINDS; i++) {
        const struct spell *s = &spells->of[kinds[i].condition];
        const int64_t length = s->length + (s->open ? now - s->since : 0);
        const uint64_t seconds = (uint64_t)((length + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND);
        memcpy((char *)health + kinds[i].times, &s->times, sizeof s->times);
        memcpy((char *)health + kinds[i].seconds, &seconds, sizeof seconds);
    }
}

bool text_spells(struct text *out, const struct capture_health *health)
{
    bool any = false;
    for (size_t i = 0; i < KINDS; i++) {
        const uint64_t times = value_at(health, kinds[i].times);
        const uint64_t seconds = value_at(health, kinds[i].seconds);
        if (!times)
            continue;
        text_put(out, any ? " " : "");
        any = true;
        text_put(out, kinds[i].words);
        text_char(out, ' ');
        if (times == 1)
            text_put(out, "once");
        else
            text_counted(out, times, "time", "times");
        if (seconds) {
            text_put(out, ", for ");
            text_counted(out, seconds, "second", "seconds");
            text_put(out, times == 1 ? "" : " in all");
        }
        text_char(out, '.');
    }
    return any;
}
