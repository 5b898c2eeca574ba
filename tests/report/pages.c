#include "pages.h"

#include "base/memory.h"

#include <stdlib.h>

void page_health_of(struct capture_health *health, uint64_t first)
{
    uint64_t words[offsetof(struct capture_health, commonest) / sizeof(uint64_t)];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words[i] = first + i;
    memcpy(health, words, sizeof words);
    health->first_time = INT64_C(1795456200) * NANOS_PER_SECOND;
    health->commonest = (struct not_followed){.frames = 700, .code = 0x8926};
    health->last_time = health->first_time + 86399 * NANOS_PER_SECOND;
}

static void fill_handshakes(struct tally *t)
{
    t->handshakes = 18234;
    t->without_hello = 41;
    t->resumed = 7410;
    t->outcome[OUTCOME_COMPLETE] = 17020;
    t->outcome[OUTCOME_REFUSED] = 811;
    t->outcome[OUTCOME_ABORTED] = 203;
    t->outcome[OUTCOME_UNFINISHED] = 120;
    t->outcome[OUTCOME_ONE_SIDED] = 80;
    t->version[TALLY_TLS10] = 902;
    t->version[TALLY_TLS12] = 12004;
    t->version[TALLY_TLS13] = 4401;
    t->version[TALLY_NO_VERSION] = 927;
    static const struct {
        uint16_t code;
        uint64_t count;
    } suites[] = {{0xc02b, 6120}, {0xc02f, 3904}, {0x1301, 4401}, {0x0033, 1207},
                  {0xc024, 988},  {0x000a, 301},  {0x0018, 12},   {0x0009, 4},
                  {0xcca9, 211},  {0x002f, 96},   {0xc087, 60}};
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        const struct suite *suite = suite_find(suites[i].code);
        t->suite[suite_index(suite)] = suites[i].count;
        t->key_bits[suite->key_bits / 8] += suites[i].count;
    }
    t->unnamed_suites = 3;
}

static void fill_stacks(struct tally *t)
{
    static const char *const names[] = {"t13d1516h2_8daaf6152771_02713d6af862",
                                        "t12d4605h2_85626a9a5f7f_aaf95bb78ec9",
                                        "t10d050400_a1c3d9e2f011_000000000000", "unknown"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)strncpy(t->stacks[i].ja4, names[i], JA4_TEXT - 1);
        t->stacks[i].handshakes = 9100 / (i + 1);
        t->stacks[i].violations = i * i * 7;
    }
    t->stack_count = sizeof names / sizeof *names;
    t->other_stacks = 5;
}

static void set_value(struct tally *t, size_t rule, enum verdict_value value, uint64_t count)
{
    t->rules[rule].value[value] = count;
    t->verdict[value] += count;
}

static void set_reason(struct tally *t, size_t rule, unsigned bit, uint64_t count)
{
    t->rules[rule].reason[bit] = count;
    t->reason[bit] += count;
}

bool page_ordinary(struct tally *t)
{
    if (!tally_open(t, stand_in_profile()))
        return false;
    fill_handshakes(t);
    fill_stacks(t);
    set_value(t, RULE_ANONYMOUS, VERDICT_PASS, 12);
    set_value(t, RULE_ANONYMOUS, VERDICT_FAIL, 12);
    set_value(t, RULE_ANONYMOUS, VERDICT_NOT_APPLICABLE, 18220);
    set_value(t, RULE_KEY_BITS, VERDICT_PASS, 16990);
    set_value(t, RULE_KEY_BITS, VERDICT_FAIL, 1044);
    set_value(t, RULE_KEY_BITS, VERDICT_NOT_OBSERVABLE, 200);
    set_reason(t, RULE_KEY_BITS, 1, 150);
    set_reason(t, RULE_KEY_BITS, 9, 70);
    t->rules[RULE_KEY_BITS].excepted = t->excepted = 6;
    set_value(t, RULE_VERSION, VERDICT_PASS, 18234);
    set_value(t, RULE_LIFETIME, VERDICT_PASS, 7000);
    t->rules[RULE_LIFETIME].remarks = 2;
    set_value(t, RULE_LIFETIME, VERDICT_NOT_OBSERVABLE, 410);
    set_reason(t, RULE_LIFETIME, 3, 410);
    set_value(t, RULE_CERTIFICATE, VERDICT_NOT_APPLICABLE, 18234);
    set_value(t, RULE_CERTIFICATE, VERDICT_NOTHING_AGAINST, 33);
    t->rules[RULE_SUPERSEDED].value[VERDICT_FAIL] = t->superseded = 31;
    t->rules[RULE_SUPERSEDED].by->stack[0] = (struct stack_offence){.stack = 1, .count = 31};
    t->rules[RULE_SUPERSEDED].stacks = 1;
    t->rules[RULE_SUPERSEDED].by->offender[0] =
        (struct offender){.end = sample_ipv4(0x0a000001, 0), .count = 31, .side = CLIENT};
    t->rules[RULE_SUPERSEDED].offenders = 1;
    t->rules[RULE_SUPERSEDED].sharing_ues = 1;
    t->violation[SEVERITY_HIGH] = 12;
    t->violation[SEVERITY_MEDIUM] = 1044;
    struct rule_tally *r = &t->rules[RULE_KEY_BITS];
    for (uint32_t i = 0; i < 26; i++)
        r->by->offender[r->offenders++] =
            (struct offender){.end = sample_ipv4(0xc0000201 + i, 443), .count = 4 + i, .side = SERVER};
    for (uint32_t i = 0; i < 7; i++)
        r->by->offender[r->offenders++] =
            (struct offender){.end = sample_ipv4(0x0a000001 + i, 0), .count = 60 + i, .side = CLIENT};
    r->other_offences = 1044 - 429 - 441;
    r->by->stack[0] = (struct stack_offence){.stack = 1, .count = 40};
    r->by->stack[1] = (struct stack_offence){.stack = 2, .count = 401};
    r->stacks = 2;
    r = &t->rules[RULE_ANONYMOUS];
    r->by->offender[r->offenders++] =
        (struct offender){.end = sample_ipv4(0xc0000201, 443), .count = 12, .side = SERVER};
    for (size_t i = 0; i < t->rule_count; i++)
        t->rules[i].worst = (uint8_t)t->rules[i].rule->severity;
    return true;
}

