#include "report/html_material.h"

#include "report/tally.h"

#include <stdlib.h>

struct html_material *html_material_new(void)
{
    struct html_material *m = calloc(1, sizeof *m);
    if (m)
        m->servers.key = siphash_random_key();
    return m;
}

void html_material_free(struct html_material *m)
{
    free(m);
}

void html_material_case(struct html_material *m, const struct policy_case *c)
{
    if (!c->observation || !tally_is_handshake(c->observation))
        return;
    timeline_at(&m->timeline, c->about.time)->handshakes++;
    struct party *server = parties_find(&m->servers, &c->about.server);
    if (server)
        server->handshakes++;
}

static void blame_server(struct html_material *m, const struct policy_case *c, const struct verdict *v)
{
    struct party *server = parties_find(&m->servers, &c->about.server);
    if (!server)
        return;
    server->violations[v->severity]++;
    server->rules[v->rule->index / 64] |= UINT64_C(1) << v->rule->index % 64;
}

void html_material_finding(struct html_material *m, const struct policy_case *c, const struct verdict *v,
                           enum finding_status status, int64_t stream)
{
    findings_add(&m->findings, c, v, status, stream);
    if (status != FINDING_VIOLATION)
        return;
    timeline_at(&m->timeline, c->about.time)->violations[v->severity]++;
    if (c->about.server.family && (v->fault == FAULT_SERVER || v->fault == FAULT_BOTH))
        blame_server(m, c, v);
}

void html_material_go_on_with(struct html_material *m, const struct profile *profile,
                              const struct profile *advice)
{
    findings_go_on_with(&m->findings, profile, advice);
    for (size_t i = 0; i < m->servers.count; i++) /* the rules have other numbers now */
        memset(m->servers.party[i].rules, 0, sizeof m->servers.party[i].rules);
}
