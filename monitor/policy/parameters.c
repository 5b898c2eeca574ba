/* The parameters of a profile: what a profile that extends another says in place of its values is of the same
 * kind, and means something to a rule. */
#include "policy/compiled.h"
#include "policy/compiler.h"

#include <string.h>

bool parameter_is_truth(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

static bool ends_in_digit(const char *text)
{
    const size_t n = strlen(text);
    return n && text[n - 1] >= '0' && text[n - 1] <= '9';
}

/* Numbers of rules are sizes and durations. False after a mistake. */
static bool is_number_like(struct compiler *c, const struct node *n, const char *before)
{
    int64_t number;
    if (parse_number(n->text, &number) && number >= 0 && (!ends_in_digit(before) || ends_in_digit(n->text)))
        return true;
    complain_at(c, n, "'%s' has to be %s, as %s, not '%s'", n->key,
                ends_in_digit(before) ? "a number without a unit" : "a duration", before, n->text);
    return false;
}

/* False after a mistake: the value that it has stays. */
static bool is_of_its_kind(struct compiler *c, const struct node *n, const char *before)
{
    int64_t number;
    if (parse_number(before, &number))
        return is_number_like(c, n, before);
    if (!parameter_is_truth(before) || parameter_is_truth(n->text))
        return true;
    complain_at(c, n, "'%s' has to be true or false, not '%s'", n->key, n->text);
    return false;
}

static void take(struct compiler *c, const struct node *n, bool may_add)
{
    struct profile *p = c->profile;
    if (n->kind != NODE_SCALAR) {
        complain_at(c, n, "a parameter has to have one value, as minimum-key-bits: 128");
        return;
    }
    struct suggestion near = suggestion_for(n->key);
    struct parameter *known = parameter_named(p, n->key, &near);
    char buffer[128];
    if (!known && !may_add && near.best) {
        complain_at_key(c, n, "no parameter '%s' in what this profile extends%s", n->key,
                        suggestion_text(&near, buffer, sizeof buffer));
        return;
    }
    if (!known && p->parameter_count == sizeof p->parameters / sizeof *p->parameters) {
        complain_at_key(c, n, "too many parameters");
        return;
    }
    const char *first = known ? known->first : n->text;
    if (known && !is_of_its_kind(c, n, first))
        return;
    if (!known)
        known = &p->parameters[p->parameter_count++];
    *known = (struct parameter){.name = n->key, .text = n->text, .first = first, .node = n, .file = c->file};
}

void parameters_take(struct compiler *c, const struct node *root, bool may_add)
{
    const struct node *list = node_member(root, "parameters");
    if (list && list->kind != NODE_MAPPING)
        complain_at(c, list, "'parameters' has to be a mapping, as { minimum-key-bits: 128 }");
    for (const struct node *n = list && list->kind == NODE_MAPPING ? list->first : NULL; n; n = n->next)
        take(c, n, may_add);
}

void parameters_check(struct compiler *c)
{
    for (size_t i = 0; i < c->profile->parameter_count; i++) {
        const struct parameter *p = &c->profile->parameters[i];
        int64_t number;
        if (!p->compared || p->meant || strcmp(p->text, p->first) == 0 || parse_number(p->text, &number) ||
            parameter_is_truth(p->text))
            continue;
        c->file = p->file;
        complain_at(c, p->node, "no rule knows '%s' of '%s': it is %s, or %s", p->text, p->name, p->first,
                    p->compared);
    }
}
