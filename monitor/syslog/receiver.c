#include "syslog/receiver_parts.h"

#include "base/limits.h"
#include "base/nanos.h"
#include "base/siphash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MILLISECOND  (INT64_C(1000000))
#define RETRY_FIRST  (RECEIVER_RETRY_MS * MILLISECOND)
#define RETRY_MOST   (RECEIVER_RETRY_MOST_SECONDS * NANOS_PER_SECOND)
#define PROVEN       (RECEIVER_PROVEN_SECONDS * NANOS_PER_SECOND)
#define BURST_TIME   (10 * MILLISECOND)
#define LOOKUP_CHECK (20 * MILLISECOND)

enum {
    PACE = 64,        /* datagrams in BURST_TIME: UDP drops what a receiver's buffer does not hold */
    BATCHES = 8,      /* of OUT_BYTES in one call of receiver_work(), for the sake of the other outputs */
    FRAME_BYTES = 64, /* that framing adds to a message at most */
};

/* A file name from the address, with a checksum of what a file name cannot show. */
static void name_spool(const char *address, char *name, size_t bytes)
{
    enum { SHOWN = 40 };
    static const struct siphash_key key = {0, 0};
    struct text t = text_over(name, bytes);
    for (const char *p = address; *p && t.n < SHOWN; p++) {
        const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        text_char(&t, plain ? *p : '_');
    }
    text_printf(&t, "-%08x", (unsigned)(siphash(&key, span_of_text(address)) & 0xffffffff));
}

struct receiver *receiver_new(const struct receiver_config *config, char *error, size_t error_bytes)
{
    struct receiver *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    char name[64];
    name_spool(config->address.text, name, sizeof name);
    r->config = *config;
    r->retry_after = RETRY_FIRST;
    r->window.grace = config->address.transport == SYSLOG_UDP ? DATAGRAM_MS * MILLISECOND
                                                              : WINDOW_SECONDS * NANOS_PER_SECOND;
    r->connection = (struct connection){.address = &r->config.address,
                                        .tls = config->tls,
                                        .tls_name = config->tls_name,
                                        .stream = {.fd = -1}};
    r->spool = spool_open(config->folder, name, config->cap, error, error_bytes);
    if (r->spool)
        return r;
    free(r);
    return NULL;
}

const char *receiver_spool_name(const struct receiver *r)
{
    return spool_name(r->spool);
}

void receiver_free(struct receiver *r)
{
    if (!r)
        return;
    connection_lose(&r->connection, NULL);
    spool_close(r->spool);
    free(r);
}

void receiver_take(struct receiver *r, unsigned class, struct span message)
{
    (void)spool_put(r->spool, class, message);
}

static int64_t back_off(struct receiver *r, int64_t now)
{
    const int64_t until = now + r->retry_after;
    r->retry_after = r->retry_after * 2 < RETRY_MOST ? r->retry_after * 2 : RETRY_MOST;
    return until;
}

/* What was sent and has not arrived is sent again. */
static void start_over(struct receiver *r, int64_t now)
{
    r->proven = r->finished = false;
    r->failures++;
    r->out_at = r->out_n = 0;
    r->last_sent = 0;
    r->up_since = 0;
    r->window.count = 0;
    relp_window_open(&r->relp);
    r->again_at = 0;
    spool_rewind(r->spool);
    r->retry_at = back_off(r, now);
}

static void lose(struct receiver *r, const char *why, int64_t now)
{
    connection_lose(&r->connection, why);
    start_over(r, now);
}

static void prove(struct receiver *r)
{
    r->proven = true;
    r->failures = 0;
    r->retry_after = RETRY_FIRST;
}

static void arrived(struct receiver *r, uint64_t number)
{
    if (number == 0)
        return;
    spool_done(r->spool, number);
    prove(r);
}

/* What it refuses stays in the spool and is sent again after a while, for the reason may go: a full disk, a
 * database that is away. What it refuses again and again, while it accepts others, would hold up all that
 * come after it. */
static void send_again(struct receiver *r, int64_t now)
{
    const uint64_t hopeless = relp_window_begin_again(&r->relp);
    r->refuses = true;
    r->counters.refused += hopeless != 0;
    arrived(r, hopeless);
    spool_rewind(r->spool);
    r->again_at = back_off(r, now);
}

/* RELP answers may come in any order. */
static bool take_answer(struct receiver *r, const struct relp_answer *a)
{
    if (a->closes)
        return false;
    if (!a->is_response)
        return true;
    const bool accepted = a->code == 200;
    relp_window_answer(&r->relp, a->transaction, accepted);
    if (!accepted) {
        struct text t = text_over(r->refusal, sizeof r->refusal);
        text_safe(&t, a->data);
    }
    arrived(r, relp_window_arrived(&r->relp));
    return true;
}

static bool take_answers(struct receiver *r, struct span bytes)
{
    struct relp_answer answer;
    while (bytes.n)
        switch (relp_read(&r->connection.answers, &bytes, &answer)) {
        case RELP_MORE:
            return true;
        case RELP_BROKEN:
            connection_lose(&r->connection, "its answer is not RELP");
            return false;
        case RELP_ANSWER:
            if (take_answer(r, &answer))
                break;
            connection_lose(&r->connection, "it closes the connection");
            return false;
        }
    return true;
}

