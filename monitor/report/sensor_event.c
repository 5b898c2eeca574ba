#include "report/sensor_event.h"

#include "report/json.h"

/* Severities are EVE's: 1 is the highest. */
static const struct sensor_words conditions[SENSOR_CONDITIONS] = {
    [SENSOR_NO_PACKETS] = {"no-packets", "No packets arrive at the sensor.", "Packets arrive again.",
                           33149901, 1},
    [SENSOR_DROPS] = {"packets-dropped", "The kernel drops packets before the sensor can read them.",
                      "The kernel drops no more packets than the limit allows.", 33149902, 1},
    [SENSOR_ONE_DIRECTION] = {"one-direction", "Of many connections, only one direction arrives.",
                              "Both directions arrive again.", 33149903, 1},
    [SENSOR_LAG] = {"packet-lag", "The sensor falls behind the packets.",
                    "The sensor has caught up with the packets.", 33149904, 2},
    [SENSOR_LINK_DOWN] = {"link-down", "The link of a captured interface is down.",
                          "The link of a captured interface is up again.", 33149905, 1},
    [SENSOR_INTERFACE_GONE] = {"interface-gone", "A captured interface was removed.",
                               "A captured interface is there again.", 33149906, 1},
    [SENSOR_INTERFACE_RENAMED] = {"interface-renamed", "A captured interface was renamed.", NULL, 33149907,
                                  3},
    [SENSOR_SPOOL_FILLS] = {"spool-fills", "Alerts wait for a receiver, and their spool fills.",
                            "The spool has room again.", 33149908, 1},
    [SENSOR_OUTPUT_FAILS] = {"output-fails", "An output cannot be written.",
                             "The output can be written again.", 33149909, 1},
    [SENSOR_TABLE_FULL] = {"table-full", "A table is full: connections or handshakes give way to others.",
                           "No connection or handshake gives way to others any more.", 33149910, 2},
};

const char *const sensor_edge_names[] = {
    [SENSOR_BEGINS] = "begins", [SENSOR_ENDS] = "ends", [SENSOR_CHANGES] = "changes"};

const char *sensor_condition_name(enum sensor_condition condition)
{
    return conditions[condition].name;
}

const struct sensor_words *sensor_words(enum sensor_condition condition)
{
    return &conditions[condition];
}

static struct json open_event(struct text *out, const struct sensor_finding *f, const char *type)
{
    struct json j = json_on(out);
    json_open(&j, NULL, '{');
    json_time(&j, "timestamp", f->time);
    if (f->interface)
        json_string(&j, "in_iface", f->interface);
    json_string(&j, "event_type", type);
    return j;
}

static void close_event(struct json *j, const struct sensor_finding *f)
{
    json_open(j, "sensor", '{');
    json_string(j, "condition", conditions[f->condition].name);
    json_string(j, "edge", sensor_edge_names[f->edge]);
    json_close(j, '}');
    json_string(j, "observed", f->observed);
    json_close(j, '}');
    json_close(j, '}');
    text_char(j->out, '\n');
}

void json_sensor_event(struct text *out, const struct sensor_finding *f)
{
    struct json j = open_event(out, f, "sensor");
    json_open(&j, "utwatch", '{');
    json_string(&j, "about", "sensor");
    close_event(&j, f);
}

void json_sensor_alert(struct text *out, const struct sensor_finding *f)
{
    struct json j = open_event(out, f, "alert");
    json_open(&j, "alert", '{');
    json_string(&j, "action", "allowed");
    json_uint(&j, "gid", 1);
    json_uint(&j, "signature_id", conditions[f->condition].sid);
    json_uint(&j, "rev", 1);
    json_string(&j, "signature", conditions[f->condition].title);
    json_string(&j, "category", "utwatch sensor");
    json_uint(&j, "severity", conditions[f->condition].severity);
    json_close(&j, '}');
    json_open(&j, "utwatch", '{');
    json_string(&j, "about", "sensor");
    close_event(&j, f);
}
