#include "report/event_json.h"
#include "report/fit.h"

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

static void put_capture(struct json *j, const struct capture_health *h)
{
    json_open(j, "capture", '{');
    json_uint(j, "frames", h->frames);
    json_uint(j, "bytes", h->bytes);
    json_uint(j, "dropped", h->dropped);
    json_uint(j, "broken_inputs", h->broken_inputs);
    json_uint(j, "not_tcp_udp", h->not_tcp_udp);
    json_uint(j, "malformed", h->malformed);
    json_uint(j, "too_deep", h->too_deep);
    json_uint(j, "unknown_link", h->unknown_link);
    json_uint(j, "cut_frames", h->cut_frames);
    json_uint(j, "fragments_kept", h->fragments_kept);
    json_uint(j, "fragments_reassembled", h->fragments_reassembled);
    json_uint(j, "fragments_lost", h->fragments_lost);
    json_uint(j, "segments", h->segments);
    json_uint(j, "truncated_segments", h->truncated_segments);
    json_uint(j, "outside_window", h->outside_window);
    json_uint(j, "out_of_order", h->out_of_order);
    json_uint(j, "retransmitted", h->retransmitted);
    json_uint(j, "conflicts", h->conflicts);
    json_uint(j, "gaps", h->gaps);
    json_uint(j, "gap_bytes", h->gap_bytes);
    if (h->frames) {
        json_time(j, "first_time", h->first_time);
        json_time(j, "last_time", h->last_time);
    }
    json_close(j, '}');
}

static void put_connections(struct json *j, const struct capture_health *h)
{
    json_open(j, "connections", '{');
    json_uint(j, "total", h->connections);
    json_uint(j, "tls", h->tls_connections);
    json_uint(j, "not_tls", h->not_tls_connections);
    json_uint(j, "midstream", h->connections_midstream);
    json_uint(j, "one_direction", h->connections_one_direction);
    json_uint(j, "evicted", h->connections_evicted);
    json_uint(j, "ports_reused", h->ports_reused);
    json_uint(j, "tls_midstream", h->tls_midstream);
    json_close(j, '}');
    json_open(j, "tls", '{');
    json_uint(j, "handshakes_evicted", h->handshakes_evicted);
    json_uint(j, "messages_malformed", h->messages_malformed);
    json_uint(j, "messages_too_long", h->messages_too_long);
    json_uint(j, "messages_without_room", h->messages_without_room);
    json_uint(j, "desynchronised", h->desynchronised);
    json_uint(j, "renegotiations", h->renegotiations);
    json_close(j, '}');
}

static void put_memory(struct json *j, const struct capture_health *h)
{
    json_uint(j, "out_of_scope", h->out_of_scope);
    json_open(j, "http", '{');
    json_uint(j, "connections", h->http_connections);
    json_uint(j, "exchanges", h->http_exchanges);
    json_uint(j, "lost", h->http_lost);
    json_close(j, '}');
    json_open(j, "memory", '{');
    json_uint(j, "sessions", h->sessions_remembered);
    json_uint(j, "sessions_evicted", h->sessions_evicted);
    json_uint(j, "sessions_damaged", h->sessions_damaged);
    json_uint(j, "clock_set", h->clock_set);
    json_uint(j, "sessions_asked", h->sessions_asked);
    json_uint(j, "sessions_found", h->sessions_found);
    json_uint(j, "sessions_unanswered", h->sessions_unanswered);
    json_uint(j, "sessions_told", h->sessions_told);
    json_uint(j, "sessions_untold", h->sessions_untold);
    json_uint(j, "servers", h->servers_remembered);
    json_uint(j, "ues", h->ues_remembered);
    json_uint(j, "peers_evicted", h->peers_evicted);
    json_close(j, '}');
}

static void put_suites(struct json *j, const struct tally *t)
{
    json_open(j, "suite", '{');
    for (size_t i = 0; i < suite_count; i++) {
        char key[16];
        struct text code = text_over(key, sizeof key);
        text_printf(&code, "0x%04x", suite_table[i].code);
        put_count(j, key, t->suite[i]);
    }
    put_count(j, "unknown", t->unnamed_suites);
    json_close(j, '}');
    json_open(j, "key_bits", '{');
    for (uint64_t i = 0; i < TALLY_KEY_BITS; i++) {
        char key[16];
        struct text bits = text_over(key, sizeof key);
        text_uint(&bits, i * 8);
        put_count(j, key, t->key_bits[i]);
    }
    json_close(j, '}');
}

static void put_handshakes(struct json *j, const struct tally *t, enum detail detail)
{
    json_open(j, "handshakes", '{');
    json_uint(j, "total", t->handshakes);
    json_uint(j, "without_hello", t->without_hello);
    json_uint(j, "resumed", t->resumed);
    json_open(j, "outcome", '{');
    for (unsigned i = 0; i < OUTCOMES; i++)
        put_count(j, outcome_name((enum outcome)i), t->outcome[i]);
    json_close(j, '}');
    json_open(j, "version", '{');
    for (unsigned i = 0; i < TALLY_VERSIONS; i++)
        put_count(j, tally_version_name((enum tally_version)i), t->version[i]);
    json_close(j, '}');
    if (detail == DETAIL_FULL)
        put_suites(j, t);
    json_close(j, '}');
}

static void put_values(struct json *j, const uint64_t value[VERDICT_VALUES])
{
    json_uint(j, "pass", value[VERDICT_PASS]);
    json_uint(j, "fail", value[VERDICT_FAIL]);
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
    put_reasons(j, t->reason);
    json_close(j, '}');
    json_open(j, "violations", '{');
    for (unsigned s = SEVERITIES; s-- > 0;)
        json_uint(j, severity_name((enum severity)s), t->violation[s]);
    json_close(j, '}');
}

static void put_rule(struct json *j, const struct rule_tally *r)
{
    json_open(j, NULL, '{');
    json_string(j, "rule", r->rule->id);
    put_values(j, r->value);
    put_count(j, "excepted", r->excepted);
    if (r->value[VERDICT_NOT_OBSERVABLE])
        put_reasons(j, r->reason);
    put_count(j, "remarks", r->remarks);
    if (r->value[VERDICT_FAIL]) {
        bool more = false;
        json_uint(j, "servers", tally_offenders(r, SERVER, &more));
        json_uint(j, "ues", tally_offenders(r, CLIENT, &more));
        if (more)
            json_bool(j, "more", true);
    }
    json_close(j, '}');
}

static void write_stats(struct json *j, const void *what, enum detail detail)
{
    const struct stats_event *e = what;
    json_open(j, NULL, '{');
    json_time(j, "timestamp", e->when);
    json_string(j, "event_type", "stats");
    json_open(j, "stats", '{');
    json_string(j, "profile", profile_name(e->tally->profile));
    if (detail == DETAIL_SHORT)
        json_bool(j, "shortened", true);
    put_capture(j, e->health);
    put_connections(j, e->health);
    put_memory(j, e->health);
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
    json_fit(out, write_stats, &e);
}
