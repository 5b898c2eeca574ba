/* Names are found by content, on any port; what is bounded stays bounded. */
#include "naming/naming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CAP 4

static const struct endpoint client = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4};
static struct naming *naming;
static nanos now = NANOS_PER_SECOND;

static int make(void **state)
{
    (void)state;
    naming = naming_new(CAP);
    return naming ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    naming_free(naming);
    return 0;
}

static uint32_t open_on(enum transport transport, uint16_t port)
{
    struct endpoint server = {.address = {192, 0, 2, 2}, .port = port, .family = 4};
    return naming_open(naming, &client, &server, transport);
}

static enum naming_progress feed(uint32_t slot, bool from_client, const void *bytes, size_t n)
{
    return naming_feed(naming, slot, from_client ? CLIENT : SERVER, span_of(bytes, n), now += 1000000);
}

static enum naming_progress say(uint32_t slot, bool from_client, const char *text)
{
    return feed(slot, from_client, text, strlen(text));
}

#define REQUEST  "GET /index.html HTTP/1.1\r\nHost: www.example\r\nUser-Agent: x/1.0\r\n\r\n"
#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok"

static void http_on_any_port(void **state)
{
    (void)state;
    static const uint16_t ports[] = {80, 443, 22, 53, 40001, 65000};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        uint32_t slot = open_on(TRANSPORT_TCP, ports[i]);
        assert_true(slot);
        assert_string_equal(naming_name(naming, slot), "Unknown");
        if (say(slot, true, REQUEST) == NAMING_MORE)
            assert_int_equal(say(slot, false, RESPONSE), NAMING_DONE);
        assert_string_equal(naming_name(naming, slot), "HTTP");
        naming_close(naming, slot);
    }
}

static void http_over_ipv6(void **state)
{
    (void)state;
    struct endpoint from = {.address = {0x20, 1, 0xd, 0xb8, 1}, .port = 40000, .family = 6};
    struct endpoint to = {.address = {0x20, 1, 0xd, 0xb8, 2}, .port = 8080, .family = 6};
    uint32_t slot = naming_open(naming, &from, &to, TRANSPORT_TCP);
    if (say(slot, true, REQUEST) == NAMING_MORE)
        assert_int_equal(say(slot, false, RESPONSE), NAMING_DONE);
    assert_string_equal(naming_name(naming, slot), "HTTP");
    naming_close(naming, slot);
}

/* A service that nDPI tells by its address is still named after what it speaks. */
static void http_to_a_known_service(void **state)
{
    (void)state;
    struct endpoint to = {.address = {8, 8, 8, 8}, .port = 80, .family = 4};
    uint32_t slot = naming_open(naming, &client, &to, TRANSPORT_TCP);
    if (say(slot, true, REQUEST) == NAMING_MORE)
        assert_int_equal(say(slot, false, RESPONSE), NAMING_DONE);
    assert_string_equal(naming_name(naming, slot), "HTTP");
    naming_close(naming, slot);
}

static void ssh(void **state)
{
    (void)state;
    uint32_t slot = open_on(TRANSPORT_TCP, 2222);
    if (say(slot, false, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") == NAMING_MORE)
        assert_int_equal(say(slot, true, "SSH-2.0-OpenSSH_9.2p1\r\n"), NAMING_DONE);
    assert_string_equal(naming_name(naming, slot), "SSH");
    naming_close(naming, slot);
}

static void dns(void **state)
{
    (void)state;
    static const uint8_t query[] = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\3www\7example\0\0\1\0\1";
    uint32_t slot = open_on(TRANSPORT_UDP, 53);
    assert_int_equal(feed(slot, true, query, sizeof query - 1), NAMING_DONE);
    assert_string_equal(naming_name(naming, slot), "DNS");
    naming_close(naming, slot);
}

static void quic(void **state)
{
    (void)state;
    static const uint8_t header[] = {0xc3, 0,    0,    0,    1,    8, 0x83, 0x94, 0xc8,
                                     0xf0, 0x3e, 0x51, 0x57, 0x08, 0, 0,    0x44, 0x9e};
    uint8_t initial[1200];
    memset(initial, 0x55, sizeof initial);
    memcpy(initial, header, sizeof header);
    static const uint16_t ports[] = {443, 4433, 53};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        uint32_t slot = open_on(TRANSPORT_UDP, ports[i]);
        assert_int_equal(feed(slot, true, initial, sizeof initial), NAMING_DONE);
        assert_string_equal(naming_name(naming, slot), "QUIC");
        naming_close(naming, slot);
    }
}

/* nDPI's TLS code stays out of reach even when the caller breaks its promise. */
static void tls_is_not_looked_for(void **state)
{
    (void)state;
    static const uint8_t hello[] = {0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, [43] = 0, 0, 2, 0, 0x2f, 1, 0};
    uint32_t slot = open_on(TRANSPORT_TCP, 443);
    assert_int_equal(feed(slot, true, hello, sizeof hello), NAMING_MORE);
    assert_string_equal(naming_name(naming, slot), "Unknown");
    naming_close(naming, slot);
}

static const char noise[] =
    "\x93\xe1\x07\xaa\x5c\x11\xfe\x3b\x80\x29\xd4\x66\x1f\xc8\x72\x0d\xb7\x4e\x95\xf3";

static void garbage_is_unknown_on_any_port(void **state)
{
    (void)state;
    static const uint16_t ports[] = {80, 443, 22, 25, 993, 3389, 5060, 40001};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        uint32_t slot = open_on(TRANSPORT_TCP, ports[i]);
        uint64_t gave_up = naming_counters(naming)->gave_up;
        for (unsigned packet = 1; packet < NAMING_PACKETS; packet++)
            assert_int_equal(feed(slot, packet % 2, noise, sizeof noise), NAMING_MORE);
        assert_int_equal(feed(slot, true, noise, sizeof noise), NAMING_DONE);
        assert_string_equal(naming_name(naming, slot), "Unknown");
        assert_int_equal(naming_counters(naming)->gave_up, gave_up + 1);
        naming_close(naming, slot);
    }
}

