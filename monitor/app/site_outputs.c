/* The section `outputs` of the site's configuration. */
#include "app/site_parts.h"
#include "base/amount.h"
#include "scrape/address.h"
#include "syslog/address.h"
#include "syslog/message.h"

static void take_receiver(struct site_reader *r, const struct node *e)
{
    struct receivers_config *to = &r->site->receivers;
    struct syslog_address address;
    const char *text = site_text(r, e);
    if (!text)
        return;
    const char *wrong = syslog_address_parse(text, &address);
    for (size_t i = 0; i < to->count && !wrong; i++)
        wrong = strcmp(to->addresses[i], text) == 0 ? "this receiver is named twice" : NULL;
    if (wrong)
        complain_at(&r->at, e, "'%s': %s", text, wrong);
    else if (to->count == MAX_RECEIVERS)
        complain_at(&r->at, e, "more than %d receivers", MAX_RECEIVERS);
    else
        to->addresses[to->count++] = text;
}

static void read_spool(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"path", "size", NULL};
    struct receivers_config *to = &r->site->receivers;
    if (!site_mapping(r, n, keys))
        return;
    const struct node *m = node_member(n, "path");
    to->folder = m ? site_text(r, m) : NULL;
    m = node_member(n, "size");
    const char *text = m ? site_text(r, m) : NULL;
    if (text && (!amount_of_bytes(text, &to->cap) || to->cap < LEAST_SPOOL_BYTES))
        complain_at(&r->at, m, "'%s' is not the size of a spool (1MiB or more, such as 256MiB)", text);
}

static void read_tls(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"ca", "name", "certificate", "key", NULL};
    struct syslog_tls *tls = &r->site->receivers.tls;
    const char **const values[] = {&tls->ca, &tls->name, &tls->certificate, &tls->key};
    if (!site_mapping(r, n, keys))
        return;
    for (size_t i = 0; keys[i]; i++) {
        const struct node *m = node_member(n, keys[i]);
        if (m)
            *values[i] = site_text(r, m);
    }
    if (tls->key && !tls->certificate) /* a certificate's file may hold its key */
        complain_at(&r->at, n, "'certificate' is missing: the key needs one");
}

/* The form of the messages. */
static void read_messages(struct site_reader *r, const struct node *n)
{
    struct site *s = r->site;
    int64_t enterprise = s->enterprise;
    int64_t bytes = (int64_t)s->message_bytes;
    site_number(r, node_member(n, "enterprise-number"), 1, UINT32_MAX, &enterprise);
    site_number(r, node_member(n, "syslog-size"), SYSLOG_LEAST_BYTES, SYSLOG_MOST_BYTES, &bytes);
    site_interval(r, node_member(n, "syslog-interval"), 1, &s->summary_interval);
    s->enterprise = (uint32_t)enterprise;
    s->message_bytes = (size_t)bytes;
}

/* "1000/s", or "none". */
static void read_json_limit(struct site_reader *r, const struct node *n)
{
    char number[32];
    int64_t limit = 0;
    const char *text = n ? site_text(r, n) : NULL;
    if (!text)
        return;
    const char *unit = strchr(text, '/');
    const size_t length = unit ? (size_t)(unit - text) : 0;
    const bool rate = length && length < sizeof number && strcmp(unit, "/s") == 0;
    if (rate) {
        memcpy(number, text, length);
        number[length] = '\0';
    }
    const bool none = strcmp(text, "none") == 0;
    if (!none && (!rate || !site_count(number, &limit) || limit < 1 || limit > UINT32_MAX))
        complain_at(&r->at, n, "'%s' is neither a number of alerts a second (1000/s) nor none", text);
    else
        r->site->json_limit = (uint32_t)limit;
}

static void read_metrics(struct site_reader *r, const struct node *n)
{
    struct scrape_address address;
    const char *text = n ? site_text(r, n) : NULL;
    const char *wrong = text ? scrape_address_parse(text, &address) : NULL;
    if (wrong)
        complain_at(&r->at, n, "'%s': %s", text, wrong);
    else
        r->site->metrics = text;
}

void site_read_outputs(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"json",
                                       "syslog",
                                       "spool",
                                       "tls",
                                       "enterprise-number",
                                       "syslog-size",
                                       "syslog-interval",
                                       "stats-interval",
                                       "peers-interval",
                                       "metrics",
                                       "json-limit",
                                       NULL};
    if (!site_mapping(r, n, keys))
        return;
    site_interval(r, node_member(n, "stats-interval"), 1, &r->site->stats_interval);
    site_interval(r, node_member(n, "peers-interval"), 1, &r->site->peers_interval);
    read_metrics(r, node_member(n, "metrics"));
    read_json_limit(r, node_member(n, "json-limit"));
    const struct node *json = node_member(n, "json");
    if (json)
        r->site->json = site_text(r, json);
    const struct node *m = node_member(n, "syslog");
    if (m && m->kind == NODE_SEQUENCE)
        site_each(r, m, "[udp:HOST:PORT]", take_receiver);
    else if (m)
        take_receiver(r, m);
    if ((m = node_member(n, "spool")))
        read_spool(r, m);
    if ((m = node_member(n, "tls")))
        read_tls(r, m);
    read_messages(r, n);
}
