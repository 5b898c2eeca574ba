#include "scrape/server.h"

#include "base/nanos.h"
#include "scrape/request.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    HEAD_BYTES = 512, /* of an answer */
    ACCEPT_PAUSE = 1, /* second, when the process has no descriptors left */
};

struct connection {
    int fd; /* -1: the place is free */
    int64_t deadline;
    uint8_t request[SCRAPE_REQUEST_BYTES];
    size_t got;
    char *answer; /* NULL: the request is not whole */
    size_t length, sent;
    bool done; /* the answer is sent, and the other side is to close */
};

struct scrape {
    int listener;
    scrape_page *page;
    void *context;
    struct connection of[SCRAPE_CONNECTIONS];
    struct scrape_counters counters;
    char *text; /* the page, as of `written` */
    size_t length;
    int64_t written;
    int64_t second; /* in which `taken` connections were taken */
    unsigned taken;
    int64_t accept_again;
};

int scrape_listen(const struct scrape_address *address)
{
    const int on = 1;
    const int fd = socket(address->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, &address->at.any, address->length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    const int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

struct scrape *scrape_new(int listener, scrape_page *page, void *context)
{
    struct scrape *s = calloc(1, sizeof *s);
    if (!s) {
        (void)close(listener);
        return NULL;
    }
    s->listener = listener;
    s->page = page;
    s->context = context;
    for (size_t i = 0; i < SCRAPE_CONNECTIONS; i++)
        s->of[i].fd = -1;
    return s;
}

static void leave(struct connection *c)
{
    (void)close(c->fd);
    free(c->answer);
    *c = (struct connection){.fd = -1};
}

void scrape_free(struct scrape *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SCRAPE_CONNECTIONS; i++)
        if (s->of[i].fd >= 0)
            leave(&s->of[i]);
    (void)close(s->listener);
    free(s->text);
    free(s);
}

/* When another connection may be taken. */
static int64_t next_accept(const struct scrape *s, int64_t now)
{
    const int64_t full = s->taken < SCRAPES_PER_SECOND ? now : s->second + NANOS_PER_SECOND;
    return s->accept_again > full ? s->accept_again : full;
}

static short wanted(const struct connection *c)
{
    return c->answer && !c->done ? POLLOUT : POLLIN;
}

size_t scrape_wait_for(const struct scrape *s, struct pollfd *fds, int64_t *until, int64_t now)
{
    size_t count = 0;
    const int64_t accept_at = next_accept(s, now);
    if (accept_at <= now)
        fds[count++] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    else if (accept_at < *until)
        *until = accept_at;
    for (size_t i = 0; i < SCRAPE_CONNECTIONS; i++) {
        const struct connection *c = &s->of[i];
        if (c->fd < 0)
            continue;
        fds[count++] = (struct pollfd){.fd = c->fd, .events = wanted(c)};
        if (c->deadline < *until)
            *until = c->deadline;
    }
    return count;
}

/* A place for a connection: a free one, or that of the oldest. */
static struct connection *place(struct scrape *s)
{
    struct connection *oldest = &s->of[0];
    for (size_t i = 0; i < SCRAPE_CONNECTIONS; i++) {
        if (s->of[i].fd < 0)
            return &s->of[i];
        if (s->of[i].deadline < oldest->deadline)
            oldest = &s->of[i];
    }
    s->counters.gave_way++;
    leave(oldest);
    return oldest;
}

static void take_connections(struct scrape *s, int64_t now)
{
    if (now - s->second >= NANOS_PER_SECOND) {
        s->second = now;
        s->taken = 0;
    }
    for (unsigned n = 0; n < SCRAPE_CONNECTIONS && next_accept(s, now) <= now; n++) {
        const int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0) { /* it went away, or there is no room: that would be told again at once */
            s->accept_again = errno == ECONNABORTED ? 0 : now + ACCEPT_PAUSE * NANOS_PER_SECOND;
            return;
        }
        struct connection *c = place(s);
        c->fd = fd;
        c->deadline = now + SCRAPE_SECONDS * NANOS_PER_SECOND;
        s->taken++;
    }
}

