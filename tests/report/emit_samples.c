/* Prints events of every kind, for the test of the schema; with an argument, the report for people instead.
 */
#include "report/event_json.h"
#include "report/sensor_event.h"
#include "report/text_report.h"
#include "stand_in.h"

#include <stdlib.h>

static struct observation o;
static struct tally tally;
static char line[MAX_EVENT_BYTES];
static const char *const files[] = {"captures/ims.pcap"};
static const struct input_names names = {.name = files, .count = 1};
static const char *const interfaces[] = {"eth0"};
static const struct input_names live = {
    .name = interfaces, .count = 1, .live = true, .identities = {.clear = true}};

static void print(struct text *t)
{
    if (t->cut)
        abort();
    (void)fwrite(t->p, 1, t->n, stdout);
}

static void print_in(size_t space, const struct input_names *inputs, const struct verdict *v)
{
    const struct policy_case c = case_of_handshake(&o);
    struct text t = text_over(line, space);
    if (v)
        json_alert_event(&t, &c, inputs, v, false, NULL);
    else
        sample_tls_event(&t, &o, inputs);
    print(&t);
}

static const struct capture_health health = {.first_time = INT64_C(1795456200123456789),
                                             .last_time = INT64_C(1795459800000000000),
                                             .frames = 24310,
                                             .bytes = 18204993,
                                             .segments = 24001,
                                             .cut_frames = 12,
                                             .gaps = 3,
                                             .gap_bytes = 4380,
                                             .connections = 130,
                                             .tls_connections = 121,
                                             .connections_midstream = 2,
                                             .connections_one_direction = 1};

static void (*const samples[])(struct observation *) = {sample_empty, sample_full,      sample_tls13,
                                                        sample_sslv2, sample_one_sided, sample_largest};
#define SAMPLES (sizeof samples / sizeof *samples)

/* What the sensor says of itself. */
static void of_sensor(void)
{
    for (unsigned i = 0; i < SENSOR_CONDITIONS; i++) {
        const struct sensor_finding finding = {.condition = (enum sensor_condition)i,
                                               .edge = (enum sensor_edge)(i % 3),
                                               .time = health.last_time,
                                               .interface = i % 2 ? "eth0" : NULL,
                                               .observed = "no packet for 300.0 seconds"};
        struct text t = text_over(line, sizeof line);
        json_sensor_event(&t, &finding);
        json_sensor_alert(&t, &finding);
        print(&t);
    }
}

static void of_sums(void)
{
    const struct verdict v = stand_in_verdict(RULE_ANONYMOUS, VERDICT_FAIL);
    sample_full(&o);
    struct alert_sum sum = {.rule = v.rule,
                            .severity = SEVERITY_HIGH,
                            .fault = FAULT_BOTH,
                            .client = o.whence.client,
                            .server = o.whence.server,
                            .count = 4711,
                            .first = health.first_time,
                            .last = health.last_time};
    for (int advice = 0; advice < 2; advice++) {
        struct text t = text_over(line, sizeof line);
        sum.advice = advice;
        json_sum_event(&t, &sum);
        print(&t);
    }
}

/* Cases of the other kinds, each with an alert. */
static void other_kinds(void)
{
    const struct verdict v = stand_in_verdict(RULE_ANONYMOUS, VERDICT_FAIL);
    sample_full(&o);
    const struct whence whence = {.client = o.whence.client, .server = o.whence.server, .flow_id = 7};
    struct http_exchange e = {.whence = whence,
                              .request_seen = true,
                              .response_seen = true,
                              .method = HTTP_PUT,
                              .status = 200,
                              .gba_realm = true,
                              .user = {.length = 3, .bytes = "abc"},
                              .identity = {.length = 3, .bytes = "\"\n\377"},
                              .auid = {.length = 2, .bytes = "au"},
                              .host = {.length = 2, .bytes = "ho"}};
    struct http_connection h = {.whence = whence, .count.requests = 1};
    struct peer server = {
        .end = o.whence.server, .side = SERVER, .handshakes = 3, .name = "xcap.example.org"};
    struct peer ue = {.end = o.whence.client, .side = CLIENT, .handshakes = 3};
    struct key_use key = {.whence = whence};
    struct peer_evidence evidence = {.doubt = 0};
    struct policy_case cases[] = {
        case_of_exchange(&e), case_of_connection(&h, "HTTP"),   case_of_connection(&h, "SSH"),
        case_of_key(&key),    case_of_peer(&server, &evidence), case_of_peer(&ue, &evidence),
    };
    cases[1].passed_on = true;
    cases[1].about.told = (struct endpoint){.family = 4, .space = SPACE_TOLD, .port = 51000};
    cases[1].nearer =
        (struct other_side){.client = o.whence.client, .server = o.whence.server, .linked = true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t = text_over(line, sizeof line);
        if (cases[i].kind == CASE_CONNECTION)
            json_flow_event(&t, &cases[i], &names);
        json_alert_event(&t, &cases[i], &names, &v, i % 2, NULL);
        print(&t);
    }
    for (size_t i = 4; i < 6; i++) {
        struct verdict now = stand_in_verdict(RULE_VERSION, i % 2 ? VERDICT_PASS : VERDICT_NOT_OBSERVABLE);
        struct told_finding told = {.state = 1, .second = 1795470000, .micros = 12, .fault = FAULT_SERVER};
        now.reasons = i % 2 ? 0 : UNOBSERVED_UNDECIDED;
        const struct taken_back t = {.about = &cases[i], .now = &now, .told = &told, .as = FINDING_VIOLATION};
        struct text line_of = text_over(line, sizeof line);
        json_taken_back_event(&line_of, &t, &names);
        print(&line_of);
        now = stand_in_verdict(RULE_VERSION, VERDICT_FAIL);
        tally_add_told(&tally, &cases[i], &now, &told);
        now.value = VERDICT_PASS;
        tally_take_back(&tally, &cases[i], &now, &told);
    }
    struct verdict excepted = v;
    excepted.excepted = "a reason";
    tally_add(&tally, &cases[0], &excepted, 1);
}

