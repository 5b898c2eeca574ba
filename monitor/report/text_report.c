#include "report/text_report.h"

#include "base/siphash.h"
#include "report/names.h"
#include "report/page.h"
#include "report/text_summary.h"

#include <stdlib.h>

#define INDENT   8  /* of the lines below the head of a block */
#define HANG     19 /* of its text */
#define OBSERVED 1024

struct kind {
    uint64_t name; /* hash of what makes violations equal; 0: free */
    uint64_t count;
};

static const size_t kinds_most = (size_t)MAX_KINDS / 4 * 3; /* open addressing needs free places */

struct text_report {
    struct page page;
    struct page lines; /* of handshakes: each is one line where no screen has a width */
    const struct input_names *names;
    struct text_choice choice;
    struct siphash_key key;
    size_t kinds_used;
    struct unshown unshown;
    struct kind kinds[MAX_KINDS];
};

struct text_report *text_report_new(FILE *out, const struct text_look *look, const struct text_choice *choice,
                                    const struct input_names *names)
{
    struct text_report *report = calloc(1, sizeof *report);
    if (!report)
        return NULL;
    report->page = (struct page){.out = out, .colour = look->colour, .width = PAGE_DEFAULT};
    if (look->columns)
        report->page.width = look->columns < PAGE_LEAST  ? PAGE_LEAST
                             : look->columns > PAGE_MOST ? PAGE_MOST
                                                         : look->columns;
    report->lines = report->page;
    if (!look->columns)
        report->lines.width = SIZE_MAX;
    report->choice = *choice;
    report->names = names;
    report->key = siphash_random_key();
    return report;
}

void text_report_free(struct text_report *report)
{
    free(report);
}

void text_report_forget_kinds(struct text_report *report)
{
    report->kinds_used = 0;
    memset(&report->unshown, 0, sizeof report->unshown);
    memset(report->kinds, 0, sizeof report->kinds);
}

static uint64_t kind_name(const struct text_report *report, const struct whence *about,
                          const struct verdict *v, struct span observed)
{
    uint8_t what[sizeof(uint64_t) + sizeof about->server + OBSERVED];
    const uint64_t rule = v->rule->index;
    const size_t n = sizeof rule + sizeof about->server;
    memcpy(what, &rule, sizeof rule);
    memcpy(what + sizeof rule, &about->server, sizeof about->server);
    observed = span_head(observed, OBSERVED);
    if (observed.n)
        memcpy(what + n, observed.p, observed.n);
    return siphash(&report->key, span_of(what, n + observed.n)) | 1;
}

/* How many of this kind there were before; kinds beyond the table count as already shown. */
static uint64_t count_kind(struct text_report *report, uint64_t name)
{
    size_t at = name >> 1 & (MAX_KINDS - 1);
    while (report->kinds[at].name && report->kinds[at].name != name)
        at = (at + 1) & (MAX_KINDS - 1);
    struct kind *kind = &report->kinds[at];
    if (!kind->name) {
        if (report->kinds_used == kinds_most) {
            report->unshown.other_kinds++;
            return SHOWN_OF_A_KIND;
        }
        report->kinds_used++;
        kind->name = name;
    }
    return kind->count++;
}

static void put_head(struct page *page, const struct verdict *v)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_rule(&t, v->rule, 1u << v->fault);
    page_put(page, severity_tone(v->severity), INDENT, severity_label(v->severity));
    page_words(page, INDENT, buffer);
}

static void put_who(struct page *page, const struct policy_case *c)
{
    const struct observation *o = c->observation;
    char buffer[1600];
    struct text t = text_over(buffer, sizeof buffer);
    if (c->kind == CASE_UE)
        text_address(&t, &c->about.client);
    else if (c->about.client.family)
        text_end(&t, &c->about.client);
    if (c->about.client.family && c->about.server.family)
        text_put(&t, " -> ");
    if (c->about.server.family)
        text_end(&t, &c->about.server);
    if (c->about.told.family) {
        text_put(&t, ", UE ");
        text_ue(&t, &c->about.told);
    }
    if (o && o->seen & SEEN_CLIENT_HELLO && o->client_hello.sni.length) {
        text_put(&t, " (");
        text_safe(&t, observation_text(o, o->client_hello.sni));
        text_put(&t, ")");
    } else if (case_asked_name(c)[0]) {
        text_printf(&t, " (%s)", case_asked_name(c));
    }
    page_field(page, INDENT, HANG, "who", buffer);
}

