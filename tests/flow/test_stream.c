/* TCP reassembly: which bytes come out, in which order, and what is said of those that do not. */
#include "flow/between.h"
#include "flow/stream.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct flow_table table;
static char out[4096];
static size_t out_length;
static size_t gap_bytes;
static unsigned conflicts;
static bool ended;
static nanos now;

static int open_table(void **state)
{
    (void)state;
    out_length = gap_bytes = 0;
    conflicts = 0;
    ended = false;
    now = NANOS_PER_SECOND;
    return flow_table_open(&table, 8, 8) ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    flow_table_close(&table);
    return 0;
}

static struct segment segment(unsigned side, uint32_t seq, uint8_t flags, const char *bytes)
{
    struct segment s = {
        .time = now += 1000, .transport = TRANSPORT_TCP, .seq = seq, .flags = flags, .side = (uint8_t)side};
    s.src = (struct endpoint){
        .address = {192, 0, 2, (uint8_t)(1 + side)}, .family = 4, .port = side ? 443 : 40000};
    s.dst = (struct endpoint){
        .address = {192, 0, 2, (uint8_t)(2 - side)}, .family = 4, .port = side ? 40000 : 443};
    s.payload = span_of(bytes, strlen(bytes));
    s.payload_len = s.payload.n;
    return s;
}

static void drain(struct runs runs)
{
    struct run run;
    while (runs_next(&runs, &run)) {
        gap_bytes += run.gap;
        conflicts += run.conflict;
        ended |= run.fin;
        if (run.bytes.n)
            memcpy(out + out_length, run.bytes.p, run.bytes.n);
        out_length += run.bytes.n;
    }
    out[out_length] = '\0';
}

/* The connection of the segment, as the pipeline finds it, with its bytes in `out`. */
static struct flow *put(struct segment s)
{
    struct flow *flow = flow_find(&table, &s);
    if (!flow)
        flow = flow_add(&table, &s);
    else if (stream_begins(stream_start(&table, flow, &s)))
        flow_restart(&table, flow, &s);
    flow->state = FLOW_HANDSHAKE;
    drain(stream_put(&table, flow, &s));
    flow->last_seen = s.time;
    return flow;
}

static void bytes_in_order_lie_where_they_are(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    struct segment s = segment(0, 100, TCP_ACK, "abc");
    struct flow *flow = flow_find(&table, &s);
    struct runs runs = stream_put(&table, flow, &s);
    struct run run;
    assert_true(runs_next(&runs, &run));
    assert_ptr_equal(run.bytes.p, s.payload.p); /* no copy */
    assert_false(runs_next(&runs, &run));
}

static void early_bytes_wait_for_the_hole(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 103, TCP_ACK, "def"));
    put(segment(0, 109, TCP_ACK, "jk"));
    assert_string_equal(out, "");
    put(segment(0, 100, TCP_ACK, "abc"));
    assert_string_equal(out, "abcdef");
    put(segment(0, 106, TCP_ACK, "ghi"));
    assert_string_equal(out, "abcdefghijk");
    assert_int_equal(gap_bytes, 0);
}

static void sequence_numbers_wrap_around(void **state)
{
    (void)state;
    put(segment(0, 0xfffffffd, TCP_SYN, ""));
    put(segment(0, 0x00000001, TCP_ACK, "def"));
    put(segment(0, 0xfffffffe, TCP_ACK, "abc"));
    assert_string_equal(out, "abcdef");
}

static void retransmissions_say_nothing_new(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 100, TCP_ACK, "abcdef"));
    put(segment(0, 100, TCP_ACK, "abcdef"));
    put(segment(0, 102, TCP_ACK, "cdefgh"));
    assert_string_equal(out, "abcdefgh");
    assert_int_equal(conflicts, 0);
    assert_true(table.counters.retransmitted == 1);
}

static void a_second_content_for_old_bytes_is_a_conflict(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 100, TCP_ACK, "abcdef"));
    put(segment(0, 102, TCP_ACK, "cXef"));
    assert_string_equal(out, "abcdef"); /* the first copy was handed on already */
    assert_int_equal(conflicts, 1);
}

