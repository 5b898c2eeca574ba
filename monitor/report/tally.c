#include "report/tally.h"

#include "base/memory.h"
#include "report/inputs.h"
#include "wire/hello.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STACKS_OF_UE = 63,    /* that a finding about it names, as told_finding has room for */
    SHARED_VERDICTS = 64, /* sets of verdicts */
};

static const uint16_t version_codes[TALLY_VERSIONS] = {
    [TALLY_SSLV2] = 0x0002, [TALLY_SSLV3] = 0x0300, [TALLY_TLS10] = 0x0301,
    [TALLY_TLS11] = 0x0302, [TALLY_TLS12] = 0x0303, [TALLY_TLS13] = 0x0304,
};

const char *tally_version_name(enum tally_version v)
{
    if (v == TALLY_NO_VERSION)
        return "none";
    return v == TALLY_OTHER_VERSION ? "other" : word_of(version_words, version_codes[v]);
}

static enum tally_version version_slot(uint16_t version)
{
    enum tally_version v = TALLY_NO_VERSION;
    while (v < TALLY_OTHER_VERSION && version_codes[v] != version)
        v++;
    return v;
}

/* Of the profile's rules, without any numbers. */
static bool open_rules(struct tally *tally, const struct profile *profile)
{
    const size_t count = profile_rule_count(profile);
    tally->profile = profile;
    tally->rule_count = count;
    tally->rules = calloc(count ? count : 1, sizeof *tally->rules);
    tally->offenders = memory_map(count ? count : 1, sizeof *tally->offenders);
    tally->shared = memory_map(SHARED_VERDICTS, sizeof *tally->shared);
    tally->added = memory_map(SHARED_VERDICTS * (count ? count : 1), sizeof *tally->added);
    if (!tally->rules || !tally->offenders || !tally->shared || !tally->added)
        return false;
    for (size_t i = 0; i < SHARED_VERDICTS; i++)
        tally->shared[i].verdict = &tally->added[i * count];
    for (size_t i = 0; i < count; i++) {
        tally->rules[i].rule = profile_rule(profile, i);
        tally->rules[i].by = &tally->offenders[i];
    }
    return true;
}

static void close_rules(struct tally *tally)
{
    free(tally->rules);
    memory_unmap(tally->offenders);
    memory_unmap(tally->shared);
    memory_unmap(tally->added);
    tally->shared = NULL;
    tally->added = NULL;
    tally->rules = NULL;
    tally->offenders = NULL;
}

bool tally_open(struct tally *tally, const struct profile *profile)
{
    *tally = (struct tally){0};
    tally->stacks = calloc(MAX_STACKS, sizeof *tally->stacks);
    tally->ages = calloc(1, sizeof *tally->ages);
    tally->known_stacks = memory_map(KNOWN_HELLOS, sizeof *tally->known_stacks);
    tally->ue_stacks = ue_stacks_new();
    tally->sharers = first_sights_new();
    if (open_rules(tally, profile) && tally->stacks && tally->ages && tally->known_stacks &&
        tally->ue_stacks && tally->sharers)
        return true;
    tally_close(tally);
    return false;
}

void tally_close(struct tally *tally)
{
    close_rules(tally);
    free(tally->stacks);
    free(tally->ages);
    memory_unmap(tally->known_stacks);
    tally->known_stacks = NULL;
    ue_stacks_free(tally->ue_stacks);
    tally->ue_stacks = NULL;
    first_sights_free(tally->sharers);
    tally->sharers = NULL;
    tally->ages = NULL;
    tally->stacks = NULL;
}

static void take_over(struct rule_tally *rule, const struct rule_tally *before)
{
    const struct rule_tally new = *rule;
    *rule = *before;
    rule->rule = new.rule;
    rule->by = new.by;
    *rule->by = *before->by;
    if (!rule->exception)
        return;
    (void)snprintf(rule->earlier, sizeof rule->earlier, "%s", before->exception); /* which is about to go */
    rule->exception = rule->earlier;
}

