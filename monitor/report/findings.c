#include "report/findings.h"

#include "report/octets.h"

enum { TEXT_BYTES = 600, NAME_BYTES = 256, MOST_OCTETS = 12 };

static uint32_t keep_bytes(struct findings *f, struct span bytes)
{
    if (f->used == 0)
        f->used = 1; /* 0 means none */
    if (bytes.n > sizeof f->bytes - f->used) {
        f->counters.without_room++;
        return 0;
    }
    memcpy(f->bytes + f->used, bytes.p, bytes.n);
    f->used += bytes.n;
    return (uint32_t)(f->used - bytes.n);
}

static uint32_t keep_text(struct findings *f, const struct text *t)
{
    return t->n ? keep_bytes(f, span_of(t->p, t->n + 1)) : 0;
}

static bool put_piece(struct findings *f, struct finding_record *r, struct span message, uint32_t from,
                      uint32_t most)
{
    const struct span part = span_head(span_skip(message, from), most);
    const uint32_t at = part.n ? keep_bytes(f, part) : 0;
    if (!at)
        return false;
    r->piece[r->pieces++] = (struct record_piece){from, at, (uint32_t)part.n};
    return true;
}

/* The rows of a mark, and one more on each side. */
static struct rows {
    uint32_t from, end;
} rows_around(const struct record_mark *m)
{
    enum { ROW = 16 };
    const uint32_t from = m->at / ROW * ROW;
    const uint32_t last = (m->at + m->length - 1) / ROW * ROW;
    return (struct rows){from < ROW ? 0 : from - ROW, last + 2 * ROW};
}

/* Of the marks that end behind `end` the one that begins first, or NULL. */
static const struct record_mark *next_mark(const struct finding_record *r, uint32_t end)
{
    const struct record_mark *next = NULL;
    for (size_t i = 0; i < r->marks; i++)
        if (r->mark[i].at + r->mark[i].length > end && (!next || r->mark[i].at < next->at))
            next = &r->mark[i];
    return next;
}

/* The head where nothing else is marked; the whole message where it is short; else its head and what lies
 * around each mark, all of which is shown. */
static bool put_pieces(struct findings *f, struct finding_record *r, struct span message)
{
    enum { ROW = 16, WHOLE = 512, HEAD = 3 * ROW };
    if (message.n <= WHOLE && next_mark(r, ROW))
        return put_piece(f, r, message, 0, WHOLE);
    struct rows piece = {0, HEAD};
    const struct record_mark *m;
    while ((m = next_mark(r, piece.end))) {
        const struct rows rows = rows_around(m);
        if (rows.from > piece.end) {
            if (!put_piece(f, r, message, piece.from, piece.end - piece.from))
                return false;
            piece.from = rows.from;
        }
        piece.end = rows.end;
    }
    return put_piece(f, r, message, piece.from, piece.end - piece.from);
}

/* A record for each message that the octets are of, with its marks. */
static void keep_records(struct findings *f, struct finding *finding, const struct kept_messages *kept,
                         const struct octets *octets, size_t count)
{
    enum { MOST_RECORDS = 3 };
    finding->record = (uint16_t)f->record_count;
    for (size_t i = 0; i < count; i++) {
        const struct kept_message *m = octets[i].message;
        bool done = false;
        for (size_t j = 0; j < i; j++)
            done |= octets[j].message == m;
        if (done || finding->records == MOST_RECORDS)
            continue;
        if (f->record_count == FINDING_RECORDS) {
            f->counters.without_room++;
            return;
        }
        struct finding_record *r = &f->record[f->record_count];
        *r = (struct finding_record){.name = kept_message_name(m),
                                     .frame = m->frame,
                                     .time = m->time,
                                     .source = m->source,
                                     .length = m->length};
        for (size_t j = i; j < count && r->marks < RECORD_MARKS; j++)
            if (octets[j].message == m)
                r->mark[r->marks++] = (struct record_mark){octets[j].at, octets[j].length, octets[j].name,
                                                           octets[j].suite ? octets[j].suite->name : NULL};
        if (!put_pieces(f, r, kept_message_bytes(kept, m)))
            return;
        f->record_count++;
        finding->records++;
    }
}

static struct span name_of(const struct policy_case *c)
{
    const struct observation *o = c->observation;
    if (c->exchange)
        return span_of(c->exchange->host.bytes, c->exchange->host.length);
    if (!o)
        return span_of_text(case_asked_name(c));
    const struct span sni = observation_text(o, o->client_hello.sni);
    return sni.n ? sni : observation_text(o, o->authority);
}

/* A UE's port changes with every connection. */
static bool same_offender(const struct finding *a, enum fault fault, const struct policy_case *c)
{
    const struct whence *about = &c->about;
    if (a->fault != fault || a->asked != case_asked(c))
        return false;
    const bool server = endpoint_equal(&a->server, &about->server);
    const bool ue = endpoint_one_host(&a->ue, whence_ue(about));
    return fault == FAULT_UE ? ue : fault == FAULT_BOTH ? ue && server : server;
}

