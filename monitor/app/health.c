/* Where each counter of the report comes from: the last column of report/health.def. */
#include "report/health.h"

#include "app/docket.h"
#include "app/judge_parts.h"
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

/* The counters of which there is one, whatever the number of pipelines. */
struct of_all {
    struct judge judge;
    struct session_counters sessions;
    struct peers_counters peers;
    struct evidence_counters evidence;
    struct stream_counters streams;
    struct findings_counters findings;
    struct summing_counters messages, beyond_limit;
    uint64_t verdicts_forgotten, challenges_forgotten;
};

static struct of_all common_counters(const struct pipeline *p, const struct judge *j)
{
    struct of_all c = {
        .judge = *j,
        .sessions = *sessions_counters(j->sessions),
        .peers = *peers_counters(j->peers),
        .findings = *output_findings(p->output),
        .messages = *output_messages(p->output),
        .beyond_limit = *output_beyond_limit(p->output),
        .verdicts_forgotten =
            profile_verdicts_forgotten(j->profile) + (j->advice ? profile_verdicts_forgotten(j->advice) : 0),
        .challenges_forgotten = challenges_forgotten(j->challenges),
    };
    if (p->evidence)
        c.evidence = *evidence_counters(p->evidence);
    if (p->streams) /* somebody asks for their numbers */
        c.streams = *streams_counters(p->streams);
    return c;
}

static struct capture_health health_of(const struct pipeline *p, const struct of_all *common)
{
    const struct decode_counters *d = decoder_counters(p->decoder);
    const struct checksum_counters *c = checksums_counters(p->checksums);
    const struct flow_counters *f = &p->flows.counters;
    const struct tls_counters *t = tls_counters(p->tls);
    const struct http_counters *w = http_counters(p->cleartext.http);
    const struct judge *j = &common->judge;
    const struct session_counters *s = &common->sessions;
    const struct peers_counters *e = &common->peers;
    const struct evidence_counters *v = &common->evidence;
    const struct stream_counters *k = &common->streams;
    const struct findings_counters *g = &common->findings;
    const struct summing_counters *a = &common->messages;
    const struct summing_counters *beyond = &common->beyond_limit;
    const struct obstacle obstacle = decoder_obstacle(p->decoder);
    const struct obstacle outside = obstacles_commonest(&j->outside.ports);
    static const struct naming_counters unused; /* naming begins with the first connection that needs it */
    const struct naming_counters *n = p->cleartext.naming ? naming_counters(p->cleartext.naming) : &unused;
    struct capture_health h = {
        .first_time = p->first_time,
        .last_time = p->last_time,
        .loss_limit = p->site->loss_limit,
        .flow_memory = p->worker ? 0 : (uint64_t)p->site->flows * sizeof(struct flow), /* of all of them */
        .commonest = {.frames = obstacle.frames, .code = obstacle.code, .kind = obstacle.kind},
        .commonest_outside = {.handshakes = outside.frames, .port = (uint16_t)outside.code},
#define HEALTH(object, key, member, group, marks, one, many, phrase, source) .member = (source),
#include "report/health.def"
#undef HEALTH
    };
    tls_greediest(p->tls, h.greediest);
    return h;
}

static void note_worker(struct capture_health *sum, unsigned worker, const struct capture_health *own)
{
    for (size_t i = 0; i < health_row_count; i++)
        sum->of_worker[worker][i] = health_rows[i].each ? health_value(own, &health_rows[i]) : 0;
}

void pipelines_health(struct pipeline *const *p, unsigned count, const struct judge *judge,
                      struct capture_health *sum)
{
    static const struct of_all none;
    const struct of_all common = common_counters(p[0], judge);
    *sum = health_of(p[0], &common);
    note_worker(sum, 0, sum);
    for (unsigned i = 1; i < count; i++) {
        const struct capture_health h = health_of(p[i], &none);
        note_worker(sum, i, &h);
        health_add(sum, &h);
    }
    sum->workers = count > 1 ? count : 0;
}
