#include "stand_in.h"

#include <arpa/inet.h>

static const char profile[] = "stand-in";
static const struct rules_version version = {.generation = 1, .hash = "0123456789abcdef"};

const struct rule_facts stand_in_rules[STAND_IN_RULES] = {
    {.id = "ut-7.2-only-anonymous",
     .sid = 33141721,
     .clause = "TS 33.141 7.2 (1)",
     .title = "An offer of anonymous suites only was accepted",
     .requires = "A hello that offers only the suites of clause 6.4 is answered with a fatal alert.",
     .severity = SEVERITY_HIGH,
     .binds = FAULT_SERVER,
     .index = RULE_ANONYMOUS,
     .rev = 2,
     .profile = profile,
     .version = &version},
    {.id = "ut-6.3-key-length",
     .sid = 33141631,
     .clause = "TS 33.141 6.3",
     .title = "The key is too short",
     .requires =
         "The effective length of the encryption key is at least 128 bits, whatever the suite that the two "
         "sides agree on; a shorter key is refused by both of them.",
     .severity = SEVERITY_MEDIUM,
     .binds = FAULT_BOTH,
     .index = RULE_KEY_BITS,
     .rev = 2,
     .profile = profile,
     .version = &version},
    {.id = "ut-6.1-version",
     .sid = 33141611,
     .clause = "TS 33.141 6.1",
     .title = "The UE offers no version from TLS 1.0 on",
     .requires = "The UE offers TLS 1.0 or later.",
     .severity = SEVERITY_LOW,
     .binds = FAULT_UE,
     .index = RULE_VERSION,
     .rev = 2,
     .profile = profile,
     .version = &version},
    {.id = "ut-7.1-session-lifetime",
     .sid = 33141711,
     .clause = "TS 33.141 7.1",
     .title = "A session was resumed after more than 24 hours",
     .requires = "A session is resumed for at most 24 hours.",
     .severity = SEVERITY_HIGH,
     .binds = FAULT_BOTH,
     .index = RULE_LIFETIME,
     .rev = 2,
     .profile = profile,
     .version = &version},
    {.id = "ut-8.1-certificate-version",
     .sid = 33141811,
     .clause = "TS 33.141 8.1",
     .title = "The certificate is not X.509 version 3",
     .requires = "The server's certificate is X.509 version 3.",
     .severity = SEVERITY_INFO,
     .binds = FAULT_SERVER,
     .index = RULE_CERTIFICATE,
     .rev = 2,
     .profile = profile,
     .version = &version},
    {.id = "ut-6.2-des",
     .sid = 33141621,
     .clause = "TS 33.141 6.2",
     .title = "The UE does not offer DES",
     .requires = "The UE offers DES.",
     .superseded = "RFC 0000 1",
     .severity = SEVERITY_MEDIUM,
     .binds = FAULT_UE,
     .index = RULE_SUPERSEDED,
     .rev = 2,
     .profile = profile,
     .version = &version},
};

static const char *const observed_of_rule[STAND_IN_RULES] = {
    "server selected TLS_DH_anon_WITH_RC4_128_MD5 (128 bits)",
    "56 effective bits",
    "SSLv3 at most",
    "",
    "version 1",
    "no DES",
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
    return (const struct profile *)(const void *)profile;
}

struct verdict stand_in_verdict(size_t rule, enum verdict_value value)
{
    return (struct verdict){.rule = &stand_in_rules[rule],
                            .index = (uint32_t)stand_in_rules[rule].index,
                            .value = value,
                            .severity = stand_in_rules[rule].severity,
                            .fault = value == VERDICT_FAIL ? FAULT_SERVER : FAULT_NONE,
                            .reasons = value == VERDICT_NOT_OBSERVABLE ? UNOBSERVED_SERVER_DIRECTION : 0};
}

void stand_in_observed(const char *text)
{
    observed_text = text;
}

void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out)
{
    (void)c;
    text_put(out, observed_text ? observed_text : observed_of_rule[v->rule->index % STAND_IN_RULES]);
}

const struct rules_version *profile_version(const struct profile *p)
{
    (void)p;
    return &version;
}

const char *profile_name(const struct profile *p)
{
    (void)p;
    return profile;
}

void profile_names(const struct profile *p, struct text *out)
{
    text_put(out, profile_name(p));
}

const struct profile *profile_next(const struct profile *p)
{
    (void)p;
    return NULL;
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

static uint64_t verdict_set;

void stand_in_verdict_set(uint64_t set)
{
    verdict_set = set;
}

uint64_t profile_verdict_set(const struct profile *p, const struct verdict *verdicts)
{
    (void)p;
    (void)verdicts;
    return verdict_set;
}

size_t profile_rule_count(const struct profile *p)
{
    (void)p;
    return STAND_IN_RULES;
}

const struct rule_facts *profile_rule(const struct profile *p, size_t index)
{
    (void)p;
    return &stand_in_rules[index];
}

const struct rule_facts *profile_find(const struct profile *p, const char *id)
{
    (void)p;
    for (size_t i = 0; i < STAND_IN_RULES; i++)
        if (strcmp(stand_in_rules[i].id, id) == 0)
            return &stand_in_rules[i];
    return NULL;
}
