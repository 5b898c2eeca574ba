/* The parameters of a profile: a profile that extends another may replace its values, by ones of the same
 * kind that mean something to a rule. */
#include "policy/compiled.h"
#include "policy/compiler.h"

#include "base/text.h"

#include <stdlib.h>
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

/* Numbers in rules are sizes and durations, and some people read a duration without a unit as seconds, others
 * as hours. False after a mistake. */
static bool is_number_like(struct compiler *c, const struct node *n, const char *before)
{
    int64_t number;
    if (parse_number(n->text, &number) && number >= 0 && ends_in_digit(before) == ends_in_digit(n->text))
        return true;
    complain_at(c, n, "'%s' has to be %s, as %s, not '%s'", n->key,
                ends_in_digit(before) ? "a number without a unit" : "a duration", before, n->text);
    return false;
}

/* False after a mistake: the old value stays. */
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

/* "24h" is "24 hours"; anything but a duration stays as it is. */
static void put_in_words(struct text *t, const char *value)
{
    static const struct {
        char unit;
        const char *word;
    } units[] = {{'s', "second"}, {'m', "minute"}, {'h', "hour"}, {'d', "day"}};
    const size_t digits = strspn(value, "0123456789");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (digits && value[digits] == units[i].unit && !value[digits + 1]) {
            text_printf(t, "%.*s %s%s", (int)digits, value, units[i].word,
                        strncmp(value, "1", digits) == 0 ? "" : "s");
            return;
        }
    text_put(t, value);
}

const char *fill_parameters_in(struct compiler *c, const struct node *at, const char *text)
{
    enum { MOST = 1024 };
    static const char begin[] = "{$";
    if (!text || !strstr(text, begin))
        return text;
    struct joined_text *filled = malloc(sizeof *filled + MOST);
    if (!filled)
        abort();
    struct text t = text_over(filled->text, MOST);
    const char *brace;
    for (; (brace = strstr(text, begin)); text = brace + strcspn(brace, "}") + 1) {
        char name[64];
        const char *end = strchr(brace, '}');
        if (!end || (size_t)(end - brace) >= sizeof name) {
            complain_at(c, at, "'{$' without the name of a parameter and '}'");
            break;
        }
        (void)snprintf(name, sizeof name, "%.*s", (int)(end - brace - 2), brace + 2);
        const struct parameter *p = find_parameter(c, name, at);
        text_bytes(&t, text, (size_t)(brace - text));
        put_in_words(&t, p ? p->text : "");
    }
    text_put(&t, text);
    filled->next = c->profile->joined;
    c->profile->joined = filled;
    return filled->text;
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
        complain_at(c, p->node, "'%s' means nothing to the rules: '%s' is %s or %s", p->text, p->name,
                    p->first, p->compared);
    }
}
