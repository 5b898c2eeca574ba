/* Equal alerts are counted, whatever the table forgets, and told in packet time. */
#include "base/limits.h"
#include "report/alert_message.h"
#include "report/event_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct rule_facts rule = {
    .id = "a-rule", .sid = 7, .clause = "TS 33.141 7.2", .title = "A breach", .profile = "p"};

struct heard {
    uint64_t alerts; /* singly and in sums */
    uint64_t messages, sums;
    struct alert_writer writer;
    char last[SYSLOG_MOST_BYTES + 1];
};

static void hear(struct heard *h, struct span message)
{
    assert_true(message.n < sizeof h->last);
    memcpy(h->last, message.p, message.n);
    h->last[message.n] = '\0';
    const char *count = strstr(h->last, " count=\"");
    h->alerts += count ? strtoull(count + strlen(" count=\""), NULL, 10) : 1;
    h->sums += count != NULL;
    h->messages++;
}

static void hear_sum(void *context, const struct alert_sum *sum)
{
    struct heard *h = context;
    hear(h, alert_summary(&h->writer, sum));
}

static void alert(struct heard *h, struct summing *s, uint32_t ue, nanos time)
{
    struct policy_case c = {.kind = CASE_KEY};
    const struct verdict v = {
        .rule = &rule, .value = VERDICT_FAIL, .severity = SEVERITY_LOW, .fault = FAULT_UE};
    c.about.client.family = c.about.server.family = 4;
    memcpy(c.about.client.address, &ue, sizeof ue);
    c.about.client.port = (uint16_t)(40000 + time / NANOS_PER_SECOND % 1000);
    c.about.server.port = 443;
    c.about.time = time;
    summing_time(s, time);
    if (!summing_takes(s, &c, &v))
        hear(h, alert_message(&h->writer, &c, &v));
}

static struct summing *new_summing(struct heard *h)
{
    h->writer.origin = (struct syslog_origin){
        .facility = 21, .host = "h", .process = "1", .element = "utwatch@32473", .most = SYSLOG_LEAST_BYTES};
    struct summing *s = summing_new(60 * NANOS_PER_SECOND, hear_sum, h);
    assert_non_null(s);
    return s;
}

static void first_at_once_and_the_others_as_one(void **state)
{
    (void)state;
    const nanos second = NANOS_PER_SECOND;
    struct heard h = {0};
    struct summing *s = new_summing(&h);
    for (int i = 0; i < 60; i++)
        alert(&h, s, 1, i * second);
    assert_int_equal(h.messages, 1);
    alert(&h, s, 1, 60 * second);
    assert_int_equal(h.messages, 2);
    assert_non_null(strstr(h.last, " count=\"59\""));
    assert_non_null(strstr(
        h.last, " first=\"1970-01-01T00:00:01.000000+0000\" last=\"1970-01-01T00:00:59.000000+0000\""));
    alert(&h, s, 2, 60 * second); /* of another UE */
    assert_int_equal(h.messages, 3);
    summing_time(s, 120 * second);
    assert_int_equal(h.alerts, 62); /* the one at 60 s in a sum of its own */
    summing_time(s, 180 * second);  /* nothing in between: forgotten */
    alert(&h, s, 1, 181 * second);
    assert_null(strstr(h.last, "count="));
    summing_flush(s);
    assert_int_equal(h.alerts, 63);
    summing_free(s);
}

static void none_is_lost_when_the_table_is_full(void **state)
{
    (void)state;
    struct heard h = {0};
    struct summing *s = new_summing(&h);
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t ue = 1; ue <= SUMMED_ALERTS + 100; ue++) {
            alert(&h, s, ue, NANOS_PER_SECOND);
            alert(&h, s, ue, NANOS_PER_SECOND);
        }
    assert_true(summing_counters(s)->evicted > 0);
    summing_flush(s);
    assert_int_equal(h.alerts, 4 * (SUMMED_ALERTS + 100));
    assert_int_equal(summing_counters(s)->told + summing_counters(s)->summed, h.alerts);
    summing_free(s);
}

