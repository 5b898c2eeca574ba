#include "app/site.h"

#include "base/amount.h"
#include "base/limits.h"
#include "policy/compiler.h"
#include "syslog/address.h"
#include "syslog/message.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum {
    EXAMPLE_ENTERPRISE =
        32473, /* RFC 5612: for documentation, and for operators without a number of their own */
};

struct reader {
    struct site *site;
    struct compiler at; /* only its mistakes and file are used */
    struct mistakes *warnings;
};

/* A key that the contract with users has and this version does not act on. */
static void not_built(const struct reader *r, const struct node *m, const char *why)
{
    if (m)
        mistake_add(r->warnings, r->at.file, m->key_line, m->key_column,
                    "warning: '%s' has no effect in this version: %s", m->key, why);
}

static void unknown_key(struct reader *r, const struct node *m, const char *const *known)
{
    struct suggestion near = suggestion_for(m->key);
    for (const char *const *k = known; *k; k++)
        suggestion_try(&near, *k);
    char buffer[128];
    complain_at_key(&r->at, m, "unknown key '%s'%s", m->key, suggestion_text(&near, buffer, sizeof buffer));
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

/* The members of a mapping that are known; complains about the others, and about anything that is no mapping.
 */
static bool check_mapping(struct reader *r, const struct node *n, const char *const *known)
{
    if (n->kind != NODE_MAPPING) {
        complain_at(&r->at, n, "expected a mapping");
        return false;
    }
    for (const struct node *m = n->first; m; m = m->next)
        if (!is_known(m->key, known))
            unknown_key(r, m, known);
    return true;
}

static const char *scalar(struct reader *r, const struct node *n)
{
    if (n->kind == NODE_SCALAR && *n->text)
        return n->text;
    complain_at(&r->at, n, "expected a value");
    return NULL;
}

/* False after a mistake. */
static bool take_network(struct reader *r, const struct node *e, struct network *out)
{
    const char *text = scalar(r, e);
    return text && text_network(&r->at, e, text, out);
}

static void take_client(struct reader *r, const struct node *e)
{
    struct site *s = r->site;
    s->client_count += take_network(r, e, &s->clients[s->client_count]);
}

static void take_server(struct reader *r, const struct node *e)
{
    struct site *s = r->site;
    s->server_count += take_network(r, e, &s->servers[s->server_count]);
}

static void take_port(struct reader *r, const struct node *e)
{
    int64_t port;
    const char *text = scalar(r, e);
    if (!text)
        return;
    if (!parse_number(text, &port) || port < 1 || port > 65535)
        complain_at(&r->at, e, "'%s' is not a port", text);
    else
        r->site->ports[r->site->port_count++] = (uint16_t)port;
}

static void take_name(struct reader *r, const struct node *e)
{
    const char *text = scalar(r, e);
    if (text)
        r->site->names[r->site->name_count++] = text;
}

static void each(struct reader *r, const struct node *list,
                 void (*take)(struct reader *, const struct node *))
{
    if (!list)
        return;
    if (list->kind != NODE_SEQUENCE) {
        complain_at(&r->at, list, "expected a list");
        return;
    }
    size_t count = 0;
    for (const struct node *e = list->first; e; e = e->next) {
        if (count++ == MAX_SCOPE) {
            complain_at(&r->at, e, "more than %d entries", MAX_SCOPE);
            return;
        }
        take(r, e);
    }
}

static void read_scope(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"clients", "servers", "ports", "names", NULL};
    if (!check_mapping(r, n, keys))
        return;
    each(r, node_member(n, "clients"), take_client);
    each(r, node_member(n, "servers"), take_server);
    each(r, node_member(n, "ports"), take_port);
    each(r, node_member(n, "names"), take_name);
}

static void override(struct reader *r, const char *name, const struct node *n, const char *const *words)
{
    const char *text = n ? scalar(r, n) : NULL;
    if (!text)
        return;
    if (!is_known(text, words)) {
        complain_at(&r->at, n, "'%s' is %s or %s, not '%s'", name, words[0], words[1], text);
        return;
    }
    struct site *s = r->site;
    s->overrides[s->override_count++] = (struct parameter_override){.name = name, .value = text};
}

static void read_policy(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"encryption-required", "authenticates-ue", NULL};
    static const char *const yes_no[] = {"true", "false", NULL};
    static const char *const means[] = {"gba", "none", NULL};
    if (!check_mapping(r, n, keys))
        return;
    override(r, "encryption-required", node_member(n, "encryption-required"), yes_no);
    override(r, "authenticates-ue", node_member(n, "authenticates-ue"), means);
}

