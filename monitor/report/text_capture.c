#include "report/names.h"
#include "report/text_report.h"
#include "report/text_summary.h"

#define INDENT 2

static void put_row(struct page *page, uint64_t count, const struct health_row *row)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, count, row->one, row->many);
    if (row->phrase[0])
        text_char(&t, ' ');
    text_put(&t, row->phrase);
    text_char(&t, '.');
    page_field(page, INDENT, INDENT + 2, "-", buffer);
}

/* The counters of one group, without zeros, below a heading (or NULL). */
static void put_group(struct page *page, const struct capture_health *h, enum health_group group,
                      const char *heading)
{
    for (size_t i = 0; i < health_row_count; i++) {
        const uint64_t count = health_value(h, &health_rows[i]);
        if (health_rows[i].group != group || !count)
            continue;
        if (heading)
            page_heading(page, heading);
        heading = NULL;
        put_row(page, count, &health_rows[i]);
    }
}

void text_commonest(struct text *out, const struct capture_health *health)
{
    const struct not_followed *most = &health->commonest;
    text_counted(out, most->frames, "frame", "frames");
    text_printf(out, most->link_type ? " of link type %u" : " behind EtherType 0x%04x", (unsigned)most->code);
}

static void put_commonest(struct page *page, const struct capture_health *h)
{
    if (!h->commonest.frames)
        return;
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Most of what was not followed: ");
    text_commonest(&t, h);
    text_char(&t, '.');
    page_field(page, INDENT, INDENT + 2, "-", buffer);
}

static void put_extent(struct page *page, const struct capture_health *h)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, h->frames, "frame", "frames");
    text_put(&t, " with ");
    text_counted(&t, h->bytes, "byte", "bytes");
    if (h->frames) {
        text_put(&t, ", ");
        text_time(&t, h->first_time, false);
        text_put(&t, " to ");
        text_time(&t, h->last_time, false);
    }
    text_char(&t, '.');
    page_field(page, INDENT, INDENT, "", buffer);
    t = text_over(buffer, sizeof buffer);
    text_counted(&t, h->connections, "TCP connection", "TCP connections");
    if (h->tls_connections) {
        text_put(&t, ", ");
        text_count(&t, h->tls_connections);
        text_put(&t, " with TLS");
    }
    text_char(&t, '.');
    page_field(page, INDENT, INDENT, "", buffer);
}

void summary_capture(struct page *page, const struct capture_health *health)
{
    page_heading(page, "Capture");
    put_extent(page, health);
    if (health->interrupted) {
        char buffer[80];
        struct text t = text_over(buffer, sizeof buffer);
        text_printf(&t, "The run was interrupted by %s.", health->interrupted);
        page_field(page, INDENT, INDENT, "", buffer);
    }
    if (capture_whole(health))
        page_field(page, INDENT, INDENT, "", "Nothing is known to be missing.");
    put_group(page, health, HEALTH_FRAMES, NULL);
    put_commonest(page, health);
    put_group(page, health, HEALTH_BYTES, NULL);
    put_group(page, health, HEALTH_ROOM, NULL);
    put_group(page, health, HEALTH_PARTS, "Not judged, or in part only");
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

/* What is neither a violation nor hidden. */
static void put_asides(struct text *out, const struct tally *tally, bool whole)
{
    if (tally->verdict[VERDICT_NOTHING_AGAINST]) {
        text_put(out, "; ");
        text_put(out, "nothing seen against ");
        text_counted(out, tally->verdict[VERDICT_NOTHING_AGAINST], "further verdict", "further verdicts");
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
    if (!whole)
        text_put(out, "; capture incomplete");
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
        return;
    }
    if (failed) {
        text_counted(out, failed, "violation", "violations");
        put_severities(out, tally);
    } else {
        text_put(out, hidden || unopposed || !whole ? "No violation seen" : "No violation");
    }
    text_put(out, " in ");
    text_counted(out, tally->handshakes, "handshake", "handshakes");
    if (tally->without_hello) {
        text_put(out, " and ");
        text_counted(out, tally->without_hello, "connection", "connections");
        text_put(out, " without a captured hello");
    }
    if (hidden) {
        text_put(out, "; ");
        text_counted(out, hidden, "verdict", "verdicts");
        text_put(out, " not observable");
    }
    put_asides(out, tally, whole);
    if (!failed && !hidden && !unopposed && whole && !tally->excepted && !tally->superseded) {
        text_put(out, ", everything was observable: compliant with ");
        text_put(out, profile_name(tally->profile));
    }
    text_char(out, '.');
}