bool tally_go_on_with(struct tally *tally, const struct profile *profile)
{
    tally_settle(tally);
    struct tally before = *tally;
    if (!open_rules(tally, profile)) {
        close_rules(tally);
        *tally = before;
        return false;
    }
    for (size_t i = 0; i < tally->rule_count; i++) {
        struct rule_tally *rule = &tally->rules[i];
        for (size_t j = 0; j < before.rule_count; j++)
            if (strcmp(before.rules[j].rule->id, rule->rule->id) == 0 &&
                before.rules[j].rule->rev == rule->rule->rev)
                take_over(rule, &before.rules[j]);
    }
    close_rules(&before);
    return true;
}

bool tally_is_handshake(const struct observation *o)
{
    const uint32_t hello = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO | SEEN_CUT_HELLO;
    /* An alert in clear, or an ERROR, is part of one too. */
    return o->seen & (hello | SEEN_SSLV2_ERROR) || o->alert_count;
}

static void add_handshake(struct tally *tally, const struct observation *o)
{
    tally->handshakes++;
    tally->outcome[o->outcome]++;
    tally->version[version_slot(observation_version(o))]++;
    if (o->resumption > RESUMPTION_FULL)
        tally->resumed++;
    const struct suite *suite = observation_suite(o);
    if (suite) {
        tally->suite[suite_index(suite)]++;
        assert(suite->key_bits / 8 < TALLY_KEY_BITS);
        tally->key_bits[suite->key_bits / 8]++;
    } else if (o->seen & SEEN_SERVER_HELLO) {
        tally->unnamed_suites++;
    }
}

/* Peers of a rule, in the order of appearance. */
struct peers_at_fault {
    uint16_t *tag;
    struct offender *peer; /* room for MAX_OFFENDERS, both */
    uint32_t *count;
    uint64_t *others;
};

static uint16_t tag_of(const struct endpoint *end)
{
    uint64_t half[2];
    memcpy(half, end->address, sizeof half);
    return (uint16_t)((half[0] ^ half[1] ^ end->port) * 0x9e3779b97f4a7c15U >> 48);
}

/* All are compared at once: most peers of a long capture are not among them. */
static bool any_has_tag(const uint16_t *tag, uint16_t wanted)
{
    uint16_t least = UINT16_MAX;
    for (uint32_t i = 0; i < MAX_OFFENDERS; i++) {
        const uint16_t difference = tag[i] ^ wanted;
        least = difference < least ? difference : least;
    }
    return least == 0;
}

/* Whom `wanted` is, behind a proxy that tunnels to many by what `behind` says. */
static struct offender *find_peer(const struct peers_at_fault *of, uint16_t tag,
                                  const struct offender *wanted)
{
    if (!any_has_tag(of->tag, tag))
        return NULL;
    for (uint32_t i = 0; i < *of->count; i++) {
        struct offender *known = &of->peer[i];
        if (of->tag[i] == tag && known->side == wanted->side && known->asked == wanted->asked &&
            endpoint_equal(&known->end, &wanted->end) &&
            (known->asked || strcmp(known->behind, wanted->behind) == 0))
            return known;
    }
    return NULL;
}

/* The offence that is shown: the first of the gravest. */
static void show(struct offender *o, const struct policy_case *c, enum severity severity)
{
    const struct whence *about = &c->about;
    o->severity = (uint8_t)severity;
    o->time = about->time;
    o->frame = about->flow_id ? about->frame_number : 0;
    o->source = about->source;
    o->client = about->client;
    o->server = about->server;
    struct text evidence = text_over(o->evidence, sizeof o->evidence);
    text_put(&evidence, c->packets ? base_name(c->packets) : "");
}

static struct offender offender_of(const struct policy_case *c, enum side side)
{
    struct offender o = {.end = peer_end(side == CLIENT ? whence_ue(&c->about) : &c->about.server, side),
                         .asked = case_asked(c),
                         .count = 1,
                         .side = (uint8_t)side};
    struct text behind = text_over(o.behind, sizeof o.behind);
    text_put(&behind, case_asked_name(c));
    if (c->observation && side == SERVER)
        text_safe(&behind, observation_text(c->observation, c->observation->authority));
    return o;
}

