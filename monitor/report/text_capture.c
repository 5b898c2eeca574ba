#include "report/names.h"
#include "report/text_report.h"
#include "report/text_summary.h"

#define INDENT 2

/* A sentence about a counter, when there is anything to say. */
static void put_sentence(struct page *page, uint64_t count, const char *one, const char *many,
                         const char *rest)
{
    if (!count)
        return;
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, count, one, many);
    text_put(&t, rest);
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

static void put_lost_frames(struct page *page, const struct capture_health *h)
{
    put_sentence(page, h->broken_inputs, "input", "inputs", " could not be read to the end.");
    put_sentence(page, h->dropped, "frame was", "frames were",
                 " dropped by the kernel before they were read.");
    put_sentence(page, h->cut_frames + h->truncated_segments, "frame was", "frames were",
                 " cut by the snap length; capture whole frames.");
    put_sentence(page, h->malformed, "frame", "frames", " could not be decoded.");
    put_sentence(page, h->too_deep, "frame was", "frames were", " wrapped too deep to be followed.");
    put_sentence(page, h->unknown_link, "frame had", "frames had", " an unknown link type.");
    put_sentence(page, h->fragments_lost, "fragmented datagram", "fragmented datagrams",
                 " could not be put together.");
}

static void put_lost_bytes(struct page *page, const struct capture_health *h)
{
    if (h->gaps) {
        char rest[96];
        struct text t = text_over(rest, sizeof rest);
        text_put(&t, " in the TCP streams, ");
        text_counted(&t, h->gap_bytes, "byte", "bytes");
        text_put(&t, " lost.");
        put_sentence(page, h->gaps, "gap", "gaps", rest);
    }
    put_sentence(page, h->conflicts, "segment", "segments",
                 " repeated bytes with other content; the first copy was judged.");
    put_sentence(page, h->outside_window, "segment had", "segments had",
                 " sequence numbers that cannot belong to the connection.");
    put_sentence(page, h->desynchronised, "time", "times",
                 " the next TLS record was not where it had to be.");
    put_sentence(page, h->messages_malformed, "handshake message", "handshake messages",
                 " could not be parsed.");
    put_sentence(page, h->messages_too_long, "handshake message was", "handshake messages were",
                 " longer than what is kept.");
}

static void put_given_up(struct page *page, const struct capture_health *h)
{
    put_sentence(page, h->connections_evicted, "connection was", "connections were",
                 " given up because the table of connections was full.");
    put_sentence(page, h->handshakes_evicted, "handshake was", "handshakes were",
                 " given up because too many were in progress.");
    put_sentence(page, h->sessions_evicted, "session was", "sessions were",
                 " forgotten because the memory was full.");
    put_sentence(page, h->sessions_damaged, "session of the state file was",
                 "sessions of the state file were", " damaged and forgotten.");
    put_sentence(page, h->sessions_unanswered, "question", "questions",
                 " to other sensors had no answer in time: those sessions count as not known there.");
    put_sentence(page, h->sessions_untold, "session", "sessions", " could not be told to other sensors.");
    put_sentence(page, h->clock_set, "time", "times",
                 " the capture's clock went back; ages of sessions across that are lower bounds.");
    put_sentence(page, h->messages_without_room, "handshake message", "handshake messages",
                 " found no free buffer.");
}

static void put_unjudged(struct page *page, const struct capture_health *h)
{
    if (!(h->tls_midstream | h->connections_midstream | h->connections_one_direction |
          h->not_tls_connections | h->renegotiations))
        return;
    page_heading(page, "Not judged, or in part only");
    put_sentence(page, h->connections_midstream, "connection", "connections", " started before the capture.");
    put_sentence(page, h->tls_midstream, "TLS connection was", "TLS connections were",
                 " past the hello when the capture began: the handshake is not in it.");
    put_sentence(page, h->connections_one_direction, "connection", "connections",
                 " showed one direction only: what the other side said is unknown.");
    put_sentence(page, h->renegotiations, "handshake record", "handshake records",
                 " of later handshakes inside encrypted connections cannot be read.");
    put_sentence(page, h->not_tls_connections, "connection", "connections",
                 " carried something else than TLS.");
}

void summary_capture(struct page *page, const struct capture_health *health)
{
    page_heading(page, "Capture");
    put_extent(page, health);
    if (capture_whole(health))
        page_field(page, INDENT, INDENT, "", "Nothing is known to be missing.");
    put_lost_frames(page, health);
    put_lost_bytes(page, health);
    put_given_up(page, health);
    put_unjudged(page, health);
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
        text_put(out, severity_name((enum severity)s));
    }
    text_char(out, ')');
}

void text_overall(struct text *out, const struct tally *tally, const struct capture_health *health)
{
    const uint64_t failed = tally->verdict[VERDICT_FAIL];
    const uint64_t hidden = tally->verdict[VERDICT_NOT_OBSERVABLE];
    const bool whole = capture_whole(health);
    const bool nothing = !failed && !hidden && !tally->verdict[VERDICT_PASS];
    if (tally->handshakes == 0 && nothing) {
        text_put(out, "No TLS handshake was seen: nothing was judged.");
        return;
    }
    if (failed) {
        text_counted(out, failed, "violation", "violations");
        put_severities(out, tally);
    } else {
        text_put(out, hidden || !whole ? "No violation seen" : "No violation");
    }
    text_put(out, " in ");
    text_counted(out, tally->handshakes, "handshake", "handshakes");
    if (hidden) {
        text_put(out, "; ");
        text_counted(out, hidden, "verdict", "verdicts");
        text_put(out, " not observable");
    }
    if (tally->excepted) {
        text_put(out, "; ");
        text_counted(out, tally->excepted, "breach", "breaches");
        text_put(out, " excepted by the configuration");
    }
    if (!whole)
        text_put(out, "; capture incomplete");
    if (!failed && !hidden && whole && !tally->excepted) {
        if (tally->verdict[VERDICT_PASS]) {
            text_put(out, ", everything was observable: compliant with ");
            text_put(out, profile_name(tally->profile));
        } else {
            text_put(out, "; no rule applied");
        }
    }
    text_char(out, '.');
}
