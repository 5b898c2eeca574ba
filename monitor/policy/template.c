/* The texts of findings: words with {fields} between them, each replaced by its value. A number may be
 * followed by a noun for one and one for more: {connection.requests request requests}. */
#include "policy/compiled.h"

struct placeholder {
    struct span field, one, many; /* the nouns are empty where there is none */
};

static struct span next_word(struct span *words)
{
    size_t n = 0;
    while (n < words->n && words->p[n] != ' ')
        n++;
    const struct span word = span_head(*words, n);
    *words = span_skip(*words, n + 1);
    return word;
}

/* From an opening brace. NULL without a closing one, else what follows it. */
static const char *read_placeholder(const char *brace, struct placeholder *out)
{
    const char *end = strchr(brace, '}');
    if (!end)
        return NULL;
    struct span words = span_of(brace + 1, (size_t)(end - brace - 1));
    out->field = next_word(&words);
    out->one = next_word(&words);
    out->many = words;
    return end + 1;
}

static bool counts(enum field field)
{
    return field_info[field].type == TYPE_NUMBER && !field_info[field].words;
}

static void check_placeholder(struct compiler *c, const struct node *n, const struct placeholder *part)
{
    const enum field field = field_by_name(part->field);
    const int length = (int)part->field.n;
    if (field == FIELD_COUNT) {
        char name[64];
        char buffer[FIELD_MEANT];
        (void)snprintf(name, sizeof name, "%.*s", length, (const char *)part->field.p);
        complain_at(c, n, "no field '%s'%s", name, field_meant(name, buffer));
    } else if (part->one.n && !counts(field)) {
        complain_at(c, n, "'%.*s' is not a number, so no noun can follow it", length,
                    (const char *)part->field.p);
    } else if (part->one.n && !part->many.n) {
        complain_at(c, n, "'%.*s' needs two nouns, for one and for more: {%.*s %.*s ...}", length,
                    (const char *)part->field.p, length, (const char *)part->field.p, (int)part->one.n,
                    (const char *)part->one.p);
    }
}

void check_template(struct compiler *c, const struct node *n)
{
    const char *at = strchr(n->text, '{');
    while (at) {
        struct placeholder part;
        at = read_placeholder(at, &part);
        if (!at) {
            complain_at(c, n, "a '{' without its '}'");
            return;
        }
        check_placeholder(c, n, &part);
        at = strchr(at, '{');
    }
}

void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out)
{
    const char *at = v->observed ? v->observed : "";
    while (*at) {
        const size_t plain = strcspn(at, "{");
        text_bytes(out, at, plain);
        at += plain;
        struct placeholder part;
        at = *at ? read_placeholder(at, &part) : NULL;
        if (!at)
            return;
        const enum field field = field_by_name(part.field);
        if (field == FIELD_COUNT)
            continue;
        const int64_t *key_bits = rule_of(v->rule)->profile->key_bits;
        field_text(field, c, key_bits, v->offending, out);
        if (!part.one.n)
            continue;
        const struct value value = field_value(field, c, key_bits);
        const bool one = value.fact.known == KNOWN_VALUE && value.fact.number == 1 && !value.fact.at_least;
        text_put(out, " ");
        text_safe(out, one ? part.one : part.many);
    }
}