static void fill_worst_rule(struct tally *t, struct rule_tally *r, bool hostile)
{
    const uint64_t many = UINT64_C(987654321987);
    for (unsigned value = 0; value < VERDICT_VALUES; value++)
        r->value[value] = many;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        r->reason[bit] = many;
    r->remarks = r->excepted = r->other_offences = r->other_stacks = many;
    for (uint32_t i = 0; i < MAX_OFFENDERS; i++) {
        struct offender *o = &r->by->offender[i];
        o->end.family = 6;
        memset(o->end.address, 0xdd, sizeof o->end.address);
        o->end.address[15] = (uint8_t)i;
        o->end.port = i % 2 ? 65535 : 0;
        o->side = i % 2 ? SERVER : CLIENT;
        o->count = many + i;
    }
    r->offenders = MAX_OFFENDERS;
    for (uint16_t i = 0; i < MAX_RULE_STACKS; i++)
        r->by->stack[i] = (struct stack_offence){.stack = (uint16_t)(i * 3), .count = many};
    r->stacks = MAX_RULE_STACKS;
    for (size_t i = 0; i < MAX_STACKS; i++) {
        memset(t->stacks[i].ja4, hostile ? '"' : 'f', JA4_TEXT - 1);
        t->stacks[i].handshakes = t->stacks[i].violations = many;
    }
}

bool page_worst(struct tally *t, struct rule_facts *rules, bool hostile)
{
    static char quotes[4000];
    memset(quotes, '"', sizeof quotes - 1);
    if (!tally_open(t, stand_in_profile()))
        return false;
    free(t->rules);
    memory_unmap(t->offenders);
    t->rules = calloc(MAX_RULES, sizeof *t->rules);
    t->offenders = memory_map(MAX_RULES, sizeof *t->offenders);
    if (!t->rules || !t->offenders)
        return false;
    t->rule_count = MAX_RULES;
    fill_handshakes(t);
    t->stack_count = MAX_STACKS;
    for (size_t i = 0; i < SUITE_SET_WORDS * 64; i++)
        t->suite[i] = 1;
    for (size_t i = 0; i < MAX_RULES; i++) {
        static const char *const clauses[] = {"TS 33.141 6.1", "TS 33.141 6.2"};
        rules[i] = stand_in_rules[i % STAND_IN_RULES];
        rules[i].index = i;
        rules[i].clause = hostile ? quotes + i % 2 : clauses[i % 2];
        if (hostile)
        rules[i].id = rules[i].requires = rules[i].title = quotes;
        t->rules[i].rule = &rules[i];
        t->rules[i].by = &t->offenders[i];
        t->rules[i].worst = (uint8_t)rules[i].severity;
        fill_worst_rule(t, &t->rules[i], hostile);
        for (unsigned value = 0; value < VERDICT_VALUES; value++)
            if (value != VERDICT_FAIL || !rules[i].superseded)
                t->verdict[value] += t->rules[i].value[value];
        if (rules[i].superseded)
            t->superseded += t->rules[i].value[VERDICT_FAIL];
        else
            t->violation[rules[i].severity] += t->rules[i].value[VERDICT_FAIL];
    }
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        t->reason[bit] = t->verdict[VERDICT_NOT_OBSERVABLE];
    return true;
}