static void events(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        samples[i](&o);
        print_in(sizeof line, &names, NULL);
        print_in(sizeof line, &live, NULL);
        struct verdict v = stand_in_verdict(i % STAND_IN_RULES, VERDICT_FAIL);
        v.fault = (enum fault)(i % (FAULT_BOTH + 1));
        v.basis = (enum basis)(i % 3);
        v.note = i % 2 ? "a remark" : NULL;
        print_in(sizeof line, &names, &v);
        sample_add(&tally, &o, &v, 1);
        v = stand_in_verdict(RULE_VERSION, VERDICT_PASS);
        v.note = "a remark";
        sample_add(&tally, &o, &v, 1);
        v = stand_in_verdict(RULE_LIFETIME, VERDICT_NOT_OBSERVABLE);
        v.reasons = (1u << UNOBSERVED_COUNT) - 1;
        sample_add(&tally, &o, &v, 1);
    }
    print_in(4096, &names, NULL); /* the largest, shortened */
    static const uint16_t versions[] = {0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0999};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        sample_full(&o);
        o.outcome = (enum outcome)(i % OUTCOMES);
        o.server_hello.version = versions[i];
        sample_add(&tally, &o, NULL, 0);
    }
    const struct verdict v = stand_in_verdict(RULE_ANONYMOUS, VERDICT_FAIL);
    for (uint32_t i = 0; i <= MAX_OFFENDERS; i++) {
        o.whence.server = sample_ipv4(0xc0000200 + i, 443);
        sample_add(&tally, &o, &v, 1);
    }
    other_kinds();
    of_sensor();
    of_sums();
    tally.untold = 1;
    struct text t = text_over(line, sizeof line);
    json_stats_event(&t, &tally, &health, health.last_time);
    print(&t);
    struct capture_health not_followed = health;
    for (enum obstacle_kind kind = OBSTACLE_ETHERTYPE; kind <= OBSTACLE_IP_PROTOCOL; kind++) {
        not_followed.commonest = (struct not_followed){.frames = 12, .code = 147, .kind = kind};
        t = text_over(line, sizeof line);
        json_stats_event(&t, &tally, &not_followed, health.last_time);
        print(&t);
    }
    struct capture_health interrupted = health;
    interrupted.workers = 2;
    interrupted.interrupted = "SIGTERM";
    t = text_over(line, sizeof line);
    json_stats_event(&t, &tally, &interrupted, health.last_time);
    print(&t);
    size_t room = 0;
    do { /* in the least room, the counters fit, and what was counted by rule does not */
        t = text_over(line, room += 64);
        json_stats_event(&t, &tally, &health, health.last_time);
    } while (t.cut && room + 64 <= sizeof line);
    print(&t);
}

static void judged(struct text_report *report, size_t rule, enum verdict_value value, enum fault fault)
{
    struct verdict v = stand_in_verdict(rule, value);
    const struct policy_case c = case_of_handshake(&o);
    if (value == VERDICT_FAIL) {
        v.fault = fault;
        text_report_violation(report, &c, &v);
    }
    sample_add(&tally, &o, &v, 1);
}

static void people(bool colour)
{
    struct text_report *report =
        text_report_new(stdout, &(struct text_look){.colour = colour},
                        &(struct text_choice){.details = true, .rules = true, .unseen = true}, &names);
    if (!report)
        abort();
    for (uint32_t i = 0; i < 120; i++) {
        samples[i % SAMPLES](&o);
        if (i % 7 == 0)
            o.whence.server = sample_ipv4(0xc0000200 + i % 8, 443);
        if (i % 3 == 0)
            judged(report, RULE_ANONYMOUS, VERDICT_FAIL, FAULT_SERVER);
        else
            judged(report, RULE_VERSION, i == 50 ? VERDICT_FAIL : VERDICT_PASS, FAULT_UE);
        judged(report, RULE_LIFETIME, VERDICT_NOT_OBSERVABLE, FAULT_NONE);
        if (i % 40 == 0)
            judged(report, RULE_KEY_BITS, VERDICT_FAIL, FAULT_BOTH);
    }
    text_report_summary(report, &tally, NULL, &health, 1);
    text_report_free(report);
}

int main(int argc, char **argv)
{
    if (!tally_open(&tally, stand_in_profile()))
        return 1;
    if (argc > 1)
        people(strcmp(argv[1], "colour") == 0);
    else
        events();
    tally_close(&tally);
    return 0;
}
