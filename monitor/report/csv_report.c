#include "report/csv_report.h"

#include "report/names.h"

#include <inttypes.h>

enum { CELL_BYTES = 8192 };

const struct word finding_words[] = {{FINDING_VIOLATION, "violation"}, {FINDING_KNOWN, "known"},
                                     {FINDING_EXCEPTED, "excepted"},   {FINDING_SUPERSEDED, "superseded"},
                                     {FINDING_ADVICE, "advice"},       {0, NULL}};

void csv_begin(FILE *out)
{
    (void)fputs("time,capture,frame,status,rule,sid,severity,clause,title,at_fault,basis,client,client_port,"
                "server,server_port,name,observed,required,note,profile,flow_id,client_named_by\r\n",
                out);
}

/* The text is quoted where its bytes ask for it. */
static void put_cell(FILE *out, const char *text)
{
    const bool formula = *text && strchr("=+-@\t\r", *text);
    const bool quoted = formula || strpbrk(text, ",\"\r\n");
    if (!quoted) {
        (void)fputs(text, out);
        return;
    }
    (void)fputs(formula ? "\"'" : "\"", out);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void put_next(FILE *out, const char *text)
{
    (void)fputc(',', out);
    put_cell(out, text ? text : "");
}

static void put_number(FILE *out, uint64_t number)
{
    (void)fputc(',', out);
    if (number)
        (void)fprintf(out, "%" PRIu64, number);
}

static void put_end(FILE *out, const struct endpoint *end)
{
    char address[64] = "";
    struct text t = text_over(address, sizeof address);
    if (end->family)
        text_address(&t, end);
    put_next(out, address);
    put_number(out, end->port);
}

/* A header that names nobody came from the client itself. */
static void put_ue(FILE *out, const struct whence *about)
{
    put_end(out, about->told.port ? &about->told : &about->client);
}

/* As the client asked for it, of the server or, where its hello has no name, of a proxy by CONNECT. */
static void put_name(FILE *out, const struct policy_case *c)
{
    char name[CELL_BYTES] = "";
    struct text t = text_over(name, sizeof name);
    const struct observation *o = c->observation;
    const struct span sni = o ? observation_text(o, o->client_hello.sni) : span_of(NULL, 0);
    if (sni.n)
        text_safe(&t, sni);
    else if (o)
        text_safe(&t, observation_text(o, o->authority));
    else
        text_put(&t, case_asked_name(c));
    put_next(out, name);
}

/* A file may have any name. */
static void put_capture(FILE *out, const struct policy_case *c, const struct input_names *names)
{
    char name[CELL_BYTES] = "";
    struct text t = text_over(name, sizeof name);
    const char *input = c->about.frame_number ? input_name(names, c->about.source) : NULL;
    if (input)
        text_safe(&t, span_of_text(input));
    put_next(out, name);
}

static void put_rule(FILE *out, const struct verdict *v)
{
    put_next(out, v->rule->id);
    put_number(out, v->rule->sid);
    put_next(out, word_of(severity_words, v->severity));
    put_next(out, v->rule->clause);
    put_next(out, v->rule->title);
    put_next(out, v->fault == FAULT_NONE ? "" : word_of(fault_words, v->fault));
    put_next(out, word_of(basis_words, v->basis));
}

void csv_finding(FILE *out, const struct policy_case *c, const struct verdict *v, enum finding_status status,
                 const struct input_names *names)
{
    char text[CELL_BYTES] = "";
    struct text t = text_over(text, sizeof text);
    text_time(&t, c->about.time, true);
    put_cell(out, text);
    put_capture(out, c, names);
    put_number(out, c->about.frame_number);
    put_next(out, word_of(finding_words, status));
    put_rule(out, v);
    put_ue(out, &c->about);
    put_end(out, &c->about.server);
    put_name(out, c);
    t = text_over(text, sizeof text);
    verdict_observed(v, c, &t);
    put_next(out, text);
    put_next(out, v->rule->requires);
    put_next(out, v->note ? v->note : v->excepted);
    put_next(out, v->rule->profile);
    put_number(out, c->about.flow_id);
    put_next(out, whence_ue(&c->about)->space == SPACE_TOLD ? csv_named_by_header : NULL);
    (void)fputs("\r\n", out);
}

void csv_end(FILE *out, const struct capture_health *health)
{
    if (!health->interrupted)
        return;
    (void)fputs(",,,interrupted,,,,,,,,,,,,,,,", out);
    put_cell(out, health->interrupted);
    (void)fputs(",,,\r\n", out);
}