static void add_peer(struct peers_at_fault to, const struct policy_case *c, enum side side,
                     enum severity severity)
{
    const struct offender offender = offender_of(c, side);
    const uint16_t tag = tag_of(&offender.end);
    struct offender *known = find_peer(&to, tag, &offender);
    if (known) {
        known->count++;
        known->mixed |= known->severity != severity;
        if (severity > known->severity)
            show(known, c, severity);
        return;
    }
    if (*to.count == MAX_OFFENDERS) {
        ++*to.others;
        return;
    }
    to.tag[*to.count] = tag;
    struct offender *new = &to.peer[(*to.count)++];
    *new = offender;
    show(new, c, severity);
}

static struct peers_at_fault offenders_of(struct rule_tally *rule)
{
    return (struct peers_at_fault){rule->by->offender_tag, rule->by->offender, &rule->offenders,
                                   &rule->other_offences};
}

static struct peers_at_fault sharers_of(struct rule_tally *rule)
{
    return (struct peers_at_fault){rule->by->sharer_tag, rule->by->sharer, &rule->sharers,
                                   &rule->other_sharings};
}

/* What both are at fault for counts at both. */
static void add_offender(struct rule_tally *rule, const struct policy_case *c, const struct verdict *v)
{
    add_peer(offenders_of(rule), c, v->fault == FAULT_UE ? CLIENT : SERVER, v->severity);
    if (v->fault == FAULT_BOTH && c->about.client.family)
        add_peer(sharers_of(rule), c, CLIENT, v->severity);
}

static void less(uint64_t *count)
{
    *count -= *count > 0;
}

static void drop_peer(struct peers_at_fault from, const struct policy_case *c, enum side side)
{
    const struct offender offender = offender_of(c, side);
    struct offender *known = find_peer(&from, tag_of(&offender.end), &offender);
    if (!known) {
        less(from.others);
        return;
    }
    if (--known->count)
        return;
    const size_t at = (size_t)(known - from.peer);
    const size_t after = --*from.count - at;
    memmove(known, known + 1, after * sizeof *known);
    memmove(&from.tag[at], &from.tag[at + 1], after * sizeof *from.tag);
}

static void drop_offender(struct rule_tally *rule, const struct policy_case *c, enum fault fault)
{
    drop_peer(offenders_of(rule), c, fault == FAULT_UE ? CLIENT : SERVER);
    if (fault == FAULT_BOTH && c->about.client.family)
        drop_peer(sharers_of(rule), c, CLIENT);
}

static void add_reasons(struct tally *tally, struct rule_tally *rule, uint32_t reasons, uint64_t cases)
{
    for (; reasons; reasons &= reasons - 1) {
        const int bit = __builtin_ctz(reasons);
        rule->reason[bit] += cases;
        tally->reason[bit] += cases;
    }
}

static void add_stack_offence(struct rule_tally *rule, uint16_t stack)
{
    for (uint32_t i = 0; i < rule->stacks; i++)
        if (rule->by->stack[i].stack == stack) {
            rule->by->stack[i].count++;
            return;
        }
    if (rule->stacks == MAX_RULE_STACKS)
        rule->other_stacks++;
    else
        rule->by->stack[rule->stacks++] = (struct stack_offence){.stack = stack, .count = 1};
}

static void drop_stack_offence(struct rule_tally *rule, uint16_t stack)
{
    uint32_t i = 0;
    while (i < rule->stacks && rule->by->stack[i].stack != stack)
        i++;
    if (i == rule->stacks) {
        less(&rule->other_stacks);
        return;
    }
    if (--rule->by->stack[i].count)
        return;
    rule->stacks--;
    memmove(&rule->by->stack[i], &rule->by->stack[i + 1], (rule->stacks - i) * sizeof *rule->by->stack);
}

bool tally_judged(const struct tally *tally)
{
    return tally->verdict[VERDICT_PASS] || tally->verdict[VERDICT_FAIL] || tally->superseded ||
           tally->excepted || tally->known;
}

/* The UE's stack by its JA4; MAX_STACKS: one of too many. */
static uint16_t stack_by_ja4(struct tally *tally, const struct observation *o)
{
    char ja4[JA4_TEXT] = "unknown";
    struct text t = text_over(ja4, sizeof ja4);
    if (!(o->seen & SEEN_CLIENT_HELLO) || !ja4_text(o, &t) || t.cut) {
        t = text_over(ja4, sizeof ja4);
        text_put(&t, "unknown");
    }
    for (size_t i = 0; i < tally->stack_count; i++)
        if (strcmp(tally->stacks[i].ja4, ja4) == 0)
            return (uint16_t)i;
    if (tally->stack_count == MAX_STACKS)
        return MAX_STACKS;
    memcpy(tally->stacks[tally->stack_count].ja4, ja4, sizeof ja4);
    return (uint16_t)tally->stack_count++;
}