/* Everything that was sent has been read: the receiver closed after we had, without an error. */
static void finish(struct receiver *r)
{
    arrived(r, r->last_sent);
    connection_lose(&r->connection, NULL);
    r->ended = true;
}

/* What the receiver says, and above all whether it is still there: a send() into a connection that it has
 * closed would seem to succeed. */
static void hear(struct receiver *r, int64_t now)
{
    uint8_t buffer[4096];
    size_t got;
    enum stream_result result;
    while ((result = stream_read(&r->connection.stream, buffer, sizeof buffer, &got)) == STREAM_OK)
        if (syslog_is_relp(&r->config.address) && !take_answers(r, span_of(buffer, got))) {
            start_over(r, now);
            return;
        }
    if (result == STREAM_END && r->finished)
        finish(r);
    else if (result == STREAM_END &&
             !syslog_is_datagram(&r->config.address)) /* an empty datagram says nothing */
        lose(r, "it closed the connection", now);
    else if (result == STREAM_FAILED)
        lose(r, r->connection.stream.error, now);
}

/* The frame of one message into out[]. False: it is with the receiver already. */
static bool put_frame(struct receiver *r, const struct spool_message *m)
{
    struct text t = text_over((char *)r->out + r->out_n, OUT_BYTES - r->out_n);
    if (syslog_is_relp(&r->config.address)) {
        const uint32_t transaction = relp_window_put(&r->relp, m->number);
        if (!transaction)
            return false;
        relp_write(&t, transaction, "syslog", m->bytes);
    } else {
        text_printf(&t, "%zu ", m->bytes.n); /* RFC 6587 3.4.1, RFC 5425 4.3 */
        text_bytes(&t, m->bytes.p, m->bytes.n);
    }
    r->out_n += t.n;
    r->last_out = m->number;
    return true;
}

static void count_sent(struct receiver *r, uint64_t number)
{
    spool_took(r->spool);
    r->counters.sent++;
    r->counters.resent += number <= r->highest;
    if (number > r->highest)
        r->highest = number;
}

static bool fill(struct receiver *r, int64_t now)
{
    struct spool_message m;
    const bool relp = syslog_is_relp(&r->config.address);
    r->out_at = r->out_n = 0;
    if (now < r->again_at)
        return false;
    while ((!relp || relp_window_has_room(&r->relp)) && spool_peek(r->spool, &m) &&
           OUT_BYTES - r->out_n > m.bytes.n + FRAME_BYTES) {
        if (put_frame(r, &m))
            count_sent(r, m.number);
        else
            spool_took(r->spool);
    }
    if (relp)
        arrived(r, relp_window_arrived(&r->relp));
    return r->out_n > 0;
}

static void send_stream(struct receiver *r, int64_t now)
{
    struct stream *s = &r->connection.stream;
    for (int batch = 0; batch < BATCHES && (r->out_at < r->out_n || fill(r, now)); batch++) {
        size_t put;
        const enum stream_result result =
            stream_write(s, span_of(r->out + r->out_at, r->out_n - r->out_at), &put);
        r->out_at += put;
        if (result == STREAM_WAIT)
            return;
        if (result != STREAM_OK) {
            lose(r, result == STREAM_END ? "it closed the connection" : s->error, now);
            return;
        }
        if (r->out_at < r->out_n)
            continue;
        r->last_sent = r->last_out;
        if (!syslog_is_relp(&r->config.address))
            window_sent(&r->window, r->last_sent, s->written, now);
    }
    s->wants_room |= r->out_at < r->out_n;
}

/* A local socket that accepts no more has a receiver that hangs; the message waits in the spool. */
static void send_datagrams(struct receiver *r, int64_t now)
{
    struct stream *s = &r->connection.stream;
    struct spool_message m;
    if (now - r->burst_at >= BURST_TIME) {
        r->burst_at = now;
        r->burst = PACE;
    }
    for (; r->burst && spool_peek(r->spool, &m); r->burst--) {
        size_t put;
        const enum stream_result result = stream_write(s, m.bytes, &put);
        if (result == STREAM_WAIT)
            return;
        if (result != STREAM_OK) {
            lose(r, s->error, now);
            return;
        }
        r->last_sent = m.number;
        count_sent(r, m.number);
        window_sent(&r->window, m.number, s->written, now);
    }
}

/* How much is with the receiver, as far as the kernel knows. A local socket tells only that it is empty, and
 * one of UDP nothing. */
static uint64_t position(const struct receiver *r, size_t unread)
{
    const uint64_t written = r->connection.stream.written;
    switch (r->config.address.transport) {
    case SYSLOG_UDP:
        return written;
    case SYSLOG_UNIX:
        return unread ? 0 : written;
    default:
        return written - unread;
    }
}

/* What can be said about it without an acknowledgement. */
static void note_arrivals(struct receiver *r, int64_t now)
{
    if (r->window.count == 0)
        return;
    const uint64_t at = position(r, stream_unacknowledged(&r->connection.stream));
    arrived(r, window_arrived(&r->window, at, now));
}

