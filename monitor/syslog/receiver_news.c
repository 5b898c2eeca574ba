/* Messages to the operator about a receiver: what has changed, and in the end all its numbers. */
#include "base/limits.h"
#include "base/nanos.h"
#include "syslog/receiver_parts.h"

#include <inttypes.h>
#include <stdio.h>

#define NEWS_APART (RECEIVER_NEWS_SECONDS * NANOS_PER_SECOND)

uint64_t receiver_arrived(const struct receiver *r)
{
    const struct spool_counters s = spool_counters(r->spool);
    return s.done - r->counters.refused;
}

static bool tell(struct receiver *r, char *line, size_t bytes, const char *what)
{
    (void)snprintf(line, bytes, "syslog %s: %s", receiver_name(r), what);
    return true;
}

static bool connection_news(struct receiver *r, char *line, size_t bytes, int64_t now)
{
    char text[320];
    const char *why = r->connection.why;
    if (r->proven && r->down_told) {
        r->down_told = false;
        return tell(r, line, bytes, "connected");
    }
    const bool failing = r->failures > 1; /* a receiver that is merely restarted is no news */
    const bool told = r->down_told && strcmp(why, r->told_why) == 0;
    if (!failing || told || (r->told_at && now - r->told_at < NEWS_APART))
        return false;
    r->down_told = true;
    r->told_at = now;
    (void)snprintf(r->told_why, sizeof r->told_why, "%s", why);
    (void)snprintf(text, sizeof text, "%s; alerts wait until it can be reached", why);
    return tell(r, line, bytes, text);
}

static uint64_t dropped(const struct spool_counters *s)
{
    uint64_t count = 0;
    for (unsigned class = 0; class < SPOOL_CLASSES; class ++)
        count += s->dropped[class];
    return count;
}

/* A number that has grown is reported at once, then at most once in NEWS_APART. */
static bool has_grown(struct told_count *told, uint64_t count, int64_t now)
{
    if (count == told->count || (told->count && now - told->at < NEWS_APART))
        return false;
    *told = (struct told_count){.count = count, .at = now};
    return true;
}

static bool loss_news(struct receiver *r, char *line, size_t bytes, int64_t now)
{
    char text[320];
    const struct spool_counters all = spool_counters(r->spool);
    const struct spool_counters *s = &all;
    if (has_grown(&r->dropped_told, dropped(s), now)) {
        (void)snprintf(text, sizeof text,
                       "the spool is full: %" PRIu64 " alert%s so far (high %" PRIu64 ", medium %" PRIu64
                       ", low %" PRIu64 ", info %" PRIu64 ")",
                       dropped(s), dropped(s) == 1 ? " was dropped" : "s were dropped", s->dropped[3],
                       s->dropped[2], s->dropped[1], s->dropped[0]);
        return tell(r, line, bytes, text);
    }
    if (!has_grown(&r->refused_told, r->counters.refused, now))
        return false;
    (void)snprintf(text, sizeof text,
                   "it kept refusing %" PRIu64 " alert%s while it accepted others: dropped",
                   r->counters.refused, r->counters.refused == 1 ? "" : "s");
    return tell(r, line, bytes, text);
}

static bool refusal_news(struct receiver *r, char *line, size_t bytes, int64_t now)
{
    char text[320];
    if (r->refuses == r->refusing_told ||
        (r->refuses && r->refusing_told_at && now - r->refusing_told_at < NEWS_APART))
        return false;
    r->refusing_told = r->refuses;
    if (!r->refuses)
        return tell(r, line, bytes, "it takes alerts again");
    r->refusing_told_at = now;
    (void)snprintf(text, sizeof text, "it refuses alerts (%s); they wait, and are sent again", r->refusal);
    return tell(r, line, bytes, text);
}

/* A disk with next to no room takes some and refuses others. */
static bool spool_news(struct receiver *r, char *line, size_t bytes, int64_t now)
{
    char text[320];
    const char *trouble = spool_trouble(r->spool);
    if ((trouble != NULL) == r->trouble_told ||
        (trouble && r->trouble_told_at && now - r->trouble_told_at < NEWS_APART))
        return false;
    r->trouble_told = trouble != NULL;
    if (trouble)
        r->trouble_told_at = now;
    (void)snprintf(text, sizeof text, "spool: %s", trouble ? trouble : "it is written again");
    return tell(r, line, bytes, text);
}

bool receiver_news(struct receiver *r, char *line, size_t bytes, int64_t now)
{
    return connection_news(r, line, bytes, now) || loss_news(r, line, bytes, now) ||
           refusal_news(r, line, bytes, now) || spool_news(r, line, bytes, now);
}

/* ", 3 dropped"; nothing of what there was none. */
static void put_counted(struct text *t, uint64_t count, const char *one, const char *many)
{
    if (count)
        text_printf(t, ", %" PRIu64 " %s", count, count == 1 ? one : many);
}

void receiver_summary(const struct receiver *r, char *line, size_t bytes)
{
    const struct receiver_counters *c = &r->counters;
    const struct spool_counters all = spool_counters(r->spool);
    const struct spool_counters *s = &all;
    struct text t = text_over(line, bytes);
    text_printf(&t, "syslog %s: %" PRIu64 " message%s sent, %" PRIu64 " arrived", receiver_name(r), c->sent,
                c->sent == 1 ? "" : "s", receiver_arrived(r));
    put_counted(&t, c->resent, "sent again", "sent again");
    put_counted(&t, c->refused, "refused", "refused");
    put_counted(&t, c->connected, "connection", "connections");
    put_counted(&t, s->kept, "message in the spool", "messages in the spool");
    put_counted(&t, s->bytes, "byte of the disk for it", "bytes of the disk for it");
    put_counted(&t, dropped(s), "dropped", "dropped");
    put_counted(&t, s->damaged, "damaged file in the spool", "damaged files in the spool");
    put_counted(&t, s->refused, "write of the spool refused", "writes of the spool refused");
}
