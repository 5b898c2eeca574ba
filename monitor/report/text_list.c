/* The list of handshakes: when, between whom, by what name, and what was agreed. */
#include "report/names.h"
#include "report/text_summary.h"
#include "wire/hello.h"

#define HANG 2

static void put_ends(struct text *t, const struct policy_case *c)
{
    const struct observation *o = c->observation;
    text_time(t, c->about.time, true);
    text_put(t, " ");
    text_end(t, &c->about.client);
    text_put(t, " -> ");
    text_end(t, &c->about.server);
    const struct span sni = observation_text(o, o->client_hello.sni);
    if (!sni.n)
        return;
    text_put(t, " (");
    text_safe(t, sni);
    text_char(t, ')');
}

static void put_agreed(struct text *t, const struct observation *o)
{
    const uint16_t version = observation_version(o);
    const struct suite *suite = observation_suite(o);
    const char *name = version ? word_of(version_words, version) : NULL;
    if (name)
        text_printf(t, ", %s", name);
    if (suite)
        text_printf(t, ", %s", suite->name);
    text_printf(t, ", %s", word_of(outcome_words, o->outcome));
}

static void put_age(struct text *t, const struct session_result *s)
{
    const enum age_basis basis = s->accepted ? s->basis : s->offered_basis;
    if (basis == AGE_UNKNOWN) {
        text_put(t, ", of unknown age");
        return;
    }
    text_put(t, basis == AGE_EXACT ? ", " : ", at least ");
    text_duration(t, s->accepted ? s->resumed_age : s->offered_age);
    text_put(t, " old");
}

void text_handshake(struct page *page, const struct policy_case *c)
{
    const struct observation *o = c->observation;
    char buffer[1600];
    struct text t = text_over(buffer, sizeof buffer);
    put_ends(&t, c);
    put_agreed(&t, o);
    if (o->resumption > RESUMPTION_FULL) {
        const bool either = o->resumption == RESUMPTION_EITHER;
        text_printf(&t, ", resumed by %s", either ? "id or ticket" : resumption_name(o->resumption));
        if (c->session)
            put_age(&t, c->session);
    }
    page_words(page, HANG, buffer);
}
