/* A profile for people: its rules one by one, and all of it as canonical YAML. */
#include "policy/compiled.h"

#include <assert.h>
#include <inttypes.h>

const char *verdict_name(enum verdict_value v)
{
    static const char *const names[] = {"not-applicable", "pass", "not-observable", "fail"};
    return names[v];
}

const char *basis_name(enum basis b)
{
    static const char *const names[] = {"direct", "inferred", "partial"};
    return names[b];
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"info", "low", "medium", "high"};
    return names[s];
}

const char *fault_name(enum fault f)
{
    static const char *const names[] = {"none", "ue", "server", "both"};
    return names[f];
}

bool severity_by_name(const char *name, enum severity *out)
{
    for (enum severity s = SEVERITY_INFO; s <= SEVERITY_HIGH; s++)
        if (strcmp(severity_name(s), name) == 0) {
            *out = s;
            return true;
        }
    return false;
}

const char *rule_id(const struct rule *r)
{
    return r->id;
}

uint32_t rule_sid(const struct rule *r)
{
    return r->sid;
}

uint32_t rule_rev(const struct rule *r)
{
    return r->rev;
}

const char *rule_clause(const struct rule *r)
{
    return r->clause;
}

const char *rule_requires(const struct rule *r)
{
    return r->requires;
}

const char *rule_profile(const struct rule *r)
{
    return r->profile->name;
}

enum severity rule_severity(const struct rule *r)
{
    return r->severity;
}

enum fault rule_binds(const struct rule *r)
{
    return r->binds;
}

bool rule_is_about(const struct rule *r, enum case_kind kind)
{
    return r->about & 1 << kind;
}

size_t rule_index(const struct rule *r)
{
    return (size_t)(r - r->profile->rules);
}

const char *profile_name(const struct profile *p)
{
    return p->name;
}

const char *profile_title(const struct profile *p)
{
    return p->title;
}

const char *profile_status(const struct profile *p)
{
    return p->status;
}

size_t profile_rule_count(const struct profile *p)
{
    return p->rule_count;
}

const struct rule *profile_rule(const struct profile *p, size_t index)
{
    assert(index < p->rule_count);
    return &p->rules[index];
}

const struct rule *profile_find(const struct profile *p, const char *id)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i].id, id) == 0)
            return &p->rules[i];
    return NULL;
}

static void put_scalar(const char *text, FILE *out)
{
    bool plain = *text && !strpbrk(text, ":#{}[],&*!|>'\"%@`\n\\") && text[0] != ' ' && text[0] != '-' &&
                 text[0] != '?';
    if (plain) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        if (*text == '\n')
            (void)fputs("\\n", out);
        else
            (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

/* Flow style; the depth is that of a tree that was read, at most MAX_YAML_DEPTH. */
static void put_flow(const struct node *n, FILE *out)
{
    if (n->kind == NODE_SCALAR) {
        put_scalar(n->text, out);
        return;
    }
    bool mapping = n->kind == NODE_MAPPING;
    (void)fputs(mapping ? "{" : "[", out);
    for (const struct node *m = n->first; m; m = m->next) {
        (void)fputs(m == n->first ? (mapping ? " " : "") : ", ", out);
        if (mapping) {
            put_scalar(m->key, out);
            (void)fputs(": ", out);
        }
        put_flow(m, out);
    }
    (void)fputs(mapping ? " }" : "]", out);
}

static void put_rule_members(const struct rule *r, const char *indent, FILE *out)
{
    for (const struct node *m = r->node->first; m; m = m->next) {
        if (strcmp(m->key, "id") == 0)
            continue;
        (void)fprintf(out, "%s%s: ", indent, m->key);
        if (m->kind == NODE_SEQUENCE && m->first && m->first->kind != NODE_SCALAR) {
            for (const struct node *e = m->first; e; e = e->next) {
                (void)fprintf(out, "\n%s  - ", indent);
                put_flow(e, out);
            }
        } else {
            put_flow(m, out);
        }
        (void)fputc('\n', out);
    }
}

void rule_explain(const struct rule *r, FILE *out)
{
    (void)fprintf(out, "%s  (%s)\n\n", r->id, r->clause);
    (void)fprintf(out, "  %s\n\n", r->requires);
    (void)fprintf(out, "  binds      %s\n",
                  r->binds == FAULT_BOTH ? "UE and server"
                  : r->binds == FAULT_UE ? "UE"
                                         : "server");
    (void)fprintf(out, "  severity   %s\n", severity_name(r->severity));
    (void)fprintf(out, "  basis      %s\n", basis_name(r->basis));
    (void)fprintf(out, "  sid, rev   %" PRIu32 ", %" PRIu32 "\n", r->sid, r->rev);
    (void)fprintf(out, "  profile    %s\n", r->profile->name);
    (void)fprintf(out, "  file       %s:%u\n", r->file, r->node->line);
    (void)fprintf(out, "  about     ");
    for (enum case_kind kind = CASE_HANDSHAKE; kind < CASE_KINDS; kind++)
        if (rule_is_about(r, kind))
            (void)fprintf(out, " %s", case_kind_name(kind));
    (void)fputc('\n', out);
    if (r->note)
        (void)fprintf(out, "  note       %s\n", r->note);
    (void)fprintf(out, "\n  The rule as it is written:\n\n");
    put_rule_members(r, "    ", out);
}

void profile_dump(const struct profile *p, FILE *out)
{
    (void)fprintf(out, "profile: %s\ntitle: %s\nstatus: %s\nparameters:\n", p->name, p->title, p->status);
    for (size_t i = 0; i < p->parameter_count; i++) {
        (void)fprintf(out, "  %s: ", p->parameters[i].name);
        put_scalar(p->parameters[i].text, out);
        (void)fputc('\n', out);
    }
    (void)fprintf(out, "sets:\n");
    for (size_t i = 0; i < p->named_count; i++) {
        const struct suite_set *set = &p->sets[p->named[i].index];
        (void)fprintf(out, "  %s:\n", p->named[i].name);
        for (size_t s = 0; s < suite_count; s++)
            if (suite_set_has(set, s))
                (void)fprintf(out, "    - %s\n", suite_table[s].name);
    }
    (void)fprintf(out, "rules:\n");
    for (size_t i = 0; i < p->rule_count; i++) {
        (void)fprintf(out, "  - id: %s\n", p->rules[i].id);
        put_rule_members(&p->rules[i], "    ", out);
    }
}
