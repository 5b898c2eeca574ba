/* The site's configuration is read: all of its sections but `outputs`. */
#include "app/site_parts.h"
#include "base/amount.h"
#include "syslog/message.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum {
    EXAMPLE_ENTERPRISE =
        32473, /* RFC 5612: for documentation, and for operators without a number of their own */
};

static void take_client(struct site_reader *r, const struct node *e)
{
    struct site *s = r->site;
    s->client_count += site_network(r, e, &s->clients[s->client_count]);
}

/* Letters, and none of what addresses and networks have. */
static bool is_host_name(const char *text)
{
    return strpbrk(text, "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ") && strchr(text, '.') &&
           !strpbrk(text, ":/");
}

static void take_server(struct site_reader *r, const struct node *e)
{
    struct site *s = r->site;
    struct endpoint end;
    if (e->kind == NODE_SCALAR && is_host_name(e->text))
        complain_at(&r->at, e, "'%s' is a name: put it under names; expected an address or a network",
                    e->text);
    else if (e->kind == NODE_SCALAR && site_end(e->text, &end))
        complain_at(&r->at, e, "'%s' has a port: put that under ports; expected an address or a network",
                    e->text);
    else
        s->server_count += site_network(r, e, &s->servers[s->server_count]);
}

static bool read_port(struct site_reader *r, const struct node *n, uint16_t *out)
{
    const char *text = site_text(r, n);
    const bool good = text && site_port(text, out);
    if (text && !good)
        complain_at(&r->at, n, "'%s' is not a port (1 to 65535)%s", text,
                    strchr(text, '-') && text[0] != '-' ? ": list each port separately" : "");
    return good;
}

static void take_port(struct site_reader *r, const struct node *e)
{
    struct site *s = r->site;
    s->port_count += read_port(r, e, &s->ports[s->port_count]);
}

/* A URL, or a name with its port, is equal to none: nothing would be in scope. One colon is no IPv6 address.
 */
static bool is_more_than_a_name(const char *text)
{
    const char *colon = strchr(text, ':');
    return text[strcspn(text, "/ \t@")] || (colon && !strchr(colon + 1, ':'));
}

static void take_name(struct site_reader *r, const struct node *e)
{
    const char *text = site_text(r, e);
    if (text && is_regular_expression(text))
        complain_at(&r->at, e, REGULAR_EXPRESSION, text);
    else if (text && is_quoted_typographically(text))
        complain_at(&r->at, e, "'%s' is not a host name" QUOTED_TYPOGRAPHICALLY, text);
    else if (text && text[strlen(text) - 1] == '.')
        complain_at(&r->at, e, "'%s': names are sent without a dot at the end (RFC 6066 3): leave it out",
                    text);
    else if (text && is_more_than_a_name(text))
        complain_at(&r->at, e,
                    "'%s' is more than a host name: leave out scheme, port and path, as in "
                    "xcap.example.org",
                    text);
    else if (text)
        r->site->names[r->site->name_count++] = text;
}

static void read_scope(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"clients", "servers", "ports", "names", NULL};
    if (!site_mapping(r, n, keys))
        return;
    site_some(r, node_member(n, "clients"), "[10.0.0.0/8]", take_client);
    site_some(r, node_member(n, "servers"), "[192.0.2.0/24]", take_server);
    site_some(r, node_member(n, "ports"), "[443, 80]", take_port);
    site_some(r, node_member(n, "names"), "[xcap.example.org]", take_name);
}

static void override(struct site_reader *r, const char *name, const struct node *n, const char *const *words)
{
    const char *text = n ? site_text(r, n) : NULL;
    if (!text)
        return;
    if (!site_is_known(text, words)) {
        complain_at(&r->at, n, "'%s' is %s or %s, not '%s'", name, words[0], words[1], text);
        return;
    }
    struct site *s = r->site;
    s->overrides[s->override_count++] = (struct parameter_override){.name = name, .value = text};
}

static void read_policy(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"encryption-required", "authenticates-ue", NULL};
    static const char *const yes_no[] = {"true", "false", NULL};
    static const char *const means[] = {"gba", "none", NULL};
    if (!site_mapping(r, n, keys))
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
    if (start <= 0 || start > INT64_MAX / NANOS_PER_SECOND - 86400) /* the year 2262 */
        return false;
    *end = ((nanos)start + 86400) * NANOS_PER_SECOND - 1;
    return true;
}

/* An address or network; with a port, which has a key of its own, the message says where that belongs. */
static void take_exempt(struct site_reader *r, const struct node *m, struct network *out)
{
    struct endpoint end;
    const char *text = site_text(r, m);
    const char *colon = text ? strrchr(text, ':') : NULL;
    if (colon && site_end(text, &end))
        complain_at(&r->at, m, "'%s' has a port: write server: %.*s, port: %s", text, (int)(colon - text),
                    text, colon + 1);
    else if (text)
        (void)text_network(&r->at, m, text, out);
}