/* 2027-03-31: an exception holds through that day, UTC. */
static bool parse_day(const char *text, nanos *end)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (!rest || *rest || strlen(text) != 10)
        return false;
    const int day = tm.tm_mday;
    time_t start = timegm(&tm);
    if (tm.tm_mday != day) /* 30 February */
        return false;
    *end = ((nanos)start + 86400) * NANOS_PER_SECOND - 1;
    return start > 0;
}

static void take_exception(struct reader *r, const struct node *e)
{
    static const char *const keys[] = {"rule", "server", "port", "reason", "until", NULL};
    struct site *s = r->site;
    struct exception x = {0};
    if (!check_mapping(r, e, keys))
        return;
    static const char *const needed[] = {"rule", "reason", "until", NULL};
    for (const char *const *k = needed; *k; k++)
        if (!node_member(e, *k))
            complain_at(&r->at, e, "'%s' is missing: an exception names a rule, a reason and its last day",
                        *k);
    const struct node *m = node_member(e, "rule");
    x.rule = m ? scalar(r, m) : NULL;
    x.line = m ? (unsigned)m->line : 0;
    m = node_member(e, "reason");
    x.reason = m ? scalar(r, m) : NULL;
    m = node_member(e, "until");
    x.until_text = m ? scalar(r, m) : NULL;
    if (x.until_text && !parse_day(x.until_text, &x.until))
        complain_at(&r->at, m, "'%s' is not a date (2027-03-31)", x.until_text);
    m = node_member(e, "server");
    if (m)
        (void)take_network(r, m, &x.server);
    m = node_member(e, "port");
    const char *text = m ? scalar(r, m) : NULL;
    int64_t port = 0;
    if (text && (!parse_number(text, &port) || port < 1 || port > 65535))
        complain_at(&r->at, m, "'%s' is not a port", text);
    x.port = (uint16_t)port;
    if (x.rule && x.reason && x.until)
        s->exceptions[s->exception_count++] = x;
}

static void number_limit(struct reader *r, const struct node *n, int64_t least, int64_t most, int64_t *out)
{
    const char *text = n ? scalar(r, n) : NULL;
    int64_t number;
    if (!text)
        return;
    if (!parse_number(text, &number) || number < least || number > most)
        complain_at(&r->at, n, "'%s' is not from %" PRId64 " to %" PRId64, text, least, most);
    else
        *out = number;
}

static void interval(struct reader *r, const struct node *n, int64_t least, nanos *out)
{
    int64_t seconds = *out / NANOS_PER_SECOND;
    number_limit(r, n, least, 366LL * 86400, &seconds);
    *out = seconds * NANOS_PER_SECOND;
}

static void read_limits(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"memory",     "flows", "handshakes", "sessions", "session-retention",
                                       "loss-limit", "quiet", "lag",        NULL};
    struct site *s = r->site;
    if (!check_mapping(r, n, keys))
        return;
    int64_t flows = s->flows;
    int64_t handshakes = s->handshakes;
    int64_t sessions = s->sessions.sessions;
    int64_t retention = s->sessions.retention / NANOS_PER_SECOND;
    number_limit(r, node_member(n, "flows"), 64, 1 << 24, &flows);
    number_limit(r, node_member(n, "handshakes"), 16, 1 << 20, &handshakes);
    number_limit(r, node_member(n, "sessions"), 64, 1 << 28, &sessions);
    number_limit(r, node_member(n, "session-retention"), 3600, 366LL * 86400, &retention);
    interval(r, node_member(n, "quiet"), 1, &s->quiet_limit);
    interval(r, node_member(n, "lag"), 1, &s->lag_limit);
    s->flows = (uint32_t)flows;
    s->handshakes = (uint32_t)handshakes;
    s->sessions.sessions = (uint32_t)sessions;
    s->sessions.retention = retention * NANOS_PER_SECOND;
    const struct node *m = node_member(n, "memory");
    const char *text = m ? scalar(r, m) : NULL;
    if (text && !amount_of_bytes(text, &s->memory))
        complain_at(&r->at, m, "'%s' is not an amount of memory (512MiB, 1GiB)", text);
    m = node_member(n, "loss-limit");
    text = m ? scalar(r, m) : NULL;
    char *end = NULL;
    double share = text ? strtod(text, &end) : 0;
    if (text && (end == text || (strcmp(end, "%") != 0 && *end) || !(share >= 0 && share <= 100)))
        complain_at(&r->at, m, "'%s' is not a percentage (1%%)", text);
    else if (text)
        s->loss_limit = share;
}