static void a_second_content_for_held_bytes_is_a_conflict(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 103, TCP_ACK, "def"));
    put(segment(0, 102, TCP_ACK, "cDe"));
    put(segment(0, 100, TCP_ACK, "ab"));
    assert_string_equal(out, "abcdef");
    assert_int_equal(conflicts, 1);
}

/* What looks like a keep-alive (RFC 9293 3.8.4) may be the byte that the other end took. */
static void one_byte_sent_again_is_compared(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 100, TCP_ACK, "abc"));
    put(segment(0, 102, TCP_ACK, "c"));
    assert_int_equal(conflicts, 0);
    put(segment(0, 102, TCP_ACK, "?"));
    assert_int_equal(conflicts, 1);
}

static void a_hole_that_stays_is_a_gap_at_the_end(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    struct flow *flow = put(segment(0, 110, TCP_ACK, "xyz"));
    drain(stream_flush(&table, flow, 0));
    assert_string_equal(out, "xyz");
    assert_int_equal(gap_bytes, 10);
}

static void too_many_pieces_make_the_first_hole_a_gap(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    for (uint32_t i = 0; i <= OUT_OF_ORDER_PIECES; i++)
        put(segment(0, 110 + 2 * i, TCP_ACK, "x"));
    assert_int_equal(gap_bytes, 10); /* the holes between the pieces may be filled yet */
}

static void a_cut_segment_leaves_a_gap_of_what_is_missing(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    struct segment s = segment(0, 100, TCP_ACK, "abc");
    s.payload_len = 10;
    put(s);
    put(segment(0, 110, TCP_ACK, "k"));
    assert_string_equal(out, "abck");
    assert_int_equal(gap_bytes, 7);
}

static void the_end_comes_after_the_bytes_before_it(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(0, 103, TCP_FIN | TCP_ACK, ""));
    assert_false(ended);
    put(segment(0, 100, TCP_ACK, "abc"));
    assert_true(ended);
}

static void a_reset_outside_the_window_is_not_believed(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    struct flow *flow = put(segment(0, 50000000, TCP_RST, ""));
    assert_false(flow->marks[0] & SIDE_RST);
    put(segment(0, 101, TCP_RST, ""));
    put(segment(0, 99, TCP_RST, ""));
    assert_false(flow->marks[0] & SIDE_RST); /* RFC 5961 3.2: a challenge, no end */
    put(segment(0, 100, TCP_RST, ""));
    assert_true(flow->marks[0] & SIDE_RST);
}

static void ports_are_used_again_after_the_end(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    put(segment(1, 299, TCP_SYN | TCP_ACK, ""));
    put(segment(0, 100, TCP_RST, ""));
    put(segment(0, 5000, TCP_SYN, ""));
    put(segment(0, 5001, TCP_ACK, "new"));
    assert_string_equal(out, "new");
    assert_true(table.counters.restarted == 1);
}

static void a_lone_syn_ends_no_connection(void **state)
{
    (void)state;
    put(segment(0, 99, TCP_SYN, ""));
    struct segment opens = segment(1, 299, TCP_SYN | TCP_ACK, "");
    opens.ack = 100;
    put(opens);
    put(segment(0, 100, TCP_ACK, "abc"));
    put(segment(0, 777777, TCP_SYN, "")); /* an endpoint ignores it (RFC 9293 3.10.7.4), and so do we */
    put(segment(0, 103, TCP_ACK, "def"));
    assert_string_equal(out, "abcdef");
    assert_true(table.counters.restarted == 0);
    struct segment answer = segment(1, 8000, TCP_SYN | TCP_ACK, "");
    answer.ack = 777778; /* both may be forged */
    put(answer);
    put(segment(0, 106, TCP_ACK, "ghi"));
    assert_string_equal(out, "abcdefghi");
    assert_true(table.counters.restarted == 0);
    struct segment third = segment(0, 777778, TCP_ACK, "jkl");
    third.ack = 8001; /* but a client that takes the answer has given the old one up */
    const struct flow *flow = put(third);
    assert_string_equal(out, "abcdefghijkl");
    assert_true(table.counters.restarted == 1);
    assert_true(flow->marks[0] & flow->marks[1] & SIDE_SYN && flow->side[1].next == 8001);
}

