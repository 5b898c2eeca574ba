/* Addresses and requests as RFC 9112 writes them, and a server whose scrapers are slow, many, or gone. */
#include "base/nanos.h"
#include "scrape/request.h"
#include "scrape/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static enum scrape_request asked(const char *text)
{
    return scrape_request(span_of_text(text));
}

static void requests_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(asked("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), SCRAPE_GET);
    assert_int_equal(asked("GET /metrics HTTP/1.0\r\n\r\n"), SCRAPE_GET);
    assert_int_equal(asked("GET /metrics?name=a HTTP/1.1\n\n"), SCRAPE_GET);
    assert_int_equal(asked("HEAD /metrics HTTP/1.1\r\n\r\n"), SCRAPE_HEAD);
    assert_int_equal(asked("GET / HTTP/1.1\r\n\r\n"), SCRAPE_NOT_FOUND);
    assert_int_equal(asked("GET /metricsandmore HTTP/1.1\r\n\r\n"), SCRAPE_NOT_FOUND);
    assert_int_equal(asked("POST /metrics HTTP/1.1\r\n\r\n"), SCRAPE_NOT_ALLOWED);
    assert_int_equal(asked("get /metrics HTTP/1.1\r\n\r\n"), SCRAPE_NOT_ALLOWED); /* methods have a case */
    assert_int_equal(asked("GET /metrics HTTP/2.0\r\n\r\n"), SCRAPE_NOT_HTTP);
    assert_int_equal(asked("GET /metrics\r\n\r\n"), SCRAPE_NOT_HTTP);
    assert_int_equal(asked("GET  /metrics HTTP/1.1\r\n\r\n"), SCRAPE_NOT_HTTP);
    assert_int_equal(asked("\x16\x03\x01\x02\n\n"), SCRAPE_NOT_HTTP);
    assert_int_equal(asked("\r\n\r\n"), SCRAPE_NOT_HTTP);
}

static void no_prefix_is_an_answer(void **state)
{
    (void)state;
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    for (size_t n = 0; n + 1 < sizeof request - 1; n++)
        assert_int_equal(scrape_request(span_of(request, n)), SCRAPE_UNFINISHED);
}

static void addresses_are_numbers(void **state)
{
    (void)state;
    struct scrape_address a;
    assert_null(scrape_address_parse("127.0.0.1:9333", &a));
    assert_int_equal(a.at.ip4.sin_family, AF_INET);
    assert_int_equal(ntohs(a.at.ip4.sin_port), 9333);
    assert_int_equal(ntohl(a.at.ip4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_null(scrape_address_parse("[::1]:65535", &a));
    assert_int_equal(a.at.ip6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(a.at.ip6.sin6_port), 65535);
    static const char *const wrong[] = {"",
                                        ":9333",
                                        "9333",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:0",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:93a",
                                        "127.0.0.1:+933",
                                        "127.1:9333",
                                        "localhost:9333",
                                        "::1:9333",
                                        "[127.0.0.1]:9333",
                                        "[]:9333",
                                        "[::1:9333",
                                        "http://127.0.0.1:9333"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_non_null(scrape_address_parse(wrong[i], &a));
}

/* ---- a server on a port of the system's choice */

struct run {
    struct scrape *server;
    struct sockaddr_in at;
    unsigned written;
    int64_t now;
};

static void page(void *context, struct text *out)
{
    struct run *run = context;
    run->written++;
    text_put(out, "utwatch_test 1\n");
    for (unsigned i = 0; i < 20000; i++) /* more than a socket takes at once */
        text_put(out, "# padding\n");
}

static int begin(void **state)
{
    static struct run run;
    run = (struct run){.now = NANOS_PER_SECOND};
    const struct scrape_address any = {
        .at.ip4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .length = sizeof any.at.ip4};
    const int listener = scrape_listen(&any);
    socklen_t length = sizeof run.at;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&run.at, &length), 0);
    run.server = scrape_new(listener, page, &run);
    *state = &run;
    return run.server == NULL;
}

static int end(void **state)
{
    struct run *run = *state;
    scrape_free(run->server);
    return 0;
}

static int caller(const struct run *run, const char *says)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&run->at, sizeof run->at), 0);
    assert_int_equal(write(fd, says, strlen(says)), strlen(says));
    return fd;
}

