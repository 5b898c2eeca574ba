/* Values for people. */
#include "policy/fields.h"

#include <inttypes.h>

static void put_suites(const struct value *v, struct text *out)
{
    enum { MOST_NAMED = 6 };
    size_t named = 0;
    size_t more = v->unknown_suites;
    for (size_t i = 0; i < suite_count; i++) {
        if (!suite_set_has(v->suites, i))
            continue;
        if (named == MOST_NAMED) {
            more++;
            continue;
        }
        text_printf(out, "%s%s", named ? ", " : "", suite_table[i].name);
        named++;
    }
    if (named == 0 && more == 0)
        text_put(out, "none");
    else if (more)
        text_printf(out, "%s%zu %s", named ? " and " : "", more, named ? "more" : "unknown");
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

void field_text(enum field field, const struct policy_case *c, const int64_t *key_bits, struct text *out)
{
    struct value v = field_value(field, c, key_bits);
    if (v.known != KNOWN_VALUE) {
        text_put(out, v.known == ABSENT ? "none" : "unknown");
        return;
    }
    switch (field_info[field].type) {
    case TYPE_BOOL:
        text_put(out, v.number ? "yes" : "no");
        break;
    case TYPE_NUMBER:
        text_put(out, v.at_least ? "at least " : "");
        if (v.nanos_beyond)
            text_seconds(out, v.number * NANOS_PER_SECOND + v.nanos_beyond);
        else
            text_int(out, v.number);
        break;
    case TYPE_VERSION:
    case TYPE_ENUM: {
        const char *word = field_word_of(field, v.number);
        if (word)
            text_put(out, word);
        else
            text_printf(out, "0x%04x", (unsigned)v.number);
        break;
    }
    case TYPE_FLAGS:
        put_flags(field, v.number, out);
        break;
    case TYPE_STRING:
        text_safe(out, v.string);
        break;
    case TYPE_NUMBERS:
        for (size_t i = 0; i < v.count; i++)
            text_printf(out, "%s%u", i ? ", " : "", v.list ? (unsigned)v.list[i] : (unsigned)v.octets[i]);
        break;
    case TYPE_SUITE:
        text_put(out, v.suite ? v.suite->name : "none");
        break;
    case TYPE_SUITES:
        put_suites(&v, out);
        break;
    }
}
