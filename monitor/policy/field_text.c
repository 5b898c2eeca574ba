/* Values for people. */
#include "policy/fields.h"

#include <inttypes.h>

enum { MOST_NAMED = 6 };

struct naming {
    const struct value *v;
    struct suite_set named;
    size_t count;
    struct text *out;
};

static void name_suite(struct naming *n, size_t index)
{
    if (n->count == MOST_NAMED || !suite_set_has(n->v->suites, index) || suite_set_has(&n->named, index))
        return;
    text_printf(n->out, "%s%s", n->count ? ", " : "", suite_table[index].name);
    suite_set_add(&n->named, index);
    n->count++;
}

/* The suites of one set, or all: in the client's order as far as it is kept, then in registry order. */
static void name_suites(struct naming *n, const struct suite_set *of)
{
    for (size_t i = 0; n->v->list && i < n->v->count; i++) {
        const struct suite *s = suite_find(n->v->list[i]);
        if (s && (!of || suite_set_has(of, suite_index(s))))
            name_suite(n, suite_index(s));
    }
    for (size_t i = 0; i < suite_count; i++)
        if (!of || suite_set_has(of, i))
            name_suite(n, i);
}

static void put_suites(const struct value *v, const struct suite_set *first, struct text *out)
{
    struct naming n = {.v = v, .out = out};
    if (first)
        name_suites(&n, first);
    name_suites(&n, NULL);
    const size_t more = v->unknown_suites + v->unseen_suites + suite_set_count(v->suites) - n.count;
    if (n.count == 0 && more == 0)
        text_put(out, "none");
    else if (more)
        text_printf(out, "%s%zu %s", n.count ? " and " : "", more, n.count ? "more" : "unknown");
}

static void put_flags(enum field field, int64_t mask, struct text *out)
{
    bool any = false;
    for (const struct word *w = field_info[field].words; w->word; w++) {
        if (!(mask & w->number))
            continue;
        text_printf(out, "%s%s", any ? ", " : "", w->word);
        any = true;
    }
    if (!any)
        text_put(out, "none");
}

static void put_number(enum field field, const struct value *v, struct text *out)
{
    const char *word = field_word_of(field, v->fact.number);
    text_put(out, v->fact.at_least ? "at least " : "");
    if (word)
        text_put(out, word);
    else if (strcmp(field_info[field].unit, DURATION) == 0)
        text_duration(out, v->fact.number * NANOS_PER_SECOND + v->nanos_beyond);
    else
        text_int(out, v->fact.number);
}

static void put_numbers(enum field field, const struct value *v, struct text *out)
{
    for (size_t i = 0; i < v->count; i++) {
        const unsigned number = v->list ? v->list[i] : v->octets[i];
        const char *word = field_word_of(field, number);
        text_put(out, i ? ", " : "");
        if (word)
            text_put(out, word);
        else
            text_uint(out, number);
    }
}

void field_text(enum field field, const struct policy_case *c, const int64_t *key_bits,
                const struct suite_set *first, struct text *out)
{
    struct value v = field_value(field, c, key_bits);
    if (v.fact.known != KNOWN_VALUE) {
        text_put(out, v.fact.known == ABSENT ? "none" : "unknown");
        return;
    }
    switch (field_info[field].type) {
    case TYPE_BOOL:
        text_put(out, v.fact.number ? "yes" : "no");
        break;
    case TYPE_NUMBER:
        put_number(field, &v, out);
        break;
    case TYPE_VERSION:
    case TYPE_ENUM: {
        const char *word = field_word_of(field, v.fact.number);
        if (word)
            text_put(out, word);
        else
            text_printf(out, "0x%04x", (unsigned)v.fact.number);
        break;
    }
    case TYPE_FLAGS:
        put_flags(field, v.fact.number, out);
        break;
    case TYPE_STRING:
        text_safe(out, v.string);
        break;
    case TYPE_NUMBERS:
        put_numbers(field, &v, out);
        break;
    case TYPE_TEXTS:
        for (size_t i = 0; i < v.count; i++) {
            text_put(out, i ? ", " : "");
            text_safe(out, observation_text(v.of, v.texts[i]));
        }
        break;
    case TYPE_ADDRESS: {
        char room[ADDRESS_TEXT];
        text_safe(out, address_text(v.end, room));
        break;
    }
    case TYPE_SUITE:
        text_put(out, v.suite ? v.suite->name : "none");
        break;
    case TYPE_SUITES:
        put_suites(&v, first, out);
        break;
    }
}