/* The page is the same for all who ask within a second, so that asking often costs little. */
static bool write_page(struct scrape *s, int64_t now)
{
    if (s->text && now - s->written < NANOS_PER_SECOND)
        return true;
    char *room = s->text ? s->text : malloc(SCRAPE_PAGE_BYTES);
    if (!room)
        return false;
    struct text t = text_over(room, SCRAPE_PAGE_BYTES);
    s->page(s->context, &t);
    s->text = room;
    s->length = t.n;
    s->written = now;
    return true;
}

static const char *status_line(enum scrape_request request)
{
    switch (request) {
    case SCRAPE_GET:
    case SCRAPE_HEAD:
        return "200 OK";
    case SCRAPE_NOT_FOUND:
        return "404 Not Found";
    case SCRAPE_NOT_ALLOWED:
        return "405 Method Not Allowed";
    case SCRAPE_UNFINISHED: /* and longer than it may be */
        return "431 Request Header Fields Too Large";
    case SCRAPE_NOT_HTTP:
        break;
    }
    return "400 Bad Request";
}

/* False: there is no memory. */
static bool answer(struct scrape *s, struct connection *c, enum scrape_request request, int64_t now)
{
    static const char elsewhere[] = "The metrics of utwatch are at /metrics.\n";
    const bool page = request == SCRAPE_GET || request == SCRAPE_HEAD;
    if (page && !write_page(s, now))
        return false;
    const struct span body = page ? span_of(s->text, s->length) : span_of_text(elsewhere);
    c->answer = malloc(HEAD_BYTES + body.n);
    if (!c->answer)
        return false;
    struct text t = text_over(c->answer, HEAD_BYTES + body.n);
    text_printf(&t, "HTTP/1.1 %s\r\nContent-Type: text/plain; %scharset=utf-8\r\nContent-Length: %zu\r\n",
                status_line(request), page ? "version=0.0.4; " : "", body.n);
    text_printf(&t, "%sConnection: close\r\nCache-Control: no-store\r\n\r\n",
                request == SCRAPE_NOT_ALLOWED ? "Allow: GET, HEAD\r\n" : "");
    if (request != SCRAPE_HEAD)
        text_bytes(&t, body.p, body.n);
    c->length = t.n;
    s->counters.requests++;
    return true;
}

/* False: the connection is over. */
static bool receive(struct scrape *s, struct connection *c, int64_t now)
{
    const ssize_t n = recv(c->fd, c->request + c->got, sizeof c->request - c->got, 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    c->got += (size_t)n;
    const enum scrape_request request = scrape_request(span_of(c->request, c->got));
    return (request == SCRAPE_UNFINISHED && c->got < sizeof c->request) || answer(s, c, request, now);
}

static bool send_on(struct connection *c)
{
    const ssize_t n = send(c->fd, c->answer + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->sent += (size_t)n;
    c->done = c->sent == c->length;
    return !c->done || shutdown(c->fd, SHUT_WR) == 0;
}

/* Closed while bytes wait to be read, the connection would be reset, and with it what was sent. */
static bool wait_for_end(struct connection *c)
{
    const ssize_t n = recv(c->fd, c->request, sizeof c->request, 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool go_on(struct scrape *s, struct connection *c, int64_t now)
{
    if (now >= c->deadline) {
        s->counters.cut_off++;
        return false;
    }
    if (!c->answer && !receive(s, c, now))
        return false;
    if (c->answer && !c->done)
        return send_on(c);
    return !c->done || wait_for_end(c);
}

void scrape_work(struct scrape *s, int64_t now)
{
    take_connections(s, now);
    for (size_t i = 0; i < SCRAPE_CONNECTIONS; i++)
        if (s->of[i].fd >= 0 && !go_on(s, &s->of[i], now))
            leave(&s->of[i]);
}

struct scrape_counters scrape_counters(const struct scrape *s)
{
    return s->counters;
}
