/* Does the http layer pair requests with answers however the bytes arrive, and say what it could not follow?
 */
#include "http/http.h"
#include "wire/xcap_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct http *http;
static uint32_t slot;
static const struct whence where = {.time = 1, .frame_number = 7};
static const struct http_exchange *last;

static void take_last(void)
{
    for (const struct http_exchange *e; (e = http_exchange(http, slot));)
        last = e;
}

static int open_one(void **state)
{
    (void)state;
    http = http_new(8);
    assert_non_null(http);
    slot = http_open(http, &(struct http_connection){0}, NULL);
    assert_int_not_equal(slot, 0);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    http_free(http);
    return 0;
}

/* Feeds a text in pieces; returns how many exchanges became complete. */
static unsigned feed(bool from_client, const char *text, size_t piece)
{
    unsigned complete = 0;
    struct span rest = span_of(text, strlen(text));
    while (rest.n) {
        struct span part = span_head(rest, piece);
        rest = span_skip(rest, part.n);
        while (http_feed(http, slot, from_client ? CLIENT : SERVER, &part, &where)) {
            complete++;
            take_last();
        }
    }
    return complete;
}

#define DOCUMENT "/simservs.ngn.etsi.org/users/sip%3aA@example.org/simservs.xml"
static const char get[] = "GET " DOCUMENT " HTTP/1.1\r\nHost: xcap.example.org\r\n"
                          "X-3GPP-Intended-Identity: \"sip:a@example.org\"\r\nUser-Agent: x 3gpp-gba\r\n\r\n";
static const char asks[] =
    "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"3GPP-bootstrapping@naf\", nonce=x\r\n"
    "Content-Length: 3\r\n\r\nabc";

static void any_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 200; piece += 7) {
        http_free(http);
        open_one(NULL);
        assert_int_equal(feed(true, get, piece), 0);
        assert_int_equal(feed(false, asks, piece), 1);
        const struct http_exchange *e = last;
        assert_int_equal(e->method, HTTP_GET);
        assert_int_equal(e->status, 401);
        assert_true(e->xcap && e->user_document && e->challenge && e->gba_realm);
        assert_int_equal(e->owner, OWNER_SAME);
        assert_int_equal(e->damage, 0);
        assert_int_equal(feed(true, get, piece), 0);
        assert_int_equal(
            feed(false,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n0\r\nT: t\r\n\r\n",
                 piece),
            1);
        assert_false(last->known_user);
    }
}

/* A challenge tells the server nothing of the user, nor do credentials that it refuses. */
static void credentials_make_a_user_known(void **state)
{
    (void)state;
    static const char with[] = "GET /a HTTP/1.1\r\nAuthorization: Digest username=\"u\"\r\n\r\n";
    static const struct {
        const char *answer;
        bool known;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        feed(true, with, 1000);
        assert_int_equal(feed(false, cases[i].answer, 1000), 1);
        feed(true, get, 1000);
        assert_int_equal(feed(false, cases[0].answer, 1000), 1);
        assert_int_equal(last->known_user, cases[i].known);
    }
}

