#include "report/event_json.h"

#include "report/fingerprints.h"
#include "report/fit.h"
#include "report/names.h"
#include "report/tls_object.h"
#include "report/utwatch_object.h"

nanos event_time(const struct observation *o)
{
    if (o->seen & SEEN_CLIENT_HELLO)
        return o->hello_time[CLIENT];
    const bool server_hello = o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO);
    return server_hello ? o->hello_time[SERVER] : o->started;
}

static void put_end(struct json *j, const char *address, const char *port, const struct endpoint *end)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_address(&t, end);
    json_string(j, address, buffer);
    json_uint(j, port, end->port);
}

static void put_head(struct json *j, const struct observation *o, const struct input_names *names,
                     const char *type)
{
    json_time(j, "timestamp", event_time(o));
    json_uint(j, "flow_id", o->flow_id);
    const char *input = input_name(names, o->source);
    const bool live = names && names->live;
    if (!live)
        json_uint(j, "pcap_cnt", o->frame_number);
    if (input)
        json_string(j, live ? "in_iface" : "pcap_filename", input);
    json_string(j, "event_type", type);
    put_end(j, "src_ip", "src_port", &o->client);
    put_end(j, "dest_ip", "dest_port", &o->server);
    json_string(j, "proto", "TCP");
    if (o->vlan_count) {
        json_open(j, "vlan", '[');
        for (size_t i = 0; i < o->vlan_count; i++)
            json_uint(j, NULL, o->vlan[i]);
        json_close(j, ']');
    }
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    community_id(&o->client, &o->server, TRANSPORT_TCP, &t);
    json_string(j, "community_id", buffer);
}

struct handshake_event {
    const struct observation *observation;
    const struct input_names *names;
    const struct policy_case *judged; /* of an alert, as is the verdict */
    const struct verdict *verdict;
};

static void write_tls(struct json *j, const void *what, enum detail detail)
{
    const struct handshake_event *e = what;
    json_open(j, NULL, '{');
    put_head(j, e->observation, e->names, "tls");
    tls_object(j, e->observation, detail);
    json_open(j, "utwatch", '{');
    utwatch_facts(j, e->observation, detail);
    json_close(j, '}');
    json_close(j, '}');
}

static void put_alert(struct json *j, const struct verdict *v)
{
    const unsigned eve_highest = 1; /* EVE counts severities downwards */
    json_open(j, "alert", '{');
    json_string(j, "action", "allowed");
    json_uint(j, "gid", 1);
    json_uint(j, "signature_id", rule_sid(v->rule));
    json_uint(j, "rev", rule_rev(v->rule));
    json_string(j, "signature", rule_requires(v->rule));
    json_string(j, "category", rule_clause(v->rule));
    json_uint(j, "severity", eve_highest + (unsigned)(SEVERITY_HIGH - v->severity));
    json_close(j, '}');
}

static void write_alert(struct json *j, const void *what, enum detail detail)
{
    const struct handshake_event *e = what;
    json_open(j, NULL, '{');
    put_head(j, e->observation, e->names, "alert");
    put_alert(j, e->verdict);
    tls_object(j, e->observation, detail);
    json_open(j, "utwatch", '{');
    utwatch_facts(j, e->observation, detail);
    utwatch_verdict(j, e->verdict, e->judged);
    json_close(j, '}');
    json_close(j, '}');
}

void json_tls_event(struct text *out, const struct observation *o, const struct input_names *names)
{
    const struct handshake_event e = {.observation = o, .names = names};
    json_fit(out, write_tls, &e);
}

void json_alert_event(struct text *out, const struct policy_case *c, const struct input_names *names,
                      const struct verdict *v)
{
    const struct handshake_event e = {
        .observation = c->observation, .names = names, .judged = c, .verdict = v};
    json_fit(out, write_alert, &e);
}