/* As many connections as the table takes, from ports 1000 on; those from `unconfirmed` on are not confirmed.
 */
static void fill_table(unsigned unused, unsigned unconfirmed)
{
    for (unsigned i = 0; i < 8; i++) {
        struct segment s = segment(0, 1, TCP_SYN, "");
        s.src.port = (uint16_t)(1000 + i);
        struct flow *flow = flow_add(&table, &s);
        assert_non_null(flow);
        flow->used = i != unused;
        flow->confirmed = i < unconfirmed ? 3 : 1;
        if (flow_is_confirmed(flow))
            flow_confirmed(&table, flow);
    }
}

static void a_full_table_gives_up_the_unused_first(void **state)
{
    (void)state;
    fill_table(3, UINT_MAX);
    struct segment s = segment(0, 1, TCP_SYN, "");
    assert_null(flow_add(&table, &s));
    struct flow *victim = flow_victim(&table);
    assert_int_equal(victim->end[0].port, 1003);
    flow_remove(&table, victim);
    assert_non_null(flow_add(&table, &s));
}

/* However long a confirmed one has been quiet: only a quarter of the table can be had without an answer. */
static void a_full_table_gives_up_the_unconfirmed_before_the_unused(void **state)
{
    (void)state;
    fill_table(0, 6);
    for (unsigned i = 0; i < 100; i++) {
        struct segment s = segment(0, 1, TCP_SYN, "");
        s.src.port = (uint16_t)(2000 + i);
        struct flow *victim = flow_victim(&table);
        assert_int_equal(victim->end[0].port, i < 2 ? 1006 + i : 1998 + i);
        flow_remove(&table, victim);
        assert_non_null(flow_add(&table, &s));
    }
}

/* As long as few are unconfirmed, each has the time to be confirmed. */
static void few_unconfirmed_keep_their_places(void **state)
{
    (void)state;
    fill_table(2, 7);
    assert_int_equal(flow_victim(&table)->end[0].port, 1002);
}

