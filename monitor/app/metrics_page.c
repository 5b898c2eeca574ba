#include "app/metrics_page.h"

#include "app/metrics_board.h"
#include "app/say.h"
#include "process/supervisor.h"
#include "report/exposition.h"
#include "scrape/server.h"
#include "syslog/receiver.h"
#include "syslog/receivers.h"

#include <stdlib.h>

struct metrics_page {
    struct scrape *server;
    struct metrics_sources from; /* .sensor NULL: it is not served yet */
};

static void put_processes(struct text *t, const struct pulse *pulse)
{
    const char *name = "utwatch_build_info";
    metric_begin(t, name, METRIC_GAUGE, "The version of the program");
    metric_value(t, name, (struct label){"version", UTWATCH_VERSION}, NO_LABEL, 1);
    name = "utwatch_process_starts_total";
    metric_begin(t, name, METRIC_COUNTER, "Starts of a process, the first included");
    metric_value(t, name, (struct label){"process", "sensor"}, NO_LABEL, atomic_load(&pulse->sensors));
    metric_value(t, name, (struct label){"process", "writer"}, NO_LABEL, atomic_load(&pulse->writers));
}

static void put_outputs(struct text *t, const struct delivered *d)
{
    static const char *const names[OUTPUT_KINDS] = {[OUTPUT_JSON] = "json",
                                                    [OUTPUT_EVIDENCE] = "evidence",
                                                    [OUTPUT_SPOOL] = "spool",
                                                    [OUTPUT_RECEIVER] = "syslog"};
    const char *name = "utwatch_output_failing";
    metric_begin(t, name, METRIC_GAUGE, "1 while an output cannot be written");
    for (size_t i = 0; i < OUTPUT_KINDS; i++)
        metric_value(t, name, (struct label){"output", names[i]}, NO_LABEL, atomic_load(&d->failing[i]) != 0);
    metric_alone(t, "utwatch_spool_capacity_bytes", METRIC_GAUGE,
                 "Bytes for which the spools of all syslog receivers have room", atomic_load(&d->spool_cap));
}

/* The numbers of a receiver, one a metric. */
struct receiver_metric {
    const char *name, *help;
    enum metric_type type;
    uint64_t (*value)(const struct receiver *r);
};

static uint64_t is_connected(const struct receiver *r)
{
    return receiver_is_connected(r);
}

static uint64_t spool_bytes(const struct receiver *r)
{
    return receiver_spool(r).bytes;
}

static uint64_t waiting(const struct receiver *r)
{
    return receiver_spool(r).kept;
}

static uint64_t connections(const struct receiver *r)
{
    return receiver_sent(r).connected;
}

static uint64_t sent(const struct receiver *r)
{
    return receiver_sent(r).sent;
}

static uint64_t arrived(const struct receiver *r)
{
    return receiver_spool(r).done;
}

static uint64_t refused(const struct receiver *r)
{
    return receiver_sent(r).refused;
}

static uint64_t dropped(const struct receiver *r)
{
    const struct spool_counters s = receiver_spool(r);
    uint64_t count = 0;
    for (unsigned class = 0; class < SPOOL_CLASSES; class ++)
        count += s.dropped[class];
    return count;
}

static const struct receiver_metric receiver_metrics[] = {
    {"utwatch_receiver_connected", "1 while messages can be sent to the syslog receiver", METRIC_GAUGE,
     is_connected},
    {"utwatch_receiver_spool_bytes", "Bytes in the spool of the syslog receiver", METRIC_GAUGE, spool_bytes},
    {"utwatch_receiver_waiting_messages", "Messages that have not arrived at the syslog receiver",
     METRIC_GAUGE, waiting},
    {"utwatch_receiver_connections_total", "Connections made to the syslog receiver", METRIC_COUNTER,
     connections},
    {"utwatch_receiver_sent_total", "Messages given to connections, repetitions included", METRIC_COUNTER,
     sent},
    {"utwatch_receiver_arrived_total", "Messages that have arrived, as far as the transport can tell",
     METRIC_COUNTER, arrived},
    {"utwatch_receiver_refused_total", "Messages that the syslog receiver answered with an error",
     METRIC_COUNTER, refused},
    {"utwatch_receiver_dropped_total", "Messages for which the spool had no room", METRIC_COUNTER, dropped},
};

static void put_receivers(struct text *t, const struct receivers *all)
{
    const struct receiver *r;
    for (size_t m = 0; m < sizeof receiver_metrics / sizeof *receiver_metrics; m++) {
        const struct receiver_metric *metric = &receiver_metrics[m];
        metric_begin(t, metric->name, metric->type, metric->help);
        for (size_t i = 0; (r = receivers_at(all, i)); i++)
            metric_value(t, metric->name, (struct label){"receiver", receiver_name(r)}, NO_LABEL,
                         metric->value(r));
    }
}

static void put_server(struct text *t, const struct scrape_counters *c)
{
    metric_alone(t, "utwatch_metrics_requests_total", METRIC_COUNTER,
                 "Requests for metrics that were answered before this one", c->requests);
    metric_alone(t, "utwatch_metrics_cut_off_total", METRIC_COUNTER,
                 "Connections for metrics that took too long, and were cut off", c->cut_off);
    metric_alone(t, "utwatch_metrics_gave_way_total", METRIC_COUNTER,
                 "Connections for metrics that gave way to others because all places were taken",
                 c->gave_way);
}

static void write_page(void *context, struct text *t)
{
    const struct metrics_page *p = context;
    const struct scrape_counters counters = scrape_counters(p->server);
    put_processes(t, p->from.pulse);
    put_outputs(t, p->from.delivered);
    if (*p->from.receivers)
        put_receivers(t, *p->from.receivers);
    put_server(t, &counters);
    metrics_board_read(p->from.sensor, t);
}

struct metrics_page *metrics_page_new(const char *address)
{
    struct scrape_address at;
    struct metrics_page *p = calloc(1, sizeof *p);
    const int listener = p && !scrape_address_parse(address, &at) ? scrape_listen(&at) : -1;
    if (listener < 0)
        say_failed("outputs.metrics", address);
    if (listener >= 0 && (p->server = scrape_new(listener, write_page, p)))
        return p;
    free(p);
    return NULL;
}

void metrics_page_free(struct metrics_page *p)
{
    if (p)
        scrape_free(p->server);
    free(p);
}

void metrics_page_serve(struct metrics_page *p, const struct metrics_sources *sources)
{
    p->from = *sources;
}

size_t metrics_page_wait_for(const struct metrics_page *p, struct pollfd *fds, int64_t *until, int64_t now)
{
    return p->from.sensor ? scrape_wait_for(p->server, fds, until, now) : 0;
}

void metrics_page_work(struct metrics_page *p, int64_t now)
{
    if (p->from.sensor)
        scrape_work(p->server, now);
}