static void take_exception(struct site_reader *r, const struct node *e)
{
    static const char *const keys[] = {"rule", "server", "port", "reason", "until", NULL};
    struct site *s = r->site;
    struct exception x = {0};
    if (!site_mapping(r, e, keys))
        return;
    static const char *const needed[] = {"rule", "reason", "until", NULL};
    for (const char *const *k = needed; *k; k++)
        if (!node_member(e, *k))
            complain_at(&r->at, e, "'%s' is missing: an exception names a rule, a reason and its last day",
                        *k);
    const struct node *m = node_member(e, "rule");
    x.rule = m ? site_text(r, m) : NULL;
    x.line = m ? (unsigned)m->line : 0;
    m = node_member(e, "reason");
    x.reason = m ? site_text(r, m) : NULL;
    m = node_member(e, "until");
    x.until_text = m ? site_text(r, m) : NULL;
    if (x.until_text && !parse_day(x.until_text, &x.until))
        complain_at(&r->at, m, "'%s' is not a date (2027-03-31)", x.until_text);
    m = node_member(e, "server");
    if (m)
        take_exempt(r, m, &x.server);
    m = node_member(e, "port");
    if (m)
        (void)read_port(r, m, &x.port);
    if (x.rule && x.reason && x.until)
        s->exceptions[s->exception_count++] = x;
}

static void read_limits(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"memory",     "flows", "handshakes", "sessions", "session-retention",
                                       "loss-limit", "quiet", "lag",        NULL};
    struct site *s = r->site;
    if (!site_mapping(r, n, keys))
        return;
    int64_t flows = s->flows;
    int64_t handshakes = s->handshakes;
    int64_t sessions = s->sessions.sessions;
    site_number(r, node_member(n, "flows"), 64, 1 << 24, &flows);
    site_number(r, node_member(n, "handshakes"), 16, 1 << 20, &handshakes);
    site_number(r, node_member(n, "sessions"), 64, 1 << 28, &sessions);
    site_interval(r, node_member(n, "session-retention"), 3600, &s->sessions.retention);
    site_interval(r, node_member(n, "quiet"), 1, &s->quiet_limit);
    site_interval(r, node_member(n, "lag"), 1, &s->lag_limit);
    s->flows = (uint32_t)flows;
    s->handshakes = (uint32_t)handshakes;
    s->sessions.sessions = (uint32_t)sessions;
    const struct node *m = node_member(n, "memory");
    const char *text = m ? site_text(r, m) : NULL;
    if (text && !amount_of_bytes(text, &s->memory))
        complain_at(&r->at, m, "'%s' is not an amount of memory (512MiB, 1GiB)", text);
    m = node_member(n, "loss-limit");
    text = m ? site_text(r, m) : NULL;
    char *end = NULL;
    double share = text ? strtod(text, &end) : 0;
    if (text && (end == text || strcmp(end, "%") != 0 || !(share >= 0 && share <= 100)))
        complain_at(&r->at, m, "'%s' is not a percentage from 0%% to 100%%", text);
    else if (text)
        s->loss_limit = share;
}

static void read_privacy(struct site_reader *r, const struct node *n)
{
    const char *text = site_text(r, n);
    bool clear = text && strcmp(text, "clear") == 0;
    if (text && !clear && strcmp(text, "hashed") != 0)
        complain_at(&r->at, n, "'privacy' is hashed or clear, not '%s'", text);
    r->site->identities_clear = clear;
}

static void take_farm(struct site_reader *r, const struct node *e)
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
        const char *text = site_text(r, m);
        if (farm->members == FARM_MEMBERS) {
            complain_at(&r->at, m, "more than %d servers in a farm", FARM_MEMBERS);
            return;
        }
        struct endpoint *member = &farm->member[farm->members];
        bool again = false;
        if (text && !site_end(text, member))
            complain_at(&r->at, m, "'%s' is not a server (192.0.2.80:443)", text);
        else
            farm->members++;
        for (const struct endpoint *earlier = farm->member; text && earlier < member; earlier++)
            again |= earlier->port == member->port && endpoint_same_host(earlier, member);
        if (again)
            complain_at(&r->at, m, "'%s' is listed twice in this farm: list the other servers", text);
    }
    if (farm->members == 1 && !e->first->next)
        complain_at(&r->at, e, "a farm of one server: list the others too, or leave it out");
}

