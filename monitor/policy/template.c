/* The texts of findings: words with {fields} between them, each replaced by its value. A number may be
 * followed by a noun for one and for more: {connection.requests request requests}. */
#include "policy/compiled.h"

#include <stdlib.h>

static struct span next_word(struct span *words)
{
    size_t n = 0;
    while (n < words->n && words->p[n] != ' ')
        n++;
    const struct span word = span_head(*words, n);
    *words = span_skip(*words, n + 1);
    return word;
}

static bool counts(enum field field)
{
    return field_info[field].type == TYPE_NUMBER && !field_info[field].words;
}

static void check_part(struct compiler *c, const struct node *n, struct span name,
                       const struct template_part *part)
{
    const int length = (int)name.n;
    if (part->field == FIELD_COUNT) {
        char text[64];
        char buffer[FIELD_MEANT];
        (void)snprintf(text, sizeof text, "%.*s", length, (const char *)name.p);
        complain_at(c, n, "no field '%s'%s", text, field_meant(text, buffer));
    } else if (part->one.n && !counts(part->field)) {
        complain_at(c, n, "'%.*s' is not a number, so no noun can follow it", length, (const char *)name.p);
    } else if (part->one.n && !part->many.n) {
        complain_at(c, n, "'%.*s' needs two nouns, for one and for more: {%.*s %.*s ...}", length,
                    (const char *)name.p, length, (const char *)name.p, (int)part->one.n,
                    (const char *)part->one.p);
    }
}

static size_t braces_in(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '{';
    return count;
}

const struct template *compile_template(struct compiler *c, const struct node *n)
{
    const char *at = n->text;
    struct template *t = malloc(sizeof *t + (braces_in(at) + 1) * sizeof *t->part);
    if (!t)
        abort();
    t->next = c->profile->templates;
    t->text = at;
    c->profile->templates = t;
    struct template_part *part = t->part;
    for (const char *brace; (brace = strchr(at, '{')); part++) {
        const char *end = strchr(brace, '}');
        if (!end) {
            complain_at(c, n, "a '{' without its '}'");
            break;
        }
        struct span inside = span_of(brace + 1, (size_t)(end - brace - 1));
        const struct span name = next_word(&inside);
        part->words = span_of(at, (size_t)(brace - at));
        part->field = field_by_name(name);
        part->one = next_word(&inside);
        part->many = inside;
        check_part(c, n, name, part);
        at = end + 1;
    }
    *part = (struct template_part){.words = span_of(at, strlen(at)), .field = FIELD_COUNT};
    return t;
}

const char *verdict_template(const struct verdict *v)
{
    return v->observed ? v->observed->text : "";
}

void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out)
{
    if (!v->observed)
        return;
    const int64_t *key_bits = rule_of(v->rule)->profile->key_bits;
    for (const struct template_part *part = v->observed->part;; part++) {
        text_bytes(out, part->words.p, part->words.n);
        if (part->field == FIELD_COUNT)
            return;
        field_text(part->field, c, key_bits, v->offending, out);
        if (!part->one.n)
            continue;
        const struct value value = field_value(part->field, c, key_bits);
        const bool one = value.fact.known == KNOWN_VALUE && value.fact.number == 1 && !value.fact.at_least;
        text_put(out, " ");
        text_safe(out, one ? part->one : part->many);
    }
}
