/* A profile for people: what it adds to the profiles that it extends, changes in them, and drops. */
#include "policy/compiled.h"

const char *profile_extends(const struct profile *p, size_t i)
{
    const struct node *root = own_tree(p)->root;
    const struct node *list = root ? node_member(root, "extends") : NULL;
    for (const struct node *e = list ? node_first(list) : NULL; e; e = node_next(list, e))
        if (i-- == 0)
            return e->text;
    return NULL;
}

static bool any_has(const struct profile *const *parents, size_t count, const char *id)
{
    bool has = false;
    for (size_t i = 0; i < count; i++)
        has |= profile_find(parents[i], id) != NULL;
    return has;
}

static void put_rules(const struct profile *p, const struct profile *const *parents, size_t count,
                      bool changed, FILE *out)
{
    size_t rules = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        const bool own = strcmp(r->file, own_tree(p)->file) == 0;
        if (!own || any_has(parents, count, r->facts.id) != changed)
            continue;
        if (!rules++)
            (void)fprintf(out, "\n  %s\n",
                          changed ? "Changes the rules"
                          : count ? "Adds the rules"
                                  : "Rules");
        (void)fprintf(out, "    %-32s %s\n", r->facts.id, r->facts.title);
    }
}

static void put_dropped(const struct profile *p, const struct profile *const *parents, size_t count,
                        FILE *out)
{
    size_t rules = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parents[i]->rule_count; k++) {
            const struct rule_facts *r = &parents[i]->rules[k].facts;
            if (profile_find(p, r->id) || any_has(parents, i, r->id))
                continue;
            if (!rules++)
                (void)fputs("\n  Drops the rules\n", out);
            (void)fprintf(out, "    %-32s %s\n", r->id, r->title);
        }
}

/* The parameters that it adds, or sets to another value. */
static void put_parameters(const struct profile *p, const struct profile *const *parents, size_t count,
                           FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < p->parameter_count; i++) {
        const struct parameter *here = &p->parameters[i];
        const struct parameter *there = NULL;
        for (size_t k = count; k-- > 0 && !there;) {
            const size_t at = parameter_index(parents[k], here->name);
            there = at < parents[k]->parameter_count ? &parents[k]->parameters[at] : NULL;
        }
        if (there && strcmp(there->text, here->text) == 0)
            continue;
        (void)fprintf(out, "%s    %s: %s", any ? "" : "\n  Parameters\n", here->name, here->text);
        if (there)
            (void)fprintf(out, " (otherwise %s)", there->text);
        (void)fputc('\n', out);
        any = true;
    }
}

void profile_explain(const struct profile *p, const struct profile *const *parents, size_t count, FILE *out)
{
    (void)fprintf(out, "%s  (%s)\n\n  %s\n\n", p->name, p->status, p->title);
    (void)fprintf(out, "  file       %s\n  rules      %zu\n", own_tree(p)->file, p->rule_count);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "  extends    %s: %s\n", parents[i]->name, parents[i]->title);
    put_rules(p, parents, count, false, out);
    put_rules(p, parents, count, true, out);
    put_dropped(p, parents, count, out);
    put_parameters(p, parents, count, out);
}