static void take_receiver(struct reader *r, const struct node *e)
{
    struct receivers_config *to = &r->site->receivers;
    struct syslog_address address;
    const char *text = scalar(r, e);
    if (!text)
        return;
    const char *wrong = syslog_address_parse(text, &address);
    if (wrong)
        complain_at(&r->at, e, "'%s': %s", text, wrong);
    else if (to->count == MAX_RECEIVERS)
        complain_at(&r->at, e, "more than %d receivers", MAX_RECEIVERS);
    else
        to->addresses[to->count++] = text;
}

static void read_spool(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"path", "size", NULL};
    struct receivers_config *to = &r->site->receivers;
    if (!check_mapping(r, n, keys))
        return;
    const struct node *m = node_member(n, "path");
    to->folder = m ? scalar(r, m) : NULL;
    m = node_member(n, "size");
    const char *text = m ? scalar(r, m) : NULL;
    if (text && (!amount_of_bytes(text, &to->cap) || to->cap < LEAST_SPOOL_BYTES))
        complain_at(&r->at, m, "'%s' is not the size of a spool (1MiB or more, such as 256MiB)", text);
}

static void read_tls(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"ca", "name", "certificate", "key", NULL};
    struct syslog_tls *tls = &r->site->receivers.tls;
    const char **const values[] = {&tls->ca, &tls->name, &tls->certificate, &tls->key};
    if (!check_mapping(r, n, keys))
        return;
    for (size_t i = 0; keys[i]; i++) {
        const struct node *m = node_member(n, keys[i]);
        if (m)
            *values[i] = scalar(r, m);
    }
}

/* The form of the messages. */
static void read_messages(struct reader *r, const struct node *n)
{
    struct site *s = r->site;
    int64_t enterprise = s->enterprise;
    int64_t bytes = (int64_t)s->message_bytes;
    number_limit(r, node_member(n, "enterprise-number"), 1, UINT32_MAX, &enterprise);
    number_limit(r, node_member(n, "syslog-size"), SYSLOG_LEAST_BYTES, SYSLOG_MOST_BYTES, &bytes);
    interval(r, node_member(n, "syslog-interval"), 1, &s->summary_interval);
    s->enterprise = (uint32_t)enterprise;
    s->message_bytes = (size_t)bytes;
}

/* "1000/s", or "none". */
static void read_json_limit(struct reader *r, const struct node *n)
{
    char number[32];
    int64_t limit = 0;
    const char *text = n ? scalar(r, n) : NULL;
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
    if (!none && (!rate || !parse_number(number, &limit) || limit < 1 || limit > UINT32_MAX))
        complain_at(&r->at, n, "'%s' is not a number of alerts a second, as 1000/s, nor none", text);
    else
        r->site->json_limit = (uint32_t)limit;
}

static void read_outputs(struct reader *r, const struct node *n)
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
    if (!check_mapping(r, n, keys))
        return;
    interval(r, node_member(n, "stats-interval"), 1, &r->site->stats_interval);
    interval(r, node_member(n, "peers-interval"), 1, &r->site->peers_interval);
    not_built(r, node_member(n, "metrics"), "the numbers are in the stats events");
    read_json_limit(r, node_member(n, "json-limit"));
    const struct node *json = node_member(n, "json");
    if (json)
        r->site->json = scalar(r, json);
    const struct node *m = node_member(n, "syslog");
    if (m && m->kind == NODE_SEQUENCE)
        each(r, m, take_receiver);
    else if (m)
        take_receiver(r, m);
    if ((m = node_member(n, "spool")))
        read_spool(r, m);
    if ((m = node_member(n, "tls")))
        read_tls(r, m);
    read_messages(r, n);
}

static void read_privacy(struct reader *r, const struct node *n)
{
    const char *text = scalar(r, n);
    bool clear = text && strcmp(text, "clear") == 0;
    if (text && !clear && strcmp(text, "hashed") != 0)
        complain_at(&r->at, n, "'privacy' is hashed or clear, not '%s'", text);
    r->site->identities_clear = clear;
}

/* 192.0.2.80:443, [2001:db8::80]:443 */
static bool parse_end(const char *text, struct endpoint *out)
{
    char address[64];
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    int64_t port;
    if (n == 0 || n >= sizeof address || !parse_number(colon + 1, &port) || port < 1 || port > 65535)
        return false;
    bool brackets = text[0] == '[' && n > 2 && text[n - 1] == ']';
    const size_t length = brackets ? n - 2 : n;
    memcpy(address, text + brackets, length);
    address[length] = '\0';
    struct network network;
    if (strchr(address, '/') || !network_parse(address, &network))
        return false;
    *out = (struct endpoint){.port = (uint16_t)port, .family = network.family};
    memcpy(out->address, network.address, sizeof out->address);
    return true;
}