static void nothing_is_fed_after_the_end(void **state)
{
    (void)state;
    uint32_t slot = open_on(TRANSPORT_TCP, 22);
    while (say(slot, false, "SSH-2.0-x\r\n") == NAMING_MORE)
        ;
    struct naming_counters before = *naming_counters(naming);
    assert_int_equal(say(slot, true, REQUEST), NAMING_DONE);
    assert_memory_equal(&before, naming_counters(naming), sizeof before);
    assert_string_equal(naming_name(naming, slot), "SSH");
    naming_close(naming, slot);
}

static void empty_payload_costs_no_budget(void **state)
{
    (void)state;
    uint32_t slot = open_on(TRANSPORT_TCP, 22);
    for (unsigned i = 0; i < 3 * NAMING_PACKETS; i++)
        assert_int_equal(feed(slot, true, NULL, 0), NAMING_MORE);
    assert_int_equal(naming_counters(naming)->packets, 0);
    naming_close(naming, slot);
    assert_int_equal(naming_counters(naming)->evicted, 1);
}

static void long_payload_is_cut(void **state)
{
    (void)state;
    static char body[65535];
    memset(body, 'a', sizeof body);
    memcpy(body, REQUEST, strlen(REQUEST));
    uint32_t slot = open_on(TRANSPORT_TCP, 8080);
    if (feed(slot, true, body, sizeof body) == NAMING_MORE)
        (void)say(slot, false, RESPONSE);
    assert_string_equal(naming_name(naming, slot), "HTTP");
    naming_close(naming, slot);
}

static void cap_is_kept(void **state)
{
    (void)state;
    uint32_t slots[CAP];
    for (size_t i = 0; i < CAP; i++)
        assert_true(slots[i] = open_on(TRANSPORT_TCP, 1000));
    assert_int_equal(open_on(TRANSPORT_TCP, 1000), 0);
    assert_int_equal(open_on(TRANSPORT_UDP, 1000), 0);
    assert_int_equal(naming_counters(naming)->refused, 2);
    naming_close(naming, slots[1]);
    assert_true(slots[1] = open_on(TRANSPORT_TCP, 1000));
    assert_string_equal(naming_name(naming, slots[1]), "Unknown");
    /* naming_free() has to return what these hold, and not twice what a closed one held. */
    naming_close(naming, slots[0]);
    (void)say(slots[2], true, "POST /x HTTP/1.1\r\nHost: www.example\r\nContent-Type: text/plain\r\n");
}

static void modules_are_independent(void **state)
{
    (void)state;
    struct naming *other = naming_new(1);
    uint32_t slot = naming_open(other, &client, &client, TRANSPORT_TCP);
    while (naming_feed(other, slot, false, span_of("SSH-2.0-x\r\n", 11), now) == NAMING_MORE)
        ;
    const char *name = naming_name(other, slot);
    naming_free(other);
    assert_string_equal(name, "SSH");
    assert_int_equal(naming_counters(naming)->packets, 0);
}

static void library_tells_its_version(void **state)
{
    (void)state;
    assert_memory_equal(naming_library(), "nDPI ", 5);
    assert_true(strlen(naming_library()) > 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(http_on_any_port),
        TEST(http_over_ipv6),
        TEST(http_to_a_known_service),
        TEST(ssh),
        TEST(dns),
        TEST(quic),
        TEST(tls_is_not_looked_for),
        TEST(garbage_is_unknown_on_any_port),
        TEST(nothing_is_fed_after_the_end),
        TEST(empty_payload_costs_no_budget),
        TEST(long_payload_is_cut),
        TEST(cap_is_kept),
        TEST(modules_are_independent),
        cmocka_unit_test(library_tells_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
