/* What the site's configuration says of a server, a client, or a verdict. */
#include "app/say.h"
#include "app/site.h"
#include "policy/mistakes.h"
#include "policy/tree.h"
#include "wire/same_host.h"

#include <fnmatch.h>
#include <stdlib.h>

/* A pattern is of A-labels, as RFC 6066 3 has names. */
static bool name_matches(const struct site *site, struct span name)
{
    struct same_host form;
    char text[sizeof form.bytes + 1];
    same_host(&form, name);
    if (name.n > sizeof form.bytes || memchr(form.bytes, 0, form.length))
        return false;
    memcpy(text, form.bytes, form.length);
    text[form.length] = '\0';
    for (size_t i = 0; i < site->name_count; i++)
        if (fnmatch(site->names[i], text, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

bool site_has_scope(const struct site *site)
{
    return site->server_count || site->port_count || site->name_count;
}

bool site_names_servers(const struct site *site)
{
    return site->server_count || site->name_count;
}

static bool in_one_of(const struct network *networks, size_t count, const struct endpoint *end)
{
    return networks_have(networks, count, end->family, end->address);
}

bool site_lists_server(const struct site *site, const struct endpoint *server)
{
    return in_one_of(site->servers, site->server_count, server);
}

bool site_lists_client(const struct site *site, const struct endpoint *client)
{
    return in_one_of(site->clients, site->client_count, client);
}

bool site_is_ue(const struct site *site, const struct endpoint *client)
{
    return site->client_count == 0 || site_lists_client(site, client);
}

static bool may_be_server(const struct site *site, const struct endpoint *server)
{
    return site->server_count == 0 || site_lists_server(site, server);
}

static bool may_be_port(const struct site *site, uint16_t port)
{
    bool listed = site->port_count == 0;
    for (size_t i = 0; i < site->port_count && !listed; i++)
        listed = site->ports[i] == port;
    return listed;
}

bool site_may_serve(const struct site *site, const struct endpoint *server)
{
    return may_be_server(site, server) && may_be_port(site, server->port);
}

enum scope_key site_left_out_by(const struct site *site, const struct endpoint *client,
                                const struct endpoint *server)
{
    if (!site_is_ue(site, client))
        return SCOPE_CLIENTS;
    if (!may_be_server(site, server))
        return SCOPE_SERVERS;
    return may_be_port(site, server->port) ? SCOPE_NAMES : SCOPE_PORTS;
}

bool site_in_scope(const struct site *site, const struct endpoint *server, struct span name)
{
    if (!site_may_serve(site, server))
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

static const char *rule_of_sid(const struct profile *profile, const char *number)
{
    char *end;
    const unsigned long sid = strtoul(number, &end, 10);
    if (end == number || *end)
        return NULL;
    for (size_t i = 0; i < profile_rule_count(profile); i++)
        if (profile_rule(profile, i)->sid == sid)
            return profile_rule(profile, i)->id;
    return NULL;
}

void site_warn_of_exceptions(const struct site *site, const struct profile *profile, nanos now, FILE *out)
{
    for (size_t i = 0; i < site->exception_count; i++) {
        const struct exception *x = &site->exceptions[i];
        char safe[SAID_BYTES];
        const char *file = say_safely(site->tree->file, safe);
        if (now > x->until)
            (void)fprintf(out,
                          "%s:%u: warning: this exception expired on %s; since then its breaches count\n",
                          file, x->line, x->until_text);
        if (has_rule(profile, x->rule))
            continue;
        char buffer[512];
        struct text t = text_over(buffer, sizeof buffer);
        struct suggestion near = suggestion_for(x->rule);
        char hint[128];
        suggestion_try_rules(&near, profile);
        if (rule_of_sid(profile, x->rule))
            near.best = rule_of_sid(profile, x->rule);
        text_safe(&t, span_of(x->rule, strnlen(x->rule, 128)));
        (void)fprintf(out, "%s:%u: warning: no rule '%s' in profile %s%s\n", file, x->line, buffer,
                      profile_name(profile), suggestion_text(&near, hint, sizeof hint));
    }
}
