#include "report/event_json.h"

#include "report/community_id.h"
#include "report/event_objects.h"

#include <ctype.h>

static void put_vlan(struct json *j, const struct wrappers *w)
{
    if (!w->vlan_count)
        return;
    json_open(j, "vlan", '[');
    for (size_t i = 0; i < w->vlan_count; i++)
        json_uint(j, NULL, w->vlan[i]);
    json_close(j, ']');
}

/* A case about one server or UE has no connection, so the names of one are left out. */
static void put_before_type(struct json *j, const struct policy_case *c, const struct input_names *names)
{
    const struct whence *about = &c->about;
    json_time(j, "timestamp", about->time);
    const char *input = input_name(names, about->source);
    const bool live = names && names->live;
    const bool connection = about->flow_id != 0;
    if (connection) {
        json_uint(j, "flow_id", about->flow_id);
        if (!live)
            json_uint(j, "pcap_cnt", about->frame_number);
        if (input)
            json_string(j, live ? "in_iface" : "pcap_filename", input);
    }
}

static void put_after_type(struct json *j, const struct policy_case *c)
{
    const struct whence *about = &c->about;
    if (about->client.family)
        json_end(j, "src_ip", c->kind == CASE_UE ? NULL : "src_port", &about->client);
    if (about->server.family)
        json_end(j, "dest_ip", "dest_port", &about->server);
    const bool udp = about->server.udp;
    json_string(j, "proto", udp ? "UDP" : "TCP");
    put_vlan(j, &about->wrappers);
    if (!about->flow_id)
        return;
    json_key(j, "community_id");
    text_char(j->out, '"');
    community_id(&about->client, &about->server, udp ? TRANSPORT_UDP : TRANSPORT_TCP, j->out);
    text_char(j->out, '"');
}

static void put_head(struct json *j, const struct policy_case *c, const struct input_names *names,
                     const char *type)
{
    put_before_type(j, c, names);
    json_string(j, "event_type", type);
    put_after_type(j, c);
}

struct case_event {
    const struct policy_case *judged;
    const struct input_names *names;
    const struct verdict *verdict; /* of an alert */
    bool advice, brief;
    struct shared_text *writes;       /* of a handshake's own event */
    const struct shared_text *shared; /* of an alert, or NULL */
};

static void write_tls(struct json *j, const void *what, enum detail detail)
{
    const struct case_event *e = what;
    struct shared_text written = {.known = e->writes->known};
    json_open(j, NULL, '{');
    size_t start = j->out->n;
    put_before_type(j, e->judged, e->names);
    written.before_type = json_written(j, start);
    json_string(j, "event_type", "tls");
    start = j->out->n;
    put_after_type(j, e->judged);
    written.after_type = json_written(j, start);
    tls_object(j, e->judged, e->names, detail, NULL);
    json_open(j, "utwatch", '{');
    utwatch_facts(j, e->judged, detail, e->names, NULL);
    json_close(j, '}');
    json_close(j, '}');
    *e->writes = detail == DETAIL_FULL ? written : (struct shared_text){.known = e->writes->known};
}

/* EVE's names are lower-case; a protocol that was looked for and not found is "failed" there. */
static void put_app_proto(struct json *j, const struct policy_case *c)
{
    char name[32];
    size_t n = 0;
    const char *protocol = c->observation ? "tls" : c->exchange ? "http" : c->protocol;
    for (; protocol && protocol[n] && n + 1 < sizeof name; n++)
        name[n] = (char)tolower((unsigned char)protocol[n]);
    name[n] = '\0';
    if (n)
        json_string(j, "app_proto", strcmp(name, "unknown") == 0 ? "failed" : name);
}

static void write_flow(struct json *j, const void *what, enum detail detail)
{
    const struct case_event *e = what;
    (void)detail;
    json_open(j, NULL, '{');
    put_head(j, e->judged, e->names, "flow");
    put_app_proto(j, e->judged);
    json_open(j, "utwatch", '{');
    utwatch_facts(j, e->judged, detail, e->names, NULL);
    json_close(j, '}');
    json_close(j, '}');
}

/* EVE's metadata: lists of strings by name. */
static void put_metadata(struct json *j, const char *key, const char *value)
{
    json_open(j, key, '[');
    json_string(j, NULL, value);
    json_close(j, ']');
}