/* If all were used, one with a handshake in progress stays all the same. */
static void a_handshake_keeps_its_place(void **state)
{
    (void)state;
    fill_table(UINT_MAX, UINT_MAX);
    ((struct flow *)pool_at(&table.flows, table.confirmed.oldest))->state = FLOW_HANDSHAKE;
    assert_int_equal(flow_victim(&table)->end[0].port, 1001);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

static void datagrams_with_equal_ports_are_another_flow(void **state)
{
    (void)state;
    struct segment tcp = segment(0, 1000, TCP_SYN, "");
    struct segment udp = tcp;
    udp.transport = TRANSPORT_UDP;
    udp.src.udp = udp.dst.udp = true;
    struct flow *of_tcp = flow_add(&table, &tcp);
    assert_null(flow_find(&table, &udp));
    struct flow *of_udp = flow_add(&table, &udp);
    assert_ptr_not_equal(of_tcp, of_udp);
    assert_ptr_equal(flow_find(&table, &tcp), of_tcp);
    assert_ptr_equal(flow_find(&table, &udp), of_udp);
}

/* A connection of which the client's SYN (1000) was captured. */
static struct flow *after_syn(void)
{
    struct segment syn = segment(0, 1000, TCP_SYN, "");
    struct flow *flow = flow_add(&table, &syn);
    drain(stream_put(&table, flow, &syn));
    return flow;
}

static void say(struct flow *flow, unsigned side, uint32_t seq, uint32_t ack, uint8_t flags,
                const char *bytes)
{
    struct segment s = segment(side, seq, flags, bytes);
    s.ack = ack;
    drain(stream_put(&table, flow, &s));
}

static void what_is_left_of_an_earlier_connection_anchors_nothing(void **state)
{
    (void)state;
    struct flow *flow = after_syn();
    say(flow, 1, 70000, 99000000, TCP_ACK, "");                /* a challenge ACK, RFC 5961 4 */
    say(flow, 1, 70000, 99000000, TCP_ACK | TCP_PSH, "stale"); /* sent again */
    say(flow, 1, 70005, 99000000, TCP_ACK | TCP_FIN, "");
    say(flow, 1, 70005, 99000000, TCP_ACK | TCP_RST, "");
    assert_int_equal(out_length, 0);
    assert_int_equal(flow->marks[1], 0);
    say(flow, 1, 5000, 1001, TCP_SYN | TCP_ACK, "");
    say(flow, 1, 5001, 1001, TCP_ACK, "new");
    assert_string_equal(out, "new");
    assert_false(ended);
}

static void a_syn_ack_overrides_a_start_that_was_no_syn(void **state)
{
    (void)state;
    struct flow *flow = after_syn();
    say(flow, 1, 70000, 1001, TCP_ACK, ""); /* its acknowledgement fits by chance */
    say(flow, 1, 5000, 1001, TCP_SYN | TCP_ACK, "");
    say(flow, 1, 5001, 1001, TCP_ACK, "new");
    assert_string_equal(out, "new");
}

static void of_two_syn_acks_the_client_chooses(void **state)
{
    (void)state;
    static const uint32_t chosen[] = {5000, 80000000};
    for (size_t i = 0; i < 2; i++) {
        out_length = 0;
        struct flow *flow = after_syn();
        say(flow, 1, 5000, 1001, TCP_SYN | TCP_ACK, "");
        say(flow, 1, 80000000, 1001, TCP_SYN | TCP_ACK, "");
        say(flow, 0, 1001, chosen[i] + 1, TCP_ACK, "");
        say(flow, 1, chosen[1 - i] + 1, 1001, TCP_ACK, "other");
        say(flow, 1, chosen[i] + 1, 1001, TCP_ACK, "this");
        assert_string_equal(out, "this");
        flow_remove(&table, flow);
    }
}

static void a_fin_outside_the_window_ends_nothing_and_is_a_doubt(void **state)
{
    (void)state;
    struct flow *flow = after_syn();
    say(flow, 1, 5000, 1001, TCP_SYN | TCP_ACK, "");
    struct segment fin = segment(1, 80000000, TCP_FIN | TCP_ACK, "");
    struct runs runs = stream_put(&table, flow, &fin);
    struct run run;
    assert_true(runs_next(&runs, &run));
    assert_true(run.dropped && !run.fin && !run.gap);
    assert_false(runs_next(&runs, &run));
    assert_int_equal(flow->dropped, 2);
    say(flow, 1, 5001, 1001, TCP_ACK, "on");
    assert_string_equal(out, "on");
    say(flow, 1, 5003, 1001, TCP_ACK | TCP_FIN, "");
    assert_true(ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_in_order_lie_where_they_are),
        CASE(early_bytes_wait_for_the_hole),
        CASE(sequence_numbers_wrap_around),
        CASE(retransmissions_say_nothing_new),
        CASE(a_second_content_for_old_bytes_is_a_conflict),
        CASE(a_second_content_for_held_bytes_is_a_conflict),
        CASE(one_byte_sent_again_is_compared),
        CASE(a_hole_that_stays_is_a_gap_at_the_end),
        CASE(too_many_pieces_make_the_first_hole_a_gap),
        CASE(a_cut_segment_leaves_a_gap_of_what_is_missing),
        CASE(the_end_comes_after_the_bytes_before_it),
        CASE(a_reset_outside_the_window_is_not_believed),
        CASE(ports_are_used_again_after_the_end),
        CASE(a_lone_syn_ends_no_connection),
        CASE(a_full_table_gives_up_the_unused_first),
        CASE(a_full_table_gives_up_the_unconfirmed_before_the_unused),
        CASE(few_unconfirmed_keep_their_places),
        CASE(a_handshake_keeps_its_place),
        cmocka_unit_test_setup_teardown(datagrams_with_equal_ports_are_another_flow, open_table, close_table),
        cmocka_unit_test_setup_teardown(what_is_left_of_an_earlier_connection_anchors_nothing, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(a_syn_ack_overrides_a_start_that_was_no_syn, open_table, close_table),
        cmocka_unit_test_setup_teardown(of_two_syn_acks_the_client_chooses, open_table, close_table),
        cmocka_unit_test_setup_teardown(a_fin_outside_the_window_ends_nothing_and_is_a_doubt, open_table,
                                        close_table),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
