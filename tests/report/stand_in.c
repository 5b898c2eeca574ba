#include "stand_in.h"

#include <arpa/inet.h>

const struct rule stand_in_rules[STAND_IN_RULES] = {
    {RULE_ANONYMOUS, "ut-7.2-only-anonymous", 33141721, "TS 33.141 7.2 (1)",
     "A hello that offers only the suites of clause 6.4 is answered with a fatal alert.", SEVERITY_HIGH,
     "server selected TLS_DH_anon_WITH_RC4_128_MD5 (128 bits)"},
    {RULE_KEY_BITS, "ut-6.3-key-length", 33141631, "TS 33.141 6.3",
     "The effective length of the encryption key is at least 128 bits, whatever the suite that the two sides "
     "agree on; a shorter key is refused by both of them.",
     SEVERITY_MEDIUM, "56 effective bits"},
    {RULE_VERSION, "ut-6.1-version", 33141611, "TS 33.141 6.1", "The UE offers TLS 1.0 or later.",
     SEVERITY_LOW, "SSLv3 at most"},
    {RULE_LIFETIME, "ut-7.1-session-lifetime", 33141711, "TS 33.141 7.1",
     "A session is resumed for at most 24 hours.", SEVERITY_HIGH, ""},
    {RULE_CERTIFICATE, "ut-8.1-certificate-version", 33141811, "TS 33.141 8.1",
     "The server's certificate is X.509 version 3.", SEVERITY_INFO, "version 1"},
};

static const char *observed_text;
static const char *profile_words[2];

void stand_in_profile_words(const char *title, const char *status)
{
    profile_words[0] = title;
    profile_words[1] = status;
}

const struct profile *stand_in_profile(void)
{
    static const int profile;
    return (const struct profile *)(const void *)&profile;
}

struct verdict stand_in_verdict(size_t rule, enum verdict_value value)
{
    return (struct verdict){.rule = &stand_in_rules[rule],
                            .value = value,
                            .severity = stand_in_rules[rule].severity,
                            .fault = value == VERDICT_FAIL ? FAULT_SERVER : FAULT_NONE,
                            .reasons = value == VERDICT_NOT_OBSERVABLE ? UNOBSERVED_SERVER_DIRECTION : 0};
}

void stand_in_observed(const char *text)
{
    observed_text = text;
}

const char *verdict_name(enum verdict_value v)
{
    static const char *const names[] = {"not-applicable", "pass", "not-observable", "fail"};
    return names[v];
}

const char *basis_name(enum basis b)
{
    static const char *const names[] = {"direct", "inferred", "partial"};
    return names[b];
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"info", "low", "medium", "high"};
    return names[s];
}

const char *fault_name(enum fault f)
{
    static const char *const names[] = {"none", "ue", "server", "both"};
    return names[f];
}

const char *rule_id(const struct rule *r)
{
    return r->id;
}

uint32_t rule_sid(const struct rule *r)
{
    return r->sid;
}

uint32_t rule_rev(const struct rule *r)
{
    (void)r;
    return 2;
}

const char *rule_clause(const struct rule *r)
{
    return r->clause;
}

const char *rule_requires(const struct rule *r)
{
    return r->requires;
}

const char *rule_profile(const struct rule *r)
{
    (void)r;
    return "stand-in";
}

enum severity rule_severity(const struct rule *r)
{
    return r->severity;
}

enum fault rule_binds(const struct rule *r)
{
    static const enum fault binds[STAND_IN_RULES] = {FAULT_SERVER, FAULT_BOTH, FAULT_UE, FAULT_BOTH,
                                                     FAULT_SERVER};
    return binds[r->index % STAND_IN_RULES];
}

size_t rule_index(const struct rule *r)
{
    return r->index;
}

void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out)
{
    (void)c;
    text_put(out, observed_text ? observed_text : v->rule->observed);
}

const char *profile_name(const struct profile *p)
{
    (void)p;
    return "stand-in";
}

const char *profile_title(const struct profile *p)
{
    (void)p;
    return profile_words[0] ? profile_words[0] : "Five rules for the tests of the reports";
}

const char *profile_status(const struct profile *p)
{
    (void)p;
    return profile_words[1] ? profile_words[1] : "draft";
}

size_t profile_rule_count(const struct profile *p)
{
    (void)p;
    return STAND_IN_RULES;
}

const struct rule *profile_rule(const struct profile *p, size_t index)
{
    (void)p;
    return &stand_in_rules[index];
}