/* Most hellos are like one before: their JA4 is not computed again. */
static uint16_t stack_of(struct tally *tally, const struct observation *o)
{
    const uint64_t number = o->seen & SEEN_CLIENT_HELLO ? o->client_hello.number : 0;
    struct known_stack *known = &tally->known_stacks[number % KNOWN_HELLOS];
    if (!number)
        return stack_by_ja4(tally, o);
    if (known->hello != number)
        *known = (struct known_stack){.hello = number, .stack = stack_by_ja4(tally, o)};
    return known->stack;
}

/* A finding about a UE as such is shared by all stacks that its address was seen with, up to so many. Returns
 * how many. */
static unsigned add_stacks_of_ue(const struct tally *tally, struct rule_tally *rule,
                                 const struct endpoint *ue)
{
    size_t at = UE_STACKS_FIRST;
    uint16_t stack;
    unsigned count = 0;
    for (; count < STACKS_OF_UE && ue_stacks_next(tally->ue_stacks, ue, &at, &stack); count++)
        add_stack_offence(rule, stack);
    if (!count)
        rule->other_stacks++;
    return count;
}

/* Of the first so many; those of a UE stay in their order. */
static void drop_stacks_of_ue(const struct tally *tally, struct rule_tally *rule, const struct endpoint *ue,
                              unsigned count)
{
    size_t at = UE_STACKS_FIRST;
    uint16_t stack;
    if (!count)
        less(&rule->other_stacks);
    for (; count && ue_stacks_next(tally->ue_stacks, ue, &at, &stack); count--)
        drop_stack_offence(rule, stack);
}

/* Many break a superseded demand in the same way, so the report names everybody involved, whoever is at
 * fault. */
static void add_sharer(struct tally *tally, struct rule_tally *rule, const struct policy_case *c)
{
    tally->superseded++;
    rule->sharing_ues += c->kind == CASE_UE || (c->about.client.family &&
                                                first_sight(tally->sharers, c, rule->rule, FAULT_UE, false));
}

/* What a server or UE did is judged at each interval and reported again when it has changed; in the sum over
 * all who share the breach it counts once. */
static bool was_counted(const struct tally *tally, const struct policy_case *c, const struct verdict *v)
{
    const bool of_peer = c->kind == CASE_SERVER || c->kind == CASE_UE;
    return v->value == VERDICT_FAIL && v->rule->superseded && of_peer &&
           !first_sight(tally->sharers, c, v->rule, c->kind == CASE_UE ? FAULT_UE : FAULT_SERVER, false);
}

static void add_fail(struct tally *tally, struct rule_tally *rule, const struct policy_case *c,
                     const struct verdict *v, uint16_t stack)
{
    const bool superseded = v->rule->superseded;
    rule->of_fault[v->fault]++;
    if (v->severity > rule->worst)
        rule->worst = (uint8_t)v->severity;
    rule->of_severity[v->severity]++;
    add_offender(rule, c, v);
    if (superseded)
        add_sharer(tally, rule, c);
    else
        tally->violation[v->severity]++;
    if (c->observation && stack < MAX_STACKS && !superseded)
        tally->stacks[stack].violations++;
    if (c->observation && (superseded || v->fault != FAULT_SERVER) && stack < MAX_STACKS)
        add_stack_offence(rule, stack);
    else if (c->observation && v->fault != FAULT_SERVER)
        rule->other_stacks++;
}

static void add_unexcused_fail(struct tally *tally, struct rule_tally *rule, const struct policy_case *c,
                               const struct verdict *v, uint16_t stack)
{
    if (was_counted(tally, c, v))
        return;
    rule->value[VERDICT_FAIL]++;
    if (!v->rule->superseded)
        tally->verdict[VERDICT_FAIL]++;
    add_fail(tally, rule, c, v, stack);
}

