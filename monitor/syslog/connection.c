#include "syslog/connection.h"

#include "base/limits.h"
#include "base/nanos.h"
#include "syslog/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/un.h>

#define STEP_PATIENCE                                                                                        \
    (RECEIVER_STEP_SECONDS * NANOS_PER_SECOND) /* for each: look-up, connect, TLS, RELP's open */

void connection_lose(struct connection *c, const char *why)
{
    if (why)
        (void)snprintf(c->why, sizeof c->why, "%s", why);
    stream_close(&c->stream);
    lookup_free(c->lookup);
    c->lookup = NULL;
    c->next = NULL;
    c->at = AT_REST;
}

static void step(struct connection *c, enum connection_at at, int64_t now)
{
    c->at = at;
    c->deadline = now + STEP_PATIENCE;
}

static void begin_open(struct connection *c, int64_t now)
{
    if (!syslog_is_relp(c->address)) {
        c->at = AT_WORK;
        return;
    }
    char buffer[160];
    struct text t = text_over(buffer, sizeof buffer);
    relp_write(&t, 1, "open", span_of_text(relp_offers));
    size_t put;
    c->answers = (struct relp_reader){0};
    /* A new connection has room for so few bytes. */
    if (stream_write(&c->stream, span_of(t.p, t.n), &put) != STREAM_OK || put != t.n)
        connection_lose(c, c->stream.error[0] ? c->stream.error : "it takes no bytes");
    else
        step(c, AT_OPEN, now);
}

static void begin_tls(struct connection *c, int64_t now)
{
    if (syslog_has_tls(c->address))
        step(c, AT_TLS, now);
    else
        begin_open(c, now);
}

/* The next address that can be connected to; if there is none, `why` is that of the last one. */
static void try_next(struct connection *c, int64_t now)
{
    const int kind = syslog_is_datagram(c->address) ? SOCK_DGRAM : SOCK_STREAM;
    while (c->next) {
        const struct addrinfo *to = c->next;
        c->next = to->ai_next;
        switch (stream_open(&c->stream, to->ai_addr, to->ai_addrlen, kind)) {
        case STREAM_OK:
            begin_tls(c, now);
            return;
        case STREAM_WAIT:
            step(c, AT_CONNECT, now);
            return;
        case STREAM_END:
        case STREAM_FAILED:
            (void)snprintf(c->why, sizeof c->why, "%s", c->stream.error);
            stream_close(&c->stream);
            break;
        }
    }
    connection_lose(c, NULL);
}

static void connect_unix(struct connection *c)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, c->address->host, sizeof to.sun_path - 1); /* a longer path was not accepted */
    if (stream_open(&c->stream, (const struct sockaddr *)&to, sizeof to, SOCK_DGRAM) == STREAM_OK)
        c->at = AT_WORK;
    else
        connection_lose(c, c->stream.error);
}

void connection_begin(struct connection *c, int64_t now)
{
    c->stream = (struct stream){.fd = -1};
    if (c->address->transport == SYSLOG_UNIX) {
        connect_unix(c);
        return;
    }
    c->lookup = lookup_new(c->address->host, c->address->port,
                           syslog_is_datagram(c->address) ? SOCK_DGRAM : SOCK_STREAM);
    if (c->lookup)
        step(c, AT_LOOKUP, now);
    else
        connection_lose(c, "its name cannot be looked up");
}

static void look_up(struct connection *c, int64_t now)
{
    const char *why;
    if (!lookup_ended(c->lookup, &c->next, &why))
        return;
    if (c->next)
        try_next(c, now);
    else
        connection_lose(c, why);
}

static void connect_stream(struct connection *c, int64_t now)
{
    switch (stream_connected(&c->stream)) {
    case STREAM_OK:
        begin_tls(c, now);
        break;
    case STREAM_WAIT:
        break;
    case STREAM_END:
    case STREAM_FAILED:
        (void)snprintf(c->why, sizeof c->why, "%s", c->stream.error);
        stream_close(&c->stream);
        try_next(c, now);
        break;
    }
}

static void secure(struct connection *c, int64_t now)
{
    switch (stream_secure(&c->stream, c->tls, c->tls_name ? c->tls_name : c->address->host)) {
    case STREAM_OK:
        begin_open(c, now);
        break;
    case STREAM_WAIT:
        break;
    case STREAM_END:
    case STREAM_FAILED:
        connection_lose(c, c->stream.error);
        break;
    }
}

/* The answer to "open" is the only one until we send more. */
static void open_relp(struct connection *c)
{
    uint8_t buffer[512];
    size_t got;
    const enum stream_result result = stream_read(&c->stream, buffer, sizeof buffer, &got);
    if (result == STREAM_WAIT)
        return;
    if (result != STREAM_OK) {
        connection_lose(c, result == STREAM_END ? "it closed the connection instead of opening RELP"
                                                : c->stream.error);
        return;
    }
    struct span bytes = span_of(buffer, got);
    struct relp_answer answer;
    switch (relp_read(&c->answers, &bytes, &answer)) {
    case RELP_MORE:
        break;
    case RELP_BROKEN:
        connection_lose(c, "it does not speak RELP");
        break;
    case RELP_ANSWER:
        if (!answer.is_response || answer.transaction != 1 || answer.code != 200 || bytes.n)
            connection_lose(c, "it does not open RELP");
        else if (!relp_takes_syslog(answer.data))
            connection_lose(c, "its RELP has no command for messages");
        else
            c->at = AT_WORK;
        break;
    }
}

void connection_advance(struct connection *c, int64_t now)
{
    enum connection_at before;
    do {
        before = c->at;
        switch (c->at) {
        case AT_LOOKUP:
            look_up(c, now);
            break;
        case AT_CONNECT:
            connect_stream(c, now);
            break;
        case AT_TLS:
            secure(c, now);
            break;
        case AT_OPEN:
            open_relp(c);
            break;
        case AT_REST:
        case AT_WORK:
            return;
        }
    } while (c->at != before);
    if (now < c->deadline)
        return;
    if (c->at == AT_CONNECT) {
        (void)snprintf(c->why, sizeof c->why, "it does not answer");
        stream_close(&c->stream);
        try_next(c, now);
    } else {
        connection_lose(c, c->at == AT_LOOKUP ? "its name is not resolved" : "it does not answer");
    }
}