static bool has_something_to_send(struct receiver *r)
{
    struct spool_message m;
    return r->out_at < r->out_n || spool_peek(r->spool, &m);
}

static void say_goodbye(struct receiver *r)
{
    char buffer[FRAME_BYTES];
    struct text t = text_over(buffer, sizeof buffer);
    size_t put;
    relp_write(&t, r->relp.next, "close", span_of(NULL, 0));
    (void)stream_write(&r->connection.stream, span_of(t.p, t.n), &put);
}

/* When everything is sent: RELP waits for its answers, a stream is closed from our side, and when the
 * receiver does the same it has read everything. */
static void end_in_order(struct receiver *r)
{
    if (has_something_to_send(r) || r->relp.count)
        return;
    if (syslog_is_datagram(&r->config.address)) {
        const bool udp = r->config.address.transport == SYSLOG_UDP;
        if (udp ? r->window.count == 0 : stream_unacknowledged(&r->connection.stream) == 0)
            finish(r);
        return;
    }
    if (!r->finished) {
        if (syslog_is_relp(&r->config.address))
            say_goodbye(r);
        stream_finish(&r->connection.stream);
        r->finished = true;
    }
    if (spool_counters(r->spool).kept == 0)
        finish(r);
}

static void work_connected(struct receiver *r, int64_t now)
{
    hear(r, now);
    if (r->connection.at == AT_WORK)
        note_arrivals(r, now);
    if (r->connection.at == AT_WORK && relp_window_is_settled(&r->relp))
        send_again(r, now);
    if (r->refuses && !r->relp.refusing && now - r->again_at >= PROVEN)
        r->refuses = false;
    if (r->connection.at == AT_WORK && !r->finished) {
        if (syslog_is_datagram(&r->config.address))
            send_datagrams(r, now);
        else
            send_stream(r, now);
    }
    if (r->connection.at == AT_WORK && !r->proven && now - r->up_since >= PROVEN)
        prove(r);
    if (r->connection.at == AT_WORK && r->ending)
        end_in_order(r);
}

static void begin_work(struct receiver *r, int64_t now)
{
    r->counters.connected++;
    r->up_since = now;
    relp_window_open(&r->relp);
}

void receiver_work(struct receiver *r, int64_t now)
{
    struct connection *c = &r->connection;
    if (r->ending && c->at == AT_REST && spool_counters(r->spool).kept == 0)
        r->ended = true;
    if (r->ended || (c->at == AT_REST && now < r->retry_at))
        return;
    if (c->at == AT_REST)
        connection_begin(c, now);
    connection_advance(c, now);
    if (c->at == AT_REST)
        start_over(r, now);
    if (c->at != AT_WORK)
        return;
    if (r->up_since == 0)
        begin_work(r, now);
    work_connected(r, now);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When there is something to do that no descriptor will tell. */
static int64_t due(struct receiver *r, int64_t now)
{
    int64_t until = now + NANOS_PER_SECOND;
    if (!r->proven)
        until = sooner(until, r->up_since + PROVEN);
    if (r->window.count)
        until = sooner(until, window_due(&r->window, now));
    if (r->ending && r->config.address.transport == SYSLOG_UNIX)
        until = sooner(until, now + BURST_TIME);
    if (r->finished || r->connection.stream.wants_room || !has_something_to_send(r))
        return until;
    if (syslog_is_datagram(&r->config.address))
        return sooner(until, r->burst ? now : r->burst_at + BURST_TIME);
    if (now < r->again_at)
        return sooner(until, r->again_at);
    return relp_window_has_room(&r->relp) ? now : until;
}

bool receiver_wait_for(struct receiver *r, struct pollfd *fd, int64_t *until, int64_t now)
{
    const struct connection *c = &r->connection;
    if (r->ended)
        return false;
    if (c->at == AT_REST || c->at == AT_LOOKUP) {
        *until = sooner(*until, c->at == AT_REST ? r->retry_at : now + LOOKUP_CHECK);
        return false;
    }
    *until = sooner(*until, c->at == AT_WORK ? due(r, now) : c->deadline);
    *fd =
        (struct pollfd){.fd = c->stream.fd, .events = (short)(POLLIN | (c->stream.wants_room ? POLLOUT : 0))};
    return true;
}

void receiver_end(struct receiver *r)
{
    r->ending = true;
}

bool receiver_has_ended(const struct receiver *r)
{
    return r->ended;
}

struct receiver_counters receiver_sent(const struct receiver *r)
{
    return r->counters;
}

struct spool_counters receiver_spool(const struct receiver *r)
{
    return spool_counters(r->spool);
}

const char *receiver_trouble(const struct receiver *r)
{
    return spool_trouble(r->spool);
}

bool receiver_refuses(const struct receiver *r)
{
    return r->refuses;
}

const char *receiver_name(const struct receiver *r)
{
    return r->config.address.text;
}

bool receiver_is_connected(const struct receiver *r)
{
    return r->connection.at == AT_WORK;
}
