#include "report/baseline.h"
#include "report/event_json.h"
#include "report/event_objects.h"
#include "report/json.h"

struct stats_event {
    const struct tally *tally;
    const struct capture_health *health;
    nanos when;
};

static void put_count(struct json *j, const char *key, uint64_t count)
{
    if (count)
        json_uint(j, key, count);
}

/* The rows of one object of the event. */
static void put_rows(struct json *j, const struct capture_health *h, const char *object)
{
    for (size_t i = 0; i < health_row_count; i++)
        if (!strcmp(health_rows[i].object, object))
            json_uint(j, health_rows[i].key, health_value(h, &health_rows[i]));
}

/* For each worker, the rows that are kept per worker, in the same objects as the totals. */
static void put_workers(struct json *j, const struct capture_health *h)
{
    static const char *const objects[] = {"capture", "connections", "tls", "http"};
    json_open(j, "workers", '[');
    for (unsigned w = 0; w < h->workers; w++) {
        json_open(j, NULL, '{');
        json_uint(j, "worker", w);
        for (size_t o = 0; o < sizeof objects / sizeof *objects; o++) {
            json_open(j, objects[o], '{');
            for (size_t i = 0; i < health_row_count; i++)
                if (health_rows[i].each && !strcmp(health_rows[i].object, objects[o]))
                    json_uint(j, health_rows[i].key, h->of_worker[w][i]);
            json_close(j, '}');
        }
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_commonest(struct json *j, const struct not_followed *most)
{
    if (!most->frames)
        return;
    json_open(j, "commonest_not_followed", '{');
    if (most->kind == OBSTACLE_LINK_TYPE)
        json_uint(j, "link_type", most->code);
    else if (most->kind == OBSTACLE_IP_PROTOCOL)
        json_uint(j, "ip_protocol", most->code);
    else
        json_hex16(j, "ethertype", (uint16_t)most->code);
    json_uint(j, "frames", most->frames);
    json_close(j, '}');
}

static void put_health(struct json *j, const struct capture_health *h)
{
    static const char *const objects[] = {"connections", "tls",    "",       "scope",    "http",
                                          "naming",      "events", "syslog", "evidence", "memory"};
    json_open(j, "capture", '{');
    put_rows(j, h, "capture");
    put_commonest(j, &h->commonest);
    if (h->frames) {
        json_time(j, "first_time", h->first_time);
        json_time(j, "last_time", h->last_time);
    }
    json_close(j, '}');
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        if (objects[i][0])
            json_open(j, objects[i], '{');
        put_rows(j, h, objects[i]);
        if (objects[i][0])
            json_close(j, '}');
    }
}

/* A list of {name, count}: names as keys would be new columns in a store of events for each suite. */
static void put_named(struct json *j, const char *name, uint64_t count)
{
    if (!count)
        return;
    json_open(j, NULL, '{');
    json_string(j, "name", name);
    json_uint(j, "count", count);
    json_close(j, '}');
}

static void put_suites(struct json *j, const struct tally *t)
{
    json_open(j, "suites", '[');
    for (size_t i = 0; i < suite_count; i++)
        put_named(j, suite_table[i].name, t->suite[i]);
    put_named(j, "unknown", t->unnamed_suites);
    json_close(j, ']');
    json_open(j, "key_bits", '[');
    for (uint64_t i = 0; i < TALLY_KEY_BITS; i++) {
        char bits[16];
        struct text name = text_over(bits, sizeof bits);
        text_uint(&name, i * 8);
        put_named(j, bits, t->key_bits[i]);
    }
    json_close(j, ']');
}

static void put_handshakes(struct json *j, const struct tally *t, enum detail detail)
{
    json_open(j, "handshakes", '{');
    json_uint(j, "total", t->handshakes);
    json_uint(j, "without_hello", t->without_hello);
    json_uint(j, "resumed", t->resumed);
    json_open(j, "outcome", '{');
    for (unsigned i = 0; i < OUTCOMES; i++)
        put_count(j, word_of(outcome_words, i), t->outcome[i]);
    json_close(j, '}');
    json_open(j, "versions", '[');
    for (unsigned i = 0; i < TALLY_VERSIONS; i++)
        put_named(j, tally_version_name((enum tally_version)i), t->version[i]);
    json_close(j, ']');
    if (detail == DETAIL_FULL)
        put_suites(j, t);
    json_close(j, '}');
}

static void put_values(struct json *j, const uint64_t value[VERDICT_VALUES])
{
    json_uint(j, "pass", value[VERDICT_PASS]);
    json_uint(j, "fail", value[VERDICT_FAIL]);
    json_uint(j, "nothing_against", value[VERDICT_NOTHING_AGAINST]);
    json_uint(j, "not_observable", value[VERDICT_NOT_OBSERVABLE]);
    json_uint(j, "not_applicable", value[VERDICT_NOT_APPLICABLE]);
}

static void put_reasons(struct json *j, const uint64_t reason[UNOBSERVED_COUNT])
{
    json_open(j, "reasons", '{');
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        put_count(j, unobserved_name(bit), reason[bit]);
    json_close(j, '}');
}

static void put_verdicts(struct json *j, const struct tally *t)
{
    json_open(j, "verdicts", '{');
    put_values(j, t->verdict);
    put_count(j, "excepted", t->excepted);
    if (t->baseline) {
        json_uint(j, "known", t->known);
        json_uint(j, "gone", baseline_gone(t->baseline, t->profile));
    }
    json_uint(j, "superseded", t->superseded);
    put_count(j, "superseded_untold", t->untold);
    put_reasons(j, t->reason);
    json_close(j, '}');
    json_open(j, "violations", '{');
    for (unsigned s = SEVERITIES; s-- > 0;)
        json_uint(j, word_of(severity_words, s), t->violation[s]);
    json_close(j, '}');
}

static void put_rule(struct json *j, const struct rule_tally *r)
{
    json_open(j, NULL, '{');
    json_string(j, "rule", r->rule->id);
    put_values(j, r->value);
    put_count(j, "excepted", r->excepted);
    if (r->known)
        put_count(j, "known", r->known);
    if (r->rule->superseded)
        json_string(j, "superseded", r->rule->superseded);
    put_count(j, "sharing_ues", r->sharing_ues);
    if (r->value[VERDICT_NOT_OBSERVABLE])
        put_reasons(j, r->reason);
    put_count(j, "remarks", r->remarks);
    put_count(j, "taken_back", r->taken_back);
    if (r->value[VERDICT_FAIL]) {
        bool more = false;
        json_uint(j, "servers", tally_offenders(r, SERVER, &more));
        json_uint(j, "ues", tally_offenders(r, CLIENT, &more));
        if (more)
            json_bool(j, "more", true);
    }
    json_close(j, '}');
}

static int64_t uptime_of(const struct capture_health *h)
{
    if (h->running)
        return h->running;
    return h->frames ? h->last_time - h->first_time : 0;
}

/* What EVE has names for. */
static void put_eve(struct json *j, const struct capture_health *h)
{
    json_open(j, "stats", '{');
    json_uint(j, "uptime", (uint64_t)uptime_of(h) / NANOS_PER_SECOND);
    json_open(j, "capture", '{');
    json_uint(j, "kernel_packets", h->kernel_packets);
    json_uint(j, "kernel_drops", h->kernel_drops);
    json_uint(j, "kernel_ifdrops", h->interface_drops);
    json_close(j, '}');
    json_open(j, "decoder", '{');
    json_uint(j, "pkts", h->frames);
    json_uint(j, "bytes", h->bytes);
    json_uint(j, "invalid", h->malformed);
    json_close(j, '}');
    json_open(j, "tcp", '{');
    json_uint(j, "reassembly_gap", h->gaps);
    json_close(j, '}');
    json_open(j, "flow", '{');
    json_uint(j, "memuse", h->flow_memory);
    json_close(j, '}');
    json_close(j, '}');
}

static void write_stats(struct json *j, const void *what, enum detail detail)
{
    const struct stats_event *e = what;
    json_open(j, NULL, '{');
    json_time(j, "timestamp", e->when);
    json_string(j, "event_type", "stats");
    put_eve(j, e->health);
    json_open(j, "utwatch", '{');
    json_string(j, "profile", profile_name(e->tally->profile));
    json_ruleset(j, profile_version(e->tally->profile));
    if (e->health->interrupted)
        json_string(j, "interrupted", e->health->interrupted);
    if (detail == DETAIL_SHORT)
        json_bool(j, "shortened", true);
    put_health(j, e->health);
    if (detail == DETAIL_FULL && e->health->workers)
        put_workers(j, e->health);
    put_handshakes(j, e->tally, detail);
    put_verdicts(j, e->tally);
    if (detail == DETAIL_FULL) {
        json_open(j, "rules", '[');
        for (size_t i = 0; i < e->tally->rule_count; i++)
            put_rule(j, &e->tally->rules[i]);
        json_close(j, ']');
    }
    json_close(j, '}');
    json_close(j, '}');
}

void json_stats_event(struct text *out, const struct tally *tally, const struct capture_health *health,
                      nanos when)
{
    const struct stats_event e = {.tally = tally, .health = health, .when = when};
    json_line(out, NULL, write_stats, &e);
}
