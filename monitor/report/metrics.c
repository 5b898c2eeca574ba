#include "report/metrics.h"

#include "report/exposition.h"
#include "report/sensor_event.h"

#include <ctype.h>
#include <inttypes.h>

enum { NAME_BYTES = 128, HELP_BYTES = 256, NUMBER_BYTES = 24 };

/* ---- the rows of health.def */

/* utwatch_OBJECT_KEY_total, without the last word where it is there already, or where the number may fall. */
static void row_name(struct text *name, const char *prefix, const struct health_row *row)
{
    const bool total = row->level || !strcmp(row->key, "total");
    text_printf(name, "utwatch_%s%s%s%s%s", prefix, row->object, row->object[0] ? "_" : "", row->key,
                total ? "" : "_total");
}

static void begin_row(struct text *t, const struct health_row *row, const char *prefix, char *name)
{
    char help[HELP_BYTES];
    struct text n = text_over(name, NAME_BYTES);
    struct text h = text_over(help, sizeof help);
    row_name(&n, prefix, row);
    text_printf(&h, "%s%s%s%s", row->many, row->phrase[0] ? " " : "", row->phrase,
                *prefix ? ", by worker" : "");
    help[0] = (char)toupper((unsigned char)help[0]);
    metric_begin(t, name, row->level ? METRIC_GAUGE : METRIC_COUNTER, help);
}

static void put_health(struct text *t, const struct capture_health *h)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < health_row_count; i++) {
        begin_row(t, &health_rows[i], "", name);
        metric_value(t, name, NO_LABEL, NO_LABEL, health_value(h, &health_rows[i]));
    }
}

static void put_workers(struct text *t, const struct capture_health *h)
{
    char name[NAME_BYTES];
    char number[NUMBER_BYTES];
    for (size_t i = 0; i < health_row_count && h->workers; i++) {
        if (!health_rows[i].each)
            continue;
        begin_row(t, &health_rows[i], "worker_", name);
        for (unsigned w = 0; w < h->workers; w++) {
            struct text n = text_over(number, sizeof number);
            text_uint(&n, w);
            metric_value(t, name, (struct label){"worker", number}, NO_LABEL, h->of_worker[w][i]);
        }
    }
}

/* ---- handshakes and verdicts */

static void put_handshakes(struct text *t, const struct tally *tally)
{
    const char *name = "utwatch_handshakes_total";
    metric_begin(t, name, METRIC_COUNTER, "Handshakes that were judged, by outcome");
    for (unsigned i = 0; i < OUTCOMES; i++)
        metric_value(t, name, (struct label){"outcome", word_of(outcome_words, i)}, NO_LABEL,
                     tally->outcome[i]);
    name = "utwatch_handshakes_version_total";
    metric_begin(t, name, METRIC_COUNTER, "Handshakes that were judged, by the version that was selected");
    for (unsigned i = 0; i < TALLY_VERSIONS; i++)
        metric_value(t, name, (struct label){"version", tally_version_name((enum tally_version)i)}, NO_LABEL,
                     tally->version[i]);
    metric_alone(t, "utwatch_handshakes_resumed_total", METRIC_COUNTER, "Handshakes that resumed a session",
                 tally->resumed);
    metric_alone(t, "utwatch_handshakes_without_hello_total", METRIC_COUNTER,
                 "TLS connections without a captured hello", tally->without_hello);
}