static void take_farm(struct reader *r, const struct node *e)
{
    struct site *s = r->site;
    if (e->kind != NODE_SEQUENCE || !e->first) {
        complain_at(&r->at, e, "a farm is a list of servers: [192.0.2.80:443, 192.0.2.81:443]");
        return;
    }
    if (s->sessions.farm_count == MAX_FARMS) {
        complain_at(&r->at, e, "more than %d farms", MAX_FARMS);
        return;
    }
    struct session_farm *farm = &s->farms[s->sessions.farm_count++];
    for (const struct node *m = e->first; m; m = m->next) {
        const char *text = scalar(r, m);
        if (farm->members == FARM_MEMBERS) {
            complain_at(&r->at, m, "more than %d servers in a farm", FARM_MEMBERS);
            return;
        }
        if (text && !parse_end(text, &farm->member[farm->members]))
            complain_at(&r->at, m, "'%s' is not a server (192.0.2.80:443)", text);
        else
            farm->members++;
    }
}

static void read_sessions(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"scope", "farms", "state", "shared", NULL};
    struct site *s = r->site;
    if (!check_mapping(r, n, keys))
        return;
    const struct node *m = node_member(n, "scope");
    const char *text = m ? scalar(r, m) : NULL;
    s->sessions.one_scope = text && strcmp(text, "all") == 0;
    if (text && !s->sessions.one_scope && strcmp(text, "server") != 0)
        complain_at(&r->at, m, "'scope' of sessions is server or all, not '%s'", text);
    m = node_member(n, "state");
    s->sessions.state = m ? scalar(r, m) : NULL;
    m = node_member(n, "shared");
    s->sessions.shared = m ? scalar(r, m) : NULL;
    if (s->sessions.shared &&
        !sessions_shared_is_valid(s->sessions.shared)) /* not shown: it may contain a password */
        complain_at(&r->at, m, "'shared' is redis://[:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]");
    each(r, node_member(n, "farms"), take_farm);
}

static void take_tunnel_end(struct reader *r, const struct node *e)
{
    struct tunnel_ends *ends = &r->site->tunnel_ends;
    if (ends->count == MAX_TUNNEL_ENDS)
        complain_at(&r->at, e, "more than %d networks of tunnels' ends", MAX_TUNNEL_ENDS);
    else if (take_network(r, e, &ends->network[ends->count]))
        ends->count++;
}

static void read_tunnels(struct reader *r, const struct node *n)
{
    static const char *const keys[] = {"ends", NULL};
    if (check_mapping(r, n, keys))
        each(r, node_member(n, "ends"), take_tunnel_end);
}

/* `advise` is one profile, or a list of one. */
static void read_profiles(struct reader *r, const struct node *root)
{
    const struct node *m = node_member(root, "profile");
    if (m)
        r->site->profile = scalar(r, m);
    m = node_member(root, "advise");
    if (m && m->kind == NODE_SEQUENCE) {
        if (m->first && m->first->next)
            complain_at(&r->at, m->first->next, "one profile of advice is possible in a run");
        m = m->first;
    }
    if (m)
        r->site->advise = scalar(r, m);
}

static void read_site(struct reader *r, const struct node *root)
{
    static const char *const keys[] = {"profile",    "advise",  "scope",    "policy",  "outputs", "limits",
                                       "exceptions", "privacy", "sessions", "tunnels", NULL};
    static const struct {
        const char *key;
        void (*read)(struct reader *, const struct node *);
    } sections[] = {{"scope", read_scope},    {"policy", read_policy},   {"outputs", read_outputs},
                    {"limits", read_limits},  {"privacy", read_privacy}, {"sessions", read_sessions},
                    {"tunnels", read_tunnels}};
    if (!check_mapping(r, root, keys))
        return;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const struct node *n = node_member(root, sections[i].key);
        if (n)
            sections[i].read(r, n);
    }
    read_profiles(r, root);
    each(r, node_member(root, "exceptions"), take_exception);
}