/* RFC 9113 3.4: the preface, and a SETTINGS frame of either side. */
static void http2_is_a_request(void **state)
{
    (void)state;
    assert_int_equal(feed(true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 5), 0);
    struct span settings = span_of("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15);
    assert_false(http_feed(http, slot, SERVER, &settings, &where));
    const struct http_connection *c = http_connection(http, slot);
    assert_int_equal(c->count.requests, 1);
    assert_int_equal(c->count.answers, 0);
    assert_false(c->damage);
    assert_null(http_unanswered(http, slot));
}

static bool feed_octets(enum side who, struct span octets, size_t piece)
{
    bool complete = false;
    while (octets.n) {
        struct span part = span_head(octets, piece);
        octets = span_skip(octets, part.n);
        complete |= http_feed(http, slot, who, &part, &where);
        take_last();
    }
    return complete;
}

/* RFC 9113 6.2, 6.10: a head in HEADERS, with padding, and CONTINUATION, and its answer, in any pieces. */
static void http2_heads(void **state)
{
    (void)state;
    static const char asked[] = "\0\0\0\4\0\0\0\0\0"
                                "\0\0\6\1\x9\0\0\0\1\2\x82\x86\4\0\0"
                                "\0\0\x1b\x9\4\0\0\0\1\x1a/resource-lists/users/a/in";
    static const char answered[] = "\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\x8d";
    for (size_t piece = 1; piece < 50; piece += 3) {
        http_free(http);
        open_one(NULL);
        assert_int_equal(feed(true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", piece), 0);
        assert_false(feed_octets(CLIENT, span_of(asked, sizeof asked - 1), piece));
        assert_true(feed_octets(SERVER, span_of(answered, sizeof answered - 1), piece));
        const struct http_exchange *e = last;
        assert_int_equal(e->method, HTTP_GET);
        assert_int_equal(e->status, 404);
        assert_true(e->xcap);
        assert_int_equal(e->user.length, 1);
        assert_int_equal(http_connection(http, slot)->count.requests, 1);
        assert_int_equal(http_connection(http, slot)->of_ut.answers, 1);
        assert_false(http_connection(http, slot)->damage);
    }
}

static void pipelined_and_early(void **state)
{
    (void)state;
    assert_int_equal(feed(true, "GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\n", 1000), 0);
    /* The answer to HEAD has a length and no body. */
    assert_int_equal(feed(false,
                          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
                          "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n",
                          1000),
                     2);
    assert_int_equal(last->method, HTTP_HEAD);
    /* Captured before its question. */
    assert_int_equal(feed(false, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 1000), 0);
    assert_int_equal(feed(true, "PUT /c HTTP/1.1\r\nContent-Length: 2\r\n\r\nxy", 1000), 1);
    assert_int_equal(last->status, 403);
    assert_int_equal(http_connection(http, slot)->count.served, 2);
    assert_int_equal(http_connection(http, slot)->count.answers, 3);
}

static void tunnels(void **state)
{
    (void)state;
    assert_int_equal(feed(true, "CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n", 9), 0);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01garbage", 9), 1);
    const struct http_connection *c = http_connection(http, slot);
    assert_true(c->connect);
    assert_int_equal(c->connect_status, 200);
    assert_int_equal(c->count.requests, 0);
    assert_int_equal(c->damage, 0);
    feed(true, "\x16\x03\x01more", 9);
    assert_true(http_is_over(http, slot));
}

/* RFC 9110 9.3.6: what a tunnel carries is the other protocol's, and HTTP may be it. */
static void tunnel_in_clear(void **state)
{
    (void)state;
    feed(true, "CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n", 1000);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\n\r\n", 1000), 1);
    assert_int_equal(feed(true, get, 1000), 0);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1000), 1);
    const struct http_connection *c = http_connection(http, slot);
    assert_int_equal(c->count.requests, 1);
    assert_int_equal(c->count.served, 1);
    assert_int_equal(c->damage, 0);
    assert_string_equal(c->host.bytes, "xcap.example.org:443");
}

/* RFC 9112 2.2, RFC 9110 16.1: empty lines may come first, and anybody may define a method. */
static void any_request_line(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        enum parse request;
    } cases[] = {
        {"\r\n\r\nGET / HTTP/1.1\r\n", PARSE_OK},
        {"REPORT /x HTTP/1.1\r\n", PARSE_OK},
        {"X!y /x HTTP/1.0\r\n", PARSE_OK},
        {"get / HTTP/1.1\r\n", PARSE_OK},
        {"REPORT /x HTTP/2", PARSE_BAD},
        {"REPORT", PARSE_BAD},
        {"a:b /x HTTP/1.1\r\n", PARSE_BAD},
        {" /x HTTP/1.1\r\n", PARSE_BAD},
        {"FOO  HTTP/1.1\r\n", PARSE_BAD},
        {"\r\n", PARSE_SHORT},
        {"DEL", PARSE_SHORT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(http_looks_like_request(span_of(cases[i].start, strlen(cases[i].start))),
                         cases[i].request);
}

/* RFC 9110 11.2, 11.6.1: schemes and names in any case, space around "=", several challenges in a field. */
static void challenges(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        bool gaa, aka;
    } cases[] = {
        {"Digest realm=\"3GPP-bootstrapping@naf\", nonce=x", true, false},
        {"DIGEST  realm = \"3gpp-bootstrapping@naf\"", true, false},
        {"Basic realm=\"x\", Digest nonce=x,realm=\"3GPP-bootstrapping-uicc@naf\"", true, false},
        {"Basic realm=\"3GPP-bootstrapping@naf\"", false, false},
        {"Digest realm=\"x\", nonce=\"realm=3GPP-bootstrapping\"", false, false},
        {"Digest realm=\"ims\", algorithm = AKAv1-MD5", false, true},
        {"Digest realm=\"ims\", algorithm=\"AKAv2-SHA-256\"", false, true},
        {"Digest realm=\"ims\", algorithm=MD5", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        feed(true, get, 1000);
        char answer[512];
        (void)snprintf(answer, sizeof answer,
                       "HTTP/1.1 401 No\r\nWWW-Authenticate: %s\r\nContent-Length: 0\r\n\r\n",
                       cases[i].field);
        assert_int_equal(feed(false, answer, 1000), 1);
        assert_int_equal(last->gaa_challenge, cases[i].gaa);
        assert_int_equal(last->aka_challenge, cases[i].aka);
    }
}

static void refused_tunnel_goes_on(void **state)
{
    (void)state;
    feed(true, "CONNECT a:443 HTTP/1.1\r\n\r\n", 1000);
    assert_int_equal(feed(false, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 1000), 1);
    feed(true, "CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: Basic x\r\n\r\n", 1000);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\n\r\n", 1000), 1);
    assert_true(last->credentials);
    assert_int_equal(http_connection(http, slot)->connect_status, 200);
}

static void gaps(void **state)
{
    (void)state;
    feed(true, "GET /a HTTP/1.1\r\n\r\n", 1000);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxxxxx", 1000), 1);
    http_gap(http, slot, SERVER, 90); /* within the body: nothing is lost */
    assert_int_equal(feed(true, "GET /b HTTP/1.1\r\n\r\n", 1000), 0);
    assert_int_equal(feed(false, "xxxxxHTTP/1.1 404 No\r\n\r\n", 1000), 1);
    assert_int_equal(last->damage, 0);
    http_gap(http, slot, CLIENT, 1); /* where a head may stand: that side is lost, and it is said */
    assert_int_equal(feed(true, "GET /c HTTP/1.1\r\n\r\n", 1000), 0);
    assert_int_equal(http_connection(http, slot)->damage, HTTP_DAMAGE_GAP);
}

static void unanswered(void **state)
{
    (void)state;
    feed(true, "GET /a HTTP/1.1\r\n\r\n", 1000);
    const struct http_exchange *e = http_unanswered(http, slot);
    assert_non_null(e);
    assert_false(e->response_seen);
    assert_true(e->damage & HTTP_DAMAGE_END);
    assert_null(http_unanswered(http, slot));
}

/* The server's stream begins at 1000; each of its answers is 38 octets long. */
static void answers_wait_for_receipts(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    const uint32_t length = sizeof answer - 1;
    for (uint32_t i = 0; i <= HTTP_PIPELINE; i++) {
        struct span asked = span_of_text("GET /a HTTP/1.1\r\n\r\n");
        struct span answered = span_of_text(answer);
        http_at(http, slot, CLIENT, (struct http_place){0});
        assert_false(http_feed(http, slot, CLIENT, &asked, &where));
        const struct acknowledged end = {.number = 1000 + (i + 1) * length, .any = true};
        http_at(http, slot, SERVER, (struct http_place){.end = end});
        assert_true(http_feed(http, slot, SERVER, &answered, &where));
        if (i < HTTP_PIPELINE)
            assert_null(http_exchange(http, slot));
    }
    /* There is no room for another one. */
    assert_true(http_exchange(http, slot)->unacknowledged);
    assert_null(http_exchange(http, slot));
    http_acknowledged(http, slot, CLIENT, 1000 + 2 * length - 1);
    assert_null(http_exchange(http, slot));
    http_acknowledged(http, slot, CLIENT, 1000 + 3 * length);
    for (int i = 0; i < 2; i++) {
        const struct http_exchange *e = http_exchange(http, slot);
        assert_false(e->unacknowledged);
        assert_int_equal(e->damage, 0);
    }
    assert_null(http_exchange(http, slot));
    http_connection(http, slot)->damage |= HTTP_DAMAGE_OVERLAP;
    for (int i = 3; i <= HTTP_PIPELINE; i++) {
        const struct http_exchange *e = http_unreceived(http, slot);
        assert_true(e->unacknowledged);
        assert_int_equal(e->damage, HTTP_DAMAGE_OVERLAP);
    }
    assert_null(http_unreceived(http, slot));
    assert_null(http_unanswered(http, slot));
}

static void bad_heads(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        /* RFC 9112 6.1, 5.1, 7: what one server takes for chunks another one does not. */
        "PUT / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: \vchunked\r\nContent-Length: 5\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length : 5\r\n\r\n",
        "GET \r\n\r\n",
        "PUT /\r\n\r\n",
        "GET / HTTX/1.1\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        http_free(http);
        open_one(NULL);
        assert_int_equal(feed(true, bad[i], 1000), 0);
        assert_int_equal(http_connection(http, slot)->damage, HTTP_DAMAGE_MALFORMED);
    }
}

/* RFC 9112 3, 5.1, 5.2: what lenient servers read. */
static void lenient(void **state)
{
    (void)state;
    static const char *const good[] = {
        "GET " DOCUMENT
        " HTTP/1.1\r\nno field\r\nX-3GPP-Intended-Identity:\r\n \"sip:a@example.org\"\r\n\r\n",
        " \t\r\nGET\t\v" DOCUMENT " \f HTTP/1.1 \r\nX-3GPP-Intended-Identity : \"sip:a@example.org\"\r\n\r\n",
        "GET " DOCUMENT " HTTP/1.1\n ignored: x\n: x\nX-3GPP-Intended-Identity: \"sip:a@example.org\"\n \n\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t piece = 1; piece < 200; piece += 40) {
            http_free(http);
            open_one(NULL);
            feed(true, good[i], piece);
            assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok", piece), 1);
            assert_int_equal(last->owner, OWNER_SAME);
            assert_int_equal(http_connection(http, slot)->damage, 0);
            assert_int_equal(http_connection(http, slot)->of_ut.served, 1);
            assert_int_equal(feed(true, get, piece) + feed(false, "HTTP/1.1 403 No\r\n\r\n", piece), 1);
        }
    http_free(http);
    open_one(NULL);
    feed(true, "GET " DOCUMENT "\r\n", 9); /* HTTP/0.9 */
    assert_int_equal(http_connection(http, slot)->of_ut.requests, 1);
}

/* A name of a field says enough where its value is too long, and what was cut off is known to be so. */
static void long_heads(void **state)
{
    (void)state;
    static const struct {
        const char *before, *behind;
        bool target_cut, fields_cut, cookie;
    } cases[] = {
        {"GET " DOCUMENT "?", " HTTP/1.1\r\n\r\n", true, false, false},
        {"GET " DOCUMENT " HTTP/1.1\r\nCookie: ", "\r\nHost: a\r\n\r\n", false, false, true},
        {"GET " DOCUMENT " HTTP/1.1\r\nAuthorization: ", "\r\nHost: a\r\n\r\n", false, true, false},
        {"GET " DOCUMENT " HTTP/1.1\r\nX: y\r\n ", "\r\nHost: a\r\n\r\n", false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        feed(true, cases[i].before, 5);
        for (unsigned n = 0; n < 2 * HTTP_HEAD_BYTES; n++)
            feed(true, "x", 1);
        feed(true, cases[i].behind, 5);
        assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\n\r\n", 1000), 1);
        const struct http_exchange *e = last;
        assert_true(e->xcap && e->user_document);
        assert_int_equal(e->target_cut, cases[i].target_cut);
        assert_int_equal(e->fields_cut, cases[i].fields_cut);
        assert_int_equal(e->cookie, cases[i].cookie);
        assert_int_equal(e->damage, e->target_cut || e->fields_cut ? HTTP_DAMAGE_TOO_LONG : 0);
    }
    http_free(http);
    open_one(NULL);
    feed(true, "GET / HTTP/1.1\r\n", 1000);
    for (unsigned n = 0; n < HTTP_HEAD_BYTES; n++)
        feed(true, "Host: a\r\n", 1000);
    feed(true, "\r\n", 2); /* its length is not known, nor what comes behind it */
    assert_int_equal(http_connection(http, slot)->count.requests, 1);
    assert_int_equal(http_connection(http, slot)->damage, HTTP_DAMAGE_TOO_LONG);
}

static size_t place(enum side who, const char *text, size_t gap)
{
    return http_switch_place(http, slot, who, span_of(text, strlen(text)), gap);
}

/* RFC 9110 9.3.6, 7.8: where another protocol may follow. */
static void switches(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\n\r\n", connect[] = "CONNECT a:443 HTTP/1.1\r\n\r\n";
    assert_int_equal(place(CLIENT, "\x16\x03\x01", 0), 0); /* nothing was asked that was captured */
    assert_int_equal(place(CLIENT, "GET / HTTP/1.1\r\n\r\n\x16\x03\x01", 0), sizeof request - 1 + 3);
    assert_int_equal(place(CLIENT, "CONNECT a:443 HTTP/1.1\r\n\r\n\x16\x03\x01", 0), sizeof connect - 1);
    feed(true, request, 1000);
    for (enum side who = CLIENT; who <= SERVER; who++) {
        assert_int_equal(place(who, "\x16\x03\x01", 0), 3);
        assert_int_equal(place(who, "\x16\x03\x01", 9), 3);
    }
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 1000), 1);
    feed(true, connect, 1000);
    assert_int_equal(place(CLIENT, "\x16\x03\x01", 0), 0);
    assert_int_equal(place(SERVER, "ok\x16\x03\x01", 0), 2);
    assert_int_equal(place(SERVER, "okHTTP/1.1 200 OK\r\n\r\n\x16", 0), 2);
    feed(false, "ok", 2);
    assert_int_equal(place(SERVER, "HTTP/1.1 200 OK\r\n\r\n\x16", 0), 19);
    assert_int_equal(place(SERVER, "\x16\x03\x01", 9), SIZE_MAX);
    assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\n\r\n", 1000), 1);
    assert_int_equal(place(SERVER, "\x16\x03\x01", 0), 0);
    feed(true, "bad \r\n\r\n", 1000);
    assert_int_equal(place(CLIENT, "\x16\x03\x01", 0), 0); /* the tunnel's */
    http_free(http);
    open_one(NULL);
    feed(false, "HTTP/1.1 200 OK\r\n\r\n", 1000); /* captured before its CONNECT */
    assert_int_equal(feed(true, connect, 1000), 1);
    assert_int_equal(place(SERVER, "\x16\x03\x01", 0), 0);
    http_free(http);
    open_one(NULL);
    feed(true, "bad \r\n\r\n", 1000); /* what cannot be read is no CONNECT */
    assert_int_equal(place(CLIENT, "\x16\x03\x01", 0), 3);
    assert_int_equal(place(SERVER, "\x16\x03\x01", 0), 3);
}

