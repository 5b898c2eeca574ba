/* Where each counter of the report comes from: the last column of report/health.def. */
#include "report/health.h"

#include "app/output.h"
#include "app/pipeline_parts.h"
#include "naming/naming.h"

static uint64_t sum(const uint64_t *counts, size_t n)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    return total;
}

void pipeline_health(const struct pipeline *p, struct capture_health *h)
{
    const struct decode_counters *d = decoder_counters(p->decoder);
    const struct checksum_counters *c = checksums_counters(p->checksums);
    const struct flow_counters *f = &p->flows.counters;
    const struct tls_counters *t = tls_counters(p->tls);
    const struct http_counters *w = http_counters(p->cleartext.http);
    const struct session_counters *s = sessions_counters(p->sessions);
    const struct peers_counters *e = peers_counters(p->peers);
    static const struct evidence_counters none; /* without --evidence */
    const struct evidence_counters *v = p->evidence ? evidence_counters(p->evidence) : &none;
    static const struct stream_counters unnumbered; /* nobody asks for the numbers of streams */
    const struct stream_counters *k = p->streams ? streams_counters(p->streams) : &unnumbered;
    const struct findings_counters *g = output_findings(p->output);
    const struct obstacle obstacle = decoder_obstacle(p->decoder);
    static const struct naming_counters unused; /* naming begins with the first connection that needs it */
    const struct naming_counters *n = p->cleartext.naming ? naming_counters(p->cleartext.naming) : &unused;
    const struct summing_counters *a = output_alerts(p->output);
    *h = (struct capture_health){
        .first_time = p->first_time,
        .last_time = p->last_time,
        .flow_memory = (uint64_t)p->site->flows * sizeof(struct flow),
        .commonest = {.frames = obstacle.frames, .code = obstacle.code, .link_type = obstacle.link_type},
#define HEALTH(object, key, member, group, weight, one, many, phrase, source) .member = (source),
#include "report/health.def"
#undef HEALTH
    };
    tls_greediest(p->tls, h->greediest);
}