static void add_breach(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                       uint16_t stack)
{
    assert(v->index < tally->rule_count);
    struct rule_tally *rule = &tally->rules[v->index];
    if (v->excepted) {
        rule->excepted++;
        rule->exception = v->excepted;
        tally->excepted++;
    } else if (v->known) {
        rule->known++;
        tally->known++;
    } else {
        add_unexcused_fail(tally, rule, c, v, stack);
    }
}

static struct added_verdict added_of(const struct verdict *v)
{
    return (struct added_verdict){.rule = (uint16_t)v->index,
                                  .value = (uint8_t)v->value,
                                  .remark = v->value == VERDICT_PASS && v->note,
                                  .reasons = v->reasons};
}

static void add_verdict(struct tally *tally, struct added_verdict v, uint64_t cases)
{
    assert(v.rule < tally->rule_count);
    struct rule_tally *rule = &tally->rules[v.rule];
    rule->value[v.value] += cases;
    tally->verdict[v.value] += cases;
    rule->remarks += v.remark ? cases : 0;
    add_reasons(tally, rule, v.reasons, cases);
}

static void settle(struct tally *tally, struct shared_verdicts *s)
{
    for (size_t i = s->fails; i < s->count && s->cases; i++)
        add_verdict(tally, s->verdict[i], s->cases);
    s->cases = 0;
}

void tally_settle(struct tally *tally)
{
    for (size_t i = 0; i < SHARED_VERDICTS; i++)
        settle(tally, &tally->shared[i]);
}

static void begin_set(struct shared_verdicts *s, uint64_t set, const struct verdict *verdicts, size_t count)
{
    *s = (struct shared_verdicts){set, .cases = 1, .verdict = s->verdict};
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL)
            s->verdict[s->fails++].rule = (uint16_t)i;
    s->count = s->fails;
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value != VERDICT_FAIL)
            s->verdict[s->count++] = added_of(&verdicts[i]);
}

/* Another case with these verdicts. NULL: it shares them with no others. */
static const struct shared_verdicts *share(struct tally *tally, const struct verdict *verdicts, size_t count)
{
    const uint64_t set = profile_verdict_set(tally->profile, verdicts);
    struct shared_verdicts *s = &tally->shared[set % SHARED_VERDICTS];
    if (set && s->set != set) {
        settle(tally, s);
        begin_set(s, set, verdicts, count);
        settle(tally, s); /* at once, for tally_judged() */
    } else {
        s->cases += set != 0;
    }
    return set ? s : NULL;
}

void tally_add_told(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                    struct told_finding *told)
{
    struct rule_tally *rule = &tally->rules[v->index];
    const uint64_t before = rule->value[VERDICT_FAIL];
    add_breach(tally, c, v, MAX_STACKS);
    if (c->kind != CASE_UE || rule->value[VERDICT_FAIL] == before)
        return;
    const unsigned stacks = add_stacks_of_ue(tally, rule, &c->about.client);
    if (told)
        told->stacks = stacks & STACKS_OF_UE;
}

/* Of a superseded demand, what found no room to be counted once is in no number. */
static bool drop_sharer(struct tally *tally, struct rule_tally *rule, const struct policy_case *c)
{
    if (!first_sight_forget(tally->sharers, c, rule->rule, c->kind == CASE_UE ? FAULT_UE : FAULT_SERVER,
                            false))
        return false;
    less(&tally->superseded);
    tally->gone.superseded++;
    if (c->kind == CASE_UE)
        less(&rule->sharing_ues);
    return true;
}

static void drop_fail(struct tally *tally, struct rule_tally *rule, const struct policy_case *c,
                      const struct told_finding *told)
{
    if (!rule->value[VERDICT_FAIL])
        return;
    if (!rule->rule->superseded) {
        less(&tally->verdict[VERDICT_FAIL]);
        less(&tally->violation[told->severity]);
        tally->gone.violation[told->severity]++;
    } else if (!drop_sharer(tally, rule, c)) {
        return;
    }
    less(&rule->value[VERDICT_FAIL]);
    less(&rule->of_fault[told->fault]);
    less(&rule->of_severity[told->severity]);
    while (rule->worst && !rule->of_severity[rule->worst])
        rule->worst--;
    rule->gone++;
    drop_offender(rule, c, (enum fault)told->fault);
    if (c->kind == CASE_UE)
        drop_stacks_of_ue(tally, rule, &c->about.client, told->stacks);
}