static void put_rules(struct text *t, const struct tally *tally)
{
    const char *name =
        "utwatch_violations_total"; /* which never falls: what is taken back is counted apart */
    metric_begin(t, name, METRIC_COUNTER,
                 "Violations found, by severity; those of superseded demands are not in it");
    for (unsigned s = SEVERITIES; s-- > 0;)
        metric_value(t, name, (struct label){"severity", word_of(severity_words, s)}, NO_LABEL,
                     tally->violation[s] + tally->gone.violation[s]);
    name = "utwatch_violations_gone_total";
    metric_begin(t, name, METRIC_COUNTER,
                 "Of them, those of servers and UEs that were taken back, or told anew as another finding");
    for (unsigned s = SEVERITIES; s-- > 0;)
        metric_value(t, name, (struct label){"severity", word_of(severity_words, s)}, NO_LABEL,
                     tally->gone.violation[s]);
    metric_alone(t, "utwatch_violations_excepted_total", METRIC_COUNTER,
                 "Violations that the configuration excepts; they are in no other number",
                 tally->excepted + tally->gone.excepted);
    metric_alone(t, "utwatch_violations_excepted_gone_total", METRIC_COUNTER,
                 "Of them, those that stand no longer", tally->gone.excepted);
    metric_alone(t, "utwatch_violations_superseded_total", METRIC_COUNTER,
                 "Breaches of demands that a later text has superseded",
                 tally->superseded + tally->gone.superseded);
    metric_alone(t, "utwatch_violations_superseded_gone_total", METRIC_COUNTER,
                 "Of them, those that stand no longer", tally->gone.superseded);
    const struct rules_version *version = profile_version(tally->profile);
    metric_alone(t, "utwatch_rules_generation", METRIC_GAUGE,
                 "The number of the rules in use: 1 at the start, one more with each reload",
                 version->generation);
    name = "utwatch_rules_info";
    metric_begin(t, name, METRIC_GAUGE, "The rules in use, and a hash of their text");
    metric_value(t, name, (struct label){"profile", profile_name(tally->profile)},
                 (struct label){"hash", version->hash}, 1);
    name = "utwatch_verdicts_total";
    metric_begin(t, name, METRIC_COUNTER, "Verdicts, by rule and value");
    for (size_t i = 0; i < tally->rule_count; i++)
        for (unsigned v = 0; v < VERDICT_VALUES; v++)
            metric_value(t, name, (struct label){"rule", tally->rules[i].rule->id},
                         (struct label){"verdict", word_of(verdict_words, v)},
                         tally->rules[i].value[v] + (v == VERDICT_FAIL ? tally->rules[i].gone : 0));
    name = "utwatch_verdicts_gone_total";
    metric_begin(t, name, METRIC_COUNTER,
                 "Failed verdicts about servers or UEs that were taken back, by rule");
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].rule->about & (1 << CASE_SERVER | 1 << CASE_UE))
            metric_value(t, name, (struct label){"rule", tally->rules[i].rule->id}, NO_LABEL,
                         tally->rules[i].gone);
}

/* ---- the sensor */

static void put_tables(struct text *t, const struct metrics *m)
{
    static const char *const names[METRICS_TABLES] = {[METRICS_CONNECTIONS] = "connections",
                                                      [METRICS_HANDSHAKES] = "handshakes",
                                                      [METRICS_SESSIONS] = "sessions",
                                                      [METRICS_SERVERS] = "servers",
                                                      [METRICS_UES] = "ues"};
    const struct capture_health *h = m->health;
    const uint64_t used[METRICS_TABLES] = {[METRICS_CONNECTIONS] = h->connections_open,
                                           [METRICS_HANDSHAKES] = h->handshakes_in_progress,
                                           [METRICS_SESSIONS] = h->sessions_remembered,
                                           [METRICS_SERVERS] = h->servers_remembered,
                                           [METRICS_UES] = h->ues_remembered};
    const char *name = "utwatch_table_entries";
    metric_begin(t, name, METRIC_GAUGE, "Entries of a table");
    for (unsigned i = 0; i < METRICS_TABLES; i++)
        metric_value(t, name, (struct label){"table", names[i]}, NO_LABEL, used[i]);
    name = "utwatch_table_capacity";
    metric_begin(t, name, METRIC_GAUGE, "Entries for which a table has room");
    for (unsigned i = 0; i < METRICS_TABLES; i++)
        metric_value(t, name, (struct label){"table", names[i]}, NO_LABEL, m->capacity[i]);
}

static void put_sensor(struct text *t, const struct metrics *m)
{
    const char *name = "utwatch_updated_timestamp_seconds";
    metric_begin(t, name, METRIC_GAUGE, "When the sensor wrote its metrics last");
    metric_seconds(t, name, m->now);
    name = "utwatch_last_packet_timestamp_seconds";
    metric_begin(t, name, METRIC_GAUGE, "The stamp of the last packet; 0 when there was none");
    metric_seconds(t, name, m->last_packet);
    name = "utwatch_packet_lag_seconds";
    metric_begin(t, name, METRIC_GAUGE, "From the arrival of the last packet until it was read");
    metric_seconds(t, name, m->lag);
    name = "utwatch_sensor_condition";
    metric_begin(t, name, METRIC_GAUGE, "1 while a condition holds that the sensor reports about itself");
    for (unsigned i = 0; i < SENSOR_CONDITIONS; i++)
        if (i != SENSOR_LINK_DOWN && i != SENSOR_INTERFACE_GONE && i != SENSOR_INTERFACE_RENAMED)
            metric_value(t, name,
                         (struct label){"condition", sensor_condition_name((enum sensor_condition)i)},
                         NO_LABEL, m->condition[i]);
    if (!m->interfaces)
        return;
    name = "utwatch_interface_up";
    metric_begin(t, name, METRIC_GAUGE, "1 while the interface is there and has a link");
    for (size_t i = 0; i < m->interfaces; i++)
        metric_value(t, name, (struct label){"interface", m->interface[i]}, NO_LABEL, m->up[i]);
}

void metrics_write(struct text *t, const struct metrics *m)
{
    put_sensor(t, m);
    put_tables(t, m);
    put_health(t, m->health);
    put_workers(t, m->health);
    put_handshakes(t, m->tally);
    put_rules(t, m->tally); /* the last, since they are most */
}
