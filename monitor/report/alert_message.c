#include "report/alert_message.h"

#include "report/names.h"
#include "tls/ja.h"
#include "wire/hello.h"

static enum syslog_severity syslog_severity_of(enum severity severity)
{
    static const enum syslog_severity of[] = {
        [SEVERITY_INFO] = SYSLOG_NOTICE,
        [SEVERITY_LOW] = SYSLOG_WARNING,
        [SEVERITY_MEDIUM] = SYSLOG_ERROR,
        [SEVERITY_HIGH] = SYSLOG_CRITICAL,
    };
    return of[severity];
}

static void put_address(struct syslog_message *m, const char *name, const struct endpoint *end)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_address(&t, end);
    syslog_param_text(m, name, buffer);
}

static void put_ends(struct syslog_message *m, const struct endpoint *client, const struct endpoint *server)
{
    if (client->family)
        put_address(m, "src_ip", client);
    if (!server->family)
        return;
    put_address(m, "dest_ip", server);
    syslog_param_uint(m, "dest_port", server->port);
}

static void put_slice(struct syslog_message *m, const char *name, const struct observation *o,
                      struct text_slice slice)
{
    if (slice.length)
        syslog_param(m, name, observation_text(o, slice));
}

/* What identifies the handshake in the events and in the capture. */
static void put_handshake(struct syslog_message *m, const struct observation *o)
{
    const char *version = word_of(version_words, observation_version(o));
    put_slice(m, "sni", o, o->client_hello.sni);
    if (version)
        syslog_param_text(m, "version", version);
}

static void put_fingerprint(struct syslog_message *m, const struct observation *o)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    if (o->seen & SEEN_CLIENT_HELLO && ja4_text(o, &t))
        syslog_param_text(m, "ja4", buffer);
}

static void put_place(struct alert_writer *w, const struct whence *about)
{
    const char *input = input_name(w->names, about->source);
    const bool live = w->names && w->names->live;
    if (about->flow_id == 0)
        return;
    syslog_param_uint(&w->message, "flow_id", about->flow_id);
    if (!live)
        syslog_param_uint(&w->message, "pcap_cnt", about->frame_number);
    if (input)
        syslog_param_text(&w->message, live ? "in_iface" : "pcap_filename", input);
}

static void put_observed(struct syslog_message *m, const struct policy_case *c, const struct verdict *v)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    verdict_observed(v, c, &t);
    if (t.n)
        syslog_param(m, "observed", span_of(t.p, t.n));
}

static void put_rule(struct syslog_message *m, const struct rule_facts *rule)
{
    syslog_param_uint(m, "signature_id", rule->sid);
    syslog_param_text(m, "category", rule->clause);
    if (rule->superseded)
        syslog_param_text(m, "superseded", rule->superseded);
    syslog_param_text(m, "profile", rule->profile);
}

static void put_fault(struct syslog_message *m, enum fault fault)
{
    if (fault != FAULT_NONE)
        syslog_param_text(m, "fault", word_of(fault_words, fault));
}

struct span alert_message(struct alert_writer *w, const struct policy_case *c, const struct verdict *v)
{
    struct syslog_message *m = &w->message;
    const struct whence *about = &c->about;
    syslog_begin(m, w->buffer, &w->origin, syslog_severity_of(v->severity), about->time, v->rule->id);
    put_ends(m, &about->client, &about->server);
    if (about->told.port)
        put_address(m, "proxied_for", &about->told);
    put_fault(m, v->fault);
    put_observed(m, c, v);
    syslog_words(m, v->rule->title);
    if (about->client.family && c->kind != CASE_UE)
        syslog_param_uint(m, "src_port", about->client.port);
    if (c->observation)
        put_handshake(m, c->observation);
    else if (case_asked_name(c)[0])
        syslog_param_text(m, "sni", case_asked_name(c));
    syslog_param_text(m, "basis", word_of(basis_words, v->basis));
    put_place(w, about);
    put_rule(m, v->rule);
    if (c->observation && v->rule->reads != READS_CERTIFICATE) /* as in the events */
        put_fingerprint(m, c->observation);
    return syslog_end(m);
}

static void put_time(struct syslog_message *m, const char *name, nanos time)
{
    char buffer[40];
    struct text t = text_over(buffer, sizeof buffer);
    text_time(&t, time, true);
    syslog_param_text(m, name, buffer);
}

struct span alert_summary(struct alert_writer *w, const struct alert_sum *sum)
{
    struct syslog_message *m = &w->message;
    syslog_begin(m, w->buffer, &w->origin, syslog_severity_of(sum->severity), sum->last, sum->rule->id);
    syslog_param_uint(m, "count", sum->count);
    put_ends(m, &sum->client, &sum->server);
    if (sum->told.port)
        put_address(m, "proxied_for", &sum->told);
    put_fault(m, sum->fault);
    put_time(m, "first", sum->first);
    put_time(m, "last", sum->last);
    syslog_words(m, sum->rule->title);
    put_rule(m, sum->rule);
    return syslog_end(m);
}

struct span alert_taken_back(struct alert_writer *w, const struct taken_back *t)
{
    struct syslog_message *m = &w->message;
    const struct policy_case *c = t->about;
    const struct verdict *v = t->now;
    syslog_begin(m, w->buffer, &w->origin, syslog_severity_of(SEVERITY_INFO), c->about.time, "taken-back");
    syslog_param_text(m, "rule", v->rule->id);
    put_ends(m, &c->about.client, &c->about.server);
    put_time(m, "first_told", told_first(t->told));
    syslog_param_text(m, "verdict", word_of(verdict_words, v->value));
    put_fault(m, (enum fault)t->told->fault);
    char words[256];
    struct text said = text_over(words, sizeof words);
    text_printf(&said, "Taken back: %s", v->rule->title);
    syslog_words(m, words);
    if (case_asked_name(c)[0])
        syslog_param_text(m, "sni", case_asked_name(c));
    put_rule(m, v->rule);
    return syslog_end(m);
}

enum severity alert_severity_of_sensor(const struct sensor_finding *f)
{
    const unsigned eve_highest = 1; /* EVE counts severities downwards */
    const unsigned severity = sensor_words(f->condition)->severity;
    return f->edge == SENSOR_ENDS ? SEVERITY_INFO : (enum severity)(SEVERITY_HIGH + eve_highest - severity);
}

struct span alert_of_sensor(struct alert_writer *w, const struct sensor_finding *f)
{
    struct syslog_message *m = &w->message;
    const struct sensor_words *words = sensor_words(f->condition);
    const enum severity severity = alert_severity_of_sensor(f);
    syslog_begin(m, w->buffer, &w->origin, syslog_severity_of(severity), f->time, words->name);
    syslog_param_text(m, "edge", sensor_edge_names[f->edge]);
    if (f->interface)
        syslog_param_text(m, "in_iface", f->interface);
    syslog_param_text(m, "observed", f->observed);
    syslog_words(m, f->edge == SENSOR_ENDS && words->over ? words->over : words->title);
    syslog_param_uint(m, "signature_id", words->sid);
    return syslog_end(m);
}