static void slots_and_expiry(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 8; i++) {
        const struct http_connection begin = {.whence = {.time = (nanos)i * NANOS_PER_SECOND}};
        assert_int_not_equal(http_open(http, &begin, NULL), 0);
    }
    assert_int_equal(http_open(http, &(struct http_connection){0}, NULL), 0);
    assert_int_equal(http_quietest(http), slot);
    assert_int_equal(http_expired(http, (HTTP_IDLE_SECONDS - 1) * NANOS_PER_SECOND), 0);
    assert_int_equal(http_expired(http, HTTP_IDLE_SECONDS * NANOS_PER_SECOND), slot);
    feed(true, "GET ", 4); /* used again: another is the oldest now */
    assert_int_not_equal(http_quietest(http), slot);
    http_close(http, http_quietest(http));
    assert_int_not_equal(http_open(http, &(struct http_connection){0}, NULL), 0);
}

static void identities(void **state)
{
    (void)state;
    static const struct {
        const char *user, *identity;
        enum document_owner owner;
    } cases[] = {
        {"sip:user@example.org", "\"sip:user@example.org\"", OWNER_SAME},
        {"sip%3Auser%40Example.org", "<sip:user@example.org>", OWNER_SAME},
        {"tel:+123", "\"tel:+123\"", OWNER_SAME},
        {"tel:+123", "\"tel:+1234\"", OWNER_FOREIGN},
        {"sip:other@example.org", "\"sip:user@example.org\"", OWNER_FOREIGN},
        {"sip:x%4", "\"sip:x%4\"", OWNER_SAME},
        /* RFC 3986 2.4: in a path the "%" of a URI becomes "%25". */
        {"sip:a%2540b@example.org", "\"sip:a%40b@example.org\"", OWNER_SAME},
        {"sip%3Aa%2540b%40example.org", "\"sip:a%40b@example.org\"", OWNER_SAME},
        {"sip:c%2540b@example.org", "\"sip:a%40b@example.org\"", OWNER_FOREIGN},
        /* RFC 3986 5.2.4: the resource is another one. */
        {"sip:a@example.org/../sip:b@example.org", "\"sip:b@example.org\"", OWNER_NOT_TOLD},
        {"sip:a@example.org/%2e%2E/sip:b@example.org", "\"sip:b@example.org\"", OWNER_NOT_TOLD},
        /* URI parameters and headers name nobody (RFC 3261 19.1.1, RFC 3966 3). */
        {"sip:user@example.org;user=phone", "\"sip:user@example.org\"", OWNER_SAME},
        {"sip:user@example.org", "\"sip:user@example.org;transport=tcp?subject=x\"", OWNER_SAME},
        {"sip%3Auser%40example.org%3Buser%3Dphone", "Alice <sip:user@example.org;lr>;tag=1", OWNER_SAME},
        {"sip:other@example.org;user=phone", "\"sip:user@example.org;user=phone\"", OWNER_FOREIGN},
        {"sip:+123;ext=5@example.org", "\"sip:+123;ext=6@example.org;user=phone\"", OWNER_FOREIGN},
        {"tel:+358-9-123;phone-context=x", "\"tel:+3589123\"", OWNER_SAME},
        {"tel:+(358)9.124", "\"tel:+3589123\"", OWNER_FOREIGN},
        /* One user has identities of several schemes (TS 23.228 4.3.3.2). */
        {"tel:+3589123", "\"sip:+3589123@example.org;user=phone\"", OWNER_NOT_TOLD},
        {"sip:user@example.org", "\"tel:+3589123\"", OWNER_NOT_TOLD},
        {"user@example.org", "\"sip:user@example.org\"", OWNER_NOT_TOLD},
        /* A port says where to send, and not to whom. */
        {"sip:user@example.org", "\"sip:user@example.org:5060\"", OWNER_NOT_TOLD},
        {"sip:user@[2001:db8::1]:5061", "\"sip:user@[2001:db8::1]\"", OWNER_NOT_TOLD},
        {"sip:user@example.org:5060", "\"sip:user@example.org:5060;lr\"", OWNER_SAME},
        {"sip:user@example.org:5060", "\"sip:other@example.org\"", OWNER_FOREIGN},
        {"sip:user@[2001:db8::1]", "\"sip:user@[2001:db8::2]\"", OWNER_FOREIGN},
        {"sip:user@[2001:db8::1]", "\"sip:user@[2001:DB8:0::1]\"", OWNER_NOT_TOLD},
        {"sip:user@[::1]", "\"sip:user@[::2]:5060\"", OWNER_FOREIGN},
        /* RFC 3261 19.1.6: a number in a URI of SIP may keep its separators; in a name they are letters. */
        {"sip:+358-9-123@example.org", "\"sip:+3589123@example.org;user=phone\"", OWNER_NOT_TOLD},
        {"sip:+358-9-124@example.org", "\"sip:+3589123@example.org;user=phone\"", OWNER_FOREIGN},
        {"sip:a.b@example.org", "\"sip:ab@example.org\"", OWNER_FOREIGN},
        {"sip:user:secret@example.org", "\"sip:user@example.org\"", OWNER_NOT_TOLD},
        {"sip:user:secret@example.org", "\"sip:other@example.org\"", OWNER_FOREIGN},
        {"sip:user@example.org.", "\"sip:user@example.org\"", OWNER_NOT_TOLD},
        /* A name and a number, or a number at two hosts, may be one subscriber's (TS 23.228 4.3.3.2). */
        {"sip:alice@example.org", "\"sip:+3589123@example.org;user=phone\"", OWNER_NOT_TOLD},
        {"sip:+3589123@example.org", "\"sip:+358-9-123@ims.example\"", OWNER_NOT_TOLD},
        {"sip:+3589123@example.org", "\"sip:+3589124@ims.example\"", OWNER_FOREIGN},
        {"sip:234150999999999@ims.mnc015.mcc234.3gppnetwork.org", "\"sip:alice@example.org\"",
         OWNER_NOT_TOLD},
        {"sip:234150999999999@ims.mnc015.mcc234.3gppnetwork.org", "\"sip:+3589123@example.org\"",
         OWNER_NOT_TOLD},
        {"sip:09123@example.org", "\"sip:+3589123@example.org\"", OWNER_NOT_TOLD},
        {"sip:123@a.example", "\"sip:123@b.example\"", OWNER_NOT_TOLD},
        {"sip:123@a.example", "\"sip:124@a.example\"", OWNER_FOREIGN},
        {"sip:alice@a.example", "\"sip:alice@b.example\"", OWNER_FOREIGN},
        /* RFC 3966 5.1.4: the same digits elsewhere, or others of the same number. */
        {"tel:123;phone-context=example.org", "\"tel:123;phone-context=example.org\"", OWNER_SAME},
        {"tel:123;phone-context=a.example", "\"tel:123;phone-context=b.example\"", OWNER_NOT_TOLD},
        {"tel:09123;phone-context=+358", "\"tel:+3589123\"", OWNER_NOT_TOLD},
        /* Two of them; and one beside whoever vouches for the user, whose word counts unless it is
           contradicted. */
        {"sip:a@example.org", "\"sip:b@example.org\"\r\nX-3GPP-Intended-Identity: \"sip:a@example.org\"",
         OWNER_NOT_TOLD},
        {"sip:a@example.org", "\"sip:b@example.org\", \"sip:a@example.org\"", OWNER_NOT_TOLD},
        {"sip:a@example.org", "\"sip:b@example.org\"\r\nX-3GPP-Asserted-Identity: \"sip:a@example.org\"",
         OWNER_SAME},
        {"sip:a@example.org", "\"sip:b@example.org\"\r\nX-XCAP-Asserted-Identity: \"sip:a@example.org\"",
         OWNER_SAME},
        {"sip:a@example.org", "\"sip:a@example.org\"\r\nX-3GPP-Asserted-Identity: \"sip:b@example.org\"",
         OWNER_NOT_TOLD},
        {"sip:a@example.org", "\"tel:+1\"\r\nX-3GPP-Asserted-Identity: \"sip:b@example.org\"",
         OWNER_NOT_TOLD},
        {"sip:a@example.org", "\"sip:b@example.org\"\r\nX-3GPP-Asserted-Identity: \"sip:b@example.org\"",
         OWNER_FOREIGN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        char request[512];
        (void)snprintf(request, sizeof request,
                       "PUT /root/pres-rules/users/%s/index HTTP/1.1\r\nX-3GPP-Intended-Identity: %s\r\n\r\n",
                       cases[i].user, cases[i].identity);
        feed(true, request, 1000);
        assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1000), 1);
        assert_int_equal(last->owner, cases[i].owner);
    }
}