static void put_when(struct page *page, const struct whence *about, const struct input_names *names)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_time(&t, about->time, true);
    if (!about->flow_id) {
        text_put(&t, ", last seen");
        page_field(page, INDENT, HANG, "when", buffer);
        return;
    }
    const char *input = input_name(names, about->source);
    if (input) {
        text_put(&t, names->live ? ", interface " : ", ");
        text_safe(&t, span_of(input, strlen(input)));
    }
    if (!names || !names->live) {
        text_put(&t, ", frame ");
        text_uint(&t, about->frame_number);
    }
    page_field(page, INDENT, HANG, "when", buffer);
}

static void put_findings(struct page *page, const struct verdict *v, const char *observed)
{
    page_field(page, INDENT, HANG, "breach", v->rule->title);
    page_field(page, INDENT, HANG, "required", v->rule->requires);
    if (*observed)
        page_field(page, INDENT, HANG, "observed", observed);
    if (v->note)
        page_field(page, INDENT, HANG, "note", v->note);
    if (v->basis == BASIS_INFERRED)
        page_field(page, INDENT, HANG, "basis", "inferred, not seen directly");
    else if (v->basis == BASIS_PARTIAL)
        page_field(page, INDENT, HANG, "basis", "a part of what would be needed was seen");
}

void text_report_handshake(struct text_report *report, const struct policy_case *c)
{
    if (report->choice.handshakes && c->kind == CASE_HANDSHAKE && tally_is_handshake(c->observation))
        text_handshake(&report->lines, c);
}

void text_report_violation(struct text_report *report, const struct policy_case *c, const struct verdict *v)
{
    if (!report->choice.details || v->severity < report->choice.least)
        return;
    char observed[OBSERVED];
    struct text t = text_over(observed, sizeof observed);
    verdict_observed(v, c, &t);
    const uint64_t before = count_kind(report, kind_name(report, &c->about, v, span_of(observed, t.n)));
    if (before >= SHOWN_OF_A_KIND) {
        report->unshown.of_rule[v->rule->index]++;
        return;
    }
    struct page *page = &report->page;
    put_head(page, v);
    put_when(page, &c->about, report->names);
    put_who(page, c);
    put_findings(page, v, observed);
    if (before + 1 == SHOWN_OF_A_KIND)
        page_field(page, INDENT, INDENT, "",
                   "Further findings of this kind at this server are only counted.");
    (void)fputc('\n', page->out);
}

void text_report_taken_back(struct text_report *report, const struct taken_back *t)
{
    const struct verdict *v = t->now;
    const struct policy_case *c = t->about;
    if (!report->choice.details || (enum severity)t->told->severity < report->choice.least ||
        count_kind(report, kind_name(report, &c->about, v, span_of_text("taken back"))) >= SHOWN_OF_A_KIND)
        return;
    char buffer[512];
    struct text line = text_over(buffer, sizeof buffer);
    text_printf(&line, "Taken back: %s at ", v->rule->id);
    if (c->kind == CASE_UE)
        text_address(&line, &c->about.client);
    else
        text_end(&line, &c->about.server);
    if (case_asked_name(c)[0])
        text_printf(&line, " (%s)", case_asked_name(c));
    text_put(&line, ", told by what was seen until ");
    text_time(&line, told_first(t->told), false);
    text_printf(&line, "; the verdict is now: %s", word_of(verdict_words, v->value));
    page_field(&report->lines, 0, 0, "", buffer);
    (void)fputc('\n', report->page.out);
}

void text_report_summary(struct text_report *report, const struct tally *tally, const struct tally *advice,
                         const struct capture_health *health, int status)
{
    const struct summary summary = {.tally = tally,
                                    .advice = advice,
                                    .health = health,
                                    .names = report->names,
                                    .unshown = &report->unshown,
                                    .choice = &report->choice,
                                    .status = status};
    if (report->choice.handshakes && tally->handshakes)
        (void)fputc('\n', report->page.out);
    summary_put(&report->page, &summary);
}