struct site *site_load(const char *path, struct file_texts *files, struct mistakes *mistakes,
                       struct mistakes *warnings)
{
    struct site *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->flows = DEFAULT_FLOWS;
    s->sessions =
        (struct session_config){.sessions = DEFAULT_SESSIONS,
                                .retention = (int64_t)DEFAULT_RETENTION_DAYS * 86400 * NANOS_PER_SECOND};
    s->loss_limit = 1.0;
    s->quiet_limit = DEFAULT_QUIET_SECONDS * NANOS_PER_SECOND;
    s->lag_limit = DEFAULT_LAG_SECONDS * NANOS_PER_SECOND;
    s->workers = 1;
    s->peers_interval = DEFAULT_PEERS_SECONDS * NANOS_PER_SECOND;
    s->stats_interval = DEFAULT_STATS_SECONDS * NANOS_PER_SECOND;
    s->receivers.cap = DEFAULT_SPOOL_BYTES;
    s->enterprise = EXAMPLE_ENTERPRISE;
    s->message_bytes = SYSLOG_LEAST_BYTES;
    s->summary_interval = (nanos)DEFAULT_SUMMARY_SECONDS * NANOS_PER_SECOND;
    s->farms = calloc(MAX_FARMS, sizeof *s->farms);
    if (!s->farms)
        abort();
    s->sessions.farms = s->farms;
    if (!path)
        return s;
    size_t before = mistakes->count;
    s->tree = tree_read(path, files, mistakes);
    if (s->tree && s->tree->root) {
        struct reader r = {
            .site = s, .at = {.mistakes = mistakes, .file = s->tree->file}, .warnings = warnings};
        read_site(&r, s->tree->root);
    }
    if (mistakes->count == before)
        return s;
    site_free(s);
    return NULL;
}

void site_free(struct site *site)
{
    if (!site)
        return;
    tree_free(site->tree);
    free(site->farms);
    free(site);
}

static bool name_matches(const struct site *site, struct span name)
{
    char text[256];
    if (name.n >= sizeof text || memchr(name.p, 0, name.n))
        return false;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    for (size_t i = 0; i < site->name_count; i++)
        if (fnmatch(site->names[i], text, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

bool site_has_scope(const struct site *site)
{
    return site->server_count || site->port_count || site->name_count;
}

static bool in_one_of(const struct network *networks, size_t count, const struct endpoint *end)
{
    return networks_have(networks, count, end->family, end->address);
}

bool site_lists_server(const struct site *site, const struct endpoint *server)
{
    return in_one_of(site->servers, site->server_count, server);
}

bool site_is_ue(const struct site *site, const struct endpoint *client)
{
    return site->client_count == 0 || in_one_of(site->clients, site->client_count, client);
}

bool site_in_scope(const struct site *site, const struct endpoint *server, struct span name)
{
    const bool address = site->server_count == 0 || site_lists_server(site, server);
    bool port = site->port_count == 0;
    for (size_t i = 0; i < site->port_count && !port; i++)
        port = site->ports[i] == server->port;
    if (!address || !port)
        return false;
    if (!site->name_count)
        return true;
    /* A known server is in scope even if the client sent no name. */
    return name.n ? name_matches(site, name) : site->server_count > 0;
}

const char *site_exception(const struct site *site, const struct verdict *v, const struct policy_case *c,
                           const char **until)
{
    for (size_t i = 0; i < site->exception_count; i++) {
        const struct exception *x = &site->exceptions[i];
        if (fnmatch(x->rule, v->rule->id, 0) != 0 || c->about.time > x->until)
            continue;
        if (x->server.family && !in_one_of(&x->server, 1, &c->about.server))
            continue;
        if (x->port && x->port != c->about.server.port)
            continue;
        *until = x->until_text;
        return x->reason;
    }
    return NULL;
}

static bool has_rule(const struct profile *profile, const char *glob)
{
    for (size_t i = 0; i < profile_rule_count(profile); i++)
        if (fnmatch(glob, profile_rule(profile, i)->id, 0) == 0)
            return true;
    return false;
}

void site_warn_of_exceptions(const struct site *site, const struct profile *profile, nanos now, FILE *out)
{
    for (size_t i = 0; i < site->exception_count; i++) {
        const struct exception *x = &site->exceptions[i];
        if (now > x->until)
            (void)fprintf(out, "%s:%u: warning: this exception ended on %s; from then on its breach counts\n",
                          site->tree->file, x->line, x->until_text);
        if (has_rule(profile, x->rule))
            continue;
        char buffer[512];
        struct text t = text_over(buffer, sizeof buffer);
        struct suggestion near = suggestion_for(x->rule);
        char hint[128];
        for (size_t n = 0; n < profile_rule_count(profile); n++)
            suggestion_try(&near, profile_rule(profile, n)->id);
        text_safe(&t, span_of(x->rule, strnlen(x->rule, 128)));
        (void)fprintf(out, "%s:%u: warning: no rule '%s' in profile %s%s\n", site->tree->file, x->line,
                      buffer, profile_name(profile), suggestion_text(&near, hint, sizeof hint));
    }
}
