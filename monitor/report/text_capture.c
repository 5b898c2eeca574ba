#include "report/spells.h"
#include "report/text_report.h"
#include "report/text_summary.h"

#define HANG      9
#define PARAGRAPH 16384

/* The counters of one group, without zeros, as an enumeration. */
static void put_group(struct text *t, const struct capture_health *h, enum health_group group)
{
    for (size_t i = 0; i < health_row_count; i++) {
        const struct health_row *row = &health_rows[i];
        const uint64_t count = health_value(h, row);
        if (row->group != group || !count)
            continue;
        text_put(t, t->n ? "; " : "");
        text_counted(t, count, row->one, row->many);
        text_put(t, row->phrase[0] ? " " : "");
        text_put(t, row->phrase);
    }
}

static void put_commonest(struct text *t, const struct capture_health *h)
{
    if (!h->commonest.frames)
        return;
    text_put(t, "; most of what was not followed: ");
    text_commonest(t, h);
}

bool text_restarts(struct text *out, const struct capture_health *health)
{
    if (!health->restarts)
        return false;
    text_put(out, "The sensor was started again ");
    text_counted(out, health->restarts, "time", "times");
    text_put(out, ", last at ");
    text_time(out, health->restarted_at, false);
    text_put(out, ": this report covers only the time since then, and what was captured between two sensors "
                  "is unknown.");
    if (health->violated_before)
        text_put(out, " Violations were found before that.");
    return true;
}

void summary_capture(struct page *page, const struct capture_health *health)
{
    char buffer[PARAGRAPH], blind[PARAGRAPH];
    struct text t = text_over(buffer, sizeof buffer);
    struct text told = text_over(blind, sizeof blind);
    const bool spells = text_spells(&told, health);
    put_group(&t, health, HEALTH_FRAMES);
    put_commonest(&t, health);
    put_group(&t, health, HEALTH_BYTES);
    put_group(&t, health, HEALTH_ROOM);
    if (capture_whole(health)) {
        text_put(&t, t.n ? "; " : "");
        text_put(&t, "nothing is known to be missing");
    } else if (!t.n && spells) {
        text_put(&t, "what came while the sensor was blind is unknown");
    } else if (!t.n) {
        text_put(&t, "parts of connections are missing, see above");
    }
    text_char(&t, '.');
    page_field(page, 0, HANG, "Capture:", buffer);
    if (spells)
        page_field(page, 0, 0, "", blind);
    t = text_over(buffer, sizeof buffer);
    if (text_restarts(&t, health))
        page_field(page, 0, 0, "", buffer);
    if (!health->interrupted)
        return;
    t = text_over(buffer, sizeof buffer);
    text_printf(&t, "The run was interrupted by %s.", health->interrupted);
    page_field(page, 0, 0, "", buffer);
}

static void put_severities(struct text *out, const struct tally *tally)
{
    bool first = true;
    text_put(out, " (");
    for (unsigned s = SEVERITIES; s-- > 0;) {
        if (!tally->violation[s])
            continue;
        if (!first)
            text_put(out, ", ");
        first = false;
        text_count(out, tally->violation[s]);
        text_char(out, ' ');
        text_put(out, word_of(severity_words, s));
    }
    text_char(out, ')');
}

/* Lists what is neither a violation nor hidden. */
static void put_asides(struct text *out, const struct tally *tally, bool whole)
{
    if (tally->verdict[VERDICT_NOTHING_AGAINST]) {
        text_put(out, "; ");
        text_counted(out, tally->verdict[VERDICT_NOTHING_AGAINST], "further check", "further checks");
        text_put(out, " found nothing");
    }
    if (tally->superseded) {
        text_put(out, "; ");
        text_counted(out, tally->superseded, "breach", "breaches");
        text_put(out, " of superseded demands");
    }
    if (tally->excepted) {
        text_put(out, "; ");
        text_counted(out, tally->excepted, "breach", "breaches");
        text_put(out, " excepted by the configuration");
    }
    if (tally->known) {
        text_put(out, "; ");
        text_counted(out, tally->known, "violation that is", "violations that are");
        text_put(out, " known from the baseline");
    }
    if (!whole)
        text_put(out, "; capture incomplete");
}

/* "2 of 3 handshakes were damaged": too much to judge by. */
static void put_loss(struct text *out, const struct capture_health *h)
{
    if (!capture_too_damaged(h))
        return;
    text_char(out, ' ');
    text_count(out, h->handshakes_damaged);
    text_put(out, " of ");
    text_counted(out, h->handshakes_judged, "handshake", "handshakes");
    text_printf(out, " %s damaged in the capture, more than loss-limit (%g %%).",
                h->handshakes_damaged == 1 ? "was" : "were", h->loss_limit);
}

void text_overall(struct text *out, const struct tally *tally, const struct capture_health *health,
                  const struct input_names *names)
{
    const uint64_t failed = tally->verdict[VERDICT_FAIL];
    const uint64_t hidden = tally->verdict[VERDICT_NOT_OBSERVABLE];
    const bool whole = capture_whole(health);
    const uint64_t unopposed = tally->verdict[VERDICT_NOTHING_AGAINST];
    if (!tally_judged(tally)) {
        text_nothing(out, tally, health, names);
        put_loss(out, health);
        return;
    }
    if (failed) {
        text_counted(out, failed, tally->known ? "new violation" : "violation",
                     tally->known ? "new violations" : "violations");
        put_severities(out, tally);
    } else if (tally->known) {
        text_put(out, "No new violation");
    } else {
        text_put(out, hidden || unopposed || !whole ? "No violation seen" : "No violation");
    }
    text_put(out, " in ");
    if (tally->handshakes)
        text_counted(out, tally->handshakes, "handshake", "handshakes");
    else if (!tally->without_hello)
        text_counted(out, health->connections, "TCP connection", "TCP connections");
    if (!tally->handshakes && !tally->without_hello)
        text_put(out, health->out_of_scope ? " without a handshake in scope" : " without a handshake");
    if (tally->without_hello) {
        text_put(out, tally->handshakes ? " and " : "");
        text_counted(out, tally->without_hello, "connection", "connections");
        text_put(out, " without a captured hello");
    }
    if (hidden) {
        text_put(out, "; ");
        text_counted(out, hidden, "verdict", "verdicts");
        text_put(out, " not observable");
    }
    put_asides(out, tally, whole);
    if (!failed && !hidden && !unopposed && whole && !health->renegotiations && !tally->excepted &&
        !tally->known && !tally->superseded) {
        text_put(out, "; all was observable: compliant with ");
        text_put(out, profile_name(tally->profile));
    }
    text_char(out, '.');
    put_loss(out, health);
}