static void read_sessions(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"scope", "farms", "state", "shared", NULL};
    struct site *s = r->site;
    if (!site_mapping(r, n, keys))
        return;
    const struct node *m = node_member(n, "scope");
    const char *text = m ? site_text(r, m) : NULL;
    s->sessions.one_scope = text && strcmp(text, "all") == 0;
    if (text && !s->sessions.one_scope && strcmp(text, "server") != 0)
        complain_at(&r->at, m, "'scope' of sessions is server or all, not '%s'", text);
    m = node_member(n, "state");
    s->sessions.state = m ? site_text(r, m) : NULL;
    m = node_member(n, "shared");
    s->sessions.shared = m ? site_text(r, m) : NULL;
    if (s->sessions.shared &&
        !sessions_shared_is_valid(s->sessions.shared)) /* not shown: it may contain a password */
        complain_at(&r->at, m, "'shared' is redis://[:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]");
    site_each(r, node_member(n, "farms"), "[[192.0.2.80:443, 192.0.2.81:443]]", take_farm);
}

static void take_tunnel_end(struct site_reader *r, const struct node *e)
{
    struct tunnel_ends *ends = &r->site->tunnel_ends;
    if (ends->count == MAX_TUNNEL_ENDS)
        complain_at(&r->at, e, "more than %d networks of tunnel ends", MAX_TUNNEL_ENDS);
    else if (site_network(r, e, &ends->network[ends->count]))
        ends->count++;
}

static void take_tunnel_port(struct site_reader *r, const struct node *e)
{
    struct tunnel_ports *ports = &r->site->tunnel_ports;
    uint16_t port;
    if (!read_port(r, e, &port))
        return;
    for (size_t i = 0; i < ports->count; i++)
        if (ports->port[i].port == port) {
            complain_at(&r->at, e, "port %u is listed twice", port);
            return;
        }
    if (ports->count == MAX_TUNNEL_PORTS)
        complain_at(&r->at, e, "more than %d ports of tunnels", MAX_TUNNEL_PORTS);
    else
        ports->port[ports->count++] = (struct tunnel_port){.port = port, .kind = (uint8_t)r->tunnel};
}

static void read_tunnel_ports(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"vxlan", "geneve", "gtp-u", "capwap", NULL};
    static const enum encapsulation kinds[] = {ENCAP_VXLAN, ENCAP_GENEVE, ENCAP_GTP_U, ENCAP_CAPWAP};
    if (!n || !site_mapping(r, n, keys))
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        r->tunnel = kinds[i];
        site_each(r, node_member(n, keys[i]), "[4788]", take_tunnel_port);
    }
}

static void read_tunnels(struct site_reader *r, const struct node *n)
{
    static const char *const keys[] = {"ends", "ports", NULL};
    if (!site_mapping(r, n, keys))
        return;
    site_some(r, node_member(n, "ends"), "[198.51.100.0/24]", take_tunnel_end);
    read_tunnel_ports(r, node_member(n, "ports"));
}

static void take_advice(struct site_reader *r, const struct node *e)
{
    struct site *s = r->site;
    const char *name = site_text(r, e);
    for (size_t i = 0; name && i < s->advise_count; i++)
        if (strcmp(s->advise[i]->text, name) == 0) {
            complain_at(&r->at, e, "'%s' already gives advice", name);
            return;
        }
    if (name && s->advise_count == MAX_ADVICE)
        complain_at(&r->at, e, "more than %d profiles of advice", MAX_ADVICE);
    else if (name)
        s->advise[s->advise_count++] = e;
}

/* `advise` is a profile, or a list of them. */
static void read_profiles(struct site_reader *r, const struct node *root)
{
    const struct node *m = node_member(root, "profile");
    if (m && site_text(r, m))
        r->site->profile = m;
    m = node_member(root, "advise");
    if (m && m->kind == NODE_SEQUENCE)
        site_each(r, m, "[modern]", take_advice);
    else if (m)
        take_advice(r, m);
}

static void read_site(struct site_reader *r, const struct node *root)
{
    static const char *const keys[] = {"profile",    "advise",  "scope",    "policy",  "outputs", "limits",
                                       "exceptions", "privacy", "sessions", "tunnels", NULL};
    static const struct {
        const char *key;
        void (*read)(struct site_reader *, const struct node *);
    } sections[] = {{"scope", read_scope},    {"policy", read_policy},   {"outputs", site_read_outputs},
                    {"limits", read_limits},  {"privacy", read_privacy}, {"sessions", read_sessions},
                    {"tunnels", read_tunnels}};
    if (!site_mapping(r, root, keys))
        return;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const struct node *n = node_member(root, sections[i].key);
        if (n)
            sections[i].read(r, n);
    }
    read_profiles(r, root);
    site_each(r, node_member(root, "exceptions"), "- { rule: ..., reason: ..., until: 2027-03-31 }",
              take_exception);
}

struct site *site_load(const char *path, struct file_texts *files, struct mistakes *mistakes)
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
        struct site_reader r = {.site = s, .at = {.mistakes = mistakes, .file = s->tree->file}};
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
