#include "app/reports.h"

#include "app/provenance.h"
#include "report/html_report.h"
#include "report/junit_report.h"
#include "report/text_report.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct one_report {
    const struct reports *all;
    unsigned index; /* among the destinations */
    enum report_form form;
    FILE *page;               /* what is written to it becomes parcels */
    struct text_report *text; /* of the text form */
};

struct reports {
    const struct options *options;
    struct ruleset rules; /* somebody else's, as they are now */
    const struct input_names *names;
    const struct parcel_sink *sink;
    struct html_material *material; /* of the HTML form; NULL: it is not asked for */
    struct one_report one[MAX_REPORTS];
    size_t count;
    bool goes_on; /* what another process has begun */
};

static ssize_t put_page(void *cookie, const char *bytes, size_t n)
{
    const struct one_report *r = cookie;
    uint8_t parcel[sizeof(struct parcel_page) + BUFSIZ];
    const struct parcel_page page = {.report = r->index};
    memcpy(parcel, &page, sizeof page);
    for (size_t done = 0, part; done < n; done += part) {
        part = n - done < BUFSIZ ? n - done : BUFSIZ;
        memcpy(parcel + sizeof page, bytes + done, part);
        parcel_put(r->all->sink, PARCEL_REPORT, span_of(parcel, sizeof page + part));
    }
    return (ssize_t)n;
}

size_t columns_of(int descriptor)
{
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* no-color.org; a terminal that says it is dumb would print the codes. */
static bool colour_is_wanted(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return !(no_colour && *no_colour) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

static bool open_one(struct one_report *r, const struct report_wanted *wanted)
{
    static const cookie_io_functions_t as_parcels = {.write = put_page};
    const struct reports *all = r->all;
    r->form = wanted->form;
    r->page = fopencookie(r, "w", as_parcels);
    if (!r->page)
        return false;
    const bool terminal = !wanted->file && isatty(STDOUT_FILENO);
    if (terminal)
        (void)setvbuf(r->page, NULL, _IOLBF, BUFSIZ);
    if (r->form == REPORT_CSV)
        if (!all->goes_on)
            csv_begin(r->page);
    if (r->form == REPORT_HTML)
        return all->material != NULL;
    if (r->form != REPORT_TEXT)
        return true;
    const struct text_look look = {.colour = terminal && colour_is_wanted(),
                                   .columns = terminal ? columns_of(STDOUT_FILENO) : 0};
    r->text = text_report_new(r->page, &look, &all->options->show, all->names);
    return r->text != NULL;
}

struct reports *reports_new(const struct options *o, const struct ruleset *rules,
                            const struct destinations *to, const struct input_names *names,
                            const struct parcel_sink *sink, bool goes_on)
{
    struct reports *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->options = o;
    all->rules = *rules;
    all->names = names;
    all->sink = sink;
    all->goes_on = goes_on;
    for (size_t i = 0; i < to->report_count && !all->material; i++)
        if (to->report[i].form == REPORT_HTML)
            all->material = html_material_new();
    for (size_t i = 0; i < to->report_count; i++) {
        struct one_report *r = &all->one[all->count++];
        r->all = all;
        r->index = (unsigned)i;
        if (!open_one(r, &to->report[i])) {
            reports_free(all);
            return NULL;
        }
    }
    return all;
}

void reports_free(struct reports *reports)
{
    if (!reports)
        return;
    for (size_t i = 0; i < reports->count; i++) {
        text_report_free(reports->one[i].text);
        if (reports->one[i].page)
            (void)fclose(reports->one[i].page);
    }
    html_material_free(reports->material);
    free(reports);
}

bool reports_show_records(const struct reports *reports)
{
    return reports->material != NULL;
}

const struct findings_counters *reports_findings(const struct reports *reports)
{
    static const struct findings_counters none;
    return reports->material ? &reports->material->findings.counters : &none;
}

void reports_case(const struct reports *reports, const struct policy_case *c)
{
    if (reports->material)
        html_material_case(reports->material, c);
    for (size_t i = 0; i < reports->count; i++)
        if (reports->one[i].text)
            text_report_handshake(reports->one[i].text, c);
}

void reports_finding(const struct reports *reports, const struct policy_case *c, const struct verdict *v,
                     enum finding_status status, int64_t stream)
{
    if (reports->material)
        html_material_finding(reports->material, c, v, status, stream);
    for (size_t i = 0; i < reports->count; i++) {
        const struct one_report *r = &reports->one[i];
        if (r->form == REPORT_CSV)
            csv_finding(r->page, c, v, status, reports->names);
        else if (r->text && status == FINDING_VIOLATION)
            text_report_violation(r->text, c, v);
    }
}

void reports_taken_back(const struct reports *reports, const struct taken_back *t)
{
    for (size_t i = 0; i < reports->count; i++)
        if (reports->one[i].text)
            text_report_taken_back(reports->one[i].text, t);
}

void reports_go_on_with(struct reports *reports, const struct ruleset *rules)
{
    reports->rules = *rules;
    if (reports->material)
        html_material_go_on_with(reports->material, rules->profile, rules->advice);
    for (size_t i = 0; i < reports->count; i++)
        if (reports->one[i].text)
            text_report_forget_kinds(reports->one[i].text);
}

static void write_html(const struct one_report *r, const struct tally *tally, const struct tally *advice,
                       const struct capture_health *health)
{
    const struct reports *all = r->all;
    char now[64];
    struct text t = text_over(now, sizeof now);
    text_time(&t, (nanos)time(NULL) * NANOS_PER_SECOND, false);
    struct provenance provenance;
    provenance_find(&provenance, all->options, &all->rules);
    const struct html_report report = {.tally = tally,
                                       .advice = advice,
                                       .health = health,
                                       .names = all->names,
                                       .material = all->material,
                                       .origin = &provenance.origin,
                                       .made_at = now};
    html_report_write(r->page, &report);
    provenance_free(&provenance);
}

static void end_one(const struct one_report *r, const struct tally *tally, const struct tally *advice,
                    const struct capture_health *health, int status)
{
    const struct reports *all = r->all;
    switch (r->form) {
    case REPORT_TEXT:
        text_report_summary(r->text, tally, advice, health, status);
        break;
    case REPORT_HTML:
        write_html(r, tally, advice, health);
        break;
    case REPORT_JUNIT:
        junit_report_write(r->page, tally, health, all->names, all->options->fail_on, status);
        break;
    case REPORT_CSV:
        csv_end(r->page, health); /* the rest has been written as the findings came */
        break;
    }
}

void reports_end(const struct reports *reports, const struct tally *tally, const struct tally *advice,
                 const struct capture_health *health, int status)
{
    for (size_t i = 0; i < reports->count; i++)
        end_one(&reports->one[i], tally, advice, health, status);
}

void reports_flush(const struct reports *reports)
{
    for (size_t i = 0; i < reports->count; i++)
        (void)fflush(reports->one[i].page);
}

bool reports_any_text(const struct reports *reports)
{
    for (size_t i = 0; i < reports->count; i++)
        if (reports->one[i].text)
            return true;
    return false;
}
