/* Says what was captured when nothing could be judged. */
#include "report/page.h"
#include "report/text_report.h"

/* The next part of the sentence. */
static void begin(struct text *out)
{
    if (out->p[out->n - 1] != ':')
        text_char(out, ',');
    text_char(out, ' ');
}

static void put_part(struct text *out, uint64_t count, const char *one, const char *many, const char *rest)
{
    if (!count)
        return;
    begin(out);
    text_counted(out, count, one, many);
    text_put(out, rest);
}

static void put_filter(struct text *out, const struct capture_health *h)
{
    if (!h->filtered)
        return;
    begin(out);
    text_put(out, "the filter let ");
    text_count(out, h->frames);
    text_put(out, " of ");
    text_counted(out, h->frames + h->filtered, "frame", "frames");
    text_put(out, " through");
}

static void put_scope(struct text *out, const struct capture_health *h, const struct input_names *names)
{
    if (!h->out_of_scope)
        return;
    put_part(out, h->out_of_scope, "TLS connection is", "TLS connections are", " outside the scope of ");
    if (names && names->config)
        text_safe(out, span_of(names->config, strlen(names->config)));
    else
        text_put(out, "the configuration");
    text_outside(out, h);
}

static void put_connections(struct text *out, const struct tally *tally, const struct capture_health *h)
{
    put_part(out, tally->handshakes, "handshake", "handshakes", " that gave no verdict");
    put_part(out, h->handshakes_in_progress, "handshake", "handshakes", " in progress");
    put_part(out, tally->without_hello, "connection", "connections",
             " without a captured hello that gave no verdict");
    put_part(out, h->tls_midstream, "TLS connection", "TLS connections",
             " already past the hello when the capture began");
    put_part(out, h->http_connections, "connection", "connections",
             tally->verdict[VERDICT_NOT_OBSERVABLE] ? " with HTTP in clear that gave no verdict"
                                                    : " with HTTP in clear and nothing in it to judge");
    if (!h->tls_connections && !h->tls_midstream && !h->http_connections && !tally->handshakes &&
        !h->handshakes_in_progress)
        put_part(out, h->connections, "TCP connection", "TCP connections", " without TLS");
}

static void put_frames(struct text *out, const struct capture_health *h)
{
    put_part(out, h->unknown_link, "frame", "frames", " of an unknown link type");
    put_part(out, h->not_followed, "frame", "frames", " behind an unknown EtherType");
    put_part(out, h->not_opened, "frame", "frames", " inside an unknown protocol of IP");
    put_part(out, h->malformed, "frame", "frames", " that could not be decoded");
    put_part(out, h->cut_frames, "frame", "frames", " cut within the headers");
    put_part(out, h->not_tcp_udp, "frame", "frames", " of other protocols");
    put_part(out, h->encrypted_frames, "frame", "frames", " that the link layer encrypts");
    if (!h->unknown_link && !h->not_followed && !h->not_opened && !h->encrypted_frames && !h->malformed &&
        !h->cut_frames && !h->not_tcp_udp)
        put_part(out, h->frames, "frame", "frames", " without TCP");
}

void text_nothing(struct text *out, const struct tally *tally, const struct capture_health *h,
                  const struct input_names *names)
{
    text_put(out, "Nothing was judged:");
    put_filter(out, h);
    if (!h->frames && !h->filtered)
        text_put(out, " no frame was read");
    if (h->restarts) {
        begin(out);
        text_put(out, "since the sensor was started again at ");
        text_time(out, h->restarted_at, false);
    }
    put_scope(out, h, names);
    put_connections(out, tally, h);
    if (!h->connections)
        put_frames(out, h);
    if (out->p[out->n - 1] == ':')
        text_put(out, " what was captured decides no rule");
    text_char(out, '.');
}
