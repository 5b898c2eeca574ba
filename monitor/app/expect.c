#include "app/expect.h"

#include "app/say.h"
#include "policy/mistakes.h"

#include <string.h>

static bool is_rule(const struct expectation *e, const char *id)
{
    return strlen(id) == e->rule_length && memcmp(e->rule, id, e->rule_length) == 0;
}

bool expect_take(struct options *o, const char *text)
{
    const char *equals = strrchr(text, '=');
    int64_t verdict;
    if (!equals || equals == text || !word_number(verdict_words, equals + 1, &verdict)) {
        say_about(
            "--expect", text,
            "expected RULE=VERDICT, with pass, fail, nothing-against, not-observable or not-applicable");
        return false;
    }
    if (o->expected_count == MAX_EXPECTED) {
        say_about("--expect", text, "there are too many");
        return false;
    }
    o->expected[o->expected_count++] = (struct expectation){
        .rule = text, .rule_length = (size_t)(equals - text), .verdict = (enum verdict_value)verdict};
    return true;
}

static void say_no_rule(const struct expectation *e, const struct profile *profile)
{
    char rule[128];
    char words[320];
    char hint[128];
    (void)snprintf(rule, sizeof rule, "%.*s", (int)e->rule_length, e->rule);
    struct suggestion near = suggestion_for(rule);
    suggestion_try_rules(&near, profile);
    (void)snprintf(words, sizeof words, "profile %s has no such rule%s; --list-rules shows those that it has",
                   profile_name(profile), suggestion_text(&near, hint, sizeof hint));
    say_about("--expect", e->rule, words);
}

bool expect_has_rules(const struct options *o, const struct profile *profile)
{
    bool all = true;
    for (size_t i = 0; i < o->expected_count; i++) {
        bool found = false;
        for (size_t r = 0; r < profile_rule_count(profile) && !found; r++)
            found = is_rule(&o->expected[i], profile_rule(profile, r)->id);
        if (!found)
            say_no_rule(&o->expected[i], profile);
        all &= found;
    }
    return all;
}

/* Of several cases the one that the reports show: a breach before what was not seen before a pass. */
static enum verdict_value verdict_of(const struct rule_tally *r)
{
    static const enum verdict_value order[] = {VERDICT_FAIL, VERDICT_NOT_OBSERVABLE, VERDICT_PASS,
                                               VERDICT_NOTHING_AGAINST};
    if (r->excepted || r->known)
        return VERDICT_FAIL;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (r->value[order[i]])
            return order[i];
    return VERDICT_NOT_APPLICABLE;
}

bool expect_met(const struct options *o, const struct tally *tally, FILE *out)
{
    bool all = true;
    for (size_t i = 0; i < o->expected_count; i++) {
        const struct expectation *e = &o->expected[i];
        for (size_t r = 0; r < tally->rule_count; r++) {
            const struct rule_tally *rule = &tally->rules[r];
            if (!is_rule(e, rule->rule->id))
                continue;
            const enum verdict_value got = verdict_of(rule);
            (void)fprintf(out, "%s: %s%s%s\n", rule->rule->id, word_of(verdict_words, got),
                          got == e->verdict ? ", as expected" : ", expected ",
                          got == e->verdict ? "" : word_of(verdict_words, e->verdict));
            all &= got == e->verdict;
        }
    }
    return all;
}
