/* A profile for people: its rules one by one, and all of it as canonical YAML. */
#include "policy/compiled.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

/* Flow style; the depth is that of a parsed tree, at most MAX_YAML_DEPTH. */
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

/* Does the text mention "$name", or "parameter.name"? */
static bool speaks_of(const char *text, const char *before, const char *name)
{
    char word[128];
    const int length = snprintf(word, sizeof word, "%s%s", before, name);
    for (const char *at = text; (at = strstr(at, word)); at += length)
        if (!at[length] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", at[length]))
            return true;
    return false;
}

/* The values of its parameters here. */
static void put_parameters_of(const struct rule *r, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *members = open_memstream(&text, &length);
    if (!members)
        return;
    put_rule_members(r, "", members);
    (void)fclose(members);
    bool any = false;
    for (size_t i = 0; i < r->profile->parameter_count; i++) {
        const struct parameter *p = &r->profile->parameters[i];
        if (!speaks_of(text, "$", p->name) && !speaks_of(text, "parameter.", p->name))
            continue;
        (void)fprintf(out, "%s    %s: %s\n", any ? "" : "\n  Its parameters in this profile:\n\n", p->name,
                      p->text);
        any = true;
    }
    free(text);
}

void rule_explain(const struct rule_facts *facts, FILE *out)
{
    const struct rule *r = rule_of(facts);
    (void)fprintf(out, "%s  (%s)\n\n", facts->id, facts->clause);
    (void)fprintf(out, "  %s\n\n", facts->requires);
    (void)fprintf(out, "  breach     %s\n", facts->title);
    (void)fprintf(out, "  binds      %s\n", word_of(side_words, facts->binds));
    (void)fprintf(out, "  severity   %s\n", word_of(severity_words, facts->severity));
    (void)fprintf(out, "  basis      %s\n", word_of(basis_words, r->basis));
    if (facts->superseded)
        (void)fprintf(out, "  superseded by %s\n", facts->superseded);
    (void)fprintf(out, "  sid, rev   %" PRIu32 ", %" PRIu32 "\n", facts->sid, facts->rev);
    (void)fprintf(out, "  profile    %s (%s)\n", facts->profile, r->profile->status);
    (void)fprintf(out, "  file       %s:%u\n", r->file, r->node->line);
    (void)fprintf(out, "  about     ");
    for (const struct word *w = case_kind_words; w->word; w++)
        if (facts->about & 1 << w->number)
            (void)fprintf(out, " %s", w->word);
    (void)fputc('\n', out);
    if (r->note)
        (void)fprintf(out, "  note       %s\n", r->note);
    (void)fprintf(out, "\n  The rule as it is written:\n\n");
    put_rule_members(r, "    ", out);
    put_parameters_of(r, out);
}