void tally_take_back(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                     const struct told_finding *told)
{
    assert(v->index < tally->rule_count);
    struct rule_tally *rule = &tally->rules[v->index];
    rule->taken_back += v->value != VERDICT_FAIL;
    if (told->excepted) {
        less(&rule->excepted);
        less(&tally->excepted);
        tally->gone.excepted++;
    } else if (told->known) {
        less(&rule->known);
        less(&tally->known);
    } else {
        drop_fail(tally, rule, c, told);
    }
}

void tally_renew(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                 struct told_finding *told)
{
    struct rule_tally *rule = &tally->rules[v->index];
    const struct tally_gone gone = tally->gone;
    const uint64_t gone_of_rule = rule->gone;
    tally_take_back(tally, c, v, told);
    tally->gone = gone;
    rule->gone = gone_of_rule;
    tally_add_told(tally, c, v, told);
}

void tally_expect(const struct tally *tally, const struct endpoint *offender, uint64_t asked)
{
    ue_stacks_expect(tally->ue_stacks, offender);
    first_sights_expect(tally->sharers, offender, asked);
}

static void add_verdicts(struct tally *tally, const struct policy_case *c, const struct verdict *verdicts,
                         size_t count, uint16_t stack)
{
    const struct shared_verdicts *shared = share(tally, verdicts, count);
    for (size_t i = 0; shared && i < shared->fails; i++)
        add_breach(tally, c, &verdicts[shared->verdict[i].rule], stack);
    for (size_t i = 0; !shared && i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL)
            add_breach(tally, c, &verdicts[i], stack);
        else
            add_verdict(tally, added_of(&verdicts[i]), 1);
}

void tally_add(struct tally *tally, const struct policy_case *c, const struct verdict *verdicts, size_t count)
{
    uint16_t stack = MAX_STACKS;
    const struct observation *o = c->observation;
    if (o && tally_is_handshake(o)) {
        add_handshake(tally, o);
        stack = stack_of(tally, o);
        if (stack < MAX_STACKS) {
            tally->stacks[stack].handshakes++;
            ue_stacks_add(tally->ue_stacks, whence_ue(&o->whence), stack);
        } else {
            tally->other_stacks++;
        }
    } else if (o) {
        tally->without_hello++;
    }
    ages_add(tally->ages, c);
    add_verdicts(tally, c, verdicts, count, stack);
}

unsigned tally_faults(const struct rule_tally *rule)
{
    unsigned faults = 0;
    for (unsigned fault = 0; fault < FAULTS; fault++)
        if (rule->of_fault[fault])
            faults |= 1u << fault;
    return faults;
}

uint32_t tally_offenders(const struct rule_tally *rule, enum side side, bool *more)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rule->offenders; i++)
        count += rule->by->offender[i].side == side;
    *more = rule->other_offences > 0;
    return count;
}

bool rule_broken_by_stack(const struct rule_tally *rule, size_t stack)
{
    for (uint32_t i = 0; i < rule->stacks && !rule->rule->superseded; i++)
        if (rule->by->stack[i].stack == stack)
            return true;
    return false;
}

static bool worse_stack(const struct stack_tally *a, const struct stack_tally *b)
{
    return a->violations != b->violations ? a->violations > b->violations : a->handshakes > b->handshakes;
}

size_t tally_worst_stacks(const struct tally *tally, size_t *order)
{
    for (size_t i = 0; i < tally->stack_count; i++) {
        size_t place = i;
        for (; place && worse_stack(&tally->stacks[i], &tally->stacks[order[place - 1]]); place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    return tally->stack_count;
}

/* True if suite i comes after `last` in falling order of frequency. */
static bool rarer(const struct tally *tally, size_t i, size_t last)
{
    const uint64_t count = tally->suite[last];
    return tally->suite[i] < count || (tally->suite[i] == count && i > last);
}

size_t tally_next_suite(const struct tally *tally, size_t last)
{
    size_t best = suite_count;
    for (size_t i = 0; i < suite_count; i++) {
        if (!tally->suite[i] || (last < suite_count && !rarer(tally, i, last)))
            continue;
        if (best == suite_count || tally->suite[i] > tally->suite[best])
            best = i;
    }
    return best;
}