/* What it is answered; closes the connection. */
static size_t answer_of(struct run *run, int fd, char *answer, size_t bytes)
{
    size_t got = 0;
    for (unsigned turn = 0; turn < 100000; turn++) {
        scrape_work(run->server, run->now);
        const ssize_t n = recv(fd, answer + got, bytes - 1 - got, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        got += n > 0 ? (size_t)n : 0;
    }
    answer[got] = '\0';
    (void)close(fd);
    return got;
}

static char answer[SCRAPE_PAGE_BYTES];

static void a_page_comes_whole(void **state)
{
    struct run *run = *state;
    const size_t n = answer_of(run, caller(run, "GET /metrics HTTP/1.1\r\n\r\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_memory_equal(body + 4, "utwatch_test 1\n", 15);
    char length[64];
    (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", n - (size_t)(body + 4 - answer));
    assert_non_null(strstr(answer, length));
    assert_int_equal(scrape_counters(run->server).requests, 1);
}

static void head_has_no_body(void **state)
{
    struct run *run = *state;
    (void)answer_of(run, caller(run, "HEAD /metrics HTTP/1.1\r\n\r\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 200015\r\n"));
}

static void others_are_refused(void **state)
{
    struct run *run = *state;
    (void)answer_of(run, caller(run, "GET /secret HTTP/1.1\r\n\r\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 404 ", 13);
    (void)answer_of(run, caller(run, "DELETE /metrics HTTP/1.1\r\n\r\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n")); /* RFC 9110 15.5.6 */
    (void)answer_of(run, caller(run, "\x16\x03\x01\x02\n\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    char long_one[2 * SCRAPE_REQUEST_BYTES];
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    (void)answer_of(run, caller(run, long_one), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 431 ", 13);
    assert_int_equal(run->written, 0);
}

static void who_is_slow_is_cut_off(void **state)
{
    struct run *run = *state;
    const int fd = caller(run, "GET /metrics HT");
    scrape_work(run->server, run->now);
    struct pollfd fds[SCRAPE_DESCRIPTORS];
    int64_t until = INT64_MAX;
    assert_int_equal(scrape_wait_for(run->server, fds, &until, run->now), 2);
    assert_int_equal(until, run->now + SCRAPE_SECONDS * NANOS_PER_SECOND);
    run->now = until - 1;
    scrape_work(run->server, run->now);
    assert_int_equal(recv(fd, answer, 1, MSG_DONTWAIT), -1);
    run->now = until;
    scrape_work(run->server, run->now);
    assert_int_equal(recv(fd, answer, 1, 0), 0);
    assert_int_equal(scrape_counters(run->server).cut_off, 1);
    (void)close(fd);
}

static void the_oldest_gives_way(void **state)
{
    struct run *run = *state;
    int fd[SCRAPE_CONNECTIONS + 1];
    for (size_t i = 0; i < SCRAPE_CONNECTIONS + 1; i++) {
        fd[i] = caller(run, "GET");
        scrape_work(run->server, ++run->now);
    }
    assert_int_equal(scrape_counters(run->server).gave_way, 1);
    assert_true(recv(fd[0], answer, 1, 0) <= 0);
    assert_int_equal(recv(fd[1], answer, 1, MSG_DONTWAIT), -1);
    for (size_t i = 0; i < SCRAPE_CONNECTIONS + 1; i++)
        (void)close(fd[i]);
    scrape_work(run->server, run->now);
    (void)answer_of(run, caller(run, "GET /metrics HTTP/1.1\r\n\r\n"), answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
}

static void many_share_a_page_and_wait_for_their_turn(void **state)
{
    struct run *run = *state;
    for (unsigned i = 0; i < SCRAPES_PER_SECOND; i++) {
        (void)answer_of(run, caller(run, "GET /metrics HTTP/1.1\r\n\r\n"), answer, sizeof answer);
        assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    }
    assert_int_equal(run->written, 1);
    const int fd = caller(run, "GET /metrics HTTP/1.1\r\n\r\n");
    struct pollfd fds[SCRAPE_DESCRIPTORS];
    int64_t until = INT64_MAX;
    scrape_work(run->server, run->now);
    assert_int_equal(scrape_wait_for(run->server, fds, &until, run->now), 0); /* nobody listens */
    assert_int_equal(until, run->now + NANOS_PER_SECOND);
    run->now = until;
    (void)answer_of(run, fd, answer, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_int_equal(run->written, 2);
}

static void a_port_in_use_is_an_error(void **state)
{
    const struct run *run = *state;
    const struct scrape_address same = {.at.ip4 = run->at, .length = sizeof run->at};
    assert_int_equal(scrape_listen(&same), -1);
    assert_int_equal(errno, EADDRINUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_told_apart),
        cmocka_unit_test(no_prefix_is_an_answer),
        cmocka_unit_test(addresses_are_numbers),
        cmocka_unit_test_setup_teardown(a_page_comes_whole, begin, end),
        cmocka_unit_test_setup_teardown(head_has_no_body, begin, end),
        cmocka_unit_test_setup_teardown(others_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(who_is_slow_is_cut_off, begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_gives_way, begin, end),
        cmocka_unit_test_setup_teardown(many_share_a_page_and_wait_for_their_turn, begin, end),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_an_error, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