static void put_alert(struct json *j, const struct verdict *v, bool advice)
{
    const unsigned eve_highest = 1; /* EVE counts severities downwards */
    const enum severity severity = advice || v->excepted ? SEVERITY_INFO : v->severity;
    json_open(j, "alert", '{');
    json_string(j, "action", "allowed");
    json_uint(j, "gid", 1);
    json_uint(j, "signature_id", v->rule->sid);
    json_uint(j, "rev", v->rule->rev);
    json_string(j, "signature", v->rule->title);
    json_string(j, "category", v->rule->clause);
    json_uint(j, "severity", eve_highest + (unsigned)(SEVERITY_HIGH - severity));
    if (advice || v->rule->superseded) {
        json_open(j, "metadata", '{');
        if (advice)
            put_metadata(j, "advice", v->rule->profile);
        if (v->rule->superseded)
            put_metadata(j, "superseded", v->rule->superseded);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void write_alert(struct json *j, const void *what, enum detail detail)
{
    const struct case_event *e = what;
    const struct shared_text *shared = detail == DETAIL_FULL ? e->shared : NULL;
    const enum detail told = e->brief ? DETAIL_BRIEF : DETAIL_ALERT;
    json_open(j, NULL, '{');
    if (shared)
        json_members(j, shared->before_type);
    else
        put_before_type(j, e->judged, e->names);
    json_string(j, "event_type", "alert");
    if (shared)
        json_members(j, shared->after_type);
    else
        put_after_type(j, e->judged);
    put_alert(j, e->verdict, e->advice);
    put_app_proto(j, e->judged);
    if (e->judged->observation)
        tls_object(j, e->judged, e->names, told, e->verdict->rule);
    if (e->judged->exchange)
        http_object(j, e->judged->exchange);
    json_open(j, "utwatch", '{');
    utwatch_facts(j, e->judged, told, e->names, e->verdict->rule);
    utwatch_verdict(j, e->verdict, e->judged, e->names);
    if (e->advice)
        json_bool(j, "advice", true);
    json_close(j, '}');
    json_close(j, '}');
}

static void write_sum(struct json *j, const void *what, enum detail detail)
{
    const struct alert_sum *sum = what;
    const struct policy_case about = {
        .kind = CASE_UE,
        .about = {.time = sum->last, .client = sum->client, .server = sum->server, .told = sum->told}};
    const struct verdict v = {.rule = sum->rule, .severity = sum->severity};
    (void)detail;
    json_open(j, NULL, '{');
    put_head(j, &about, NULL, "alert");
    put_alert(j, &v, sum->advice);
    json_open(j, "utwatch", '{');
    json_string(j, "about", "sum");
    utwatch_proxied_for(j, &about.about);
    json_uint(j, "count", sum->count);
    json_time(j, "first", sum->first);
    json_time(j, "last", sum->last);
    utwatch_rule(j, sum->rule, true);
    json_string(j, "verdict", word_of(verdict_words, VERDICT_FAIL));
    if (sum->fault != FAULT_NONE)
        json_string(j, "fault", word_of(fault_words, sum->fault));
    if (sum->advice)
        json_bool(j, "advice", true);
    json_close(j, '}');
    json_close(j, '}');
}

struct taken_back_event {
    const struct taken_back *what;
    const struct input_names *names;
};

static void write_taken_back(struct json *j, const void *what, enum detail detail)
{
    const struct taken_back_event *e = what;
    const struct taken_back *t = e->what;
    (void)detail;
    json_open(j, NULL, '{');
    put_head(j, t->about, e->names, "taken-back");
    json_open(j, "utwatch", '{');
    utwatch_facts(j, t->about, DETAIL_ALERT, e->names, t->now->rule);
    utwatch_taken_back(j, t, e->names);
    json_close(j, '}');
    json_close(j, '}');
}

void json_tls_event(struct text *out, const struct policy_case *c, const struct input_names *names,
                    struct shared_text *shared)
{
    const struct case_event e = {.judged = c, .names = names, .writes = shared};
    json_line(out, shared->known, write_tls, &e);
}

void json_flow_event(struct text *out, const struct policy_case *c, const struct input_names *names)
{
    const struct case_event e = {.judged = c, .names = names};
    json_line(out, NULL, write_flow, &e);
}

/* SIEMs and their forwarders cut long lines. What the alert says of where it was captured does not count, so
 * that the same handshake has the same alert in every file and at every interface. */
static bool is_long(const struct text *out, size_t start)
{
    enum { ALERT_BYTES = 1200, HEAD_BYTES = 150 /* with a name of 40 */ };
    static const char head_end[] = "\"event_type\"";
    const char *line = out->p + start;
    const char *rest = memmem(line, out->n - start, head_end, sizeof head_end - 1);
    return rest && (size_t)(out->p + out->n - rest) > ALERT_BYTES - HEAD_BYTES;
}

void json_alert_event(struct text *out, const struct policy_case *c, const struct input_names *names,
                      const struct verdict *v, bool advice, const struct shared_text *shared)
{
    struct case_event e = {.judged = c,
                           .names = names,
                           .verdict = v,
                           .advice = advice,
                           .shared = shared && shared->after_type.n ? shared : NULL};
    const size_t start = out->n;
    json_line(out, NULL, write_alert, &e);
    if (out->cut || !c->observation || !is_long(out, start))
        return;
    out->n = start;
    e.brief = true;
    json_line(out, NULL, write_alert, &e);
}

void json_taken_back_event(struct text *out, const struct taken_back *t, const struct input_names *names)
{
    const struct taken_back_event e = {.what = t, .names = names};
    json_line(out, NULL, write_taken_back, &e);
}

void json_sum_event(struct text *out, const struct alert_sum *sum)
{
    json_line(out, NULL, write_sum, sum);
}