/* The one of the same rule and offender, which is counted there, or NULL. */
static struct finding *counted(struct findings *f, const struct policy_case *c, const struct verdict *v,
                               enum finding_status status, uint16_t last)
{
    for (uint16_t at = last; at; at = f->finding[at - 1].before) {
        struct finding *known = &f->finding[at - 1];
        if (known->status == status && same_offender(known, v->fault, c)) {
            known->times++;
            return known;
        }
    }
    return NULL;
}

/* Of those of a rule the one that is least severe, the latest of equal ones; NULL: none is less severe than
 * this. */
static struct finding *milder(struct findings *f, enum severity than, enum finding_status status,
                              uint16_t last)
{
    struct finding *least = NULL;
    for (uint16_t at = last; at; at = f->finding[at - 1].before) {
        struct finding *known = &f->finding[at - 1];
        if (known->status == status && known->severity < (least ? least->severity : than))
            least = known;
    }
    return least;
}

/* The frame in which the handshake's first message is whole, which is where Wireshark shows it. */
static void place(struct finding *finding, const struct kept_messages *kept)
{
    if (!kept->count || !kept->message[0].frame)
        return;
    finding->shows = kept_message_name(&kept->message[0]);
    finding->frame = kept->message[0].frame;
    finding->source = kept->message[0].source;
}

static void fill(struct findings *f, struct finding *finding, const struct policy_case *c,
                 const struct verdict *v)
{
    char buffer[TEXT_BYTES];
    struct text t = text_over(buffer, NAME_BYTES);
    text_safe(&t, name_of(c));
    finding->name = keep_text(f, &t);
    t = text_over(buffer, sizeof buffer);
    verdict_observed(v, c, &t);
    finding->observed = keep_text(f, &t);
    const char *note = v->excepted ? v->excepted : v->note;
    t = text_over(buffer, sizeof buffer);
    text_put(&t, note ? note : "");
    finding->note = keep_text(f, &t);
}

/* What the handshake's messages show of it. */
static void show(struct findings *f, struct finding *finding, const struct policy_case *c,
                 const struct verdict *v)
{
    const struct kept_messages *kept = c->observation ? c->observation->messages : NULL;
    if (!kept)
        return;
    place(finding, kept);
    struct octets octets[MOST_OCTETS];
    keep_records(f, finding, kept, octets, octets_of_verdict(v, c, octets, MOST_OCTETS));
}

static void write(struct findings *f, struct finding *finding, const struct policy_case *c,
                  const struct verdict *v, enum finding_status status, int64_t stream)
{
    *finding = (struct finding){.rule = v->rule,
                                .status = status,
                                .severity = v->severity,
                                .basis = v->basis,
                                .fault = v->fault,
                                .ue = *whence_ue(&c->about),
                                .client = c->about.client,
                                .server = c->about.server,
                                .asked = case_asked(c),
                                .time = c->about.time,
                                .frame = c->about.frame_number,
                                .source = c->about.source,
                                .stream = stream,
                                .times = finding->times,
                                .before = finding->before};
    fill(f, finding, c, v);
    show(f, finding, c, v);
}

void findings_add(struct findings *f, const struct policy_case *c, const struct verdict *v,
                  enum finding_status status, int64_t stream)
{
    static const uint8_t most[] = {[FINDING_VIOLATION] = FINDINGS_OF_RULE,
                                   [FINDING_KNOWN] = 1,
                                   [FINDING_EXCEPTED] = 1,
                                   [FINDING_SUPERSEDED] = 1,
                                   [FINDING_ADVICE] = 1};
    const bool advised = status == FINDING_ADVICE;
    uint16_t *last = &f->last[advised][v->rule->index];
    uint8_t *kept = &f->kept[advised][v->rule->index];
    struct finding *finding = counted(f, c, v, status, *last);
    if (finding && finding->severity >= v->severity)
        return;
    if (!finding && *kept >= most[status]) {
        finding = milder(f, v->severity, status, *last);
        if (!finding)
            return;
        finding->times = 1;
    }
    if (!finding && f->count == MAX_FINDINGS) {
        f->counters.without_room++;
        return;
    }
    if (!finding) {
        finding = &f->finding[f->count++];
        *finding = (struct finding){.times = 1, .before = *last};
        *last = (uint16_t)f->count;
        ++*kept;
    }
    write(f, finding, c, v, status, stream);
}

void findings_go_on_with(struct findings *f, const struct profile *profile, const struct profile *advice)
{
    memset(f->last, 0, sizeof f->last);
    memset(f->kept, 0, sizeof f->kept);
    for (size_t i = 0; i < f->count; i++) {
        struct finding *finding = &f->finding[i];
        const bool advised = finding->status == FINDING_ADVICE;
        const struct profile *by = advised ? advice : profile;
        const struct rule_facts *rule = by && finding->rule ? profile_find(by, finding->rule->id) : NULL;
        finding->rule = rule && rule->rev == finding->rule->rev ? rule : NULL;
        if (!finding->rule)
            continue;
        finding->before = f->last[advised][rule->index];
        f->last[advised][rule->index] = (uint16_t)(i + 1);
        f->kept[advised][rule->index]++;
    }
}