/* A sum does not wait until a clock that was set back has caught up. */
static void clock_set_back_ends_the_interval(void **state)
{
    (void)state;
    struct heard h = {0};
    struct summing *s = new_summing(&h);
    alert(&h, s, 1, 1000000 * NANOS_PER_SECOND);
    alert(&h, s, 1, 1000001 * NANOS_PER_SECOND);
    summing_time(s, 5 * NANOS_PER_SECOND);
    assert_int_equal(h.sums, 1);
    summing_free(s);
}

/* A condition is an alert while it lasts, and a notice when it is over. */
static void sensor_is_told_at_once(void **state)
{
    (void)state;
    struct heard h = {0};
    struct summing *s = new_summing(&h);
    summing_free(s);
    struct sensor_finding f = {.condition = SENSOR_DROPS,
                               .edge = SENSOR_BEGINS,
                               .interface = "span\"0",
                               .observed = "12 % of the packets"};
    hear(&h, alert_of_sensor(&h.writer, &f));
    assert_memory_equal(h.last, "<170>1 1970-01-01T00:00:00.000000Z h utwatch 1 packets-dropped ", 63);
    assert_non_null(
        strstr(h.last, " edge=\"begins\" in_iface=\"span\\\\x220\" observed=\"12 % of the packets\""));
    assert_non_null(strstr(h.last, "The kernel drops packets"));
    f.edge = SENSOR_ENDS;
    hear(&h, alert_of_sensor(&h.writer, &f));
    assert_memory_equal(h.last, "<173>1 ", 7);
    assert_non_null(strstr(h.last, "The kernel drops no more packets"));
    assert_int_equal(h.messages, 2);
}

static void keep_event(void *context, const struct alert_sum *sum)
{
    json_sum_event(context, sum);
}

/* Beyond a limit the first of equal alerts is part of the sum as well, and advice is of no weight. */
static void sum_as_an_event(void **state)
{
    (void)state;
    char buffer[MAX_EVENT_BYTES];
    struct text events = text_over(buffer, sizeof buffer);
    struct summing *s = summing_new(60 * NANOS_PER_SECOND, keep_event, &events);
    const struct verdict v = {
        .rule = &rule, .value = VERDICT_FAIL, .severity = SEVERITY_HIGH, .fault = FAULT_SERVER};
    struct policy_case c = {.kind = CASE_HANDSHAKE};
    c.about.client.family = c.about.server.family = 4;
    c.about.server.port = 443;
    for (int i = 0; i < 5; i++) {
        c.about.time = i * NANOS_PER_SECOND;
        summing_time(s, c.about.time);
        summing_adds(s, &c, &v, false);
    }
    assert_int_equal(events.n, 0);
    assert_int_equal(summing_counters(s)->told, 0);
    assert_int_equal(summing_counters(s)->summed, 5);
    summing_flush(s);
    assert_non_null(strstr(buffer, "\"count\":5,\"first\":\"1970-01-01T00:00:00.000000+0000\","
                                   "\"last\":\"1970-01-01T00:00:04.000000+0000\",\"rule\":\"a-rule\""));
    assert_non_null(strstr(buffer, "\"severity\":1}"));
    assert_non_null(strstr(buffer, "\"fault\":\"server\""));
    events.n = 0;
    summing_adds(s, &c, &v, true);
    summing_flush(s);
    assert_non_null(strstr(buffer, "\"severity\":4,\"metadata\":{\"advice\":[\"p\"]}}"));
    summing_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_at_once_and_the_others_as_one),
        cmocka_unit_test(none_is_lost_when_the_table_is_full),
        cmocka_unit_test(sensor_is_told_at_once),
        cmocka_unit_test(clock_set_back_ends_the_interval),
        cmocka_unit_test(sum_as_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