static void asserted_identities(void **state)
{
    (void)state;
    static const struct {
        const char *user, *fields;
        enum document_owner owner;
    } cases[] = {
        {"sip:a@example.org", "X-3GPP-Asserted-Identity: \"sip:a@example.org\"", OWNER_SAME},
        {"sip:a@example.org", "X-3GPP-Asserted-Identity: \"sip:b@example.org\"", OWNER_FOREIGN},
        {"sip:a@example.org", "P-Asserted-Identity: \"B, the other\" <sip:b@example.org>;x=\"<\"",
         OWNER_FOREIGN},
        {"sip:a@example.org", "X-XCAP-Asserted-Identity: \"sip:a@example.org;user=phone\"", OWNER_SAME},
        {"sip:a@example.org", "X-3GPP-Asserted-Identity: \"tel:+1\"", OWNER_NOT_TOLD},
        /* TS 24.109, RFC 3325 9.1: several identities of one user. */
        {"sip:a@example.org", "X-3GPP-Asserted-Identity: \"sip:b@example.org\" , \"sip:a@example.org\"",
         OWNER_SAME},
        {"sip:a@example.org", "P-Asserted-Identity: <sip:b@example.org>, <tel:+1>", OWNER_NOT_TOLD},
        {"tel:+1", "P-Asserted-Identity: \"A, b\" <sip:b@example.org>, <tel:+1>", OWNER_SAME},
        {"sip:a@example.org", "P-Asserted-Identity: <sip:b@example.org>,<sip:c,d@example.org>",
         OWNER_FOREIGN},
        {"sip:a@example.org", "X-3GPP-Asserted-Identity: \"sip:b@example.org\",", OWNER_FOREIGN},
        {"sip:a@example.org", "X-3GPP-Asserted-Identity:", OWNER_NOT_TOLD},
        {"sip:a@example.org",
         "P-Asserted-Identity: sip:b@c,sip:d@c,sip:e@c,sip:f@c,sip:g@c,sip:h@c,sip:i@c,sip:j@c",
         OWNER_FOREIGN},
        {"sip:a@example.org",
         "P-Asserted-Identity: sip:b@c,sip:d@c,sip:e@c,sip:f@c,sip:g@c,sip:h@c,sip:i@c,sip:j@c,sip:k@c",
         OWNER_NOT_TOLD},
        /* Several fields: which one counts is the server's choice. */
        {"sip:a@example.org",
         "X-3GPP-Asserted-Identity: \"sip:b@example.org\"\r\nP-Asserted-Identity: <sip:b@example.org>",
         OWNER_NOT_TOLD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        char request[512];
        (void)snprintf(request, sizeof request, "GET /pres-rules/users/%s/index HTTP/1.1\r\n%s\r\n\r\n",
                       cases[i].user, cases[i].fields);
        feed(true, request, 1000);
        assert_int_equal(feed(false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1000), 1);
        if (last->owner != cases[i].owner)
            fail_msg("%s asks for %s", cases[i].fields, cases[i].user);
        assert_true(last->vouched);
    }
}

/* TS 23.003 13.9; the name may be absolute (RFC 1034 3.1), in any letters (RFC 4343), and have a port. */
static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned of_ut;
    } cases[] = {
        {"xcap.ims.mnc001.mcc001.pub.3gppnetwork.org", 1},
        {"XCAP.ims.mnc001.mcc001.pub.3GPPnetwork.ORG.", 1},
        {"xcap.ims.mnc001.mcc001.pub.3gppnetwork.org:8080", 1},
        {"xcap.ims.mnc001.mcc001.pub.3gppnetwork.org.:80", 1},
        {"xcap.example.org", 0},
        {"bsf.ims.mnc001.mcc001.pub.3gppnetwork.org.", 0},
        {"xcap.3gppnetwork.org.example.", 0},
        {".", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_free(http);
        open_one(NULL);
        char request[256];
        (void)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].host);
        feed(true, request, 1000);
        if (http_connection(http, slot)->of_ut.requests != cases[i].of_ut)
            fail_msg("%s", cases[i].host);
    }
}

static void parameters(void **state)
{
    (void)state;
    const char value[] = "Digest username=\"a b\", realm=\"r\", qop=auth,nonce=n xrealm=\"no\"";
    struct span v = span_of(value, sizeof value - 1);
    assert_true(span_equal(http_auth_parameter(v, "username"), span_of("a b", 3)));
    assert_true(span_equal(http_auth_parameter(v, "realm"), span_of("r", 1)));
    assert_true(span_equal(http_auth_parameter(v, "nonce"), span_of("n", 1)));
    assert_int_equal(http_auth_parameter(v, "none").n, 0);
    struct xcap_path path;
    assert_false(xcap_path_parse(span_of("/index.html", 11), &path));
    assert_true(xcap_path_parse(span_of("http://h/x/resource-lists/global/a", 34), &path));
    assert_int_equal(path.user.n, 0);
}

/* RFC 3986 5.2.4, 6.2.2, 3.3: a server may find the document behind dots and parameters. */
static void dots_in_paths(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *user; /* NULL: it is not of XCAP */
        bool climbs;
    } cases[] = {
        {"/xcap/resource-lists/./users/u/index", "u", false},
        {"/xcap/resource-lists/%2e/users/./u/index", "u", false},
        {"/xcap/resource-lists/z/../users/u/index", "u", true},
        {"/xcap/resource-lists/z/%2E%2e/users/z/.%2e/u/index", "u", true},
        {"/././././././././././././././././././xcap/resource-lists/users/u/index", "u", false},
        {"/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/resource-lists/users/u/index", "u", false},
        {"/a/../a/../a/../a/../a/../a/../a/../a/../a/../resource-lists/users/u", "u", false},
        {"/../../resource-lists/users/u", "u", false},
        {"/xcap/resource-lists;v=1/users;v=1/u;user=phone/index", "u;user=phone", false},
        {"http://h/resource-lists/a/b/../../users/u", "u", true},
        {"/resource-lists/users/u/../v", "u", true},
        /* As some servers read it: slashes joined or not, parameters left out or not. */
        {"/resource-lists//../users/u", "u", true},
        {"/resource-lists/z//../users/u", "u", true},
        {"/resource-lists/z/..;x/users/u", "u", true},
        {"/resource-lists/..;x/../users/u", "u", true},
        {"/resource-lists/..;x/z//../../users/u", "u", true},
        {"/simservs.ngn.etsi.org/global/.", "", false},
        {"/resource-lists/z/users/u", NULL, false},
        {"/resource-lists/..z/users/u", NULL, false},
        {"/resource-lists/.../users/u", NULL, false},
        {"/resource-lists/../users/u", NULL, false},
        {"/resource-lists/users2/../u", NULL, false},
        {"/resource-lists%3Bv=1/users/u", NULL, false},
        {"/a?b=/resource-lists/./users/u", NULL, false},
        {"/..", NULL, false},
        {"", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xcap_path path;
        const bool is = xcap_path_parse(span_of_text(cases[i].target), &path);
        const char *user = cases[i].user;
        if (is != (user != NULL) || (is && !span_equal(path.user, span_of_text(user))) ||
            path.climbs != cases[i].climbs)
            fail_msg("%s", cases[i].target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_pieces, open_one, close_all),
        cmocka_unit_test(dots_in_paths),
        cmocka_unit_test_setup_teardown(credentials_make_a_user_known, open_one, close_all),
        cmocka_unit_test_setup_teardown(http2_is_a_request, open_one, close_all),
        cmocka_unit_test_setup_teardown(http2_heads, open_one, close_all),
        cmocka_unit_test_setup_teardown(pipelined_and_early, open_one, close_all),
        cmocka_unit_test_setup_teardown(tunnels, open_one, close_all),
        cmocka_unit_test_setup_teardown(refused_tunnel_goes_on, open_one, close_all),
        cmocka_unit_test_setup_teardown(tunnel_in_clear, open_one, close_all),
        cmocka_unit_test_setup_teardown(any_request_line, open_one, close_all),
        cmocka_unit_test_setup_teardown(challenges, open_one, close_all),
        cmocka_unit_test_setup_teardown(gaps, open_one, close_all),
        cmocka_unit_test_setup_teardown(unanswered, open_one, close_all),
        cmocka_unit_test_setup_teardown(answers_wait_for_receipts, open_one, close_all),
        cmocka_unit_test_setup_teardown(bad_heads, open_one, close_all),
        cmocka_unit_test_setup_teardown(lenient, open_one, close_all),
        cmocka_unit_test_setup_teardown(long_heads, open_one, close_all),
        cmocka_unit_test_setup_teardown(switches, open_one, close_all),
        cmocka_unit_test_setup_teardown(slots_and_expiry, open_one, close_all),
        cmocka_unit_test_setup_teardown(identities, open_one, close_all),
        cmocka_unit_test_setup_teardown(asserted_identities, open_one, close_all),
        cmocka_unit_test_setup_teardown(hosts, open_one, close_all),
        cmocka_unit_test_setup_teardown(parameters, open_one, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
